#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# virt-ap drift and repair: every finding of drift that has one right answer is mended, what
# has several is asked on a terminal, and listed with its answers where there is none.
cd "$(dirname "$0")" && . ./tap.sh && . ./xml.sh
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
direct=qemu+unix:///system
sys=/sys/devices/vfio_ap/matrix
defs=/etc/mdevctl.d/matrix
rule=/etc/udev/rules.d/41-ap.rules

matrix_of () { tr '\n' ' ' < "$sys/$1/matrix"; }
begin_by_hand () { # UUID: as mdevctl does it, and is killed after the first attribute
  echo "$1" > $sys/mdev_supported_types/vfio_ap-passthrough/create
  echo 5 > "$sys/$1/assign_adapter"
}
drifts () { virt-ap drift | sed -n 's/^[a-z]*\[\([a-z-]*\)\].*/\1/p' | sort -u | tr '\n' ' '; }
answered () { /usr/bin/python3 terminal.py "$@"; }
repair () { virt-ap repair "$@"; }
hotplug () { # attach|detach GUEST UUID OPTION: past us
  hostdev_xml "$3" > "$work/hostdev.xml"
  virsh -c $direct "$1-device" "$2" "$work/hostdev.xml" "$4" >/dev/null
}
has () { # running|stored GUEST: its device
  [ "$1" = running ] && option= || option=--inactive
  virsh -c $direct dumpxml $option "$2" | sed -n "s/.*<address uuid='\([^']*\)'.*/\1/p"
}

# overrides, which no start keeps
ok "a queue by driver_override" virt-ap reserve 05.0047 --for guests
ok "can only be taken back" repair
shows "… which is asked about" "--answer mask-drift=activate"
lacks "… alone" "mask-drift=store"
fails "any other answer" repair --answer mask-drift=store
shows "… is none" "takes: activate"
mkdir -p "${rule%/*}"
printf 'ATTR{../../bus/ap/apmask}="0xfb%s"\n' "$(printf 'f%.0s' $(seq 62))" > $rule
ok "where the next start makes masks" repair --answer mask-drift=activate
shows "… the overrides go first" "1. Bind queue 05.0047 to its own driver" "2. Clear in apmask: 05"
is "the masks are as at boot" "$(drifts)$(cut -c1-4 /sys/bus/ap/apmask)" 0xfb
rm $rule
echo +5 > /sys/bus/ap/apmask

# masks
echo -5,-6 > /sys/bus/ap/apmask
ok "masks against the rule: both answers are listed" repair
shows "… as options" "left to you" "warning[mask-drift]" "--answer mask-drift=store" "--answer mask-drift=activate"
ok "… and in JSON" repair --json
shows "… too" '"questions": [' '"answer": "mask-drift=store"' '"interrupted": null'
ok "mask-drift=activate --dry-run" repair --answer mask-drift=activate --dry-run
shows "it shows picture, steps and commands" "would be mended" "Queues then" "Set in apmask" "echo +0x5-0x6"
is "… and does nothing" "$(drifts)" "mask-drift "
ok "mask-drift=activate" repair --answer mask-drift=activate
is "the masks are as at boot" "$(drifts)$(cat /sys/bus/ap/apmask)" "0x$(printf 'f%.0s' $(seq 64))"
echo -5,-6 > /sys/bus/ap/apmask
ok "on a terminal it is asked" answered x 1 -- virt-ap repair
shows "… with numbers, until it is one" "  1  keep the masks" "  3  leave it" "Which? [3]" "from 1 to 3"
is "the rule keeps what is now" "$(drifts)$(grep -c 'apmask.*"0xf9ff' $rule)" 1

# a device that was begun
ok "a device is defined" virt-ap define -u $first --adapters 5,6 --domains 4,0xab
begin_by_hand $first
fails "drift finds it half made" virt-ap drift
shows "… by its name" "warning[matrix-half-made]: device $first"
ok "repair" repair
shows "it tells what it did" "mended:" $first
is "the device has its matrix" "$(matrix_of $first)" "05.0004 05.00ab 06.0004 06.00ab "
ok "again" repair
lacks "… there is nothing to mend" "mended"
begin_by_hand $second
ok "one without a queue and a definition is not removed unasked" repair
shows "it is told" "warning[matrix-half-made]: device $second" "--answer matrix-half-made:$second=remove"
ok "on a terminal: end of file leaves it" answered -- virt-ap repair
is "it is there" "$(ls -d $sys/$second)" $sys/$second
ok "on a terminal: remove it" answered 1 2 -- virt-ap repair
is "it is gone" "$(ls -d $sys/$second 2>/dev/null)" ""

# a matrix that is not as it is defined
echo 6 > $sys/$first/unassign_adapter
ok "a matrix that was changed is left alone" repair
shows "… and told" "left to you" "warning[matrix-drift]: device $first"
ok "on a terminal: leave it" answered 3 2 -- virt-ap repair
is "it is as it was" "$(matrix_of $first)" "05.0004 05.00ab "
ok "define what is active" repair --answer matrix-drift=store
is "it is no drift any more" "$(drifts)" "device-orphan "
echo 0xab > $sys/$first/unassign_domain
ok "make active what is defined" repair --answer matrix-drift:$first=activate
is "the device has its matrix" "$(matrix_of $first)" "05.0004 05.00ab "

# devices that start at boot
ok "remove" virt-ap remove $first
ok "one that is to start and does not run" virt-ap define -u $first --adapters 5 --domains 4 --autostart
ok "device-not-started=start" repair --answer device-not-started=start
is "it runs" "$(matrix_of $first)" "05.0004 "
virt-ap stop $first >/dev/null
ok "device-not-started=by-hand" repair --answer device-not-started=by-hand
is "it is started by hand" "$(drifts)$(grep -c '"manual"' $defs/$first)" "device-orphan 1"
virt-ap remove $first >/dev/null
ok "two that want the same queue" virt-ap define -u $first --adapters 5 --domains 4 --autostart
cp $defs/$first $defs/$second
ok "autostart-blocked: the other one" repair --answer autostart-blocked=other-by-hand
is "the first is started by hand" "$(grep -l '"manual"' $defs/*)" $defs/$first
cp $defs/$second $defs/$first
ok "autostart-blocked: the later one" repair --answer autostart-blocked=by-hand
is "the second is started by hand" "$(grep -l '"manual"' $defs/*)" $defs/$second
ok "device-orphan=remove takes both" repair --answer device-orphan=remove --answer device-not-started=start
is "none is left" "$(ls $defs)$(drifts)" ""
virt-ap define -u $first --adapters 5 --domains 4 --autostart >/dev/null
sed -i 's/\("assign_adapter": *\)"5"/\1"10"/' $defs/$first
ok "autostart-blocked=reserve" repair --answer autostart-blocked=reserve
is "its queue is for guests, always" "$(drifts)$(readlink -f /sys/bus/ap/devices/0a.0004/driver)" "device-not-started device-orphan /sys/bus/ap/drivers/vfio_ap"
ok "autostart-blocked, another answer" virt-ap reserve 0a.* --for host --persistent
ok "… by-hand" repair --answer autostart-blocked=by-hand
is "it is blocked no more" "$(drifts)" "device-orphan "
fails "an answer that it does not have" repair --answer device-orphan=store
shows "… is told with those it has" "'store' is no answer to device-orphan" "remove"
fails "an answer to nothing" repair --answer device-gone=remove
shows "… is told" "FINDING=CHOICE"
ok "a finding that is not there" repair --answer grant-left=remove
shows "… is told" "there is no such finding"
virt-ap remove $first >/dev/null

# queues without a driver
echo 05.0004 > /sys/bus/ap/drivers/vfio_ap/unbind
is "a queue without a driver" "$(drifts)" "queue-unbound "
ok "repair" repair
is "it is bound" "$(drifts)$(readlink -f /sys/bus/ap/devices/05.0004/driver)" /sys/bus/ap/drivers/vfio_ap

# devices that are not stored
ok "one that is not stored" virt-ap create -u $first --adapters 5 --domains 4
is "… is a note" "$(drifts)" "device-not-stored device-orphan "
ok "… which can be stored" repair --answer device-not-stored=store
is "it is" "$(drifts)$(grep -c '"manual"' $defs/$first)" "device-orphan 1"
rm $defs/$first
ok "… or removed" answered 2 -- virt-ap repair
is "it is" "$(drifts)" ""
guest_xml web1 "ap apqci apft apqi" > "$work/web1.xml"
virsh -c $direct define "$work/web1.xml" >/dev/null
ok "one that a guest is defined with" virt-ap create -u $first --adapters 5 --domains 4 --guest web1
rm $defs/$first
is "… and is not stored" "$(drifts)" "device-not-stored "
ok "repair" repair
is "stores it, to start with the machine" "$(drifts)$(grep -c '"auto"' $defs/$first)" 1

# guests: what runs against what is stored
ok "the guest runs" virsh -c $direct start web1
hotplug detach web1 $first --live
is "it runs without what is stored" "$(drifts)" "guest-drift "
ok "guest-drift=activate" repair --answer guest-drift=activate
is "it runs with it" "$(has running web1)" $first
hotplug detach web1 $first --live
ok "guest-drift=store" repair --answer guest-drift:web1=store
is "it is defined without" "$(has stored web1)$(drifts)" "device-orphan "
hotplug attach web1 $first --live
is "it runs with what is not stored" "$(drifts)" "guest-drift "
ok "guest-drift=store" repair --answer guest-drift=store
is "it is stored" "$(has stored web1)$(drifts)" $first
ok "another device" virt-ap create -u $second --adapters 6 --domains 4 --autostart
hotplug detach web1 $first --config
hotplug attach web1 $second --config
is "it runs with another than is stored" "$(drifts)" "guest-drift "
ok "on a terminal: what it loses is said, and asked again" answered 2 n 2 -- virt-ap repair
shows "… by name" "warning[guest-loses]" "05.0004" "Go on? [y/N]"
is "no is no" "$(has running web1)" $first
ok "guest-drift=activate" answered 2 y 2 -- virt-ap repair
is "it runs with the other" "$(has running web1) $(has stored web1)" "$second $second"
hotplug detach web1 $second --config
hotplug attach web1 $first --config
ok "guest-drift=store" repair --answer guest-drift=store
is "the other is stored" "$(has stored web1)" $second
hotplug detach web1 $second --live
fails "without libvirt no guest is changed" repair --answer guest-drift=activate --connect none
shows "… which is told" "only through libvirt"
virsh -c $direct destroy web1 >/dev/null
ok "a guest that needs what is gone" sh -c "rm $defs/$second; virt-ap remove $second --yes"
is "… is an error" "$(drifts)" "device-orphan guest-device-gone "
ok "guest-device-gone=take" repair --answer guest-device-gone=take
is "it is defined without" "$(has stored web1)$(drifts)" "device-orphan "
ok "device-orphan=remove" repair --answer device-orphan=remove
is "nothing is left" "$(drifts)$(ls $defs)" ""

# what Nova's guests were granted
granted=76617067-0000-8000-8000-000000000001
ok "a grant without a guest" virt-ap create -u $granted --adapters 5 --domains 4
is "… is told" "$(drifts)" "grant-left "
ok "repair leaves it to the gate" repair
is "… unasked" "$(ls -d $sys/$granted)" $sys/$granted
ok "grant-left=remove" repair --answer grant-left=remove
is "it is gone" "$(drifts)$(ls -d $sys/$granted 2>/dev/null)" ""

# what cannot be mended is told
echo nonsense > $defs/$first
ok "a definition that cannot be read" repair
shows "… is told" "left to you" "definition-unreadable"
lacks "… and not asked about" "--answer"
rm $defs/$first

# one that is refused keeps the others from nothing
ok "a device" virt-ap create -u $first --adapters 5 --domains 4 -p
rm $rule
echo 06.0047 > /sys/bus/ap/drivers/vfio_ap/unbind
fails "masks that a device is in the way of" repair --answer mask-drift=activate
shows "… are refused, and the rest is mended" "error[queue-in-use]" $first "mended:" "Bind queue 06.0047"
is "… as it was told" "$(drifts)" "device-orphan mask-drift "
finish
