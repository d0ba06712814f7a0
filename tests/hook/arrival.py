#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The hook at a guest's arrival, by a real migration and by a restore, between two hosts, of
which the right one has no interrupts for AP (facility 65).  The left host sends, the right
host's hook judges.

libvirt asks QEMU what cannot migrate, and a real one names vfio-ap (hw/vfio/ap.c,
unmigratable).  The lab's QEMU has a device in its place that can, so that here a guest
comes with its matrix, as from a host of the future."""

import os
import sys

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, f"{HERE}/../move")
sys.path.insert(0, f"{HERE}/../gate")
import hosts as two_hosts  # noqa: E402
import tap  # noqa: E402
from hosts import DEVICE, GUEST, GUEST_UUID, GUEST_XML, HOSTDEV_XML, OTHER  # noqa: E402

VIRSH = "virsh -c qemu:///system"
ANOTHER = "00000000-0000-4000-8000-000000000002"
RIGHT = two_hosts.ADDRESSES["right"]
MIGRATE = (f"{VIRSH} migrate --live --unsafe %s qemu+tcp://{RIGHT}/system "
           f"tcp://{RIGHT}")

try:
    hosts = two_hosts.Hosts({"right": "no-apqi"})
except two_hosts.Skip as reason:
    print(f"1..0 # SKIP {reason}")
    sys.exit(0)


def guest_xml(name, uuid, device=None, features=""):
    hostdev = HOSTDEV_XML.format(uuid=device) if device else ""
    return GUEST_XML.format(guest=name, guest_uuid=uuid, load=f"{hosts.place}/load",
                            hostdev=hostdev).replace("</cpu>", features + "</cpu>")


def must(side, script):
    return hosts.must(side, script)


def guests(side):
    return must(side, f"{VIRSH} list --all --name").split()


def devices_of(side, guest, options=""):
    xml = must(side, f"{VIRSH} dumpxml {guest} {options}")
    return [line.split("uuid='")[1].split("'")[0] for line in xml.splitlines()
            if "<address uuid=" in line]


def log(side):
    return must(side, "virt-ap log --json")


def configure(text):
    must("right", f"mkdir -p /etc/virt-ap && printf '{text}' >/etc/virt-ap/virt-ap.conf")


def run_on_the_left(device=None):
    xml = hosts.write("guest.xml", guest_xml(GUEST, GUEST_UUID, device))
    must("left", f"{VIRSH} create {xml}")


def send():
    return hosts.run("left", MIGRATE % GUEST)


def stays_whole():
    assert must("left", f"{VIRSH} domstate {GUEST}").strip() == "running"
    assert devices_of("left", GUEST) == [DEVICE]


def runs_on_the_right(device):
    assert must("right", f"{VIRSH} domstate {GUEST}").strip() == "running"
    assert devices_of("right", GUEST) == [device]


def test_a_guest_with_more_cpu_features_is_refused():
    feature = "<feature policy='require' name='apqi'/>"
    xml = hosts.write("more.xml", guest_xml("more", ANOTHER, features=feature))
    must("left", f"{VIRSH} create {xml}")
    status, output = hosts.run("left", MIGRATE % "more")
    assert status != 0 and "apqi" in output and "error[" in output, output
    assert must("left", f"{VIRSH} domstate more").strip() == "running"
    assert guests("right") == [], guests("right")
    must("left", f"{VIRSH} destroy more")


def test_a_guest_that_this_host_can_run_arrives():
    run_on_the_left()
    status, output = send()
    assert status == 0, output
    assert guests("left") == [] and guests("right") == [GUEST]
    assert '"migrate begin"' in log("right"), log("right")
    must("right", f"{VIRSH} destroy {GUEST}")


def test_a_device_that_is_not_there_is_refused():
    must("left", f"virt-ap create -u {DEVICE} --adapters 5 --domains 4")
    run_on_the_left(DEVICE)
    status, said = send()
    assert status != 0 and "error[device-unknown]" in said and DEVICE in said, said
    stays_whole()
    assert guests("right") == []


def test_a_device_that_another_guest_has_is_refused():
    xml = hosts.write("busy.xml", guest_xml("busy", ANOTHER, DEVICE))
    must("right", f"""set -e
      virt-ap create -u {DEVICE} --adapters 5 --domains 4
      {VIRSH} create {xml}""")
    status, said = send()
    assert status != 0 and "error[device-in-use]" in said and "busy" in said, said
    stays_whole()
    must("right", f"{VIRSH} destroy busy && virt-ap remove {DEVICE}")


def test_remap_needs_a_definition_there():
    configure("[hook]\nremap=yes\n")
    status, said = send()
    assert status != 0 and "error[device-unknown]" in said, said
    stays_whole()


def test_remap_gives_it_the_matrix_of_its_definition():
    xml = hosts.write("defined.xml", guest_xml(GUEST, GUEST_UUID, OTHER))
    must("right", f"""set -e
      virt-ap create -u {OTHER} --adapters 6 --domains 0xab
      {VIRSH} define {xml}""")
    status, output = send()
    assert status == 0, output
    runs_on_the_right(OTHER)
    assert guests("left") == []
    told = log("right")
    assert OTHER in told and DEVICE in told, told


def test_it_is_saved_and_restored_there():
    image = f"{hosts.place}/image"
    must("right", f"{VIRSH} save {GUEST} {image} && {VIRSH} restore {image}")
    runs_on_the_right(OTHER)
    assert '"restore begin"' in log("right"), log("right")
    must("right", f"{VIRSH} destroy {GUEST}")


def test_a_restore_from_another_host_is_mapped_too():
    image = f"{hosts.place}/image"
    run_on_the_left(DEVICE)
    must("left", f"{VIRSH} save {GUEST} {image}")
    configure("")
    status, output = hosts.run("right", f"{VIRSH} restore {image}")
    assert status != 0 and "error[device-unknown]" in output and DEVICE in output, output
    configure("[hook]\nremap=yes\n")
    status, output = hosts.run("right", f"{VIRSH} restore {image}")
    assert status == 0, output
    runs_on_the_right(OTHER)


try:
    status = tap.run([test for name, test in list(globals().items())
                      if name.startswith("test_")])
finally:
    hosts.stop()
sys.exit(status)
