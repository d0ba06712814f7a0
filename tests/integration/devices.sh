#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# virt-ap create, define, start, stop, remove and modify, with libvirtd and with mdevctl:
# all of it is done, or nothing, and a guest that runs keeps up.
cd "$(dirname "$0")" && . ./tap.sh && . ./xml.sh
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
direct=qemu+unix:///system
sys=/sys/devices/vfio_ap/matrix
defs=/etc/mdevctl.d/matrix

state () { # everything that the commands may change, as text
  for device in "$sys"/*-*; do echo "$device"; cat "$device/ap_config"; done 2>/dev/null
  for file in "$defs"/* /etc/libvirt/qemu/*.xml; do echo "$file"; cat "$file"; done 2>/dev/null
  ls -A /etc/mdevctl.d /var/lib/virt-ap /run/lock
}

start_libvirtd () { # one that is not the lab's, which ends with its own
  kill "$(cat /run/libvirtd.pid)" 2>/dev/null
  tries=0
  while [ -e /run/libvirtd.pid ] && [ -e "/proc/$(cat /run/libvirtd.pid)" ]; do
    [ $((tries += 1)) -lt 100 ] || break
    sleep 0.1
  done
  rm -f /run/libvirtd.pid
  libvirtd -d
  until virsh -c $direct list >/dev/null 2>&1; do
    [ $((tries += 1)) -lt 300 ] || break
    sleep 0.1
  done
}

unchanged () { # NAME: since the file $work/before was made
  state > "$work/after"
  out=$(diff "$work/before" "$work/after"); point $? "$1"
}

echo -5,-6 > /sys/bus/ap/apmask
guest_xml web1 "" > "$work/web1.xml"
ok "a guest without AP" virsh -c $direct define "$work/web1.xml"
state > "$work/before"

ok "create --dry-run" virt-ap create -u $first --adapters 5,6 --domains 4,0xab --guest web1 --dry-run
shows "it shows picture, steps and commands" "Queues then" "Start device $first" nodedev-create
unchanged "… and changes nothing"
fails "a queue that the host owns is refused" virt-ap create --adapters 5,10 --domains 4
shows "… with the finding" "error[queue-host-owned]"
fails "a guest that is not there is told" virt-ap create --adapters 5 --domains 4 --guest nobody
shows "… by its name" "'nobody'"
unchanged "nothing was changed"

ok "create, for a guest" virt-ap create -u $first --adapters 5,6 --domains 4,0xab --guest web1
is "it has its four queues" "$(tr '\n' ' ' < $sys/$first/matrix)" "05.0004 05.00ab 06.0004 06.00ab "
ok "libvirt has it" virsh -c $direct nodedev-info "$(device_name $first)"
shows "… active and stored" "Active:         yes" "Persistent:     yes" "Autostart:      no"
ok "the guest" virsh -c $direct dumpxml web1
shows "… has the device and what it needs" "$first" "name='ap'" "name='apqci'" "name='apft'" "name='apqi'"
is "the lock is free" "$(ls /run/lock)" ""
is "no journal is left" "$(ls /var/lib/virt-ap)" ""
ok "the guest starts" virsh -c $direct start web1

state > "$work/before"
fails "overlap is refused" virt-ap create --adapters 5 --domains 4,0x47
shows "… with the holder" "error[queue-in-use]" "'web1'"
fails "a device of a running guest is not stopped" virt-ap stop web1
shows "… with the reason" "error[device-held]"
fails "nor removed" virt-ap remove $first
fails "a modify that another matrix or the host forbids" virt-ap modify web1 --adapters +10
shows "… is refused" "error[queue-host-owned]"
unchanged "nothing was changed"

ok "modify, under the guest" virt-ap modify web1 --adapters=-5 --domains +0x47
shows "it says what the guest loses" "warning[guest-loses]" "05.0004, 05.00ab"
is "the active device is changed" "$(tr '\n' ' ' < $sys/$first/matrix)" "06.0004 06.0047 06.00ab "
ok "… and its definition" sh -c "grep -c '\"assign_adapter\":\"6\"' $defs/$first"
ok "modify --config alone" virt-ap modify web1 --adapters +5 --config
is "leaves the active one" "$(tr '\n' ' ' < $sys/$first/matrix)" "06.0004 06.0047 06.00ab "
ok "modify --live alone" virt-ap modify web1 --domains 0x47 --live
is "changes it" "$(cat $sys/$first/matrix)" 06.0047
ok "another device, whose UUID comes before" virt-ap create -u $(echo $first | tr 6 0) -a 5 -d 0xff --dry-run
is "… leaves the first its letter" "$(printf '%s\n' "$out" | sed -n '/^Queues then/,/^Steps/p' | grep '^  0[56] ' | tr -d ' □▪')" "05CEX8CB
06CEX8PA"
ok "what is so already" virt-ap modify web1 --domains 0x47 --live
shows "needs nothing" "nothing to do"
ok "the guest stops" virsh -c $direct destroy web1
ok "stop" virt-ap stop web1
shows "… names the guest that needs it" "warning[device-needed]"
ok "start, by libvirt's name" virt-ap start "$(device_name $first)"
is "it is as it was stored" "$(tr '\n' ' ' < $sys/$first/matrix)" "05.0004 05.0047 05.00ab 06.0004 06.0047 06.00ab "
ok "remove" virt-ap remove $first
is "it is gone" "$(ls /sys/bus/mdev/devices $defs)" "$(printf '%s:\n\n%s:' $defs /sys/bus/mdev/devices)"

state > "$work/before"
ok "with mdevctl: create" virt-ap create -c none -u $second --adapters 5 --domains 4 --autostart
ok "it is stored for every start" grep '"auto"' $defs/$second
ok "libvirt hears of it" virsh -c $direct nodedev-info "$(device_name $second)"
ok "stop" virt-ap stop -c none $second
ok "start" virt-ap start -c none $second
ok "remove" virt-ap remove -c none $second
unchanged "all is as before"
ok "define" virt-ap define -u $second --adapters 5 --domains 4
is "stores it only" "$(ls /sys/bus/mdev/devices)" ""
ok "remove" virt-ap remove $second
unchanged "all is as before"

# The commands that --dry-run shows do the same.
ok "create" virt-ap create -u $second --adapters 5 --domains 4,0x47 --autostart
state > "$work/virt-ap"
ok "remove" virt-ap remove $second
virt-ap create -u $second --adapters 5 --domains 4,0x47 --autostart --dry-run |
  sed -n '/^Commands that do the same/,$s/^  //p' > "$work/commands"
ok "the shown commands run" sh -e "$work/commands"
state > "$work/by-hand"
out=$(diff "$work/virt-ap" "$work/by-hand"); point $? "… and do the same"
ok "remove" virt-ap remove $second

# What fails leaves nothing, whatever it is.
state > "$work/before"
mkdir "$work/fake"
cat > "$work/fake/mdevctl" <<END
#!/bin/sh
case \$1 in
start) case \$(cat "$work/fails") in
  EBUSY) echo "Error: Device or resource busy (os error 16)" >&2; exit 1 ;;
  half) echo $second > $sys/mdev_supported_types/vfio_ap-passthrough/create
        echo 5 > $sys/$second/assign_adapter; exit 1 ;;
  vanishes) $(command -v mdevctl) "\$@"; echo 1 > $sys/$second/remove; exit 0 ;;
  esac ;;
esac
exec $(command -v mdevctl) "\$@"
END
chmod +x "$work/fake/mdevctl"
for how in EBUSY half vanishes; do
  echo $how > "$work/fails"
  fails "a start that fails: $how" env PATH="$work/fake:$PATH" \
    virt-ap create -c none -u $second --adapters 5 --domains 4 --autostart
  shows "… is told" "as it was before"
  unchanged "… and leaves nothing"
done
mkdir "$work/kept" && cp -a $defs/. "$work/kept"
mount -t tmpfs -o size=4k none $defs && head -c 4096 /dev/zero > $defs/.full
fails "no space for the definition" virt-ap create -c none -u $second --adapters 5 --domains 4 -p
shows "… is told" "as it was before"
is "nothing is left" "$(ls $defs /sys/bus/mdev/devices)" "$(printf '%s:\n\n%s:' $defs /sys/bus/mdev/devices)"
fails "… also through libvirt" virt-ap create -u $second --adapters 5 --domains 4 -p
shows "… is told" "as it was before"
is "nothing is left" "$(ls $defs /sys/bus/mdev/devices)" "$(printf '%s:\n\n%s:' $defs /sys/bus/mdev/devices)"
umount $defs
unchanged "all is as before"
rm -f /run/virt-ap/undone/$second

# What libvirtd still does for a change that was undone comes too late.
state > "$work/before"
mkdir -p /run/virt-ap/undone && : > /run/virt-ap/undone/$second
matrix_xml $second 5 4 > "$work/late.xml"
fails "a late call" virsh -c $direct nodedev-create "$work/late.xml"
shows "… is told why" "was undone just now"
unchanged "… and nothing is changed"
ok "virt-ap may" virt-ap create -u $second --adapters 5 --domains 4
ok "remove" virt-ap remove $second

# A step that fails takes the others with it: libvirtd dies before the guest's part.
guest_xml web2 "" > "$work/web2.xml"
start_libvirtd
ok "a fresh guest" virsh -c $direct define "$work/web2.xml"
state > "$work/before"
cat > "$work/dying" <<END
#!/bin/sh
case \$3 in guest-define) kill -9 \$(cat /run/libvirtd.pid); while [ -e /proc/\$(cat /run/libvirtd.pid) ]; do :; done ;; esac
LD_LIBRARY_PATH= exec $VIRT_AP_BUILDDIR/tools/virt-ap/tell-libvirt "\$@"
END
chmod +x "$work/dying"
mkdir "$work/bin" && cp "$VIRT_AP_BUILDDIR/tools/virt-ap/virt-ap" "$work/bin/" && cp "$work/dying" "$work/bin/tell-libvirt"
fails "create while libvirtd dies" env LD_LIBRARY_PATH="$VIRT_AP_BUILDDIR/src" "$work/bin/virt-ap" create -u $second --adapters 5 --domains 4 --guest web2
shows "… says so" "qemu:///system" "as it was before"
start_libvirtd
unchanged "and leaves nothing"
finish
