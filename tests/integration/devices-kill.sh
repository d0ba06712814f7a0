#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# virt-ap create and modify are killed at their system calls, one run each: after virt-ap
# repair the host is as before, or as after; see tests/change/kill.py.
cd "$(dirname "$0")" && . ./tap.sh && . ./xml.sh
export direct=qemu+unix:///system
export STEPPER="${STEPPER:-$VIRT_AP_BUILDDIR/tests/change/stepper}"
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT

cat > "$work/state" <<'END'
for device in /sys/devices/vfio_ap/matrix/*-*; do
  [ -e "$device/ap_config" ] && echo "$device" && cat "$device/ap_config"
done
for file in /etc/mdevctl.d/matrix/*; do [ -e "$file" ] && cat "$file"; done
virsh -c $direct dumpxml --inactive web1 | cksum
cksum /etc/libvirt/qemu/*.xml
find /etc/mdevctl.d /etc/libvirt/qemu /var/lib/virt-ap /run/lock | sort
END

kill_at () { # RUNS RESET NAME COMMAND…
  runs=$1 reset=$2; shift 2
  points=$((points + 1))
  /usr/bin/python3 ../change/kill.py --state "sh $work/state" --reset "$reset" \
    --runs "$runs" $all "$@" | sed "s/^\(not \)\?ok - /\1ok $points - /" > "$work/answer"
  cat "$work/answer"
  grep -q '^ok' "$work/answer" || failures=$((failures + 1))
}

echo -5,-6 > /sys/bus/ap/apmask
guest_xml web1 "" > "$work/web1.xml"
virsh -c $direct define "$work/web1.xml" >/dev/null
mkdir -p /etc/mdevctl.d/matrix

all=
kill_at 5 "virt-ap remove -c none $first" "create through mdevctl" \
  virt-ap create -c none -u $first --adapters 5,6 --domains 4,0xab --autostart
all=--complete
kill_at 8 "virt-ap remove -c none $first" "create through mdevctl, then completed" \
  virt-ap create -c none -u $first --adapters 5,6 --domains 4,0xab --autostart
kill_at 5 "virt-ap remove $first; virsh -c $direct define $work/web1.xml" \
  "create through libvirt, for a guest, then completed" \
  virt-ap create -c qemu:///system -u $first --adapters 5,6 --domains 4,0xab --guest web1
all=
virt-ap create -c none -u $first --adapters 5,6 --domains 4 --persistent >/dev/null
kill_at 4 "virt-ap create -c none -u $first --adapters 5,6 --domains 4 --persistent" \
  "remove through mdevctl" virt-ap remove -c none $first
virt-ap remove -c none $first >/dev/null
for all in "" --all; do
  kill_at 6 "virt-ap remove $first; virsh -c $direct define $work/web1.xml" \
    "create through libvirt, for a guest${all:+, and all that it started}" \
    virt-ap create -c qemu:///system -u $first --adapters 5,6 --domains 4,0xab --guest web1
done

virt-ap create -u $first --adapters 5,6 --domains 4,0xab --guest web1 >/dev/null
virt-ap modify $first --adapters 5 --config >/dev/null # so that its file is as modify writes it
virt-ap modify $first --adapters 5,6 >/dev/null
virsh -c $direct start web1 >/dev/null
all=
kill_at 5 "virt-ap modify $first --adapters 5,6 --domains 4,0xab" \
  "modify under a guest that runs" virt-ap modify $first --adapters=-5 --domains +0x47
finish
