#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The main job, end to end: runs the scenes on a simulated IBM Z host, with the real
# libvirtd, virsh and mdevctl.  make demo starts it; it fails when a scene does not
# end as it should.
here=$(cd "$(dirname "$0")" && pwd)
exec "$here/../../run" virt-ap-lab --libvirt -- /bin/sh "$here/scenes.sh"
