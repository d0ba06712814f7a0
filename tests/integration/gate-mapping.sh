#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# What the gate mends, with the real virsh: apxa lives through dumpxml, define and edit,
# Nova's model becomes the right one, and what was changed can be read.
cd "$(dirname "$0")" && . ./tap.sh && . ./xml.sh
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
direct=qemu+unix:///system
all="ap apqci apft apqi"

editor () { # SED-SCRIPT: an editor that makes this change
  printf '#!/bin/sh\nsed -i "%s" "$1"\n' "$1" > "$work/editor"
  chmod +x "$work/editor"
}

edit () { # NAME: through virsh edit
  EDITOR="$work/editor" VISUAL="$work/editor" virsh edit "$1"
}

echo -5,-6 > /sys/bus/ap/apmask
matrix_xml $first "5 6" "4 0xab" 4 > "$work/first.xml"
virsh nodedev-create "$work/first.xml" >/dev/null

guest_xml web1 "$all apxa" $first > "$work/guest.xml"
ok "a guest with apxa is defined" virsh define "$work/guest.xml"
virsh dumpxml --inactive web1 > "$work/dumped.xml"
ok "what dumpxml shows is defined again" virsh define "$work/dumped.xml"
ok "dumpxml" virsh dumpxml --inactive web1
is "… and is the same document" "$out" "$(cat "$work/dumped.xml")"
shows "… with apxa in our metadata" 'name="apxa" policy="require"'
ok "to-native" virsh domxml-to-native qemu-argv --domain web1
lacks "… shows QEMU no apxa" apxa

editor 's/<vcpu[^>]*>1</<vcpu>2</'
ok "virsh edit" edit web1
shows "… has changed something" "edited"
ok "dumpxml" virsh dumpxml --inactive web1
shows "… apxa is kept, beside the change" 'name="apxa" policy="require"' ">2</vcpu>"

editor "s,</cpu>,<feature policy='optional' name='apxa'/></cpu>,"
ok "apxa written into <cpu> again" edit web1
ok "dumpxml" virsh dumpxml --inactive web1
shows "… takes the place of the one in the metadata" 'name="apxa" policy="optional"'
is "… of which there is one" "$(echo "$out" | grep -c apxa)" 1

virsh dumpxml --inactive web1 |
  sed "s,name=.apxa. policy=.optional.,name='apxa' policy='disable'," > "$work/dumped.xml"
refused feature-not-removable "apxa disabled in the metadata" virsh define "$work/dumped.xml"
editor '/<virt-ap:crypto/,/<.virt-ap:crypto>/d'
ok "who removes the metadata" edit web1
ok "dumpxml" virsh dumpxml --inactive web1
lacks "… removes the feature" apxa urn:virt-ap
virsh undefine web1 >/dev/null

ok "to-native of a document with apxa" virsh domxml-to-native qemu-argv --xml "$work/guest.xml"
lacks "… shows what the guest will have" apxa
ok "without the gate" virsh -c $direct domxml-to-native qemu-argv --xml "$work/guest.xml"
shows "… QEMU gets a property that it has not" apxa=on

# what OpenStack Nova writes
guest_xml nova "$all" $first | sed "s/model='vfio-ap'/model='vfio-pci'/" > "$work/nova.xml"
ok "a matrix of model vfio-pci is defined" virsh define "$work/nova.xml"
ok "dumpxml" virsh dumpxml --inactive nova
shows "… its model is right, and that is told" "model='vfio-ap'" \
  "<virt-ap:changed" "$first" 'from="vfio-pci" to="vfio-ap"'
ok "the guest starts" virsh start nova
ok "… and stops" virsh destroy nova
virsh dumpxml --inactive nova > "$work/dumped.xml"
ok "what dumpxml shows is defined again" virsh define "$work/dumped.xml"
is "… and tells the change once" "$(virsh dumpxml --inactive nova | grep -c virt-ap:changed)" 1
virsh undefine nova >/dev/null
guest_xml plain "$all" > "$work/plain.xml"
virsh define "$work/plain.xml" >/dev/null
hostdev_xml $first | sed "s/model='vfio-ap'/model='vfio-pci'/" > "$work/hostdev.xml"
ok "attached as vfio-pci" virsh attach-device plain "$work/hostdev.xml" --config
ok "dumpxml" virsh dumpxml --inactive plain
shows "… it is of model vfio-ap" "model='vfio-ap'"
finish
