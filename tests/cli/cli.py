# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the tests of the command line share: TAP, described hosts, running it.

meson gives VIRT_AP (the program), MKTREE (hosts from descriptions) and SRCDIR."""
import os
import shutil
import subprocess
import sys
import tempfile

SRCDIR = os.environ.get("SRCDIR", os.path.dirname(os.path.abspath(__file__)))
TOPDIR = os.path.join(SRCDIR, "..", "..")


class Scratch:
    """A directory with the test's files, in which programs run, and hosts below it."""

    def __init__(self):
        # a large host is 65,536 links: in memory where that is offered
        memory = "/dev/shm" if os.access("/dev/shm", os.W_OK | os.X_OK) else None
        self.dir = tempfile.mkdtemp(prefix="virt-ap-cli-", dir=memory)
        self.files = os.path.join(self.dir, "files")
        shutil.copytree(os.path.join(SRCDIR, "files"), self.files)
        for name in os.listdir(self.files):
            self._fill_in(os.path.join(self.files, name))

    def _fill_in(self, path):
        with open(path, encoding="utf-8") as file:
            text = file.read()
        with open(path, "w", encoding="utf-8") as file:
            file.write(text.replace("@FILES@", self.files))

    def host(self, name):
        """Below which directory, seen from where programs run, the host described in
        hosts/NAME.tree is: messages that name it are the same on every machine."""
        root = os.path.join(self.dir, name)
        if not os.path.exists(root):
            tree = os.path.join(SRCDIR, "hosts", name + ".tree")
            subprocess.run([os.environ["MKTREE"], tree, root], check=True)
        return os.path.join("..", name)

    def run(self, *arguments, host=None, env=None, **how):
        """Runs virt-ap in a known environment; a dict of what it did."""
        environment = {key: value for key, value in os.environ.items()
                       if key not in ("NO_COLOR", "LANGUAGE", "VIRT_AP_ROOT")}
        environment.update(LC_ALL="C.UTF-8", COLUMNS="80", TERM="xterm")
        environment.update(env or {})
        if host:
            environment["VIRT_AP_ROOT"] = self.host(host)
        how.setdefault("stdin", subprocess.DEVNULL if "input" not in how else None)
        if "input" in how:
            del how["stdin"]
        how.setdefault("stdout", subprocess.PIPE)
        done = subprocess.run([os.environ["VIRT_AP"], *arguments], cwd=self.files,
                              env=environment, stderr=subprocess.PIPE, check=False, timeout=60,
                              **how)
        return Result(done, self.dir)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.dir)


class Result:
    """Exit status and output; the scratch directory's name is taken out of it."""

    def __init__(self, done, directory):
        self.status = done.returncode
        self.raw = done.stdout or b""
        self.out = self.raw.decode(errors="surrogateescape").replace(directory, "@DIR@")
        self.err = done.stderr.decode(errors="surrogateescape").replace(directory, "@DIR@")

    def __str__(self):
        return f"exit {self.status}\nstdout:\n{self.out}\nstderr:\n{self.err}"


class Tap:
    """Counts and prints; exits with 1 when something failed."""

    def __init__(self):
        self.number = 0
        self.failed = 0

    def ok(self, name, good, detail=""):
        self.number += 1
        print(f"{'ok' if good else 'not ok'} {self.number} - {name}")
        if not good:
            self.failed += 1
            for line in str(detail).splitlines():
                print("# " + line.encode("ascii", "backslashreplace").decode())
        return good

    def skip(self, name, reason):
        self.number += 1
        print(f"ok {self.number} - {name} # SKIP {reason}")

    def done(self):
        print(f"1..{self.number}")
        sys.exit(1 if self.failed else 0)
