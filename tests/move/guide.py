#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The commands of the guide, virt-ap-moving(7), in their order between two hosts, with a
stand-in for ssh: the guest is on the other one in the end."""

import os
import re
import sys

import hosts as two_hosts
from hosts import GUEST, GUEST_UUID, GUEST_XML, HERE, Report

# In the place of ssh: to libvirt's socket there, or a command run there by SSHD.
SSH = """#!/bin/sh
while [ "${1#-}" != "$1" ]; do case $1 in -[loep]) shift ;; esac; shift; done
case ${1#*@} in z1) address=10.1.1.1 ;; z2) address=10.1.1.2 ;; esac; shift
case "$*" in *libvirt-sock*) exec socat - TCP:$address:16509 ;; esac
answer=$(mktemp)
printf '%s\\n' "$*" | socat -t 60 - TCP:$address:2222 >$answer
head -n -1 $answer; status=$(tail -n 1 $answer); rm $answer
exit $status
"""
SSHD = """#!/bin/sh
read -r command
sh -c "$command" </dev/null
echo $?
"""


def commands():
    with open(f"{HERE}/../../docs/man/virt-ap-moving.7.rst", encoding="utf-8") as file:
        return re.findall(r"^    # (.*)$", file.read(), re.M)


def prepare(hosts):
    for name, text in (("ssh", SSH), ("sshd", SSHD)):
        os.makedirs(f"{hosts.place}/bin", exist_ok=True)
        os.chmod(hosts.write(f"bin/{name}", text), 0o755)
    hosts.path = f"{hosts.place}/bin"
    for side in two_hosts.ADDRESSES:
        # the guide begins with queues that are the host's
        hosts.must(side, "virt-ap reserve '05-06.*' --for host")
        hosts.must(side, f"setsid socat TCP-LISTEN:2222,fork,reuseaddr "
                         f"EXEC:{hosts.path}/sshd </dev/null >/dev/null 2>&1 &")
        # libvirt has to find the stand-in, too
        hosts.must(side, "pid=$(cat /run/libvirtd.pid); kill $pid;"
                         "while [ -e /proc/$pid ]; do sleep 0.02; done")
        hosts.start_libvirtd(side)
    xml = GUEST_XML.format(guest=GUEST, guest_uuid=GUEST_UUID, load=f"{hosts.place}/load",
                           hostdev="")
    xml = re.sub("<feature.*/>", "", xml)
    hosts.must("left", f"virsh -c qemu:///system define {hosts.write('guest.xml', xml)}")


def main():
    report = Report()
    try:
        hosts = two_hosts.Hosts()
    except two_hosts.Skip as reason:
        print(f"1..0 # SKIP {reason}")
        return
    try:
        prepare(hosts)
        for command in commands():
            status, output = hosts.run("left", command)
            report.point(command[:70], output if status else None)
        report.has("the guest runs on the other host, with its crypto", hosts.state("right"),
                   f"guest {GUEST} is running", "it has", "05.0004 is in use")
        report.point("nothing of it is left", hosts.state("left") if GUEST in
                     hosts.state("left") or "active" in hosts.state("left") else None)
    finally:
        hosts.stop()
    report.finish()


if __name__ == "__main__":
    sys.dont_write_bytecode = True
    main()
