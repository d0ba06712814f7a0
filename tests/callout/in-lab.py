#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""mdevctl and the callout on a simulated host, whose driver takes and refuses as
Linux does: many at once, mdevctl killed in between, and a live change."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '../door'))
from doortest import MATRIX1, MATRIX2, check, run, run_tests  # noqa: E402

CALLOUT = '/etc/mdevctl.d/scripts.d/callouts/virt-ap'
MATRICES = '/sys/devices/vfio_ap/matrix/'
LOCK = '/run/lock/s390apconfig.lock'
FROM_STDIN = '-p', 'matrix', '--jsonfile', '/dev/stdin'


def enter_lab():
    """Starts this test again on a simulated host, or skips all of it."""
    if 'IN_LAB' in os.environ:
        return
    reason = None
    if os.geteuid() != 0:
        reason = 'the simulated host needs root'
    elif not os.path.exists('/dev/fuse'):
        reason = 'the simulated host needs /dev/fuse'
    elif not shutil.which('mdevctl'):
        reason = 'mdevctl is not installed'
    if reason:
        print('1..0 # SKIP ' + reason)
        sys.exit(0)
    os.environ['IN_LAB'] = '1'
    os.execv(os.environ['LAB'], [os.environ['LAB'], '--adapters', '05:13:4,06:13:2',
                                 '--usage-domains', '4,47,ab', '--', sys.executable,
                                 os.path.abspath(__file__)])


def write(path, text):
    with open(path, 'w') as file:
        file.write(text)


def read(path):
    with open(path) as file:
        return file.read()


def definition(adapters, domains):
    return json.dumps({'mdev_type': 'vfio_ap-passthrough', 'start': 'manual',
                       'attrs': [{'assign_adapter': number} for number in adapters] +
                                [{'assign_domain': number} for number in domains]})


def mdevctl(*arguments, stdin=b''):
    return run(['mdevctl', *arguments], stdin)


def start(uuid, adapters, domains):
    return mdevctl('start', '-u', uuid, *FROM_STDIN, stdin=definition(adapters, domains))


def stop_all():
    for name in os.listdir(MATRICES):
        if len(name) == 36:
            check(mdevctl('stop', '-u', name).status == 0, name)


def test_start_and_stop():
    write('/sys/bus/ap/apmask', '-5,-6\n')
    answer = start(MATRIX1, ['5', '0x6'], ['4', '0xab'])
    check(answer.status == 0, answer)
    check(read(MATRICES + MATRIX1 + '/matrix') == '05.0004\n05.00ab\n06.0004\n06.00ab\n')
    check(not os.path.exists(LOCK))
    stop_all()
    check(not os.path.exists(LOCK))


def test_one_of_many_gets_the_queues():
    many = []
    for number in range(10, 60):
        process = subprocess.Popen(['mdevctl', 'start', '-u', MATRIX1[:-2] + str(number),
                                    *FROM_STDIN], stdin=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True)
        process.stdin.write(definition(['5', '6'], ['4', '0xab']))
        many.append(process)
    told = [process.communicate(timeout=110)[1] for process in many]
    check(sorted(process.returncode for process in many) == [0] + [1] * 49, told)
    check(sum('error[queue-in-use]' in text for text in told) == 49, told)
    check(len([name for name in os.listdir(MATRICES) if len(name) == 36]) == 1)
    check(not os.path.exists(LOCK))
    stop_all()


def test_many_that_share_nothing_all_start():
    pairs = [(adapter, domain) for adapter in '56' for domain in ('4', '0x47', '0xab')]
    many = []
    for number, (adapter, domain) in enumerate(pairs, 10):
        process = subprocess.Popen(['mdevctl', 'start', '-u', MATRIX1[:-2] + str(number),
                                    *FROM_STDIN], stdin=subprocess.PIPE, text=True)
        process.stdin.write(definition([adapter], [domain]))
        many.append(process)
    for process in many:
        process.communicate(timeout=110)
        check(process.returncode == 0, process.args)
    stop_all()


def test_killed_mdevctl_stands_in_nobodys_way():
    """Killed between pre and post: what it was starting may stay, the lock is void."""
    for delay in range(0, 20, 2):
        process = subprocess.Popen(['mdevctl', 'start', '-u', MATRIX2, *FROM_STDIN],
                                   stdin=subprocess.PIPE, text=True)
        process.stdin.write(definition(['6'], ['0x47']))
        process.stdin.close()
        time.sleep(delay / 1000)
        process.send_signal(signal.SIGKILL)
        process.wait()
        begin = time.monotonic()
        answer = start(MATRIX1, ['5'], ['4'])
        check(answer.status == 0, delay, answer)
        check(time.monotonic() - begin < 20, 'waited for a dead process')
        stop_all()
        check(not os.path.exists(LOCK), delay)


def live(uuid, adapters, domains):
    return run([CALLOUT, '-e', 'live', '-a', 'modify', '-t', 'vfio_ap-passthrough', '-s',
                'none', '-u', uuid, '-p', 'matrix'], definition(adapters, domains))


def test_live_modify():
    check(start(MATRIX1, ['5'], ['4']).status == 0)
    answer = live(MATRIX1, ['5', '6'], ['4', '0x47'])
    check(answer.status == 0, answer)
    check(read(MATRICES + MATRIX1 + '/matrix') == '05.0004\n05.0047\n06.0004\n06.0047\n')
    check(start(MATRIX2, ['6'], ['0xab']).status == 0)
    answer = live(MATRIX1, ['6'], ['0xab'])
    check(answer.status == 1 and 'queue-in-use' in answer.err, answer)
    check(read(MATRICES + MATRIX1 + '/matrix') == '05.0004\n05.0047\n06.0004\n06.0047\n')
    answer = live(MATRIX1, [], [])
    check(answer.status == 0 and 'warning[matrix-empty]' in answer.err, answer)
    check(read(MATRICES + MATRIX1 + '/matrix') == '')
    stop_all()


def test_attributes_start_the_same_matrix_again():
    """What `get attributes` printed, mdevctl stored; starting that gives the same."""
    check(start(MATRIX1, ['5', '6'], ['4', '0xab']).status == 0)
    before = read(MATRICES + MATRIX1 + '/ap_config')
    check(mdevctl('define', '-u', MATRIX1).status == 0)
    stop_all()
    check(mdevctl('start', '-u', MATRIX1).status == 0)
    check(read(MATRICES + MATRIX1 + '/ap_config') == before)
    stop_all()
    check(mdevctl('undefine', '-u', MATRIX1).status == 0)
    check(not os.path.exists(LOCK))


enter_lab()
run_tests(globals())
