#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""terminal.py [ANSWER…] -- COMMAND…: runs a command on a terminal of its own, gives it the
answers, one for each time that it asks (a line that ends with "] " or "? "), and end of
file after the last one; prints what came, and exits as the command did."""
import os
import pty
import re
import select
import signal
import sys
import time

# a test on a busy machine; no answer may hang it
PATIENCE_S = 120


def run(answers, command):
    pid, fd = pty.fork()
    if pid == 0:
        os.execvp(command[0], command)
    seen, since = b"", b""
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        if not select.select([fd], [], [], 0.5)[0]:
            continue
        try:
            part = os.read(fd, 4096)
        except OSError:
            break
        if not part:
            break
        seen += part
        since += part
        if re.search(rb"[\]?] $", since):
            os.write(fd, answers.pop(0).encode() + b"\n" if answers else b"\x04")
            since = b""
    else:
        os.kill(pid, signal.SIGKILL)
    sys.stdout.buffer.write(seen.replace(b"\r\n", b"\n"))
    sys.stdout.flush()
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


separator = sys.argv.index("--")
sys.exit(run(sys.argv[1:separator], sys.argv[separator + 1:]))
