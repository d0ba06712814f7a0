#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The callout as mdevctl runs it, on host trees: every event and action, every way a
command line or a standard input can be wrong, and the lock from pre to post."""

import json
import os
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '../door'))
from doortest import (Host, MATRIX1, MATRIX2, MATRIX3, check, run,  # noqa: E402
                      run_tests, wait_until_reading)

CALLOUT = os.environ['CALLOUT']
TYPE = 'vfio_ap-passthrough'

BUS = '''
ap-bus cards=05:13:4,06:13:2 udoms=4,47,ab,ff apmask=-5,-6
cpuinfo
'''
# MATRIX1 has 05.0004 and 05.00ab and the control domain 4
ONE = BUS + f'device {MATRIX1} adapters=5 domains=4,ab control=4\n'


def arguments(event, action, uuid=MATRIX2, type=TYPE, state='none', parent='matrix'):
    return [CALLOUT, '-t', type, '-e', event, '-a', action, '-s', state,
            '-u', uuid, '-p', parent]


def definition(*attributes, type=TYPE):
    return json.dumps({'mdev_type': type, 'start': 'manual',
                       'attrs': [{name: value} for name, value in attributes]})


def call(host, event, action, stdin=b'', **options):
    return run(arguments(event, action, **options), stdin, host.root)


GOOD = definition(('assign_adapter', '6'), ('assign_domain', '4'))
TAKEN = definition(('assign_adapter', '5'), ('assign_domain', '0x4'))


def lock_holder(host):
    if not os.path.exists(host.lock):
        return 0
    return int(host.read('run/lock/s390apconfig.lock'))


def test_not_our_type_is_passed_on_unread():
    process = subprocess.Popen(arguments('pre', 'start', type='i915-GVTg_V5_4'),
                               stdin=subprocess.PIPE)
    # nothing is written and nothing closed: it must not wait for either
    check(process.wait(timeout=20) == 2)
    process.stdin.close()
    check(run([CALLOUT, '-t', 'other', '--new-option', '-e']).status == 2)
    check(run([CALLOUT, '-t', 'other']).status == 2)
    check(run([CALLOUT, '-t', '']).status == 2)


def test_good_definition_passes_and_the_lock_is_kept_until_post():
    with Host(ONE) as host:
        for action in 'define', 'modify', 'start', 'stop', 'undefine':
            for state in 'success', 'failure':
                answer = call(host, 'pre', action, GOOD)
                check(answer.status == 0 and answer.out == '', action, answer)
                check(lock_holder(host) == os.getpid(), action, 'lock')
                answer = call(host, 'post', action, GOOD, state=state)
                check(answer.status == 0 and answer.out == '', action, answer)
                check(lock_holder(host) == 0, action, 'lock left')


def test_taken_queue_is_refused_and_the_lock_released():
    with Host(ONE) as host:
        answer = call(host, 'pre', 'start', TAKEN)
        check(answer.status == 1 and answer.out == '', answer)
        check('error[queue-in-use]' in answer.err and '05.0004' in answer.err, answer)
        check(MATRIX1 in answer.err, answer)
        check(lock_holder(host) == 0, 'lock left')
        check(os.listdir(host.path('run/lock')) == [], 'files left')


def test_host_owned_queue_is_refused():
    with Host(ONE) as host:
        host.write('sys/bus/ap/apmask', '0xfb' + 'f' * 62 + '\n')  # all but 05
        answer = call(host, 'pre', 'start', GOOD)
        check(answer.status == 1 and 'error[queue-host-owned]' in answer.err, answer)


def test_root_option_goes_before_the_environment():
    with Host(ONE) as host:
        command = arguments('pre', 'start') + ['--root', host.root]
        answer = run(command, TAKEN, '/nonexistent')
        check(answer.status == 1 and 'queue-in-use' in answer.err, answer)


def test_wrong_command_lines_are_refused():
    options = {'-t': TYPE, '-e': 'pre', '-a': 'start', '-s': 'none', '-u': MATRIX2,
               '-p': 'matrix'}
    with Host(ONE) as host:
        def refused(command, told):
            answer = run([CALLOUT] + command, GOOD, host.root)
            check(answer.status == 1 and told in answer.err and answer.out == '',
                  command, answer)
            check(lock_holder(host) == 0, command, 'lock left')

        whole = [word for pair in options.items() for word in pair]
        for option in options:
            others = [word for pair in options.items() for word in pair
                      if pair[0] != option]
            refused(others, f"'{option}' is missing")
            refused(others + [option], f"'{option}' needs a value")
            refused(whole + [option, options[option]], f"'{option}' is there twice")
        refused([], "'-t' is missing")
        refused(whole + ['-x'], "'-x' is unknown")
        refused(whole + ['--extra'], "'--extra' is unknown")
        refused(whole + ['extra'], "'extra' is one too many")
        refused(whole + ['--root', '/a', '--root', '/b'], "'--root' is there twice")
        for option, value, told in (('-s', 'perhaps', "'perhaps' is none of"),
                                    ('-u', 'x', "'x' is not a UUID"),
                                    ('-u', '../../../etc/passwd', 'is not a UUID'),
                                    ('-u', MATRIX2 + '0', 'is not a UUID'),
                                    ('-e', 'later', "'later' of the action 'start'"),
                                    ('-e', 'PRE', "'PRE' of the action"),
                                    ('-e', '', "event ''"),
                                    ('-a', 'types', "of the action 'types'"),
                                    ('-a', 'attributes', "of the action 'attributes'")):
            changed = dict(options, **{option: value})
            refused([word for pair in changed.items() for word in pair], told)


def test_bad_standard_input_is_refused():
    half = GOOD[:len(GOOD) // 2]
    with Host(ONE) as host:
        for stdin in (b'', half, b'[]', b'null', b'"', b'\xff\xfe\x00', b'{}',
                      b'[' * 100000, b' ' * (1024 * 1024 + 1), GOOD + GOOD,
                      definition(type='nvidia-63'), '{"mdev_type": 7}',
                      '{"mdev_type": "%s", "attrs": 3}' % TYPE,
                      '{"mdev_type": "%s", "attrs": [{"assign_adapter": 5}, 6]}' % TYPE):
            for action in 'define', 'modify', 'start':
                answer = call(host, 'pre', action, stdin)
                check(answer.status == 1, stdin[:60], answer)
                check(answer.err and 'CRITICAL' not in answer.err, stdin[:60], answer)
                check(lock_holder(host) == 0, stdin[:60], 'lock left')


def test_closed_descriptors():
    with Host(ONE) as host:
        def closing(*descriptors):
            return lambda: [os.close(fd) for fd in descriptors]

        answer = run(arguments('pre', 'start'), None, host.root, closing(0))
        check(answer.status == 1 and answer.err, answer)
        check(run(arguments('pre', 'start'), TAKEN, host.root, closing(2)).status == 1)
        check(run(arguments('pre', 'start'), TAKEN, host.root, closing(1, 2)).status == 1)
        check(run(arguments('pre', 'start'), None, host.root, closing(0, 1)).status == 1)
        check(lock_holder(host) == 0, 'lock left')


def test_mdevctl_gone():
    """SIGPIPE must not end it, and no lock be taken for who is its parent now."""
    with Host(ONE) as host:
        reading, writing = os.pipe()
        os.close(reading)
        process = subprocess.Popen(arguments('pre', 'start'), stdin=subprocess.PIPE,
                                   stdout=writing, stderr=writing,
                                   env=dict(os.environ, VIRT_AP_ROOT=host.root))
        os.close(writing)
        process.communicate(GOOD.encode())
        check(process.returncode == 1, process.returncode)
        check(os.listdir(host.path('run/lock')) == [], 'files left')


def test_killed_by_a_signal_is_a_no():
    for number in (signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGTERM,
                   signal.SIGINT, signal.SIGHUP):
        process = subprocess.Popen(arguments('pre', 'start'), stdin=subprocess.PIPE,
                                   stderr=subprocess.PIPE)
        wait_until_reading(process)
        process.send_signal(number)
        error = process.communicate()[1].decode()
        check(process.returncode == 1 and 'the answer is no' in error, number, error)


def test_unreadable_host_is_refused():
    with Host(ONE) as host:
        host.write('sys/bus/ap/apmask', '0x' + 'f' * 63 + '\n')
        answer = call(host, 'pre', 'start', GOOD)
        check(answer.status == 1 and 'apmask' in answer.err, answer)
        check('cannot be judged' in answer.err, answer)
        check(lock_holder(host) == 0, 'lock left')


def test_warnings_are_told_and_pass():
    with Host(ONE) as host:
        for action in 'define', 'modify', 'start':
            answer = call(host, 'pre', action, definition())
            check(answer.status == 0 and 'warning[matrix-empty]' in answer.err, answer)
            check(lock_holder(host) == os.getpid())


def test_abandoned_lock_is_taken_over():
    with Host(ONE) as host:
        gone = subprocess.Popen(['true'])
        gone.wait()
        host.write('run/lock/s390apconfig.lock', f'{gone.pid}\n')
        check(call(host, 'pre', 'start', GOOD).status == 0)
        check(lock_holder(host) == os.getpid())


def test_post_leaves_the_lock_of_another():
    with Host(ONE) as host:
        host.write('run/lock/s390apconfig.lock', '1\n')
        check(call(host, 'post', 'start', GOOD, state='failure').status == 0)
        check(lock_holder(host) == 1)


def test_it_waits_for_the_lock():
    with Host(ONE) as host:
        holder = subprocess.Popen(['sleep', '0.7'])
        host.write('run/lock/s390apconfig.lock', f'{holder.pid}\n')
        process = subprocess.Popen(arguments('pre', 'stop'), stdin=subprocess.PIPE,
                                   env=dict(os.environ, VIRT_AP_ROOT=host.root))
        process.stdin.close()
        time.sleep(0.3)
        check(process.poll() is None, 'did not wait')
        holder.wait()
        check(process.wait(timeout=20) == 0)
        check(lock_holder(host) == os.getpid())


class Transaction:
    """A process that has the lock, and a journal in which a step about MATRIX2 has begun,
    as virt-ap has while it runs mdevctl."""

    def __init__(self, host, mark='flock -x 9; ', begun=MATRIX2):
        self.journal = host.path('var/lib/virt-ap/journal')
        os.makedirs(os.path.dirname(self.journal), exist_ok=True)
        self.process = subprocess.Popen(
            ['sh', '-c', f'exec 9>>"$1"; {mark}echo; exec sleep 60', 'sh', self.journal],
            stdout=subprocess.PIPE, text=True)
        self.process.stdout.readline()
        head = {'boot': 'x', 'pid': str(self.process.pid), 'title': 'virt-ap create'}
        texts = {'before': '', 'mode': '644', 'path': '/x', 'uuid': begun}
        with open(self.journal, 'w', encoding='utf-8') as journal:
            for line in (('virt-ap-journal', '1', head), ('add', 'file', texts),
                         ('begin', '0', texts)):
                print(line, file=journal)
        os.chmod(self.journal, 0o600)
        host.write('run/lock/s390apconfig.lock', f'{self.process.pid}\n')

    def lines(self):
        with open(self.journal, encoding='utf-8') as journal:
            return journal.read().splitlines()

    def end(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


def test_a_transaction_s_lock_is_not_waited_for():
    with Host(ONE) as host:
        transaction = Transaction(host)
        for event, action in ('pre', 'start'), ('pre', 'stop'), ('live', 'modify'):
            answer = call(host, event, action, GOOD)
            # the file system is none, so a live change fails, but not for the lock
            check('lock' not in answer.err, event, action, answer)
            check(lock_holder(host) == transaction.process.pid, 'its lock was taken')
        check(call(host, 'pre', 'start', TAKEN).status == 1, 'it is judged all the same')
        check(call(host, 'post', 'start', GOOD, state='success').status == 0)
        check(lock_holder(host) == transaction.process.pid, 'its lock was given back')
        noted = [line for line in transaction.lines() if line.startswith("('program'")]
        check(noted and all(f"'{os.getpid()}'" in line for line in noted),
              transaction.lines())
        transaction.end()


def test_another_s_lock_is_waited_for():
    """another device, a journal that others could have written"""
    for options, mode in (({'begun': MATRIX3}, 0o600), ({}, 0o666)):
        with Host(ONE) as host:
            transaction = Transaction(host, **options)
            os.chmod(transaction.journal, mode)
            process = subprocess.Popen(arguments('pre', 'stop'), stdin=subprocess.DEVNULL,
                                       env={**os.environ, 'VIRT_AP_ROOT': host.root})
            try:
                process.wait(timeout=0.3)
                check(False, options, mode, 'it did not wait')
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            transaction.end()


def test_what_was_interrupted_is_undone():
    with Host(ONE) as host:
        transaction = Transaction(host, begun=MATRIX3)
        transaction.end()
        host.write('x', '')  # as it was before the step
        answer = call(host, 'pre', 'start', GOOD)
        check(answer.status == 0, answer)
        check(not os.path.exists(transaction.journal), 'journal left')
        check(lock_holder(host) == os.getpid())


def test_who_works_for_what_was_interrupted_is_refused():
    """at once: whoever repairs it may have the lock, and wait for us"""
    with Host(ONE) as host:
        transaction = Transaction(host)
        transaction.end()
        host.write('run/lock/s390apconfig.lock', '1\n')
        answer = call(host, 'pre', 'start', GOOD)
        check(answer.status == 1 and 'virt-ap repair' in answer.err, answer)
        check(os.path.exists(transaction.journal), 'journal gone')
    with Host(ONE) as host:
        transaction = Transaction(host, mark='')  # one that nobody holds
        answer = call(host, 'pre', 'start', GOOD)
        check(answer.status == 1 and 'virt-ap repair' in answer.err, answer)
        transaction.end()


def test_what_cannot_be_undone_is_refused():
    with Host(ONE) as host:
        transaction = Transaction(host, begun=MATRIX3)
        transaction.end()
        host.write('x', 'by someone else')
        answer = call(host, 'pre', 'start', GOOD)
        check(answer.status == 1 and 'virt-ap repair' in answer.err, answer)
        check(os.path.exists(transaction.journal), 'journal gone')
        check(lock_holder(host) == 0, 'lock left')


def test_lock_that_is_a_link_is_refused():
    with Host(ONE) as host:
        os.symlink('/dev/null', host.lock)
        for event, action in ('pre', 'start'), ('pre', 'stop'), ('post', 'start'):
            answer = call(host, event, action, GOOD)
            check(answer.status == 1 and 'not a regular file' in answer.err, answer)
        check(os.path.islink(host.lock))


def test_get_attributes():
    with Host(ONE) as host:
        answer = call(host, 'get', 'attributes', uuid=MATRIX1)
        check(answer.status == 0 and answer.err == '', answer)
        check(answer.out == '[{"assign_adapter":"5"},{"assign_domain":"4"},'
              '{"assign_domain":"171"},{"assign_control_domain":"4"}]\n', answer)
        check(os.listdir(host.path('run/lock')) == [], 'a reader took the lock')


def test_get_attributes_of_an_empty_matrix():
    with Host(BUS + f'device {MATRIX1}\n') as host:
        answer = call(host, 'get', 'attributes', uuid=MATRIX1.upper())
        check(answer.status == 0 and answer.out == '[]\n', answer)


def test_get_attributes_that_cannot_be_had():
    with Host(ONE) as host:
        answer = call(host, 'get', 'attributes', uuid=MATRIX3)
        check(answer.status == 1 and answer.out == '' and MATRIX3 in answer.err, answer)
        for text in '0x05,0x1', '', '0x' + '0' * 63 + (',0x' + '0' * 64) * 2:
            host.write(f'sys/devices/vfio_ap/matrix/{MATRIX1}/ap_config', text + '\n')
            answer = call(host, 'get', 'attributes', uuid=MATRIX1)
            check(answer.status == 1 and answer.out == '' and answer.err, text, answer)


OFFER = {'version': 2,
         'actions': ['start', 'stop', 'define', 'undefine', 'modify', 'attributes',
                     'capabilities'],
         'events': ['pre', 'post', 'notify', 'get', 'live']}


def capabilities(offer):
    return run(arguments('get', 'capabilities'), json.dumps(offer), '/nonexistent')


def supports(offer):
    answer = capabilities({'provides': offer})
    check(answer.status == 0 and answer.err == '', answer)
    return json.loads(answer.out)['supports']


def test_get_capabilities():
    expected = dict(OFFER, events=['pre', 'post', 'get', 'live'])
    check(supports(OFFER) == expected)
    check(supports(dict(OFFER, version=1))['version'] == 1)
    check(supports(dict(OFFER, version=7, actions=['start', 'types', 'fly']))
          == dict(expected, actions=['start']))
    check(supports(dict(OFFER, events=[], actions=[]))
          == {'version': 2, 'actions': [], 'events': []})


def test_get_capabilities_from_a_bad_offer():
    for offer in (None, [], {}, {'provides': None}, {'provides': []}, {'provides': {}},
                  {'provides': dict(OFFER, version='2')},
                  {'provides': dict(OFFER, version=0)},
                  {'provides': dict(OFFER, actions='start')},
                  {'provides': dict(OFFER, events=[1])},
                  {'provides': dict(OFFER, events=[['pre']])}):
        answer = capabilities(offer)
        check(answer.status == 1 and answer.out == '' and answer.err, offer, answer)
        check('CRITICAL' not in answer.err, offer, answer)
    answer = run(arguments('get', 'capabilities'), b'{"provides"')
    check(answer.status == 1 and answer.out == '', answer)


def test_answer_that_cannot_be_written():
    with open('/dev/full', 'w') as full:
        process = subprocess.run(arguments('get', 'capabilities'), stdout=full,
                                 stderr=subprocess.PIPE,
                                 input=json.dumps({'provides': OFFER}).encode())
    check(process.returncode == 1 and b'Cannot write' in process.stderr)


def mask(*bits):
    return '0x%064x' % sum(1 << (255 - bit) for bit in bits)


def config(host, uuid):
    return host.read(f'sys/devices/vfio_ap/matrix/{uuid}/ap_config')


def test_live_modify():
    with Host(ONE) as host:
        new = definition(('assign_adapter', '5'), ('assign_adapter', '0x06'),
                         ('assign_domain', '0x47'), ('assign_control_domain', '0x47'))
        answer = call(host, 'live', 'modify', new, uuid=MATRIX1)
        check(answer.status == 0 and answer.out == '', answer)
        check(config(host, MATRIX1) == f'{mask(5, 6)},{mask(0x47)},{mask(0x47)}\n')
        check(lock_holder(host) == 0, 'lock left')


def test_live_modify_refused():
    with Host(ONE + f'device {MATRIX2} adapters=6 domains=4\n') as host:
        before = config(host, MATRIX2)
        answer = call(host, 'live', 'modify', TAKEN)
        check(answer.status == 1 and 'queue-in-use' in answer.err, answer)
        answer = call(host, 'live', 'modify', GOOD[:-9])
        check(answer.status == 1, answer)
        check(config(host, MATRIX2) == before)
        check(lock_holder(host) == 0, 'lock left')


def test_live_modify_without_ap_config():
    with Host(ONE) as host:
        os.unlink(host.path(f'sys/devices/vfio_ap/matrix/{MATRIX1}/ap_config'))
        answer = call(host, 'live', 'modify', GOOD, uuid=MATRIX1)
        check(answer.status == 1 and "no 'ap_config'" in answer.err, answer)


def test_live_modify_of_an_inactive_device():
    with Host(ONE) as host:
        answer = call(host, 'live', 'modify', GOOD, uuid=MATRIX3)
        check(answer.status == 1 and 'no active AP matrix' in answer.err, answer)
        check(lock_holder(host) == 0, 'lock left')


def test_many_at_once():
    """50 mdevctls, each between its pre and its post, are never two at once."""
    script = '''
set -e
printf %s "$3" | "$1" -e pre  -s none    $4
mkdir "$2/inside"; sleep 0.01; rmdir "$2/inside"
printf %s "$3" | "$1" -e post -s success $4
'''
    rest = ' '.join(arguments('x', 'start')[1:3] + arguments('x', 'start')[5:7]
                    + ['-u', MATRIX2, '-p', 'matrix'])
    with Host(ONE) as host:
        # dash runs the last command of a pipe as its own child, as mdevctl does
        command = ['sh', '-c', script, 'sh', CALLOUT, host.root, GOOD, rest]
        many = [subprocess.Popen(command,
                                 env=dict(os.environ, VIRT_AP_ROOT=host.root),
                                 stderr=subprocess.PIPE) for _ in range(50)]
        for process in many:
            error = process.communicate(timeout=110)[1]
            check(process.returncode == 0, error)
        check(os.listdir(host.path('run/lock')) == [], 'files left')


def configure(host, text):
    os.makedirs(host.path('etc/virt-ap'), exist_ok=True)
    host.write('etc/virt-ap/virt-ap.conf', text)


def test_policy():
    """a door that warns, or is off, keeps the lock all the same"""
    for text, told in (('[callout]\npolicy=warn\n', 'warning[queue-in-use]'),
                       ('[callout-findings]\nqueue-in-use=warn\n', 'warning[queue-in-use]'),
                       ('[findings]\nqueue-in-use=off\n', ''),
                       ('[callout]\npolicy=off\n', '')):
        with Host(ONE) as host:
            configure(host, text)
            answer = call(host, 'pre', 'start', TAKEN)
            check(answer.status == 0, text, answer)
            check(told in answer.err and (told or 'queue-in-use' not in answer.err), answer)
            check(lock_holder(host) == os.getpid(), text, 'lock')
            check(call(host, 'post', 'start', TAKEN).status == 0)
    with Host(ONE) as host:
        configure(host, '[gate]\npolicy=off\n[hook]\npolicy=off\n')
        check(call(host, 'pre', 'start', TAKEN).status == 1)


def test_what_is_decided_is_kept():
    with Host(ONE) as host:
        os.makedirs(host.path('var/log'))
        call(host, 'pre', 'start', GOOD)
        call(host, 'post', 'start', GOOD)
        call(host, 'pre', 'define', TAKEN)
        configure(host, '[callout]\npolicy=of\n')
        call(host, 'pre', 'modify', GOOD)
        configure(host, '[audit]\nto=none\n')
        call(host, 'pre', 'define', TAKEN)
        kept = [json.loads(line) for line in
                host.read('var/log/virt-ap/audit.log').splitlines()]
        check([(record['call'], record['verdict'], record['passed']) for record in kept]
              == [('pre start', 'accepted', True), ('pre define', 'refused', False),
                  ('pre modify', 'unjudged', False)], kept)
        check(kept[1]['device'] == MATRIX2 and kept[1]['door'] == 'callout', kept)
        check(kept[1]['findings'][0]['id'] == 'queue-in-use', kept)
        check('[callout] policy' in kept[2]['reason'], kept)


def test_what_cannot_be_judged_passes_where_errors_warn():
    with Host(ONE) as host:
        host.write('sys/bus/ap/apmask', '0x12\n')
        check(call(host, 'pre', 'start', GOOD).status == 1)
        configure(host, '[callout]\npolicy=warn\n')
        answer = call(host, 'pre', 'start', GOOD)
        check(answer.status == 0 and 'is let pass' in answer.err, answer)


def test_broken_configuration_refuses():
    with Host(ONE) as host:
        configure(host, '[callout]\npolicy=of\n')
        for action in 'define', 'modify', 'start':
            answer = call(host, 'pre', action, GOOD)
            check(answer.status == 1, answer)
            check('virt-ap.conf:2: [callout] policy:' in answer.err, answer)
            check(lock_holder(host) == 0, action, 'lock left')
        for action in 'stop', 'undefine':
            check(call(host, 'pre', action, GOOD).status == 0, action)
            check(call(host, 'post', action, GOOD).status == 0, action)


def test_help_and_version():
    answer = run([CALLOUT, '--help'])
    check(answer.status == 0 and 'Usage' in answer.out, answer)
    answer = run([CALLOUT, '--version'])
    check(answer.status == 0 and 'virt-ap' in answer.out, answer)


run_tests(globals())
