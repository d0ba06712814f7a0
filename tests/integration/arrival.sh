#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# A guest that arrives at a host: the hook judges what libvirt restores, on the plain
# socket, and what is refused stays as it was.
cd "$(dirname "$0")" && . ./tap.sh && . ./xml.sh
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
direct=qemu+unix:///system

echo -5,-6 > /sys/bus/ap/apmask
matrix_xml $first "5 6" "4 0xab" > "$work/first.xml"
virsh nodedev-create "$work/first.xml" >/dev/null
guest_xml web1 "" | sed "s/gen15a-base/qemu/" > "$work/guest.xml"

ok "a guest runs" virsh -c $direct create "$work/guest.xml"
ok "it is saved" virsh -c $direct save web1 "$work/image"
ok "its XML is in the image" virsh -c $direct save-image-dumpxml "$work/image"
printf '%s\n' "$out" > "$work/plain.xml"
hostdev_xml $nowhere > "$work/hostdev.xml"
sed "/<devices>/r $work/hostdev.xml" "$work/plain.xml" > "$work/bad.xml"
refused device-unknown "it is not restored with a device that is nowhere" \
  virsh -c $direct restore "$work/image" --xml "$work/bad.xml"
is "nothing runs" "$(virsh -c $direct list --name | tr -d '\n')" ""
ok "the image is whole, and the guest is restored from it" \
  virsh -c $direct restore "$work/image"
is "it runs" "$(virsh -c $direct domstate web1 | head -1)" running

# With remap, a device of another host becomes the one that the guest is defined with here.
guest_xml web1 "ap apqci apft" $first > "$work/defined.xml"
ok "it is saved again" virsh -c $direct save web1 "$work/image"
ok "it is defined with a matrix" virsh define "$work/defined.xml"
mkdir -p /etc/virt-ap && printf '[hook]\nremap=yes\n' > /etc/virt-ap/virt-ap.conf
sed "s/<cpu .*/<cpu mode='custom' match='exact' check='none'><model fallback='forbid'>qemu<\/model>\
<feature policy='require' name='ap'\/><feature policy='require' name='apqci'\/>\
<feature policy='require' name='apft'\/>/; /<model fallback='forbid'>qemu<\/model>\$/d
  /<devices>/r $work/hostdev.xml" "$work/plain.xml" > "$work/foreign.xml"
fails "libvirt itself finds that the image has no such device" \
  virsh -c $direct restore "$work/image" --xml "$work/foreign.xml"
lacks "… and the hook has let it come so far" "error[device-unknown]"
ok "the log tells" virt-ap log --json
shows "… that the device was replaced" "$nowhere" "$first" "restore begin"
finish
