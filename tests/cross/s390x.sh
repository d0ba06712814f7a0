#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Builds virt-ap for s390x, the big-endian machine it is for, and runs the unit and
# rule tests under QEMU's user emulation.  Called by .ci/run; by hand:
#
#   tests/cross/s390x.sh BUILD_DIRECTORY
#
# The libraries come from Debian's own archive into a directory of the build: the
# system's list of packages and architectures stays as it is, and no root is needed
# for them.  Where that cannot be done the file BUILD_DIRECTORY/skipped says why, for
# tests/summary.py, and the exit status is 77.
set -eu

build=${1:?usage: s390x.sh BUILD_DIRECTORY}
top=$(cd "$(dirname "$0")/../.." && pwd)
mkdir -p "$build"
build=$(cd "$build" && pwd)
sysroot=$build/sysroot
apt=$build/apt
triplet=s390x-linux-gnu
suites='ap guest host check judge rpc gate-units'

say () { echo "s390x: $*"; }

skip () {
  say "skipped: $*"
  echo "$*" >"$build/skipped"
  exit 77
}

rm -f "$build/skipped"

# 1. the compiler and the emulator
missing_tools () {
  for tool in $triplet-gcc qemu-s390x-static; do
    command -v "$tool" >/dev/null || printf '%s ' "$tool"
  done
}
command -v apt-get >/dev/null || skip 'there is no apt-get to get the libraries for s390x with'
if [ -n "$(missing_tools)" ] && [ "$(id -u)" -eq 0 ]; then
  say 'installing the cross compiler and qemu-user-static'
  { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y \
      --no-install-recommends gcc-$triplet libc6-dev-s390x-cross qemu-user-static
  } >"$build/install.log" 2>&1 || true
fi
lacking=$(missing_tools)
[ -z "$lacking" ] ||
  skip "missing: $lacking(as root: apt-get install gcc-$triplet qemu-user-static)"

# 2. the libraries: apt with a state of its own, in which the machine is an s390x
# with nothing installed
apt_s390x () {
  apt-get -o APT::Architecture=s390x -o APT::Architectures=s390x \
    -o Dir::State="$apt" -o Dir::State::status="$apt/status" -o Dir::Cache="$apt/cache" \
    -o Acquire::Languages=none -o APT::Sandbox::User= "$@"
}

# what the -dev packages pull in that no program links
not_linked='^(dpkg|tar|perl.*|libperl.*|.*python3.*|icu-devtools|gir1.*|pkg.*)$'

fill_sysroot () {
  rm -rf "$sysroot" "$apt"
  mkdir -p "$sysroot" "$apt/lists/partial" "$apt/cache/archives/partial" "$apt/packages"
  : >"$apt/status"
  say 'asking the archive for its s390x packages'
  apt_s390x update >"$apt/log" 2>&1 || return 1
  names=$(apt_s390x install -s --no-install-recommends libglib2.0-dev libxml2-dev \
    libjansson-dev libtirpc-dev 2>>"$apt/log" | awk '$1 == "Inst" { print $2 }' |
    grep -vE "$not_linked") || return 1
  say "unpacking $(echo "$names" | wc -l) packages into $sysroot"
  # of libvirt only the headers are used
  (cd "$apt/packages" && apt_s390x download $names libvirt-dev) >>"$apt/log" 2>&1 ||
    return 1
  for package in "$apt"/packages/*.deb; do
    dpkg-deb -x "$package" "$sysroot" || return 1
  done
  rm -rf "$apt/packages" "$apt/cache"
  touch "$sysroot/complete"
}

if [ ! -e "$sysroot/complete" ]; then
  fill_sysroot || skip "the archive has no s390x libraries for us: $(tail -n 1 "$apt/log")"
fi

# 3. build and run
cat >"$build/s390x.ini" <<END
[binaries]
c = '$triplet-gcc'
ar = '$triplet-ar'
strip = '$triplet-strip'
pkgconfig = 'pkg-config'
exe_wrapper = ['qemu-s390x-static', '-L', '$sysroot']

[built-in options]
c_args = ['--sysroot=$sysroot']
c_link_args = ['--sysroot=$sysroot']

[properties]
pkg_config_libdir = ['$sysroot/usr/lib/$triplet/pkgconfig', '$sysroot/usr/share/pkgconfig']
sys_root = '$sysroot'

[host_machine]
system = 'linux'
cpu_family = 's390x'
cpu = 's390x'
endian = 'big'
END

# 10: what an emulated test is slower, at most
cd "$top"
[ -e "$build/build.ninja" ] ||
  meson setup "$build" --cross-file "$build/s390x.ini" -Dlab=disabled
ninja -C "$build"
say "the tests of: $suites"
set --
for suite in $suites; do
  set -- "$@" --suite "$suite"
done
meson test -C "$build" --print-errorlogs --timeout-multiplier 10 "$@"
