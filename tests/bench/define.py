#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a define costs through the gate, against the same straight to the
distribution's libvirtd and through socat in the gate's place (which shows what libvirt
itself spends on an external program), alternating in one run, in private namespaces.

The gate judges by what libvirtd really stores: a define changes that, so the next is
judged by something new.  libvirtd writes each definition through to the disk, where a
host has /etc/libvirt; what that takes is left out where it is in memory.  Each way defines
some guests in a row, as who has many to define does.

usage: define.py GATE MKTREE TEST-LIBVIRTD
"""

import importlib.util
import itertools
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(sys.argv[3]))

UUID = "62177883-f1bb-47f0-914d-32a22e3a880"
# a device for the guest of each way
HOST = f"""ap-bus cards=05:13:4,06:13:2 udoms=4,47,ab,ff apmask=-5,-6
cpuinfo
device {UUID}0 adapters=5 domains=4 control=4
device {UUID}1 adapters=5 domains=47,ab control=ab
device {UUID}2 adapters=6 domains=4,ab control=4
"""
GUEST = """<domain type='qemu'><name>{name}</name><description>{round:06}</description>
  <uuid>{uuid}</uuid><memory>65536</memory>
  <os><type arch='s390x' machine='s390-ccw-virtio'>hvm</type></os>{cpu}
  <devices><emulator>/usr/bin/qemu-system-s390x</emulator>{devices}</devices></domain>"""
CRYPTO = """<hostdev mode='subsystem' type='mdev' model='vfio-ap'><source>
  <address uuid='{uuid}'/></source></hostdev>"""
# what Nova's libvirt driver writes of an instance with a disk and a port
INSTANCE = """<metadata><nova:instance xmlns:nova='http://openstack.org/xmlns/libvirt/nova/1.1'>
  <nova:package version='31.0.0'/><nova:name>crypto</nova:name>
  <nova:creationTime>2026-03-01 10:00:00</nova:creationTime>
  <nova:flavor name='crypto'><nova:memory>2048</nova:memory><nova:disk>20</nova:disk>
  <nova:vcpus>2</nova:vcpus></nova:flavor>
  <nova:owner><nova:user uuid='a1b2'>admin</nova:user></nova:owner>
  <nova:ports><nova:port uuid='c3d4'><nova:ip type='fixed' address='192.0.2.7'/>
  </nova:port></nova:ports></nova:instance></metadata>
  <vcpu>2</vcpu><clock offset='utc'/>{processor}"""
INSTANCE_DEVICES = """<disk type='file' device='disk'>
    <driver name='qemu' type='qcow2' cache='none'/>
    <source file='/var/lib/nova/instances/{uuid}/disk'/>
    <target dev='vda' bus='virtio'/></disk>
  <interface type='bridge'><mac address='fa:16:3e:01:02:03'/><source bridge='br-int'/>
    <virtualport type='openvswitch'><parameters interfaceid='{uuid}'/></virtualport>
    <model type='virtio'/><mtu size='1450'/><target dev='tap0'/></interface>
  <console type='pty'><log file='/var/lib/nova/instances/{uuid}/console.log' append='off'/>
    <target type='sclp' port='0'/></console>
  <memballoon model='virtio'><stats period='10'/></memballoon>
  <rng model='virtio'><backend model='random'>/dev/urandom</backend></rng>"""
ROUNDS = 100
IN_A_ROW = 10
FRESH_ROUNDS = 5
OTHER_GUESTS = 100


def cpu(*features):
    named = "".join(f"<feature policy='require' name='{name}'/>" for name in features)
    return f"<cpu mode='custom'><model>gen15a</model>{named}</cpu>"


CASES = {
    "without crypto": ("", ""),
    "with crypto": (cpu("ap", "apqci", "apft"), CRYPTO),
    "with crypto and apxa": (cpu("ap", "apqci", "apft", "apxa"), CRYPTO),
    "with crypto, a Nova instance": (
        INSTANCE.format(processor=cpu("ap", "apqci", "apft")), INSTANCE_DEVICES + CRYPTO),
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


def document(name, uuid, case, number):
    """no two of a guest's are the same"""
    processor, devices = CASES[case]
    return GUEST.format(name=name, uuid=uuid, cpu=processor,
                        devices=devices.format(uuid=uuid), round=number)


def measure_case(libvirt, uris, stay, case):
    """on connections that stay, then on one made for the define"""
    ways = range(len(uris))
    numbers = itertools.count()

    def define(connection, i):
        connection.defineXMLFlags(document(f"g{i}", f"{UUID}{i}", case, next(numbers)))

    def fresh(i):
        connection = libvirt.open(uris[i])
        define(connection, i)
        connection.close()

    for i in ways:
        define(stay[i], i)
    for kind, rounds, once in (("", ROUNDS, lambda i: define(stay[i], i)),
                               (", new connection", FRESH_ROUNDS, fresh)):
        times = [[] for _ in ways]
        for _ in range(rounds):
            for i in ways:
                times[i] += [timed(lambda i=i: once(i)) for _ in range(IN_A_ROW)]
        print_row(case + kind, times)
    for i in ways:
        stay[0].lookupByName(f"g{i}").undefine()


def define_others(connection):
    for i in range(OTHER_GUESTS):
        connection.defineXMLFlags(document(
            f"other{i}", f"00000000-0000-4000-8000-{i:012}", "without crypto", 0))


def undefine_others(connection):
    for i in range(OTHER_GUESTS):
        connection.lookupByName(f"other{i}").undefine()


def measure(libvirt, uris):
    stay = [libvirt.open(uri) for uri in uris]
    for case in CASES:
        measure_case(libvirt, uris, stay, case)
    print(f"with {OTHER_GUESTS} other guests:")
    define_others(stay[0])
    measure_case(libvirt, uris, stay, "with crypto")
    undefine_others(stay[0])
    for connection in stay:
        connection.close()


def show_definitions(root):
    """what libvirtd has stored, where the gate looks for it"""
    for place in ("/etc/libvirt", "/run/libvirt"):
        os.makedirs(place, exist_ok=True)
        os.makedirs(root + place, exist_ok=True)
        subprocess.run(["mount", "--bind", place, root + place], check=True)


def start_journal(root):
    """what stands where a host's journal takes the gate's records"""
    place = f"{root}/run/systemd/journal"
    os.makedirs(place)
    journal = subprocess.Popen(["socat", "-u", f"UNIX-RECV:{place}/socket",
                                "OPEN:/dev/null"])
    while not os.path.exists(f"{place}/socket"):
        time.sleep(0.01)
    return journal


def kind_of(path):
    return subprocess.run(["stat", "-f", "-c", "%T", path], capture_output=True, text=True,
                          check=True).stdout.strip()


def measure_stored(libvirt, test, uris, root, place):
    """with the definitions in @place"""
    shutil.copytree("/etc/libvirt", place, dirs_exist_ok=True)
    subprocess.run(["mount", "--bind", place, "/etc/libvirt"], check=True)
    show_definitions(root)
    print(f"definitions in a file system of the kind {kind_of(place)}:")
    daemon = test.start_daemon(test.SOCKET)
    try:
        measure(libvirt, uris)
    finally:
        daemon.kill()
        daemon.wait()
        os.remove(test.SOCKET)
        for path in (root + "/etc/libvirt", root + "/run/libvirt", "/etc/libvirt"):
            subprocess.run(["umount", "-l", path], check=True)


def inside(gate, mktree, test):
    import libvirt

    with tempfile.TemporaryDirectory() as work:
        test.WORK = work
        test.setup()
        with open(f"{work}/host", "w") as file:
            file.write(HOST)
        root = f"{work}/root"
        os.mkdir(root)
        subprocess.run([mktree, f"{work}/host", root], check=True)
        for name, command in (("gate", f"{gate} --root {root}"),
                              ("socat", f"socat STDIO UNIX-CONNECT:{test.SOCKET}")):
            with open(f"{work}/{name}", "w") as file:
                file.write(f"#!/bin/sh\nexec {command}\n")
            os.chmod(f"{work}/{name}", 0o755)
        uris = [test.DIRECT, f"qemu+ext:///system?command={work}/socat",
                f"qemu+ext:///system?command={work}/gate"]
        journal = start_journal(root)
        # the build tree is on a disk; /run is in memory
        for directory in (test.BUILD, "/run"):
            with tempfile.TemporaryDirectory(dir=directory) as place:
                measure_stored(libvirt, test, uris, root, place)
        journal.kill()
        journal.wait()
    return 0


if __name__ == "__main__":
    spec = importlib.util.spec_from_file_location("libvirtd", sys.argv[3])
    test = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(test)
    if sys.argv[-1] != "inside":
        sys.exit(test.in_namespaces())
    sys.exit(inside(os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2]), test))
