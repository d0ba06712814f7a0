# SPDX-License-Identifier: LGPL-2.1-or-later
"""TAP for the gate's whole-program tests: functions named test_*, run in order."""

import time
import traceback


class Skip(Exception):
    """Raised with the reason why a test cannot be run here."""


def run(tests):
    print(f"1..{len(tests)}", flush=True)
    failed = False
    for number, test in enumerate(tests, 1):
        begin = time.monotonic()
        name = test.__name__.removeprefix("test_").replace("_", "-")
        try:
            test()
            print(f"ok {number} - {name}", flush=True)
            print(f"# {time.monotonic() - begin:.2f} s", flush=True)
        except Skip as reason:
            print(f"ok {number} - {name} # SKIP {reason}", flush=True)
        except Exception:
            failed = True
            for line in traceback.format_exc().splitlines():
                print(f"# {line}")
            print(f"not ok {number} - {name}", flush=True)
    return 1 if failed else 0


def tests_of(module):
    return [thing for name, thing in vars(module).items() if name.startswith("test_")]
