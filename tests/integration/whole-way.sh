#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# From needs to guests that run with their crypto, on the command line alone: plan, apply
# --dry-run, apply, drift, export, and the same again.
cd "$(dirname "$0")" && . ./tap.sh && . ./xml.sh
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
direct=qemu+unix:///system

state () { virt-ap export | grep -v '"time"'; } # all there is, but for the time

for guest in runs stands; do
  guest_xml $guest "ap apqci apft apqi" > "$work/$guest.xml"
  virsh -c $direct define "$work/$guest.xml" >/dev/null
done
virsh -c $direct start runs >/dev/null
mkdir -p /etc/virt-ap/profiles.d
printf '[profile two]\nqueues=2\nspread=2\n' > /etc/virt-ap/profiles.d/two.conf
cat > "$work/needs.conf" <<'END'
[guest runs]
profile=two
[guest stands]
queues=3
away-from=to-come
control-domains=usage
[guest to-come]
queues=1
mode=EP11
[host]
keep=*.00ff
END

state > "$work/before"
ok "plan" virt-ap plan "$work/needs.conf"
shows "it meets all" "needs met: 3 of 3" "that is proven"
ok "plan --json" virt-ap plan "$work/needs.conf" --json
printf '%s\n' "$out" > "$work/plan.json"
ok "apply --dry-run" virt-ap apply "$work/plan.json" --dry-run
shows "it shows all of it" "Queues then" "41-ap.rules" "'runs' while it runs" "'stands'" "attach-device"
virt-ap apply "$work/plan.json" --dry-run | sed -n '/^Steps/,/^Commands/p' | grep '^  [0-9]' > "$work/steps"
state > "$work/after"
is "… and does nothing" "$(diff "$work/before" "$work/after")" ""
ok "apply" virt-ap apply "$work/plan.json"
is "it does what was shown" "$(printf '%s\n' "$out" | grep '^  [0-9]' | diff "$work/steps" -)" ""
ok "drift" virt-ap drift
is "… says nothing but that one has no guest yet" \
  "$(printf '%s\n' "$out" | grep -o '^[a-z]*\[.*\]')" "note[device-orphan]"
ok "check of each guest" sh -c "virsh -c $direct dumpxml --inactive stands > $work/now.xml && virt-ap check $work/now.xml"
lacks "… finds nothing that would stop it" "error["
ok "the guest that stood starts" virsh -c $direct start stands
is "both are in use" "$(cat /sys/bus/ap/devices/*/status | grep -c 'in use')" 6
state > "$work/applied"
ok "apply again" virt-ap apply "$work/plan.json"
shows "… has nothing to do" "nothing to do"
ok "plan again" virt-ap plan "$work/needs.conf" --json
printf '%s\n' "$out" > "$work/again.json"
is "… keeps all" "$(grep -c '"action": "keep"' "$work/again.json")" 3
ok "apply of that" virt-ap apply "$work/again.json"
shows "… has nothing to do" "nothing to do"
ok "export" virt-ap export -o "$work/host.json"
ok "import of that" virt-ap import "$work/host.json"
shows "… has nothing to do" "nothing to do"
ok "repair" virt-ap repair
lacks "… has nothing to mend" "mended"
state > "$work/after"
is "all is as it was applied" "$(diff "$work/applied" "$work/after")" ""

# more than there is
printf '[guest more]\nqueues=5\nmode=accelerator\n' > "$work/more.conf"
fails "a need that cannot be met" virt-ap plan "$work/more.conf" "$work/needs.conf" --json
printf '%s\n' "$out" > "$work/less.json"
ok "what can be met is applied" virt-ap apply "$work/less.json"
state > "$work/after"
is "which is there already" "$(diff "$work/applied" "$work/after")" ""
finish
