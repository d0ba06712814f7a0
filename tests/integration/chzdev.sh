#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# s390-tools' own chzdev, beside virt-ap: each reads what the other keeps for the next start,
# leaves the other's lines, and waits for the other.  tools/s390-tools.sh gets it, for a
# machine that is no s390x.
cd "$(dirname "$0")" && . ./tap.sh && . ./xml.sh
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
tools=$VIRT_AP_BUILDDIR/s390-tools
rule=/etc/udev/rules.d/41-ap.rules
lock=/run/lock/s390apconfig.lock

command -v chzdev >/dev/null && chzdev=chzdev lszdev=lszdev || {
  [ -x "$tools/chzdev" ] ||
    { echo "1..0 # SKIP chzdev is not there: tools/s390-tools.sh $tools gets it"; exit 0; }
  chzdev=$tools/chzdev
  lszdev="qemu-s390x-static -L $tools/root $tools/root/usr/sbin/lszdev"
}
set_up () { "$chzdev" -t ap "$@"; }
keeps () { grep -o "$1.*=\"0x.*\"" $rule; }
mask () { printf '0x%s%s' "$1" "$(printf 'f%.0s' $(seq $((64 - ${#1}))))"; }

mkdir -p ${rule%/*}
ok "chzdev takes adapters from the host" set_up apmask=-5,-6
is "now" "$(cat /sys/bus/ap/apmask)" "$(mask f9)"
ok "and for good, as virt-ap reads it" virt-ap drift
ok "virt-ap takes another" virt-ap reserve '0a.*' --for guests --persistent
is "… and keeps it where chzdev keeps its own" "$(keeps apmask)" "apmask}=\"$(mask f9d)\""
is "… with chzdev's other lines" "$(grep -c 'GOTO\|LABEL\|kmod' $rule)" 6
ok "lszdev" $lszdev -t ap -i
shows "… reads it so" 'apmask     "0-4,7-9,11-255"  "0-4,7-9,11-255"'
ok "chzdev gives one back" set_up apmask=+5
is "… with virt-ap's still there" "$(keeps apmask)" "apmask}=\"$(mask fdd)\""
ok "drift says nothing" virt-ap drift
ok "virt-ap takes a domain" virt-ap reserve '*.0047' --for guests --persistent
ok "chzdev takes another" set_up aqmask=-171
ok "drift says nothing" virt-ap drift
is "both are kept" "$(keeps aqmask)" "aqmask}=\"$(cat /sys/bus/ap/aqmask)\""

# by a file that virt-ap made
rm $rule
virt-ap reserve '06.*' --for guests --persistent >/dev/null
virt-ap reserve '07-0a.*' --for host --persistent >/dev/null 2>&1
ok "lszdev reads a file of virt-ap's" $lszdev -t ap -i
shows "… as virt-ap means it" "Persistent         : yes"
ok "chzdev changes it" set_up -p apmask=+6
fails "… so that drift finds the difference" virt-ap drift
shows "… and repair has both answers" "mask-drift"
ok "repair goes back to what chzdev has stored" virt-ap repair --answer mask-drift=activate
ok "drift says nothing" virt-ap drift

# the lock
virt-ap reserve '05.*' --for guests >/dev/null 2>&1
mkdir "$work/slow"
cat > "$work/slow/mdevctl" <<END
#!/bin/sh
case \$1 in start) sleep 1 ;; esac
exec $(command -v mdevctl) "\$@"
END
chmod +x "$work/slow/mdevctl"
(PATH="$work/slow:$PATH" virt-ap create -c none -u $first -a 5 -d 4 > "$work/created" 2>&1) &
tries=0
until [ -e $lock ] || [ $((tries += 1)) -gt 200 ]; do sleep 0.05; done
ok "chzdev waits for a change of virt-ap's" set_up apmask=-8
is "… which was done by then" "$(cat /sys/devices/vfio_ap/matrix/$first/matrix)" 05.0004
wait
is "nobody has the lock" "$(ls /run/lock)" ""
echo 4194303 > $lock
ok "what a dead process left, chzdev takes over" set_up apmask=+8
echo 4194303 > $lock
ok "… and virt-ap" virt-ap remove -c none $first
finish
