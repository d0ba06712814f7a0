#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The commands of the operator's guide, virt-ap-nova(7), in their order on a simulated
host, and a guest of Nova's as they leave it.  What the guide says to write is written.

Done otherwise than by a user: apt-get is not run; systemctl enables units in a directory
(there is no systemd in a lab), and its restart of libvirtd is a restart of the lab's."""

import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import lab  # noqa: E402

lab.need_nova()
import api  # noqa: E402
import compute  # noqa: E402

SOURCE = os.environ["VIRT_AP_SRCDIR"]
UNITS = f"{SOURCE}/data/systemd"


def blocks():
    """each literal block of the steps, with the line that announces it"""
    with open(f"{SOURCE}/docs/man/virt-ap-nova.7.rst") as file:
        text = file.read()
    steps = text.split("FROM AN EMPTY LPAR")[1].split("WHAT TO KNOW")[0]
    for announced, block in re.findall(r"((?:.+\n)*.+)::\n\n((?:     *.+\n)+)", steps):
        yield announced, [line.strip() for line in block.splitlines()]


def doors():
    """where make install would have put them"""
    folder = f"{place.name}/doors"
    build = os.environ["VIRT_AP_BUILDDIR"]
    os.makedirs(folder, exist_ok=True)
    for name in ("gate/gate", "gate/gate-judge", "callout/callout", "hook/hook"):
        os.symlink(f"{build}/src/{name}", f"{folder}/{os.path.basename(name)}")
    # the lab has put its own there already
    for link in ("/etc/libvirt/hooks/qemu.d/virt-ap",
                 "/etc/mdevctl.d/scripts.d/callouts/virt-ap"):
        os.unlink(link)
    return folder


def systemctl(verb, *words):
    units = [word for word in words if not word.startswith("-")]
    if verb == "restart":
        assert "libvirtd" in units and "nova-compute" in units, units
        return restart_libvirtd()
    root = f"{place.name}/units"
    os.makedirs(f"{root}/etc/systemd/system", exist_ok=True)
    for unit in units:
        shutil.copy(f"{UNITS}/{unit}", f"{root}/etc/systemd/system")
    return subprocess.run(["systemctl", f"--root={root}", verb, *units],
                          capture_output=True, text=True)


def restart_libvirtd():
    """the lab's; Nova starts behind it, in the test"""
    with open("/run/libvirtd.pid") as file:
        pid = int(file.read())
    os.kill(pid, 15)
    lab.until(lambda: not os.path.exists(f"/proc/{pid}"))
    if os.path.exists("/run/libvirtd.pid"):
        os.unlink("/run/libvirtd.pid")
    return subprocess.run(["libvirtd", "-d"], capture_output=True, text=True)


def run_command(words):
    if words[0] == "systemctl":
        return systemctl(*words[1:])
    if words[:2] == ["virt-ap", "setup"]:
        words += ["--doors", doors()]
    # Nova's own directory is not the lab's
    words = [word.replace("/etc/nova", f"{place.name}/nova") for word in words]
    return subprocess.run(words, capture_output=True, text=True, env=cloud.environment())


def run_commands(lines, ran):
    for line in lines:
        words = shlex.split(line.removeprefix("# "))
        if words[0] == "apt-get" or (words[0] == "openstack" and api.missing()):
            continue
        done = run_command(words)
        assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
        ran.append(words[0])


def follow():
    """does what the guide says; what it ran and which files it wrote"""
    ran, written = [], {}
    for announced, lines in blocks():
        path = re.findall(r"``(/etc/[^`]+)``$", announced)
        if lines[0].startswith("# "):
            run_commands(lines, ran)
        else:
            written[path[0]] = "\n".join(lines) + "\n"
            if path[0].startswith("/etc/virt-ap"):
                lab.write(path[0], written[path[0]])
    return ran, written


place = tempfile.TemporaryDirectory(prefix="virt-ap-nova.")
cloud = api.Api(place.name)
ran, written = [], {}


def test_every_step():
    ran[:], files = follow()
    written.update(files)
    assert {"virt-ap", "install", "virsh", "systemctl"} <= set(ran), ran
    assert sorted(written) == ["/etc/nova/nova-compute.conf",
                               "/etc/virt-ap/profiles.d/nova.conf",
                               "/etc/virt-ap/virt-ap.conf"], written


def test_the_units_are_enabled():
    wanted = f"{place.name}/units/etc/systemd/system"
    found = [name for _, _, names in os.walk(wanted) for name in names]
    for unit in ("virt-ap-nova-provider.path", "virt-ap-nova-provider.timer"):
        # the file and the link
        assert found.count(unit) == 2, found


def test_the_flavor_asks_for_the_profile():
    if api.missing():
        raise lab.tap.Skip(f"without the openstack client (Debian: {api.missing()})")
    assert cloud.flavor("m1.signing")["properties"] == {
        "resources:CUSTOM_VIRT_AP_SIGNING": "1"}


def test_nova_takes_the_configuration():
    """with the gate of this build, and without KVM, which the lab has not"""
    from nova.compute import provider_config
    configs = provider_config.get_provider_configs(f"{place.name}/nova/provider_config")
    assert "CUSTOM_VIRT_AP_SIGNING" in str(configs), configs
    settings = written["/etc/nova/nova-compute.conf"]
    assert "connection_uri=qemu+ext:///system?command=" in settings
    computer = compute.Computer(place.name, lab.GATE)
    computer.start()
    guest = computer.instance("web", compute.flavor("m1.signing"))
    computer.spawn(guest)
    device = lab.devices_of(guest.uuid)[0]
    assert len(lab.matrices()[device]) == 2
    mode = os.stat(lab.GRANTS).st_mode
    assert mode & 0o7777 == 0o2770, oct(mode)
    status = subprocess.run(["virt-ap", "status"], capture_output=True, text=True)
    assert guest.name in status.stdout, status
    drift = subprocess.run(["virt-ap", "drift"], capture_output=True, text=True)
    assert drift.returncode == 0, drift
    computer.destroy(guest)


subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
with cloud:
    status = lab.run(globals())
sys.exit(status)
