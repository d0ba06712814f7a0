#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# A host that is lost, and one in its place: what virt-ap export saved on a simulated machine
# is put onto a new one, which exports the same then.
cd "$(dirname "$0")" && . ./tap.sh && . ./xml.sh
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
[ "$(id -u)" -eq 0 ] && [ -c /dev/fuse ] ||
  { echo "1..0 # SKIP the simulated host needs root and /dev/fuse"; exit 0; }
for program in libvirtd virsh mdevctl qemu-system-s390x; do
  command -v $program >/dev/null || [ -x /usr/sbin/$program ] ||
    { echo "1..0 # SKIP $program is not installed"; exit 0; }
done

machine () { # KERNEL SCRIPT: on a new one
  ../../run virt-ap-lab --kernel "$1" --libvirt -- sh -e "$work/$2"
}

guest_xml web1 "" > "$work/web1.xml"
cat > "$work/first" <<END
virsh define $work/web1.xml >/dev/null
virt-ap reserve '05.*' '06.*' --for guests --persistent >/dev/null
virt-ap create -u $first -a 5,6 -d 4,0xab --control-domains 4,0xab --autostart -g web1 >/dev/null
virt-ap create -u $second -a 6 -d 0x47 >/dev/null
virt-ap export -o $work/host.json
END
# what is not AP, guests among it, is not in virt-ap's hands
cat > "$work/second" <<END
virsh define $work/web1.xml >/dev/null
virt-ap import $work/host.json
virt-ap export -o $work/again.json
virt-ap drift >&2 || true
virsh dumpxml web1 >&2
END

for kernel in 7.2 ${VIRT_AP_THOROUGH:+6.12}; do
  ok "Linux $kernel: a host with devices, and a guest that has one" machine $kernel first
  ok "… export, and import on an empty one" machine $kernel second
  shows "… which says what it has done" "in apmask" "41-ap.rules" $first $second
  shows "… the guest has its device again, with what it needs" "<address uuid='$first'/>" "name='apqci'"
  lacks "… drift finds nothing but what was not stored before" "error[" "mask-drift" "matrix-drift" "guest-drift"
  is "… export says the same" \
    "$(grep -v '"time"' "$work/again.json" | diff - "$work/host.json" | grep '^[<>]' | grep -v '"time"')" ""
done
finish
