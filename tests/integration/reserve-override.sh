#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# virt-ap reserve on Linux 7, where each queue has a driver_override: masks and overrides
# exclude each other, and the kernel takes no adapter back that is in any matrix.
cd "$(dirname "$0")" && . ./tap.sh
bus=/sys/bus/ap
device=62177883-f1bb-47f0-914d-32a22e3a8801
ones=0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff

for_guests () {
  (cd $bus/drivers/vfio_ap && echo *.*) | sed 's/^\*\.\*$//'
}

override () { # QUEUE
  cat "$bus/devices/$1/driver_override"
}

ok "one queue, which masks cannot say" virt-ap reserve 05.0047 --for guests
is "is vfio_ap's" "$(for_guests)" 05.0047
is "by its override" "$(override 05.0047)" vfio_ap
is "the masks are all ones" "$(sort -u $bus/apmask $bus/aqmask)" $ones
ok "an adapter, while an override is in use" virt-ap reserve '06.*' --for guests
is "goes by overrides too" "$(override 06.0004) $(for_guests)" \
  "vfio_ap 05.0047 06.0004 06.0047 06.00ab 06.00ff"
refused override-not-kept "what is to last" sh -c \
  "virt-ap reserve '0a.*' --for guests --persistent || { echo ' hint: none'; exit 1; }"
ok "back" virt-ap reserve '06.*' 05.0047 --for host
is "vfio_ap has none" "$(for_guests)" ""
is "no override is left" "$(override 05.0047)$(override 06.00ff)" ""
is "their driver has them" "$(basename "$(readlink $bus/devices/05.0047/driver)")" cex4queue

echo vfio_ap > $bus/devices/05.0004/driver_override
ok "an override that nothing came of yet" virt-ap reserve '06.*' --for guests
is "is seen: the masks stay" "$(cat $bus/apmask)" $ones
ok "back" virt-ap reserve '06.*' --for host
ok "and is made use of" virt-ap reserve 05.0004 --for guests
ok "back" virt-ap reserve 05.0004 --for host

ok "an adapter, without overrides" virt-ap reserve '05.*' --for guests --persistent
is "goes by the mask" "$(override 05.0004)$(cut -c1-4 $bus/apmask)" 0xfb
refused masks-inexpressible "a queue while masks are in use" virt-ap reserve 06.0004 --for guests
ok "a domain" virt-ap reserve '*.0047' --for guests
echo $device > /sys/devices/vfio_ap/matrix/mdev_supported_types/vfio_ap-passthrough/create
echo 5 > /sys/devices/vfio_ap/matrix/$device/assign_adapter
echo 0x47 > /sys/devices/vfio_ap/matrix/$device/assign_domain
refused queue-held "an adapter in a matrix, though its queues are in none" \
  virt-ap reserve 05.0004,00ab,00ff --for host
echo 1 > /sys/devices/vfio_ap/matrix/$device/remove
ok "without the device" virt-ap reserve 05.0004,00ab,00ff --for host
is "only the domain is left" "$(for_guests)" "05.0047 06.0047 0a.0047"

finish
