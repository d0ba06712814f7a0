#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The gate as a program, between a client and a daemon that are played here.

usage: test-program.py GATE MKTREE
"""

import contextlib
import json
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

sys.dont_write_bytecode = True
import tap  # noqa: E402

GATE = os.path.abspath(sys.argv[1])
MKTREE = os.path.abspath(sys.argv[2])
UUID = "62177883-f1bb-47f0-914d-32a22e3a8801"
HOST = f"""ap-bus cards=05:13:4,06:13:2 udoms=4,47,ab,ff apmask=-5,-6
cpuinfo
device {UUID} adapters=5 domains=4,ab control=4
"""
PROGRAM = 0x20008086
CALL, REPLY, MESSAGE = 0, 1, 2
OK, ERROR = 0, 1
OPEN, CLOSE, DEFINE_XML_FLAGS, ATTACH_DEVICE, FEATURE, AUTH_LIST = 1, 2, 350, 8, 60, 66
VIR_ERR_SYSTEM_ERROR, VIR_ERR_RPC, VIR_ERR_XML_DETAIL = 38, 39, 35
VIR_ERR_CONFIG_UNSUPPORTED, VIR_ERR_OPERATION_FAILED = 67, 9


def frame(procedure, kind=CALL, serial=0, payload=b"", status=OK):
    return struct.pack(">7I", 28 + len(payload), PROGRAM, 1, procedure, kind, serial,
                       status) + payload


def string(text):
    data = text.encode() if isinstance(text, str) else text
    return struct.pack(">I", len(data)) + data + bytes(-len(data) % 4)


def define(xml, serial):
    return frame(DEFINE_XML_FLAGS, CALL, serial, string(xml) + struct.pack(">I", 0))


# breaks off where it has begun to speak of AP
MALFORMED = "<domain><cpu><feature name='ap'"


def read(sock, length):
    data = bytearray()
    while len(data) < length:
        part = sock.recv(min(1 << 20, length - len(data)))
        if not part:
            raise EOFError(f"{len(data)} bytes of {length}")
        data += part
    return bytes(data)


def read_frame(sock):
    head = read(sock, 28)
    fields = struct.unpack(">7I", head)
    return fields, read(sock, fields[0] - 28)


def read_error(sock, serial):
    """the code and message of the error reply that must come next"""
    fields, payload = read_frame(sock)
    assert fields[4:] == (REPLY, serial, ERROR), fields
    code, _, there, length = struct.unpack(">4I", payload[:16])
    assert there == 1
    return code, payload[16:16 + length].decode()


class Connection:
    """A gate that a client has just opened, with a daemon that asks no password."""

    def __init__(self, *options, begin=True, host=None, gate=GATE):
        self.directory = tempfile.TemporaryDirectory()
        path = os.path.join(self.directory.name, "sock")
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        self.listener.listen(1)
        self.root = os.path.join(self.directory.name, "root")
        os.mkdir(self.root)
        if host:
            description = os.path.join(self.directory.name, "host")
            with open(description, "w") as file:
                file.write(host)
            subprocess.run([MKTREE, description, self.root], check=True)
        self.client, inner = socket.socketpair()
        self.client.settimeout(30)
        self.gate = subprocess.Popen(
            [gate, "--socket", path, "--root", self.root, *options], stdin=inner,
            stdout=inner, stderr=subprocess.PIPE, text=True)
        inner.close()
        self.daemon = None
        if begin:
            self.begin()

    def begin(self):
        self.client.sendall(frame(OPEN, CALL, 0, b"\0" * 8))
        self.accept()
        assert read_frame(self.daemon)[0][3] == OPEN

    def accept(self):
        self.daemon, _ = self.listener.accept()
        self.daemon.settimeout(30)

    def relays(self):
        """whether the stream is in step, both ways"""
        self.client.sendall(frame(4711, CALL, 77, b"ping"))
        assert read(self.daemon, 32) == frame(4711, CALL, 77, b"ping")
        self.daemon.sendall(frame(4711, REPLY, 77, b"pong"))
        assert read(self.client, 32) == frame(4711, REPLY, 77, b"pong")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for end in (self.client, self.daemon, self.listener):
            if end is not None:
                end.close()
        try:
            self.gate.wait(10)
        finally:
            self.gate.kill()
            self.gate.wait()
            self.gate.stderr.close()
            self.directory.cleanup()


def one_line(gate, *words):
    text = gate.stderr.read()
    assert text.count("\n") == 1 and text.endswith("\n"), text
    for word in words:
        assert word in text, text


def test_usage():
    def run(*args):
        return subprocess.run([GATE, *args], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True)

    assert run("--version").returncode == 0
    assert "--socket" in run("--help").stdout
    wrong = run("--nonsense")
    assert wrong.returncode == 2 and "nonsense" in wrong.stderr
    assert run("argument").returncode == 2
    # nobody there: nothing to say
    nobody = run()
    assert (nobody.returncode, nobody.stdout, nobody.stderr) == (0, "", "")


def test_client_hostile_at_once():
    for length in (0, 3, 27, 1 << 31, 0xffffffff):
        with Connection(begin=False) as c:
            c.client.sendall(struct.pack(">I", length))
            assert c.gate.wait(10) == 1
            one_line(c.gate, "client", str(length))


def test_client_hostile_later():
    for length in (0, 3, 27, 1 << 31):
        with Connection() as c:
            c.relays()
            c.client.sendall(struct.pack(">I", length))
            assert c.gate.wait(10) == 1
            one_line(c.gate, "client", str(length))


def test_daemon_hostile():
    for length in (0, 3, 27, 1 << 31):
        with Connection() as c:
            c.relays()
            c.daemon.sendall(frame(5, REPLY, 1, b"last") + struct.pack(">I", length))
            assert read(c.client, 32) == frame(5, REPLY, 1, b"last")
            assert c.client.recv(1) == b""
            assert c.gate.wait(10) == 1
            one_line(c.gate, "daemon", str(length))


def test_no_daemon():
    with Connection(begin=False) as c:
        c.listener.close()
        c.client.sendall(frame(OPEN, CALL, 5, b"\0" * 8))
        code, message = read_error(c.client, 5)
        assert code == VIR_ERR_SYSTEM_ERROR
        assert "/sock'" in message and "Connection refused" in message, message
        c.client.shutdown(socket.SHUT_WR)
        assert c.gate.wait(10) == 0


def test_no_daemon_for_other_client():
    with Connection(begin=False) as c:
        c.listener.close()
        c.client.sendall(frame(4711, MESSAGE))
        assert c.gate.wait(10) == 1
        one_line(c.gate, "/sock'", "Connection refused")


def test_malformed_xml():
    """is refused with the place and the reason, and the connection goes on"""
    with Connection() as c:
        for serial, xml in enumerate(
                ("'ap", MALFORMED, "\xff\xfe'ap", b"<domain a='ap'>\xff\xfe</domain>",
                 "<a b='ap'/><b/>", "nonsense: mdev"), 10):
            c.client.sendall(define(xml, serial))
            code, message = read_error(c.client, serial)
            assert code == VIR_ERR_XML_DETAIL, (xml, code, message)
            assert message
        c.relays()


def test_nothing_of_ap():
    """is not judged, whatever it is: no judge is started, the daemon gets all of it"""
    with Connection() as c:
        for serial, xml in enumerate(("", "<domain", "nonsense", "<domain type='kvm'/>"), 1):
            assert passes(c, xml, serial) == xml
        for payload in (b"", b"\0", struct.pack(">I", 0xfffffff0), bytes(40)):
            call = frame(DEFINE_XML_FLAGS, CALL, 9, payload)
            c.client.sendall(call)
            assert read(c.daemon, len(call)) == call
        assert not judges_of(c.gate)
        c.relays()


def test_line_of_error():
    with Connection() as c:
        c.client.sendall(define("<domain>\n<cpu a='ap'/>\n<vcpu>1</vcp>\n</domain>", 1))
        _, message = read_error(c.client, 1)
        assert "line 3" in message or ":3:" in message, message


def test_entities_are_not_resolved():
    bomb = "<!DOCTYPE d [<!ENTITY a 'aaaaaaaaaa'>" + "".join(
        f"<!ENTITY {chr(98 + i)} '{('&' + chr(97 + i) + ';') * 10}'>" for i in range(12)
    ) + "]><domain><name>&m;</name></domain>"
    outside = ("<!DOCTYPE d [<!ENTITY x SYSTEM 'file:///etc/passwd'>]>"
               "<domain><name>&x;</name></domain>")
    with Connection() as c:
        for serial, xml in enumerate((bomb, outside), 1):
            c.client.sendall(define(xml, serial))
            _, message = read_error(c.client, serial)
            assert "root:" not in message
        c.relays()


def test_undecodable_arguments():
    with Connection() as c:
        xml = string("<domain a='ap'/>")
        payloads = [struct.pack(">I", 0xfffffff0) + xml, xml[:-1], xml, xml + bytes(8),
                    struct.pack(">I", (4 << 20) + 1) + xml, xml[4:] * 3]
        for serial, payload in enumerate(payloads, 1):
            c.client.sendall(frame(DEFINE_XML_FLAGS, CALL, serial, payload))
            code, _ = read_error(c.client, serial)
            assert code == VIR_ERR_RPC
        c.relays()


def test_five_megabytes():
    with Connection() as c:
        os.makedirs(os.path.join(c.root, "var/log"))
        for size, expected in ((5 << 20, VIR_ERR_RPC), (31 << 20, VIR_ERR_RPC)):
            xml = b"<domain>" + b" " * size + b"</domain>"
            c.client.sendall(define(xml, 3))
            code, message = read_error(c.client, 3)
            assert code == expected and "4194304" in message, message
            c.relays()
        with open(os.path.join(c.root, "var/log/virt-ap/audit.log")) as file:
            assert [json.loads(line)["verdict"] for line in file] == ["unjudged"] * 2


def test_harmless_guest_goes_on():
    xml = ("<domain type='kvm'><name>plain</name><os><type arch='x86_64'>hvm</type></os>"
           "</domain>")
    with Connection() as c:
        c.client.sendall(define(xml, 3))
        fields, payload = read_frame(c.daemon)
        assert fields[3] == DEFINE_XML_FLAGS and payload == string(xml) + bytes(4)
        c.relays()


def crypto_guest(features, uuid=UUID):
    policies = "".join(f"<feature policy='require' name='{name}'/>" for name in features)
    return f"""<domain type='kvm'><name>web1</name>
  <os><type arch='s390x' machine='s390-ccw-virtio'>hvm</type></os>
  <cpu mode='custom'><model>z14</model>{policies}</cpu>
  <devices><hostdev mode='subsystem' type='mdev' model='vfio-ap'><source>
    <address uuid='{uuid}'/></source></hostdev></devices>
</domain>"""


def test_rewritten():
    """apxa does not reach libvirtd as a CPU feature; all else of the call is kept"""
    if not os.path.exists("/usr/bin/qemu-system-s390x"):
        raise tap.Skip("no qemu-system-s390x to ask for its CPU features")
    xml = crypto_guest(["ap", "apqci", "apft", "apqi", "apxa"])
    with Connection(host=HOST) as c:
        c.client.sendall(frame(DEFINE_XML_FLAGS, CALL, 9, string(xml) + b"\0\0\0\x04"))
        c.daemon.settimeout(15)
        fields, payload = read_frame(c.daemon)
        assert fields[3:] == (DEFINE_XML_FLAGS, CALL, 9, OK), fields
        length = struct.unpack(">I", payload[:4])[0]
        passed = payload[4:4 + length].decode()
        assert payload == string(passed) + b"\0\0\0\x04"
        cpu = passed[passed.index("<cpu"):passed.index("</cpu>")]
        assert "apqi" in cpu and "apxa" not in cpu, passed
        assert "apxa" in passed[passed.index("<metadata"):passed.index("</metadata>")]
        c.relays()


def test_refusal_of_one_among_many():
    """on one connection, each call gets its own answer, in the order of the calls"""
    bad = crypto_guest(["ap", "apqci", "apft", "apqi"], UUID[:-1] + "9")
    with Connection(host=HOST) as c:
        for serial in range(1, 21):
            xml = bad if serial % 2 else "<domain type='kvm'/>"
            c.client.sendall(define(xml, serial))
        for serial in range(1, 21, 2):
            code, message = read_error(c.client, serial)
            assert code == VIR_ERR_CONFIG_UNSUPPORTED and "device-unknown" in message
            assert read_frame(c.daemon)[0][5] == serial + 1
        c.relays()


def test_attach():
    """the guest is named in the call, not in the XML"""
    device = crypto_guest([]).split("<devices>")[1].split("</devices>")[0]
    guest = string("web1") + bytes(range(16)) + b"\xff" * 4
    with Connection(host=HOST) as c:
        c.client.sendall(frame(ATTACH_DEVICE, CALL, 4,
                               guest + string(device.replace("8801", "9999"))))
        code, message = read_error(c.client, 4)
        assert code == VIR_ERR_CONFIG_UNSUPPORTED and "device-unknown" in message, message
        c.relays()


def test_refusal():
    """an AP device that this host does not have: all findings, nothing sent on"""
    xml = crypto_guest([])
    with Connection() as c:
        c.client.sendall(define(xml, 3))
        code, message = read_error(c.client, 3)
        assert code == VIR_ERR_CONFIG_UNSUPPORTED, (code, message)
        assert message.startswith("unsupported configuration: "), message
        assert "error[device-unknown]" in message and "error[ap-off]" in message, message
        c.relays()


def configure(c, text):
    path = os.path.join(c.root, "etc/virt-ap")
    os.makedirs(path, exist_ok=True)
    with open(os.path.join(path, "virt-ap.conf"), "w") as file:
        file.write(text)


def passes(c, xml, serial):
    """what of @xml reaches the daemon"""
    c.client.sendall(define(xml, serial))
    fields, payload = read_frame(c.daemon)
    assert fields[3:] == (DEFINE_XML_FLAGS, CALL, serial, OK), fields
    length = struct.unpack(">I", payload[:4])[0]
    return payload[4:4 + length].decode()


def test_policy():
    """it counts for the next call, on a connection that is open"""
    bad = crypto_guest(["ap", "apqci", "apft", "apqi"], UUID[:-1] + "9")
    with Connection(host=HOST) as c:
        c.client.sendall(define(bad, 1))
        assert "device-unknown" in read_error(c.client, 1)[1]
        for serial, text in enumerate(("[gate]\npolicy=warn\n", "[gate]\npolicy=off\n",
                                       "[findings]\ndevice-unknown=warn\n",
                                       "[gate-findings]\ndevice-unknown=off\n"), 2):
            configure(c, text)
            assert passes(c, bad, serial) == bad
        configure(c, "[hook]\npolicy=off\n[hook-findings]\ndevice-unknown=off\n")
        c.client.sendall(define(bad, 9))
        assert "device-unknown" in read_error(c.client, 9)[1]
        c.relays()


def test_unjudged_where_errors_warn():
    """what cannot be judged goes on too, also rubbish: that is the daemon's to refuse"""
    with Connection(host=HOST) as c:
        configure(c, "[gate]\npolicy=warn\n")
        assert passes(c, MALFORMED, 1) == MALFORMED
        with open(os.path.join(c.root, "proc/cpuinfo"), "a") as file:
            file.write("facilities : twelve\n")
        xml = crypto_guest(["ap"])
        assert passes(c, xml, 2) == xml
        configure(c, "[gate]\npolicy=enforce\n")
        c.client.sendall(define(xml, 3))
        assert "cpuinfo" in read_error(c.client, 3)[1]


def test_broken_configuration():
    """refuses what concerns AP, and nothing else; the message says where"""
    good = crypto_guest(["ap", "apqci", "apft", "apqi"])
    harmless = "<domain type='kvm'><os><type arch='x86_64'>hvm</type></os></domain>"
    with Connection(host=HOST) as c:
        assert passes(c, good, 1) == good
        configure(c, "[gate]\npolicy=warn\n\n[findings]\nno-such=off\n")
        c.client.sendall(define(good, 2))
        code, message = read_error(c.client, 2)
        assert code == VIR_ERR_OPERATION_FAILED, code
        assert "/etc/virt-ap/virt-ap.conf:5: [findings] no-such: " in message, message
        assert passes(c, harmless, 3) == harmless
        c.relays()


def test_complete():
    """what a guest lacks is added and told, once; what it was denied is refused"""
    with Connection(host=HOST) as c:
        c.client.sendall(define(crypto_guest(["ap"]), 1))
        assert "apft-off" in read_error(c.client, 1)[1]
        configure(c, "[gate]\ncomplete=yes\n")
        passed = passes(c, crypto_guest(["ap"]), 2)
        for name in "apqci", "apft", "apqi":
            assert f"<feature policy='require' name='{name}'/>" in passed, passed
            assert f"<virt-ap:changed feature='{name}' what='added'/>" in passed, passed
        assert "feature='ap'" not in passed, passed
        assert passes(c, passed, 3) == passed
        denied = crypto_guest(["ap"]).replace(
            "</cpu>", "<feature policy='disable' name='apft'/></cpu>")
        c.client.sendall(define(denied, 4))
        assert "apft-off" in read_error(c.client, 4)[1]


def test_what_is_decided_is_kept():
    """one record a judged call, with what the client is not shown; none of the others"""
    good = crypto_guest(["ap", "apqci", "apft"])
    harmless = "<domain type='kvm'><os><type arch='x86_64'>hvm</type></os></domain>"
    with Connection(host=HOST) as c:
        os.makedirs(os.path.join(c.root, "var/log"))
        passes(c, harmless, 1)
        passes(c, good, 2)
        for serial, xml in enumerate((crypto_guest(["ap"]), crypto_guest([])[:-20]), 3):
            c.client.sendall(define(xml, serial))
            read_error(c.client, serial)
        configure(c, "[gate]\ncomplete=yes\n[findings]\ndevice-unknown=warn\n")
        passes(c, crypto_guest(["ap"]), 5)
        passes(c, crypto_guest(["ap"], UUID[:-1] + "9"), 6)
        c.relays()
        configure(c, "[gate]\ncomplet=yes\n")
        c.client.sendall(define(good, 7))
        read_error(c.client, 7)
        with open(os.path.join(c.root, "var/log/virt-ap/audit.log")) as file:
            kept = [json.loads(line) for line in file]
    assert [(record["verdict"], record["passed"]) for record in kept] == [
        ("accepted", True), ("refused", False), ("unjudged", False), ("accepted", True),
        ("warned", True), ("unjudged", False)], kept
    for record in kept:
        assert record["door"] == "gate" and record["call"] == "DOMAIN_DEFINE_XML_FLAGS"
        assert record["uid"] == os.getuid(), record
    assert kept[0]["guest"] == "web1" and kept[0]["device"] == UUID, kept[0]
    assert "apqi-off" in [found["id"] for found in kept[0]["findings"]], kept[0]
    assert "apft-off" in [found["id"] for found in kept[1]["findings"]], kept[1]
    assert kept[3]["notes"] and "apqci, apft, apqi" in kept[3]["notes"][0], kept[3]
    assert "[gate] complet: " in kept[5]["reason"], kept[5]


def test_configured_socket():
    """--socket comes first; without it the configuration says where; a fault is told"""
    for there, text, told in ((True, "[gate]\nsocket={}\n", None),
                              (False, "[gate]\nsocket={}.not\n", "sock.not'"),
                              (False, "\n[gate]\nsocket=sock\n",
                               "virt-ap.conf:3: [gate] socket: ")):
        with Connection(begin=False) as c:
            path = c.listener.getsockname()
            configure(c, text.format(path))
            client, inner = socket.socketpair()
            client.settimeout(30)
            gate = subprocess.Popen([GATE, "--root", c.root], stdin=inner, stdout=inner)
            inner.close()
            client.sendall(frame(OPEN, CALL, 5, b"\0" * 8))
            if there:
                daemon, _ = c.listener.accept()
                assert read_frame(daemon)[0][3] == OPEN
                daemon.close()
            else:
                assert told in read_error(client, 5)[1]
            client.close()
            assert gate.wait(10) == 0


GUEST_UUID = "0f0f0f0f-0000-4000-8000-0000000000aa"
GUEST = string("web1") + bytes.fromhex(GUEST_UUID.replace("-", "")) + b"\xff" * 4
BAD_UUID = UUID[:-1] + "9"
ALL = ["ap", "apqci", "apft", "apqi"]
NOTHING, THERE, HYPER = bytes(4), b"\0\0\0\x01", bytes(8)


def params(xml, name):
    return (struct.pack(">I", 2) + string("bandwidth") + struct.pack(">IQ", 4, 7) +
            string(name) + struct.pack(">I", 7) + string(xml))


# every judged call that carries a guest's XML, and its arguments around it
CARRIERS = {
    10: lambda x: string(x) + bytes(4),
    11: string,
    108: lambda x: NOTHING + HYPER + NOTHING + HYPER + string(x),
    148: lambda x: HYPER + THERE + string("n") + HYPER + string(x),
    185: lambda x: GUEST + string(f"<domainsnapshot>{x}</domainsnapshot>") + THERE,
    213: lambda x: GUEST + THERE + string(x) + HYPER + NOTHING + HYPER,
    214: lambda x: string("ck") + NOTHING + HYPER + NOTHING + HYPER + string(x),
    215: lambda x: string("ck") + HYPER + NOTHING + HYPER + string(x),
    216: lambda x: (GUEST + THERE + string(x) + string("ck") + NOTHING + NOTHING + HYPER +
                    NOTHING + HYPER),
    232: lambda x: GUEST + string("/image") + THERE + string(x) + bytes(4),
    233: lambda x: string("/image") + THERE + string(x) + bytes(4),
    236: lambda x: string("/image") + string(x) + bytes(4),
    302: lambda x: GUEST + params(x, "destination_xml") + bytes(4),
    303: lambda x: params(x, "destination_xml") + string("ck") + bytes(4),
    304: lambda x: params(x, "destination_xml") + string("ck") + bytes(4),
    305: lambda x: GUEST + NOTHING + params(x, "destination_xml") + string("ck") + bytes(4),
    309: lambda x: string(x) + bytes(4),
    350: lambda x: string(x) + bytes(4),
    389: lambda x: GUEST + THERE + string(x) + bytes(4),
    411: lambda x: GUEST + string(f"<domaincheckpoint>{x}</domaincheckpoint>") + THERE,
    440: lambda x: GUEST + params(x, "dxml") + bytes(4),
    441: lambda x: params(x, "dxml") + bytes(4),
}


def test_every_carrier_refuses():
    with Connection(host=HOST) as c:
        xml = crypto_guest(ALL, BAD_UUID)
        for serial, (procedure, wrap) in enumerate(CARRIERS.items(), 1):
            c.client.sendall(frame(procedure, CALL, serial, wrap(xml)))
            code, message = read_error(c.client, serial)
            assert code == VIR_ERR_CONFIG_UNSUPPORTED, (procedure, message)
            assert "error[device-unknown]" in message, (procedure, message)
        c.relays()


def test_every_carrier_cut():
    """arguments that end at any byte, once they speak of AP, are refused"""
    with Connection(host=HOST) as c:
        serial = 0
        for procedure, wrap in CARRIERS.items():
            whole = wrap("<a b='ap'/>")
            for length in range(whole.index(b"'ap") + 3, len(whole)):
                serial += 1
                c.client.sendall(frame(procedure, CALL, serial, whole[:length]))
                code, _ = read_error(c.client, serial)
                assert code == VIR_ERR_RPC, (procedure, length)
        c.relays()


def test_every_carrier_mends():
    """Nova's model is right in what reaches the daemon; all around it is as it was"""
    nova = crypto_guest(ALL).replace("vfio-ap", "vfio-pci")
    with Connection(host=HOST) as c:
        for serial, (procedure, wrap) in enumerate(CARRIERS.items(), 1):
            c.client.sendall(frame(procedure, CALL, serial, wrap(nova)))
            c.daemon.settimeout(15)
            fields, payload = read_frame(c.daemon)
            assert fields[3:] == (procedure, CALL, serial, OK), fields
            start = payload.index(b"<domain type")
            end = payload.index(b"</domain>") + len("</domain>")
            passed = payload[start:end].decode()
            assert "model='vfio-ap'" in passed and "model='vfio-pci'" not in passed
            assert f"<virt-ap:changed device='{UUID}'" in passed, passed
            assert payload == wrap(passed), procedure
        c.relays()


def test_without_xml():
    """what may have an XML and has none goes on as it is"""
    with Connection(host=HOST) as c:
        for serial, (procedure, payload) in enumerate({
                213: GUEST + NOTHING + HYPER + NOTHING + HYPER,
                233: string("/image") + NOTHING + bytes(4),
                302: GUEST + NOTHING + bytes(4),
                185: GUEST + string("<domainsnapshot/>") + bytes(4),
                411: GUEST + string("<domaincheckpoint/>") + bytes(4),
                441: NOTHING + bytes(4)}.items(), 1):
            c.client.sendall(frame(procedure, CALL, serial, payload))
            fields, passed = read_frame(c.daemon)
            assert fields[3] == procedure and passed == payload


def test_start_of_a_guest():
    """that was defined before the gate was there: judged as it is stored"""
    with Connection(host=HOST) as c:
        directory = os.path.join(c.root, "etc/libvirt/qemu")
        os.makedirs(directory, exist_ok=True)
        xml = crypto_guest(["ap"]).replace("<name>", f"<uuid>{GUEST_UUID}</uuid><name>")
        with open(os.path.join(directory, "web1.xml"), "w") as file:
            file.write(xml)
        for serial, (procedure, rest) in enumerate(((9, b""), (196, bytes(4)),
                                                    (310, bytes(4))), 1):
            c.client.sendall(frame(procedure, CALL, serial, GUEST + rest))
            code, message = read_error(c.client, serial)
            assert code == VIR_ERR_CONFIG_UNSUPPORTED, message
            assert "error[apft-off]" in message, message
        # another one, of which nothing is known, goes on to the daemon and the hook
        other = GUEST.replace(b"web1", b"web2").replace(b"\xaa", b"\xbb")
        c.client.sendall(frame(9, CALL, 9, other))
        fields, passed = read_frame(c.daemon)
        assert fields[3] == 9 and passed == other
        c.relays()


def test_translation_is_not_refused():
    with Connection(host=HOST) as c:
        def call(xml, serial):
            c.client.sendall(frame(136, CALL, serial,
                                   string("qemu-argv") + string(xml) + bytes(4)))
            fields, payload = read_frame(c.daemon)
            assert fields[3:] == (136, CALL, serial, OK)
            return payload

        xml = crypto_guest(["ap", "apxa"], BAD_UUID)
        passed = call(xml, 1).decode(errors="replace")
        assert "apxa" not in passed[passed.index("<cpu"):passed.index("</cpu>")], passed
        for serial, broken in enumerate(("", "<domain", "<x/>"), 2):
            assert string(broken) in call(broken, serial)


def test_node_devices():
    """by name, and changed"""
    matrix = (f"<device><parent>ap_matrix</parent><capability type='mdev'>"
              f"<type id='vfio_ap-passthrough'/><uuid>{BAD_UUID}</uuid>"
              f"<attr name='assign_adapter' value='5'/>"
              f"<attr name='assign_domain' value='4'/></capability></device>")
    name = string("mdev_" + BAD_UUID.replace("-", "_") + "_matrix")
    with Connection(host=HOST + f"definition {BAD_UUID} adapters=5 domains=4\n") as c:
        for serial, (procedure, payload) in enumerate((
                (430, name + bytes(4)), (447, name + string(matrix) + bytes(4)),
                (447, name + string(matrix) + struct.pack(">I", 2)),
                (123, string(matrix) + bytes(4))), 1):
            c.client.sendall(frame(procedure, CALL, serial, payload))
            _, message = read_error(c.client, serial)
            assert "[queue-in-use]" in message, message
        other = string("pci_0000_00_01_0") + bytes(4)
        c.client.sendall(frame(430, CALL, 9, other))
        assert read_frame(c.daemon)[1] == other


def test_attach_mends():
    device = crypto_guest([]).split("<devices>")[1].split("</devices>")[0]
    nova = device.replace("vfio-ap", "vfio-pci")
    with Connection(host=HOST) as c:
        for serial, (procedure, rest) in enumerate(((8, b""), (160, bytes(4)),
                                                    (174, bytes(4))), 1):
            c.client.sendall(frame(procedure, CALL, serial, GUEST + string(nova) + rest))
            _, payload = read_frame(c.daemon)
            assert payload == GUEST + string(device) + rest, payload


def peak_memory(pid):
    """in KiB; 0 where a sanitizer keeps what was freed"""
    with open(f"/proc/{pid}/maps") as maps:
        if "libasan" in maps.read():
            return 0
    with open(f"/proc/{pid}/status") as status:
        for line in status:
            if line.startswith("VmHWM:"):
                return int(line.split()[1])
    raise tap.Skip("/proc has no VmHWM")


def write_until_stuck(sock, data):
    sock.settimeout(0.5)
    total = 0
    try:
        while total < 64 << 20:
            total += sock.send(data)
    except TimeoutError:
        pass
    return total


def test_memory_when_client_reads_nothing():
    with Connection() as c:
        before = peak_memory(c.gate.pid)
        taken = write_until_stuck(c.daemon, frame(5, MESSAGE, 0, bytes(65508)))
        assert taken < 4 << 20, taken
        assert peak_memory(c.gate.pid) < before + 1024, (before, peak_memory(c.gate.pid))


def test_memory_when_daemon_reads_nothing():
    with Connection() as c:
        before = peak_memory(c.gate.pid)
        taken = write_until_stuck(c.client, frame(5, CALL, 0, bytes(65508)))
        assert taken < 4 << 20, taken
        assert peak_memory(c.gate.pid) < before + 1024, (before, peak_memory(c.gate.pid))


def test_memory_when_no_refusal_is_read():
    with Connection() as c:
        c.client.sendall(define(MALFORMED, 1))
        read_error(c.client, 1)
        before = peak_memory(c.gate.pid)
        taken = write_until_stuck(c.client, define(MALFORMED, 1) * 1000)
        assert taken < 4 << 20, taken
        assert peak_memory(c.gate.pid) < before + 1024, (before, peak_memory(c.gate.pid))


def test_memory_when_daemon_never_answers():
    with Connection() as c:
        before = peak_memory(c.gate.pid)
        data = frame(5, CALL, 0, bytes(65508)) * 64
        sender = threading.Thread(
            target=lambda: [c.client.sendall(data) for _ in range(16)])
        sender.start()
        read(c.daemon, 16 * len(data))
        sender.join()
        assert peak_memory(c.gate.pid) < before + 1024, (before, peak_memory(c.gate.pid))


def judges_of(gate):
    return subprocess.run(["ps", "-o", "pid=", "--ppid", str(gate.pid)],
                          capture_output=True, text=True).stdout.split()


def judge_of(gate):
    children = judges_of(gate)
    assert len(children) == 1, children
    return int(children[0])


def test_judge_killed():
    """the connection goes on, and the next call has another judge"""
    with Connection() as c:
        for serial in (1, 2):
            c.client.sendall(define(MALFORMED, serial))
            assert read_error(c.client, serial)[0] == VIR_ERR_XML_DETAIL
            os.kill(judge_of(c.gate), signal.SIGKILL)
            time.sleep(0.05)
        c.relays()


def test_gate_killed_when_the_call_has_gone():
    """what the daemon has got is recorded, whoever dies then"""
    for _ in range(20):
        with Connection(host=HOST) as c:
            os.makedirs(os.path.join(c.root, "var/log"))
            log = os.path.join(c.root, "var/log/virt-ap/audit.log")
            passes(c, crypto_guest(ALL), 1)
            c.gate.kill()
            deadline = time.monotonic() + 20
            while not os.path.exists(log) or os.path.getsize(log) == 0:
                assert time.monotonic() < deadline, "no record"
                time.sleep(0.005)
            with open(log) as file:
                assert [json.loads(line)["verdict"] for line in file] == ["accepted"]


def records_of(c, count):
    """as many as there are to come"""
    path = os.path.join(c.root, "var/log/virt-ap/audit.log")
    deadline = time.monotonic() + 20
    kept = []
    while len(kept) < count and time.monotonic() < deadline:
        time.sleep(0.01)
        if os.path.exists(path):
            with open(path) as file:
                kept = [json.loads(line) for line in file]
    return kept


@contextlib.contextmanager
def full_journal(c):
    """one that takes nothing more, which keeps the judge"""
    journal = os.path.join(c.root, "run/systemd/journal")
    os.makedirs(journal)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as full, \
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        full.bind(f"{journal}/socket")
        sender.setblocking(False)
        try:
            for _ in range(10000):
                sender.sendto(b"x", f"{journal}/socket")
        except BlockingIOError:
            pass
        yield


def test_judge_lost_while_it_records():
    """the call has gone, and a record says so all the same"""
    with Connection(host=HOST) as c:
        os.makedirs(os.path.join(c.root, "var/log"))
        passes(c, crypto_guest(ALL), 1)
        c.relays()
        with full_journal(c):
            passes(c, crypto_guest(ALL), 2)
            os.kill(judge_of(c.gate), signal.SIGKILL)
        c.relays()
        kept = records_of(c, 2)
        assert [(record["verdict"], record["passed"]) for record in kept] == [
            ("accepted", True), ("unjudged", True)], kept
        assert "kept" in kept[1]["reason"], kept
        passes(c, crypto_guest(ALL), 3)


def test_judge_lost():
    """a call whose judge is killed meanwhile is refused, and recorded"""
    with Connection(host=HOST) as c:
        os.makedirs(os.path.join(c.root, "var/log"))
        log = os.path.join(c.root, "var/log/virt-ap/audit.log")
        passes(c, crypto_guest(ALL), 1)
        c.relays()
        judge = judge_of(c.gate)
        os.kill(judge, signal.SIGSTOP)
        c.client.sendall(define(crypto_guest(ALL), 2))
        time.sleep(0.1)
        os.kill(judge, signal.SIGKILL)
        code, message = read_error(c.client, 2)
        assert code == VIR_ERR_OPERATION_FAILED and "could not judge" in message, message
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            with open(log) as file:
                kept = [json.loads(line) for line in file]
            if len(kept) == 2:
                break
            time.sleep(0.02)
        assert [record["verdict"] for record in kept] == ["accepted", "unjudged"], kept
        assert kept[1]["call"] == "DOMAIN_DEFINE_XML_FLAGS" and not kept[1]["passed"], kept
        c.relays()


def test_judge_missing():
    """could not judge means refused"""
    with tempfile.TemporaryDirectory() as alone:
        gate = shutil.copy(GATE, alone)
        with Connection(gate=gate) as c:
            c.client.sendall(define(crypto_guest([]), 1))
            code, message = read_error(c.client, 1)
            assert code == VIR_ERR_OPERATION_FAILED and "could not judge" in message
            c.relays()


def test_resident_memory():
    """a gate that only relays is small"""
    with Connection() as c:
        c.relays()
        assert peak_memory(c.gate.pid) < 6 * 1024, peak_memory(c.gate.pid)


def test_large_reply():
    """10 MB come through unchanged, in one frame"""
    with Connection() as c:
        data = frame(5, REPLY, 1, os.urandom(10 << 20))
        sender = threading.Thread(target=c.daemon.sendall, args=(data,))
        sender.start()
        assert read(c.client, len(data)) == data
        sender.join()
        c.relays()


def lend(c):
    """judges two calls, after which the judge has the stream; returns its process"""
    os.makedirs(os.path.join(c.root, "var/log"), exist_ok=True)
    for serial in (101, 102):
        passes(c, crypto_guest(ALL), serial)
        c.daemon.sendall(frame(DEFINE_XML_FLAGS, REPLY, serial, b"done"))
        assert read(c.client, 32) == frame(DEFINE_XML_FLAGS, REPLY, serial, b"done")
    judge = judge_of(c.gate)
    deadline = time.monotonic() + 20
    while not has_stream(judge):
        assert time.monotonic() < deadline, "not lent"
        time.sleep(0.002)
    return judge


def has_stream(judge):
    for fd in os.listdir(f"/proc/{judge}/fd"):
        try:
            if "virt-ap-stream" in os.readlink(f"/proc/{judge}/fd/{fd}"):
                return True
        except FileNotFoundError:
            pass
    return False


def test_lent():
    """what the judge relays itself is judged and recorded as ever"""
    with Connection(host=HOST) as c:
        judge = lend(c)
        passes(c, crypto_guest(ALL), 1)
        c.relays()
        assert "apxa" in passes(c, crypto_guest(ALL + ["apxa"]), 2)
        c.client.sendall(define(crypto_guest(ALL, UUID[:-1] + "9"), 3))
        assert read_error(c.client, 3)[0] == VIR_ERR_CONFIG_UNSUPPORTED
        c.relays()
        assert has_stream(judge) and judge_of(c.gate) == judge
        verdicts = [record["verdict"] for record in records_of(c, 5)]
        assert verdicts == ["accepted"] * 4 + ["refused"], verdicts


def test_lent_judge_killed():
    """nothing is lost that was between the two, and the next call has another judge"""
    with Connection(host=HOST) as c:
        event = frame(4712, MESSAGE, 0, b"something new")
        for cut in (0, 4, 27, 28, len(event) - 1):
            judge = lend(c)
            c.daemon.sendall(event[:cut])
            assert cut < 28 or read(c.client, cut) == event[:cut]
            time.sleep(0.05)
            os.kill(judge, signal.SIGKILL)
            c.daemon.sendall(event[cut:])
            rest = event if cut < 28 else event[cut:]
            assert read(c.client, len(rest)) == rest, cut
            c.relays()
        call = define(crypto_guest(ALL), 5)
        judge = lend(c)
        c.client.sendall(call[:100])
        time.sleep(0.05)
        os.kill(judge, signal.SIGKILL)
        c.client.sendall(call[100:])
        assert read(c.daemon, len(call)) == call
        assert judge_of(c.gate) != judge


def test_lent_gate_killed():
    """neither process is left, and both ends hear of it"""
    with Connection(host=HOST) as c:
        judge = lend(c)
        c.gate.kill()
        assert c.client.recv(1) == b"" and c.daemon.recv(1) == b""
        deadline = time.monotonic() + 20
        while os.path.exists(f"/proc/{judge}/exe"):
            assert time.monotonic() < deadline, "a judge is left"
            time.sleep(0.002)


def test_lent_record_that_takes_long():
    """keeps the reply back, not the events before it, and is not waited for for ever"""
    with Connection(host=HOST) as c:
        lend(c)
        with full_journal(c):
            begin = time.monotonic()
            passes(c, crypto_guest(ALL), 1)
            reply = frame(DEFINE_XML_FLAGS, REPLY, 1, b"done")
            c.daemon.sendall(reply)
            assert read(c.client, 32) == reply
            assert time.monotonic() - begin > 0.2
            c.relays()
            os.kill(judge_of(c.gate), signal.SIGKILL)
        kept = records_of(c, 3)
        assert [record["verdict"] for record in kept][:2] == ["accepted"] * 2, kept


def test_lent_closed():
    """the client's last call ends the gate as ever"""
    for _ in range(10):
        with Connection(host=HOST) as c:
            lend(c)
            close(c)
            c.daemon.sendall(frame(CLOSE, REPLY, 8))
            assert read(c.client, 28) == frame(CLOSE, REPLY, 8)
            assert c.gate.poll() == 0
            assert c.client.recv(1) == b""


def test_lent_ends():
    """who goes while the judge has the stream is followed by the other end"""
    for gone, left in (("client", "daemon"), ("daemon", "client")):
        with Connection(host=HOST) as c:
            lend(c)
            last = frame(5, MESSAGE, 1, b"last")
            getattr(c, gone).sendall(last)
            getattr(c, gone).close()
            assert read(getattr(c, left), 32) == last
            assert getattr(c, left).recv(1) == b""
            assert c.gate.wait(10) == 0


def close(c, *replies):
    """the client's last call, and what the daemon says then"""
    c.client.sendall(frame(CLOSE, CALL, 8))
    assert read(c.daemon, 28) == frame(CLOSE, CALL, 8)
    for reply in replies:
        c.daemon.sendall(reply)
        time.sleep(0.05)


def test_ended_when_the_client_may_close():
    """which looks, with the last reply, whether the gate has ended, and sleeps if not"""
    for _ in range(20):
        with Connection() as c:
            c.relays()
            close(c)
            c.daemon.sendall(frame(CLOSE, REPLY, 8))
            assert read(c.client, 28) == frame(CLOSE, REPLY, 8)
            assert c.gate.poll() == 0
            assert c.client.recv(1) == b""


def test_last_words():
    """what else the daemon says with its last reply comes too, in its order"""
    last = frame(CLOSE, REPLY, 8)
    event = frame(4712, MESSAGE, 0, b"news")
    error = frame(CLOSE, REPLY, 8, b"oops", ERROR)
    for said in ((event + last,), (event, last), (last + event,), (last[:5], last[5:]),
                 (error,), (frame(CLOSE, REPLY, 7), last)):
        with Connection() as c:
            close(c, *said)
            c.daemon.close()
            whole = b"".join(said)
            assert read(c.client, len(whole)) == whole, said
            assert c.client.recv(1) == b""
            assert c.gate.wait(10) == 0


def test_last_reply_waits_for_the_record():
    """a call that was judged before is kept before the client hears of anything more"""
    with Connection(host=HOST) as c:
        os.makedirs(os.path.join(c.root, "var/log"))
        c.client.sendall(define(crypto_guest(["ap", "apqci", "apft"]), 7)
                         + frame(CLOSE, CALL, 8))
        assert read_frame(c.daemon)[0][3] == DEFINE_XML_FLAGS
        assert read_frame(c.daemon)[0][3] == CLOSE
        c.daemon.sendall(frame(CLOSE, REPLY, 8))
        c.daemon.close()
        assert read(c.client, 28) == frame(CLOSE, REPLY, 8)
        with open(os.path.join(c.root, "var/log/virt-ap/audit.log")) as file:
            assert len(file.readlines()) == 1


def test_daemon_dies():
    with Connection() as c:
        c.daemon.sendall(frame(5, REPLY, 1, b"last"))
        c.daemon.close()
        assert read(c.client, 32) == frame(5, REPLY, 1, b"last")
        assert c.client.recv(1) == b""
        assert c.gate.wait(10) == 0
        assert c.gate.stderr.read() == ""


def test_client_dies():
    with Connection() as c:
        c.client.sendall(frame(5, CALL, 1, b"last"))
        c.client.close()
        assert read(c.daemon, 32) == frame(5, CALL, 1, b"last")
        assert c.daemon.recv(1) == b""
        assert c.gate.wait(10) == 0


if __name__ == "__main__":
    sys.exit(tap.run(tap.tests_of(sys.modules[__name__])))
