# SPDX-License-Identifier: LGPL-2.1-or-later
# Run by in-lab.sh: `virt-ap reserve` killed with SIGKILL at its system calls, and
# repaired; and with errors from the kernel.  At all calls with VIRT_AP_THOROUGH=1, else at
# a few.
. "$(dirname "$0")/tap.sh"

rule=/etc/udev/rules.d/41-ap.rules
state="cat /sys/bus/ap/apmask /sys/bus/ap/aqmask
for queue in /sys/bus/ap/devices/*.*; do
  echo \"\$queue \$(readlink \$queue/driver) \$(cat \$queue/driver_override 2>&1)\"
done
ls -AlR --time-style=+ /etc/udev/rules.d /etc/mdevctl.d; cat $rule 2>&1; ls -A /var/lib/virt-ap"

killed () { # NAME RUNS RESET COMMAND…
  name=$1 runs=$2 reset=$3; shift 3
  out=$(/usr/bin/python3 "$(dirname "$0")/../change/kill.py" --state "$state" \
    --reset "$reset" --runs "$runs" $all "$name" "$@" 2>&1)
  status=$?
  point $status "$(printf '%s\n' "$out" | sed -n '1s/^\(not \)\{0,1\}ok - //p')"
}

all=
killed "a rule made and one mask written" 14 "virt-ap reserve '05.*' --for host; rm -f $rule" \
  virt-ap reserve '05.*' --for guests --persistent

printf '# mine\nKERNEL=="card05", MODE="0600"\n' >$rule
cp $rule /run/rule
killed "a rule changed and both masks written" 10 \
  "virt-ap reserve '*.*' --for host; cp /run/rule $rule" \
  virt-ap reserve '05.*' '*.0047' --for guests --persistent
rm $rule

all=--all
killed "all processes at once" 6 "virt-ap reserve '05.*' --for host" \
  virt-ap reserve '05.*' --for guests
all=

if [ -e /sys/bus/ap/devices/05.0004/driver_override ]; then
  killed "three driver_overrides" 8 \
    "virt-ap reserve 05.0004 05.0047 06.00ab --for host" \
    virt-ap reserve 05.0004 05.0047 06.00ab --for guests
fi

if command -v strace >/dev/null; then
  out=$(/usr/bin/python3 "$(dirname "$0")/../change/fail.py" --state "$state" --runs 15 \
    --reset "virt-ap reserve '05.*' --for host; rm -f $rule" "errors of the kernel" \
    virt-ap reserve '05.*' --for guests --persistent 2>&1)
  status=$?
  point $status "$(printf '%s\n' "$out" | sed -n '1s/^\(not \)\{0,1\}ok - //p')"
else
  skip "errors of the kernel" "strace is not installed"
fi

finish
