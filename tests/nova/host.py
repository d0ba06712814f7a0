#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""nova-compute in a lab, asked from outside it: a Unix socket, each connection to which is
a nova-compute of its own, and ends with it, however it ends.

usage: host.py NAME PLACE     in the lab NAME; listens at PLACE/NAME.socket

A request is a line of JSON, [VERB, ARGUMENT...], and so is the answer: {"is": VALUE} or
{"error": TEXT}.  Nova's modules are loaded once, each nova-compute is a child of the
process that loaded them."""

import json
import os
import signal
import socket
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import lab  # noqa: E402
import compute  # noqa: E402
import eventlet  # noqa: E402

NAME, PLACE = sys.argv[1:]
ADDRESSES = {"z1": "10.1.1.1", "z2": "10.1.1.2"}
FLAVORS = {name: compute.flavor(name) for name in ("m1.signing", "m1.large", "m1.plain")}


class Host:
    """The verbs.  A guest is told by its name; its UUID follows from it."""

    def __init__(self):
        self.computer = compute.Computer(f"{PLACE}/{NAME}", lab.GATE, host=NAME,
                                         shared=PLACE, address=ADDRESSES[NAME])

    def start(self, *guests):
        """nova-compute starts, and is told by the database which guests are its own"""
        for guest, flavor, number in guests:
            self.make(guest, flavor, number)
        self.computer.start()

    def make(self, guest, flavor, number):
        """what the conductor hands over with a request; does nothing on the host"""
        instance = self.computer.instance(guest, FLAVORS[flavor])
        instance.id = number
        instance.obj_reset_changes()

    def _find(self, guest):
        return next(i for i in self.computer.instances.values()
                    if i.display_name == guest)

    def spawn(self, guest):
        self.computer.spawn(self._find(guest))

    def die_in_spawn(self, guest, seconds):
        """@seconds after the grant is recorded all that this nova-compute has started is
        killed with it, as systemd does with a service"""
        known = lab.grants()
        if os.fork() == 0:
            wait = eventlet.patcher.original("time").sleep
            while lab.grants() == known:
                wait(0.001)
            wait(seconds)
            os.killpg(0, signal.SIGKILL)
        self.spawn(guest)
        signal.pause()

    def leave(self, guest, host, flavor):
        return self.computer.leave(self._find(guest), ADDRESSES[host], FLAVORS[flavor])

    def finish(self, guest, flavor, disk_info, source):
        instance = self._find(guest)
        instance.old_flavor = instance.flavor
        instance.flavor = instance.new_flavor = FLAVORS[flavor]
        self.computer.finish(instance, disk_info, source)

    def confirm(self, guest, host):
        """the guest is at @host now"""
        instance = self._find(guest)
        instance.host = host
        self.computer.confirm(instance)

    def resized_from(self, guest, flavor):
        """what the database tells of a resize that nova-compute has forgotten"""
        instance = self._find(guest)
        instance.old_flavor = instance.new_flavor = FLAVORS[flavor]

    def revert(self, guest):
        instance = self._find(guest)
        instance.flavor, instance.host = instance.old_flavor, NAME
        self.computer.revert(instance)

    def __getattr__(self, verb):
        """power_off, power_on, hard_reboot: the driver's calls that take a guest alone"""
        return lambda guest, *more: getattr(self.computer, verb)(self._find(guest), *more)

    def facts(self, guest):
        """state, its devices in the stored definition, and how many queues each has"""
        instance = self._find(guest)
        devices = lab.devices_of(instance.uuid, "--inactive")
        return self.computer.state(instance), {
            device: sorted(lab.matrices().get(device, ())) for device in devices}

    @staticmethod
    def granted():
        """device to guest, released ones too; no queue is in two matrices"""
        sets = list(lab.matrices().values())
        assert sum(map(len, sets)) == len(set().union(*sets)), sets
        return lab.grants()

    @staticmethod
    def matrices():
        return {device: sorted(queues) for device, queues in lab.matrices().items()}

    @staticmethod
    def run(*words):
        done = subprocess.run(words, capture_output=True, text=True)
        return done.returncode, done.stdout + done.stderr


def serve(number):
    stream = socket.socket(fileno=number).makefile("rw")
    host = Host()
    for line in stream:
        verb, *arguments = json.loads(line)
        try:
            answer = {"is": getattr(host, verb)(*arguments)}
        except Exception as error:
            answer = {"error": f"{type(error).__name__}: {error}"}
        stream.write(json.dumps(answer) + "\n")
        stream.flush()


def main():
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    os.makedirs(f"{PLACE}/{NAME}", exist_ok=True)
    # eventlet's would start its loop before the fork
    with eventlet.patcher.original("socket").socket(socket.AF_UNIX) as listener:
        listener.bind(f"{PLACE}/{NAME}.socket")
        listener.listen()
        while True:
            connection, _ = listener.accept()
            if os.fork() == 0:
                listener.close()
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                os.setsid()
                serve(connection.detach())
                os._exit(0)
            connection.close()


main()
