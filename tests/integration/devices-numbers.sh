#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# virt-ap create and modify where the driver has no ap_config (Linux 6.1): number by number,
# and still all of it or nothing.
cd "$(dirname "$0")" && . ./tap.sh && . ./xml.sh
export STEPPER="${STEPPER:-$VIRT_AP_BUILDDIR/tests/change/stepper}"
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
matrix=/sys/devices/vfio_ap/matrix/$first/matrix
cat > "$work/state" <<END
cat $matrix /etc/mdevctl.d/matrix/* 2>/dev/null
find /etc/mdevctl.d /var/lib/virt-ap /run/lock
END

echo -5,-6 > /sys/bus/ap/apmask
mkdir -p /etc/mdevctl.d/matrix
ok "create" virt-ap create -c none -u $first --adapters 5,6 --domains 4,0xab -p
is "it has its queues" "$(tr '\n' ' ' < $matrix)" "05.0004 05.00ab 06.0004 06.00ab "
ok "modify --dry-run" virt-ap modify $first --adapters=-5 --domains +0x47 --live --dry-run
printf '%s\n' "$out" | sed -n '/^Commands that do the same/,$s/^  //p' > "$work/commands"
ok "modify" virt-ap modify $first --adapters=-5 --domains +0x47
is "it has the others" "$(tr '\n' ' ' < $matrix)" "06.0004 06.0047 06.00ab "
ok "and back" virt-ap modify $first --adapters +5 --domains=-0x47
ok "the shown commands run" sh -e "$work/commands"
is "… and do the same" "$(tr '\n' ' ' < $matrix)" "06.0004 06.0047 06.00ab "
ok "and back" virt-ap modify $first --adapters +5 --domains=-0x47 --live

points=$((points + 1))
/usr/bin/python3 ../change/kill.py --state "sh $work/state" --runs 5 \
  --reset "virt-ap modify $first --adapters 5,6 --domains 4,0xab" \
  "modify number by number" virt-ap modify $first --adapters=-5 --domains +0x47 |
  sed "s/^\(not \)\?ok - /\1ok $points - /" > "$work/answer"
cat "$work/answer"
grep -q '^ok' "$work/answer" || failures=$((failures + 1))
finish
