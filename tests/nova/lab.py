# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the tests with Nova ask the lab itself, beside Nova: virsh and the TAP."""

import contextlib
import os
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree

sys.path.insert(1, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../gate"))
import tap  # noqa: E402

GATE = os.environ.get("LIBVIRT_DEFAULT_URI", "")
DIRECT = "qemu+unix:///system"


def need_nova():
    """ends a test that cannot run here, and says why"""
    try:
        import nova.virt.libvirt.driver  # noqa: F401
    except ImportError as error:
        print(f"1..0 # SKIP {error} (Debian: python3-nova, qemu-utils)")
        sys.exit(0)


def virsh(*words, uri=GATE):
    done = subprocess.run(["virsh", "-c", uri, *words], capture_output=True, text=True)
    assert done.returncode == 0, f"virsh {' '.join(words)}: {done.stderr}"
    return done.stdout


def direct(*words):
    return virsh(*words, uri=DIRECT)


def domain_xml(guest, *options):
    return ElementTree.fromstring(direct("dumpxml", guest, *options))


def devices_of(guest, *options):
    """the UUIDs of a guest's mediated devices"""
    return [address.get("uuid") for address in domain_xml(guest, *options).iterfind(
        "devices/hostdev[@type='mdev']/source/address")]


GRANTS = "/var/lib/virt-ap/grants"


def matrices():
    """the active matrices: UUID to the set of their queues"""
    found = {}
    for uuid in os.listdir("/sys/bus/mdev/devices"):
        # one may be gone by now
        with contextlib.suppress(FileNotFoundError):
            with open(f"/sys/bus/mdev/devices/{uuid}/matrix") as file:
                found[uuid] = set(file.read().split())
    return found


def grants():
    """what is recorded: device to guest"""
    names = os.listdir(GRANTS) if os.path.isdir(GRANTS) else []
    return {name[37:]: name[:36] for name in names if len(name) == 73}


def until(wanted, seconds=60):
    """waits till wanted() is true"""
    end = time.monotonic() + seconds
    while not wanted():
        assert time.monotonic() < end, wanted.__doc__ or "it never came about"
        time.sleep(0.05)


def write(path, text):
    if not path.startswith("/sys"):
        os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as file:
        file.write(text)


def run(names):
    """the functions test_* among @names, in their order"""
    return tap.run([thing for name, thing in names.items() if name.startswith("test_")])
