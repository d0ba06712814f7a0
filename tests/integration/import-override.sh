#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# virt-ap import on Linux 7, where a host gives queues to guests by masks or by
# driver_override, which exclude each other: from each to each, and export tells the same.
cd "$(dirname "$0")" && . ./tap.sh && . ./xml.sh
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
bus=/sys/bus/ap
rule=/etc/udev/rules.d/41-ap.rules
ones=0x$(printf 'f%.0s' $(seq 64))

state () { virt-ap export | grep -v '"time"'; } # all that is exported, but for the time
owners () { # the guests' queues, and how they are theirs
  ls $bus/drivers/vfio_ap | grep '\.' | tr '\n' ' '
  cat $bus/apmask $bus/aqmask
  grep -l vfio_ap $bus/devices/*.*/driver_override
}
same () { # NAME FILE WHAT: since that was made
  "$3" > "$work/now"
  is "$1" "$(diff "$2" "$work/now")" ""
}
wipe () { # as the machine's next start without any configuration
  for uuid in $first $second; do virt-ap remove $uuid; done >/dev/null 2>&1
  virt-ap reserve '05.*' '06.*' '0a.*' --for host >/dev/null
  echo $ones > $bus/apmask
  echo $ones > $bus/aqmask
  rm -f $rule
  is "the host has all" "$(owners | grep -v ^0x)" ""
}
by_masks () {
  virt-ap reserve '05.*' --for guests --persistent >/dev/null
}

# by driver_override
ok "queues by themselves" virt-ap reserve 05.0004 05.0047 06.00ab --for guests
ok "a device" virt-ap create -u $first -a 5 -d 4,0x47 --autostart
ok "one that is only defined" virt-ap define -u $second -a 6 -d 0xab
state > "$work/override.state" && owners > "$work/override.owners"
virt-ap drift > "$work/override.drift"
ok "export" virt-ap export -o "$work/override.json"
wipe
ok "import onto an empty host" virt-ap import "$work/override.json"
same "all is as it was" "$work/override.state" state
is "drift says what it said" "$(virt-ap drift | diff "$work/override.drift" -)" ""
ok "again" virt-ap import "$work/override.json"
shows "… there is nothing to do" "nothing to do"
ok "other queues in between" sh -c "virt-ap remove $first && virt-ap remove $second &&
  virt-ap reserve 05.0004 --for host && virt-ap reserve '0a.*' --for guests"
ok "import" virt-ap import "$work/override.json"
same "all is as it was" "$work/override.state" state

# by masks
wipe
by_masks
ok "a device" virt-ap create -u $first -a 5 -d 4,0x47 --autostart
state > "$work/masks.state" && owners > "$work/masks.owners"
ok "export" virt-ap export -o "$work/masks.json"
wipe
ok "import onto an empty host" virt-ap import "$work/masks.json"
same "all is as it was" "$work/masks.state" state
is "drift says nothing but that no guest has it" \
  "$(virt-ap drift | grep -o '\[.*\]')" "[device-orphan]"

# from the one to the other; 05.0004 and 05.0047 are the guests' by both
virt-ap remove $first >/dev/null
ok "overrides onto a host with masks" virt-ap import "$work/override.json"
same "queues are the guests' as they were" "$work/override.owners" owners
is "the next start makes nothing else of masks" \
  "$(grep -c "$ones" $rule)" 2
state > "$work/before"
refused queue-in-use "masks onto it, while a device has a queue" virt-ap import "$work/masks.json"
shows "… which is told" $first
same "… and nothing is changed" "$work/before" state
virt-ap remove $first >/dev/null && virt-ap remove $second >/dev/null
ok "masks onto a host with overrides" virt-ap import "$work/masks.json"
same "queues are the guests' as they were" "$work/masks.owners" owners

# what fails in the middle
wipe
by_masks
state > "$work/before"
mkdir "$work/bin"
cat > "$work/bin/mdevctl" <<END
#!/bin/sh
case \$1 in start) echo "no more" >&2; exit 1 ;; esac
exec $(command -v mdevctl) "\$@"
END
chmod +x "$work/bin/mdevctl"
fails "the last step fails" env PATH="$work/bin:$PATH" virt-ap import "$work/override.json" -c none
shows "… is told" "no more" "as it was before"
same "all overrides and masks are undone" "$work/before" state
finish
