#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# What the doors decide is found with virt-ap log, also what an ordinary user's gate
# decides, and what libvirt shows no client: warnings of what goes on.
cd "$(dirname "$0")" && . ./tap.sh && . ./xml.sh
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
chmod 755 "$work"

if [ -e /run/systemd/journal/socket ] || [ -e /dev/log ]; then
  echo "1..0 # SKIP this machine's journal or syslog is seen in the lab"; exit 0
fi
ok "nothing was decided yet" virt-ap log
is "… so nothing is shown" "$out" ""
echo -5,-6 > /sys/bus/ap/apmask
matrix_xml $first "5 6" "4 0xab" > "$work/first.xml"
matrix_xml $second 5 4 4 > "$work/second.xml"
ok "a matrix without control domains" virsh nodedev-create "$work/first.xml"
virsh nodedev-create "$work/second.xml" >/dev/null 2>&1
guest_xml web1 "ap apqci apft" $first > "$work/guest.xml"
ok "a guest without apqi" virsh define "$work/guest.xml"
lacks "… whose client sees no note" apqi-off
ok "the guest starts" virsh start web1
ok "its warnings and notes are in the log" virt-ap log --guest web1
shows "… of the gate" "gate     accepted  DOMAIN_DEFINE_XML" "note[apqi-off]" "(root)"
shows "… and of the hook" "hook     accepted  prepare begin  web1"
ok "the matrix" virt-ap log --guest $first
shows "… is there by its UUID" "NODE_DEVICE_CREATE_XML" "callout  accepted  pre start" \
  "note[control-domain-missing]"
ok "what was refused" virt-ap log --verdict refused --since 10m
shows "… is there too" "error[queue-in-use]" "NODE_DEVICE_CREATE_XML"
lacks "… alone" accepted
virsh destroy web1 >/dev/null; virsh undefine web1 >/dev/null

# a user without a privilege; the daemon's socket lets everybody in, here
mkdir "$work/home"; chown 65534:65534 "$work/home"
sed "s/$first/$nowhere/" "$work/guest.xml" > "$work/nowhere.xml"; chmod a+r "$work/nowhere.xml"
nobody () { # COMMAND…
  env -i HOME="$work/home" PATH="$PATH" LC_ALL=C.UTF-8 \
    setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
}
if nobody virt-ap --version >/dev/null 2>&1; then
  gate=$LIBVIRT_DEFAULT_URI
  chmod a+rwx /run/libvirt; chmod a+rw /run/libvirt/libvirt-sock
  out=$(nobody virsh -c "$gate" define "$work/nowhere.xml" 2>&1)
  case $out in
  *device-unknown*)
    point 0 "an ordinary user's gate refuses"
    ok "… and has a log of its own" nobody virt-ap log
    shows "… for him" "DOMAIN_DEFINE_XML" "error[device-unknown]" ;;
  *) skip "an ordinary user's gate" "it does not run here as that user: $(echo "$out" | tail -1)" ;;
  esac
else
  skip "an ordinary user's gate" "an ordinary user cannot reach the build"
fi
finish
