#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# A guest that holds a matrix, through its life: what libvirt, the hook, virt-ap and the
# driver know of it, and that the driver keeps a device that is in use.
cd "$(dirname "$0")" && . ./tap.sh && . ./xml.sh
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
calls=/run/hook-calls
mdev=/sys/devices/vfio_ap/matrix/$first
node=mdev_$(echo $first | tr - _)_matrix
status=/sys/bus/ap/devices/05.0004/status

eventually () { # COMMAND…: within ten seconds
  for _ in $(seq 200); do
    "$@" >/dev/null 2>&1 && return 0
    sleep 0.05
  done
  return 1
}

status_is () { [ "$(cat $status)" = "$1" ]; }
runs () { [ "$(virsh domstate "$1")" = running ]; }

called () { # NAME CALL…: the hook was called so since the last look
  name=$1; shift
  out=$(cat $calls 2>/dev/null); rm -f $calls
  for call; do
    printf '%s\n' "$out" | grep -qx "web1 $call" || { point 1 "$name"; return; }
  done
  point 0 "$name"
}

cat > /etc/libvirt/hooks/qemu.d/zz-calls <<'HOOK'
#!/bin/sh
echo "$1 $2" >>/run/hook-calls
HOOK
chmod 755 /etc/libvirt/hooks/qemu.d/zz-calls
echo -5 > /sys/bus/ap/apmask
matrix_xml $first 5 "4 0x47" > "$work/matrix.xml"
guest_xml web1 "ap apqci apft apqi" $first > "$work/guest.xml"
hostdev_xml $first > "$work/hostdev.xml"
virsh nodedev-create "$work/matrix.xml" >/dev/null
virsh define "$work/guest.xml" >/dev/null
is "a matrix that no guest has is assigned" "$(cat $status)" assigned

ok "the guest starts" virsh start web1
called "… with the hook's calls" prepare start started
is "… its queues are in use" "$(cat $status)" "in use"
ok "dumpxml" virsh dumpxml web1
shows "… has the device" "<address uuid='$first'/>"
ok "virt-ap status" virt-ap status
shows "… shows the running guest at its queues" "web1 (running"
fails "libvirt does not destroy the device" virsh -c qemu:///system nodedev-destroy $node
shows "… because it is in use" "device in use"
fails "modprobe does not unload vfio_ap" modprobe -r vfio_ap
shows "… because it is in use" "Module vfio_ap is in use"
fails "nobody else can open it" sh -c 'exec 3</dev/vfio/0'
shows "… which is busy" "busy"

ok "it is unplugged" virsh detach-device web1 "$work/hostdev.xml" --live
is "… and free" "$(cat $status)" assigned
ok "… which others can open" sh -c 'exec 3</dev/vfio/0'
ok "it is plugged" virsh attach-device web1 "$work/hostdev.xml" --live
is "… and in use" "$(cat $status)" "in use"
ok "it is taken from the definition alone" virsh detach-device web1 "$work/hostdev.xml" --config
ok "… where it is not any more" sh -c '! virsh dumpxml --inactive web1 | grep -q "<hostdev"'
is "… but still in use" "$(cat $status)" "in use"
ok "it is defined again" virsh attach-device web1 "$work/hostdev.xml" --config

ok "the guest is saved" virsh managedsave web1
called "… with the hook's call" release
is "… and its device free" "$(cat $status)" assigned
ok "it is restored" virsh start web1
called "… with the hook's calls" restore prepare started
is "… and has its device" "$(cat $status)" "in use"
ok "it is destroyed" virsh destroy web1
called "… with the hook's calls" stopped release
ok "… and its device is free" eventually status_is assigned

ok "autostart" virsh autostart web1
kill "$(cat /run/libvirtd.pid)"
eventually test ! -e /run/libvirtd.pid
rm -f /run/libvirt/qemu/autostarted
libvirtd -d
ok "… starts it with libvirtd" eventually runs web1
called "… with the hook's calls" prepare start started
is "… with its device" "$(cat $status)" "in use"
kill -9 "$(cat /run/libvirt/qemu/web1.pid)" 2>/dev/null
ok "a guest that is killed gives the device back" eventually status_is assigned

ok "… and libvirt starts it again" eventually virsh start web1
is "… with its device" "$(cat $status)" "in use"
echo 1 > $mdev/remove &
removal=$!
ok "a removal while the guest runs" eventually test ! -e $mdev/matrix
ok "… waits" kill -0 $removal
ok "… with half of the device there" test -e $mdev/iommu_group
ok "… until the guest ends" virsh destroy web1
wait $removal; point $? "… then it returns"
ok "… and the device is gone" test ! -e $mdev
finish
