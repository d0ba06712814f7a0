#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Bad input through the real programs: a clear error, no crash, nothing changed.
cd "$(dirname "$0")" && . ./tap.sh && . ./xml.sh
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT

echo -5,-6 > /sys/bus/ap/apmask
everything () { # what there is of guests and matrices
  virsh list --all --name
  ls /sys/bus/mdev/devices /etc/mdevctl.d/matrix 2>/dev/null
}
nothing=$(everything)
unharmed () { # NAME: all is as it was, and the gate still answers
  is "$1: nothing changed" "$(everything)" "$nothing"
}

guest_xml web1 "ap apqci apft" > "$work/good.xml"

head -c 400 "$work/good.xml" > "$work/cut.xml"
fails "truncated domain XML" virsh define "$work/cut.xml"
shows "… says where" line
unharmed "truncated domain XML"

{ echo "<domain type='qemu'><name>x</name><description>"; head -c 5000000 /dev/zero | tr '\0' x
  echo "</description></domain>"; } > "$work/huge.xml"
fails "an XML of 5 MB" virsh define "$work/huge.xml"
unharmed "an XML of 5 MB"

{ echo '<!DOCTYPE domain [<!ENTITY a0 "aaaaaaaaaa">'
  for n in 1 2 3 4 5 6 7 8 9; do
    printf '<!ENTITY a%s "' $n
    for m in 0 1 2 3 4 5 6 7 8 9; do printf '&a%s;' $((n - 1)); done
    echo '">'
  done
  echo ']>'; sed 's/<name>.*</<name>\&a9;</' "$work/good.xml"; } > "$work/bomb.xml"
start=$(date +%s)
fails "an entity bomb" virsh define "$work/bomb.xml"
is "… is refused at once" "$(($(date +%s) - start < 5))" 1
unharmed "an entity bomb"

echo secret-content > "$work/secret"
{ echo "<!DOCTYPE domain [<!ENTITY e SYSTEM 'file://$work/secret'>]>"
  sed 's/<name>.*</<name>\&e;</' "$work/good.xml"; } > "$work/external.xml"
fails "an external entity" virsh define "$work/external.xml"
lacks "… is never resolved" secret-content
unharmed "an external entity"

sed 's/web1/w\xff\xfe/' "$work/good.xml" > "$work/latin.xml"
fails "XML that is not UTF-8" virsh define "$work/latin.xml"
unharmed "XML that is not UTF-8"

matrix_xml $first 5 4 > "$work/device.xml"
head -c 200 "$work/device.xml" > "$work/cut-device.xml"
fails "truncated node-device XML" virsh nodedev-create "$work/cut-device.xml"
matrix_xml $first 5 four > "$work/device.xml"
refused attribute-malformed "a domain that is no number" virsh nodedev-create "$work/device.xml"
matrix_xml $first 256 4 > "$work/device.xml"
refused adapter-out-of-range "an adapter of 256" virsh nodedev-create "$work/device.xml"
matrix_xml $first 5 4 | sed s/assign_domain/assign_dommain/ > "$work/device.xml"
refused attribute-unknown "a misspelled attribute" virsh nodedev-create "$work/device.xml"
unharmed "bad node devices"

mkdir -p /etc/mdevctl.d/matrix
printf '{"mdev_type":"vfio_ap-passthrough","start":"manual","att' > /etc/mdevctl.d/matrix/$second
nothing=$(everything)
ok "virt-ap status with a definition cut in the middle" virt-ap status
shows "… names it" $second
fails "mdevctl start of it" mdevctl start -u $second
unharmed "a cut definition"
rm /etc/mdevctl.d/matrix/$second

# A host whose apmask shows 63 digits: a directory tree in front of /sys.
mkdir -p "$work/root/sys"
cp -rT --no-dereference --preserve=links /sys/bus "$work/root/sys/bus" 2>/dev/null
printf '0x%063d\n' 0 > "$work/root/sys/bus/ap/apmask"
out=$(virt-ap --root "$work/root" check "$work/good.xml" 2>&1); status=$?
is "a mask with 63 digits: could not judge" $status 2
out=$(virt-ap --root "$work/root" check "$work/good.xml" 2>&1)
shows "… names the file" apmask 64
finish
