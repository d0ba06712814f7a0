#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# With virt-ap.
set -e
uuid=$1 guest=$2
virt-ap reserve '05.*' '06.*' --for guests --persistent
virt-ap create --uuid "$uuid" --adapters 5,6 --domains 4,0xab --autostart --guest "$guest"
