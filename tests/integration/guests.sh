#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Guests with AP through unmodified virsh: what is accepted reaches QEMU's command
# line right, what would fail later is refused now and nothing is defined.
cd "$(dirname "$0")" && . ./tap.sh && . ./xml.sh
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
direct=qemu+unix:///system

define () { # NAME "FEATURES" DEVICE-UUID…: through the gate
  guest_xml "$@" > "$work/guest.xml"
  virsh define "$work/guest.xml"
}

echo -5,-6 > /sys/bus/ap/apmask
matrix_xml $first "5 6" "4 0xab" > "$work/first.xml"
matrix_xml $second 5 0x47 > "$work/second.xml"
virsh nodedev-create "$work/first.xml" >/dev/null
virsh nodedev-create "$work/second.xml" >/dev/null

ok "a guest with all AP features and the matrix is defined" \
  define web1 "ap apqci apft apqi apxa" $first
ok "its command line is made" virsh domxml-to-native qemu-argv --domain web1
shows "QEMU gets the features" "ap=on" "apqci=on" "apft=on" "apqi=on" '"driver":"vfio-ap"'
lacks "QEMU gets no apxa, which it does not know" "apxa"
ok "dumpxml" virsh dumpxml web1
shows "apxa is kept in our metadata" "urn:virt-ap:domain:1.0" 'name="apxa" policy="require"'

ok "without the gate libvirt takes the same XML" virsh -c $direct define "$work/guest.xml"
ok "its command line is made" virsh -c $direct domxml-to-native qemu-argv --domain web1
shows "… with the apxa that stops QEMU" "apxa=on"
fails "QEMU does not start with it" \
  timeout -s KILL 20 qemu-system-s390x -M s390-ccw-virtio -cpu max,apxa=on -display none -serial none
shows "… and says why" "apxa"
ok "undefine" virsh undefine web1

refused feature-not-removable "apxa disabled on a host with APXA" \
  define bad "ap apqci apft apqi apxa=disable" $first
refused apft-off "apft off with a device" define bad "ap apqci apqi" $first
refused ap-off "no ap with a device" define bad "" $first
refused device-unknown "a device that exists nowhere" define bad "ap apqci apft" $nowhere
refused device-duplicate "two vfio-ap devices" define bad "ap apqci apft" $first $second
refused feature-unknown "a feature that QEMU does not know" define bad "ap apqci apft apqx" $first
guest_xml bad "apqci" > "$work/guest.xml"
ok "apqci without ap, which QEMU only warns of, is a warning" virt-ap check "$work/guest.xml"
shows "… with its id" "warning[feature-needs]"
guest_xml bad "ap apft" $first | sed "s/arch='s390x' machine='s390-ccw-virtio'/arch='x86_64' machine='q35'/
  s/gen15a-base/qemu64/; s/qemu-system-s390x/qemu-system-x86_64/" > "$work/x86.xml"
refused arch-mismatch "an x86 guest with an AP matrix" virsh define "$work/x86.xml"
guest_xml bad "" $nowhere $first > "$work/guest.xml"
refused ap-off "all findings are reported, not only the first" virsh define "$work/guest.xml"
shows "… the others too" "error[device-unknown]" "error[device-duplicate]"

ok "a first guest gets the device" define web1 "ap apqci apft apqi" $first
refused device-in-use "a second is refused" define bad "ap apqci apft apqi" $first
shows "… naming the first" "'web1'"
ok "defining the first again is no conflict" define web1 "ap apqci apft apqi" $first

ok "the first guest starts with the device" virsh start web1
refused device-in-use "a second guest is refused what a running one holds" \
  define bad "ap apqci apft apqi" $first
shows "… which is said" "'web1'" "running"
ok "virt-ap status" virt-ap status
shows "… shows who holds it" "web1 (running"
hostdev_xml $first > "$work/hostdev.xml"
ok "the device is unplugged" virsh detach-device web1 "$work/hostdev.xml" --live
ok "… and plugged again, judged by the gate" virsh attach-device web1 "$work/hostdev.xml" --live
ok "the guest is stopped" virsh destroy web1

ok "a guest without a device" define plain "ap apqci apft"
hostdev_xml $first > "$work/hostdev.xml"
refused device-in-use "attaching the device that web1 has" \
  virsh attach-device plain "$work/hostdev.xml" --config
hostdev_xml $nowhere > "$work/hostdev.xml"
refused device-unknown "attaching a device that exists nowhere" \
  virsh attach-device plain "$work/hostdev.xml" --config
hostdev_xml $second > "$work/hostdev.xml"
ok "attaching a free device" virsh attach-device plain "$work/hostdev.xml" --config
guest_xml bad "ap apqci apqi" $first > "$work/guest.xml"
refused apft-off "create is judged too" virsh create "$work/guest.xml"

is "only what was accepted is defined" "$(virsh list --all --name | sort | tr '\n' ' ')" " plain web1 "

# The hook is the last guard: what came around the gate does not start.
guest_xml around "ap apqci apqi" $second > "$work/guest.xml"
virsh undefine plain >/dev/null
ok "the plain socket takes a guest without apft" virsh -c $direct define "$work/guest.xml"
fails "it does not start" virsh -c $direct start around
shows "… with the reason" "error[apft-off]"
finish
