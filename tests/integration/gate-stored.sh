#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Calls that bring back what is stored, or put something there to be brought back: each
# is judged by the gate, with the real virsh and libvirtd; the gate's own words tell it from the hook.
cd "$(dirname "$0")" && . ./tap.sh && . ./xml.sh
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
direct=qemu+unix:///system
all="ap apqci apft apqi"

gate_says () { # NAME TEXT COMMAND…: refused by the gate, not by libvirt or a hook
  name=$1 text=$2; shift 2
  if out=$("$@" 2>&1 </dev/null); then point 1 "$name"; return; fi
  case $out in
  *"virt-ap refuses this:"*"$text"*) point 0 "$name" ;;
  *) point 1 "$name" ;;
  esac
}

echo -5,-6 > /sys/bus/ap/apmask
matrix_xml $first "5 6" "4 0xab" 4 > "$work/first.xml"
virsh nodedev-create "$work/first.xml" >/dev/null

guest_xml web1 "$all" $first > "$work/good.xml"
guest_xml web1 "ap apqci apqi" $first > "$work/bad.xml"
ok "a guest that lacks apft comes around the gate" virsh -c $direct define "$work/bad.xml"
gate_says "it is not started" "error[apft-off]" virsh start web1
gate_says "… nor with flags" "error[apft-off]" virsh start web1 --force-boot
guest_xml old "$all apxa" > "$work/old.xml"
ok "a guest with apxa in <cpu> comes around the gate" virsh -c $direct define "$work/old.xml"
gate_says "it is not started" "virsh edit old" virsh start old
printf '#!/bin/sh\nsed -i "s/<vcpu[^>]*>1</<vcpu>2</" "$1"\n' > "$work/editor"
chmod +x "$work/editor"
ok "virsh edit mends it" env EDITOR="$work/editor" virsh edit old
ok "dumpxml" virsh dumpxml --inactive old
shows "… apxa is in the metadata" virt-ap:feature
virsh undefine old >/dev/null

# a snapshot's definition
cat > "$work/snapshot.xml" <<END
<domainsnapshot>
  <name>one</name>
  <state>shutoff</state>
  <creationTime>1700000000</creationTime>
  <disks/>
$(sed 's/^/  /' "$work/bad.xml")
</domainsnapshot>
END
ok "the guest is right again" virsh define "$work/good.xml"
gate_says "a snapshot with a bad guest in it" "error[apft-off]" \
  virsh snapshot-create web1 "$work/snapshot.xml" --redefine
ok "it comes around the gate" virsh -c $direct snapshot-create web1 "$work/snapshot.xml" --redefine
gate_says "the guest is not put back to it" "error[apft-off]" virsh snapshot-revert web1 one
ok "the snapshot is deleted" virsh snapshot-delete web1 one --metadata

# save images and migration: the gate answers before libvirt looks at image or guest
guest_xml saved "" > "$work/saved.xml"
guest_xml saved "$all" $nowhere > "$work/other.xml"
ok "a guest without a device" virsh define "$work/saved.xml"
gate_says "an XML that is saved with a guest" "error[device-unknown]" \
  virsh save saved "$work/image" --xml "$work/other.xml"
gate_says "an XML that a guest is restored with" "error[device-unknown]" \
  virsh restore "$work/image" --xml "$work/other.xml"
gate_says "an XML that goes into an image" "error[device-unknown]" \
  virsh save-image-define "$work/image" "$work/other.xml"
gate_says "an XML that goes into libvirt's image" "error[device-unknown]" \
  virsh managedsave-define saved "$work/other.xml"
gate_says "an XML that a guest migrates with" "error[device-unknown]" \
  timeout 20 virsh migrate --live --xml "$work/other.xml" saved $direct

# devices
hostdev_xml $nowhere > "$work/hostdev.xml"
gate_says "update-device" "error[device-unknown]" \
  virsh update-device saved "$work/hostdev.xml" --config
matrix_xml $second 5 4 4 > "$work/second.xml"
mkdir -p /etc/mdevctl.d/matrix
cat > /etc/mdevctl.d/matrix/$second <<END
{"mdev_type":"vfio_ap-passthrough","start":"manual","attrs":[{"assign_adapter":"5"},{"assign_domain":"4"}]}
END
gate_says "a device that is defined already is not started" "error[queue-in-use]" \
  virsh nodedev-start "$(device_name $second)"
finish
