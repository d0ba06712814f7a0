#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""virt-ap setup on plain trees: what --enable puts there --disable takes away, so that
the tree is as it was, byte for byte; and --status says what is the matter."""
import itertools
import json
import os
import random
import shutil
import stat
import subprocess
import sys
import tempfile

VIRT_AP = os.environ["VIRT_AP"]
DOORS = "/usr/libexec/virt-ap"
NEW = "/usr/lib/mdevctl/scripts.d/callouts"
OLD = "/etc/mdevctl.d/scripts.d/callouts"
CONF = "/etc/libvirt/libvirt.conf"
HOOK = "/etc/libvirt/hooks/qemu.d/virt-ap"
PROGRAMS = ("gate", "gate-judge", "callout", "hook")


class Tree:
    """A host with the doors installed; with libvirt and mdevctl as is said."""

    def __init__(self, **files):
        self.root = tempfile.mkdtemp(prefix="virt-ap-setup-")
        for program in PROGRAMS:
            self.write(f"{DOORS}/{program}", "#!/bin/sh\n", 0o755)
        for path, text in files.items():
            self.write(path, text)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.root)

    def path(self, name):
        return self.root + name

    def mkdir(self, *names):
        for name in names:
            os.makedirs(self.path(name), exist_ok=True)

    def write(self, name, text, mode=0o644):
        os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
        with open(self.path(name), "w", newline="") as file:
            file.write(text)
        os.chmod(self.path(name), mode)

    def read(self, name):
        with open(self.path(name), newline="") as file:
            return file.read()

    def snapshot(self):
        """path to kind, mode, owner and content of all there is"""
        found = {}
        for folder, folders, files in os.walk(self.root):
            for name in folders + files:
                path = os.path.join(folder, name)
                status = os.lstat(path)
                content = None
                if stat.S_ISLNK(status.st_mode):
                    content = os.readlink(path)
                elif stat.S_ISREG(status.st_mode):
                    with open(path, "rb") as file:
                        content = file.read()
                found[path[len(self.root):]] = (status.st_mode, status.st_uid,
                                                status.st_gid, content)
        return found

    def setup(self, *options):
        return subprocess.run([VIRT_AP, "setup", "--root", self.root, "--doors", DOORS,
                               *options], capture_output=True, text=True, timeout=60,
                              env={**os.environ, "LC_ALL": "C.UTF-8"}, check=False)

    def states(self):
        shown = json.loads(self.setup("--json").stdout)
        return {part["name"]: part["state"] for part in shown["parts"]}

    def details(self):
        shown = json.loads(self.setup("--json").stdout)
        return {part["name"]: part["detail"] for part in shown["parts"]}


ACTIVE = {name: "active" for name in ("default", "alias", "hook", "callout")}
ABSENT = {name: "absent" for name in ("default", "alias", "hook", "callout")}


def full(conf=None):
    """libvirt and mdevctl 1.3 are there"""
    tree = Tree()
    tree.mkdir("/etc/libvirt", NEW, "/etc/mdevctl.d")
    if conf is not None:
        tree.write(CONF, conf)
    return tree


def check(condition, *told):
    if not condition:
        raise AssertionError(" ".join(str(part) for part in told))


def check_there_and_back(tree):
    before = tree.snapshot()
    first = tree.setup("--enable")
    enabled = tree.snapshot()
    check(first.returncode < 2, first)
    second = tree.setup("--enable")
    check(tree.snapshot() == enabled, "twice is not as once", second)
    away = tree.setup("--disable")
    check(away.returncode == 0, away)
    after = tree.snapshot()
    check(after == before, {key: (before.get(key), after.get(key))
                            for key in before.keys() | after.keys()
                            if before.get(key) != after.get(key)})
    check(tree.setup("--disable").returncode == 0)
    check(tree.snapshot() == before)


def test_everything():
    with full() as tree:
        check(tree.states() == ABSENT, tree.states())
        check(tree.setup().returncode == 1)
        done = tree.setup("--enable")
        check(done.returncode == 0, done)
        check("restart libvirtd" in done.stdout, done.stdout)
        check(tree.states() == ACTIVE, tree.states())
        check(os.readlink(tree.path(HOOK)) == f"{DOORS}/hook")
        check(os.readlink(tree.path(f"{NEW}/00-virt-ap")) == f"{DOORS}/callout")
        check(f'uri_default = "qemu+ext:///system?command={DOORS}/gate"' in tree.read(CONF))
        check("restart libvirtd" not in tree.setup("--enable").stdout)
        check(tree.setup("--disable").returncode == 0)
        check(tree.states() == ABSENT, tree.states())
        check(not os.path.exists(tree.path(CONF)))


def test_there_and_back_over_all_trees():
    confs = [None, "", "# no end", 'uri_default = "qemu:///system"\n',
             "uri_aliases = [\n  \"a=b\",\n]\n", "x = 1; uri_aliases = [ 'ap=b' ]"]
    places = [("/etc/libvirt",), ("/etc/libvirt/hooks",), ("/etc/libvirt/hooks/qemu.d",), ()]
    mdevctls = [(), ("/etc/mdevctl.d",), (OLD,), (NEW, "/etc/mdevctl.d"), (NEW, OLD),
                ("/usr/lib/mdevctl/scripts.d",)]
    states = [(), ("/var/lib/virt-ap",), ("/var/lib",)]
    everything = list(itertools.product(confs, places, mdevctls, states))
    if not os.environ.get("VIRT_AP_THOROUGH"):
        everything = random.Random(1).sample(everything, 20)
    for conf, libvirt, mdevctl, state in everything:
        with Tree() as tree:
            tree.mkdir(*libvirt, *mdevctl, *state)
            if conf is not None and libvirt:
                tree.write(CONF, conf, 0o600)
            check_there_and_back(tree)


def test_what_others_have_stays():
    with full() as tree:
        tree.write("/etc/libvirt/hooks/qemu", "#!/bin/sh\n", 0o755)
        tree.write("/etc/libvirt/hooks/qemu.d/mine", "#!/bin/sh\n", 0o755)
        tree.write(f"{NEW}/ap-check", "#!/bin/sh\n", 0o755)
        tree.write(f"{OLD}/ap-check.sh", "#!/bin/sh\n", 0o755)
        check_there_and_back(tree)
        tree.setup("--enable")
        shown = json.loads(tree.setup("--json").stdout)
        check(shown["others"] == ["/etc/libvirt/hooks/qemu.d/mine", "/etc/libvirt/hooks/qemu",
                                  f"{NEW}/ap-check", f"{OLD}/ap-check.sh"], shown["others"])
        check(tree.states() == ACTIVE)


def test_what_is_in_our_place_stays():
    with full('uri_default = "test:///default"\n') as tree:
        tree.write(HOOK, "#!/bin/sh\n", 0o755)
        tree.mkdir("/usr/lib/mdevctl/scripts.d/callouts")
        os.symlink("/usr/bin/true", tree.path(f"{NEW}/00-virt-ap"))
        check_there_and_back(tree)
        done = tree.setup("--enable")
        check(done.returncode == 1, done)
        check(tree.states() == {"default": "foreign", "alias": "active", "hook": "foreign",
                                "callout": "foreign"}, tree.states())
        details = tree.details()
        check("test:///default" in details["default"], details)
        check("/usr/bin/true" in details["callout"], details)


def test_order_before_ap_check():
    with full() as tree:
        tree.write(f"{NEW}/ap-check", "#!/bin/sh\n", 0o755)
        tree.setup("--enable")
        check(sorted(os.listdir(tree.path(NEW))) == ["00-virt-ap", "ap-check"])
        os.rename(tree.path(f"{NEW}/ap-check"), tree.path(f"{NEW}/00-virt"))
        check(tree.states() == ACTIVE)
        os.rename(tree.path(f"{NEW}/00-virt"), tree.path(f"{NEW}/.ap-check"))
        check(tree.states() == ACTIVE)


def test_newer_mdevctl():
    """the link of an older one moves to where the newer one looks first"""
    with Tree() as tree:
        tree.mkdir("/etc/libvirt", OLD)
        tree.setup("--enable")
        check(os.path.islink(tree.path(f"{OLD}/00-virt-ap")))
        tree.mkdir(NEW)
        check(tree.states()["callout"] == "changed", tree.states())
        check(tree.setup("--enable").returncode == 0)
        check(tree.states() == ACTIVE)
        check(os.listdir(tree.path(OLD)) == [] and os.listdir(tree.path(NEW)))


def test_what_an_update_broke():
    with full() as tree:
        tree.setup("--enable")
        os.unlink(tree.path(f"{DOORS}/hook"))
        os.unlink(tree.path(f"{DOORS}/gate"))
        check(tree.states() == {"default": "broken", "alias": "broken", "hook": "broken",
                                "callout": "active"}, tree.states())
        done = tree.setup("--enable")
        check(done.returncode == 2 and f"{DOORS}/gate" in done.stderr, done)
        check(tree.setup("--disable").returncode == 0)
        check(tree.states() == ABSENT)


def test_another_installation():
    with full() as tree:
        other = "/usr/local/libexec/virt-ap"
        for program in PROGRAMS:
            tree.write(f"{other}/{program}", "#!/bin/sh\n", 0o755)
        subprocess.run([VIRT_AP, "setup", "--root", tree.root, "--doors", other, "--enable"],
                       check=True, capture_output=True)
        check(set(tree.states().values()) == {"changed"}, tree.states())
        check(tree.setup("--enable").returncode == 0)
        check(tree.states() == ACTIVE)


def test_no_doors_nothing_done():
    with full() as tree:
        shutil.rmtree(tree.path(DOORS))
        before = tree.snapshot()
        done = tree.setup("--enable")
        check(done.returncode == 2 and "nothing is put in place" in done.stderr, done)
        check(tree.snapshot() == before)


def test_unreadable_conf_is_left():
    """libvirt would not read it either; the other doors are put in place all the same"""
    with full("uri_default = \n") as tree:
        before = tree.read(CONF)
        done = tree.setup("--enable")
        check(done.returncode == 2 and f"{CONF}:1:" in done.stderr, done)
        check(tree.read(CONF) == before)
        check(tree.states() == {"default": "broken", "alias": "broken", "hook": "active",
                                "callout": "active"}, tree.states())


def test_nothing_installed():
    with Tree() as tree:
        before = tree.snapshot()
        done = tree.setup("--enable")
        check(done.returncode == 0, done)
        check(set(tree.states().values()) == {"not-here"}, tree.states())
        check(tree.snapshot() == before)


def test_links_are_not_followed_below_a_root():
    with full() as tree:
        outside = tempfile.NamedTemporaryFile("w", suffix=".conf")
        os.symlink(outside.name, tree.path(CONF))
        done = tree.setup("--enable")
        check(done.returncode == 2 and "symbolic link" in done.stderr, done)
        check(os.path.getsize(outside.name) == 0)


def test_mode_and_owner():
    with full("# mine\n") as tree:
        os.chmod(tree.path(CONF), 0o640)
        if os.getuid() == 0:
            os.chown(tree.path(CONF), 1, 2)
        status = os.stat(tree.path(CONF))
        tree.setup("--enable")
        now = os.stat(tree.path(CONF))
        check((status.st_mode, status.st_uid, status.st_gid)
              == (now.st_mode, now.st_uid, now.st_gid))


def test_configuration_is_told():
    with full() as tree:
        tree.setup("--enable")
        tree.write("/etc/virt-ap/virt-ap.conf", "[gate]\npolicy=warn\n")
        shown = tree.setup()
        check(shown.returncode == 0 and "configuration: " in shown.stdout, shown)
        tree.write("/etc/virt-ap/virt-ap.conf", "[gate]\npolicy=wrn\n")
        shown = tree.setup()
        check(shown.returncode == 1 and "virt-ap.conf:2: [gate] policy" in shown.stdout, shown)


def test_usage():
    with full() as tree:
        check(tree.setup("--enable", "--disable").returncode == 2)
        done = subprocess.run([VIRT_AP, "setup", "--root", tree.root, "--doors", "a b"],
                              capture_output=True, check=False)
        check(done.returncode == 2)


def main():
    tests = [(name, test) for name, test in globals().items() if name.startswith("test_")]
    failed = 0
    print(f"1..{len(tests)}")
    for number, (name, test) in enumerate(tests, 1):
        try:
            test()
            print(f"ok {number} - {name[5:].replace('_', ' ')}")
        except Exception as error:  # pylint: disable=broad-except
            failed += 1
            print(f"not ok {number} - {name[5:].replace('_', ' ')}")
            print("# " + repr(error)[:3000])
    sys.exit(1 if failed else 0)


main()
