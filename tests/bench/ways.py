#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""One task, done in several ways: the queues of two adapters are taken from the host, a
matrix is made of four of them, stored, started, and given to a guest.  By hand with
mdevctl and echo, with s390-tools (chzdev, its own where tools/s390-tools.sh has put it
into s390-tools/ of the build directory, else a stand-in; ap-check, played by a stand-in),
and with virt-ap.  How many commands it takes, how long, and what is left on the host after each
kind of failure.  Run in the lab with libvirtd; prints the table that
docs/ways-compared.rst has."""
import os
import re
import signal
import subprocess
import sys
import time

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "ways")
UUID = "62177883-f1bb-47f0-914d-32a22e3a8801"
OTHER = "62177883-f1bb-47f0-914d-32a22e3a8802"
LIBVIRT = "qemu+unix:///system"
MATRICES = "/sys/devices/vfio_ap/matrix"
DEFINITIONS = "/etc/mdevctl.d/matrix"
GUESTS = "/etc/libvirt/qemu"
CALLOUT = "/etc/mdevctl.d/scripts.d/callouts/virt-ap"
FULL = "0x" + "f" * 64
WAYS = ["today", "s390-tools", "virt-ap", "plan"]
CHZDEV = os.environ.get("VIRT_AP_BUILDDIR", "") + "/s390-tools/chzdev"
HAS_CHZDEV = os.access(CHZDEV, os.X_OK)
TITLES = {"today": "mdevctl and echo",
          "s390-tools": "s390-tools" if HAS_CHZDEV else "s390-tools (stand-ins)",
          "virt-ap": "virt-ap reserve, create", "plan": "virt-ap plan, apply"}
before_failure = ""
callout_target = os.readlink(CALLOUT) if os.path.islink(CALLOUT) else None


def shell(command, **how):
    return subprocess.run(command, shell=True, text=True, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **how)


def write(path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def read(path):
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except OSError:
        return ""


def reset(way):
    for name in os.listdir(MATRICES):
        if len(name) == 36:
            write(f"{MATRICES}/{name}/remove", "1")
    shell(f"umount {DEFINITIONS} 2>/dev/null; umount {GUESTS} 2>/dev/null; rm -f {DEFINITIONS}/* "
          "/etc/udev/rules.d/41-ap.rules /run/lock/* /var/lib/virt-ap/* /run/virt-ap/undone/*")
    write("/sys/bus/ap/apmask", FULL)
    write("/sys/bus/ap/aqmask", FULL)
    shell(f"virsh -c {LIBVIRT} define /tmp/way-guest.xml")
    if os.path.lexists(CALLOUT):
        os.unlink(CALLOUT)
    targets = {"today": None, "s390-tools": HERE + "/ap-check", "virt-ap": callout_target,
               "plan": callout_target}
    if targets[way]:
        os.symlink(targets[way], CALLOUT)


def masks():
    return read("/sys/bus/ap/apmask") + read("/sys/bus/ap/aqmask")


def left(before):
    """What of the change is there, in words; @before: the masks then."""
    words = []
    if masks() != before:
        words.append("masks")
    if os.path.exists("/etc/udev/rules.d/41-ap.rules"):
        words.append("udev rule")
    attributes = read(f"{DEFINITIONS}/{UUID}").count("assign_")
    if os.path.exists(f"{DEFINITIONS}/{UUID}"):
        words.append("definition" if attributes >= 4 else "half a definition")
    if os.path.exists(f"{MATRICES}/{UUID}"):
        queues = len(read(f"{MATRICES}/{UUID}/matrix").split())
        words.append("device" if queues == 4 else "half a device")
    if UUID in read("/etc/libvirt/qemu/way.xml"):
        words.append("guest")
    return ", ".join(words) or "nothing"


def start(way):
    global before_failure
    before_failure = masks()
    return subprocess.Popen([f"{HERE}/{way}.sh", UUID, "way"],
                            env={**os.environ, "CHZDEV": CHZDEV if HAS_CHZDEV else ""}, stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                            start_new_session=True)


def run(way):
    process = start(way)
    output = process.communicate(timeout=120)[0]
    return process.returncode, output


def after(way, failure):
    """What is left then; virt-ap's next command repairs what a killed one left."""
    failure(way)
    if way in ("virt-ap", "plan"):
        shell("virt-ap repair")
    return left(before_failure)


def success(way):
    began = time.monotonic()
    before = masks()
    status, output = run(way)
    seconds = time.monotonic() - began
    if status != 0 or left(before).count(",") < 3:
        sys.exit(f"{way} failed: {output}")
    return seconds


def queue_in_use(way):
    write("/sys/bus/ap/apmask", "-6")
    shell(f"mdevctl start -u {OTHER} -p matrix --jsonfile /dev/stdin",
          input='{"mdev_type":"vfio_ap-passthrough","start":"manual",'
                '"attrs":[{"assign_adapter":"6"},{"assign_domain":"171"}]}')
    write("/sys/bus/ap/apmask", "+5")
    return run(way)


def wait_for(condition):
    deadline = time.monotonic() + 60
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.0005)


def killed_in_definition(way):
    process = start(way)
    wait_for(lambda: os.path.exists(f"{DEFINITIONS}/{UUID}"))
    os.killpg(process.pid, signal.SIGKILL)
    return process.wait(), ""


def killed_in_start(way):
    process = start(way)
    wait_for(lambda: os.path.exists(f"{MATRICES}/{UUID}"))
    os.killpg(process.pid, signal.SIGKILL)
    return process.wait(), ""


def disk_full(way):
    os.makedirs(DEFINITIONS, exist_ok=True)
    shell(f"mount -t tmpfs -o size=4k none {DEFINITIONS} && head -c 4096 /dev/zero > "
          f"{DEFINITIONS}/.full")
    return run(way)


def no_space_for_guest(way):
    shell(f"cp {GUESTS}/way.xml /tmp/way-kept.xml; mount -t tmpfs -o size=8k none {GUESTS}; "
          f"cp /tmp/way-kept.xml {GUESTS}/way.xml; head -c 8192 /dev/zero > {GUESTS}/.full")
    return run(way)


FAILURES = [("a queue is in another matrix", queue_in_use),
            ("killed while the definition is made", killed_in_definition),
            ("killed while the device is started", killed_in_start),
            ("no space for the definition", disk_full),
            ("libvirt cannot store the guest", no_space_for_guest)]


def commands(way):
    lines = read(f"{HERE}/{way}.sh").splitlines()
    return sum(1 for line in lines
               if re.match(r"(echo|printf|mdevctl|virsh|sed|virt-ap|\"\$chzdev\")", line))


def median(values):
    return sorted(values)[len(values) // 2]


def main():
    os.makedirs(DEFINITIONS, exist_ok=True)
    os.makedirs("/etc/udev/rules.d", exist_ok=True)
    write("/tmp/way-guest.xml", shell(". ./xml.sh; guest_xml way ''",
                                      cwd=os.path.join(HERE, "../../integration")).stdout)
    rows = [("commands", [str(commands(way)) for way in WAYS])]
    times = []
    for way in WAYS:
        seconds = []
        for _ in range(5):
            reset(way)
            seconds.append(success(way))
        times.append(f"{median(seconds):.2f} s")
    rows.append(("time, median of 5", times))
    for title, failure in FAILURES:
        cells = []
        for way in WAYS:
            reset(way)
            cells.append(after(way, failure))
        rows.append(("left after: " + title, cells))
    widths = [max(len(cell) for cell in column) for column in
              zip(["", *(TITLES[way] for way in WAYS)], *([name, *cells] for name, cells in rows))]
    rule = "  ".join("=" * width for width in widths)
    print(rule)
    for name, cells in [("", [TITLES[way] for way in WAYS])] + rows:
        print("  ".join(cell.ljust(width) for cell, width in
                        zip([name or "\\", *cells], widths)).rstrip())
        if not name:
            print(rule)
    print(rule)


main()
