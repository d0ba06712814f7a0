#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Counts the test points of one or more build directories after meson test.

Prints each failed and each skipped point with its reason, then one line
"N passed, N failed, N skipped".  A test program that died, hung or exited with
an error though its points passed counts as one more failure, and so does a
directory in which no test ran; one that could not be made on this machine has a
file "skipped" with the reason, and counts as one skipped point.  Exits 1 when one
failed or nothing ran.
"""
import json
import os
import re
import sys
import xml.etree.ElementTree as ElementTree


def points(build):
    """Yields (program, name, outcome, reason) for each test point."""
    path = os.path.join(build, "meson-logs", "testlog.junit.xml")
    with open(path, encoding="utf-8", errors="replace") as log:
        # meson copies what a test printed, also characters that XML does not allow
        text = re.sub(r"[^\t\n\r -\ud7ff\ue000-\ufffd]", "?", log.read())
    for suite in ElementTree.fromstring(text.encode()).iter("testsuite"):
        for case in suite.iter("testcase"):
            for outcome in ("failure", "error", "skipped"):
                found = case.find(outcome)
                if found is not None:
                    reason = found.get("message") or (found.text or "").strip()
                    break
            else:
                outcome, reason = "passed", ""
            program = suite.get("name").split(" / ")[-1].split(".")[-1]
            yield program, case.get("name"), outcome, reason


def programs(build):
    """Yields (program, result) for each test program, as meson judged it."""
    with open(os.path.join(build, "meson-logs", "testlog.json"), encoding="utf-8") as log:
        for line in log:
            entry = json.loads(line)
            yield entry["name"].split(" / ")[-1], entry["result"]


def main(builds):
    counts = {"passed": 0, "failed": 0, "skipped": 0}

    def count(kind, program, name, reason):
        counts[kind] += 1
        if kind != "passed":
            print(f"{kind.upper()}: {program}: {name}{': ' + reason if reason else ''}")

    for build in builds:
        name = os.path.basename(os.path.normpath(build))
        if os.path.exists(reason := os.path.join(build, "skipped")):
            with open(reason, encoding="utf-8") as file:
                count("skipped", name, "all its tests", file.read().strip())
            continue
        if not os.path.exists(os.path.join(build, "meson-logs", "testlog.json")):
            count("failed", name, "all its tests", "no test ran")
            continue
        failed = set()
        for program, name, outcome, reason in points(build):
            kind = outcome if outcome in ("passed", "skipped") else "failed"
            count(kind, program, name, reason)
            if kind == "failed":
                failed.add(program)
        for program, result in programs(build):
            if result not in ("OK", "SKIP") and program not in failed:
                count("failed", program, "the program itself", result)

    print("{passed} passed, {failed} failed, {skipped} skipped".format(**counts))
    return 1 if counts["failed"] or not counts["passed"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
