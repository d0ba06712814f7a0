#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Kills the client, the gate, the daemon or the judge at a random moment of a busy
connection: one whose client sends all its calls at once, or one whose client waits for each
reply, so that the judge has the stream.  Afterwards no process may be left, no refused guest
may have reached the daemon, and no reply may be lost that the daemon had sent to a client
that lives.  Or stops the judge again and again, so that it loses the stream and gets it back,
and the gate, so that what it waits for is there before it looks: then each call has its reply.

usage: test-kill.py GATE MKTREE

VIRT_AP_KILL_RUNS says how often (20; 1000 with VIRT_AP_THOROUGH=1); the random numbers' seed
is printed.
"""

import ctypes
import os
import random
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
import tap  # noqa: E402

GATE = os.path.abspath(sys.argv[1])
MKTREE = os.path.abspath(sys.argv[2])
RUNS = int(os.environ.get("VIRT_AP_KILL_RUNS",
                          "1000" if os.environ.get("VIRT_AP_THOROUGH") == "1" else "20"))
# enough for most of the time in which one of the three is killed; few enough for a client
# that reads no reply before it has sent them all
CALLS = 120
PR_SET_CHILD_SUBREAPER = 36
PROGRAM = 0x20008086
DEFINE = 350
GET_LIB_VERSION = 157
UUID = "62177883-f1bb-47f0-914d-32a22e3a8801"
HOST = f"""ap-bus cards=05:13:4,06:13:2 udoms=4,47,ab,ff apmask=-5,-6
cpuinfo
device {UUID} adapters=5 domains=4,ab control=4
"""
GUEST = """<domain type='kvm'><name>{name}</name>
  <os><type arch='s390x'>hvm</type></os>
  <cpu mode='custom'><model>z14</model>{features}</cpu>
  <devices>{devices}</devices></domain>"""
FEATURES = "".join(f"<feature policy='require' name='{name}'/>"
                   for name in ("ap", "apqci", "apft", "apxa"))
DEVICE = """<hostdev mode='subsystem' type='mdev' model='vfio-ap'><source>
  <address uuid='{uuid}'/></source></hostdev>"""


def guest(serial):
    """plain, refused, and one for which QEMU is asked"""
    if serial % 3 == 0:
        return GUEST.format(name="plain", features="", devices="")
    uuid = UUID if serial % 3 == 1 else UUID[:-1] + "9"
    name = "crypto" if serial % 3 == 1 else "refused"
    return GUEST.format(name=name, features=FEATURES, devices=DEVICE.format(uuid=uuid))


def frame(procedure, kind, serial, payload=b"", status=0):
    return struct.pack(">7I", 28 + len(payload), PROGRAM, 1, procedure, kind, serial,
                       status) + payload


def call(serial):
    """to define a guest, or, now and then, one that is never judged"""
    if serial % 6 == 3:
        return frame(GET_LIB_VERSION, 0, serial)
    data = guest(serial).encode()
    return frame(DEFINE, 0, serial,
                 struct.pack(">I", len(data)) + data + bytes(-len(data) % 4) + bytes(4))


def read_frames(sock):
    """each whole frame; what is cut off at the end is none"""
    data = b""
    while True:
        while len(data) >= 28 and len(data) >= struct.unpack(">I", data[:4])[0]:
            length = struct.unpack(">I", data[:4])[0]
            yield struct.unpack(">7I", data[:28]), data[28:length]
            data = data[length:]
        try:
            part = sock.recv(65536)
        except ConnectionResetError:
            return
        if not part:
            return
        data += part


def play(function, *args):
    """a process of its own that can be killed"""
    pid = os.fork()
    if pid == 0:
        try:
            function(*args)
        except OSError:
            pass
        finally:
            os._exit(0)
    return pid


def note(log, serial, text):
    os.write(log, f"{serial} {text}\n".encode())


def play_daemon(listener, log):
    # a gate that is killed at once never comes
    listener.settimeout(1.5)
    sock, _ = listener.accept()
    sock.settimeout(None)
    for head, payload in read_frames(sock):
        note(log, head[5], "refused" if b"<name>refused" in payload else "done")
        sock.sendall(frame(head[3], 1, head[5], b"done"))
        note(log, head[5], "replied")


def play_client(sock, log, window):
    """@window: so many calls at once"""
    sock.sendall(b"".join(call(serial) for serial in range(window)))
    for count, (head, _) in enumerate(read_frames(sock), window):
        note(log, head[5], "ok" if head[6] == 0 else "error")
        if count < CALLS:
            sock.sendall(call(count))
        # there is no daemon any more: a client that is told so leaves, as one that has all
        if (head[5] == 0 and head[6] != 0) or count == CALLS + window - 1:
            return


def read_log(path):
    """pairs of serial and text; a line that was cut off is none"""
    with open(path) as file:
        return {tuple(line.split()) for line in file if line.endswith("\n")}


def wait_for_all():
    """every process that was started here or below must end"""
    for _ in range(1000):
        try:
            while os.waitpid(-1, os.WNOHANG)[0] != 0:
                pass
        except ChildProcessError:
            return
        time.sleep(0.02)
    raise AssertionError("left: " + subprocess.run(
        ["ps", "-o", "pid,ppid,stat,args", "--ppid", str(os.getpid())],
        capture_output=True, text=True).stdout)


def start_gate(path, root, sock):
    with open(os.devnull, "w") as null:
        return subprocess.Popen([GATE, "--socket", path, "--root", root], stdin=sock,
                                stdout=sock, stderr=null).pid


def judge_of(gate):
    """None when there is none, or no more"""
    try:
        with open(f"/proc/{gate}/task/{gate}/children") as file:
            children = file.read().split()
    except FileNotFoundError:
        return None
    return int(children[0]) if children else None


def send_signal(process, number):
    try:
        if process is not None:
            os.kill(process, number)
    except ProcessLookupError:
        pass


def has_ended(child):
    return os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def run_once(directory, root, window, disturb):
    """calls @disturb with the processes; returns what daemon and client have noted"""
    listener = socket.socket(socket.AF_UNIX)
    path = os.path.join(directory, "sock")
    listener.bind(path)
    listener.listen(1)
    logs = [os.path.join(directory, name) for name in ("daemon", "client")]
    files = [os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC) for log in logs]
    ours, inner = socket.socketpair()

    daemon = play(lambda: (ours.close(), inner.close(), play_daemon(listener, files[0])))
    gate = start_gate(path, root, inner)
    inner.close()
    client = play(lambda: (listener.close(), play_client(ours, files[1], window)))
    ours.close()
    listener.close()
    disturb({"client": client, "gate": gate, "daemon": daemon})
    wait_for_all()
    for file in files:
        os.close(file)
    os.unlink(path)
    return map(read_log, logs)


def check(victim, daemon, client):
    assert not {entry for entry in daemon if entry[1] == "refused"}, "let through"
    done = {serial for serial, text in daemon if text == "done"}
    replied = {serial for serial, text in daemon if text == "replied"}
    got = {serial for serial, text in client if text == "ok"}
    assert got <= done, ("told done, but is not", got - done)
    if victim == "daemon":
        assert replied <= got, ("lost replies", replied - got)


def run_many(number, run):
    """calls @run with a function that does run_once(), and random numbers"""
    seed = int(os.environ.get("VIRT_AP_KILL_SEED", time.time_ns() % 1000000))
    chance = random.Random(seed)
    print(f"# {number} runs, seed {seed}", flush=True)
    if ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise tap.Skip("cannot look after orphans here")
    with tempfile.TemporaryDirectory() as directory:
        root = os.path.join(directory, "root")
        os.mkdir(root)
        with open(os.path.join(directory, "host"), "w") as file:
            file.write(HOST)
        subprocess.run([MKTREE, os.path.join(directory, "host"), root], check=True)
        for i in range(number):
            run(i, lambda window, disturb: run_once(directory, root, window, disturb),
                chance)


def test_kill():
    def run(i, once, chance):
        victim = ("client", "gate", "daemon", "judge")[i % 4]
        after = chance.uniform(0, 0.3)

        def disturb(processes):
            time.sleep(after)
            processes["judge"] = judge_of(processes["gate"])
            send_signal(processes[victim], signal.SIGKILL)

        check(victim, *once(CALLS if i // 4 % 2 == 0 else 1, disturb))

    run_many(RUNS, run)


def test_stop():
    def run(_, once, chance):
        def disturb(processes):
            while not has_ended(processes["client"]):
                gate = processes["gate"]
                stopped = judge_of(gate) if chance.random() < 0.7 else gate
                send_signal(stopped, signal.SIGSTOP)
                time.sleep(chance.uniform(0, 0.06 if stopped != gate else 0.002))
                send_signal(stopped, signal.SIGCONT)
                time.sleep(chance.uniform(0, 0.005))

        daemon, client = once(chance.choice((1, 2, 5, 20)), disturb)
        expected = {(str(serial), "error" if serial % 3 == 2 else "ok")
                    for serial in range(CALLS)}
        assert client == expected, client ^ expected
        assert {serial for serial, _ in daemon} == {
            serial for serial, text in expected if text == "ok"}

    run_many(max(RUNS // 4, 1), run)


if __name__ == "__main__":
    sys.exit(tap.run(tap.tests_of(sys.modules[__name__])))
