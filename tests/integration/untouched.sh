#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Everything that has nothing to do with AP goes through the gate unchanged: each
# command gives the same output through it and straight to libvirtd.
cd "$(dirname "$0")" && . ./tap.sh && . ./xml.sh
work=$(mktemp -d) && trap 'virsh destroy plain >/dev/null 2>&1; rm -rf "$work"' EXIT
direct=qemu+unix:///system

same () { # NAME VIRSH-COMMAND…: both ways, status and output
  name=$1; shift
  straight=$(virsh -c $direct "$@" 2>&1 </dev/null; echo "exit $?")
  gated=$(virsh "$@" 2>&1 </dev/null; echo "exit $?")
  is "$name" "$gated" "$straight"
}

guest_xml plain "" | sed "/<cpu/,/<\/cpu>/d
  s,</devices>,<graphics type='vnc' autoport='yes'/><video><model type='virtio'/></video></devices>," > "$work/plain.xml"
sed "s/<name>.*</<name>x86</; /<uuid>/d; /<kernel>/d; s,<graphics.*</video>,,
  s/arch='s390x' machine='s390-ccw-virtio'/arch='x86_64' machine='pc'/
  s/qemu-system-s390x/qemu-system-x86_64/" "$work/plain.xml" > "$work/x86.xml"

ok "a guest without crypto is defined" virsh define "$work/plain.xml"
ok "an x86 guest is defined" virsh define "$work/x86.xml"
for command in "version" "capabilities" "nodeinfo" "list --all" "dumpxml plain" "dumpxml x86" \
    "domcapabilities --arch s390x --virttype qemu" "nodedev-list" "nodedev-dumpxml ap_matrix" \
    "nodedev-dumpxml ap_card05" "net-list --all" "pool-list --all" "dominfo nonesuch" \
    "domxml-to-native qemu-argv --domain plain" "secret-list" "nwfilter-list"; do
  same "virsh $command" $command
done

ok "the guest starts" virsh start plain
same "virsh domstate plain" domstate plain
same "virsh qemu-monitor-command (QEMU's own program)" qemu-monitor-command plain --hmp "info name"
same "virsh domdisplay" domdisplay plain

# a stream from the server: the console; the pty is the guest's own
ok "the console opens and closes" sh -c \
  '(sleep 2; printf "\\035") | timeout -s KILL 20 script -qec "virsh console plain" /dev/null'
shows "… and was connected" "Connected to domain 'plain'"
ok "a screenshot is taken" virsh screenshot plain "$work/shot"
is "… and is a picture" "$(head -c 4 "$work/shot" | tail -c 3)" PNG

# events, pushed by the server between replies
virsh event --all --timeout 20 --loop > "$work/events" 2>&1 &
listener=$!
sleep 1
virsh suspend plain >/dev/null; virsh resume plain >/dev/null; virsh destroy plain >/dev/null
sleep 1; kill -INT $listener; wait $listener
out=$(cat "$work/events")
shows "events arrive" Suspended Resumed Stopped

# a stream in both directions: a volume
mkdir "$work/pool"
head -c 3000000 /dev/urandom > "$work/up"
virsh pool-create-as scratch dir --target "$work/pool" >/dev/null
virsh vol-create-as scratch volume 3000000 >/dev/null
ok "a volume is uploaded" virsh vol-upload --pool scratch volume "$work/up"
ok "… and downloaded" virsh vol-download --pool scratch volume "$work/down"
ok "… and is the same" cmp "$work/up" "$work/down"

# a large reply: 10 MB of domain XML in one answer, by descriptions of 100 kB
/usr/bin/python3 - "$direct" 2>"$work/python" <<'END'
import libvirt, sys
straight = libvirt.open(sys.argv[1])
text = "x" * 100_000
for n in range(100):
    straight.defineXML(f"<domain type='qemu'><name>big{n}</name><description>{text}</description>"
        "<memory>65536</memory><os><type arch='s390x' machine='s390-ccw-virtio'>hvm</type></os></domain>")
END
is "a hundred large guests are defined" "$(cat "$work/python")" ""
for n in 0 57 99; do same "virsh dumpxml big$n" dumpxml big$n; done
same "a list of all of them" list --all
names=$(virsh list --all --name | grep big)
ok "a reply of 10 MB comes through whole" sh -c \
  "for n in $(echo $names); do echo dumpxml \$n; done | virsh >'$work/gated' 2>&1
   [ \$(wc -c < '$work/gated') -gt 10000000 ]"
finish
