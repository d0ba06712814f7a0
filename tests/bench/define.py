#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a define costs through the gate, against the same straight to the
distribution's libvirtd and through socat in the gate's place (which shows what libvirt
itself spends on an external program), alternating in one run, in private namespaces.

usage: define.py GATE MKTREE TEST-LIBVIRTD
"""

import importlib.util
import os
import statistics
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(sys.argv[3]))

UUID = "62177883-f1bb-47f0-914d-32a22e3a8801"
HOST = f"""ap-bus cards=05:13:4,06:13:2 udoms=4,47,ab,ff apmask=-5,-6
cpuinfo
device {UUID} adapters=5 domains=4,ab control=4
"""
GUEST = """<domain type='qemu'><name>{name}</name><description>{round:06}</description>
  <uuid>{uuid}</uuid><memory>65536</memory>
  <os><type arch='s390x' machine='s390-ccw-virtio'>hvm</type></os>{cpu}
  <devices><emulator>/usr/bin/qemu-system-s390x</emulator>{devices}</devices></domain>"""
CRYPTO = f"""<hostdev mode='subsystem' type='mdev' model='vfio-ap'><source>
  <address uuid='{UUID}'/></source></hostdev>"""
ROUNDS = 300
FRESH_ROUNDS = 15


def cpu(*features):
    named = "".join(f"<feature policy='require' name='{name}'/>" for name in features)
    return f"<cpu mode='custom'><model>gen15a</model>{named}</cpu>"


CASES = {
    "without crypto": ("", ""),
    "with crypto": (cpu("ap", "apqci", "apft"), CRYPTO),
    "with crypto and apxa": (cpu("ap", "apqci", "apft", "apxa"), CRYPTO),
}


def timed(function):
    begin = time.perf_counter()
    function()
    return (time.perf_counter() - begin) * 1000


def print_row(name, times):
    direct, socat, gate = (statistics.median(values) for values in times)
    print(f"define {name:<38} direct {direct:7.2f} ms  socat {socat:7.2f} ms"
          f"  gate {gate:7.2f} ms  gate/direct {gate / direct:5.2f}"
          f"  gate/socat {gate / socat:5.2f}", flush=True)


def measure(libvirt, uris):
    """on connections that stay, then on one made for the define"""
    stay = [libvirt.open(uri) for uri in uris]
    ways = range(len(uris))
    for name, (processor, devices) in CASES.items():
        rounds_done = 0

        # no two of a guest's documents are the same
        def document(i):
            return GUEST.format(name=f"g{i}", uuid=UUID[:-1] + str(i), cpu=processor,
                                devices=devices, round=rounds_done)

        def define(connections, i):
            connections[i].defineXMLFlags(document(i))

        def fresh(i):
            connection = libvirt.open(uris[i])
            connection.defineXMLFlags(document(i))
            connection.close()

        for i in ways:
            define(stay, i)
        for kind, rounds, once in (("", ROUNDS, lambda i: define(stay, i)),
                                   (", new connection", FRESH_ROUNDS, fresh)):
            times = [[] for _ in ways]
            for _ in range(rounds):
                rounds_done += 1
                for i in ways:
                    times[i].append(timed(lambda i=i: once(i)))
            print_row(name + kind, times)
        for i in ways:
            stay[0].lookupByName(f"g{i}").undefine()


def inside(gate, mktree, test):
    import libvirt

    with tempfile.TemporaryDirectory() as work:
        test.WORK = work
        test.setup()
        with open(f"{work}/host", "w") as file:
            file.write(HOST)
        os.mkdir(f"{work}/root")
        subprocess.run([mktree, f"{work}/host", f"{work}/root"], check=True)
        for name, command in (("gate", f"{gate} --root {work}/root"),
                              ("socat", f"socat STDIO UNIX-CONNECT:{test.SOCKET}")):
            with open(f"{work}/{name}", "w") as file:
                file.write(f"#!/bin/sh\nexec {command}\n")
            os.chmod(f"{work}/{name}", 0o755)
        daemon = test.start_daemon(test.SOCKET)
        try:
            measure(libvirt, [test.DIRECT, f"qemu+ext:///system?command={work}/socat",
                              f"qemu+ext:///system?command={work}/gate"])
        finally:
            daemon.kill()
            daemon.wait()
    return 0


if __name__ == "__main__":
    spec = importlib.util.spec_from_file_location("libvirtd", sys.argv[3])
    test = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(test)
    if sys.argv[-1] != "inside":
        sys.exit(test.in_namespaces())
    sys.exit(inside(os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2]), test))
