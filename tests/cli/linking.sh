#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# linking.sh PROGRAM…: none of them loads libvirt, whose libraries cost more to load than
# a judgement (ask-libvirt alone does), nor gio, which costs half as much as all others.
command -v ldd >/dev/null || { echo "1..0 # SKIP ldd is not there"; exit 0; }
number=0
failed=0
for program; do
  number=$((number + 1))
  loaded=$(ldd "$program")
  case $loaded in
  *libvirt.so*) echo "not ok $number - ${program##*/} loads libvirt"; failed=1 ;;
  *libcairo*) echo "not ok $number - ${program##*/} loads cairo"; failed=1 ;;
  *libgio-*) echo "not ok $number - ${program##*/} loads gio"; failed=1 ;;
  *libc.so*) echo "ok $number - ${program##*/} loads neither libvirt nor gio" ;;
  *) echo "not ok $number - ldd ${program##*/}: $loaded"; failed=1 ;;
  esac
done
echo "1..$number"
exit $failed
