#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# virt-ap caps, guest-view and qemu-flags beside a real libvirtd: what it tells through a
# connection, and that QEMU gets from us what libvirt gives it.
cd "$(dirname "$0")" && . ./tap.sh && . ./xml.sh
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
direct=qemu+unix:///system
socket=/run/libvirt/libvirt-sock
[ -S $socket ] || socket=/run/libvirt/virtqemud-sock

echo -5,-6 > /sys/bus/ap/apmask
matrix_xml $first "5 6" "4 0xab" 4 > "$work/first.xml"
virsh nodedev-create "$work/first.xml" >/dev/null

ok "caps of this host" virt-ap caps
shows "libvirt is asked where its socket is" "libvirt's node devices: " "libvirt "
ok "caps --connect qemu:///system" virt-ap caps --connect qemu:///system
shows "it shows this machine's layers" "yes, comes with ap" "libvirt's node devices: "
# a parameter hides where the connection leads: only what libvirt tells is shown
ok "caps of a host that only libvirt reaches" virt-ap caps --connect "$direct?socket=$socket"
shows "its cards and queues" "libvirt's node devices: 3 adapters, 12 queues" "not this machine"
is "the AP bus and apxa are known from its node devices" \
  "$(virt-ap caps --json --connect "$direct?socket=$socket" | /usr/bin/python3 -c '
import json, sys
rows = {row["name"]: row["layers"] for row in json.load(sys.stdin)["features"]}
print(rows["ap"]["ap_bus"], rows["apxa"]["machine"], rows["apft"]["machine"])')" \
  "yes yes not-asked"
fails "caps of a daemon that is not there" virt-ap caps --connect "$direct?socket=$work/none"
shows "… names the connection" "$work/none"

guest_xml web1 "ap apqci apft apqi apxa" $first > "$work/guest.xml"
ok "a guest is defined" virsh define "$work/guest.xml"
ok "guest-view" virt-ap guest-view web1
shows "it has the four queues" "4: adapters 05, 06, domains 0004, 00ab" "interrupts            yes"

arguments () { # COMMAND-LINE…: what -cpu and the vfio-ap -device have, one a line
  /usr/bin/python3 -c '
import shlex, sys
words = shlex.split(sys.stdin.read().replace("\\\n", " "))
for option, value in zip(words, words[1:]):
    if option == "-cpu":
        print(value)
    if option == "-device" and "vfio-ap" in value:
        print(value)'
}

for features in "ap apqci apft apqi" "ap apqci=disable apft" "ap apft apxa"; do
  guest_xml web1 "$features" $first > "$work/guest.xml"
  virsh define "$work/guest.xml" >/dev/null
  is "qemu-flags agrees with domxml-to-native: $features" \
    "$(virt-ap qemu-flags web1 | arguments)" \
    "$(virsh domxml-to-native qemu-argv --domain web1 | arguments)"
done
ok "old syntax" virt-ap qemu-flags --syntax old web1
shows "… is the device's" "vfio-ap,id=hostdev0,sysfsdev=/sys/bus/mdev/devices/$first"
finish
