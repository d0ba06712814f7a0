# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the tests with Nova ask the lab itself, beside Nova: virsh and the TAP."""

import os
import subprocess
import sys
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


def run(names):
    """the functions test_* among @names, in their order"""
    return tap.run([thing for name, thing in names.items() if name.startswith("test_")])
