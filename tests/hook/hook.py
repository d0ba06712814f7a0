#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The hook as libvirt runs it, on host trees: what it vetoes at `prepare`, and that
nothing else it meets ever stops or kills a guest."""

import json
import os
import signal
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '../door'))
from doortest import (GUEST1, GUEST2, Host, MATRIX1, MATRIX2, MATRIX3,  # noqa: E402
                      check, run, run_tests, wait_until_reading)

HOOK = os.environ['HOOK']

# web1 runs with MATRIX1; MATRIX2 is free
HOST = f'''
ap-bus cards=05:13:4,06:13:2 udoms=4,47,ab,ff apmask=-5,-6
cpuinfo
device {MATRIX1} adapters=5 domains=4,ab control=4
device {MATRIX2} adapters=6 domains=4,ab
guest web1 uuid={GUEST1} devices={MATRIX1} state=both features=ap,apqci,apft
'''

OPERATIONS = [(operation, sub)
              for operation in ('start', 'started', 'stopped', 'release', 'migrate',
                                'restore', 'reconnect', 'attach', 'prepare',
                                'unheard-of', '')
              for sub in ('begin', 'end', '-', '')
              if (operation, sub) not in (('prepare', 'begin'), ('migrate', 'begin'),
                                          ('restore', 'begin'))]
ARRIVALS = 'migrate', 'restore'


def guest_xml(name, uuid, devices=(), features=('ap', 'apqci', 'apft'), emulator=None):
    """A guest, for the distribution's QEMU without another emulator."""
    hostdevs = ''.join(f'''
    <hostdev mode='subsystem' type='mdev' model='vfio-ap'>
      <source><address uuid='{device}'/></source>
    </hostdev>''' for device in devices)
    cpu = ''.join(f"<feature policy='require' name='{name}'/>" for name in features)
    return f'''<domain type='kvm'>
  <name>{name}</name>
  <uuid>{uuid}</uuid>
  <os><type arch='s390x' machine='s390-ccw-virtio'>hvm</type></os>
  <cpu mode='custom' match='exact'><model>gen15a-base</model>{cpu}</cpu>
  <devices>
    <emulator>{emulator or '/usr/bin/qemu-system-s390x'}</emulator>{hostdevs}
  </devices>
</domain>
'''


PLAIN = guest_xml('plain', GUEST2, features=())
OWN = guest_xml('web1', GUEST1, [MATRIX1])
FREE = guest_xml('web2', GUEST2, [MATRIX2])
TAKEN = guest_xml('web2', GUEST2, [MATRIX1])


def prepare(host, xml, name='web2', operation='prepare', sub='begin', preexec=None):
    return run([HOOK, name, operation, sub, '-'], xml, host.root, preexec)


def check_passes(answer, *told):
    check(answer.status == 0 and answer.out == '', *told, answer)


def test_good_guest_passes():
    with Host(HOST) as host:
        for xml in FREE, PLAIN:
            answer = prepare(host, xml)
            check_passes(answer)
            check(answer.err == '', answer)


def test_guest_does_not_stand_in_its_own_way():
    with Host(HOST) as host:
        answer = prepare(host, OWN, 'web1')
        check_passes(answer)
        check('in-use' not in answer.err, answer)


def test_device_of_another_guest_is_vetoed():
    with Host(HOST) as host:
        answer = prepare(host, TAKEN)
        check(answer.status == 1 and answer.out == '', answer)
        check('error[device-in-use]' in answer.err and 'web1' in answer.err, answer)


def test_every_error_is_vetoed():
    with Host(HOST) as host:
        for xml, identifier in ((guest_xml('a', GUEST2, [MATRIX3]), 'device-unknown'),
                                (guest_xml('a', GUEST2, [MATRIX2], ()), 'ap-off'),
                                (guest_xml('a', GUEST2, [MATRIX2], ['ap']), 'apft-off'),
                                (guest_xml('a', GUEST2, [MATRIX2, MATRIX2]),
                                 'device-duplicate')):
            answer = prepare(host, xml)
            check(answer.status == 1 and answer.out == '', identifier, answer)
            check(f'error[{identifier}]' in answer.err, identifier, answer)


def test_feature_that_only_the_gate_can_hide_is_vetoed():
    with Host(HOST) as host:
        answer = prepare(host, guest_xml('web2', GUEST2, [MATRIX2],
                                         ['ap', 'apqci', 'apft', 'apxa']))
        check(answer.status == 1 and answer.out == '' and answer.err, answer)


def test_qemu_that_cannot_be_asked_decides_itself():
    with Host(HOST) as host:
        answer = prepare(host, guest_xml('web2', GUEST2, [MATRIX2],
                                         ['ap', 'apqci', 'apft', 'apxa'], '/nonexistent'))
        check_passes(answer)
        check('warning[qemu-not-asked]' in answer.err, answer)


def test_only_prepare_begin_is_judged():
    with Host(HOST) as host:
        for operation, sub in OPERATIONS:
            for xml in TAKEN, b'', b'<domain', b'\xff' * 100:
                answer = prepare(host, xml, operation=operation, sub=sub)
                check_passes(answer, operation, sub)
                check(answer.err == '', operation, sub, answer)


def test_other_operations_do_not_wait_for_input():
    for operation, sub in OPERATIONS:
        process = subprocess.Popen([HOOK, 'web1', operation, sub, '-'],
                                   stdin=subprocess.PIPE)
        check(process.wait(timeout=20) == 0, operation, sub)
        process.stdin.close()


def test_bad_xml_passes_and_is_told():
    bomb = ('<!DOCTYPE d [<!ENTITY a "aaaaaaaaaa">' +
            ''.join(f'<!ENTITY {chr(c + 1)} "&{chr(c)};&{chr(c)};&{chr(c)};">'
                    for c in range(ord('a'), ord('z'))) + ']><domain>&z;</domain>')
    with Host(HOST) as host:
        for xml in (b'', b'<domain', OWN[:len(OWN) // 2], b'\xff\xfe<', b'<network/>',
                    bomb, b'\0' * 100, b'<a>' * 100000):
            answer = prepare(host, xml)
            check_passes(answer, xml[:40])
            check('could not judge' in answer.err, xml[:40], answer)
            check(len(answer.err.splitlines()) == 1, xml[:40], answer)


def test_huge_input_passes():
    with Host(HOST) as host:
        answer = prepare(host, '<domain>' + ' ' * (5 * 1024 * 1024) + '</domain>')
        check_passes(answer)
        check('could not judge' in answer.err, answer)


def test_closed_descriptors():
    with Host(HOST) as host:
        def closing(*descriptors):
            return lambda: [os.close(fd) for fd in descriptors]

        answer = prepare(host, None, preexec=closing(0))
        check_passes(answer)
        check('could not judge' in answer.err, answer)
        check(prepare(host, TAKEN, preexec=closing(2)).status == 1)
        check(prepare(host, TAKEN, preexec=closing(1)).status == 1)
        check(prepare(host, None, preexec=closing(0, 1, 2)).status == 0)


def test_reader_of_messages_gone():
    with Host(HOST) as host:
        for xml, status in (TAKEN, 1), (b'<domain', 0):
            reading, writing = os.pipe()
            os.close(reading)
            process = subprocess.Popen([HOOK, 'web2', 'prepare', 'begin', '-'],
                                       stdin=subprocess.PIPE, stdout=writing,
                                       stderr=writing,
                                       env=dict(os.environ, VIRT_AP_ROOT=host.root))
            os.close(writing)
            process.communicate(xml if isinstance(xml, bytes) else xml.encode())
            check(process.returncode == status, process.returncode)


def test_unreadable_host_passes_and_is_told():
    with Host(HOST) as host:
        with open(host.path('sys/bus/ap/features'), 'wb') as file:
            file.write(b'APSC \xff')
        answer = prepare(host, FREE)
        check_passes(answer)
        check('could not judge' in answer.err and 'features' in answer.err, answer)
        check_passes(prepare(host, PLAIN))


def test_signals_pass():
    for number in (signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGFPE,
                   signal.SIGILL, signal.SIGTRAP, signal.SIGTERM, signal.SIGALRM):
        process = subprocess.Popen([HOOK, 'web1', 'prepare', 'begin', '-'],
                                   stdin=subprocess.PIPE, stderr=subprocess.PIPE)
        process.stdin.write(b'<domain>')
        process.stdin.flush()
        wait_until_reading(process)
        process.send_signal(number)
        error = process.communicate()[1].decode()
        check(process.returncode == 0 and 'let pass' in error, number, error)


def test_wrong_command_lines_pass():
    for command in ([], ['web1'], ['web1', 'prepare'], ['web1', 'prepare', 'begin'],
                    ['--root'], ['--root', '/', 'web1'], ['--unknown']):
        answer = run([HOOK] + command, TAKEN)
        check_passes(answer, command)
        check('Usage' in answer.err, command, answer)


def test_arguments_of_later_libvirts():
    with Host(HOST) as host:
        answer = run([HOOK, 'web2', 'prepare', 'begin', '-', 'more'], TAKEN, host.root)
        check(answer.status == 1, answer)
        check_passes(run([HOOK, 'web2', 'release', 'end', 'shutdown', 'more'], b''))


def test_guest_names_are_no_options():
    with Host(HOST) as host:
        for name in '--root', '--help', '--version', '-', '', '%s%n', '../x':
            check(prepare(host, TAKEN, name).status == 1, name)
            check_passes(prepare(host, TAKEN, name, 'reconnect'), name)
            answer = prepare(host, b'<domain', name)
            check_passes(answer, name)
            check(f"'{name}'" in answer.err, name, answer)


def configure(host, text):
    os.makedirs(host.path('etc/virt-ap'), exist_ok=True)
    host.write('etc/virt-ap/virt-ap.conf', text)


def test_policy():
    with Host(HOST) as host:
        configure(host, '[hook]\npolicy=warn\n')
        answer = prepare(host, TAKEN)
        check_passes(answer)
        check('warning[device-in-use]' in answer.err, answer)
        answer = prepare(host, guest_xml('web2', GUEST2, [MATRIX2],
                                         ['ap', 'apqci', 'apft', 'apxa']))
        check_passes(answer)
        configure(host, '[hook]\npolicy=off\n')
        answer = prepare(host, TAKEN)
        check_passes(answer)
        check(answer.err == '', answer)
        configure(host, '[hook-findings]\ndevice-in-use=off\n')
        check_passes(prepare(host, TAKEN))
        configure(host, '[gate]\npolicy=off\n[callout-findings]\ndevice-in-use=off\n')
        check(prepare(host, TAKEN).status == 1)


def test_broken_configuration_stops_no_guest():
    with Host(HOST) as host:
        configure(host, '[hook]\n\npolicy=of\n')
        answer = prepare(host, TAKEN)
        check_passes(answer)
        check('virt-ap.conf:3: [hook] policy:' in answer.err, answer)
        check('warning[device-in-use]' in answer.err, answer)
        for operation, sub in OPERATIONS:
            check_passes(prepare(host, TAKEN, 'web2', operation, sub))


def records(host):
    path = host.path('var/log/virt-ap/audit.log')
    if not os.path.exists(path):
        return []
    with open(path) as file:
        return [json.loads(line) for line in file]


def test_what_is_decided_is_kept():
    with Host(HOST) as host:
        os.makedirs(host.path('var/log'))
        prepare(host, PLAIN)
        check(not records(host), 'a guest without AP leaves no record')
        prepare(host, FREE)
        prepare(host, TAKEN)
        configure(host, '[hook]\npolicy=warn\n')
        prepare(host, TAKEN)
        configure(host, '[hook]\npolicy=of\n')
        prepare(host, TAKEN)
        prepare(host, b'<domain')
        configure(host, '[hook]\npolicy=off\n')
        prepare(host, TAKEN)
        kept = [(record['verdict'], record['passed']) for record in records(host)]
        check(kept == [('accepted', True), ('refused', False), ('warned', True),
                       ('warned', True), ('unjudged', True)], kept)
        refused, broken = records(host)[1], records(host)[3]
        check(refused['guest'] == 'web2' and refused['device'] == MATRIX1, refused)
        check(refused['door'] == 'hook' and refused['call'] == 'prepare begin', refused)
        check(refused['findings'][0]['id'] == 'device-in-use', refused)
        check('virt-ap.conf:2: [hook] policy' in broken['notes'][0], broken)


def test_a_guest_that_arrives_is_judged():
    with Host(HOST) as host:
        for operation in ARRIVALS:
            for xml in FREE, PLAIN:
                answer = prepare(host, xml, operation=operation)
                check_passes(answer)
                check(answer.err == '', operation, answer)
            for xml, identifier in ((TAKEN, 'device-in-use'),
                                    (guest_xml('web2', GUEST2, [MATRIX3]), 'device-unknown'),
                                    (guest_xml('web2', GUEST2, [MATRIX2], ['ap']), 'apft-off')):
                answer = prepare(host, xml, operation=operation)
                check(answer.status == 1 and answer.out == '', operation, answer)
                check(f'error[{identifier}]' in answer.err, operation, answer)
            for xml in b'', b'<domain', b'\xff' * 100:
                answer = prepare(host, xml, operation=operation)
                check_passes(answer, operation)
                check('could not judge' in answer.err, operation, answer)


def test_a_feature_is_hidden_from_qemu_on_arrival():
    with Host(HOST) as host:
        xml = guest_xml('web2', GUEST2, [MATRIX2], ['ap', 'apqci', 'apft', 'apxa'])
        for operation in ARRIVALS:
            answer = prepare(host, xml, operation=operation)
            check(answer.status == 0 and 'urn:virt-ap:domain:1.0' in answer.out, answer)
            check("policy='require' name='apxa'" not in answer.out, answer)


def test_remap():
    """a guest that is defined here with a matrix of this host"""
    with Host(HOST + f'guest web2 uuid={GUEST2} devices={MATRIX2} state=defined\n') as host:
        foreign = guest_xml('web2', GUEST2, [MATRIX3])
        for operation in ARRIVALS:
            configure(host, '[hook]\nremap=no\n')
            answer = prepare(host, foreign, operation=operation)
            check(answer.status == 1 and 'device-unknown' in answer.err, answer)
            configure(host, '[hook]\nremap=yes\n')
            answer = prepare(host, foreign, operation=operation)
            check(answer.status == 0, answer)
            check(answer.out == foreign.replace(MATRIX3, MATRIX2), answer)
            # nobody else's, and nothing where the device is there
            answer = prepare(host, guest_xml('other', GUEST1[:-1] + '9', [MATRIX3]), 'other',
                             operation)
            check(answer.status == 1, answer)
            check_passes(prepare(host, FREE, operation=operation))
        check(prepare(host, foreign).status == 1, 'libvirt takes no XML at prepare')


def test_remap_finds_the_device_taken():
    with Host(HOST + f'guest web2 uuid={GUEST2} devices={MATRIX1} state=defined\n') as host:
        configure(host, '[hook]\nremap=yes\n')
        answer = prepare(host, guest_xml('web2', GUEST2, [MATRIX3]), operation='migrate')
        check(answer.status == 1 and answer.out == '', answer)
        check('error[device-in-use]' in answer.err, answer)


def test_root_option():
    with Host(HOST) as host:
        answer = run([HOOK, '--root', host.root, 'web2', 'prepare', 'begin', '-'], TAKEN,
                     '/nonexistent')
        check(answer.status == 1 and 'device-in-use' in answer.err, answer)


def test_help_and_version():
    answer = run([HOOK, '--help'])
    check(answer.status == 0 and 'Usage' in answer.out + answer.err, answer)
    answer = run([HOOK, '--version'])
    check(answer.status == 0 and 'virt-ap' in answer.out, answer)


run_tests(globals())
