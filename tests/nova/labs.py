# SPDX-License-Identifier: LGPL-2.1-or-later
"""Two simulated hosts that are kept while a test goes on, and Nova in each of them
(host.py)."""

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile

import lab

HERE = os.path.dirname(os.path.abspath(__file__))
RUN = f"{HERE}/../../run"


class Refused(Exception):
    """What Nova is told."""


class Died(Exception):
    """A nova-compute that ended before it answered."""


class Compute:
    """A nova-compute: each of host.py's verbs is a method."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path)
        self.stream = self.socket.makefile("rw")

    def __getattr__(self, verb):
        def ask(*arguments):
            self.stream.write(json.dumps([verb, *arguments]) + "\n")
            self.stream.flush()
            line = self.stream.readline()
            if not line:
                raise Died(verb)
            answer = json.loads(line)
            if "error" in answer:
                raise Refused(f"{verb}: {answer['error']}")
            return answer["is"]
        return ask

    def close(self):
        self.stream.close()
        self.socket.close()


class Labs:
    """The hosts of @names, each with the machine that goes with it."""

    def __init__(self, machines):
        self.place = tempfile.mkdtemp(prefix="virt-ap-hosts.")
        self.ids = {name: f"{name}-{os.getpid()}" for name in machines}
        self.started, self.workers = [], []
        try:
            for name, machine in machines.items():
                subprocess.run([RUN, "virt-ap-lab", "--keep", self.ids[name], "--machine",
                                machine, "--libvirt"], check=True)
                self.started.append(name)
                self._load_nova(name)
            lab.until(lambda: all(os.path.exists(self._socket(name)) for name in machines))
        except BaseException:
            self.stop()
            raise

    def _socket(self, name):
        return f"{self.place}/{name}.socket"

    def _load_nova(self, name):
        """its ssh runs the command here: the hosts have their files in common"""
        bin_dir = f"{self.place}/bin"
        os.makedirs(bin_dir, exist_ok=True)
        with open(f"{bin_dir}/ssh", "w") as file:
            file.write('#!/bin/sh\nwhile [ "${1#-}" != "$1" ]; do shift 2; done\n'
                       'shift\nexec "$@"\n')
        os.chmod(f"{bin_dir}/ssh", 0o755)
        log = open(f"{self.place}/{name}.log", "w")
        self.workers.append(subprocess.Popen(
            [*self.enter(name), "sh", "-c", 'PATH=$0:$PATH exec "$@"', bin_dir,
             sys.executable, f"{HERE}/host.py", name, self.place],
            stdout=log, stderr=log))

    def enter(self, name):
        return [RUN, "virt-ap-lab", "enter", self.ids[name], "--"]

    def run(self, name, *words):
        """of a command in a lab: exit status, standard output and error"""
        done = subprocess.run([*self.enter(name), *words], capture_output=True, text=True)
        return done.returncode, done.stdout + done.stderr

    def fault_of_libvirtd(self):
        """of each lab that has ended by itself: libvirt 9.0 was seen to crash in
        virEventGLibTimeoutRemoveIdle() when many clients are killed"""
        listed = subprocess.run([RUN, "virt-ap-lab", "list"], capture_output=True,
                                text=True).stdout
        return [line for line in listed.splitlines() if "libvirtd was ended by" in line and
                line.split()[0] in self.ids.values()]

    def grants(self, name):
        """(device, guest) of each that is recorded in a lab"""
        listed = self.run(name, "sh", "-c", f"ls {lab.GRANTS} 2>/dev/null")[1].split()
        return [(file[37:], file[:36]) for file in listed if len(file) == 73]

    def compute(self, name):
        return Compute(self._socket(name))

    def logs(self):
        for root, _, files in os.walk(self.place):
            for file in files:
                if file.endswith(".log"):
                    with open(f"{root}/{file}", errors="replace") as log:
                        yield from (f"# {file}: {line.rstrip()}" for line in
                                    log.readlines()[-15:])

    def stop(self):
        for name in self.started:
            subprocess.run([RUN, "virt-ap-lab", "stop", self.ids[name]])
        for worker in self.workers:
            worker.wait()
        shutil.rmtree(self.place)
