#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Runs a test script of this folder on a simulated host: in-lab.sh SCRIPT [OPTION…],
# the options being those of virt-ap-lab.  Skips, saying why, where the lab cannot run.
set -u

here=$(cd "$(dirname "$0")" && pwd)
script=$1; shift

if [ "$(id -u)" -ne 0 ]; then
  echo "1..0 # SKIP the simulated host needs root"; exit 0
fi
if [ ! -c /dev/fuse ]; then
  echo "1..0 # SKIP the simulated host needs /dev/fuse"; exit 0
fi
for program in libvirtd virsh mdevctl qemu-system-s390x; do
  if ! command -v $program >/dev/null && [ ! -x /usr/sbin/$program ]; then
    echo "1..0 # SKIP $program is not installed"; exit 0
  fi
done

# Debian's own interpreter has the modules that Debian packages
case $script in *.py) shell=/usr/bin/python3 ;; *) shell=/bin/sh ;; esac
exec "$here/../../run" virt-ap-lab "$@" -- $shell "$here/$script"
