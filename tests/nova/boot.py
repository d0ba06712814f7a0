#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Nova's own libvirt driver over the gate, in the lab: guests without crypto are what
they are without the gate, from the first boot to the deletion."""

import os
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import lab  # noqa: E402

lab.need_nova()
import compute  # noqa: E402
from nova.compute import power_state  # noqa: E402

place = tempfile.TemporaryDirectory(prefix="virt-ap-nova.")
computer = compute.Computer(place.name, lab.GATE)
guest = computer.instance("plain", compute.flavor("m1.plain"))


def test_init_host():
    computer.start()


def test_spawn():
    computer.spawn(guest)
    assert computer.state(guest) == power_state.RUNNING
    xml = lab.domain_xml(guest.uuid)
    assert xml.findtext("name") == guest.name
    assert xml.find("metadata/nova:instance/nova:flavor", compute.NAMESPACES) is not None
    assert xml.find("metadata/virt-ap:crypto", compute.NAMESPACES) is None
    assert xml.find("devices/hostdev") is None


def test_the_guest_is_what_it_is_on_the_plain_socket():
    assert lab.direct("dumpxml", guest.uuid) == lab.virsh("dumpxml", guest.uuid)


def test_hard_reboot():
    before = lab.domain_xml(guest.uuid).get("id")
    computer.hard_reboot(guest)
    assert computer.state(guest) == power_state.RUNNING
    assert lab.domain_xml(guest.uuid).get("id") != before


def test_power_off_and_on():
    computer.power_off(guest)
    assert computer.state(guest) == power_state.SHUTDOWN
    computer.power_on(guest)
    assert computer.state(guest) == power_state.RUNNING


def test_restart_of_compute():
    computer.start()
    assert computer.state(guest) == power_state.RUNNING


def test_destroy():
    computer.destroy(guest)
    assert lab.virsh("list", "--all", "--name").split() == []


sys.exit(lab.run(globals()))
