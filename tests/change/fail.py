#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Has the kernel refuse a command's system calls, one a run, and looks at what is left.

fail.py OPTION... [--changes] NAME COMMAND...

The options are those of trial.py.  With --changes only calls that change something fail,
for a command of thousands of calls.  strace(1) makes one call of one run fail with an errno.
Then the command has either failed, and the state is the one before it, or it could do
without that call, and the state is the one after it.  Nothing is left to repair in either
case.
"""

import sys
import tempfile

import trial

# what each can answer on a full, a broken or a busy machine
CHANGES = {
    "openat": ["EIO", "ENOSPC", "EBUSY"],
    "write": ["EIO", "ENOSPC", "EBUSY"],
    "pwrite64": ["ENOSPC"],
    "fsync": ["EIO"],
    "fdatasync": ["EIO", "ENOSPC"],
    "rename": ["EIO", "ENOSPC", "EBUSY"],
    "link": ["EIO", "ENOSPC"],
    "linkat": ["EIO", "ENOSPC"],
    "unlink": ["EIO", "EROFS", "EBUSY"],
    "mkdir": ["ENOSPC", "EIO"],
    "flock": ["ENOLCK"],
    "fchmod": ["EIO"],
    "fchown": ["EPERM"],
    "clone": ["EAGAIN"],
    "memfd_create": ["EMFILE"],
}
ERRORS = CHANGES | {
    "openat": CHANGES["openat"] + ["ENOENT", "EMFILE"],
    "read": ["EIO"],
    "pread64": ["EIO"],
    "lseek": ["EIO"],
    "readlink": ["EIO"],
    "newfstatat": ["EIO"],
    "getdents64": ["EIO"],
}


def list_calls(command, names):
    """the run, and the calls it makes, each as strace's log has it"""
    with tempfile.NamedTemporaryFile(mode="r", dir="/run") as log:
        whole = trial.run(["strace", "-qq", "-o", log.name, "-e",
                           "trace=" + ",".join(names)] + command)
        return whole, [line for line in log if line.split("(")[0] in names]


def is_change(call):
    """of an open(2), whether it is one for writing"""
    return not call.startswith("openat(") or "O_WRONLY" in call or "O_RDWR" in call


class Faults(trial.Trial):
    def __init__(self, options):
        super().__init__(options)
        self.errors = CHANGES if options.changes else ERRORS
        self.calls = []

    def run_whole(self):
        whole, self.calls = list_calls(self.options.command, self.errors)
        return whole.returncode, whole.stdout

    def places(self):
        """which calls answer what: name, number among those of the name, errno"""
        count = dict.fromkeys(self.errors, 0)
        every = []
        for call in self.calls:
            name = call.split("(")[0]
            count[name] += 1
            if not self.options.changes or is_change(call):
                every += [(name, count[name], error) for error in self.errors[name]]
        return every if trial.THOROUGH else trial.spread(every, self.options.runs)

    def fail_at(self, fault):
        """the state, and None or what is wrong"""
        name, when, error = fault
        done = trial.run(["strace", "-qq", "-o", "/dev/null", "-e", f"trace={name}", "-e",
                          f"inject={name}:error={error}:when={when}"]
                         + self.options.command)
        state = self.state()
        repair = trial.repair()
        said = f"it ended with {done.returncode} and said: {done.stdout}"
        if repair.returncode != 0 or "no change was interrupted" not in repair.stdout:
            return self.state(), f"something was left to repair: {repair.stdout}{said}"
        if state not in (self.before, self.after):
            return state, f"the host is half done:\n{state}{said}"
        if (state != (self.after if done.returncode == 0 else self.before)
                and not lost_answer(done)):
            as_it_was = "before" if state == self.before else "after"
            return state, f"the host is as {as_it_was}, but {said}"
        return state, None


def lost_answer(done):
    """it was done, and could not be told"""
    return done.returncode == 2 and "standard output" in done.stdout


def main():
    options = trial.parser()
    options.add_argument("--changes", action="store_true")
    faults = Faults(options.parse_args())
    faults.measure(faults.run_whole)
    faults.each(faults.places(), faults.fail_at,
                lambda fault: f"{fault[0]} number {fault[1]} answers {fault[2]}", patience=8)
    return faults.report(f"{faults.tried} times an error of one of "
                         f"{len(faults.calls)} calls")


if __name__ == "__main__":
    sys.exit(main())
