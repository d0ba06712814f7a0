#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""virt-ap nova-provider: its file is read by Nova's own code, its numbers can all be had
at once, and its systemd units are well formed."""
import os
import re
import shutil
import subprocess
import sys

from cli import TOPDIR, Scratch, Tap

try:
    from nova.compute import provider_config
except ImportError:
    provider_config = None

UNITS = os.path.join(TOPDIR, "data", "systemd")
PREFIX = "CUSTOM_VIRT_AP_"
# of the host "offered": matrices that are granted, or prepared
THERE = {"hsm-small": 2}


def totals(text):
    """Without Nova's code: the numbers of a text whose form the golden test holds."""
    return {name.lower().replace("_", "-"): int(total) for name, total in
            re.findall(r"- CUSTOM_VIRT_AP_(\w+):\n +total: (\d+)", text)}


def read_by_nova(tap, scratch, host, count, *options):
    directory = os.path.join(scratch.dir, f"provider-{host}-{len(options)}")
    os.mkdir(directory)
    path = os.path.join(directory, "virt-ap.yaml")
    result = scratch.run("nova-provider", "--output", path, *options, host=host)
    tap.ok(f"{host}: written", result.status == 0 and result.out == "", result)
    if provider_config is None:
        tap.skip(f"{host}: read by Nova", "python3-nova is not there")
        return
    try:
        configs = provider_config.get_provider_configs(directory)
    except Exception as error:  # whatever Nova does not like of it
        tap.ok(f"{host}: read by Nova", False, error)
        return
    key = options[1] if options else "$COMPUTE_NODE"
    provider = configs.get(key, {})
    inventories = provider.get("inventories", {}).get("additional", [])
    good = (not configs if count is None else
            len(inventories) == count and all(
                name.startswith(PREFIX) and inventory["total"] > 0
                for row in inventories for name, inventory in row.items()))
    tap.ok(f"{host}: read by Nova", good, configs)


def fits_at_once(tap, scratch, host):
    """As many guests of each profile as there are told to be more, planned together."""
    text = scratch.run("nova-provider", host=host).out
    numbers = totals(text)
    # one is granted and one prepared, in which the queues are not free any more
    needs = "".join(f"[guest new-{name}-{i}]\nprofile={name}\n"
                    for name, total in numbers.items()
                    for i in range(total - THERE.get(name, 0)))
    keep = "[host]\nkeep=" + ";".join(f"{i:02x}.*" for i in range(256)) + "\n"
    path = os.path.join(scratch.dir, f"needs-{host}.conf")
    with open(path, "w", encoding="utf-8") as file:
        file.write(needs + keep)
    result = scratch.run("plan", "--json", path, host=host)
    tap.ok(f"{host}: {numbers} guests fit at once", sum(numbers.values()) > 0 and
           result.status == 0, result)
    for name in numbers:
        more = needs + f"[guest one-more]\nprofile={name}\n" + keep
        with open(path, "w", encoding="utf-8") as file:
            file.write(more)
        result = scratch.run("plan", "--json", path, host=host)
        tap.ok(f"{host}: one more of {name} does not", result.status == 1, result)


def same_file_stays(tap, scratch):
    path = os.path.join(scratch.dir, "again.yaml")
    scratch.run("nova-provider", "--output", path, host="offered")
    os.utime(path, (1, 1))
    scratch.run("nova-provider", "--output", path, host="offered")
    tap.ok("a file that says so already is left alone", os.stat(path).st_mtime == 1)
    with open(path, "a", encoding="utf-8") as file:
        file.write("changed: yes\n")
    scratch.run("nova-provider", "--output", path, host="offered")
    with open(path, encoding="utf-8") as file:
        tap.ok("one that says something else is not", "changed" not in file.read())
    result = scratch.run("nova-provider", "--output", "/nowhere/x.yaml", host="offered")
    tap.ok("a file that cannot be written is told", result.status == 2 and
           "/nowhere/x.yaml" in result.err, result)


def units(tap, scratch):
    if shutil.which("systemd-analyze") is None:
        tap.skip("the units are well formed", "systemd-analyze is not there")
        return
    directory = os.path.join(scratch.dir, "units")
    os.mkdir(directory)
    for name in os.listdir(UNITS):
        if not name.startswith("virt-ap"):
            continue
        with open(os.path.join(UNITS, name), encoding="utf-8") as file:
            text = file.read().replace("@bindir@/virt-ap", "/bin/true")
        with open(os.path.join(directory, name.removesuffix(".in")), "w",
                  encoding="utf-8") as file:
            file.write(text)
    for name in sorted(os.listdir(directory)):
        done = subprocess.run(["systemd-analyze", "verify", "--man=no",
                               os.path.join(directory, name)],
                              capture_output=True, text=True, check=False)
        said = [line for line in done.stderr.splitlines() if "virt-ap" in line]
        tap.ok(f"{name} is well formed", not said, "\n".join(said))


def main():
    tap = Tap()
    with Scratch() as scratch:
        read_by_nova(tap, scratch, "offered", 2)
        read_by_nova(tap, scratch, "offered", 2, "--provider", "node 'x".replace("'", "_"))
        read_by_nova(tap, scratch, "none", None)
        fits_at_once(tap, scratch, "offered")
        same_file_stays(tap, scratch)
        units(tap, scratch)
    tap.done()


sys.dont_write_bytecode = True
main()
