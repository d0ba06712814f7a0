#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""docs/nova.rst goes through every place in Nova's libvirt driver that reads mediated or
node devices: each function of the installed Nova's that does is named there.

usage: walk.py [NOVA]     NOVA: a directory with Nova's sources, instead of what is installed"""

import ast
import importlib.util
import os
import re
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import lab  # noqa: E402

PAGE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../docs/nova.rst")
FILES = ("driver.py", "host.py", "guest.py", "migration.py")
# how Nova and libvirt call them
DEVICES = re.compile(r"mdev|mediated|nodedev|node_dev|nodeDevice|listDevices|listAllDevices|"
                     r"list_devices|list_all_devices|list_pci_devices|device_lookup")


def nova_directory():
    if sys.argv[1:]:
        return sys.argv[1]
    # found, but not loaded: that takes seconds
    spec = importlib.util.find_spec("nova")
    if spec is None or not spec.submodule_search_locations:
        print("1..0 # SKIP Nova is not installed (Debian: python3-nova)")
        sys.exit(0)
    return os.path.dirname(spec.submodule_search_locations[0])


def functions(path):
    """each that has to do with devices, and the line where it begins"""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    lines = text.splitlines()
    return {node.name: node.lineno for node in ast.walk(ast.parse(text))
            if isinstance(node, ast.FunctionDef) and
            DEVICES.search("\n".join(lines[node.lineno - 1:node.end_lineno]))}


def named():
    with open(PAGE, encoding="utf-8") as file:
        return set(re.findall(r"``(?:\w+\.)?(\w+)\(", file.read()))


def test_every_place_is_in_the_page():
    known, found, missing = named(), 0, []
    for name in FILES:
        path = os.path.join(nova_directory(), "nova/virt/libvirt", name)
        for function, line in functions(path).items():
            found += 1
            if function not in known:
                missing.append(f"{name}:{line}: {function}()")
    assert found > 30, found
    assert not missing, "not in docs/nova.rst:\n" + "\n".join(missing)


nova_directory()
sys.exit(lab.run(globals()))
