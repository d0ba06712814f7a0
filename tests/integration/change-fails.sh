#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# virt-ap create, modify and apply meet what can go wrong: the kernel refuses a call (see
# tests/change/fail.py), mdevctl fails in its middle, a device vanishes, libvirtd dies,
# somebody keeps the lock.  What it was is told, and the host is as before.
cd "$(dirname "$0")" && . ./tap.sh && . ./xml.sh
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
direct=qemu+unix:///system
sys=/sys/devices/vfio_ap/matrix
libvirtd=$(readlink "/proc/$(cat /run/libvirtd.pid)/exe")
strace=$(command -v strace)

# libvirt writes a definition in its own words, which are the same each time
cat > "$work/state" <<'END'
cat /sys/bus/ap/apmask /sys/bus/ap/aqmask /etc/udev/rules.d/41-ap.rules 2>/dev/null
for device in /sys/devices/vfio_ap/matrix/*-*; do
  [ -e "$device/ap_config" ] && echo "$device" && cat "$device/ap_config"
done
cksum /etc/mdevctl.d/matrix/* /etc/libvirt/qemu/*.xml 2>/dev/null
find /etc/mdevctl.d/matrix /etc/udev/rules.d /etc/libvirt/qemu /var/lib/virt-ap /run/lock | sort
END

remember () { sh "$work/state" > "$work/before"; }

unchanged () { # NAME: since remember
  sh "$work/state" > "$work/after"
  out=$(diff "$work/before" "$work/after"); point $? "$1"
}

refuses () { # RUNS RESET NAME OPTION… COMMAND…: the kernel, at one call after the other
  runs=$1 reset=$2; shift 2
  if [ -z "$strace" ]; then skip "$1" "strace is not installed"; return; fi
  out=$(/usr/bin/python3 ../change/fail.py --state "sh $work/state" --reset "$reset" \
    --runs "$runs" "$@" 2>&1)
  status=$?
  point $status "$(printf '%s\n' "$out" | sed -n '1s/^\(not \)\{0,1\}ok - //p')"
}

numbers="0 1"
[ -z "${VIRT_AP_THOROUGH:-}" ] || numbers="0 1 2 3 4 5 6 7 8 9"
for number in $numbers; do
  guest_xml "guest$number" "" > "$work/guest$number.xml"
  virsh -c $direct define "$work/guest$number.xml" >/dev/null
  printf '[guest guest%s]\nqueues=1\n' $number
done > "$work/needs.conf"
mkdir -p /etc/mdevctl.d/matrix /etc/udev/rules.d
virt-ap plan --json "$work/needs.conf" > "$work/plan.json"

cat > "$work/reset" <<END
for file in /etc/mdevctl.d/matrix/*; do
  virt-ap remove -c none "\${file##*/}" >/dev/null
done
cd $work && for number in $numbers; do
  virsh -c $direct define guest\$number.xml >/dev/null
done
echo 0x$(printf 'f%.0s' $(seq 64)) > /sys/bus/ap/apmask
echo 0x$(printf 'f%.0s' $(seq 64)) > /sys/bus/ap/aqmask
rm -f /etc/udev/rules.d/41-ap.rules
END

refuses 6 "sh $work/reset" --changes "apply for $(echo $numbers | wc -w) guests" \
  virt-ap apply "$work/plan.json"

# The lab ends with its own libvirtd, unless that is asked to end.
start_libvirtd () { # MDEVCTL-FOLDER: and wait for it, at most a minute
  PATH="$1:$PATH" "$libvirtd" -d
  for _ in $(seq 600); do
    virsh -c $direct uri >/dev/null 2>&1 && return
    sleep 0.1
  done
}
kill "$(cat /run/libvirtd.pid)"
while [ -e /run/libvirtd.pid ]; do sleep 0.1; done
last=$(grep -o '"uuid": "[^"]*"' "$work/plan.json" | tail -1 | cut -d'"' -f4)

dies () { # NAME: libvirtd does, in the middle of apply; what kills it is in place
  remember
  fails "libvirtd dies $1" virt-ap apply "$work/plan.json"
  shows "… that is told" "libvirt at 'qemu:///system'" "as it was before" "$last"
  while pgrep -x mdevctl >/dev/null; do sleep 0.1; done
  unchanged "… all is as before"
  rm -f $scripts/*/die
  start_libvirtd "$work"
  ok "… to the next libvirtd, too" virsh -c $direct dumpxml --inactive guest0
  lacks "… it has no device" hostdev
}

# as mdevctl(8) calls it: -t TYPE -e EVENT -a ACTION -s STATE -u UUID …
scripts=/etc/mdevctl.d/scripts.d
die_at () { # FOLDER EVENT ACTION MORE
  cat > $scripts/$1/die <<END
#!/bin/sh
cat >/dev/null
if [ "\$4 \$6 \${10}" = "$2 $3 $last" ]; then
  kill -9 \$(cat /run/libvirtd.pid)
  $4
fi
exit 2
END
  chmod +x $scripts/$1/die
}
start_libvirtd "$work"
die_at notifiers notify define :
dies "when the last definition is made"
die_at callouts pre start :
dies "before the last device is judged"
die_at callouts pre start "until grep -q \"^('seized'\" /var/lib/virt-ap/journal; do sleep 0.1; done"
dies "and mdevctl is judged late"
die_at notifiers notify start :
dies "when the last device is there"

if [ -z "$strace" ]; then
  skip "libvirtd dies while mdevctl works" "strace is not installed"
else
  # mdevctl takes a second for what comes after the callout
  mkdir "$work/slow"
  cat > "$work/slow/mdevctl" <<END
#!/bin/sh
exec strace -qq -o /dev/null -e trace=openat,creat,open -P \
  $sys/mdev_supported_types/vfio_ap-passthrough/create \
  -e inject=openat:delay_enter=1000000 $(command -v mdevctl) "\$@"
END
  chmod +x "$work/slow/mdevctl"
  kill -9 "$(cat /run/libvirtd.pid)"
  start_libvirtd "$work/slow"
  # the callout has noted mdevctl for each definition and each start
  programs=$((2 * $(echo $numbers | wc -w)))
  (until [ "$(grep -c "^('program'" /var/lib/virt-ap/journal 2>&1)" = $programs ]; do
    sleep 0.05
  done
  kill -9 "$(cat /run/libvirtd.pid)") &
  dies "while mdevctl works"
fi
finish
