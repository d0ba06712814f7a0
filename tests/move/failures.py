#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""virt-ap move when something dies: virt-ap itself or a libvirtd at each of its talks to
libvirt, or the connection in the middle of the migration.  After virt-ap repair the
guest is whole on one side and nothing of it is left on the other.

Without VIRT_AP_THOROUGH a few of the places are tried."""

import os
import sys
import time

from hosts import ADDRESSES, GUEST, Injection, main, until

THOROUGH = bool(os.environ.get("VIRT_AP_THOROUGH"))
QUICK = ["killed", "daemons_die"]

# what happens at a talk to libvirt, as shell
KILLS = {
    "virt-ap is killed before": "kill -9 $PPID; exit 1",
    "virt-ap is killed during": "kill -9 $PPID",
    "virt-ap and its helper are killed during":
        'real "$@" & sleep 0.1; kill -9 $PPID; pkill -9 -P $$; kill -9 $$',
}
QUICK_KILLS = {"virt-ap is killed during": ["guest-migrate"]}
ASK = "touch {place}/ask-kill-{side}; while [ -e {place}/ask-kill-{side} ]; do sleep 0.01; done"


def where(hosts):
    """the side on which the guest is whole, or what is wrong"""
    states = {side: hosts.state(side) for side in ADDRESSES}
    for side, other in (("left", "right"), ("right", "left")):
        if states[side] == hosts.whole and states[other] == hosts.without:
            return side
    return f"left:\n{states['left']}right:\n{states['right']}"


def come_back(hosts, side):
    if side == "right":
        status, output = hosts.run("right", hosts.command("right"), 200)
        if status != 0 or where(hosts) != "left":
            raise RuntimeError(f"it does not come back: {output}")


def heal(hosts):
    """what a person would do before repairing"""
    for side in ADDRESSES:
        hosts.must(side, "ip link set cable up")
        if hosts.run(side, "virsh -c qemu:///system uri")[0] != 0:
            hosts.start_libvirtd(side)


def repaired(hosts, report, name, output):
    """repairs, and sees that the guest is whole; FALSE ends the test"""
    heal(hosts)
    status, told = hosts.run("left", "virt-ap repair", 200)
    side = where(hosts)
    problem = None
    if status != 0:
        problem = f"repair ended with {status}\n"
    if side not in ADDRESSES:
        problem = (problem or "") + side
    report.point(f"{name}: whole on {side if side in ADDRESSES else 'neither side'}",
                 problem and f"{problem}\nmove: {output}\nrepair: {told}")
    if side not in ADDRESSES:
        raise SystemExit(report.finish())
    come_back(hosts, side)


def places(hosts, injection, quick):
    """of the talks to try, each with its name: all, or those of the operations @quick"""
    if not THOROUGH:
        return {operation: operation for operation in quick}
    status, output = injection.run(hosts.command())
    if status != 0:
        raise RuntimeError(output)
    come_back(hosts, "right")
    return {number: f"call {number}, {call}" for number, call in
            enumerate(injection.calls(), 1)}


def killed(hosts, report):
    """virt-ap is killed at each of its talks to libvirt."""
    injection = Injection(hosts)
    for what, action in KILLS.items():
        for at, place in places(hosts, injection, QUICK_KILLS.get(what, [])).items():
            status, output = injection.run(hosts.command(), at, action)
            if status not in (137, -9):
                report.point(f"{what} {place}: it was", f"{status}\n{output}")
            repaired(hosts, report, f"{what} {place}", output)


def daemons_die(hosts, report):
    """A libvirtd is killed at each of the talks to it."""
    injection = Injection(hosts)
    for side in ADDRESSES:
        quick = ["guest-attach"] if side == "right" else []
        for at, place in places(hosts, injection, quick).items():
            action = ASK.format(place=hosts.place, side=side)
            status, output = injection.run(hosts.command(), at, action)
            name = f"libvirtd on the {side} dies before {place}"
            if status not in (0, 2):
                report.point(f"{name}: its exit status", f"{status}\n{output}")
            repaired(hosts, report, name, output)


def arrives(hosts):
    """the guest begins to arrive on the right"""
    return until(lambda: "paused" in
                 hosts.run("right", f"virsh -c qemu:///system domstate {GUEST}")[1])


def pid_of(hosts, name):
    return hosts.run("left", f"pidof -s {name}")[1].strip()


def during_migration(hosts, report):
    """Something happens in the middle of the migration."""
    happenings = {
        "the cable is pulled": lambda: hosts.must("left", "ip link set cable down"),
        "libvirtd on the left dies": lambda: hosts.kill_libvirtd("left"),
        "libvirtd on the right dies": lambda: hosts.kill_libvirtd("right"),
        "virt-ap is killed": lambda: hosts.must("left", "kill -9 $(pidof -s virt-ap)"),
        "virt-ap and its helper are killed":
            lambda: hosts.must("left", "kill -9 $(pidof virt-ap move-libvirt)"),
        "QEMU on the left dies":
            lambda: hosts.must("left", f"kill -9 $(cat /run/libvirt/qemu/{GUEST}.pid)"),
        "QEMU on the right dies":
            lambda: hosts.must("right", f"kill -9 $(cat /run/libvirt/qemu/{GUEST}.pid)"),
        "virt-ap is interrupted": lambda: hosts.must("left", "kill -INT $(pidof -s virt-ap)"),
    }
    for name, happen in happenings.items():
        injection = Injection(hosts)
        process = injection.start(hosts.command(options="--bandwidth 1"))
        if not arrives(hosts):
            report.point(f"{name}: the migration has begun", "not seen")
        happen()
        began = time.monotonic()
        output = process.communicate(timeout=200)[0]
        print(f"# {name}: {process.returncode} after {time.monotonic() - began:.1f} s: "
              f"{output.splitlines()[-1:]}")
        if name == "virt-ap is interrupted":
            report.has("it gives up at once", output, "the migration was interrupted",
                       "everything is as it was before")
        if name == "QEMU on the left dies":
            ended(hosts, report, name, output)
        else:
            repaired(hosts, report, name, output)


def ended(hosts, report, name, output):
    """a guest that has ended is whole by its definition, and starts"""
    hosts.run("left", "virt-ap repair")
    status, told = hosts.run("left", f"virsh -c qemu:///system start {GUEST}")
    side = where(hosts)
    report.point(f"{name}: it can be started", None if side == "left" else
                 f"{side}\n{output}\n{told}")


def late(hosts, report):
    """The migration takes longer than it may."""
    status, output = hosts.run("left", hosts.command(options="--bandwidth 1 --timeout 2"))
    report.same("it is given up", status, 2)
    report.has("… and told", output, "was not over in time", "everything is as it was before")
    report.same("… the guest is whole", where(hosts), "left")


def kept(hosts, report):
    """The guest does not let go of its device."""
    hosts.must("left", "touch /run/virt-ap-lab/keep-plugged")
    status, output = hosts.run("left", hosts.command(options="--timeout 1"))
    hosts.must("left", "rm /run/virt-ap-lab/keep-plugged")
    report.same("it is undone", status, 2)
    report.has("… and told", output, "Unplug device", "the guest does not let go",
               "everything is as it was before")
    report.same("… the guest is whole", where(hosts), "left")


def stopped(hosts, report):
    """The guest does not run, and virt-ap is killed."""
    running = hosts.whole
    hosts.must("left", f"virsh -c qemu:///system destroy {GUEST}")
    hosts.whole = hosts.state("left")
    killed(hosts, report)
    hosts.must("left", f"virsh -c qemu:///system start {GUEST}")
    hosts.whole = running
    report.same("it is as before", where(hosts), "left")


def repair_killed(hosts, report):
    """virt-ap is killed, and then virt-ap repair is."""
    injection = Injection(hosts)
    for operation in ("guest-detach", "guest-attach"):
        for at in range(1, 40):
            injection.run(hosts.command(), operation, KILLS["virt-ap is killed before"])
            status, output = injection.run("virt-ap repair", at,
                                           KILLS["virt-ap is killed during"])
            if status == 0:
                break
            repaired(hosts, report, f"move is killed before {operation}, repair at call {at}",
                     output)
        come_back(hosts, where(hosts))


if __name__ == "__main__":
    scenarios = {scenario.__name__: scenario for scenario in
                 (killed, daemons_die, during_migration, late, kept, stopped, repair_killed)}
    main([scenarios[name] for name in sys.argv[1:] or (scenarios if THOROUGH else QUICK)])
