# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the tests of the callout and of the hook share: TAP output, host trees made
by tests/host/mktree, and running a program in every state its caller may be in."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
import traceback

MATRIX1 = '62177883-f1bb-47f0-914d-32a22e3a8801'
MATRIX2 = '62177883-f1bb-47f0-914d-32a22e3a8802'
MATRIX3 = '62177883-f1bb-47f0-914d-32a22e3a8803'
GUEST1 = '11111111-2222-3333-4444-555555555551'
GUEST2 = '11111111-2222-3333-4444-555555555552'


class Host:
    """A host tree below a temporary directory; removed at the end of `with`."""

    def __init__(self, description):
        self.description = description

    def __enter__(self):
        self.root = tempfile.mkdtemp(prefix='virt-ap-door-')
        source = self.root + '.txt'
        with open(source, 'w') as file:
            file.write(self.description)
        subprocess.run([os.environ['MKTREE'], source, self.root], check=True)
        os.unlink(source)
        os.makedirs(self.root + '/run/lock', exist_ok=True)
        return self

    def __exit__(self, *unused):
        shutil.rmtree(self.root)

    def path(self, name):
        return self.root + '/' + name

    def read(self, name):
        with open(self.path(name)) as file:
            return file.read()

    def write(self, name, text):
        with open(self.path(name), 'w') as file:
            file.write(text)

    @property
    def lock(self):
        return self.path('run/lock/s390apconfig.lock')


class Answer:
    def __init__(self, process, out, err):
        self.status = process.returncode
        self.out = out.decode()
        self.err = err.decode()

    def __str__(self):
        return f'status {self.status}, stdout {self.out!r}, stderr {self.err!r}'


def run(command, stdin=b'', root=None, preexec=None):
    """Runs to the end; stdin None: nothing is written and the pipe is closed."""
    environment = dict(os.environ, LC_ALL='C.UTF-8')
    environment.pop('VIRT_AP_ROOT', None)
    if root is not None:
        environment['VIRT_AP_ROOT'] = root
    if isinstance(stdin, str):
        stdin = stdin.encode()
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, env=environment,
                               preexec_fn=preexec)
    try:
        out, err = process.communicate(stdin or b'', timeout=120)
    except BaseException:
        process.kill()
        raise
    return Answer(process, out, err)


def wait_until_reading(process):
    """Until it waits in a system call whose first argument is standard input."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            with open(f'/proc/{process.pid}/syscall') as call:
                if call.read().split()[1:2] == ['0x0']:
                    return
        except OSError:  # not shown here
            time.sleep(0.5)
            return
        time.sleep(0.005)
    raise AssertionError('it does not read standard input')


def check(condition, *told):
    if not condition:
        raise AssertionError(' '.join(str(part) for part in told))


def run_tests(namespace):
    """Runs every function of the module that is called test_*, in order, as TAP."""
    tests = [(name, test) for name, test in namespace.items() if name.startswith('test_')]
    failed = 0
    print(f'1..{len(tests)}')
    for number, (name, test) in enumerate(tests, 1):
        title = name[len('test_'):].replace('_', ' ')
        try:
            test()
            print(f'ok {number} - {title}')
        except Exception:
            failed += 1
            print(f'not ok {number} - {title}')
            for line in traceback.format_exc().splitlines():
                print('# ' + line)
        sys.stdout.flush()
    sys.exit(1 if failed else 0)
