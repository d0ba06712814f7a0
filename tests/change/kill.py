#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Kills a command of virt-ap at its system calls, one run each, and has it repaired.

kill.py --state COMMAND --reset COMMAND [--all] [--complete] [--runs N] NAME COMMAND...

Run in the lab.  The command under test is first run whole: --state, a shell command,
prints all of the host that may not be left half done, before it and after it.  Then it is
run once for each number of a system call and killed there.  After `virt-ap repair` the
state must be one of these two.  --reset is a shell command that makes the state before
out of the one after it.

Without VIRT_AP_THOROUGH only --runs numbers are tried: a few before the lock is taken,
and the others evenly spread behind it.  With --all everything that the command has
started is killed with it.  With --complete it is `virt-ap repair --complete`, which has to
make the state after whenever it finds anything.

Writes TAP points, without a plan: a script that calls it several times adds that, and
STEPPER and VIRT_AP name the programs.
"""

import argparse
import os
import subprocess
import sys

STEPPER = os.environ["STEPPER"]
VIRT_AP = os.environ.get("VIRT_AP", "virt-ap")
LIMIT = 60

# the leak checker traces the process itself, and cannot while another does
os.environ["ASAN_OPTIONS"] = os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0"


def shell(command):
    return subprocess.run(command, shell=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, text=True,
                          timeout=LIMIT, check=False)


class Stepper:
    """One traced run: its exit status, number of calls, the lock's, the last one's kind."""

    def __init__(self, options, number):
        reader, writer = os.pipe()
        argv = [STEPPER] + (["--all"] if options.all else []) + [str(number)] + options.command

        def on_descriptor_3():
            os.dup2(writer, 3)

        done = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              stdin=subprocess.DEVNULL, text=True, timeout=LIMIT,
                              preexec_fn=on_descriptor_3, close_fds=False, check=False)
        os.close(writer)
        with os.fdopen(reader) as lines:
            words = lines.read().split()
        self.status, self.output = done.returncode, done.stdout
        self.count, self.lock, self.last = (int(word) for word in words)


def numbers(whole, options):
    """which calls are tried"""
    if os.environ.get("VIRT_AP_THOROUGH"):
        return list(range(1, whole.count + 1))
    first = max(whole.lock, 1)
    early = [max(1, first * k // 4) for k in range(1, 4)] if first > 4 else []
    late = max(1, options.runs - len(early))
    span = whole.count - first
    return sorted(set(early + [first + span * k // late for k in range(late)] + [whole.count]))


def void_lock():
    """what a lock has that belongs to no process; a mdevctl of libvirtd's may have it"""
    try:
        with open("/run/lock/s390apconfig.lock", encoding="ascii") as lock:
            holder = lock.read().strip()
    except FileNotFoundError:
        return None
    return None if os.path.exists(f"/proc/{holder}") else f"'{holder}'"


def try_one(options, number, before, after):
    """None, or what is wrong; and whether the host had to be reset"""
    run = Stepper(options, number)
    repair = subprocess.run([VIRT_AP, "repair"] + ["--complete"] * options.complete, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, text=True, timeout=LIMIT, check=False)
    state = shell(options.state).stdout
    journal = os.path.exists("/var/lib/virt-ap/journal")
    lock = void_lock()
    if state == after and state != before:
        shell(options.reset)
    if repair.returncode != 0:
        return f"repair ended with {repair.returncode}: {repair.stdout}", state
    if journal or lock:
        return f"left are journal: {journal}, lock: {lock}; {repair.stdout}", state
    if state not in (before, after):
        return (f"killed before call {run.last}, the host is half done:\n{state}"
                f"repair said: {repair.stdout}"), state
    if options.complete and state == before and "no change was interrupted" not in repair.stdout:
        return f"it was not completed: {repair.stdout}", state
    if state == after and shell(options.state).stdout != before:
        return "the host could not be reset", state
    return None, state


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--state", required=True)
    parser.add_argument("--reset", required=True)
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--complete", action="store_true")
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("name")
    parser.add_argument("command", nargs=argparse.REMAINDER)
    options = parser.parse_args()

    before = shell(options.state).stdout
    whole = Stepper(options, 0)
    after = shell(options.state).stdout
    shell(options.reset)
    problems = []
    if whole.status != 0 or before == after:
        problems.append(f"the command itself: {whole.status}: {whole.output}")
    elif shell(options.state).stdout != before:
        problems.append("the host could not be reset")
    tried = [] if problems else numbers(whole, options)
    was_before = 0
    for number in tried:
        problem, state = try_one(options, number, before, after)
        was_before += state == before
        if problem:
            problems.append(f"call {number} of {whole.count}: {problem}")
            break
    print(("not " if problems else "") + f"ok - {options.name}: killed at {len(tried)} of "
          f"{whole.count} system calls, {was_before} times as before, "
          f"{len(tried) - was_before} times as after")
    for problem in problems:
        print("# " + problem.replace("\n", "\n# "))
    sys.stdout.flush()
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
