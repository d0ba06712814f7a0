#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Many processes make overlapping AP matrices at once, in the lab: with virt-ap through
libvirt and through mdevctl, and with plain mdevctl and virsh.  No queue is in two, what
was made is what was asked for, nobody waits for longer than the lock's patience, and
nothing is left of those that were refused.

24 of them; with VIRT_AP_THOROUGH=1 it is 200, once with virt-ap alone and once mixed."""
import json
import os
import random
import subprocess
import sys
import time
import uuid

THOROUGH = bool(os.environ.get("VIRT_AP_THOROUGH"))
CROWD = 200 if THOROUGH else 24
PATIENCE = 90
LIBVIRT = "qemu:///system"
MATRIX = "/sys/devices/vfio_ap/matrix"
DEFINITIONS = "/etc/mdevctl.d/matrix"
ADAPTERS, DOMAINS = range(16), range(85)

points = 0
failed = 0


def ok(name, good, detail=""):
    global points, failed
    points += 1
    print(f"{'ok' if good else 'not ok'} {points} - {name}")
    if not good:
        failed += 1
        for line in str(detail).splitlines()[:60]:
            print("# " + line)
    sys.stdout.flush()


def listed(directory):
    return sorted(name for name in os.listdir(directory) if len(name) == 36) \
        if os.path.isdir(directory) else []


def mask(text):
    bits = bin(int(text, 16))[2:].zfill(256)
    return frozenset(number for number, bit in enumerate(bits) if bit == "1")


def active(name):
    with open(f"{MATRIX}/{name}/ap_config", encoding="ascii") as file:
        return tuple(mask(part) for part in file.read().strip().split(",")[:2])


def stored(name):
    with open(f"{DEFINITIONS}/{name}", encoding="utf-8") as file:
        attrs = [item for pair in json.load(file)["attrs"] for item in pair.items()]
    return tuple(frozenset(int(value, 0) for key, value in attrs if key == attribute)
                 for attribute in ("assign_adapter", "assign_domain"))


def numbers(values):
    return ",".join(map(str, sorted(values)))


class Maker:
    """One process that makes one matrix."""

    def __init__(self, how):
        self.how = how
        self.uuid = str(uuid.UUID(int=random.getrandbits(128), version=4))
        self.adapters = frozenset(random.sample(ADAPTERS, random.randint(1, 3)))
        self.domains = frozenset(random.sample(DOMAINS, random.randint(1, 12)))
        argv, text = getattr(self, how.replace("-", "_"))()
        self.began = time.monotonic()
        self.process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, text=True)
        self.process.stdin.write(text)
        self.process.stdin.close()

    def virt_ap(self, *how):
        return ["virt-ap", "create", "--uuid", self.uuid, "--adapters", numbers(self.adapters),
                "--domains", numbers(self.domains), *how], ""

    def virt_ap_libvirt(self):
        return self.virt_ap("--persistent", "--connect", LIBVIRT)

    def virt_ap_mdevctl(self):
        return self.virt_ap("--persistent", "--connect", "none")

    def virt_ap_transient(self):
        return self.virt_ap("--connect", "none")

    def mdevctl(self):
        attrs = ([{"assign_adapter": str(number)} for number in self.adapters]
                 + [{"assign_domain": str(number)} for number in self.domains])
        text = json.dumps({"mdev_type": "vfio_ap-passthrough", "start": "manual",
                           "attrs": attrs})
        return ["mdevctl", "start", "-u", self.uuid, "-p", "matrix", "--jsonfile",
                "/dev/stdin"], text

    def virsh(self):
        attrs = "".join(f"<attr name='{name}' value='{number}'/>"
                        for name, values in (("assign_adapter", self.adapters),
                                             ("assign_domain", self.domains))
                        for number in values)
        text = ("<device><parent>ap_matrix</parent><capability type='mdev'>"
                f"<type id='vfio_ap-passthrough'/><uuid>{self.uuid}</uuid>{attrs}"
                "</capability></device>")
        return ["virsh", "-c", LIBVIRT, "nodedev-create", "/dev/stdin"], text

    def wait(self):
        self.output = self.process.stdout.read()
        self.status = self.process.wait()
        self.seconds = time.monotonic() - self.began

    def wrong(self):
        """What is not as it should be, or None."""
        refused = "error[queue-in-use]" in self.output or "error[queue-claimed]" in self.output
        if self.status != 0:
            if not refused or self.how.startswith("virt-ap") and self.status != 1:
                return f"status {self.status}: {self.output}"
            if os.path.exists(f"{MATRIX}/{self.uuid}") or \
                    os.path.exists(f"{DEFINITIONS}/{self.uuid}"):
                return "it was refused, and left something"
            return None
        wanted = (self.adapters, self.domains)
        if active(self.uuid) != wanted:
            return "the active device has another matrix"
        if ("libvirt" in self.how or self.how == "virt-ap-mdevctl") \
                and stored(self.uuid) != wanted:
            return "the definition has another matrix"
        return None


def shared_queues(matrices):
    seen, twice = {}, []
    for name, (adapters, domains) in matrices.items():
        for queue in ((adapter, domain) for adapter in adapters for domain in domains):
            if queue in seen:
                twice.append(f"{queue[0]:02x}.{queue[1]:04x}: {seen[queue]}, {name}")
            seen[queue] = name
    return twice


def clean_up():
    for name in listed(MATRIX):
        with open(f"{MATRIX}/{name}/remove", "w", encoding="ascii") as file:
            file.write("1")
    for name in listed(DEFINITIONS):
        os.unlink(f"{DEFINITIONS}/{name}")


def crowd(title, ways):
    makers = [Maker(ways[number % len(ways)]) for number in range(CROWD)]
    for maker in makers:
        maker.wait()
    made = [maker for maker in makers if maker.status == 0]
    slowest = max(maker.seconds for maker in makers)
    problems = [f"{maker.how} {maker.uuid}: {problem}" for maker in makers
                if (problem := maker.wrong())]
    ok(f"{title}: {len(made)} of {CROWD} were made, the others refused", not problems
       and 0 < len(made) < CROWD, "\n".join(problems))
    ok(f"{title}: each ended within the lock's patience", slowest < PATIENCE, slowest)
    print(f"# the slowest took {slowest:.1f} s")
    ok(f"{title}: those are all that is there",
       listed(MATRIX) == sorted(maker.uuid for maker in made), listed(MATRIX))
    twice = shared_queues({name: active(name) for name in listed(MATRIX)})
    ok(f"{title}: no queue is in two devices", not twice, "\n".join(twice))
    twice = shared_queues({name: stored(name) for name in listed(DEFINITIONS)})
    ok(f"{title}: nor in two definitions", not twice, "\n".join(twice))
    ok(f"{title}: neither lock nor journal is left", not os.listdir("/run/lock")
       and "journal" not in os.listdir("/var/lib/virt-ap"))
    clean_up()


def main():
    random.seed(os.environ.get("VIRT_AP_SEED", "crowd"))
    with open("/sys/bus/ap/apmask", "w", encoding="ascii") as file:
        file.write("0x" + "0" * 64 + "\n")
    if THOROUGH:
        crowd("virt-ap alone", ["virt-ap-transient", "virt-ap-mdevctl", "virt-ap-libvirt"])
    crowd("mixed", ["virt-ap-mdevctl", "virsh", "virt-ap-libvirt", "mdevctl",
                    "virt-ap-transient"])
    print(f"1..{points}")
    sys.exit(failed > 0)


main()
