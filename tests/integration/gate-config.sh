#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# What virt-ap.conf makes of the doors, with the real virsh, libvirtd and mdevctl: warnings
# instead of refusals, missing features added, and a fault in the file.
cd "$(dirname "$0")" && . ./tap.sh && . ./xml.sh
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
conf=/etc/virt-ap/virt-ap.conf
if ! grep -q " ${conf%/*} tmpfs" /proc/mounts; then
  echo "1..0 # SKIP the lab has no /etc/virt-ap of its own here: no overlayfs"; exit 0
fi

configure () { # LINE…
  printf '%s\n' "$@" > $conf
}

echo -5,-6 > /sys/bus/ap/apmask
matrix_xml $first "5 6" "4 0xab" 4 > "$work/first.xml"
matrix_xml $second 5 4 4 > "$work/second.xml"
ok "the callout enforces" virsh nodedev-create "$work/first.xml"
refused queue-in-use "… and refuses a taken queue" virsh nodedev-define "$work/second.xml"

configure '[gate]' policy=warn
refused queue-in-use "a gate that warns" virsh nodedev-define "$work/second.xml"
shows "… lets it pass to the callout, which refuses" "Unable to define mediated device"
configure '[gate]' policy=off '[callout]' policy=off
ok "with both off it is defined" virsh nodedev-define "$work/second.xml"
fails "… and the kernel has the last word" virsh nodedev-start "$(device_name $second)"
lacks "… not the judge" queue-in-use
virsh nodedev-undefine "$(device_name $second)" >/dev/null

configure
guest_xml web1 "ap apqci" $first > "$work/guest.xml"
refused apft-off "a guest without apft is refused" virsh define "$work/guest.xml"
configure '[gate]' complete=yes
ok "with complete=yes it is defined" virsh define "$work/guest.xml"
ok "dumpxml" virsh dumpxml --inactive web1
shows "… it has what was missing" "policy='require' name='apft'" "policy='require' name='apqi'"
shows "… and that is told" 'feature="apft" what="added"' 'feature="apqi" what="added"'
virsh dumpxml --inactive web1 > "$work/dumped.xml"
is "… once each" "$(grep -c virt-ap:changed "$work/dumped.xml")" 2
ok "what dumpxml shows is defined again" virsh define "$work/dumped.xml"
ok "dumpxml" virsh dumpxml --inactive web1
is "… and is the same document" "$out" "$(cat "$work/dumped.xml")"
printf '#!/bin/sh\nsed -i "s/<vcpu[^>]*>1</<vcpu>2</" "$1"\n' > "$work/editor"
chmod +x "$work/editor"
ok "virsh edit" env EDITOR="$work/editor" virsh edit web1
ok "dumpxml" virsh dumpxml --inactive web1
shows "… keeps it" ">2</vcpu>" "name='apft'" 'feature="apft" what="added"'
printf '#!/bin/sh\nsed -i "/name=.apft./d" "$1"\n' > "$work/editor"
ok "who removes a feature" env EDITOR="$work/editor" virsh edit web1
ok "dumpxml" virsh dumpxml --inactive web1
shows "… gets it again" "policy='require' name='apft'"
is "… told once" "$(echo "$out" | grep -c 'virt-ap:changed')" 2
guest_xml web2 "ap apft=disable" $first | sed "s/$first/$second/" > "$work/denied.xml"
refused apft-off "who forbids it is refused" virsh define "$work/denied.xml"
ok "the guest starts" virsh start web1
ok "… and stops" virsh destroy web1

configure '[gate]' complete=yes '' '[findings]' apft-of=off
fails "a fault in the file" virsh define "$work/guest.xml"
shows "… refuses, naming file, line and key" "$conf:5: [findings] apft-of: "
fails "… matrices too" virsh nodedev-define "$work/second.xml"
shows "… by file, line and key" "$conf:5: [findings] apft-of: "
guest_xml plain "" > "$work/plain.xml"
ok "… and no guest without AP" virsh define "$work/plain.xml"
ok "… nor what only asks" virsh list --all
ok "a guest that was defined is let pass by the hook" virsh -c qemu+unix:///system start web1
virsh -c qemu+unix:///system destroy web1 >/dev/null

# a user's own file counts for this user, and for nobody with more privilege
configure '[gate]' complete=no
chmod 755 "$work"; mkdir -p "$work/home/.config/virt-ap"
printf '[gate]\npolicy=warn\n' > "$work/home/.config/virt-ap/virt-ap.conf"
chown -R 65534:65534 "$work/home"
guest_xml own "ap apqci" $first > "$work/own.xml"; chmod a+r "$work/own.xml"
as () { # UID COMMAND…
  uid=$1; shift
  env -i HOME="$work/home" PATH="$PATH" LC_ALL=C.UTF-8 \
    setpriv --reuid="$uid" --regid="$uid" --clear-groups "$@"
}
if as 65534 virt-ap --version >/dev/null 2>&1; then
  chmod a+rwx /run/libvirt; chmod a+rw /run/libvirt/libvirt-sock
  refused apft-off "root with a user's home" as 0 virsh -c "$LIBVIRT_DEFAULT_URI" define "$work/own.xml"
  refused apft-off "another user with that home" \
    as 1 virsh -c "$LIBVIRT_DEFAULT_URI" define "$work/own.xml"
  ok "the user with his own policy" as 65534 virsh -c "$LIBVIRT_DEFAULT_URI" define "$work/own.xml"
  virsh undefine own >/dev/null
else
  skip "a user's own file" "an ordinary user cannot reach the build"
fi

configure '[gate]' socket=/run/libvirt/nowhere
fails "another socket" virsh list
shows "… is where the gate connects" /run/libvirt/nowhere
configure '[gate]' socket=/run/libvirt/libvirt-sock
ok "the daemon's own socket" virsh list --all
finish
