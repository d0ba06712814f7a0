#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The real mdevctl with the callout, in a mount namespace where /sys and
/etc/mdevctl.d are a host tree's.  Nothing behaves there as a driver does, so what
needs one (a start that succeeds) is tested in the lab."""

import json
import os
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '../door'))
from doortest import (GUEST1, Host, MATRIX1, MATRIX2, MATRIX3, check, run,  # noqa: E402
                      run_tests)

TYPE = 'vfio_ap-passthrough'
HOST = f'''
ap-bus cards=05:13:4,06:13:2 udoms=4,47,ab,ff apmask=-5,-6
cpuinfo
device {MATRIX1} adapters=5 domains=4,ab control=4
sys/devices/vfio_ap/matrix/{MATRIX1}/mdev_type -> ../mdev_supported_types/{TYPE}
guest web1 uuid={GUEST1} devices={MATRIX1} state=running
etc/mdevctl.d/scripts.d/notifiers/
etc/mdevctl.d/scripts.d/callouts/
'''


def enter_namespace():
    """Starts this test again in a namespace of its own, or skips all of it."""
    if 'IN_NAMESPACE' in os.environ:
        return
    unshare = ['unshare', '--mount'] + ([] if os.geteuid() == 0 else ['-r'])
    reason = None
    if not shutil.which('mdevctl') or not os.path.isdir('/etc/mdevctl.d'):
        reason = 'mdevctl is not installed'
    elif subprocess.run(unshare + ['true'], stderr=subprocess.DEVNULL).returncode != 0:
        reason = 'no mount namespace can be made here'
    if reason:
        print('1..0 # SKIP ' + reason)
        sys.exit(0)
    os.environ['IN_NAMESPACE'] = '1'
    os.execvp(unshare[0], unshare + [sys.executable, os.path.abspath(__file__)])


class MdevctlHost(Host):
    """A host tree that is this namespace's /sys and /etc/mdevctl.d."""

    MOUNTS = 'sys', 'etc/mdevctl.d'

    def __enter__(self):
        super().__enter__()
        os.symlink(os.environ['CALLOUT'],
                   self.path('etc/mdevctl.d/scripts.d/callouts/virt-ap'))
        for name in self.MOUNTS:
            subprocess.run(['mount', '--bind', self.path(name), '/' + name], check=True)
        return self

    def __exit__(self, *unused):
        for name in self.MOUNTS:
            subprocess.run(['umount', '/' + name], check=True)
        super().__exit__(*unused)

    def mdevctl(self, *arguments, stdin=b''):
        return run(['mdevctl', *arguments], stdin, self.root)

    def check_no_lock(self):
        check(os.listdir(self.path('run/lock')) == [], 'files left in /run/lock')


def definition(*attributes):
    return json.dumps({'mdev_type': TYPE, 'start': 'manual',
                       'attrs': [{name: value} for name, value in attributes]})


FREE = definition(('assign_adapter', '6'), ('assign_domain', '0x47'))
TAKEN = definition(('assign_adapter', '5'), ('assign_domain', '4'))
FROM_STDIN = '-p', 'matrix', '--jsonfile', '/dev/stdin'


def test_define_and_undefine():
    with MdevctlHost(HOST) as host:
        answer = host.mdevctl('define', '-u', MATRIX2, *FROM_STDIN, stdin=FREE)
        check(answer.status == 0, answer)
        stored = json.loads(host.read(f'etc/mdevctl.d/matrix/{MATRIX2}'))
        check(stored == json.loads(FREE), stored)
        host.check_no_lock()
        answer = host.mdevctl('undefine', '-u', MATRIX2)
        check(answer.status == 0, answer)
        check(os.listdir(host.path('etc/mdevctl.d/matrix')) == [])
        host.check_no_lock()


def test_start_of_a_taken_queue():
    with MdevctlHost(HOST) as host:
        answer = host.mdevctl('start', '-u', MATRIX2, *FROM_STDIN, stdin=TAKEN)
        check(answer.status != 0 and 'error[queue-in-use]' in answer.err, answer)
        check(MATRIX1 in answer.err and 'web1' in answer.err, answer)
        host.check_no_lock()


def test_refused_definition_is_not_stored():
    wrong = definition(('assign_adapter', '5'), ('assign_adaptor', '6'))
    with MdevctlHost(HOST) as host:
        answer = host.mdevctl('define', '-u', MATRIX2, *FROM_STDIN, stdin=wrong)
        check(answer.status != 0 and 'error[attribute-unknown]' in answer.err, answer)
        check(not os.path.exists(host.path(f'etc/mdevctl.d/matrix/{MATRIX2}')))
        host.check_no_lock()


def test_refused_modification_is_not_stored():
    with MdevctlHost(HOST + f'definition {MATRIX3} adapters=6 domains=47\n') as host:
        before = host.read(f'etc/mdevctl.d/matrix/{MATRIX3}')
        answer = host.mdevctl('modify', '-u', MATRIX3, '--addattr=assign_adapter',
                              '--value=0x1ff')
        check(answer.status != 0 and 'error[' in answer.err, answer)
        check(host.read(f'etc/mdevctl.d/matrix/{MATRIX3}') == before)
        host.check_no_lock()


def test_failed_start_releases_the_lock():
    """The plain files of the tree take no attribute, so mdevctl fails after `pre`."""
    with MdevctlHost(HOST) as host:
        answer = host.mdevctl('start', '-u', MATRIX2, *FROM_STDIN, stdin=FREE)
        check(answer.status != 0 and 'error[' not in answer.err, answer)
        host.check_no_lock()


def test_list_shows_the_attributes_of_an_active_device():
    with MdevctlHost(HOST) as host:
        answer = host.mdevctl('list', '--dumpjson', '-u', MATRIX1)
        check(answer.status == 0, answer)
        check(json.loads(answer.out)['attrs'] ==
              [{'assign_adapter': '5'}, {'assign_domain': '4'}, {'assign_domain': '171'},
               {'assign_control_domain': '4'}], answer)


def test_define_of_an_active_device_stores_its_attributes():
    with MdevctlHost(HOST) as host:
        answer = host.mdevctl('define', '-u', MATRIX1)
        check(answer.status == 0, answer)
        stored = json.loads(host.read(f'etc/mdevctl.d/matrix/{MATRIX1}'))
        check(len(stored['attrs']) == 4, stored)
        host.check_no_lock()


def test_define_of_an_active_device_that_cannot_be_read():
    with MdevctlHost(HOST) as host:
        host.write(f'sys/devices/vfio_ap/matrix/{MATRIX1}/ap_config', '0x05\n')
        answer = host.mdevctl('define', '-u', MATRIX1)
        check(answer.status != 0, answer)
        check(not os.path.exists(host.path(f'etc/mdevctl.d/matrix/{MATRIX1}')))


enter_namespace()
run_tests(globals())
