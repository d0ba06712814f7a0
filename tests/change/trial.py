# SPDX-License-Identifier: LGPL-2.1-or-later
"""What kill.py and fail.py share: a command of virt-ap that is tried again and again, each
time hindered at another place, and the host that it is tried on.

Run in the lab, with these options in front of a NAME and the COMMAND:

--state, a shell command, prints all of the host that may not be left half done; it is
compared as it was before the command and after it.  --reset, another, makes the state
before out of the one after it.  Without VIRT_AP_THOROUGH only about --runs places are
tried.  A TAP point is written, without a plan: a script that calls it several times adds
that.
"""

import argparse
import os
import subprocess
import sys

# seconds for any one command: a busy machine can stand still for more than a minute
LIMIT = 300
THOROUGH = bool(os.environ.get("VIRT_AP_THOROUGH"))
VIRT_AP = os.environ.get("VIRT_AP", "virt-ap")

# the leak checker traces the process itself, and cannot while another does
os.environ["ASAN_OPTIONS"] = os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0"


def run(command, limit=LIMIT):
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          stdin=subprocess.DEVNULL, text=True, timeout=limit, check=False)


def shell(command):
    return run(["/bin/sh", "-c", command])


def repair(*options):
    return run([VIRT_AP, "repair", *options])


def spread(every, count):
    """so many of them, evenly spread"""
    if len(every) <= count:
        return list(every)
    return [every[k * len(every) // count] for k in range(count)]


def parser():
    options = argparse.ArgumentParser()
    options.add_argument("--state", required=True)
    options.add_argument("--reset", required=True)
    options.add_argument("--runs", type=int, default=20)
    options.add_argument("name")
    options.add_argument("command", nargs=argparse.REMAINDER)
    return options


class Trial:
    """the host's states, how often it was found in each, and what went wrong"""

    def __init__(self, options):
        self.options = options
        self.problems = []
        self.tried = self.was_before = 0
        self.before = self.after = self.state()

    def state(self):
        return shell(self.options.state).stdout

    def measure(self, whole):
        """calls WHOLE, which runs the command unhindered and returns its exit status and
        output"""
        status, output = whole()
        self.after = self.state()
        if status != 0 or self.after == self.before:
            self.problems.append(f"the command itself: {status}: {output}")
        shell(self.options.reset)
        if self.state() != self.before:
            self.problems.append("the host could not be reset")

    def each(self, places, try_one, describe, patience=1):
        """TRY_ONE hinders it at a place and returns the state and None or what is wrong;
        after PATIENCE problems, or a state that is neither, it is enough"""
        for place in places if not self.problems else ():
            try:
                state, problem = try_one(place)
            except subprocess.TimeoutExpired as late:
                state, problem = None, str(late)
            self.tried += 1
            self.was_before += state == self.before
            if state == self.after:
                shell(self.options.reset)
                if self.state() != self.before:
                    problem = problem or "the host could not be reset"
            if problem:
                self.problems.append(f"{describe(place)}: {problem}")
            if len(self.problems) >= patience or state not in (self.before, self.after):
                break

    def report(self, what):
        """WHAT was done, a part of the TAP point's name; returns the exit status"""
        print(("not " if self.problems else "") + f"ok - {self.options.name}: {what}, "
              f"{self.was_before} times as before, {self.tried - self.was_before} times as "
              "after")
        for problem in self.problems:
            print("# " + problem.replace("\n", "\n# "))
        sys.stdout.flush()
        return 1 if self.problems else 0
