#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Runs one fuzzer for VIRT_AP_FUZZ_SECONDS (5) and says in TAP how it went.  What it
# finds worth keeping stays beside it for the next run, as does an input that made
# it fail.
set -u

fuzzer=${1:?usage: run.sh FUZZER DICTIONARY SEEDS…}
dictionary=$2
shift 2
name=$(basename "$fuzzer")
seconds=${VIRT_AP_FUZZ_SECONDS:-5}
work=$fuzzer.work
mkdir -p "$work/corpus"

G_DEBUG=fatal-warnings "$fuzzer" -max_total_time="$seconds" -timeout=10 \
  -rss_limit_mb=2048 -dict="$dictionary" -artifact_prefix="$work/" -print_final_stats=1 \
  "$work/corpus" "$@" >"$work/log" 2>&1
status=$?
runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$work/log")
files=$(find "$@" -type f | wc -l)

echo 1..1
if [ $status -eq 0 ] && [ "${runs:-0}" -ge "$files" ]; then
  echo "ok 1 - $name: $runs inputs, $files of them given, in $seconds s"
else
  echo "not ok 1 - $name: status $status after ${runs:-0} inputs, $files of them given"
  tail -n 60 "$work/log" | sed 's/^/# /'
fi
