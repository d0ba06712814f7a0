#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# virt-ap setup with the real libvirt and mdevctl: what it puts in place is what they use,
# and when it is taken away everything is as it was.
cd "$(dirname "$0")" && . ./tap.sh && . ./xml.sh
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
unset LIBVIRT_DEFAULT_URI
direct=qemu+unix:///system
conf=/etc/libvirt/libvirt.conf

# the lab's own links are not what is tested; libvirtd has found a hook when it started
rm /etc/libvirt/hooks/qemu.d/virt-ap /etc/mdevctl.d/scripts.d/callouts/virt-ap
mkdir -p /run/doors
for program in gate/gate gate/gate-judge callout/callout hook/hook; do
  ln -s "$VIRT_AP_BUILDDIR/src/$program" /run/doors/
done
setup () { virt-ap setup --doors /run/doors "$@"; }
tree () { # what there is, with contents
  find /etc/libvirt /etc/mdevctl.d -printf '%p %y %m %l\n' | sort
  find /etc/libvirt /etc/mdevctl.d -type f -exec md5sum {} + | sort
}

echo -5,-6 > /sys/bus/ap/apmask
matrix_xml $first "5 6" "4 0xab" 4 > "$work/first.xml"
matrix_xml $second 5 4 4 > "$work/second.xml"
ok "a matrix" virsh -c $direct nodedev-create "$work/first.xml"
guest_xml web1 "ap apqci" $first > "$work/guest.xml"

fails "nothing is in place" setup
is "… as --status says" "$(echo "$out" | awk '{ print $2 }' | sort -u)" absent
ok "no door refuses a guest without apft" virsh -c $direct define "$work/guest.xml"
virsh -c $direct undefine web1 >/dev/null

n=0
for text in '' '# a comment' 'uri_aliases = [\n  "hail=test:///default",\n]\n' \
    "log_level = 3; uri_aliases = [ 'hail=test:///default' ]" \
    'uri_aliases = []\n#uri_default = "qemu:///system"\n'; do
  n=$((n + 1))
  [ -z "$text" ] && rm -f $conf || printf "$text" > $conf
  tree > "$work/before"
  ok "libvirt.conf $n: --enable" setup --enable
  refused apft-off "… virsh goes through the gate" virsh define "$work/guest.xml"
  shows "… which refuses" "virt-ap refuses this"
  refused apft-off "… so does virsh -c ap" virsh -c ap define "$work/guest.xml"
  case $text in *hail*)
    ok "… an alias that was there" virsh -c hail uri
    is "… is there still" "$out" test:///default ;;
  esac
  ok "… enabled again" setup --enable
  ok "… and disabled" setup --disable
  tree > "$work/after"
  ok "… all is as it was" diff "$work/before" "$work/after"
done

printf 'uri_default = "test:///default"\n' > $conf
tree > "$work/before"
fails "a default that somebody else set" setup --enable
shows "… stays, and is told" "default  foreign" "test:///default" "alias    active"
ok "… for libvirt too" virsh uri
is "… it is the default" "$out" test:///default
refused apft-off "… and virsh -c ap goes through the gate" virsh -c ap define "$work/guest.xml"

refused queue-in-use "the callout refuses" virsh -c $direct nodedev-create "$work/second.xml"
shows "… by mdevctl's word" "00-virt-ap"
ok "around the gate" virsh -c $direct define "$work/guest.xml"
refused apft-off "… the hook refuses" virsh -c $direct start web1
ok "--disable" setup --disable
ok "no hook any more: the guest starts" virsh -c $direct start web1
virsh -c $direct destroy web1 >/dev/null; virsh -c $direct undefine web1 >/dev/null
fails "no callout any more" virsh -c $direct nodedev-create "$work/second.xml"
lacks "… only the kernel's word" queue-in-use
tree > "$work/after"
ok "all is as it was" diff "$work/before" "$work/after"

mkdir "$work/bin"
printf '#!/bin/sh\necho mdevctl 1.3.0\n' > "$work/bin/mdevctl"; chmod +x "$work/bin/mdevctl"
fails "a newer mdevctl" env PATH="$work/bin:$PATH" virt-ap setup --doors /run/doors
shows "… looks elsewhere" "callout  absent    /usr/lib/mdevctl/scripts.d/callouts/00-virt-ap"
finish
