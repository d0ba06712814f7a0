#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Grants without Nova: a guest with Nova's metadata, defined by an ordinary user as
# nova-compute is one, with nothing but virsh.
cd "$(dirname "$0")" && . ./tap.sh
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
chmod 755 "$work"
direct=qemu+unix:///system
grants=/var/lib/virt-ap/grants
uuid=dfeb39a7-e2c8-5d06-a30c-ea0d40897d29

# the build tree as every user can reach it
mkdir -p /run/build && mount --bind "$VIRT_AP_BUILDDIR" /run/build
chmod 777 /run/libvirt/libvirt-sock
as_user () {
  setpriv --reuid 65534 --regid 65534 --clear-groups \
    env HOME="$work" LD_LIBRARY_PATH=/run/build/src virsh -q \
    -c 'qemu+ext:///system?command=/run/build/src/gate/gate' "$@"
}
guest () { # FLAVOR
  cat > "$work/guest.xml" <<END
<domain type='qemu'>
  <name>web</name>
  <uuid>$uuid</uuid>
  <metadata>
    <nova:instance xmlns:nova="http://openstack.org/xmlns/libvirt/nova/1.1">
      <nova:flavor name="$1"/>
    </nova:instance>
  </metadata>
  <memory unit='MiB'>128</memory>
  <os><type arch='s390x' machine='s390-ccw-virtio'>hvm</type></os>
  <cpu mode='custom'><model>qemu</model></cpu>
  <devices><emulator>/usr/bin/qemu-system-s390x</emulator></devices>
</domain>
END
}
device () { virsh -c $direct dumpxml web | sed -n "s/.*<address uuid='\(.*\)'.*/\1/p"; }

mkdir -p /etc/virt-ap/profiles.d
printf '[profile signing]\nqueues=2\n' > /etc/virt-ap/profiles.d/a.conf
printf '[nova]\nm1.signing=signing\n' > /etc/virt-ap/virt-ap.conf
echo -5,-6 > /sys/bus/ap/apmask

guest m1.signing
fails "without a place that the user may write nothing is granted" \
  as_user define "$work/guest.xml"
shows "… and it is said which" "$grants" "virt-ap-nova(7)"
install -d -m 2770 -g 65534 $grants
ok "with it a guest is defined" as_user define "$work/guest.xml"
first=$(device)
case $first in 76617067-*) granted=yes ;; *) granted=$first ;; esac
is "it has a matrix that was made for it" "$granted" yes
is "which is active" "$(ls /sys/bus/mdev/devices)" "$first"
is "and recorded" "$(ls $grants)" "$uuid.$first"

ok "it is undefined" as_user undefine web
ok "… and defined again" as_user define "$work/guest.xml"
is "it has the same matrix" "$(device)" "$first"

printf '[nova]\nm1.signing signing\n' > /etc/virt-ap/virt-ap.conf
fails "with a broken configuration nothing of Nova's is defined" \
  as_user define "$work/guest.xml"
shows "… which is said" "virt-ap.conf:2"
printf '[nova]\n' > /etc/virt-ap/virt-ap.conf
guest m1.plain
ok "a flavor without a profile gets nothing" as_user define "$work/guest.xml"
is "no device" "$(device)" ""
ok "the old one is told as left behind" sh -c 'virt-ap drift || true'
shows "… by its name" "grant-left" "$first"
finish
