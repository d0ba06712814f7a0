#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""virt-ap move between two hosts: what it does, and where the guest is when it fails."""

import json
import re

from hosts import DEVICE, GUEST, OTHER, main


def whole_on(hosts, report, side, name):
    other = "right" if side == "left" else "left"
    report.same(f"{name}: the guest is whole on the {side}", hosts.state(side), hosts.whole)
    report.same(f"{name}: nothing of it is on the {other}", hosts.state(other), hosts.without)


def good(hosts, report):
    """A guest moves there as it runs, and back as it does not."""
    status, output = hosts.run("left", hosts.command(options="--dry-run"))
    report.same("--dry-run: fine", status, 0)
    report.has("--dry-run tells the steps and the commands", output, "Queues then",
               "Queues of the target then", "4. Migrate guest", "nodedev-define", "detach-device", "migrate --p2p --live")
    whole_on(hosts, report, "left", "--dry-run")

    status, output = hosts.run("left", hosts.command(options="--json"))
    report.same("it moves", status, 0)
    answer = json.loads(output)
    report.same("… all of it", [answer["result"]] + [step["outcome"] for step in
                                                     answer["steps"]], ["done"] * 8)
    whole_on(hosts, report, "right", "moved")
    report.has("virt-ap there sees it", hosts.run("right", f"virt-ap guest-view {GUEST}")[1],
               "queues                4: adapters 05, 06, domains 0004, 0047")

    hosts.must("right", f"virsh -c qemu:///system destroy {GUEST}")
    stopped = hosts.state("right")
    status, output = hosts.run("right", hosts.command("right"))
    report.point("as it is stopped, it moves back", output if status else None)
    report.same("… to the left", hosts.state("left"), stopped)
    report.same("… and away from the right", hosts.state("right"), hosts.without)
    hosts.must("left", f"virsh -c qemu:///system start {GUEST}")
    whole_on(hosts, report, "left", "started")


def refused(hosts, report):
    """The target has nothing for it."""
    taken = f"virt-ap create -u {OTHER} --adapters 5 --domains 4"
    hosts.must("right", taken)
    hosts.export("right")
    status, output = hosts.run("left", hosts.command())
    report.same("queues that another device has: refused", status, 1)
    report.has("… and told", output, "error[move-no-matrix]", OTHER)
    report.same("… the guest stays", hosts.state("left"), hosts.whole)
    hosts.must("right", f"virt-ap remove {OTHER}")
    hosts.export("right")

    namesake = (f"<domain type='qemu'><name>{GUEST}</name><memory>65536</memory><os>"
                f"<type arch='s390x'>hvm</type></os></domain>")
    path = hosts.write("namesake.xml", namesake)
    hosts.must("right", f"virsh -c qemu:///system define {path}")
    status, output = hosts.run("left", hosts.command())
    hosts.must("right", f"virsh -c qemu:///system undefine {GUEST}")
    report.same("another guest of its name there: undone", status, 2)
    report.has("… before anything has happened to it", output, "'Unplug device",
               f"there is another guest '{GUEST}'", "everything is as it was before")

    hosts.must("right", taken)
    status, output = hosts.run("left", hosts.command())
    report.same("queues that another device has got since: undone", status, 2)
    report.has("… and told", output, "everything is as it was before", "05.0004")
    hosts.must("right", f"virt-ap remove {OTHER}")
    whole_on(hosts, report, "left", "undone")


def plug_fails(hosts, report):
    """The device is taken away on the target while the guest is on its way."""
    hook = "/etc/libvirt/hooks/qemu.d/zz-take"
    take = (f'[ "$2" != started ] || echo 1 >/sys/devices/vfio_ap/matrix/{DEVICE}/remove')
    hosts.must("right", f"printf '#!/bin/sh\\n%s\\n' '{take}' >{hook}; chmod 755 {hook}")
    status, output = hosts.run("left", hosts.command())
    hosts.must("right", f"rm {hook}")
    report.same("it is undone", status, 2)
    report.has("… and told", output, "Plug device", "everything is as it was before")
    whole_on(hosts, report, "left", "fetched back")


def renamed(hosts, report):
    """The matrix has another UUID on the target."""
    hosts.must("right", f"virt-ap define -u {DEVICE} --adapters 5 --domains 0xff")
    hosts.export("right")
    status, output = hosts.run("left", hosts.command())
    report.point("its own UUID is another's there: it moves", output if status else None)
    state = hosts.state("right")
    found = re.search("it has (.*)\n  by its definition (.*)\n", state)
    report.point("… and has a new one, as it runs and as it is stored", None if found and
                 found[1] == found[2] != DEVICE and f"active {found[1]}" in state else state)
    report.same("… nothing is left", hosts.state("left"), hosts.without)

    hosts.must("left", f"virt-ap create -u {OTHER} --adapters 5,6 --domains 4,0x47 --persistent")
    hosts.export("left")
    status, output = hosts.run("right", hosts.command("right"))
    report.point("a matrix is ready there: it moves back", output if status else None)
    report.same("… and has that", hosts.state("left"), hosts.whole.replace(DEVICE, OTHER))


if __name__ == "__main__":
    main([good, refused, plug_fails, renamed])
