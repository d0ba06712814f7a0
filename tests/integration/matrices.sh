#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# AP matrices through unmodified virsh and mdevctl: made, shown, refused, removed.
cd "$(dirname "$0")" && . ./tap.sh && . ./xml.sh
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT

matrix_xml $first "5 6" "4 0xab" "4" > "$work/first.xml"
matrix_xml $second 5 4 > "$work/overlap.xml"
matrix_xml $second 5 0x47 > "$work/second.xml"
sys=/sys/devices/vfio_ap/matrix/$first

refused queue-host-owned "a queue that belongs to the host is refused" virsh nodedev-create "$work/first.xml"
reserve_as_told () { # PATTERNS: the last refusal's hint has these, and its command runs
  told=$(printf '%s\n' "$out" | sed -n 's/.*: \(virt-ap reserve .* --for guests\).*/\1/p')
  is "… with the command that reserves it" "$told" "virt-ap reserve $1 --for guests"
  ok "… which runs" sh -c "$told"
}
reserve_as_told "'*.0004,00ab'"
ok "then nodedev-create makes it" virsh nodedev-create "$work/first.xml"
virsh nodedev-destroy "$(device_name $first)" >/dev/null
virt-ap reserve '*.*' --for host >/dev/null
virt-ap reserve 0a.0047 --for guests >/dev/null
refused queue-host-owned "likewise while a driver_override is in use" \
  virsh nodedev-create "$work/first.xml"
reserve_as_told "05.0004,00ab 06.0004,00ab"
ok "then nodedev-create makes it" virsh nodedev-create "$work/first.xml"
virsh nodedev-destroy "$(device_name $first)" >/dev/null
virt-ap reserve '*.*' --for host >/dev/null
ok "adapters 05 and 06 are given to vfio_ap" sh -c 'echo -5,-6 > /sys/bus/ap/apmask'

ok "nodedev-create makes the matrix" virsh nodedev-create "$work/first.xml"
ok "nodedev-list runs" virsh nodedev-list --cap mdev
shows "nodedev-list shows it" "$(device_name $first)"
is "sysfs shows its four queues" "$(tr '\n' ' ' < $sys/matrix)" "05.0004 05.00ab 06.0004 06.00ab "
is "and its control domain" "$(cat $sys/control_domains)" 0004

refused queue-in-use "a second matrix with 05.0004 is refused by nodedev-create" \
  virsh nodedev-create "$work/overlap.xml"
shows "it names the queue and the holder" 05.0004 $first
refused queue-in-use "… and by nodedev-define" virsh nodedev-define "$work/overlap.xml"
is "nothing was made" "$(ls /sys/bus/mdev/devices)" $first
is "nothing was defined" "$(ls /etc/mdevctl.d/matrix 2>/dev/null)" ""

ok "nodedev-define" virsh nodedev-define "$work/second.xml"
ok "nodedev-start" virsh nodedev-start "$(device_name $second)"
is "it holds its queue" "$(cat /sys/devices/vfio_ap/matrix/$second/matrix)" 05.0047
ok "nodedev-autostart" virsh nodedev-autostart "$(device_name $second)"
ok "nodedev-info" virsh nodedev-info "$(device_name $second)"
shows "autostart is on" "Autostart:      yes"
ok "nodedev-dumpxml" virsh nodedev-dumpxml "$(device_name $second)"
shows "it shows the attributes" "assign_adapter" "assign_domain"
ok "nodedev-destroy" virsh nodedev-destroy "$(device_name $second)"
ok "nodedev-undefine" virsh nodedev-undefine "$(device_name $second)"
is "its definition is gone" "$(ls /etc/mdevctl.d/matrix 2>/dev/null)" ""

json='{"mdev_type":"vfio_ap-passthrough","start":"manual","attrs":[{"assign_adapter":"5"},{"assign_domain":"4"}]}'
echo "$json" > "$work/overlap.json"
echo "$json" | sed 's/"4"/"0x47"/' > "$work/second.json"
refused queue-in-use "plain mdevctl start is refused likewise" \
  mdevctl start -u $second -p matrix --jsonfile "$work/overlap.json"
shows "… naming queue and holder" 05.0004 $first
refused queue-in-use "plain mdevctl define is refused likewise" \
  mdevctl define -u $second -p matrix --jsonfile "$work/overlap.json"
is "nothing was made" "$(ls /sys/bus/mdev/devices)" $first
ok "mdevctl start of a free queue" mdevctl start -u $second -p matrix --jsonfile "$work/second.json"
is "it holds its queue" "$(cat /sys/devices/vfio_ap/matrix/$second/matrix)" 05.0047
ok "mdevctl stop" mdevctl stop -u $second
ok "mdevctl list shows the first with its attributes" mdevctl list -d -v -u $first
is "the lock is free" "$(ls /run/lock/s390apconfig.lock 2>/dev/null)" ""

ok "nodedev-destroy of the first" virsh nodedev-destroy "$(device_name $first)"
is "no mediated device is left" "$(ls /sys/bus/mdev/devices)" ""
finish
