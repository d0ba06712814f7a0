#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Guests in the lab, with the real libvirtd, mdevctl and QEMU: one without AP, and one
# that holds a matrix.  The doors are left out: this is about the lab alone.
# Called with the program virt-ap-lab.
set -u

for program in libvirtd virtlogd virsh mdevctl qemu-system-s390x; do
  if ! PATH=$PATH:/usr/sbin command -v $program >/dev/null; then
    echo "1..0 # SKIP there is no program $program"
    exit 0
  fi
done
if [ "$(id -u)" != 0 ] || ! [ -c /dev/fuse ]; then
  echo "1..0 # SKIP a lab needs root and /dev/fuse"
  exit 0
fi
if [ "${VIRT_AP_LAB:-}" = "" ]; then
  exec "$1" --libvirt -- "$0" in-the-lab
fi

# ---- in the lab ----

export LIBVIRT_DEFAULT_URI=qemu:///system
rm /etc/mdevctl.d/scripts.d/callouts/virt-ap /etc/libvirt/hooks/qemu.d/virt-ap
uuid=62177883-f1bb-47f0-914d-32a22e3a8801
node=mdev_62177883_f1bb_47f0_914d_32a22e3a8801_matrix
count=0
failures=0

# NAME COMMAND...: the command must succeed
check()
{
  name=$1
  shift
  count=$((count + 1))
  if "$@" >/run/out 2>&1; then
    echo "ok $count - $name"
  else
    failures=$((failures + 1))
    echo "not ok $count - $name"
    sed 's/^/# /' /run/out
  fi
}

# NAME CPU DEVICES
write_guest()
{
  cat >"/run/$1.xml" <<XML
<domain type='qemu'>
  <name>$1</name>
  <memory unit='MiB'>128</memory>
  <os>
    <type arch='s390x' machine='s390-ccw-virtio'>hvm</type>
    <kernel>/run/virt-ap-lab/idle-kernel</kernel>
  </os>
  $2
  <devices>
    <console type='pty'/>
    <video><model type='virtio'/></video>
    <graphics type='vnc' autoport='yes'/>
    <memballoon model='none'/>
    $3
  </devices>
</domain>
XML
}

is_running()
{
  [ "$(virsh domstate "$1")" = running ]
}

# waits for what the guest's end brings with it
has_ended()
{
  for _ in 1 2 3 4 5 6 7 8 9 10; do
    pgrep "$1" >/dev/null || return 0
    sleep 0.1
  done
  return 1
}

write_guest plain "<cpu mode='custom'><model>qemu</model></cpu>" ""
check "a guest without AP is defined" virsh define /run/plain.xml
check "... starts" virsh start plain
check "... runs" is_running plain
check "... has a console" test -c "$(virsh ttyconsole plain)"
check "... shows its screen" virsh screenshot plain /run/screen
check "... is saved" virsh managedsave plain
check "... and goes on" virsh start plain
check "... is destroyed" virsh destroy plain

cat >/run/hostdev.xml <<XML
<hostdev mode='subsystem' type='mdev' model='vfio-ap'>
  <source><address uuid='$uuid'/></source>
</hostdev>
XML
cat >/run/matrix.xml <<XML
<device>
  <parent>ap_matrix</parent>
  <capability type='mdev'>
    <type id='vfio_ap-passthrough'/>
    <uuid>$uuid</uuid>
    <attr name='assign_adapter' value='5'/>
    <attr name='assign_domain' value='4'/>
  </capability>
</device>
XML
write_guest holder "<cpu mode='custom'><model>gen16a</model>
  <feature policy='require' name='ap'/><feature policy='require' name='apft'/></cpu>" \
  "$(cat /run/hostdev.xml)"

echo -5 >/sys/bus/ap/apmask
check "a matrix is created" virsh nodedev-create /run/matrix.xml
check "... and listed, by its udev event" virsh nodedev-dumpxml $node
check "a guest that holds it is defined" virsh define /run/holder.xml
check "... starts" virsh start holder
check "... runs" is_running holder
check "... gives it back" virsh detach-device holder /run/hostdev.xml --live
check "... has it no more" sh -c '! virsh dumpxml holder | grep -q "<hostdev"'
check "... takes it again" virsh attach-device holder /run/hostdev.xml --live
check "... has it" sh -c 'virsh dumpxml holder | grep -q "<hostdev"'
check "... is saved" virsh managedsave holder
check "... and goes on" virsh start holder
kill "$(cat /run/libvirtd.pid)"
sleep 0.3
libvirtd -d
check "... outlives libvirtd" is_running holder
check "... answers a new one" virsh qemu-monitor-command holder --hmp "info status"
check "... is destroyed" virsh destroy holder
check "... with its relay" has_ended lab-monitor
check "the matrix is destroyed" virsh nodedev-destroy $node

# QEMU ends before it looks at its monitor, to which libvirt connects at the same time
write_guest refused "<cpu mode='custom'><model>qemu</model></cpu>" \
  "<serial type='dev'><source path='/dev/nonexistent'/></serial>"
sed -i '/<console/d' /run/refused.xml
check "a guest that QEMU refuses is defined" virsh define /run/refused.xml
for round in 1 2 3 4 5; do
  check "... does not start, which is said at once ($round)" sh -c \
    '! timeout 20 virsh start refused && [ "$(timeout 5 virsh domstate refused)" = "shut off" ]'
done
check "... with QEMU's reason" grep -q "Could not open '/dev/nonexistent'" /var/log/libvirt/qemu/refused.log
check "... and another guest starts" timeout 20 virsh start plain
check "... and is destroyed" virsh destroy plain

echo "1..$count"
[ $failures = 0 ]
