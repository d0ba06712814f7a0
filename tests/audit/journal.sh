#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# journal.sh HOOK VIRT-AP: records go to a real systemd-journald, run here by itself, and
# virt-ap log finds them with the real journalctl.
hook=$1 virt_ap=$2
journald=/lib/systemd/systemd-journald

skip () { echo "1..0 # SKIP $*"; exit 0; }
[ -x $journald ] && command -v journalctl >/dev/null || skip "systemd's journal is not installed"
[ "$(id -u)" -eq 0 ] || skip "the journal needs root"
if [ "${3-}" != inside ]; then
  unshare -m -p --fork --mount-proc true 2>/dev/null || skip "no namespaces can be made here"
  exec unshare -m -p --fork --kill-child --mount-proc "$0" "$hook" "$virt_ap" inside
fi

mount -t tmpfs tmpfs /run && mount -t tmpfs tmpfs /var/log || skip "nothing can be mounted here"
mkdir -p /run/systemd/journal /run/log/journal
$journald >/run/journald.log 2>&1 &
daemon=$!
# it makes its sockets first, and may then end, for one where there are no control groups
tries=0
until echo here | systemd-cat -t probe 2>/dev/null &&
    journalctl --no-pager --quiet --output=cat -t probe 2>/dev/null | grep -q here; do
  tries=$((tries + 1))
  if [ $tries -eq 100 ] || ! kill -0 $daemon 2>/dev/null; then
    said=$(tail -1 /run/journald.log)
    skip "systemd-journald does not run here: ${said:-it ended without a word}"
  fi
  sleep 0.1
done

point () { # STATUS NAME
  n=$((n + 1))
  [ "$1" -eq 0 ] && echo "ok $n - $2" && return
  echo "not ok $n - $2"; failed=1
  printf '%s\n' "$out" | sed 's/^/# /'
}
n=0 failed=0
out=$("$hook" web9 prepare begin - 2>&1 <<'END'
<domain type="kvm"><name>web9</name><os><type arch="s390x">hvm</type></os>
<cpu mode="custom"><model>gen15a</model><feature name="ap"/></cpu></domain>
END
)
[ $? -eq 1 ]; point $? "the hook refuses a guest with AP, on a host without"
tries=0
until out=$("$virt_ap" log --since 1h --guest web9 2>&1) && [ -n "$out" ] || [ $tries -eq 100 ]; do
  tries=$((tries + 1)); sleep 0.1
done
case $out in
*"hook     refused   prepare begin  web9  (root)"*"error[feature-missing]"*) point 0 "virt-ap log shows it" ;;
*) point 1 "virt-ap log shows it" ;;
esac
out=$(journalctl --no-pager --quiet --output=cat VIRT_AP_DOOR=hook VIRT_AP_VERDICT=refused)
case $out in
"hook prepare begin: refused guest=web9 "*) point 0 "journalctl finds it by its fields" ;;
*) point 1 "journalctl finds it by its fields" ;;
esac
[ ! -e /var/log/virt-ap ]; point $? "no file is written besides"
echo "1..$n"
exit $failed
