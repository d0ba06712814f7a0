#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The whole process `virt-ap check` against virt-xml-validate, which only looks at the
# form, of the same domain XML, alternating in one run.  The goal is five times faster.
# check-process.sh VIRT-AP MKTREE
set -eu
here=$(cd "$(dirname "$0")" && pwd)
virt_ap=$1
mktree=$2

if ! command -v virt-xml-validate >/dev/null; then
  echo "cannot measure: virt-xml-validate is not installed"
  exit 77
fi

work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
# The fifth feature, apxa, is one for which QEMU itself would be asked.
sed '/apxa/d' "$here/../../docs/demo/guest.xml" > "$work/guest.xml"
cat > "$work/host.tree" <<'END'
ap-bus cards=05:13:4,06:13:2 udoms=4,47,ab,ff apmask=-5,-6
cpuinfo
device 62177883-f1bb-47f0-914d-32a22e3a8801 adapters=5 domains=4,ab control=4
END
"$mktree" "$work/host.tree" "$work/host"

check () { "$virt_ap" check --root "$work/host" "$work/guest.xml" >/dev/null; }
validate () { virt-xml-validate "$work/guest.xml" >/dev/null 2>&1; }

microseconds () { # COMMAND: of ten runs
  start=$(date +%s%N)
  for run in 1 2 3 4 5 6 7 8 9 10; do "$1"; done
  end=$(date +%s%N)
  echo $(((end - start) / 10000))
}

check && validate
for round in 1 2 3 4 5; do
  echo "$(microseconds check) $(microseconds validate)"
done | awk '{ printf "%.2f %d %d\n", $2 / $1, $1, $2 }' | sort -n |
  awk '{ line[NR] = $0 }
    END { split(line[int((NR + 1) / 2)], f)
      printf "virt-ap check %d us, virt-xml-validate %d us, ratio %.2f\n", f[2], f[3], f[1] }'
