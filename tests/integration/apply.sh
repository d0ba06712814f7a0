#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# virt-ap apply carries out what virt-ap plan has planned for three guests, queues reserved
# first, in one transaction; and virt-ap create --profile.
cd "$(dirname "$0")" && . ./tap.sh && . ./xml.sh
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
export direct=qemu+unix:///system

cat > "$work/state" <<'END'
cat /sys/bus/ap/apmask /sys/bus/ap/aqmask /etc/udev/rules.d/41-ap.rules 2>/dev/null
for device in /sys/devices/vfio_ap/matrix/*-*; do
  [ -e "$device/ap_config" ] && echo "$device" && cat "$device/ap_config"
done
cksum /etc/mdevctl.d/matrix/* /etc/libvirt/qemu/*.xml 2>/dev/null
find /etc/mdevctl.d /etc/udev/rules.d /var/lib/virt-ap /run/lock
END

numbers="0 1 2"
for number in $numbers; do
  guest_xml "guest$number" "" > "$work/guest$number.xml"
  virsh -c $direct define "$work/guest$number.xml" >/dev/null
  printf '[guest guest%s]\nqueues=4\nspread=2\n' $number
done > "$work/needs.conf"
mkdir -p /etc/mdevctl.d/matrix /etc/udev/rules.d
sh "$work/state" > "$work/before"

virt-ap plan --json "$work/needs.conf" > "$work/plan.json"
ok "apply --dry-run" virt-ap apply "$work/plan.json" --dry-run
shows "… shows the reserve steps and the devices" "Clear in aqmask" "guest0" "guest2" "Queues then"
sh "$work/state" > "$work/after"
out=$(diff "$work/before" "$work/after"); point $? "… and changes nothing"

ok "apply" virt-ap apply "$work/plan.json"
is "each guest's device is active" "$(ls /sys/bus/mdev/devices | wc -l)" 3
is "… and stored, to start with the machine" \
  "$(grep -l '"auto"' /etc/mdevctl.d/matrix/* | wc -l)" 3
is "each guest has one" "$(grep -l "model='vfio-ap'" /etc/libvirt/qemu/*.xml | wc -l)" 3
ok "what is reserved stays so" grep aqmask /etc/udev/rules.d/41-ap.rules
ok "apply again" virt-ap apply "$work/plan.json"
shows "… does nothing" "nothing to do"
ok "plan again" virt-ap plan --json "$work/needs.conf"
ok "… keeps all" sh -c "! printf '%s' '$out' | grep -q '\"create\"'"

for file in /etc/mdevctl.d/matrix/*; do
  virt-ap remove -c none "${file##*/}" >/dev/null
done
virsh -c $direct define "$work/guest1.xml" >/dev/null
echo 0 > /sys/bus/ap/apmask
mkdir -p /etc/virt-ap/profiles.d
printf '[profile hsm-small]\nqueues=2\nmode=CCA\nspread=2\n' > /etc/virt-ap/profiles.d/hsm.conf
ok "create --profile" virt-ap create --profile hsm-small --guest guest1 --uuid $first
shows "it chose queues" "Start device $first"
is "as the profile needs them" "$(cat /sys/devices/vfio_ap/matrix/$first/matrix | wc -l)" 2
fails "a profile that is not there" virt-ap create --profile nothing --guest guest4
shows "… is told" "'nothing'"
finish
