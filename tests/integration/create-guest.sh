#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# virt-ap create for a guest: in what is stored and in what runs, as one change; with queues
# that a profile finds, and with those of the host that it takes for it.
cd "$(dirname "$0")" && . ./tap.sh && . ./xml.sh
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
direct=qemu+unix:///system
sys=/sys/devices/vfio_ap/matrix
defs=/etc/mdevctl.d/matrix
rule=/etc/udev/rules.d/41-ap.rules

state () { # everything that the commands may change, as text
  cat /sys/bus/ap/apmask /sys/bus/ap/aqmask $rule
  for device in "$sys"/*-*; do echo "$device"; cat "$device/ap_config"; done
  for file in "$defs"/* /etc/libvirt/qemu/*.xml; do echo "$file"; cat "$file"; done
  for guest in web1 web2; do echo "$guest: $(has running $guest)"; done
  ls -A /etc/mdevctl.d /var/lib/virt-ap /run/lock
} 2>/dev/null

unchanged () { # NAME: since the file $work/before was made
  state > "$work/after"
  out=$(diff "$work/before" "$work/after"); point $? "$1"
}

has () { # running|stored GUEST: its device
  [ "$1" = running ] && option= || option=--inactive
  virsh -c $direct dumpxml $option "$2" | sed -n "s/.*<address uuid='\([^']*\)'.*/\1/p"
}

drifts () { virt-ap drift | sed -n 's/^[a-z]*\[\([a-z-]*\)\].*/\1/p' | sort -u | tr '\n' ' '; }
no_drift () { is "drift says nothing" "$(drifts)" ""; }

# a model that starts here without AP, too
without_ap=s/gen15a-base/qemu/

echo -5,-6 > /sys/bus/ap/apmask
virt-ap reserve 05.* 06.* --for guests --persistent >/dev/null
for guest in web1 web2; do
  [ $guest = web1 ] && features="ap apqci apft apqi" cpu= || features= cpu=$without_ap
  guest_xml $guest "$features" | sed "$cpu" > "$work/$guest.xml"
  virsh -c $direct define "$work/$guest.xml" >/dev/null
  virsh -c $direct start $guest >/dev/null
done
mkdir -p $defs
state > "$work/before"

# one that runs with the features
ok "create --dry-run" virt-ap create -u $first -a 5,6 -d 4 -g web1 --autostart --dry-run
shows "shows both parts" "Put device $first into the definition of guest 'web1'" "Plug device $first into guest 'web1' while it runs" \
  "attach-device 'web1' /dev/stdin --live"
unchanged "… and does nothing"
virt-ap create -u $first -a 5,6 -d 4 -g web1 --autostart --dry-run |
  sed -n '/^Commands that do the same/,$s/^  //p' > "$work/commands"
ok "the shown commands run" sh -e "$work/commands"
is "… and do it" "$(has running web1) $(has stored web1)" "$first $first"
virsh -c $direct detach-device web1 --live --config /dev/stdin <<END >/dev/null
$(hostdev_xml $first)
END
ok "all is taken back" virt-ap remove $first
unchanged "all is as before"
ok "create --guest" virt-ap create -u $first -a 5,6 -d 4 -g web1 --autostart
is "runs and is stored with it" "$(has running web1) $(has stored web1)" "$first $first"
no_drift
is "its queues are in use" "$(cat /sys/bus/ap/devices/05.0004/status)" "in use"
state > "$work/before"
fails "a second one for the guest" virt-ap create -a 5 -d 0x47 -g web1
shows "… is refused" "error[device-duplicate]"
unchanged "… and changes nothing"

# one that runs without them
fails "--live, without the features" virt-ap create -u $second -a 5 -d 0x47 -g web2 --live
shows "… is refused, with the cure" "error[guest-needs-start]" "ap, apqci, apft, apqi" "--config" "virsh start web2"
unchanged "… and changes nothing"
ok "without --live" virt-ap create -u $second -a 5 -d 0x47 -g web2
shows "… it is said" "warning[guest-needs-start]" "virsh shutdown web2"
is "… and stored" "$(has running web2) $(has stored web2)" " $second"
virsh -c $direct destroy web2 >/dev/null
ok "after a new start" virsh -c $direct start web2
is "it runs with it" "$(has running web2)" $second
no_drift
virsh -c $direct destroy web2 >/dev/null
virsh -c $direct define "$work/web2.xml" >/dev/null
ok "all is taken back" virt-ap remove $second

# only one of both
guest_xml web2 "ap apqci apft apqi" > "$work/web2.xml"
virsh -c $direct define "$work/web2.xml" >/dev/null
virsh -c $direct start web2 >/dev/null
state > "$work/before"
ok "--live alone" virt-ap create -u $second -a 5 -d 0x47 -g web2 --live
is "plugs it only" "$(has running web2) $(has stored web2)" "$second "
is "… and stores nothing" "$(ls $defs)" $first
virsh -c $direct detach-device web2 --live /dev/stdin <<END >/dev/null
$(hostdev_xml $second)
END
ok "remove" virt-ap remove $second
unchanged "all is as before"
ok "--config alone" virt-ap create -u $second -a 5 -d 0x47 -g web2 --config
is "stores it only" "$(has running web2) $(has stored web2)" " $second"
virsh -c $direct define "$work/web2.xml" >/dev/null
ok "remove" virt-ap remove $second
unchanged "all is as before"
fails "--live without a guest" virt-ap create -a 5 -d 0x47 --live
shows "… is a mistake" "--guest"
fails "--live --config, and it does not run" sh -c "virsh -c $direct destroy web2 >/dev/null; virt-ap create -a 5 -d 0x47 -g web2 --live --config"
shows "… is told" "does not run"
ok "the guest starts" virsh -c $direct start web2
unchanged "nothing was changed"

# the last step fails: the others are undone
mkdir "$work/bin" && cp "$VIRT_AP_BUILDDIR/tools/virt-ap/virt-ap" "$work/bin/"
cat > "$work/bin/tell-libvirt" <<END
#!/bin/sh
case \$3 in guest-attach) echo "no room on the bus" >&2; exit 1 ;; esac
LD_LIBRARY_PATH= exec $VIRT_AP_BUILDDIR/tools/virt-ap/tell-libvirt "\$@"
END
chmod +x "$work/bin/tell-libvirt"
fails "plugging fails" env LD_LIBRARY_PATH="$VIRT_AP_BUILDDIR/src" "$work/bin/virt-ap" create -u $second -a 5 -d 0x47 -g web2
shows "… is told" "no room on the bus" "as it was before"
unchanged "… and all is as before"

# a profile: free queues if they do
mkdir -p /etc/virt-ap/profiles.d
cat > /etc/virt-ap/profiles.d/hsm.conf <<'END'
[profile hsm-small]
queues=2
spread=2
[profile hsm-large]
queues=3
spread=3
[profile hsm-huge]
queues=3000
END
ok "create --profile" virt-ap create --profile hsm-small -u $second -g web2 --autostart
lacks "… with free queues" "apmask"
is "runs and is stored with it" "$(has running web2) $(has stored web2) $(wc -l < $sys/$second/matrix)" "$second $second 2"
no_drift
fails "again" virt-ap create --profile hsm-small -g web2
shows "… it has one already" "'web2' has device $second"
virsh -c $direct destroy web2 >/dev/null
virsh -c $direct define "$work/web2.xml" >/dev/null
virsh -c $direct start web2 >/dev/null
ok "remove" virt-ap remove $second
unchanged "all is as before"
# … else with those of the host
ok "create --profile, which needs a queue of the host, --dry-run" virt-ap create --profile hsm-large -u $second -g web2 --dry-run
shows "… is all in one" "apmask" "41-ap.rules" "Start device $second" "Plug device $second"
unchanged "… and changes nothing"
ok "create --profile" virt-ap create --profile hsm-large -u $second -g web2 --autostart
is "it has what it needs" "$(has running web2) $(wc -l < $sys/$second/matrix)" "$second 3"
no_drift
virsh -c $direct destroy web2 >/dev/null
virsh -c $direct define "$work/web2.xml" >/dev/null
virsh -c $direct start web2 >/dev/null
ok "remove" virt-ap remove $second
ok "the host gets them back" virt-ap reserve 0a.* --for host --persistent
cp $rule "$work/lasting"
ok "not stored" virt-ap create --profile hsm-large -u $second
out=$(diff $rule "$work/lasting"); point $? "… is reserved until the next start"
fails "a need that cannot be met" virt-ap create --profile hsm-huge -u $first -g web2
shows "… is told why" "needs 3000 queues"
fails "a profile that is not there" virt-ap create --profile nothing --guest web2
shows "… is told" "'nothing'"
finish
