#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""virt-ap move to a host where the guest's master keys are in another domain, and back."""

import tempfile

import hosts as two_hosts
from hosts import DEVICE, GUEST, Report, Skip

# Domain 00ab has there what 0047 has on the left; the other keys are those of the number.
MACHINE = """[machine]
name=other-keys
type=3931
[ap]
adapters=05:14:4,06:14:2,0a:14:1
usage-domains=4,47,ab,ff
[master-keys]
05.0047=aes=1111111111111111
06.0047=wk=1111111111111111111111111111111111111111111111111111111111111111
05.00ab=aes=4c61620000010047 apka=4c61620000020047 asym=4c616200000000000000000000030047
06.00ab=wk=4c61620000000000000000000000000000000000000000000000000000000047
"""
# zcrypt tells the keys while the queues are the host's
KEYS = """set -e
echo +5,+6 >/sys/bus/ap/apmask
virt-ap export --mkvps -o {place}/{side}-keys.json
echo -5,-6 >/sys/bus/ap/apmask
"""


def command(hosts, side, options=""):
    other = "right" if side == "left" else "left"
    return hosts.command(side, f"--keys {hosts.place}/{side}-keys.json --target-keys "
                         f"{hosts.place}/{other}-keys.json {options}").replace(
                             "--assume-keys", "")


def matrix(hosts, side):
    line = [line for line in hosts.state(side).splitlines() if line.startswith("active")]
    return line[0].split(": ")[1] if line else None


def scenario(hosts, report):
    status, output = hosts.run("left", command(hosts, "left", "--keep-domains"))
    report.same("with --keep-domains it does not go", (status, "move-key-differs" in output),
                (1, True))
    status, output = hosts.run("left", command(hosts, "left"))
    report.point("it moves", output if status else None)
    report.has("… with a warning", output, "warning[move-renumbered]",
               f"guest '{GUEST}' will find its domain 0047 as 00ab")
    report.same("… to the queues that have its keys", matrix(hosts, "right"),
                "05.0004 05.00ab 06.0004 06.00ab")
    report.has("… and runs", hosts.state("right"), f"guest {GUEST} is running",
               f"it has {DEVICE}", f"by its definition {DEVICE}")
    report.same("nothing is left", hosts.state("left"), hosts.without)
    hosts.export("left")
    status, output = hosts.run("right", command(hosts, "right"))
    report.point("it moves back", output if status else None)
    report.same("… whole", hosts.state("left"), hosts.whole)


def main():
    report = Report()
    try:
        with tempfile.NamedTemporaryFile("w", suffix=".machine") as machine:
            machine.write(MACHINE)
            machine.flush()
            hosts = two_hosts.Hosts({"right": machine.name})
    except Skip as reason:
        print(f"1..0 # SKIP {reason}")
        return
    try:
        for side in two_hosts.ADDRESSES:
            hosts.must(side, KEYS.format(place=hosts.place, side=side))
            hosts.export(side)
        hosts.without = hosts.state("left")
        hosts.make_guest()
        hosts.whole = hosts.state("left")
        scenario(hosts, report)
    finally:
        hosts.stop()
    report.finish()


if __name__ == "__main__":
    main()
