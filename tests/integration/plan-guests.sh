# SPDX-License-Identifier: LGPL-2.1-or-later
# Sourced, after tap.sh and xml.sh: guests that get their matrices by one plan.

# plan_guests WORK QUEUES NUMBER…: stores the guests guestNUMBER, each of which needs that
# many queues, spread over as many adapters, and writes WORK/plan.json, and WORK/reset,
# which makes the host as it was before the plan was applied
plan_guests () {
  folder=$1 queues=$2; shift 2
  for number; do
    guest_xml "guest$number" "" > "$folder/guest$number.xml"
    virsh -c $direct define "$folder/guest$number.xml" >/dev/null
    printf '[guest guest%s]\nqueues=%s\nspread=%s\n' "$number" "$queues" "$queues"
  done > "$folder/needs.conf"
  mkdir -p /etc/mdevctl.d/matrix /etc/udev/rules.d
  virt-ap plan --json "$folder/needs.conf" > "$folder/plan.json"
  all=0x$(printf 'f%.0s' $(seq 64))
  cat > "$folder/reset" <<END
for file in /etc/mdevctl.d/matrix/*; do
  [ ! -e "\$file" ] || virt-ap remove -c none "\${file##*/}" >/dev/null
done
cd $folder && for number in $*; do
  virsh -c $direct define guest\$number.xml >/dev/null
done
echo $all > /sys/bus/ap/apmask
echo $all > /sys/bus/ap/aqmask
rm -f /etc/udev/rules.d/41-ap.rules
END
}
