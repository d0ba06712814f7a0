#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the command line owes its user whatever the command: exit status, width,
colours, wrong usage, input without end, output that cannot be written."""
import os
import pty
import re
import shutil
import signal
import socket
import subprocess
import time

from cli import SRCDIR, Scratch, Tap

COMMANDS = [
    "caps",
    "check",
    "check-move",
    "drift",
    "explain",
    "fleet",
    "export",
    "guest-view",
    "import",
    "log",
    "metrics",
    "monitor",
    "move",
    "plot",
    "qemu-flags",
    "setup",
    "status",
]
GOOD, REFUSED, UNJUDGED = 0, 1, 2


def exit_statuses(tap, scratch):
    """Refused and could-not-judge are never confused; the worst counts."""
    cases = [
        (GOOD, "check", "device-free.xml"),
        (REFUSED, "check", "device-taken.xml"),
        (UNJUDGED, "check", "cut.xml"),
        (REFUSED, "check", "device-taken.xml", "device-free.xml"),
        (UNJUDGED, "check", "cut.xml", "device-taken.xml"),
        (UNJUDGED, "check", "device-taken.xml", "cut.xml"),
        (UNJUDGED, "check", "--json", "device-taken.xml", "cut.xml"),
        (UNJUDGED, "check", "/"),
        (GOOD, "check-move", "db2", "--to", "../z16-small", "--assume-keys"),
        (REFUSED, "check-move", "db2", "--to", "../z16-small"),
        (REFUSED, "check-move", "web1", "--to", "../z16-small"),
        (UNJUDGED, "check-move", "web1", "--to", "./no-such-file"),
        (UNJUDGED, "check-move", "web1", "--to", "test:///default"),
        (UNJUDGED, "check-move", "no-such-guest", "--to", "../z16-small"),
        (UNJUDGED, "check-move", "web1"),
        (GOOD, "move", "db2", "--to", "qemu+tcp://z2/system", "--target", "../z16-small",
         "--assume-keys", "--dry-run", "-c", "qemu:///system"),
        (REFUSED, "move", "web1", "--to", "qemu+tcp://z2/system", "--target",
         "../z16-small", "--dry-run", "-c", "qemu:///system"),
        (UNJUDGED, "move", "db2", "--to", "qemu+tcp://z2/system", "--target",
         "../z16-small", "--assume-keys", "-c", "qemu:///system"),
        (UNJUDGED, "move", "db2", "--to", "qemu+tcp://z2/system", "--target",
         "./no-such-file", "--dry-run", "-c", "qemu:///system"),
        (UNJUDGED, "move", "db2", "--to", "qemu+tcp://z2/system", "--dry-run"),
        (UNJUDGED, "move", "db2", "--to", "qemu+tcp://z2/system", "--target",
         "../z16-small", "--dry-run", "-c", "qemu+tcp://z1/system"),
        (UNJUDGED, "move", "no-such-guest", "--to", "qemu+tcp://z2/system", "--target",
         "../z16-small", "--dry-run", "-c", "qemu:///system"),
        (GOOD, "status"),
        (GOOD, "--root", "../z16-small", "status"),
        (GOOD, "caps", "--qemu", "./qemu"),
        (GOOD, "caps", "--connect", "test:///default"),
        (UNJUDGED, "caps", "--connect", "nonsense"),
        (UNJUDGED, "caps", "--connect", "qemu+unix:///system?socket=/nonexistent/socket"),
        (GOOD, "guest-view", "web1"),
        (GOOD, "guest-view", "11111111-2222-4333-8444-555555555502"),
        (GOOD, "guest-view", "guest-bad.xml"),
        (UNJUDGED, "guest-view", "no-such-guest"),
        (UNJUDGED, "guest-view", "device-free.xml"),
        (UNJUDGED, "guest-view", "./no-such-file"),
        (GOOD, "qemu-flags", "--qemu", "./qemu", "web1"),
        (REFUSED, "qemu-flags", "--qemu", "./qemu", "guest-appv.xml"),
        (UNJUDGED, "qemu-flags", "--qemu", "./no-such-qemu", "web1"),
        (UNJUDGED, "qemu-flags", "--qemu", "./qemu", "no-such-guest"),
        (GOOD, "explain", "--list"),
        (GOOD, "export"),
        (REFUSED, "drift"),
        (GOOD, "metrics"),
        (UNJUDGED, "plot", "-o", "/nonexistent/host.svg"),
        (UNJUDGED, "metrics", "-o", "/nonexistent/virt-ap.prom"),
        (UNJUDGED, "export", "--qemu", "./no-such-qemu"),
        (UNJUDGED, "export", "-o", "/nonexistent/host.json"),
        (GOOD, "import", "saved.host", "--dry-run", "--connect", "none"),
        (UNJUDGED, "import", "saved.host", "--connect", "none"),
        (UNJUDGED, "import", "device-free.json", "--dry-run"),
        (UNJUDGED, "--root", "device-free.json", "status"),
        (GOOD, "log"),
        (GOOD, "log", "--since", "2h"),
        (GOOD, "log", "--since", "2026-11-24 08:00"),
        (UNJUDGED, "log", "--since", "soon"),
        (UNJUDGED, "log", "--since", "2h30"),
        (UNJUDGED, "log", "--door", "window"),
        (UNJUDGED, "log", "--verdict", "maybe"),
        (UNJUDGED, "log", "web1"),
        (REFUSED, "setup"),
        (UNJUDGED, "setup", "--enable"),
        (GOOD, "setup", "--disable"),
        (UNJUDGED, "setup", "--enable", "--status"),
        (UNJUDGED, "setup", "--doors", "here"),
        (GOOD, "--version"),
    ]
    for expected, *arguments in cases:
        result = scratch.run(*arguments, host="z16-small")
        tap.ok(f"exit {expected}: {' '.join(arguments)}", result.status == expected, result)


def usage_errors(tap, scratch):
    wrong = [[], ["nonsense"], ["--nonsense"], ["check"], ["status", "too", "much"],
             ["caps", "much"], ["export", "much"], ["plot"], ["plot", "-o", "x.gif"], ["monitor", "much"], ["import"], ["import", "a", "b"],
             ["move"], ["move", "web1"], ["move", "web1", "db2", "--to", "x"],
             ["move", "web1", "--to", "qemu+tcp://z2/system"],
             ["move", "web1", "--to", "qemu+ssh://z2/system", "--timeout", "-1"],
             ["fleet"], ["fleet", "--timeout", "0", "../z16-small"],
             ["explain"], ["explain", "a", "b"],
             ["explain", "--list", "queue-in-use"], ["--root"], ["status", "--root"],
             ["caps", "--qemu"], ["caps", "--connect"], ["caps", "--timeout", "-1"],
             ["caps", "--timeout", "soon"], ["guest-view"], ["qemu-flags"],
             ["guest-view", "a", "b"], ["qemu-flags", "a", "b"],
             ["guest-view", "web1", "--pqap", "nonsense"],
             ["guest-view", "web1", "--pqap", "3,05.0047,what"],
             ["qemu-flags", "web1", "--qemu", "./qemu", "--syntax", "new"]]
    wrong += [[command, "--nonsense"] for command in COMMANDS]
    wrong += [[command, "--color", "pink"] for command in COMMANDS]
    for arguments in wrong:
        result = scratch.run(*arguments, host="z16-small")
        good = (result.status == UNJUDGED and result.out == ""
                and "--help' tells" in result.err)
        tap.ok(f"wrong usage: virt-ap {' '.join(arguments)}", good, result)


def unreadable_host(tap, scratch):
    for arguments in (["status"], ["caps"], ["export"], ["drift"], ["metrics"], ["monitor"],
                      ["check", "device-free.xml"],
                      ["guest-view", "guest-good.xml"], ["qemu-flags", "guest-good.xml"]):
        result = scratch.run(*arguments, host="broken")
        tap.ok(f"{arguments[0]}: a broken mask is no judgement",
               result.status == UNJUDGED and "apmask" in result.err, result)


def roots(tap, scratch):
    own = scratch.run("status", "--root", scratch.host("none"), host="z16-small")
    tap.ok("--root goes before VIRT_AP_ROOT", "AP bus               none" in own.out, own)
    before = scratch.run("--root", scratch.host("none"), "status", host="z16-small")
    tap.ok("--root may stand before the command", before.out == own.out, before)
    later = scratch.run("--root", scratch.host("none"), "status", "--root",
                        scratch.host("z16-large"))
    tap.ok("the later --root counts", "0000-0054" in later.out, later)


def widths(tap, scratch):
    """The picture keeps to the width; a long path or command may not."""
    for host in ("z16-small", "z16-large", "many-devices"):
        for width in (40, 80, 133, 200, 1000):
            result = scratch.run("status", host=host, env={"COLUMNS": str(width)})
            longest = max(len(line) for line in result.out.splitlines())
            limit = max(width, 62)  # of a device with its state
            tap.ok(f"{host} at {width} columns: {longest}", 0 < longest <= limit, result)
    odd = scratch.run("status", host="z16-large", env={"COLUMNS": "many"})
    tap.ok("COLUMNS that is no number: 80",
           max(len(line) for line in odd.out.splitlines()) <= 80, odd)


def picture_agrees(tap, scratch):
    """Every queue is drawn once: marks and counts agree, whatever the width."""
    for width in ("40", "80", "500"):
        result = scratch.run("status", host="z16-large", env={"COLUMNS": width})
        picture = result.out.split("Queues\n")[1].split("the host's")[0]
        rows = re.findall(r"^  [0-9a-f]{2} CEX7. (.*)$", picture, re.M)
        cells = "".join(rows).replace(" ", "")
        tap.ok(f"16 x 85 queues at {width} columns",
               len(cells) == 16 * 85 and cells.count("▪") == 296, f"{len(cells)}\n{result}")


def on_terminal(scratch, env):
    """What `status` prints on a terminal: of a small host, for what is longer
    than the terminal's buffer would have to be read at the same time."""
    parent, child = pty.openpty()
    subprocess.run(["stty", "cols", "100", "rows", "40"], stdin=child, check=True)
    result = scratch.run("status", host="z16-small", stdout=child, env=env)
    os.close(child)
    return result, os.read(parent, 65536).decode()


def colours(tap, scratch):
    def escapes(text):
        return "\033[" in text

    tap.ok("a pipe gets no colours", not escapes(scratch.run("status", host="z16-small").out))
    always = scratch.run("status", "--color=always", host="z16-small", env={"NO_COLOR": "1"})
    tap.ok("--color=always goes before NO_COLOR", escapes(always.out), always)
    always = scratch.run("check", "--color=always", "device-taken.xml", host="z16-small")
    tap.ok("check has colours too", "\033[31merror[queue-in-use]:\033[0m" in always.out, always)
    for name, env, expected in [("TERM=xterm", {"TERM": "xterm"}, True),
                                ("NO_COLOR", {"TERM": "xterm", "NO_COLOR": "1"}, False),
                                ("NO_COLOR empty", {"TERM": "xterm", "NO_COLOR": ""}, True),
                                ("TERM=dumb", {"TERM": "dumb"}, False)]:
        env["COLUMNS"] = ""
        result, text = on_terminal(scratch, env)
        tap.ok(f"a terminal with {name}: {'colours' if expected else 'none'}",
               result.status == GOOD and escapes(text) == expected, text)


def plain_names(tap, scratch):
    """Names cannot reach the terminal as anything but text."""
    card = os.path.join(scratch.dir, "hostile/sys/devices/ap/card05/type")
    tree = scratch.host("z16-small")
    subprocess.run(["cp", "-a", os.path.join(scratch.files, tree),
                    os.path.join(scratch.dir, "hostile")], check=True)
    with open(card, "wb") as file:
        file.write(b"\033]0;x\xff\n")
    for arguments, host in ((["status"], "hostile"), (["status"], "ailing"),
                            (["check", "guest-forging.xml"], "z16-small"),
                            (["guest-view", "guest-forging.xml"], "ailing"),
                            (["check", "a\033[31m\nb.xml"], "z16-small")):
        result = scratch.run(*arguments, env={"VIRT_AP_ROOT": "../" + host},
                             host=None if host == "hostile" else host)
        text = result.out + result.err
        bad = re.findall("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]", text)
        tap.ok(f"{arguments} on {host}: no control characters", text and not bad, result)
        tap.ok(f"{arguments} on {host}: no forged line",
               not re.search("^(error.x|  A forged|b.xml)", text, re.M), result)


def silent_daemon(tap, scratch):
    """A daemon that takes the connection and never answers is left."""
    with socket.socket(socket.AF_UNIX) as listener:
        path = os.path.join(scratch.dir, "socket")
        listener.bind(path)
        listener.listen()
        before = time.monotonic()
        result = scratch.run("caps", "--timeout", "1", "--connect",
                             "qemu+unix:///system?socket=" + path, host="none")
        tap.ok("caps: a daemon that never answers", result.status == UNJUDGED
               and "did not answer within 1 s" in result.err
               and time.monotonic() - before < 20, result)


def hostile_input(tap, scratch):
    big = b"<domain>" + b" " * (5 << 20)
    cases = {
        "nothing": b"",
        "5 MB of XML": big,
        "NUL bytes": b"\0" * 100,
        "not UTF-8": b"<domain type='kvm'><name>\xff\xfe</name></domain>",
        "a comment without end": b"<!-- " * 1000,
        "thousands of declarations": b"<!>" * 10000,
        "deep elements": b"<domain>" + b"<a>" * 100000,
        "a number": b"42",
    }
    for name, text in cases.items():
        result = scratch.run("check", "-", host="z16-small", input=text)
        tap.ok(f"check: {name}", result.status == UNJUDGED and result.out == ""
               and result.err.startswith("virt-ap: cannot judge -: ")
               and result.err.count("\n") == 1, result)
    with open("/dev/zero", "rb") as endless:
        result = scratch.run("check", "-", host="z16-small", stdin=endless)
    tap.ok("check: input without end", result.status == UNJUDGED, result)
    bomb = scratch.run("check", "bomb.xml", host="z16-small")
    tap.ok("check: entities are not resolved", bomb.status == UNJUDGED
           and "aaaaaaaaaa" not in bomb.err and "begins neither" not in bomb.err, bomb)


def output_errors(tap, scratch):
    for arguments in (["status"], ["status", "--json"], ["check", "device-free.xml"],
                      ["check", "--json", "device-free.xml"], ["caps", "--qemu", "./qemu"],
                      ["guest-view", "web1"], ["qemu-flags", "--qemu", "./qemu", "web1"],
                      ["explain", "--list"], ["export"], ["drift"], ["metrics"], ["--help"], ["status", "--help"],
                      ["--version"]):
        with open("/dev/full", "wb") as full:
            result = scratch.run(*arguments, host="z16-small", stdout=full)
        tap.ok(f"a full disk: {' '.join(arguments)}", result.status == UNJUDGED
               and "No space left on device" in result.err, result)


def check_kinds(tap, scratch):
    """Documents are told apart by what they begin with, not by their name."""
    with open(os.path.join(scratch.files, "device-taken.xml"), encoding="utf-8") as file:
        device = file.read()
    for name, text in (("plain", device), ("declared", "<?xml version='1.0'?>\n" + device),
                       ("marked", "\ufeff" + device),
                       ("commented", "<!-- <domain> -->\n\n<!-- > -->" + device)):
        result = scratch.run("check", "-", host="z16-small", input=text.encode())
        tap.ok(f"check -: a node device, {name}", result.status == REFUSED
               and result.out.startswith("error[queue-in-use]: "), result)
    uuid = "62177883-f1bb-47f0-914d-32a22e3a8802"
    with open(os.path.join(scratch.files, uuid), "w", encoding="utf-8") as file:
        file.write('{"mdev_type":"vfio_ap-passthrough","attrs":'
                   '[{"assign_adapter":"5"},{"assign_domain":"0xab"}]}')
    result = scratch.run("check", uuid, host="z16-small")
    tap.ok("an mdevctl definition is the device of its file's name",
           result.status == GOOD, result)


def saved_hosts(tap, scratch):
    """A saved document stands for its host wherever a root may be named."""
    saved = scratch.run("export", "-o", "saved.json", "--qemu", "./qemu", host="z16-small")
    tap.ok("export -o FILE", saved.status == GOOD and saved.out == saved.err == "", saved)
    for arguments in (["status"], ["status", "--json"], ["guest-view", "web1"],
                      ["drift"], ["metrics"],
                      ["check", "device-taken.xml", "guest-inactive.xml"]):
        there = scratch.run(*arguments, host="z16-small")
        here = scratch.run("--root", "saved.json", *arguments)
        tap.ok(f"{' '.join(arguments)} of a saved host",
               (there.status, there.out) == (here.status, here.out), f"{there}\n{here}")
    for arguments in (["caps"], ["qemu-flags", "web1"]):
        there = scratch.run(*arguments, "--qemu", "./qemu", host="z16-small")
        here = scratch.run("--root", "saved.json", *arguments)
        tap.ok(f"{' '.join(arguments)}: a saved host's QEMU is known",
               (there.status, there.out) == (here.status, here.out), f"{there}\n{here}")
    again = scratch.run("--root", "saved.json", "export")
    with open(os.path.join(scratch.files, "saved.json"), encoding="utf-8") as file:
        tap.ok("a saved host is exported as it was", again.out == file.read(), again)
    with open(os.path.join(scratch.files, "saved.json"), "a", encoding="utf-8") as file:
        file.write("{}")
    broken = scratch.run("--root", "saved.json", "status")
    tap.ok("a damaged document is named", broken.status == UNJUDGED
           and "saved.json: JSON line" in broken.err, broken)


def metrics_file(tap, scratch):
    """What Prometheus' own checker takes; a file is whole or as it was."""
    promtool = shutil.which("promtool")
    path = os.path.join(scratch.files, "virt-ap.prom")
    for host in ("none", "z16-small", "z16-large", "ailing", "many-devices"):
        result = scratch.run("metrics", "-o", "virt-ap.prom", host=host)
        tap.ok(f"metrics of {host}", result.status == GOOD and result.out == "", result)
        if promtool is None:
            tap.skip(f"promtool takes the metrics of {host}", "promtool is not there")
            continue
        with open(path, "rb") as file:
            done = subprocess.run([promtool, "check", "metrics"], stdin=file,
                                  capture_output=True, text=True, check=False)
        tap.ok(f"promtool takes the metrics of {host}",
               (done.returncode, done.stdout, done.stderr) == (0, "", ""), done)
    with open(path, encoding="utf-8") as file:
        before = file.read()
    broken = scratch.run("metrics", "-o", "virt-ap.prom", host="broken")
    with open(path, encoding="utf-8") as file:
        tap.ok("metrics: the file stays when the host cannot be read",
               broken.status == UNJUDGED and file.read() == before, broken)
    tap.ok("metrics: no other file is left",
           [name for name in os.listdir(scratch.files) if "prom" in name] == ["virt-ap.prom"])


def pictures(tap, scratch):
    """SVG and PNG by the file's name, of each host; whether they are good is for eyes."""
    if not os.environ.get("DRAW_HOST"):
        tap.skip("pictures", "it was built without cairo")
        return
    for host in ("none", "z16-small", "z16-large", "ailing", "many-devices", "maximum"):
        for kind, start in (("svg", b"<?xml"), ("png", b"\x89PNG\r\n\x1a\n")):
            if (host, kind) == ("maximum", "svg"):
                continue  # 65,536 rectangles are for eyes that ask for them
            name = os.path.join(scratch.files, f"{host}.{kind}")
            result = scratch.run("plot", "-o", name, host=host)
            with open(name, "rb") as file:
                picture = file.read()
            tap.ok(f"plot of {host} as {kind}", result.status == GOOD and result.out == ""
                   and picture.startswith(start) and len(picture) > 2000, result)
            if kind == "png":
                width, height = (int.from_bytes(picture[at:at + 4], "big") for at in (16, 20))
                tap.ok(f"plot of {host}: {width} x {height} pixels",
                       600 < width < 4000 and 200 < height < 4000)
            elif shutil.which("xmllint"):
                done = subprocess.run(["xmllint", "--noout", name], capture_output=True,
                                      text=True, check=False)
                tap.ok(f"plot of {host} is well-formed", done.returncode == 0, done.stderr)
    broken = scratch.run("plot", "-o", "z16-small.png", host="broken")
    with open(os.path.join(scratch.files, "z16-small.png"), "rb") as file:
        tap.ok("plot: the file stays when the host cannot be read",
               broken.status == UNJUDGED and "apmask" in broken.err
               and file.read().startswith(b"\x89PNG"), broken)


def fleets(tap, scratch):
    """Many hosts in one table; one that does not answer is named and not waited for."""
    small, large = scratch.host("z16-small"), scratch.host("z16-large")
    saved = os.path.join(scratch.files, "large.json")
    scratch.run("--root", large, "export", "-o", saved)
    both = scratch.run("fleet", small, saved)
    rows = re.findall(r"^(\S*) +(CEX7.) +(\d+) +(\d+) +(\d+) +(\d+)", both.out, re.M)
    tap.ok("fleet: a directory and a document", both.status == GOOD and rows == [
        ("z16-small", "CEX7A", "1", "0", "3", "0"), ("", "CEX7C", "0", "3", "2", "0"),
        ("", "CEX7P", "0", "1", "2", "1"), ("large", "CEX7A", "148", "0", "192", "0"),
        ("", "CEX7C", "148", "40", "492", "0"), ("", "CEX7P", "0", "40", "300", "0"),
        ("Total", "CEX7A", "149", "0", "195", "0"), ("", "CEX7C", "148", "43", "494", "0"),
        ("", "CEX7P", "0", "41", "302", "1")], f"{rows}\n{both}")
    slow = os.path.join(scratch.files, "slow.list")
    with open(slow, "w", encoding="utf-8") as file:
        file.write("good ../z16-small\n")
        file.writelines(f"slow{number} ! sleep 600\n" for number in range(20))
        file.write(f"mute qemu+unix:///system?socket={scratch.dir}/mute\n"
                   "gone qemu+unix:///system?socket=/nonexistent/socket\n"
                   "garbage ! printf nothing\nnone ../nowhere.json\n")
    before = time.monotonic()
    with socket.socket(socket.AF_UNIX) as mute:
        # a libvirtd that hangs: it takes the connection, and says nothing
        mute.bind(os.path.join(scratch.dir, "mute"))
        mute.listen()
        result = scratch.run("fleet", "--timeout", "2", "slow.list")
    tap.ok("fleet: none of 24 silent hosts is waited for", result.status == UNJUDGED
           and time.monotonic() - before < 30 and "CEX7C" in result.out
           and result.out.count("did not answer") == 24
           and result.err.count("within 2 s") == 21, result)
    tap.ok("fleet: each is named with its reason", all(
        re.search(f"^virt-ap: {name}: .", result.err, re.M)
        for name in ("slow0", "slow19", "mute", "gone", "garbage", "none")), result)
    for name, text in (("two files", "a b c\n"), ("a command alone", "! true\n")):
        with open(slow, "w", encoding="utf-8") as file:
            file.write(text)
        wrong = scratch.run("fleet", "slow.list")
        tap.ok(f"fleet: a list with {name}", wrong.status == UNJUDGED and wrong.out == ""
               and "slow.list line 1" in wrong.err, wrong)


class Following:
    """virt-ap monitor on a host of its own, and what it has printed."""

    def __init__(self, scratch, *arguments):
        self.root = os.path.join(scratch.dir, "followed")
        if not os.path.exists(self.root):
            subprocess.run([os.environ["MKTREE"],
                            os.path.join(SRCDIR, "hosts", "z16-small.tree"), self.root],
                           check=True)
        environment = dict(os.environ, VIRT_AP_ROOT=self.root, LC_ALL="C.UTF-8")
        # pylint: disable-next=consider-using-with
        self.process = subprocess.Popen([os.environ["VIRT_AP"], "monitor", *arguments],
                                        env=environment, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE)
        os.set_blocking(self.process.stdout.fileno(), False)
        self.text = ""

    def prints(self, *texts):
        """whether a line with all of them comes within 20 s"""
        end = time.monotonic() + 20
        while time.monotonic() < end:
            self.text += (self.process.stdout.read() or b"").decode()
            if any(all(text in line for text in texts) for line in self.text.splitlines()):
                return True
            time.sleep(0.02)
        return False

    def ends(self, number):
        """the exit status after a signal"""
        self.process.send_signal(number)
        return self.process.wait(timeout=20)


def following(tap, scratch):
    """monitor: what changes in files is printed, once, as text or as a line of JSON."""
    uuid = "62177883-f1bb-47f0-914d-32a22e3a8809"
    for arguments, started in (([], "watching this host"), (["--json"], '"started"')):
        watch = Following(scratch, *arguments)
        definition = os.path.join(watch.root, "etc/mdevctl.d/matrix", uuid)
        tap.ok(f"monitor {arguments}: it starts", watch.prints(started), watch.text)
        tap.ok("… with what it finds", watch.prints("device-not-stored"), watch.text)
        with open(definition, "w", encoding="utf-8") as file:
            file.write('{"mdev_type":"vfio_ap-passthrough","start":"auto","attrs":'
                       '[{"assign_adapter":"5"},{"assign_domain":"0x47"}]}')
        tap.ok("a definition is printed", watch.prints(uuid, "is defined"), watch.text)
        tap.ok("a finding with it", watch.prints(uuid, "autostart-blocked"), watch.text)
        os.remove(definition)
        tap.ok("it is removed", watch.prints(uuid, "no longer defined"), watch.text)
        tap.ok("each is printed once", len(re.findall(uuid + ' is defined["\n]', watch.text)) == 1,
               watch.text)
        with open(os.path.join(watch.root, "sys/bus/ap/apmask"), "r+", encoding="utf-8") as file:
            before = file.read()
            file.seek(0)
            file.write("nonsense")
        with open(definition, "w", encoding="utf-8"):
            pass
        tap.ok("a host that cannot be read is told", watch.prints("apmask"), watch.text)
        with open(os.path.join(watch.root, "sys/bus/ap/apmask"), "w", encoding="utf-8") as file:
            file.write(before)
        os.remove(definition)
        number = signal.SIGTERM if arguments else signal.SIGINT
        tap.ok(f"{number.name} ends it cleanly", watch.ends(number) == GOOD
               and watch.process.stderr.read() == b"", watch.text)
    closed = Following(scratch)
    closed.prints("watching")
    closed.process.stdout.close()
    with open(definition, "w", encoding="utf-8"):
        pass
    tap.ok("monitor ends when nobody reads", closed.process.wait(timeout=20) != GOOD)


def main():
    tap = Tap()
    with Scratch() as scratch:
        for part in (exit_statuses, usage_errors, unreadable_host, roots, widths,
                     picture_agrees, colours, plain_names, silent_daemon,
                     hostile_input, output_errors, check_kinds, saved_hosts,
                     metrics_file, pictures, fleets, following):
            part(tap, scratch)
    tap.done()


main()
