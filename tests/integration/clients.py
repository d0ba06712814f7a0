# SPDX-License-Identifier: LGPL-2.1-or-later
"""Clients of libvirt, each as its distribution has it, through the gate, which is in the
lab's default URI: virsh's own tests are the other files of this folder.  Run by in-lab.sh."""

import contextlib
import os
import socket
import struct
import subprocess
import sys
import tempfile
import threading

import libvirt

HERE = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(HERE, "..", "gate"))
import tap  # noqa: E402

URI = os.environ["LIBVIRT_DEFAULT_URI"]
DIRECT = "qemu+unix:///system"
FIRST = "62177883-f1bb-47f0-914d-32a22e3a8801"
NOWHERE = "62177883-f1bb-47f0-914d-32a22e3affff"
FEATURES = ("ap", "apqci", "apft", "apqi")
X86 = "/usr/bin/qemu-system-x86_64"


def shell(function, *args):
    """what a function of xml.sh prints"""
    return subprocess.run(["sh", "-c", f'. "$0/xml.sh"; {function} "$@"', HERE, *args],
                          capture_output=True, text=True, check=True).stdout


def guest(name, *devices, features=FEATURES):
    return shell("guest_xml", name, " ".join(features), *devices)


def refused(identifier, function, *args):
    """calls it, and expects the gate's refusal with this finding"""
    try:
        function(*args)
    except Exception as error:
        assert f"error[{identifier}]" in str(error), error
        return
    raise AssertionError("not refused")


def pool(connection, path):
    return connection.storagePoolCreateXML(
        f"<pool type='dir'><name>pool</name><target><path>{path}</path></target></pool>")


@contextlib.contextmanager
def undefined_after(names):
    """also after a failure, so that others find the device free"""
    try:
        yield
    finally:
        with libvirt.open(DIRECT) as connection:
            for domain in connection.listAllDomains():
                if domain.name() in names:
                    domain.undefine()


def test_python():
    with libvirt.open(None) as connection:
        refused("device-unknown", connection.defineXML, guest("python", NOWHERE))
        domain = connection.defineXML(guest("python", FIRST))
        assert FIRST in domain.XMLDesc()
        domain.create()
        refused("device-in-use", connection.defineXML, guest("python2", FIRST))
        domain.destroy()
        domain.undefine()


def test_thousand_calls_of_threads():
    """on one connection; each gets its own answer, while some are judged"""
    faults = []

    def work(connection, number):
        try:
            call(connection, number)
        except libvirt.libvirtError as error:
            faults.append(error)

    def call(connection, number):
        name = f"thread{number}"
        for i in range(50):
            if i % 10 == 0:
                got = connection.defineXML(guest_of[number]).name()
            else:
                got = connection.lookupByName("python-known").name()
            wanted = "python-known" if i % 10 else name
            if got != wanted:
                faults.append((got, wanted))

    guest_of = [guest(f"thread{i}", FIRST) if i == 0 else guest(f"thread{i}")
                for i in range(20)]
    names = ["python-known", *(f"thread{i}" for i in range(20))]
    with libvirt.open(None) as connection, undefined_after(names):
        connection.defineXML(guest("python-known"))
        threads = [threading.Thread(target=work, args=(connection, i)) for i in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not faults, faults[:5]


def read(sock, length):
    data = b""
    while len(data) < length:
        part = sock.recv(length - len(data))
        assert part, "the connection has ended"
        data += part
    return data


def test_thousand_calls_at_once():
    """written before the first answer is read; libvirtd takes five at a time"""
    def frame(procedure, serial, payload=b""):
        return struct.pack(">7I", 28 + len(payload), 0x20008086, 1, procedure, 0, serial,
                           0) + payload

    command = URI.split("command=")[1]
    client, inner = socket.socketpair()
    gate = subprocess.Popen([command], stdin=inner, stdout=inner)
    inner.close()
    client.settimeout(60)
    uri = b"qemu:///system"
    open_ = struct.pack(">II", 1, len(uri)) + uri + bytes(-len(uri) % 4) + bytes(4)

    def read_replies(count):
        serials = set()
        for _ in range(count):
            head = struct.unpack(">7I", read(client, 28))
            assert head[4:] == (1, head[5], 0), head
            serials.add(head[5])
            read(client, head[0] - 28)
        return serials

    client.sendall(frame(66, 1) + frame(1, 2, open_))  # AUTH_LIST, CONNECT_OPEN
    assert read_replies(2) == {1, 2}
    # CONNECT_GET_LIB_VERSION
    calls = b"".join(frame(157, serial) for serial in range(1000))
    sender = threading.Thread(target=client.sendall, args=(calls,))
    sender.start()
    assert read_replies(1000) == set(range(1000))
    sender.join()
    client.close()
    assert gate.wait(20) == 0


def test_volumes():
    """up and down, streams of many frames"""
    content = os.urandom(3 << 20)
    with tempfile.TemporaryDirectory() as path, libvirt.open(None) as connection:
        place = pool(connection, path)
        volume = place.createXML("<volume><name>v</name><capacity>3145728</capacity>"
                                 "<target><format type='raw'/></target></volume>")
        stream = connection.newStream()
        volume.upload(stream, 0, len(content))
        left = [content]

        def take(_stream, size, _opaque):
            part, left[0] = left[0][:size], left[0][size:]
            return part

        stream.sendAll(take, None)
        stream.finish()
        stream = connection.newStream()
        volume.download(stream, 0, len(content))
        got = bytearray()
        stream.recvAll(lambda _stream, data, _opaque: got.extend(data), None)
        stream.finish()
        assert got == content
        place.destroy()


def test_console():
    """what a guest's firmware says on its serial port, and the end when it is destroyed"""
    if not os.access(X86, os.X_OK):
        raise tap.Skip(f"no {X86} for a guest that says something")
    xml = f"""<domain type='qemu'><name>talker</name><memory unit='MiB'>64</memory>
      <os><type arch='x86_64' machine='pc'>hvm</type><bios useserial='yes'/></os>
      <devices><emulator>{X86}</emulator><serial type='pty'/></devices></domain>"""
    with libvirt.open(None) as connection:
        domain = connection.createXML(xml, libvirt.VIR_DOMAIN_START_PAUSED)
        try:
            stream = connection.newStream()
            domain.openConsole(None, stream, 0)
            domain.resume()
            seen = b""
            while b"SeaBIOS" not in seen:
                part = stream.recv(4096)
                assert part, seen
                seen += part
            assert stream.send(b"\r") == 1
        finally:
            domain.destroy()
        try:
            while stream.recv(4096):
                pass
            stream.finish()
        except libvirt.libvirtError:
            pass  # the guest is gone, and so is the other end


def test_events():
    """of what another client does"""
    seen = []
    done = threading.Event()

    def note(_connection, domain, event, _detail, _opaque):
        seen.append((domain.name(), event))
        if event == libvirt.VIR_DOMAIN_EVENT_UNDEFINED:
            done.set()

    connection = libvirt.open(None)
    connection.domainEventRegisterAny(None, libvirt.VIR_DOMAIN_EVENT_ID_LIFECYCLE, note,
                                      None)
    with libvirt.open(DIRECT) as other:
        other.defineXML(guest("event")).undefine()
    assert done.wait(30), seen
    assert seen == [("event", libvirt.VIR_DOMAIN_EVENT_DEFINED),
                    ("event", libvirt.VIR_DOMAIN_EVENT_UNDEFINED)], seen
    connection.close()


def virt_install(*options):
    return subprocess.run(
        ["virt-install", "--name", "installed", "--arch", "s390x", "--virt-type", "qemu",
         "--memory", "128", "--disk", "none", "--osinfo", "generic", "--graphics", "none",
         "--network", "none", "--noautoconsole", "--boot",
         "kernel=/run/virt-ap-lab/idle-kernel", "--import", *options],
        capture_output=True, text=True)


def cpu(*features):
    return ["--cpu", ",".join(["gen15a-base",
                               *("+" + name for name in features)])]


def need_virt_install():
    if subprocess.run(["which", "virt-install"], capture_output=True).returncode != 0:
        raise tap.Skip("no virt-install here")


def define(xml):
    """with virsh, from its standard input"""
    return subprocess.run(["virsh", "define", "/dev/stdin"], input=xml,
                          capture_output=True, text=True)


DEVICE = ["--hostdev", "mdev_" + FIRST.replace("-", "_") + "_matrix"]


def test_virt_install_prints():
    """its XML, piped into define"""
    need_virt_install()
    printed = virt_install("--print-xml", *DEVICE, *cpu(*FEATURES))
    assert printed.returncode == 0, printed.stderr
    done = define(printed.stdout)
    assert done.returncode == 0, done.stderr
    with libvirt.open(None) as connection:
        domain = connection.lookupByName("installed")
        assert FIRST in domain.XMLDesc()
        domain.undefine()
    printed = virt_install("--print-xml", *DEVICE, *cpu())
    done = define(printed.stdout)
    assert done.returncode == 1 and "error[ap-off]" in done.stderr, done.stderr


def test_virt_install():
    """defines and starts the guest itself, and shows the refusal"""
    need_virt_install()
    done = virt_install(*DEVICE, *cpu(*FEATURES))
    assert done.returncode == 0, done.stderr
    with libvirt.open(None) as connection:
        domain = connection.lookupByName("installed")
        assert domain.isActive() and FIRST in domain.XMLDesc()
        domain.destroy()
        domain.undefine()
        done = virt_install(*DEVICE, *cpu("apqci"))
        assert done.returncode == 1, done.stderr
        assert "error[ap-off]" in done.stderr + done.stdout, done.stderr
        assert not connection.listAllDomains()


def test_glib():
    """libvirt-glib, as GNOME Boxes uses it"""
    try:
        import gi
        for name in ("LibvirtGLib", "LibvirtGObject", "LibvirtGConfig"):
            gi.require_version(name, "1.0")
        from gi.repository import LibvirtGConfig, LibvirtGObject
    except (ImportError, ValueError) as reason:
        raise tap.Skip(f"no libvirt-glib here: {reason}")
    connection = LibvirtGObject.Connection.new(URI)
    assert connection.open(None)
    make = LibvirtGConfig.Domain.new_from_xml
    refused("device-unknown", connection.create_domain, make(guest("glib", NOWHERE)))
    domain = connection.create_domain(make(guest("glib", FIRST)))
    assert FIRST in domain.get_config(0).to_xml()
    assert connection.fetch_domains(None)
    assert [domain.get_name() for domain in connection.get_domains()] == ["glib"]
    domain.delete(0)
    connection.close()


def run_events():
    while True:
        libvirt.virEventRunDefaultImpl()


def setup():
    with open("/sys/bus/ap/apmask", "w") as mask:
        mask.write("-5,-6")
    with libvirt.open(None) as connection:
        connection.nodeDeviceCreateXML(shell("matrix_xml", FIRST, "5 6", "4 0xab", "4"), 0)


if __name__ == "__main__":
    # errors are told by exceptions alone
    libvirt.registerErrorHandler(lambda *_: None, None)
    libvirt.virEventRegisterDefaultImpl()
    threading.Thread(target=run_events, daemon=True).start()
    setup()
    # nothing here is worth waiting for at the end: the lab takes all of it down
    status = tap.run(tap.tests_of(sys.modules[__name__]))
    sys.stdout.flush()
    os._exit(status)
