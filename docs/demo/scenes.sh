#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The scenes of the demo; demo.sh runs them inside the simulated host.
cd "$(dirname "$0")" || exit 2
wrong=0

if [ -t 1 ] && [ -z "${NO_COLOR-}" ]; then
  bold=$(printf '\033[1m') plain=$(printf '\033[0m')
else
  bold= plain=
fi

say () {
  printf '\n%s# %s%s\n' "$bold" "$*" "$plain"
}

# run EXPECTED COMMAND…: shows and runs it; EXPECTED is ok or refused
run () {
  expected=$1; shift
  printf '%s$ %s%s\n' "$bold" "$*" "$plain"
  sh -c "$*" </dev/null 2>&1 && got=ok || got=refused
  [ "$got" = "$expected" ] && return
  echo "the demo expected this to be $expected"
  wrong=1
}

say "A z16 with three cards. Linux owns all of their queues."
run ok virt-ap status

say "A matrix of queues that the host still owns is refused, with the cure."
run refused virsh nodedev-create matrix-1.xml

say "So adapters 05 and 06 are given to vfio_ap, and the same command works."
run ok "echo -5,-6 > /sys/bus/ap/apmask"
run ok virsh nodedev-create matrix-1.xml
run ok cat /sys/bus/mdev/devices/62177883-f1bb-47f0-914d-32a22e3a8801/matrix

say "A second matrix with a queue of the first is refused: by libvirt and by plain mdevctl."
run refused virsh nodedev-create matrix-2.xml
run refused "mdevctl start -p matrix -u 62177883-f1bb-47f0-914d-32a22e3a8802 --jsonfile matrix-2.json"

say "A guest without apft would boot and see no card; this guest asks to switch off apxa, which nobody can."
run refused virsh define guest-no-apft.xml
run refused virsh define guest-no-apxa.xml

say "The right guest is accepted. QEMU gets the features it knows, and the device."
run ok virsh define guest.xml
run ok "virsh domxml-to-native qemu-argv --domain hsm | tr ' ' '\n' | grep -A1 -e '^-cpu' -e vfio-ap"

say "Straight to libvirtd, around virt-ap, the same XML is taken with apxa=on, which stops QEMU at start."
run ok "virsh undefine hsm && virsh -c qemu+unix:///system define guest.xml"
run ok "virsh -c qemu+unix:///system domxml-to-native qemu-argv --domain hsm | tr ' ' '\n' | grep -A1 -e '^-cpu'"
run ok "virsh undefine hsm && virsh define guest.xml"

say "A second guest cannot have the same device."
run refused "sed s/hsm/thief/ guest.xml | virsh define /dev/stdin"

say "Who holds what now?"
run ok virt-ap status

[ $wrong -eq 0 ] && say "Every step ended as it should."
exit $wrong
