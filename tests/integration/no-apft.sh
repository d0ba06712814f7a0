#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# A host without facility 15: what a guest cannot have is refused at define.
cd "$(dirname "$0")" && . ./tap.sh && . ./xml.sh
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT

guest_xml bad "ap apqci apft" > "$work/guest.xml"
refused feature-missing "apft on a host without it" virsh define "$work/guest.xml"
shows "the facility is named" apft 15
guest_xml fine "ap apqci apqi" > "$work/guest.xml"
ok "the others are accepted" virsh define "$work/guest.xml"
is "only that is defined" "$(virsh list --all --name | tr '\n' ' ')" "fine  "
ok "caps says so" virt-ap caps
shows "apft is listed" apft
finish
