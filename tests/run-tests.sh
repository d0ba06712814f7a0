#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Runs all tests of a build directory, or those that options of meson test choose,
# names what failed or was skipped, and ends with one line that counts the single
# test points: "N passed, N failed, N skipped".
set -u

build=${1:?usage: run-tests.sh BUILD_DIRECTORY [OPTION…]}
shift
here=$(dirname "$0")

meson test -C "$build" --print-errorlogs "$@"
status=$?

python3 "$here/summary.py" "$build" || exit 1
exit $status
