#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""virt-ap move when something dies: virt-ap itself or a libvirtd at each of its talks to
libvirt, or the connection in the middle of the migration.  After virt-ap repair the
guest is whole on one side and nothing of it is left on the other.

Without VIRT_AP_THOROUGH a few of the places are tried."""

import os
import re
import sys
import time

from hosts import (ADDRESSES, DEVICE, GUEST, GUEST_XML, HOSTDEV_XML, NODE, OTHER, Injection,
                   main, until)

THOROUGH = bool(os.environ.get("VIRT_AP_THOROUGH"))
QUICK = ["killed", "daemons_die"]

STEPPER = f"{os.environ['VIRT_AP_BUILDDIR']}/tests/change/stepper"
STEPS = 60

# what happens at a talk to libvirt, as shell
KILLS = {
    "virt-ap is killed before": "kill -9 $PPID; exit 1",
    "virt-ap is killed during": "kill -9 $PPID",
    "virt-ap and its helper are killed during":
        'real "$@" & sleep 0.1; kill -9 $PPID; pkill -9 -P $$; kill -9 $$',
}
QUICK_KILLS = {"virt-ap is killed during": ["guest-migrate"]}


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
        hosts.must(side, "ip link set cable up; kill -CONT $(cat /run/libvirtd.pid) || :")
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
            status, output = injection.run(hosts.command(), at,
                                           injection.ask(f"kill-{side}"))
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
        "libvirtd on the right hangs":
            lambda: hosts.must("right", "kill -STOP $(cat /run/libvirtd.pid)"),
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
        if name == "the cable is pulled" or name.startswith("libvirtd on the right"):
            report.has("the guest has its crypto back at once", hosts.state("left"),
                       f"it has {DEVICE}", "there is a journal")
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


def stepped(hosts, report):
    """virt-ap is killed at system calls, spread over all that it makes."""
    def step(number):
        status, output = hosts.run("left", f"exec 3>{hosts.place}/steps; {STEPPER} {number} "
                                   + hosts.command(), 200)
        with open(f"{hosts.place}/steps", encoding="utf-8") as file:
            return status, output, [int(word) for word in file.read().split()]

    status, output, (count, lock, *_) = step(0)
    report.point("it moves under the stepper", output if status else None)
    come_back(hosts, "right")
    for number in range(lock, count, max((count - lock) // STEPS, 1)):
        status, output, _ = step(number)
        # how many there are differs a little from run to run
        if status not in (0, 137):
            report.point(f"it is killed at system call {number}", f"{status}\n{output}")
        repaired(hosts, report, f"killed at system call {number} of {count}", output)


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


REFUSING = "/etc/libvirt/hooks/qemu.d/zz-refuse"
TAKING = "/etc/libvirt/hooks/qemu.d/zz-take"


def refuse_arrivals(hosts, side):
    """libvirt's hook there lets no guest start"""
    hosts.must(side, f"""printf '#!/bin/sh\n[ $2 != prepare ]\n' >{REFUSING}
                         chmod 755 {REFUSING}""")


def migration_refused(hosts, report):
    """The target does not let the guest in."""
    refuse_arrivals(hosts, "right")
    status, output = hosts.run("left", hosts.command())
    hosts.must("right", f"rm {REFUSING}")
    report.same("it is undone", status, 2)
    report.has("… and told", output, "Migrate guest", "everything is as it was before")
    report.same("… the guest is whole", where(hosts), "left")


def no_way_back(hosts, report):
    """The device cannot be plugged in there, and the guest cannot come back."""
    hosts.must("right", f"""printf '#!/bin/sh\n%s\n' '[ "$2" != started ] ||
      echo 1 >/sys/devices/vfio_ap/matrix/{DEVICE}/remove' >{TAKING}; chmod 755 {TAKING}""")
    refuse_arrivals(hosts, "left")
    status, output = hosts.run("left", hosts.command())
    report.same("it is half done", status, 2)
    report.has("… and told", output, "Plug device", "'Migrate guest", "could not be undone",
               "virt-ap repair")
    report.has("… the guest runs there without it", hosts.state("right"),
               f"guest {GUEST} is running")
    hosts.must("right", f"rm {TAKING}")
    status, told = hosts.run("left", "virt-ap repair")
    hosts.must("left", f"rm {REFUSING}")
    report.point("it is repaired", None if status == 0 and where(hosts) == "right" else
                 f"{told}\n{where(hosts)}")
    come_back(hosts, "right")


def taken(hosts, report):
    """Another guest takes the device there before it is plugged in."""
    thief = GUEST_XML.format(guest="thief", guest_uuid=OTHER, load=f"{hosts.place}/load",
                             hostdev="")
    path = hosts.write("thief.xml", thief)
    hosts.must("right", f"virsh -c qemu:///system create {path}")
    hostdev = hosts.write("hostdev.xml", HOSTDEV_XML.format(uuid=DEVICE))
    injection = Injection(hosts)
    injection.favours["take"] = lambda: hosts.must(
        "right", f"virsh -c qemu:///system attach-device thief {hostdev} --live")
    status, output = injection.run(hosts.command(), "guest-attach", injection.ask("take"))
    report.same("it is half done", status, 2)
    report.has("… and told", output, "Plug device", "Start device", "could not be undone",
               "virt-ap repair")
    report.has("… the guest is back, with its crypto", hosts.state("left"),
               f"guest {GUEST} is running", f"it has {DEVICE}", "there is a journal")
    hosts.must("right", "virsh -c qemu:///system destroy thief")
    repaired(hosts, report, "when the other guest has ended", output)


def lost_queue(hosts, report):
    """A queue of the target leaves the driver while the guest is on its way."""
    drivers = "/sys/bus/ap/drivers"
    injection = Injection(hosts)
    injection.favours["unbind"] = lambda: hosts.must(
        "right", f"echo 06.0047 >{drivers}/vfio_ap/unbind")
    status, output = injection.run(hosts.command(), "guest-attach", injection.ask("unbind"))
    hosts.must("right", f"echo 06.0047 >{drivers}/vfio_ap/bind")
    report.same("it is undone", status, 2)
    report.has("… and told", output, "Plug device", "queue 06.0047",
               "everything is as it was before")
    report.same("… the guest is whole", where(hosts), "left")


def source_busy(hosts, report):
    """The device here cannot be stopped when the guest has gone."""
    held = f"/sys/module/virt_ap_lab/vfio/{DEVICE}/device"
    hosts.must("left", f"""printf '#!/bin/sh\n%s\n' '[ "$2" != release ] ||
      {{ sleep 1000 3>{held} >/dev/null 2>&1 & echo $! >{hosts.place}/holder; }}' >{TAKING}
      chmod 755 {TAKING}""")
    status, output = hosts.run("left", hosts.command())
    hosts.must("left", f"rm {TAKING}")
    report.same("it is half done", status, 2)
    report.has("… and told", output, "Stop device", "what was done before stays",
               "virt-ap repair")
    report.same("… the guest is whole there", hosts.state("right"), hosts.whole)
    hosts.must("left", f"kill $(cat {hosts.place}/holder)")
    repaired(hosts, report, "when it can be stopped", output)


def paused(hosts, report):
    """A guest that somebody has paused moves, and stays paused."""
    hosts.must("left", f"virsh -c qemu:///system suspend {GUEST}")
    status, output = hosts.run("left", hosts.command())
    report.point("it moves", output if status else None)
    report.same("… and is paused there", hosts.state("right"),
                hosts.whole.replace("is running", "is paused"))
    hosts.must("right", f"virsh -c qemu:///system resume {GUEST}")
    report.same("… and whole", where(hosts), "right")
    come_back(hosts, "right")


def shown(hosts, report):
    """A terminal shows how far it is."""
    status, output = hosts.run(
        "left", "script -qec '" + hosts.command(options="--yes --bandwidth 2") + "' /dev/null")
    report.point("it moves", output if status else None)
    seen = {int(percent) for percent in re.findall(r"Migrate guest [^%]*: (\d+) %", output)}
    report.point("… and tells percents on the way", None if len(seen) > 2 and max(seen) <= 100
                 else output)
    come_back(hosts, "right")


def restarted(hosts, report):
    """The machine is restarted in the middle of a move."""
    restart = f"""echo 1 >/sys/devices/vfio_ap/matrix/{DEVICE}/remove
      sed -i "s/'boot': '[^']*'/'boot': 'another'/" /var/lib/virt-ap/journal
      grep -q another /var/lib/virt-ap/journal"""
    injection = Injection(hosts)
    injection.run(hosts.command(), "guest-attach", KILLS["virt-ap is killed before"])
    hosts.must("left", restart)
    repaired(hosts, report, "the source has been restarted, and the guest has arrived", "")

    injection.run(hosts.command(), "guest-migrate", KILLS["virt-ap is killed before"])
    hosts.must("left", f"virsh -c qemu:///system destroy {GUEST}; {restart}")
    status, told = hosts.run("left", "virt-ap repair")
    report.same("… and the guest has not: repaired", status, 0)
    report.same("… nothing is on the other", hosts.state("right"), hosts.without)
    hosts.must("left", f"""virsh -c qemu:///system nodedev-start {NODE}
                           virsh -c qemu:///system start {GUEST}""")
    report.point("… and it can be started with its crypto", None if where(hosts) == "left"
                 else f"{where(hosts)}\n{told}")


def transient(hosts, report):
    """A guest without a definition moves, and one without crypto."""
    hosts.must("left", f"virsh -c qemu:///system undefine {GUEST}")
    before = hosts.state("left")
    status, output = hosts.run("left", hosts.command())
    report.point("without a definition it moves", output if status else None)
    report.same("… as it was", hosts.state("right"), before)
    report.same("… all of it", hosts.state("left"), hosts.without)
    hosts.must("right", f"""set -e; v='virsh -c qemu:///system'; $v destroy {GUEST}
      $v nodedev-destroy {NODE}; $v nodedev-undefine {NODE}""")
    hosts.make_guest()
    hosts.must("left", f"""virsh -c qemu:///system detach-device {GUEST} /dev/stdin \
                           --live --config <<END
{HOSTDEV_XML.format(uuid=DEVICE)}
END
virt-ap remove {DEVICE}""")
    before = hosts.state("left")
    status, output = hosts.run("left", hosts.command())
    report.point("without crypto it moves", output if status else None)
    report.same("… as it was", hosts.state("right"), before)
    report.same("… all of it", hosts.state("left"), hosts.without)


if __name__ == "__main__":
    scenarios = {scenario.__name__: scenario for scenario in
                 (killed, daemons_die, during_migration, late, kept, migration_refused,
                  no_way_back, taken, lost_queue, source_busy, paused, shown, restarted,
                  stopped, stepped, repair_killed, transient)}
    main([scenarios[name] for name in sys.argv[1:] or (scenarios if THOROUGH else QUICK)])
