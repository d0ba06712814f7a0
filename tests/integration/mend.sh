#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# virt-ap drift and repair: what has one right answer is mended, what has several is asked.
cd "$(dirname "$0")" && . ./tap.sh && . ./xml.sh
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
sys=/sys/devices/vfio_ap/matrix

answer () { # ANSWER COMMAND…: on a terminal
  text=$1; shift
  /usr/bin/python3 - "$text" "$@" <<'END'
import os, pty, sys, time
pid, fd = pty.fork()
if pid == 0:
    os.execvp(sys.argv[2], sys.argv[2:])
seen, told = b"", False
while True:
    try:
        part = os.read(fd, 4096)
    except OSError:
        break
    if not part:
        break
    seen += part
    if not told and b"? " in seen:
        os.write(fd, sys.argv[1].encode() + b"\n")
        told = True
sys.stdout.write(seen.decode(errors="replace"))
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
END
}

begin_by_hand () { # UUID: as mdevctl does it, and is killed after the first attribute
  echo "$1" > $sys/mdev_supported_types/vfio_ap-passthrough/create
  echo 5 > "$sys/$1/assign_adapter"
}

echo -5,-6 > /sys/bus/ap/apmask
ok "a device is defined" virt-ap define -u $first --adapters 5,6 --domains 4,0xab
begin_by_hand $first
fails "drift finds it half made" virt-ap drift
shows "… by its name" "warning[matrix-half-made]: device $first"
ok "repair --dry-run" virt-ap repair --dry-run
shows "it tells what it would do" "would be mended" $first
is "… and does nothing" "$(cat $sys/$first/matrix | tr '\n' ' ')" "05. "
ok "repair" virt-ap repair
shows "it tells what it did" "mended:" $first
is "the device has its matrix" "$(cat $sys/$first/matrix | tr '\n' ' ')" "05.0004 05.00ab 06.0004 06.00ab "
ok "again" virt-ap repair
lacks "… there is nothing to mend" "mended"

echo 6 > $sys/$first/unassign_adapter
ok "a matrix that was changed is left alone" virt-ap repair
shows "… and told" "left to you" "warning[matrix-drift]: device $first"
is "it is as it was" "$(cat $sys/$first/matrix | tr '\n' ' ')" "05.0004 05.00ab "
ok "on a terminal it is asked: leave it" answer n virt-ap repair
is "it is as it was" "$(cat $sys/$first/matrix | tr '\n' ' ')" "05.0004 05.00ab "
ok "define what is active" answer d virt-ap repair
ok "it is no drift any more" sh -c "! virt-ap drift | grep matrix-drift"
echo 0xab > $sys/$first/unassign_domain
ok "make active what is defined" answer a virt-ap repair
is "the device has its matrix" "$(cat $sys/$first/matrix | tr '\n' ' ')" "05.0004 05.00ab "

begin_by_hand $second
ok "a device without a queue and a definition is not removed unasked" virt-ap repair
shows "it is told" "warning[matrix-half-made]: device $second"
ok "on a terminal it is asked: remove it" answer y virt-ap repair
is "it is gone" "$(ls -d $sys/$second 2>/dev/null)" ""
ok "as JSON" virt-ap repair --json
shows "it has both parts" '"interrupted": null' '"drift": {' '"left": ['
finish
