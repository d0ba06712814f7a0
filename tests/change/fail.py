#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Has the kernel refuse a command's system calls, one a run, and looks at what is left.

fail.py --state COMMAND --reset COMMAND [--runs N] NAME COMMAND...

Run in the lab, with --state and --reset as for kill.py.  strace(1) makes one call of one
run fail with an errno.  Then the command has either failed, and the state is the one
before it, or it could do without that call, and the state is the one after it.  Nothing is
left to repair in either case.

Without VIRT_AP_THOROUGH only about --runs of the calls fail, evenly spread.  Writes TAP
points without a plan, as kill.py does.
"""

import argparse
import os
import subprocess
import sys
import tempfile

LIMIT = 60

# the leak checker traces the process itself, and cannot while strace does
os.environ["ASAN_OPTIONS"] = os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0"

# what each can answer on a full, a broken or a busy machine
ERRORS = {
    "openat": ["EIO", "ENOSPC", "ENOENT", "EMFILE"],
    "write": ["EIO", "ENOSPC", "EBUSY"],
    "read": ["EIO"],
    "pread64": ["EIO"],
    "fsync": ["EIO"],
    "fdatasync": ["EIO"],
    "rename": ["EIO", "ENOSPC"],
    "link": ["EIO", "ENOSPC"],
    "unlink": ["EIO", "EROFS"],
    "mkdir": ["ENOSPC"],
    "flock": ["ENOLCK"],
    "lseek": ["EIO"],
    "fchmod": ["EIO"],
    "fchown": ["EPERM"],
    "readlink": ["EIO"],
    "newfstatat": ["EIO"],
    "getdents64": ["EIO"],
}


def shell(command):
    return subprocess.run(command, shell=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, text=True,
                          timeout=LIMIT, check=False)


def run(command):
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          stdin=subprocess.DEVNULL, text=True, timeout=LIMIT, check=False)


def count_calls(command):
    """how often the command makes each call, by strace's log of a run"""
    with tempfile.NamedTemporaryFile(mode="r", dir="/run") as log:
        whole = run(["strace", "-qq", "-o", log.name, "-e", "trace=" + ",".join(ERRORS)]
                    + command)
        calls = [line.split("(")[0] for line in log]
    return whole, {name: calls.count(name) for name in ERRORS if name in calls}


def choose(counts, runs):
    every = [(name, when, error) for name, count in counts.items()
             for when in range(1, count + 1) for error in ERRORS[name]]
    if os.environ.get("VIRT_AP_THOROUGH") or len(every) <= runs:
        return every
    return [every[k * len(every) // runs] for k in range(runs)]


def try_one(options, fault, before, after):
    """None, or what is wrong; and the state"""
    name, when, error = fault
    done = run(["strace", "-qq", "-o", "/dev/null", "-e", f"trace={name}", "-e",
                f"inject={name}:error={error}:when={when}"] + options.command)
    state = shell(options.state).stdout
    repair = run(["virt-ap", "repair"])
    repaired = shell(options.state).stdout
    if repaired == after:
        shell(options.reset)
    said = f"it ended with {done.returncode} and said: {done.stdout}"
    if repair.returncode != 0 or "no change was interrupted" not in repair.stdout:
        return f"something was left to repair: {repair.stdout}{said}", repaired
    if state not in (before, after):
        return f"the host is half done:\n{state}{said}", repaired
    if state != (after if done.returncode == 0 else before) and not lost_answer(done):
        return f"the host is as {'after' if state == after else 'before'}, but {said}", state
    if repaired == after and shell(options.state).stdout != before:
        return "the host could not be reset", repaired
    return None, repaired


def lost_answer(done):
    """it was done, and could not be told"""
    return done.returncode == 2 and "standard output" in done.stdout


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--state", required=True)
    parser.add_argument("--reset", required=True)
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("name")
    parser.add_argument("command", nargs=argparse.REMAINDER)
    options = parser.parse_args()

    before = shell(options.state).stdout
    whole, counts = count_calls(options.command)
    after = shell(options.state).stdout
    shell(options.reset)
    problems = []
    if whole.returncode != 0 or before == after:
        problems.append(f"the command itself: {whole.returncode}: {whole.stdout}")
    elif shell(options.state).stdout != before:
        problems.append("the host could not be reset")
    tried = [] if problems else choose(counts, options.runs)
    was_before = 0
    for fault in tried:
        problem, state = try_one(options, fault, before, after)
        was_before += state == before
        if problem:
            problems.append(f"{fault[0]} number {fault[1]} answers {fault[2]}: {problem}")
            if len(problems) > 8 or state not in (before, after):
                break
    print(("not " if problems else "") + f"ok - {options.name}: {len(tried)} times an error "
          f"of one of {sum(counts.values())} calls, {was_before} times as before, "
          f"{len(tried) - was_before} times as after")
    for problem in problems:
        print("# " + problem.replace("\n", "\n# "))
    sys.stdout.flush()
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
