#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# virt-ap monitor beside a real libvirtd: what changes is printed as it comes, whoever
# changes it, also after libvirtd was started anew; and drift, metrics, plot and export of
# the same host.
cd "$(dirname "$0")" && . ./tap.sh && . ./xml.sh
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
direct=qemu+unix:///system
seen=$work/seen

printed () { # NAME TEXT…: the monitor prints a line with every text, in time
  name=$1; shift
  tries=0
  while :; do
    found=$(cat "$seen")
    for text; do found=$(printf '%s\n' "$found" | grep -F -- "$text"); done
    [ -z "$found" ] || { out=$found; point 0 "$name"; return; }
    [ $((tries += 1)) -lt 200 ] || break
    sleep 0.1
  done
  out="missing: $*
$(cat "$seen")"; point 1 "$name"
}

forget () { : > "$seen"; }

setsid virt-ap monitor --json >> "$seen" 2> "$work/err" &
monitor=$!
printed "it follows libvirt" '"connected"'

echo -5,-6 > /sys/bus/ap/apmask
printed "queues change hands" '"queues"' "the host's, now free for guests"
printed "… which is drift, since no rule keeps it" '"finding"' '"new"' '"mask-drift"'

matrix_xml $first "5 6" "4 0xab" 4 > "$work/first.xml"
ok "libvirt starts a device" virsh -c $direct nodedev-create "$work/first.xml"
printed "it is printed" '"device"' '"started"' "$first"
printed "… with its queues" "$first" "queues: 4"
printed "it is not stored" '"device-not-stored"' "$first"
ok "libvirt defines a device" virsh -c $direct nodedev-define "$work/first.xml"
printed "it is stored now" '"defined"' "$first"
printed "… and the finding is gone" '"gone"' '"device-not-stored"'

guest_xml web1 "ap apqci apft apqi" $first > "$work/web1.xml"
ok "a guest is defined" virsh -c $direct define "$work/web1.xml"
printed "it is printed" '"guest"' '"defined"' "'web1'"
ok "it starts" virsh -c $direct start web1
printed "it is printed" '"guest"' '"started"' "'web1'"

forget
kill "$(cat /run/libvirtd.pid)"
printed "libvirtd ends" '"disconnected"'
rm -f /run/libvirtd.pid; libvirtd -d
printed "libvirtd is there again" '"connected"'
hostdev_xml $first > "$work/hostdev.xml"
ok "the device is taken from the running guest" virsh -c $direct detach-device web1 "$work/hostdev.xml" --live
printed "it is printed" '"guest"' '"detached"' "'web1'"
printed "… and what it makes of the next start" '"guest-drift"' "'web1'"
ok "the guest is ended" virsh -c $direct destroy web1
printed "it is printed" '"guest"' '"stopped"' "'web1'"

forget
ok "mdevctl stops the device by itself" mdevctl stop -u $first
printed "it is printed" '"device"' '"stopped"' "$first"
ok "a definition is removed as a file" rm /etc/mdevctl.d/matrix/$first
printed "it is printed" '"undefined"' "$first"
printed "the guest's device is gone" '"guest-device-gone"' "'web1'"

refused guest-device-gone "drift says the same" virt-ap drift
ok "metrics" virt-ap metrics
shows "… count it" 'virt_ap_findings{severity="error"} 1'
ok "export" virt-ap export -o "$work/host.json"
is "the document has the host's name" "$(virt-ap --root "$work/host.json" export | grep -c "\"name\": \"$(uname -n)\"")" 1

is "each line is JSON as its schema says" "$(/usr/bin/python3 - "$seen" ../../schemas/monitor.schema.json <<'END'
import json, sys
try:
    from jsonschema import Draft7Validator
except ImportError:
    Draft7Validator = None
lines = [json.loads(line) for line in open(sys.argv[1], encoding="utf-8")]
schema = json.load(open(sys.argv[2], encoding="utf-8"))
errors = [str(error) for line in lines for error in Draft7Validator(schema).iter_errors(line)] \
    if Draft7Validator else []
print("good" if lines and not errors else errors or "no lines")
END
)" good
kill -INT $monitor
wait $monitor; is "SIGINT ends it cleanly" "$?" 0
is "it said nothing else" "$(cat "$work/err")" ""
finish
