#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The simulated host: how long until it is up, how much memory it takes, and what a
# read of its sysfs costs against one of the real sysfs: alternating, the median ratio.
# lab.sh READ, where READ is the benchmark's reader.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
run=$here/../../run
reader=$1

if [ "$(id -u)" -ne 0 ] || [ ! -c /dev/fuse ]; then
  echo "cannot measure: the simulated host needs root and /dev/fuse"
  exit 77
fi

now () { date +%s.%N; }

for machine in z16 maximum; do
  for round in 1 2 3 4 5; do
    start=$(now)
    end=$("$run" virt-ap-lab --machine $machine -- date +%s.%N)
    echo "$start $end" | awk '{ printf "%.3f\n", $2 - $1 }'
  done | sort -n | awk -v machine=$machine '{ t[NR] = $1 }
    END { printf "up on %s: median %s s, maximum %s s\n", machine, t[int((NR + 1) / 2)], t[NR] }'
  # every process of the lab counts; the command itself is awk
  "$run" virt-ap-lab --machine $machine -- sh -c 'ls /sys/bus/ap/devices >/dev/null
    for status in /proc/[0-9]*/status; do awk "/^VmRSS/ { print \$2 }" $status; done' |
    awk -v machine=$machine '{ if ($1 > most) most = $1 }
      END { printf "largest process on %s: %.1f MiB\n", machine, most / 1024 }'
done

# The first two are bus attributes, as deep in the tree as the real one, which every Linux
# has; one always has the same length, the other has not.  The third is a device's,
# below a link, as a real one is where there is any.  The reader stays on one processor in
# both, so that the scheduler is not what is measured; the file system follows it there
# (fs-cpu.c).
compare () { # SIMULATED REAL
  for round in 1 2 3 4 5 6 7; do
    cost=$(taskset -c 0 "$reader" "$2")
    echo "$("$run" virt-ap-lab -- taskset -c 0 "$reader" "$1") $cost"
  done | awk '{ printf "%s %s %.2f\n", $1, $2, $1 / $2 }' | sort -n -k 3 |
    awk -v file="$1" '{ line[NR] = $0 }
      END { split(line[int((NR + 1) / 2)], median)
        split(line[1], least); split(line[NR], most)
        printf "a read of %s: %s us, of the real sysfs %s us, ratio %s (%s to %s)\n",
          file, median[1], median[2], median[3], least[3], most[3] }'
}

compare /sys/bus/ap/apmask /sys/bus/platform/drivers_autoprobe
compare /sys/bus/ap/bindings /sys/bus/platform/drivers_autoprobe
for real in /sys/bus/*/devices/*/driver_override; do
  [ ! -e "$real" ] || compare /sys/bus/ap/devices/05.0004/driver_override "$real"
  break
done
