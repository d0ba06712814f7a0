#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Many at once make overlapping matrices, with virt-ap, mdevctl and virsh: see crowd.py.
exec /usr/bin/python3 "$(dirname "$0")/crowd.py"
