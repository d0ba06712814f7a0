#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the source's side says first when a guest with a crypto device migrates: libvirt
itself refuses to send such a guest off, but a destination must know what to answer.

usage: prepare.py ADDRESS URI FILE: the domain XML in FILE is to arrive at the libvirtd of
       ADDRESS by URI.  Prints "ready", or what libvirtd says; waits for the end of its
       input and then gives the migration up.

Messages as in libvirt's src/remote/remote_protocol.x."""

import socket
import struct
import sys

PROGRAM, VERSION = 0x20008086, 1
CONNECT_OPEN, DOMAIN_MIGRATE_PREPARE3 = 1, 214
CALL, ERROR = 0, 1
LIVE, UNSAFE = 1, 512

# what a source tells of itself; libvirtd goes on without looking whether it came
COOKIE = """<qemu-migration>
  <name>{name}</name>
  <uuid>{uuid}</uuid>
  <hostname>elsewhere</hostname>
  <hostuuid>00000000-0000-4000-8000-0000000000aa</hostuuid>
</qemu-migration>
"""


def text(value):
    raw = value.encode()
    return struct.pack(">I", len(raw)) + raw + bytes(-len(raw) % 4)


def optional(value):
    return struct.pack(">I", value is not None) + (text(value) if value is not None else b"")


def read(sock, length):
    got = b""
    while len(got) < length:
        part = sock.recv(length - len(got))
        if not part:
            sys.exit("libvirtd has gone")
        got += part
    return got


def call(sock, procedure, arguments):
    """None, or what libvirtd says against it"""
    head = struct.pack(">IIIIII", PROGRAM, VERSION, procedure, CALL, 0, 0)
    sock.sendall(struct.pack(">I", 4 + len(head) + len(arguments)) + head + arguments)
    length, = struct.unpack(">I", read(sock, 4))
    reply = read(sock, length - 4)
    if struct.unpack(">I", reply[20:24])[0] != ERROR:
        return None
    has_message, size = struct.unpack(">II", reply[32:40])
    return reply[40:40 + size].decode() if has_message else "no message"


def between(xml, name):
    return xml.split(f"<{name}>")[1].split("<")[0]


def main():
    address, uri, path = sys.argv[1:]
    with open(path, encoding="utf-8") as file:
        xml = file.read()
    with socket.create_connection((address, 16509)) as sock:
        problem = call(sock, CONNECT_OPEN, optional("qemu:///system") + struct.pack(">I", 0))
        cookie = COOKIE.format(name=between(xml, "name"), uuid=between(xml, "uuid"))
        # the cookie, the URI, flags, no new name, bandwidth, the domain XML
        problem = problem or call(sock, DOMAIN_MIGRATE_PREPARE3, (
            text(cookie + "\0") + optional(uri) + struct.pack(">Q", LIVE | UNSAFE) +
            optional(None) + struct.pack(">Q", 0) + text(xml)))
        print(problem or "ready", flush=True)
        sys.stdin.read()


main()
