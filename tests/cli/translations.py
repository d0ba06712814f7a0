#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every file with a text in _() is in POTFILES, and no other; every text can be
translated; each translation is sound and reaches the user, but no program that reads
the output."""
import os
import re
import shutil
import subprocess
import tempfile

from cli import TOPDIR, Scratch, Tap

# a macro within or after a text: only what stands before it would be extracted
CUT = re.compile(r'\b(?:_|N_) ?\(\s*(?:"(?:[^"\\]|\\.)*"\s*)+[A-Z]\w*')
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


def extract(tap, listed, directory):
    """Writes the template; its path, None when there is none."""
    if shutil.which("xgettext") is None:
        tap.skip("xgettext takes every text", "xgettext is not there")
        return None
    template = os.path.join(directory, "virt-ap.pot")
    done = subprocess.run(["xgettext", "--from-code=UTF-8", "--keyword=_", "--keyword=N_",
                           "--keyword=ngettext:1,2", "--output=" + template, *listed],
                          cwd=TOPDIR, capture_output=True, text=True, check=False)
    tap.ok("xgettext takes every text", done.returncode == 0 and not done.stderr,
           done.stderr + "a macro such as G_GSIZE_FORMAT ends a text before its end")
    cut = []
    for name in listed:
        with open(os.path.join(TOPDIR, name), encoding="utf-8") as file:
            cut += [f"{name}: {text}" for text in CUT.findall(file.read())]
    tap.ok("no text is cut off at a macro", not cut, cut)
    return template


def compile_language(tap, language, template, directory):
    """What is not translated yet is counted, and no failure; what is wrong is one."""
    merged = os.path.join(directory, language + ".po")
    compiled = os.path.join(directory, "po", language, "LC_MESSAGES")
    os.makedirs(compiled)
    subprocess.run(["msgmerge", "--quiet", "--no-fuzzy-matching", "--output-file=" + merged,
                    os.path.join(TOPDIR, "po", language + ".po"), template], check=True)
    done = subprocess.run(["msgfmt", "--check", "--statistics",
                           "--output-file=" + os.path.join(compiled, "virt-ap.mo"), merged],
                          capture_output=True, text=True, check=False,
                          env={**os.environ, "LC_ALL": "C"})
    said = done.stderr.strip().splitlines()
    tap.ok(f"po/{language}.po: {said[-1] if said else ''}", done.returncode == 0, done.stderr)


def check_german(tap, directory):
    german = {"LANGUAGE": "de", "VIRT_AP_BUILDDIR": directory}
    with Scratch() as scratch:
        def run(*arguments, **how):
            return scratch.run(*arguments, host="z16-small", **how)

        result = run("check", "device-taken.xml", env=german)
        tap.ok("a finding is German, its id and its command are not", result.status == 1
               and "error[queue-in-use]: Queue 05.0047, die erste von 2, gehört zu Gerät "
               in result.out and "virsh nodedev-destroy mdev_" in result.out, result)
        result = run("check", "cut.xml", env=german)
        tap.ok("an error is German", result.status == 2
               and "cut.xml kann nicht beurteilt werden: XML Zeile " in result.err, result)
        result = run("status", env=german)
        tap.ok("a table is German", "Steuerungsdomänen" in result.out, result)
        for arguments in (["check", "device-taken.xml"], ["status"], ["caps", "--qemu", "./qemu"],
                          ["explain", "--list"]):
            same = (run(*arguments, "--json").raw, run(*arguments, "--json", env=german).raw)
            tap.ok(f"{arguments[0]} --json is the same in German", same[0] == same[1] != b"",
                   same)


def main():
    tap = Tap()
    listed = lines_of("POTFILES")
    found = sorted(files_with_texts())
    tap.ok("POTFILES is sorted, without a file twice", listed == sorted(set(listed)))
    missing, idle = set(found) - set(listed), set(listed) - set(found)
    tap.ok("every file with texts is in POTFILES", found and not missing, sorted(missing))
    tap.ok("every file in POTFILES has texts", not idle, sorted(idle))
    languages = lines_of("LINGUAS")
    files = [name[:-3] for name in os.listdir(os.path.join(TOPDIR, "po"))
             if name.endswith(".po")]
    tap.ok("LINGUAS has every translation", sorted(languages) == sorted(files), files)
    with tempfile.TemporaryDirectory() as directory:
        template = extract(tap, [name for name in listed
                                 if os.path.exists(os.path.join(TOPDIR, name))], directory)
        if template is None or shutil.which("msgfmt") is None:
            tap.skip("the translations", "gettext is not there")
        else:
            for language in sorted(languages):
                compile_language(tap, language, template, directory)
            check_german(tap, directory)
    tap.done()


main()
