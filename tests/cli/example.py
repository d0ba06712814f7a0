#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The example of virt-ap.conf has every key, is taken by the doors, and changes nothing;
the manual has every key too."""
import os
import re
import subprocess

from cli import TOPDIR, Scratch, Tap

HOOK = os.environ["HOOK"]
DOCS = os.path.join(TOPDIR, "docs")


def read(*path):
    with open(os.path.join(*path), encoding="utf-8") as file:
        return file.read()


def keys_of_source():
    """(group, key) of each row of the table in src/config"""
    source = read(TOPDIR, "src", "config", "settings.c")
    return re.findall(r'^  \{ "([a-z]+)", "([a-z]+)", set_', source, re.M)


def keys_of(text):
    """(group, key) to value, also of what is commented out"""
    group, found = None, {}
    for line in text.splitlines():
        if line.startswith("["):
            group = line.strip("[]")
        elif match := re.match(r"#?([a-z.-]+)=(\S+)$", line):
            found[group, match[1]] = match[2]
    return found


def hook_says(root, text):
    path = os.path.join(root, "etc", "virt-ap")
    os.makedirs(path, exist_ok=True)
    with open(os.path.join(path, "virt-ap.conf"), "w", encoding="utf-8") as file:
        file.write(text)
    done = subprocess.run([HOOK, "--root", root, "web1", "prepare", "begin", "-"],
                          input=b"<domain/>", capture_output=True, check=False,
                          env={**os.environ, "LC_ALL": "C.UTF-8"})
    return done.stderr.decode()


def main():
    tap = Tap()
    example = read(DOCS, "examples", "virt-ap.conf")
    found = keys_of(example)
    table = keys_of_source()
    tap.ok("the table was found", len(table) >= 8, table)
    tap.ok("the example has every key", not (lost := set(table) - set(found)), lost)
    page = read(DOCS, "man", "virt-ap.conf.5.rst")
    for group, key in table:
        part = page.split(f"\n[{group}]\n", 1)[-1].split("\n[", 1)[0]
        tap.ok(f"the manual has [{group}] {key}", re.search(f"^{key}$", part, re.M))
    with Scratch() as scratch:
        root = os.path.join(scratch.dir, "root")
        tap.ok("the example is taken", (said := hook_says(root, example)) == "", said)
        bare = re.sub(r"^#(?=[a-z.-]+=\S+$)", "", example, flags=re.M)
        tap.ok("… also with what is commented out", (said := hook_says(root, bare)) == "", said)
        said = hook_says(root, example + "[gate]\nno-such=1\n")
        tap.ok("… and its reader can refuse", "[gate] no-such:" in said, said)
    tap.done()


main()
