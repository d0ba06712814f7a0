#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The manual: each page builds without a warning and is installed, and each command
and option that --help shows is in its page."""
import os
import re
import shutil
import subprocess

from cli import TOPDIR, Scratch, Tap

MAN = os.path.join(TOPDIR, "docs", "man")


def build_pages(tap, scratch):
    rst2man = shutil.which("rst2man") or shutil.which("rst2man.py")
    with open(os.path.join(TOPDIR, "docs", "meson.build"), encoding="utf-8") as file:
        listed = file.read()
    pages = sorted(name for name in os.listdir(MAN) if name.endswith(".rst"))
    for page in pages:
        tap.ok(f"{page} is installed", f"'{page[:-4]}'" in listed)
        if rst2man is None:
            tap.skip(f"{page} builds", "rst2man is not there")
            continue
        done = subprocess.run([rst2man, "--halt=warning", os.path.join(MAN, page)],
                              capture_output=True, text=True, check=False)
        tap.ok(f"{page} builds", done.returncode == 0, done.stderr)
    if rst2man is None:
        tap.skip("virt-ap-findings(7) builds", "rst2man is not there")
        return
    text = findings_page(scratch)
    done = subprocess.run([rst2man, "--halt=warning"], input=text,
                          capture_output=True, text=True, check=False)
    tap.ok("virt-ap-findings(7) builds", done.returncode == 0, done.stderr)


def findings_page(scratch):
    parts = []
    for name in ("findings-head.txt", None, "findings-tail.txt"):
        if name is None:
            parts.append(scratch.run("explain", "--rst").out)
        else:
            with open(os.path.join(MAN, name), encoding="utf-8") as file:
                parts.append(file.read())
    return "".join(parts)


def commands_and_options(tap, scratch):
    usage = scratch.run("--help").out
    commands = re.findall(r"^  ([a-z][a-z-]+)  ", usage, re.M)
    tap.ok("--help names the commands", len(commands) >= 6, usage)
    with open(os.path.join(MAN, "virt-ap.1.rst"), encoding="utf-8") as file:
        overview = file.read()
    for option in re.findall(r"(--[a-z]+)", usage):
        tap.ok(f"virt-ap(1) has {option}", option in overview)
    for command in commands:
        tap.ok(f"virt-ap(1) has {command}", f"**{command}**" in overview)
        shown = scratch.run(command, "--help").out
        options = re.findall(r"(--[a-z]+(?:-[a-z]+)*)", shown)
        with open(os.path.join(MAN, f"virt-ap-{command}.1.rst"), encoding="utf-8") as file:
            page = file.read()
        missing = [option for option in options
                   if not re.search(f"^(-[a-z], )?{option}( [A-Z]+)?$", page, re.M)]
        tap.ok(f"virt-ap-{command}(1) has {' '.join(options)}", options and not missing,
               missing)
        invented = set(re.findall(r"^(?:-[a-z], )?(--[a-z]+(?:-[a-z]+)*)(?: [A-Z]+)?$", page, re.M))
        tap.ok(f"virt-ap-{command}(1) invents no option", invented == set(options), invented)


def findings(tap, scratch):
    ids = re.findall(r"^([a-z]+(?:-[a-z]+)*)$", scratch.run("explain", "--list").out, re.M)
    page = findings_page(scratch)
    missing = [name for name in ids if not re.search(f"^{name}\n-+$", page, re.M)]
    tap.ok(f"virt-ap-findings(7) has all {len(ids)} findings", len(ids) > 15 and not missing,
           missing)
    for name in ids:
        result = scratch.run("explain", name)
        tap.ok(f"explain {name}", result.status == 0 and f"[{name}]\n" in result.out, result)


def main():
    tap = Tap()
    with Scratch() as scratch:
        build_pages(tap, scratch)
        commands_and_options(tap, scratch)
        findings(tap, scratch)
    tap.done()


main()
