#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# virt-ap reserve and repair: queues go where they should and no others, the masks of the
# next start too; what fails in the middle leaves the host as it was.
cd "$(dirname "$0")" && . ./tap.sh
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
bus=/sys/bus/ap
rule=/etc/udev/rules.d/41-ap.rules
device=62177883-f1bb-47f0-914d-32a22e3a8801
ones=0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff

for_guests () { # the queues that vfio_ap has
  (cd $bus/drivers/vfio_ap && echo *.*) | sed 's/^\*\.\*$//'
}

state () {
  cat $bus/apmask $bus/aqmask
  for queue in $bus/devices/*.*; do
    echo "$queue $(readlink "$queue/driver") $(cat "$queue/driver_override" 2>&1)"
  done
  ls -AlR --time-style=+ /etc/udev/rules.d /var/lib/virt-ap /run/lock
  cat $rule 2>&1
}

unchanged () { # NAME: since the file $work/before was made
  state > "$work/after"
  out=$(diff "$work/before" "$work/after"); point $? "$1"
}

errors () { # NAME SYSCALL ERRNO WHEN COMMAND…: the kernel answers so, once
  name=$1 call=$2 errno=$3 when=$4; shift 4
  if [ -z "$strace" ]; then skip "$name" "strace is not installed"; return; fi
  # the leak checker cannot trace what strace does
  fails "$name" env ASAN_OPTIONS=detect_leaks=0 strace -qq -o /dev/null -e trace="$call" -P "$path" \
    -e inject="$call:error=$errno:when=$when" "$@"
}

strace=$(command -v strace)
state > "$work/before"
ok "--dry-run" virt-ap reserve '05.*' --for guests --persistent --dry-run
shows "shows the picture and the commands" "Queues now" "Queues then" \
  "echo -0x5 > /sys/bus/ap/apmask" "/etc/udev/rules.d/41-ap.rules"
unchanged "… and changes nothing"
fails "a queue that is not there" virt-ap reserve 05.0005 --for guests
shows "is named" "usage domain 0005"
fails "no pattern" virt-ap reserve 05 --for guests
fails "no owner" virt-ap reserve 05.0004
fails "another root" virt-ap --root "$work" reserve 05.0004 --for guests
unchanged "nothing was changed"

ok "an adapter" virt-ap reserve '05.*' --for guests
is "is vfio_ap's" "$(for_guests)" "05.0004 05.0047 05.00ab 05.00ff"
ok "once more" virt-ap reserve '05.*' --for guests
shows "there is nothing to do" "nothing to do"
ok "a domain too" virt-ap reserve '*.0047' --for guests
is "is vfio_ap's" "$(for_guests)" "05.0004 05.0047 05.00ab 05.00ff 06.0047 0a.0047"
refused masks-inexpressible "a single queue back" virt-ap reserve 05.0004 --for host
hint=$(printf '%s\n' "$out" | sed -n 's/^ *hint: //p')
is "the hint is a command" "$(echo "$hint" | cut -d' ' -f1,2)" "virt-ap reserve"
ok "which works" sh -c "$hint"
ok "all back" virt-ap reserve '*.*' --for host
unchanged "all is as before"

# A device holds a queue.
ok "an adapter" virt-ap reserve '05.*' --for guests
echo $device > /sys/devices/vfio_ap/matrix/mdev_supported_types/vfio_ap-passthrough/create
echo 5 > /sys/devices/vfio_ap/matrix/$device/assign_adapter
echo 4 > /sys/devices/vfio_ap/matrix/$device/assign_domain
refused queue-held "what a device holds does not go back" virt-ap reserve '05.*' --for host
shows "the device is named, and the queue" $device 05.0004
echo 1 > /sys/devices/vfio_ap/matrix/$device/remove
ok "without the device it does" virt-ap reserve '05.*' --for host
unchanged "all is as before"

# A process uses the host's queues.
mkdir -p "$work/dev" && : > "$work/dev/z90crypt"
mknod /dev/z90crypt c 1 3
sleep 60 3< /dev/z90crypt & user=$!
refused host-crypto-used "the last queues of a host in use" virt-ap reserve '*.*' --for guests
shows "the process is named" "process $user (sleep)"
unchanged "nothing was changed"
ok "others" virt-ap reserve '05.*' --for guests
shows "are told of" "note[host-crypto-used]"
ok "all, by force" virt-ap reserve '*.*' --for guests --force
kill $user
ok "all back" virt-ap reserve '*.*' --for host
unchanged "all is as before"

# The masks of the next start.
ok "persistent" virt-ap reserve '05.*' --for guests --persistent
ok "the rule is as chzdev's" grep -q "^ATTR{../../bus/ap/apmask}=\"0xfbff" $rule
ok "… with its trigger" grep -q 'ENV{COMPLETECOUNT}=="1", GOTO="cfg_ap"' $rule
is "status of the next start" "$(virt-ap reserve '05.*' --for guests --persistent)" "nothing to do"
printf '# mine\nKERNEL=="card05", MODE="0600"\nATTR{../../bus/ap/aqmask}="%s"\n' $ones > $rule
chmod 640 $rule
ok "in a file with other lines" virt-ap reserve '06.*' --for guests --persistent
ok "they stay" grep -q '^KERNEL=="card05", MODE="0600"$' $rule
ok "comments too" grep -q '^# mine$' $rule
is "and the file's mode" "$(stat -c %a $rule)" 640
rm $rule && ln -s /nowhere $rule
fails "a symbolic link in its place" virt-ap reserve '0a.*' --for guests --persistent
shows "is left alone" "not a regular file" "as it was before"
rm $rule
ok "all back" virt-ap reserve '*.*' --for host
unchanged "all is as before"

# Errors of the kernel, in the middle.
path=$bus/apmask
errors "EBUSY of apmask" write EBUSY 1 virt-ap reserve '05.*' --for guests --persistent
shows "is explained" "a matrix holds a queue" "as it was before"
unchanged "nothing is left"
errors "EINVAL of apmask" write EINVAL 1 virt-ap reserve '05.*' --for guests --persistent
shows "is explained" "driver_override"
unchanged "nothing is left"
errors "EIO of apmask" write EIO 1 virt-ap reserve '05.*' --for guests --persistent
shows "is told" "Input/output error"
unchanged "nothing is left"
path=/var/lib/virt-ap
errors "EIO of the journal's directory" fsync EIO 1 virt-ap reserve '05.*' --for guests
shows "is told" "Input/output error"
unchanged "nothing is left"

# Full disks.
mount -t tmpfs -o size=4k tmpfs /var/lib/virt-ap
head -c 4096 /dev/zero > /var/lib/virt-ap/filler
fails "a full disk below the journal" virt-ap reserve '05.*' --for guests
shows "is told" "No space left on device"
is "the masks are as before" "$(cat $bus/apmask)" $ones
is "no journal is left" "$(ls /var/lib/virt-ap)" filler
umount /var/lib/virt-ap
mount -t tmpfs -o size=4k tmpfs /etc/udev/rules.d
head -c 4096 /dev/zero > /etc/udev/rules.d/filler
fails "a full disk below the rule" virt-ap reserve '05.*' --for guests --persistent
shows "is told" "No space left on device" "as it was before"
is "nothing is left of it" "$(ls -A /etc/udev/rules.d)" filler
umount /etc/udev/rules.d
unchanged "all is as before"

# Someone else has the lock.
sleep 60 & user=$!
echo $user > /run/lock/s390apconfig.lock
fails "the lock is waited for" virt-ap repair --dry-run
shows "and its holder named" "Process $user (sleep)"
kill $user; wait $user 2>/dev/null
ok "a void lock is taken over" virt-ap repair
unchanged "all is as before"

# Interrupted, and decided otherwise.
interrupt () { # before the last write
  rm -f "$rule"
  strace -qq -o /dev/null -P $bus/apmask -e trace=write -e inject=write:signal=KILL:when=1 \
    virt-ap reserve '05.*' --for guests --persistent > /dev/null 2>&1
}
if [ -z "$strace" ]; then
  skip "an interrupted change" "strace is not installed"
else
  interrupt
  ok "an interrupted change is shown" virt-ap repair --dry-run
  shows "with its steps" "was interrupted" "1. Write the file" ": done"
  ok "undone by the next one" virt-ap reserve '06.*' --for guests
  shows "which says so" "had been interrupted"
  ok "and back" virt-ap reserve '06.*' --for host
  interrupt
  ok "repair" virt-ap repair
  unchanged "all is as before"
  interrupt
  ok "repair --complete" virt-ap repair --complete
  is "completes it" "$(for_guests)" "05.0004 05.0047 05.00ab 05.00ff"
  ok "the rule too" test -e $rule
  ok "back" virt-ap reserve '05.*' --for host
  rm $rule
  unchanged "all is as before"
  interrupt
  echo '# changed by hand' > $rule
  fails "a file that was changed since" virt-ap repair --json
  shows "is stuck" '"result": "half-done"' '"outcome": "stuck"' "someone else has changed"
  fails "nothing else is changed then" virt-ap reserve '06.*' --for guests
  shows "before it is repaired" "virt-ap repair"
  ok "repair --forget" virt-ap repair --forget
  is "leaves it" "$(cat $rule)" "# changed by hand"
  rm $rule
  ok "back" virt-ap reserve '*.*' --for host
fi
unchanged "all is as before"

finish
