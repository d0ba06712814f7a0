# SPDX-License-Identifier: LGPL-2.1-or-later
# Makes the XML that the tests of this folder define; sourced by them.

first=62177883-f1bb-47f0-914d-32a22e3a8801
second=62177883-f1bb-47f0-914d-32a22e3a8802
nowhere=62177883-f1bb-47f0-914d-32a22e3affff

device_name () { # UUID: as libvirt names the node device
  echo "mdev_$(echo "$1" | tr - _)_matrix"
}

attributes () { # ATTRIBUTE "NUMBERS": an <attr> for each
  for number in $2; do
    echo "    <attr name='$1' value='$number'/>"
  done
}

matrix_xml () { # UUID "ADAPTERS" "DOMAINS" ["CONTROL DOMAINS"]
  cat <<END
<device>
  <parent>ap_matrix</parent>
  <capability type='mdev'>
    <type id='vfio_ap-passthrough'/>
    <uuid>$1</uuid>
$(attributes assign_adapter "$2")
$(attributes assign_domain "$3")
$(attributes assign_control_domain "${4-}")
  </capability>
</device>
END
}

hostdev_xml () { # UUID
  cat <<END
    <hostdev mode='subsystem' type='mdev' model='vfio-ap'>
      <source><address uuid='$1'/></source>
    </hostdev>
END
}

feature_xml () { # NAME=POLICY or NAME (require)
  policy=require
  case $1 in *=*) policy=${1#*=} ;; esac
  echo "    <feature policy='$policy' name='${1%%=*}'/>"
}

guest_uuid () { # NAME: always the same for a name
  printf %s "$1" | md5sum | sed -E 's/^(.{8})(....)(....)(....)(.{12}).*/\1-\2-\3-\4-\5/'
}

guest_xml () { # NAME "FEATURES" DEVICE-UUID…
  name=$1 features=$2; shift 2
  cat <<END
<domain type='qemu'>
  <name>$name</name>
  <uuid>$(guest_uuid "$name")</uuid>
  <memory unit='MiB'>128</memory>
  <vcpu>1</vcpu>
  <os>
    <type arch='s390x' machine='s390-ccw-virtio'>hvm</type>
    <kernel>/run/virt-ap-lab/idle-kernel</kernel>
  </os>
  <cpu mode='custom' match='exact' check='none'>
    <model fallback='forbid'>gen15a-base</model>
$(for feature in $features; do feature_xml "$feature"; done)
  </cpu>
  <devices>
    <emulator>/usr/bin/qemu-system-s390x</emulator>
    <console type='pty'/>
$(for uuid; do hostdev_xml "$uuid"; done)
  </devices>
</domain>
END
}
