#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Flavors with crypto: Nova's own libvirt driver, unmodified, gets its guests a matrix
through the gate, keeps it over reboots, and gives it back."""

import os
import random
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import lab  # noqa: E402

lab.need_nova()
import compute  # noqa: E402
import eventlet  # noqa: E402
import libvirt  # noqa: E402
from nova.compute import power_state  # noqa: E402

PREPARED = "62177883-f1bb-47f0-914d-32a22e3a8801"
STRANGER = "00000000-0000-4000-8000-0000000000ff"
PROFILES = """[profile signing]
queues=2
[profile large]
queues=4
[profile small]
queues=1
"""
CONFIG = """[nova]
m1.signing=signing
m1.large=large
m1.wrong=nowhere
[grant]
keep=%d
"""
MATRIX = f"""<device><parent>ap_matrix</parent><capability type='mdev'>
<type id='vfio_ap-passthrough'/><uuid>{PREPARED}</uuid>
<attr name='assign_adapter' value='5'/><attr name='assign_domain' value='4'/>
<attr name='assign_domain' value='0x47'/></capability></device>"""
SIGNING = compute.flavor("m1.signing")


def keep(seconds):
    lab.write("/etc/virt-ap/virt-ap.conf", CONFIG % seconds)


def prepare():
    """8 queues of adapters 05 and 06 for guests, two of them in a matrix"""
    lab.write("/etc/virt-ap/profiles.d/nova.conf", PROFILES)
    keep(600)
    lab.write("/sys/bus/ap/apmask", "-5,-6")
    lab.write("/tmp/matrix.xml", MATRIX)
    lab.direct("nodedev-define", "/tmp/matrix.xml")


def device(guest):
    """the one device of a guest, which nobody else has and which is recorded"""
    devices = lab.devices_of(guest.uuid, "--inactive")
    assert len(devices) == 1, devices
    assert lab.grants()[devices[0]] == guest.uuid
    others = [other.uuid for other in computer.instances.values()
              if other.uuid != guest.uuid and other.vm_state == "active"]
    assert not any(devices[0] in lab.devices_of(other) for other in others)
    return devices[0]


def spawn(name, flavor=SIGNING):
    guest = computer.instance(name, flavor)
    try:
        computer.spawn(guest)
    except libvirt.libvirtError:
        computer.instances.pop(guest.uuid)
        raise
    return guest


def refusal(name, flavor):
    """what Nova is told; nothing of the guest is left"""
    known = lab.grants(), lab.matrices()
    try:
        spawn(name, flavor)
    except libvirt.libvirtError as error:
        assert (lab.grants(), lab.matrices()) == known
        return str(error)
    raise AssertionError("not refused")


def guests():
    return lab.direct("list", "--all", "--uuid").split()


prepare()
place = tempfile.TemporaryDirectory(prefix="virt-ap-nova.")
compute.tell_extra_specs()
computer = compute.Computer(place.name, lab.GATE)
computer.start()
web = {}


def test_the_first_guest_gets_what_was_prepared():
    web["a"] = spawn("a")
    assert computer.state(web["a"]) == power_state.RUNNING
    assert device(web["a"]) == PREPARED
    assert lab.matrices()[PREPARED] == {"05.0004", "05.0047"}


def test_two_at_once_get_new_ones_and_share_no_queue():
    pool = eventlet.GreenPool()
    web["b"], web["c"] = pool.imap(spawn, ["b", "c"])
    found = lab.matrices()
    assert len(found) == 3 and sum(map(len, found.values())) == 6
    assert len(set().union(*found.values())) == 6
    assert {device(web["b"]), device(web["c"])} == set(found) - {PREPARED}
    # so that they are there before Nova after a restart of the host
    for uuid in set(found) - {PREPARED}:
        listed = subprocess.run(["mdevctl", "list", "-d", "-u", uuid], check=True,
                                capture_output=True, text=True).stdout
        assert " auto" in listed, listed


def test_the_guest_has_the_cpu_features():
    cpu = lab.domain_xml(web["b"].uuid).find("cpu")
    assert {"ap", "apqci", "apft"} <= {f.get("name") for f in cpu.iterfind("feature")}


def test_extra_specs_name_a_profile():
    web["d"] = spawn("d", compute.flavor("any", {"resources:CUSTOM_VIRT_AP_SMALL": "1"}))
    assert len(lab.matrices()[device(web["d"])]) == 1
    computer.destroy(web.pop("d"))


def test_a_hard_reboot_keeps_the_matrix():
    before = {name: device(guest) for name, guest in web.items()}
    queues = lab.matrices()
    for guest in web.values():
        computer.hard_reboot(guest)
        assert computer.state(guest) == power_state.RUNNING
    assert {name: device(guest) for name, guest in web.items()} == before
    # what was left behind by the guest that is gone counts no more
    assert {uuid: queues[uuid] for uuid in before.values()}.items() <= \
        lab.matrices().items()


def test_power_off_and_on():
    before = device(web["b"])
    computer.power_off(web["b"])
    computer.power_on(web["b"])
    assert computer.state(web["b"]) == power_state.RUNNING
    assert device(web["b"]) == before


def test_rescue_and_unrescue():
    before = device(web["b"])
    computer.rescue(web["b"])
    assert computer.state(web["b"]) == power_state.RUNNING
    assert device(web["b"]) == before
    computer.unrescue(web["b"])
    assert device(web["b"]) == before


def test_suspend_and_resume():
    before = device(web["c"])
    computer.suspend(web["c"])
    assert computer.state(web["c"]) in (power_state.SUSPENDED, power_state.SHUTDOWN)
    computer.resume(web["c"])
    assert computer.state(web["c"]) == power_state.RUNNING
    assert device(web["c"]) == before
    assert lab.devices_of(web["c"].uuid) == [before]


def test_restart_of_compute():
    before = {name: device(guest) for name, guest in web.items()}
    computer.start()
    computer.hard_reboot(web["a"])
    assert {name: device(guest) for name, guest in web.items()} == before


def test_a_lost_record_loses_nothing():
    before = device(web["b"])
    os.unlink(f"{lab.GRANTS}/{web['b'].uuid}.{before}")
    computer.hard_reboot(web["b"])
    assert device(web["b"]) == before


def test_a_full_host_refuses_and_says_why():
    web["e"] = spawn("e")
    said = refusal("f", SIGNING)
    assert "signing" in said and "virt-ap" in said, said
    assert len(guests()) == 4


def test_a_wrong_profile_is_refused():
    assert "nowhere" in refusal("g", compute.flavor("m1.wrong"))
    assert "at most one" in refusal("h", compute.flavor(
        "any", {"resources:CUSTOM_VIRT_AP_SIGNING": "2"}))


def test_a_guest_without_crypto_gets_none():
    plain = spawn("plain", compute.flavor("m1.plain"))
    assert lab.devices_of(plain.uuid) == []
    computer.destroy(plain)


def test_what_a_deleted_guest_had_is_the_next_ones():
    had = device(web["e"])
    queues = lab.matrices()[had]
    computer.destroy(web.pop("e"))
    web["f"] = spawn("f")
    assert lab.matrices()[device(web["f"])] == queues
    assert len(lab.matrices()) == 4


def test_another_flavor_gets_another_matrix():
    """as after a resize on the same host: the old one is free for others"""
    computer.destroy(web.pop("b"))
    computer.destroy(web.pop("c"))
    old = device(web["f"])
    web["f"].flavor = compute.flavor("m1.large")
    computer.hard_reboot(web["f"])
    assert device(web["f"]) != old
    assert len(lab.matrices()[device(web["f"])]) == 4


def test_a_define_that_fails_keeps_nothing():
    """libvirt refuses what the gate has granted for: a name that is taken"""
    keep(1)
    xml = lab.direct("dumpxml", "--inactive", web["f"].uuid)
    xml = xml.replace("m1.large", "m1.signing").replace(web["f"].name, web["a"].name)
    lab.write("/tmp/guest.xml", xml.replace(web["f"].uuid, STRANGER))
    made = subprocess.run(["virsh", "define", "/tmp/guest.xml"], capture_output=True,
                          text=True)
    assert made.returncode != 0 and "already exists" in made.stderr, made.stderr
    assert STRANGER in lab.grants().values()
    drift = subprocess.run(["virt-ap", "drift"], capture_output=True, text=True)
    left = [uuid for uuid, guest in lab.grants().items() if guest == STRANGER]
    assert "warning[grant-left]" in drift.stdout and left[0] in drift.stdout, drift
    computer.destroy(web.pop("a"))
    lab.until(lambda: list(lab.grants().values()) == [web["f"].uuid])


def test_a_client_that_is_killed_loses_no_queue():
    """VIRT_AP_THOROUGH=1 kills often"""
    xml = lab.direct("dumpxml", "--inactive", web["f"].uuid)
    xml = xml.replace("m1.large", "m1.signing").replace(web["f"].name, "killed")
    lab.write("/tmp/guest.xml", xml.replace(web["f"].uuid, STRANGER))
    for _ in range(200 if os.environ.get("VIRT_AP_THOROUGH") else 4):
        client = subprocess.Popen(["virsh", "define", "/tmp/guest.xml"],
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            client.wait(random.uniform(0, 0.8))
        except subprocess.TimeoutExpired:
            client.kill()
            client.wait()
        assert len(set().union(*lab.matrices().values())) == \
            sum(map(len, lab.matrices().values()))
        subprocess.run(["virsh", "undefine", "killed"], capture_output=True)
    # the next that comes and goes looks after what was left
    computer.destroy(spawn("i"))

    def only_the_living():
        """what the killed client had asked for may still come about"""
        subprocess.run(["virsh", "undefine", "killed"], capture_output=True)
        return list(lab.grants().values()) == [web["f"].uuid]

    lab.until(only_the_living)
    assert set(lab.matrices()) == {PREPARED, device(web["f"])}, lab.matrices()


def test_when_all_are_deleted_every_queue_is_free():
    for guest in web.values():
        computer.destroy(guest)
    lab.until(lambda: not lab.grants())
    assert set(lab.matrices()) == {PREPARED}
    lab.until(lambda: lab.direct("nodedev-list", "--cap", "mdev", "--all").split() ==
              ["mdev_" + PREPARED.replace("-", "_") + "_matrix"])


def inactive_devices():
    """as _start_inactive_mediated_devices() asks, Nova's since 2024.2"""
    return computer.driver._host.get_connection().listAllDevices(
        libvirt.VIR_CONNECT_LIST_NODE_DEVICES_CAP_MDEV |
        libvirt.VIR_CONNECT_LIST_NODE_DEVICES_INACTIVE)


def test_newer_nova_starts_what_is_inactive():
    lab.direct("nodedev-destroy", "mdev_" + PREPARED.replace("-", "_") + "_matrix")
    lab.until(inactive_devices)
    for inactive in inactive_devices():
        inactive.create()
    assert lab.matrices()[PREPARED] == {"05.0004", "05.0047"}


def test_what_it_could_not_start_is_found_before():
    lab.direct("nodedev-destroy", "mdev_" + PREPARED.replace("-", "_") + "_matrix")
    lab.until(inactive_devices)
    subprocess.run(["mdevctl", "modify", "-u", PREPARED, "--auto"], check=True)
    lab.write("/sys/bus/ap/apmask", "+5")
    try:
        inactive_devices()[0].create()
        raise AssertionError("started with queues of the host")
    except libvirt.libvirtError as error:
        assert "05.0004" in str(error), error
    asked = subprocess.run(["virt-ap", "start", "--dry-run", PREPARED], capture_output=True,
                           text=True)
    assert asked.returncode == 1 and "05.0004" in asked.stdout, asked
    drift = subprocess.run(["virt-ap", "drift"], capture_output=True, text=True)
    assert "autostart-blocked" in drift.stdout and PREPARED in drift.stdout, drift


sys.exit(lab.run(globals()))
