#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# With s390-tools: chzdev sets the masks, now and for the next start, and ap-check judges
# what mdevctl does.  ap-check, and chzdev where CHZDEV does not say where it is, are played
# by stand-ins of a few lines.
set -e
uuid=$1 guest=$2 here=$(dirname "$0")
chzdev=${CHZDEV:-$here/chzdev}
"$chzdev" -t ap apmask=-5,-6
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
