#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs each transcript in golden/ and compares, byte for byte.

A transcript says what runs ("host", "env", "run", one a line), then what comes:
"exit", standard output, standard error.  A new one needs no code; with
VIRT_AP_UPDATE=1 the second half of each is written anew, to be looked at."""
import difflib
import os
import shlex

from cli import SRCDIR, Scratch, Tap

GOLDEN = os.path.join(SRCDIR, "golden")


def parse(text):
    head = text.split("exit ", 1)[0]
    host, env, arguments = None, {}, []
    for line in head.splitlines():
        key, _, value = line.partition(" ")
        if key == "host":
            host = value
        elif key == "env":
            env.update(word.split("=", 1) for word in shlex.split(value))
        elif key == "run":
            arguments = shlex.split(value)
    return head, host, env, arguments


def main():
    tap = Tap()
    with Scratch() as scratch:
        for name in sorted(os.listdir(GOLDEN)):
            path = os.path.join(GOLDEN, name)
            with open(path, encoding="utf-8") as file:
                expected = file.read()
            head, host, env, arguments = parse(expected)
            result = scratch.run(*arguments, host=host, env=env)
            actual = (f"{head}exit {result.status}\n"
                      f"---- stdout\n{result.out}---- stderr\n{result.err}")
            if os.environ.get("VIRT_AP_UPDATE"):
                with open(path, "w", encoding="utf-8") as file:
                    file.write(actual)
                expected = actual
            difference = difflib.unified_diff(expected.splitlines(), actual.splitlines(),
                                              "expected", "actual", lineterm="")
            tap.ok(name, expected == actual, "\n".join(difference))
    tap.done()


main()
