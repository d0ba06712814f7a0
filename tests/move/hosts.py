# SPDX-License-Identifier: LGPL-2.1-or-later
"""Two simulated hosts with a cable between them, each with its libvirtd, and a guest that
virt-ap move takes from one to the other."""

import functools
import os
import shutil
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
RUN = f"{HERE}/../../run"
BUILD = os.environ["VIRT_AP_BUILDDIR"]
PROGRAMS = ["libvirtd", "virsh", "mdevctl", "qemu-system-s390x", "ip"]

GUEST = "web1"
GUEST_UUID = "a9f1a1e4-0c5e-4b1f-8f43-0f1d6a7f0001"
DEVICE = "62177883-f1bb-47f0-914d-32a22e3a8801"
OTHER = "62177883-f1bb-47f0-914d-32a22e3a8802"
NODE = f"mdev_{DEVICE.replace('-', '_')}_matrix"
MATRIX = ["assign_adapter=5", "assign_adapter=6", "assign_domain=4", "assign_domain=0x47"]
ADDRESSES = {"left": "10.1.1.1", "right": "10.1.1.2"}
# what QEMU has to send: so much that is no zero page
LOAD = (8 << 20) if os.environ.get("VIRT_AP_THOROUGH") else (1 << 20)

GUEST_XML = """<domain type='qemu'>
  <name>{guest}</name>
  <uuid>{guest_uuid}</uuid>
  <memory unit='MiB'>64</memory>
  <vcpu>1</vcpu>
  <os>
    <type arch='s390x' machine='s390-ccw-virtio'>hvm</type>
    <kernel>/run/virt-ap-lab/idle-kernel</kernel>
    <initrd>{load}</initrd>
  </os>
  <cpu mode='custom' match='exact' check='none'>
    <model fallback='forbid'>gen15a-base</model>
    <feature policy='require' name='ap'/>
    <feature policy='require' name='apqci'/>
    <feature policy='require' name='apft'/>
  </cpu>
  <devices>
    <emulator>/usr/bin/qemu-system-s390x</emulator>
    <console type='pty'/>
    {hostdev}
  </devices>
</domain>
"""

HOSTDEV_XML = ("<hostdev mode='subsystem' type='mdev' model='vfio-ap'>"
               "<source><address uuid='{uuid}'/></source></hostdev>")

# The daemons find out within three seconds that the cable is cut.
PREPARE = """
set -e
ip addr add {address}/24 dev cable && ip link set cable up
printf 'listen_tcp = 1\\nlisten_tls = 0\\nauth_tcp = "none"\\n' >>/etc/libvirt/libvirtd.conf
printf 'keepalive_interval = 1\\nkeepalive_count = 2\\n' >>/etc/libvirt/qemu.conf
pid=$(cat /run/libvirtd.pid) && kill $pid
while [ -e /proc/$pid ]; do sleep 0.02; done
echo -5,-6 >/sys/bus/ap/apmask
"""

# all of a host that a move may change
STATE = """
cd /sys/devices/vfio_ap/matrix
guests=$(virsh -c qemu:///system list --all --name) || echo libvirtd does not answer
for guest in $guests; do
  echo "guest $guest is $(virsh -c qemu:///system domstate $guest)"
  virsh -c qemu:///system dumpxml $guest | sed -n "s/.*address uuid='\\(.*\\)'.*/  it has \\1/p"
  virsh -c qemu:///system dumpxml --inactive $guest |
    sed -n "s/.*address uuid='\\(.*\\)'.*/  by its definition \\1/p"
done
for device in *-*; do
  [ ! -e $device/matrix ] || echo "active $device:" $(cat $device/matrix)
done
for file in /etc/mdevctl.d/matrix/*; do
  [ ! -e $file ] || echo "definition ${file##*/}"
done
echo "05.0004 is $(cat /sys/bus/ap/devices/05.0004/status)"
[ ! -e /var/lib/virt-ap/journal ] || echo "there is a journal"
[ ! -e /run/lock/s390apconfig.lock ] || echo "the lock is held"
"""


class Skip(Exception):
    pass


def until(condition, seconds=30):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.02)
    return False


class Hosts:
    def __init__(self, machines=None):
        """@machines: of a side, the machine that it is instead of the lab's own choice"""
        self.machines = machines or {}
        self._check()
        self.place = tempfile.mkdtemp(prefix="virt-ap-move.")
        self.ids = {side: f"{side}-{os.getpid()}" for side in ADDRESSES}
        self.started = []
        self.path = ""  # of programs that stand in for others
        try:
            self._start()
        except BaseException:
            self.stop()
            raise

    @staticmethod
    def _check():
        if os.geteuid() != 0:
            raise Skip("the simulated hosts need root")
        if not os.path.exists("/dev/fuse"):
            raise Skip("the simulated hosts need /dev/fuse")
        for program in PROGRAMS:
            if not (shutil.which(program) or os.path.exists(f"/usr/sbin/{program}")):
                raise Skip(f"{program} is not installed")

    def _start(self):
        for side, name in self.ids.items():
            subprocess.run([RUN, "virt-ap-lab", "--keep", name, "--libvirt", "--machine",
                            self.machines.get(side, "z16")], check=True)
            self.started.append(side)
        self._join()
        with open(f"{self.place}/load", "wb") as file:
            file.write(os.urandom(LOAD))
        for side, address in ADDRESSES.items():
            self.must(side, PREPARE.format(address=address))
            self.start_libvirtd(side)

    def _join(self):
        listed = subprocess.run([RUN, "virt-ap-lab", "list"], stdout=subprocess.PIPE,
                                text=True, check=True).stdout.split("\n")
        pids = {line.split()[0]: line.split()[2] for line in listed if line}
        joined = subprocess.run(
            ["ip", "link", "add", "cable", "netns", pids[self.ids["left"]], "type", "veth",
             "peer", "name", "cable", "netns", pids[self.ids["right"]]],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        if joined.returncode != 0:
            raise Skip(f"no cable between two hosts can be made: {joined.stdout.strip()}")

    def enter(self, side):
        return [RUN, "virt-ap-lab", "enter", self.ids[side], "--"]

    def run(self, side, script, seconds=60):
        """exit status and output of a shell's script"""
        if self.path:
            script = f"PATH={self.path}:$PATH; {script}"
        done = subprocess.run([*self.enter(side), "sh", "-c", script], timeout=seconds,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, check=False)
        return done.returncode, done.stdout

    def must(self, side, script):
        status, output = self.run(side, script)
        if status != 0:
            raise RuntimeError(f"on {side}: {output}")
        return output

    def start_libvirtd(self, side):
        self.must(side, "rm -f /run/libvirtd.pid; libvirtd -d -l")
        if not until(lambda: self.run(side, "virsh -c qemu:///system uri")[0] == 0):
            raise RuntimeError(f"libvirtd on {side} does not start")

    def kill_libvirtd(self, side):
        self.must(side, "pid=$(cat /run/libvirtd.pid); kill -9 $pid;"
                        "while [ -e /proc/$pid ]; do sleep 0.02; done")

    def state(self, side):
        return self.run(side, STATE)[1]

    def write(self, name, text):
        path = f"{self.place}/{name}"
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def make_guest(self):
        """on the left, with its matrix, running"""
        xml = GUEST_XML.format(guest=GUEST, guest_uuid=GUEST_UUID, load=f"{self.place}/load",
                               hostdev=HOSTDEV_XML.format(uuid=DEVICE))
        attributes = "".join("<attr name='{}' value='{}'/>".format(*pair.split("="))
                             for pair in MATRIX)
        device = (f"<device><parent>ap_matrix</parent><capability type='mdev'>"
                  f"<type id='vfio_ap-passthrough'/><uuid>{DEVICE}</uuid>{attributes}"
                  f"</capability></device>")
        self.must("left", f"""set -e; v='virsh -c qemu:///system'
          $v nodedev-define {self.write("device.xml", device)}
          $v nodedev-start {NODE}
          $v define {self.write("guest.xml", xml)}
          $v start {GUEST}""")

    def export(self, side):
        path = f"{self.place}/{side}.json"
        self.must(side, f"rm -f {path}; virt-ap export -o {path}")
        return path

    def command(self, side="left", options="", program="virt-ap"):
        """the command line of the guest's move away from @side"""
        there = "right" if side == "left" else "left"
        return (f"{program} move {GUEST} --to qemu+tcp://{ADDRESSES[there]}/system "
                f"--target {self.place}/{there}.json --migrate-uri tcp://{ADDRESSES[there]} "
                f"--assume-keys {options}")

    def stop(self):
        for side in self.started:
            subprocess.run([RUN, "virt-ap-lab", "stop", self.ids[side]], check=False)
        shutil.rmtree(self.place)


WRAPPER = """#!/bin/sh
n=$(($(cat {place}/count) + 1)); echo $n >{place}/count
for word; do case $word in device*|guest*|drivers) operation=$word; break ;; esac; done
echo "$n {name} $operation" >>{place}/calls
real () {{ LD_LIBRARY_PATH= {build}/tools/virt-ap/{name} "$@"; }}
case $(cat {place}/at) in $n|$operation)
  if mv {place}/action {place}/happens 2>/dev/null; then . {place}/happens; fi
esac
LD_LIBRARY_PATH= exec {build}/tools/virt-ap/{name} "$@"
"""


class Injection:
    """A virt-ap on the left whose talks to libvirt are counted, and something happens at
    one of them: a script of which $PPID is virt-ap"""

    def __init__(self, hosts):
        self.hosts, self.bin = hosts, f"{hosts.place}/bin"
        # what an action may ask for
        self.favours = {f"kill-{side}": functools.partial(hosts.kill_libvirtd, side)
                        for side in ADDRESSES}
        os.makedirs(self.bin, exist_ok=True)
        shutil.copy(f"{BUILD}/tools/virt-ap/virt-ap", self.bin)
        for name in ("move-libvirt", "tell-libvirt"):
            path = hosts.write(f"bin/{name}", WRAPPER.format(place=hosts.place, build=BUILD,
                                                             name=name))
            os.chmod(path, 0o755)

    def calls(self):
        with open(f"{self.hosts.place}/calls", encoding="utf-8") as file:
            return [line.split(" ", 1)[1] for line in file.read().splitlines()]

    def start(self, arguments, at=0, action=""):
        """@arguments: of virt-ap; @at: the number of a call, from 1, or the first of an
        operation"""
        self.hosts.write("calls", "")
        self.hosts.write("count", "0")
        self.hosts.write("at", str(at))
        self.hosts.write("action", action)
        script = f"LD_LIBRARY_PATH={BUILD}/src exec {self.bin}/{arguments}"
        return subprocess.Popen([*self.hosts.enter("left"), "sh", "-c", script],
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, text=True)

    def run(self, arguments, at=0, action="", seconds=200):
        """does the favours that the action asks for"""
        process = self.start(arguments, at, action)
        end = time.monotonic() + seconds
        while process.poll() is None and time.monotonic() < end:
            self._serve()
            time.sleep(0.01)
        if process.poll() is None:
            process.kill()
        output = process.communicate()[0]
        return process.returncode, output

    def ask(self, favour):
        """an action: asks for it and waits until it is done"""
        path = f"{self.hosts.place}/ask-{favour}"
        return f"touch {path}; while [ -e {path} ]; do sleep 0.01; done"

    def _serve(self):
        for favour, do in self.favours.items():
            path = f"{self.hosts.place}/ask-{favour}"
            if os.path.exists(path):
                do()
                os.remove(path)


class Report:
    """Test Anything Protocol"""

    def __init__(self):
        self.count = self.failures = 0

    def point(self, name, problem=None):
        self.count += 1
        self.failures += bool(problem)
        print(f"{'not ' if problem else ''}ok {self.count} - {name}")
        for line in (problem or "").splitlines():
            print(f"# {line}")
        sys.stdout.flush()

    def same(self, name, got, wanted):
        self.point(name, None if got == wanted else f"got:\n{got}\nwanted:\n{wanted}")

    def has(self, name, text, *wanted):
        missing = [part for part in wanted if part not in text]
        self.point(name, f"missing: {missing}\n{text}" if missing else None)

    def finish(self):
        print(f"1..{self.count}")
        sys.exit(1 if self.failures else 0)


def main(scenarios):
    """Calls each of them with hosts on which the guest runs on the left, and the states of
    a host that has it and of one that has not"""
    report = Report()
    try:
        hosts = Hosts()
    except Skip as reason:
        print(f"1..0 # SKIP {reason}")
        return
    try:
        for side in ADDRESSES:
            hosts.export(side)
        hosts.without = hosts.state("right")
        hosts.make_guest()
        hosts.whole = hosts.state("left")
        report.has("the guest runs with its crypto", hosts.whole, f"guest {GUEST} is running",
                   f"it has {DEVICE}", f"by its definition {DEVICE}", f"active {DEVICE}",
                   f"definition {DEVICE}", "05.0004 is in use")
        for scenario in scenarios:
            print(f"# {scenario.__doc__.strip().splitlines()[0]}")
            started = time.monotonic()
            scenario(hosts, report)
            print(f"# {scenario.__name__}: {time.monotonic() - started:.1f} s")
    finally:
        hosts.stop()
    report.finish()
