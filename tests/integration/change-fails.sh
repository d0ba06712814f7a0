#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# virt-ap create, modify and apply meet what can go wrong: the kernel refuses a call (see
# tests/change/fail.py), mdevctl fails in its middle, a device vanishes, libvirtd dies,
# somebody keeps the lock.  What it was is told, and the host is as before.
cd "$(dirname "$0")" && . ./tap.sh && . ./xml.sh && . ./plan-guests.sh
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
find /etc/mdevctl.d/matrix /etc/udev/rules.d /etc/libvirt/qemu /var/lib/virt-ap | sort
# a lock that could not be removed is void with its process
find /run/lock ! -name s390apconfig.lock
holder=$(cat /run/lock/s390apconfig.lock 2>/dev/null) && [ -e "/proc/$holder" ] && echo "$holder"
END

remember () { sh "$work/state" > "$work/before"; }

unchanged () { # NAME: since remember
  sh "$work/state" > "$work/after"
  out=$(diff "$work/before" "$work/after"); point $? "$1"
}

refuses () { # RUNS RESET NAME COMMAND…: the kernel, at one call after the other
  runs=$1 reset=$2; shift 2
  if [ -z "$strace" ]; then skip "$1" "strace is not installed"; return; fi
  out=$(/usr/bin/python3 ../change/fail.py --state "sh $work/state" --reset "$reset" \
    --runs "$runs" --changes "$@" 2>&1)
  status=$?
  point $status "$(printf '%s\n' "$out" | sed -n '1s/^\(not \)\{0,1\}ok - //p')"
}

numbers="0 1"
[ -z "${VIRT_AP_THOROUGH:-}" ] || numbers="0 1 2"
plan_guests "$work" 1 $numbers

refuses 3 "sh $work/reset" "apply for $(echo $numbers | wc -w) guests" \
  virt-ap apply "$work/plan.json"
echo -5,-6 > /sys/bus/ap/apmask
refuses 3 "virt-ap remove -c none $first" "create through mdevctl" \
  virt-ap create -c none -u $first --adapters 5,6 --domains 4,0xab --autostart
refuses 3 "virt-ap remove -c none $first; virsh -c $direct define $work/guest0.xml" \
  "create through libvirt, for a guest" \
  virt-ap create -u $first --adapters 5,6 --domains 4,0xab --guest guest0
virt-ap create -u $first --adapters 5,6 --domains 4,0xab --guest guest0 >/dev/null
virt-ap modify $first --adapters 5 --config >/dev/null # so that its file is as modify writes it
virt-ap modify $first --adapters 5,6 >/dev/null
virsh -c $direct start guest0 >/dev/null
refuses 3 "virt-ap modify $first --adapters 5,6 --domains 4,0xab" \
  "modify under a guest that runs" virt-ap modify $first --adapters=-5 --domains +0x47

# Someone has the lock, and keeps it.
sleep 600 & user=$!
echo $user > /run/lock/s390apconfig.lock
remember
VIRT_AP_LOCK_WAIT=0; export VIRT_AP_LOCK_WAIT
for command in "apply $work/plan.json" "create -u $second --adapters 5 --domains 0x47" \
    "modify $first --domains 4" "remove $first" "reserve 0a.* --for guests" repair; do
  fails "someone keeps the lock: ${command%% *}" virt-ap $command
  shows "… who is named" "Process $user (sleep) has kept the lock '/run/lock/s390apconfig.lock'"
done
export VIRT_AP_LOCK_WAIT=soon
said=$(timeout -s KILL 30 timeout 1 virt-ap repair 2>&1)
is "who waits can be asked to end" $? 124
out=$said
shows "no number to wait is told" "VIRT_AP_LOCK_WAIT is 'soon'"
unset VIRT_AP_LOCK_WAIT
if [ -n "${VIRT_AP_THOROUGH:-}" ]; then
  began=$(date +%s)
  for command in "apply $work/plan.json" "create -u $second --adapters 5 --domains 0x47" \
      "modify $first --domains 4"; do
    virt-ap $command >"$work/said.${command%% *}" 2>&1 &
    waiting="${waiting-} $!"
  done
  for pid in $waiting; do wait "$pid" && echo "$pid" >> "$work/went"; done
  is "with all their patience, none goes on" "$(cat "$work/went" 2>/dev/null)" ""
  is "… each names who keeps it" "$(grep -l "Process $user (sleep)" "$work"/said.* | wc -l)" 3
  took=$(($(date +%s) - began))
  out="$took s"
  [ $took -ge 90 ] && [ $took -le 100 ]; point $? "… after 90 s: $took"
fi
unchanged "all is as before"
kill $user; rm /run/lock/s390apconfig.lock
virsh -c $direct destroy guest0 >/dev/null

# mdevctl fails in its middle: it cannot make the device, or not give it its matrix
refuse_mdevctl () { # ERRNO WRITE
  remember
  PATH="$work/failing:$PATH" virt-ap create -c none -u $second --adapters 5,6 --domains 0x47,0xff \
    >"$work/said" 2>&1
  status=$?
  out=$(cat "$work/said")
  if [ $status -eq 0 ]; then
    virt-ap remove -c none $second >/dev/null
  else
    grep -q "as it was before" "$work/said" || return
    refused=$((refused + 1))
  fi
  sh "$work/state" > "$work/after"
  out=$(diff "$work/before" "$work/after")
}
if [ -z "$strace" ]; then
  skip "mdevctl fails in its middle" "strace is not installed"
else
  mkdir "$work/failing"
  refused=0 good=0
  for errno in EIO ENOSPC EBUSY; do
    for write in 2 3; do
      cat > "$work/failing/mdevctl" <<END
#!/bin/sh
exec strace -qq -o /dev/null -e trace=write -e inject=write:error=$errno:when=$write \
  $(command -v mdevctl) "\$@"
END
      chmod +x "$work/failing/mdevctl"
      refuse_mdevctl || { good=1; break 2; }
    done
  done
  point $good "mdevctl fails in its middle"
  is "… each time" $refused 6
fi

until_stopped () { # LOG PID: strace(1), which writes LOG, has stopped something by SIGSTOP
  until grep -q "stopped by SIGSTOP" "$1" 2>/dev/null; do
    kill -0 "$2" 2>/dev/null || break
    sleep 0.02
  done
}

# A queue vanishes while it is being bound, the second of two: between what reads it then
# (for the third time) and what writes it.
if [ -z "$strace" ]; then
  skip "a queue vanishes" "strace is not installed"
else
  virt-ap remove $first >/dev/null
  sh "$work/reset"
  remember
  strace -qq -o "$work/reads" -e trace=openat -P /sys/bus/ap/devices/06.00ab/driver_override \
    -e inject=openat:signal=SIGSTOP:when=3 \
    virt-ap reserve 05.0004 06.00ab --for guests >"$work/said" 2>&1 & pid=$!
  until_stopped "$work/reads" $pid
  cards=$(cat /sys/module/virt_ap_lab/parameters/cards)
  echo 05:14:4,0a:14:1 > /sys/module/virt_ap_lab/parameters/cards
  echo 1 > /sys/bus/ap/scans
  kill -CONT "$(pgrep -x virt-ap)"
  if wait $pid; then status=1; else status=0; fi
  out=$(cat "$work/said"); point $status "a queue vanishes"
  shows "… it is named" "06.00ab" "as it was before"
  echo "$cards" > /sys/module/virt_ap_lab/parameters/cards
  echo 1 > /sys/bus/ap/scans
  unchanged "… all is as before"
fi
sh "$work/reset"

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

dies () { # NAME [COMMAND…]: libvirtd does, in its middle; what kills it is in place
  name=$1; shift
  [ $# -gt 0 ] || set -- virt-ap apply "$work/plan.json"
  remember
  fails "libvirtd dies $name" "$@"
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

echo -5 > /sys/bus/ap/apmask
die_at notifiers notify start :
dies "in create --guest, when the device is there" \
  virt-ap create -u "$last" --adapters 5 --domains 4 --guest guest0
sh "$work/reset"

# the last device vanishes as soon as it is there
remember
cat > $scripts/notifiers/die <<END
#!/bin/sh
cat >/dev/null
[ "\$4 \$6 \${10}" != "notify start $last" ] || echo 1 > $sys/$last/remove
END
chmod +x $scripts/notifiers/die
fails "a device vanishes in the middle of apply" virt-ap apply "$work/plan.json"
shows "… it is named" "device $last is not there although it was made" "as it was before"
rm $scripts/notifiers/die
unchanged "… all is as before"

if [ -z "$strace" ]; then
  skip "libvirtd dies while mdevctl works" "strace is not installed"
else
  # What starts the last device stops between the callout and the write that makes it, until
  # libvirtd is dead and apply has been told.  (mdevctl goes by /sys/class, and strace(1)
  # compares what it is called with.)
  mkdir "$work/slow"
  cat > "$work/slow/mdevctl" <<END
#!/bin/sh
case "\$*" in start*$last*)
  exec strace -qq -o "$work/calls" -e trace=openat,creat,open -P \
    /sys/class/mdev_bus/matrix/mdev_supported_types/vfio_ap-passthrough/create \
    -e inject=openat:signal=SIGSTOP $(command -v mdevctl) "\$@" ;;
esac
exec $(command -v mdevctl) "\$@"
END
  chmod +x "$work/slow/mdevctl"
  pid=$(cat /run/libvirtd.pid)
  kill -9 "$pid"
  while kill -0 "$pid" 2>/dev/null; do sleep 0.1; done
  start_libvirtd "$work/slow"
  (until_stopped "$work/calls" $$
  kill -9 "$(cat /run/libvirtd.pid)"
  while pgrep -x tell-libvirt >/dev/null; do sleep 0.02; done
  kill -CONT "$(pgrep -x mdevctl)") &
  dies "while mdevctl works"
fi
finish
