#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Kills a command of virt-ap at its system calls, one run each, and has it repaired.

kill.py OPTION... [--all] [--complete] [--distinct] NAME COMMAND...

The options are those of trial.py.  The command is run once for each number of a system
call and killed there; after `virt-ap repair` the state must be the one before it, or the
one after it.

Without VIRT_AP_THOROUGH only some numbers are tried: a few before the lock is taken, and
the others evenly spread behind it.  With --all everything that the command has started is
killed with it.  With --complete it is `virt-ap repair --complete`, which has to make the
state after whenever it finds anything.

--distinct is for a command of thousands of calls, with VIRT_AP_THOROUGH: it is killed
where a kill can have a result of its own, and at a sample of the other calls.  A process
that is killed leaves what is outside of it: files, the simulated drivers behind /sys, and
the processes it has started or caused, which go on.  What was its own, memory, open files,
locks on them, ends with it, at whichever call.  So one run is stopped at every call, and
all of the outside is looked at (outside.c): not at what the call is meant to do.  (What a
daemon keeps in its memory changes by what is outside, and by what processes ask of it, and
the command asks a daemon by a process only.)  Where no other process runs, and everything
is as it was at the call before, a kill leaves the host as a kill at the call before does,
and repair sees the same.  Everywhere else the command is killed, in a run of its own: where
anything has changed, and at each call while other processes run, since what these have
done by then differs, from run to run as well.  Where something has changed such a run looks
at the outside again, so that it is known to have met the place it was meant for.

With VIRT_AP_EVERY_CALL=I/N every command is killed at every call, whatever is new there.
N runs of the test share these, I from 1 to N; two may go on at once, each in its own lab.

STEPPER and VIRT_AP name the programs.
"""

import os
import re
import subprocess
import sys
import tempfile

import trial

STEPPER = os.environ["STEPPER"]

# one run with a look at the outside at each of its calls
WATCH_LIMIT = 900

# how many of the calls at which --distinct expects nothing new are tried all the same
SAMPLE = 100

# Where the process only reads, most of all in /proc, a place can be some calls away from
# where it was: it is looked for, and killed at each of these.
AWAY = [0, 0] + [way * calls for calls in range(1, 31) for way in (1, -1)]

EVERY_CALL = os.environ.get("VIRT_AP_EVERY_CALL")

# as the stepper tells it
KILLED = 137
AS_BEFORE, CHANGED, ACCOMPANIED = range(3)


class Stepper:
    """One traced run: its exit status, number of calls, the lock's, the last one's kind,
    and how the outside was there."""

    def __init__(self, options, point, *more):
        reader, writer = os.pipe()
        argv = [STEPPER, *more] + ["--all"] * options.all + [str(point)] + options.command

        def on_descriptor_3():
            os.dup2(writer, 3)

        done = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              stdin=subprocess.DEVNULL, text=True, timeout=WATCH_LIMIT,
                              preexec_fn=on_descriptor_3, close_fds=False, check=False)
        os.close(writer)
        with os.fdopen(reader) as lines:
            words = lines.read().split()
        self.status, self.output = done.returncode, done.stdout
        self.count, self.lock, self.last, self.look = (int(word) for word in words)


class Place:
    """a call: its name for the stepper, its kind, and how the outside is there; None where
    that is not known"""

    def __init__(self, point, kind=None, look=None):
        self.point, self.kind, self.look = point, kind, look

    def away(self, calls):
        """the point so many calls later: K of its name M:K.W"""
        if calls == 0:
            return self.point
        changes, call, own = self.numbers()
        return f"{changes}:{max(1, call + calls)}.{own}"

    def numbers(self):
        return [int(number) for number in re.split("[:.]", str(self.point))]

    def is_met(self, run):
        if self.kind is None:
            return True
        return (run.status == KILLED and run.last == self.kind
                and (self.look != CHANGED or run.look != AS_BEFORE))


def some_places(whole, options):
    if trial.THOROUGH or EVERY_CALL:
        return share_of([Place(number) for number in range(1, whole.count + 1)])
    first = max(whole.lock, 1)
    early = [max(1, first * k // 4) for k in range(1, 4)] if first > 4 else []
    late = trial.spread(range(first, whole.count), max(1, options.runs - len(early)))
    return [Place(number) for number in sorted({*early, *late, whole.count})]


def list_places(options, *look):
    """all calls, by one run that is stopped at each"""
    with tempfile.NamedTemporaryFile(mode="r", dir="/tmp") as log:
        whole = Stepper(options, 0, *look, "--list", log.name)
        lines = [line.split() for line in log]
    trial.shell(options.reset)
    return whole, [Place(point, int(kind), int(look)) for point, kind, look in lines]


def share_of(places):
    """what VIRT_AP_EVERY_CALL says, by their names, which other runs give them as well"""
    mine, of = (int(number) for number in (EVERY_CALL or "1/1").split("/"))
    return [place for place in places if sum(place.numbers()) % of == mine % of]


def distinct_places(places):
    """and how many are new, and a sample of those that are not"""
    new = [place for place in places if place.look != AS_BEFORE]
    same = [place for place in places if place.look == AS_BEFORE]
    return new + trial.spread(same, SAMPLE), len(new)


def void_lock():
    """what a lock has that belongs to no process; a mdevctl of libvirtd's may have it"""
    try:
        with open("/run/lock/s390apconfig.lock", encoding="ascii") as lock:
            holder = lock.read().strip()
    except FileNotFoundError:
        return None
    return None if os.path.exists(f"/proc/{holder}") else f"'{holder}'"


class Kills(trial.Trial):
    def __init__(self, options):
        super().__init__(options)
        self.runs = 0
        self.missed = []
        self.whole = None

    def run_whole(self):
        self.whole = Stepper(self.options, 0)
        return self.whole.status, self.whole.output

    def kill_at(self, place):
        """the state after repair, and None or what is wrong"""
        look = ["--look"] if place.look == CHANGED else []
        for calls in AWAY:
            run = Stepper(self.options, place.away(calls), *look)
            self.runs += 1
            state, problem = self.repair(run)
            if problem or place.is_met(run):
                return state, problem
            if state == self.after:
                trial.shell(self.options.reset)
        self.missed.append(f"{place.point} (kind {place.kind}, now {run.last})")
        return state, None

    def repair(self, run):
        repair = trial.repair(*["--complete"] * self.options.complete)
        state = self.state()
        journal = os.path.exists("/var/lib/virt-ap/journal")
        lock = void_lock()
        if repair.returncode != 0:
            return state, f"repair ended with {repair.returncode}: {repair.stdout}"
        if journal or lock:
            return state, f"left are journal: {journal}, lock: {lock}; {repair.stdout}"
        if state not in (self.before, self.after):
            return state, (f"killed before call {run.last}, the host is half done:\n{state}"
                           f"repair said: {repair.stdout}")
        if (self.options.complete and state == self.before
                and "no change was interrupted" not in repair.stdout):
            return state, f"it was not completed: {repair.stdout}"
        return state, None


def main():
    options = trial.parser()
    options.add_argument("--all", action="store_true")
    options.add_argument("--complete", action="store_true")
    options.add_argument("--distinct", action="store_true")
    options = options.parse_args()

    kills = Kills(options)
    kills.measure(kills.run_whole)
    described = f", share {EVERY_CALL} of all" if EVERY_CALL else ""
    if options.distinct and EVERY_CALL and not kills.problems:
        whole, places = list_places(options)
        places = share_of(places)
    elif options.distinct and trial.THOROUGH and not kills.problems:
        whole, places = list_places(options, "--look")
        places, new = distinct_places(places)
        described = f", at all {new} where the outside is new"
    else:
        whole = kills.whole
        places = some_places(whole, options)
    kills.each(places, kills.kill_at, lambda place: f"call {place.point} of {whole.count}")
    if kills.missed:
        kills.problems.append(f"{len(kills.missed)} places were not met in {len(AWAY)} "
                              f"runs each: {', '.join(kills.missed)}")
    return kills.report(f"killed at {kills.tried} of {whole.count} system calls{described}, "
                        f"by {kills.runs} runs")


if __name__ == "__main__":
    sys.exit(main())
