#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# On a terminal: progress is shown from a second on, and taken away; a guest's loss is asked
# about, whatever the answer. Elsewhere neither. What repair asks is in mend.sh.
cd "$(dirname "$0")" && . ./tap.sh && . ./xml.sh
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
direct=qemu+unix:///system
sys=/sys/devices/vfio_ap/matrix
clear=$(printf '\r\033[K')

terminal () { /usr/bin/python3 terminal.py "$@"; }
slow () { # COMMAND…: with an mdevctl that takes its time
  (PATH="$work/slow:$PATH"; export PATH; "$@")
}
undo () { virt-ap remove -c none "$1" >/dev/null 2>&1; }

mkdir "$work/slow"
cat > "$work/slow/mdevctl" <<END
#!/bin/sh
case \$1 in start) sleep \$(cat "$work/seconds") ;; esac
exec $(command -v mdevctl) "\$@"
END
chmod +x "$work/slow/mdevctl"
echo -5,-6 > /sys/bus/ap/apmask

# progress
echo 1.4 > "$work/seconds"
ok "a change that takes over a second" slow terminal -- virt-ap create -c none -u $first -a 5 -d 4 -p
shows "… shows which step it is at, of how many, and for how long" \
  "$clear[2/2] Start device $first" "(1 s)"
lacks "… not before" "(0 s)"
shows "… and takes the line away before the result" "(1 s)$clear"
is "which is there after all that" "$(printf '%s' "$out" | tr '\r' '\n' | tail -n 1)" \
  "  2. Start device $first with the adapters 05 and the domains 0004"
undo $first
ok "one that takes less" terminal -- virt-ap create -c none -u $first -a 5 -d 4 -p
lacks "… shows none, unless that is a second" "(0 s)"
undo $first
ok "without a terminal" slow virt-ap create -c none -u $first -a 5 -d 4 -p
lacks "… there is none" "$clear" "[2/2]"
undo $first
cat > "$work/slow/mdevctl" <<END
#!/bin/sh
case \$1 in start) sleep 1.3; echo "no" >&2; exit 1 ;; esac
exec $(command -v mdevctl) "\$@"
END
fails "one that fails" slow terminal -- virt-ap create -c none -u $first -a 5 -d 4 -p
shows "… has shown it, and the error stands alone" "[2/2] Start device $first" "$clear" "as it was before"

# questions
guest_xml web1 "ap apqci apft apqi" > "$work/web1.xml"
virsh -c $direct define "$work/web1.xml" >/dev/null
virsh -c $direct start web1 >/dev/null
ok "a guest runs with a matrix" virt-ap create -u $first -a 5,6 -d 4 -g web1
fails "what it would lose is asked about: no" terminal n -- virt-ap modify web1 --adapters=-5
shows "… by name" "'web1' loses queues while it runs: 05.0004" "Go on? [y/N] " "nothing was changed"
fails "… nothing is no" terminal "" -- virt-ap modify web1 --adapters=-5
fails "… end of file is no" terminal -- virt-ap modify web1 --adapters=-5
fails "… nor is anything else yes" terminal maybe -- virt-ap modify web1 --adapters=-5
is "it has lost nothing" "$(wc -l < $sys/$first/matrix)" 2
ok "yes is yes" terminal y -- virt-ap modify web1 --adapters=-5
is "it has lost a queue" "$(cat $sys/$first/matrix)" 06.0004
ok "what nobody loses is not asked about" terminal -- virt-ap modify web1 -a +5
lacks "… at all" "Go on?"
ok "nor with --yes" terminal -- virt-ap modify web1 --adapters=-5 --yes
lacks "… at all" "Go on?"
virt-ap modify web1 -a +5 >/dev/null
ok "nor with --dry-run" terminal -- virt-ap modify web1 --adapters=-5 --dry-run
lacks "… at all" "Go on?"
ok "nor where there is no terminal" virt-ap modify web1 --adapters=-5
lacks "… at all" "Go on?"

# somebody else was quicker, while the user thought
cat > "$work/quicker" <<END
#!/bin/sh
virt-ap modify web1 -d +0x47 -a +5 >/dev/null 2>&1
echo y
END
cat > "$work/think.py" <<'END'
import os, pty, re, select, subprocess, sys
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
    if not told and seen.endswith(b"[y/N] "):
        told = True
        os.write(fd, subprocess.run([sys.argv[1]], capture_output=True, check=True).stdout)
sys.stdout.buffer.write(seen)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
END
chmod +x "$work/quicker"
fails "what would be lost is something else by now" /usr/bin/python3 "$work/think.py" "$work/quicker" virt-ap modify web1 --domains=-4
shows "… so nothing is done" "by now; nothing was changed"
is "but what the other did" "$(tr '\n' ' ' < $sys/$first/matrix)" "05.0004 05.0047 06.0004 06.0047 "
finish
