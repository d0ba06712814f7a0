#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""virt-ap check-move: keys from documents, and a target that is asked over ssh.

In the place of ssh is a script that writes down its arguments and runs the command here,
as the described host move-to."""
import json
import os
import shlex

from cli import Scratch, Tap

GOOD, REFUSED, UNJUDGED = 0, 1, 2
SSH = """#!/bin/sh
printf '%s\\n' "$@" > {dir}/ssh-arguments
for command; do :; done
{fault}
VIRT_AP_ROOT={root} exec sh -c "$command"
"""


class Other:
    """A host that ssh reaches."""

    def __init__(self, scratch):
        self.scratch = scratch
        self.bin = os.path.join(scratch.dir, "bin")
        os.makedirs(self.bin)
        os.symlink(os.path.abspath(os.environ["VIRT_AP"]), f"{self.bin}/virt-ap")
        self.env = {"PATH": f"{self.bin}:{os.environ['PATH']}"}

    def behave(self, fault=""):
        root = os.path.join(self.scratch.dir, "move-to")
        with open(f"{self.bin}/ssh", "w", encoding="utf-8") as file:
            file.write(SSH.format(dir=self.scratch.dir, root=root, fault=fault))
        os.chmod(f"{self.bin}/ssh", 0o755)

    def arguments(self):
        with open(f"{self.scratch.dir}/ssh-arguments", encoding="utf-8") as file:
            return file.read().splitlines()

    def check(self, *more, to="qemu+ssh://z2/system"):
        return self.scratch.run("check-move", "web1", "--to", to, *more, host="move-from",
                                env=self.env)


def documents(scratch):
    for host in ("move-guest", "move-before"):
        made = scratch.run("export", "--mkvps", "-o", f"{host}.json", host=host)
        assert made.status == GOOD, made
    return ["--keys", "move-guest.json", "--target-keys", "move-before.json"]


def ids(result):
    return [(finding["id"], finding["severity"], finding["subject"])
            for finding in json.loads(result.out)["findings"]]


def keys(tap, scratch, other):
    known = documents(scratch)
    result = other.check("--json", *known, to="../move-to")
    matrix = json.loads(result.out)["matrix"]
    tap.ok("with documents of the keys it finds where they are", result.status == GOOD and
           matrix["adapters"] == [6] and matrix["domains"] == [4, 0xab] and
           matrix["control_domains"] == [0xab], result)
    tap.ok("… and warns of each number that changes", ids(result) == [
        ("move-renumbered", "warning", "05"), ("move-renumbered", "warning", "0047"),
        ("move-gap", "note", "web1")], result)
    result = other.check("--keep-domains", *known, to="../move-to")
    tap.ok("with --keep-domains there is none", result.status == REFUSED and
           "error[move-key-differs]" in result.out, result)
    result = other.check(to="../move-to")
    tap.ok("without documents nothing is known", result.status == REFUSED and
           "error[move-key-unknown]" in result.out and "--assume-keys" in result.out, result)
    result = other.check("--assume-keys", to="../move-to")
    tap.ok("--assume-keys goes on, with a warning and the same numbers",
           result.status == GOOD and "warning[move-key-unknown]" in result.out and
           "gets adapters 05, domains 0004, 0047" in result.out, result)
    result = other.check("--assume-keys", *known[2:], "--keys", "move-guest.json",
                         "--keep-domains", to="../move-to")
    tap.ok("but not with keys that differ", result.status == REFUSED, result)


def over_ssh(tap, scratch, other):
    direct = other.check("--assume-keys", to="../move-to")
    other.behave()
    result = other.check("--assume-keys")
    tap.ok("over ssh it judges as beside it",
           (result.status, result.out) == (GOOD, direct.out), result)
    tap.ok("ssh asks for no password, and runs virt-ap there", other.arguments() == [
        "-oBatchMode=yes", "--", "z2", "virt-ap export --mkvps"], other.arguments())
    result = other.check("--assume-keys", to="qemu+ssh://admin@z2.example:2222/system")
    tap.ok("user and port are handed on", result.status == GOOD and other.arguments() == [
        "-oBatchMode=yes", "-p2222", "-l", "admin", "--", "z2.example",
        "virt-ap export --mkvps"], other.arguments())
    for what, fault, said in (
            ("a host that refuses", "echo 'Permission denied' >&2; exit 255",
             "Permission denied"),
            ("one without virt-ap", "command='no-such-program export'", "not found"),
            ("one that prints something else", "echo '<html>'; exit 0", "z2")):
        other.behave(fault)
        result = other.check()
        tap.ok(f"{what} is no refusal", result.status == UNJUDGED and said in result.err and
               result.out == "", result)
    for uri in ("qemu+ssh:///system", "qemu+ssh://-oProxyCommand=true/system",
                "qemu+ssh://-l@z2/system"):
        other.behave()
        os.remove(f"{scratch.dir}/ssh-arguments")
        result = other.check(to=uri)
        ran = os.path.exists(f"{scratch.dir}/ssh-arguments")
        tap.ok(f"{shlex.quote(uri)} is an error", result.status == UNJUDGED and
               not ran and uri in result.err, result)
        with open(f"{scratch.dir}/ssh-arguments", "w", encoding="utf-8"):
            pass


def main():
    tap = Tap()
    with Scratch() as scratch:
        other = Other(scratch)
        scratch.host("move-to")
        keys(tap, scratch, other)
        over_ssh(tap, scratch, other)
    tap.done()


main()
