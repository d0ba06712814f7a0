#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The hook at a guest's arrival: between two hosts, of which the right one has no interrupts
for AP (facility 65), by a real migration; of a guest with its device as far as libvirt lets
that come; and by a restore.  The left host sends, the right host's hook judges."""

import os
import struct
import subprocess
import sys

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, f"{HERE}/../move")
sys.path.insert(0, f"{HERE}/../gate")
import hosts as two_hosts  # noqa: E402
import tap  # noqa: E402
from hosts import DEVICE, GUEST, GUEST_UUID, GUEST_XML, HOSTDEV_XML, OTHER  # noqa: E402

VIRSH = "virsh -c qemu:///system"
WITH_INTERRUPTS = "00000000-0000-4000-8000-000000000002"
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


class Arrival:
    """The guest GUEST with its device DEVICE is on its way to the right."""

    def __enter__(self):
        path = hosts.write("arrives.xml", guest_xml(GUEST, GUEST_UUID, DEVICE))
        self.process = subprocess.Popen(
            [*hosts.enter("left"), sys.executable, f"{HERE}/prepare.py", RIGHT,
             f"tcp:{RIGHT}:49200", path], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            text=True)
        self.said = self.process.stdout.readline().strip()
        # a refusal has as many lines as it has findings and hints
        if self.said != "ready":
            self.process.stdin.close()
            self.said += self.process.stdout.read()
        return self.said

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait()
        two_hosts.until(lambda: "running" not in must(
            "right", f"{VIRSH} domstate {GUEST} 2>&1 || true"))


def test_a_guest_with_more_cpu_features_is_refused():
    feature = "<feature policy='require' name='apqi'/>"
    xml = hosts.write("more.xml", guest_xml("more", WITH_INTERRUPTS, features=feature))
    must("left", f"{VIRSH} create {xml}")
    status, output = hosts.run("left", MIGRATE % "more")
    assert status != 0 and "apqi" in output and "error[" in output, output
    assert must("left", f"{VIRSH} domstate more").strip() == "running"
    assert guests("right") == [], guests("right")
    must("left", f"{VIRSH} destroy more")


def test_a_guest_that_this_host_can_run_arrives():
    xml = hosts.write("less.xml", guest_xml(GUEST, GUEST_UUID))
    must("left", f"{VIRSH} create {xml}")
    status, output = hosts.run("left", MIGRATE % GUEST)
    assert status == 0, output
    assert guests("left") == [] and guests("right") == [GUEST]
    assert '"migrate begin"' in log("right"), log("right")


def test_it_is_saved_and_restored():
    image = f"{hosts.place}/image"
    must("right", f"{VIRSH} save {GUEST} {image}")
    must("right", f"{VIRSH} restore {image}")
    assert must("right", f"{VIRSH} domstate {GUEST}").strip() == "running"
    assert '"restore begin"' in log("right"), log("right")
    must("right", f"{VIRSH} save {GUEST} {image}")


def test_a_device_that_is_not_here_is_refused():
    with Arrival() as said:
        assert "error[device-unknown]" in said and DEVICE in said, said
    assert guests("right") == []


def test_remap_needs_a_definition_here():
    configure("[hook]\\nremap=yes\\n")
    with Arrival() as said:
        assert "error[device-unknown]" in said, said


def test_remap_gives_it_the_matrix_of_its_definition():
    xml = hosts.write("defined.xml", guest_xml(GUEST, GUEST_UUID, OTHER))
    must("right", f"""set -e
      virt-ap create -u {OTHER} --adapters 6 --domains 0xab
      {VIRSH} define {xml}""")
    with Arrival() as said:
        assert said == "ready", said
        assert devices_of("right", GUEST) == [OTHER], devices_of("right", GUEST)
    told = log("right")
    assert OTHER in told and DEVICE in told, told
    # it did not come in the end: the device is free again
    assert must("right", f"{VIRSH} domstate {GUEST}").strip() == "shut off"
    must("right", f"{VIRSH} start {GUEST} && {VIRSH} destroy {GUEST}")


def test_without_remap_it_is_refused_all_the_same():
    configure("")
    with Arrival() as said:
        assert "error[device-unknown]" in said and DEVICE in said, said


def test_a_device_that_another_guest_has_is_refused():
    xml = hosts.write("busy.xml", guest_xml("busy", WITH_INTERRUPTS, DEVICE))
    must("right", f"""set -e
      virt-ap create -u {DEVICE} --adapters 5 --domains 4
      {VIRSH} create {xml}""")
    with Arrival() as said:
        assert "busy" in said and "error[device-in-use]" in said, said
    must("right", f"{VIRSH} destroy busy && virt-ap remove {DEVICE}")


def give_image_a_device(image):
    """libvirt saves no guest with a device: one of a host where it does.  The header is
    16 letters, then version, length of XML and cookie, running, compressed, where the
    cookie is, 14 words for later, in the byte order of the host (qemu_saveimage.h)."""
    with open(image, "rb") as file:
        head, rest = file.read(16 + 19 * 4), file.read()
    words = list(struct.unpack("=19I", head[16:]))
    length, cookie = words[1], words[4]
    data = rest[:length]
    xml = data[:data.index(b"\0")].decode()
    tail = data[cookie:] if cookie else b""
    xml = xml.replace("</devices>", HOSTDEV_XML.format(uuid=DEVICE) + "</devices>")
    made = xml.encode() + b"\0"
    words[1], words[4] = len(made) + len(tail), len(made) if cookie else 0
    with open(image, "wb") as file:
        file.write(head[:16] + struct.pack("=19I", *words) + made + tail + rest[length:])


def test_a_restore_is_mapped_too():
    image = f"{hosts.place}/image"
    give_image_a_device(image)
    configure("")
    status, output = hosts.run("right", f"{VIRSH} restore {image}")
    assert status != 0 and "error[device-unknown]" in output, output
    configure("[hook]\\nremap=yes\\n")
    status, output = hosts.run("right", f"{VIRSH} restore {image}")
    assert status == 0, output
    assert must("right", f"{VIRSH} domstate {GUEST}").strip() == "running"
    assert devices_of("right", GUEST) == [OTHER]


try:
    status = tap.run([test for name, test in list(globals().items())
                      if name.startswith("test_")])
finally:
    hosts.stop()
sys.exit(status)
