#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# virt-ap apply for two guests, for ten with VIRT_AP_THOROUGH=1, is killed at its system
# calls: after virt-ap repair the host is as before, or as after; see tests/change/kill.py,
# also for VIRT_AP_EVERY_CALL, which for ten takes half an hour in two shares at once.
# The machine has just the queues for ten, since the outside is looked at at every call.
cd "$(dirname "$0")" && . ./tap.sh && . ./xml.sh && . ./plan-guests.sh
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
plan_guests "$work" 2 $numbers

out=$(/usr/bin/python3 ../change/kill.py --state "sh $work/state" --reset "sh $work/reset" \
  --runs 8 --distinct "apply for $(echo $numbers | wc -w) guests" \
  virt-ap apply "$work/plan.json" 2>&1)
status=$?
point $status "$(printf '%s\n' "$out" | sed -n '1s/^\(not \)\{0,1\}ok - //p')"
finish
