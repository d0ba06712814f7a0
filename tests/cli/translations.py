#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every file with a text in _() is in POTFILES, and no other; every text can be
translated."""
import os
import re
import shutil
import subprocess
import tempfile

from cli import TOPDIR, Tap

# also with the space that our style puts before the parenthesis
TEXT = re.compile(r'\b(?:_|N_|Q_|C_|NC_|ngettext|dngettext) ?\(\s*"')


def files_with_texts():
    for top in ("src", "tools"):
        for directory, _, names in os.walk(os.path.join(TOPDIR, top)):
            for name in names:
                path = os.path.join(directory, name)
                if not name.endswith((".c", ".h")):
                    continue
                with open(path, encoding="utf-8") as file:
                    if TEXT.search(file.read()):
                        yield os.path.relpath(path, TOPDIR)


def lines_of(name):
    with open(os.path.join(TOPDIR, "po", name), encoding="utf-8") as file:
        return [line.strip() for line in file if line.strip() and line[0] != "#"]


def extract(tap, listed):
    if shutil.which("xgettext") is None:
        tap.skip("xgettext takes every text", "xgettext is not there")
        return
    with tempfile.TemporaryDirectory() as directory:
        done = subprocess.run(["xgettext", "--from-code=UTF-8", "--keyword=_", "--keyword=N_",
                               "--keyword=ngettext:1,2", "--output=" + directory + "/pot",
                               *listed], cwd=TOPDIR, capture_output=True, text=True,
                              check=False)
    tap.ok("xgettext takes every text", done.returncode == 0 and not done.stderr,
           done.stderr + "a macro such as G_GSIZE_FORMAT ends a text before its end")


def main():
    tap = Tap()
    listed = lines_of("POTFILES")
    found = sorted(files_with_texts())
    tap.ok("POTFILES is sorted, without a file twice", listed == sorted(set(listed)))
    missing, idle = set(found) - set(listed), set(listed) - set(found)
    tap.ok("every file with texts is in POTFILES", found and not missing, sorted(missing))
    tap.ok("every file in POTFILES has texts", not idle, sorted(idle))
    extract(tap, [name for name in listed if os.path.exists(os.path.join(TOPDIR, name))])
    languages = lines_of("LINGUAS")
    files = [name[:-3] for name in os.listdir(os.path.join(TOPDIR, "po"))
             if name.endswith(".po")]
    tap.ok("LINGUAS has every translation", sorted(languages) == sorted(files), files)
    tap.done()


main()
