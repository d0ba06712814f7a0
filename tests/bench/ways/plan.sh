#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# With virt-ap, from a need: what has to be reserved is in the plan, and one transaction
# makes all of it.
set -e
uuid=$1 guest=$2
printf '[guest %s]\nuuid=%s\nadapters=5,6\ndomains=4,0xab\n' "$guest" "$uuid" > /tmp/needs.conf
virt-ap plan --json /tmp/needs.conf > /tmp/plan.json
virt-ap apply /tmp/plan.json
