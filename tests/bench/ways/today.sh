#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# How it is done by hand: masks with echo, a matrix with mdevctl, the guest with virsh.
set -e
uuid=$1 guest=$2
echo -5,-6 > /sys/bus/ap/apmask
mdevctl define -u "$uuid" -p matrix -t vfio_ap-passthrough
mdevctl modify -u "$uuid" --addattr assign_adapter --value 5
mdevctl modify -u "$uuid" --addattr assign_adapter --value 6
mdevctl modify -u "$uuid" --addattr assign_domain --value 4
mdevctl modify -u "$uuid" --addattr assign_domain --value 0xab
mdevctl modify -u "$uuid" --auto
mdevctl start -u "$uuid"
virsh -c qemu:///system dumpxml --inactive "$guest" > "/tmp/$guest.xml"
sed -i "s|</cpu>|<feature policy='require' name='ap'/><feature policy='require' name='apqci'/><feature policy='require' name='apft'/><feature policy='require' name='apqi'/></cpu>|
  s|</devices>|<hostdev mode='subsystem' type='mdev' model='vfio-ap'><source><address uuid='$uuid'/></source></hostdev></devices>|" "/tmp/$guest.xml"
virsh -c qemu:///system define "/tmp/$guest.xml"
