#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Replays what the real Linux drivers answered, each recording on a fresh simulated
host, and prints TAP: a point for each recording, with the first line that differs.

usage: recordings.py SERVE REPLAY DIRECTORY-OF-RECORDINGS…
A directory named recorded-X has the answers of Linux X, another one those of 7.2.
"""

import concurrent.futures
import os
import re
import subprocess
import sys

# how long replay waits for more events: they are sent before a write returns
QUIET_MS = "5"
PARAMETERS = "/sys/module/virt_ap_lab/parameters"
SKIP = 77
# The kernel's own device nodes of vfio have no equal in a simulated host.
NOT_SIMULATED = re.compile(r"^  \^ .*SUBSYSTEM=vfio(-dev)?( |$)")
MACHINE = re.compile(r"^# machine: cards=(\S+) udoms=(\S+) cdoms=(\S+)$", re.MULTILINE)


def without_races(lines):
    """Of a recording that began in the middle of the boot's bus scan: what does not
    hang on how far the scan was, so neither its events nor the count of queues."""
    kept = []
    for line in lines:
        if line.startswith("  ^"):
            continue
        if kept and kept[-1] == "r /sys/bus/ap/bindings" and line.startswith("  "):
            continue
        kept.append(line)
    return kept


def compare(recorded, replayed):
    if not recorded[0].startswith("# machine:"):
        recorded, replayed = without_races(recorded), without_races(replayed)
    recorded = [line for line in recorded if not NOT_SIMULATED.match(line)]
    replayed = [line for line in replayed if not NOT_SIMULATED.match(line)]
    operation = "the beginning"
    for number in range(max(len(recorded), len(replayed))):
        want = recorded[number] if number < len(recorded) else "nothing more"
        got = replayed[number] if number < len(replayed) else "nothing more"
        if want != got:
            return f"after {operation}\n  recorded: {want}\n  replayed: {got}"
        if not want.startswith("  "):
            operation = want
    return None


def replay(serve, program, path):
    """Returns the number of operations, and None or what went wrong."""
    with open(path, encoding="utf-8") as file:
        recorded = file.read().splitlines()
    operations = [line for line in recorded if line and line[0] not in " #"]
    script = [line for line in recorded if not line.startswith("  ") and line != "# end"]
    machine = MACHINE.search("\n".join(recorded))
    if not machine:
        return 0, "no '# machine:' line"
    kernel = re.search(r"recorded-([^/]+)", path)
    command = [serve, kernel.group(1) if kernel else "7.2", *machine.groups(), program,
               PARAMETERS, QUIET_MS]
    process = subprocess.run(command, input="\n".join(script) + "\n", text=True,
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False,
                             env={**os.environ, "OP_UDEV": "1"})
    if process.returncode == SKIP:
        return 0, "# SKIP " + process.stderr.strip()
    if process.returncode != 0:
        return 0, f"exit status {process.returncode}: {process.stderr.strip()}"
    return len(operations), compare(recorded, process.stdout.splitlines())


def main():
    serve, program, *directories = sys.argv[1:]
    paths = [os.path.join(directory, name) for directory in directories
             for name in sorted(os.listdir(directory)) if name.endswith(".txt")]
    failed, compared = 0, 0
    print(f"1..{len(paths)}")
    # they sleep most of the time: replay waits 400 ms for each change of the machine
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        results = pool.map(lambda path: replay(serve, program, path), paths)
        for number, (path, (operations, trouble)) in enumerate(zip(paths, results), 1):
            name = "/".join(path.split("/")[-2:])
            compared += operations
            if trouble is None:
                print(f"ok {number} - {name}, {operations} operations")
            elif trouble.startswith("# SKIP"):
                print(f"ok {number} - {name} {trouble}")
            else:
                failed += 1
                print(f"not ok {number} - {name}")
                print("\n".join("# " + line for line in trouble.splitlines()))
    print(f"# {compared} operations compared")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
