#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# virt-ap apply for two guests, for ten with VIRT_AP_THOROUGH=1, is killed at its system
# calls: after virt-ap repair the host is as before, or as after; see tests/change/kill.py.
# The machine has just the queues for ten, since the outside is looked at at every call.
cd "$(dirname "$0")" && . ./tap.sh && . ./xml.sh
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
direct=qemu+unix:///system
export STEPPER="${STEPPER:-$VIRT_AP_BUILDDIR/tests/change/stepper}"

cat > "$work/state" <<'END'
cat /sys/bus/ap/apmask /sys/bus/ap/aqmask /etc/udev/rules.d/41-ap.rules 2>/dev/null
for device in /sys/devices/vfio_ap/matrix/*-*; do
  [ -e "$device/ap_config" ] && echo "$device" && cat "$device/ap_config"
done
cksum /etc/mdevctl.d/matrix/* /etc/libvirt/qemu/*.xml 2>/dev/null
find /etc/mdevctl.d /etc/udev/rules.d /etc/libvirt /var/lib/virt-ap /run/lock | sort
END

numbers="0 1"
[ -z "${VIRT_AP_THOROUGH:-}" ] || numbers="0 1 2 3 4 5 6 7 8 9"
for number in $numbers; do
  guest_xml "guest$number" "" > "$work/guest$number.xml"
  virsh -c $direct define "$work/guest$number.xml" >/dev/null
  printf '[guest guest%s]\nqueues=2\nspread=2\n' $number
done > "$work/needs.conf"
mkdir -p /etc/mdevctl.d/matrix /etc/udev/rules.d
virt-ap plan --json "$work/needs.conf" > "$work/plan.json"

cat > "$work/reset" <<END
for file in /etc/mdevctl.d/matrix/*; do
  virt-ap remove -c none "\${file##*/}" >/dev/null
done
cd $work && for number in $numbers; do
  virsh -c $direct define guest\$number.xml >/dev/null
done
echo 0x$(printf 'f%.0s' $(seq 64)) > /sys/bus/ap/apmask
echo 0x$(printf 'f%.0s' $(seq 64)) > /sys/bus/ap/aqmask
rm -f /etc/udev/rules.d/41-ap.rules
END

out=$(/usr/bin/python3 ../change/kill.py --state "sh $work/state" --reset "sh $work/reset" \
  --runs 8 --distinct "apply for $(echo $numbers | wc -w) guests" \
  virt-ap apply "$work/plan.json" 2>&1)
status=$?
point $status "$(printf '%s\n' "$out" | sed -n '1s/^\(not \)\{0,1\}ok - //p')"
finish
