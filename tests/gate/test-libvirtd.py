#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The gate between the distribution's own virsh and libvirtd, in private namespaces:
what goes through it must be what goes without it.

usage: test-libvirtd.py GATE
"""

import contextlib
import os
import pty
import re
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
import tap  # noqa: E402

BUILD = os.path.abspath(sys.argv[1] + "/../../..")
# the build tree as every user can reach it, wherever it is
GATE = "/run/build/src/gate/gate"
DIRECT = "qemu:///system"
THROUGH = f"qemu+ext:///system?command={GATE}"
SOCKET = "/run/libvirt/libvirt-sock"
NOBODY = 65534
# with their sockets' names
MODULAR = {"virtnodedevd": "virtnodedevd", "virtqemud": "virtqemud",
           "virtproxyd": "libvirt"}

GUEST = """<domain type='qemu'>
  <name>{name}</name>
  <memory>65536</memory>
  <os><type arch='s390x' machine='s390-ccw-virtio'>hvm</type></os>
  <devices><emulator>/usr/bin/qemu-system-s390x</emulator>{devices}</devices>
</domain>
"""
CRYPTO = """<hostdev mode='subsystem' type='mdev' model='vfio-ap'><source>
  <address uuid='62177883-f1bb-47f0-914d-32a22e3a8801'/></source></hostdev>"""


def where_is(program):
    return shutil.which(program, path=f"{os.environ['PATH']}:/usr/sbin:/sbin")


def in_namespaces():
    """runs this again where mounts, processes and the network are its own"""
    unshare = ["unshare", "-m", "-n", "-p", "-i", "--fork", "--kill-child",
               "--mount-proc"]

    for program in ("libvirtd", "virsh", "unshare", "qemu-system-s390x", "socat"):
        if not where_is(program):
            print(f"1..0 # SKIP no {program} here")
            return 0
    if subprocess.run([*unshare, "true"], capture_output=True).returncode != 0:
        print("1..0 # SKIP cannot make namespaces (not root?)")
        return 0
    # the shell is the first process there: it reaps what libvirtd leaves behind
    return subprocess.call([*unshare, "sh", "-c", '"$@"; exit $?', "sh", sys.executable,
                            *sys.argv, "inside"])


def setup():
    # nothing is configured, and no record of the gate's leaves the test
    for place in ("/run", "/etc/libvirt", "/etc/virt-ap", "/var/lib/libvirt",
                  "/var/cache/libvirt", "/var/log"):
        if place != "/etc/virt-ap" or os.path.isdir(place):
            subprocess.run(["mount", "-t", "tmpfs", "tmpfs", place], check=True)
    os.makedirs("/var/log/libvirt")
    subprocess.run(["ip", "link", "set", "lo", "up"], check=False)
    os.makedirs("/run/lock")
    os.makedirs("/run/build")
    subprocess.run(["mount", "--bind", BUILD, "/run/build"], check=True)
    os.makedirs("/etc/libvirt/qemu")
    configure_daemon("none", "0700")
    with open("/etc/libvirt/qemu.conf", "w") as conf:
        conf.write('security_driver = "none"\ncgroup_controllers = []\n'
                   'user = "root"\ngroup = "root"\n')
    # one emulator, so that the daemon need not ask thirty
    os.mkdir(f"{WORK}/bin")
    os.symlink(shutil.which("qemu-system-s390x"), f"{WORK}/bin/qemu-system-s390x")


def configure_daemon(authentication, mode, program="libvirtd"):
    """of the socket that is not for looking only"""
    with open(f"/etc/libvirt/{program}.conf", "w") as conf:
        conf.write(f'auth_unix_ro = "none"\nauth_unix_rw = "{authentication}"\n'
                   f'unix_sock_ro_perms = "0777"\nunix_sock_rw_perms = "{mode}"\n')


def start_daemon(path, environment=(), program="libvirtd", **options):
    """a libvirtd, or another, once it listens at @path"""
    env = {**os.environ, "PATH": f"{WORK}/bin:/usr/sbin:/sbin", **dict(environment)}
    daemon = subprocess.Popen([where_is(program)], env=env, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL, **options)
    for _ in range(400):
        if os.path.exists(path):
            return daemon
        time.sleep(0.05)
    daemon.kill()
    raise RuntimeError(f"{program} does not listen at {path}")


def virsh(uri, *args, check=True, **options):
    done = subprocess.run(["virsh", "-c", uri, *args], capture_output=True, text=True,
                          timeout=60, **options)
    if check and done.returncode != 0:
        raise AssertionError(f"virsh {args}: {done.stderr}")
    return done


def same(*args, **options):
    """what virsh prints, and its status, must not depend on the gate"""
    direct = virsh(DIRECT, *args, check=False, **options)
    through = virsh(THROUGH, *args, check=False, **options)
    assert through.returncode == direct.returncode, (args, through.stderr)
    assert through.stdout == direct.stdout, (args, through.stdout[:500])
    assert through.stderr == direct.stderr, (args, through.stderr)
    return through


def write(name, text):
    path = os.path.join(WORK, name)
    with open(path, "w") as file:
        file.write(text)
    return path


def test_first_look():
    same("list", "--all")
    same("version")
    assert "<capabilities>" in same("capabilities").stdout
    same("nodeinfo")
    same("nodedev-list")
    same("dominfo", "nobody")


def test_define():
    path = write("plain.xml", GUEST.format(name="plain", devices=""))
    virsh(THROUGH, "define", path)
    assert "<name>plain</name>" in same("dumpxml", "plain").stdout
    same("domxml-to-native", "qemu-argv", "--domain", "plain")
    virsh(THROUGH, "undefine", "plain")


def test_refused():
    path = write("crypto.xml", GUEST.format(name="web1", devices=CRYPTO))
    refused = virsh(THROUGH, "define", path, check=False)
    assert refused.returncode == 1
    assert "unsupported configuration: " in refused.stderr, refused.stderr
    assert "error[device-unknown]" in refused.stderr, refused.stderr
    assert "62177883-f1bb-47f0-914d-32a22e3a8801" in refused.stderr
    refused = virsh(THROUGH, "create", path, check=False)
    assert "error[device-unknown]" in refused.stderr, refused.stderr
    assert "web1" not in virsh(DIRECT, "list", "--all", "--name").stdout


def test_refused_attach():
    guest = write("plain.xml", GUEST.format(name="plain", devices=""))
    device = write("device.xml", CRYPTO)
    virsh(THROUGH, "define", guest)
    refused = virsh(THROUGH, "attach-device", "plain", device, "--config", check=False)
    assert refused.returncode == 1
    assert "error[device-unknown]" in refused.stderr, refused.stderr
    assert "hostdev" not in virsh(DIRECT, "dumpxml", "plain").stdout
    virsh(THROUGH, "undefine", "plain")


def test_refused_node_device():
    path = write("matrix.xml", """<device><parent>ap_matrix</parent>
  <capability type='mdev'><type id='vfio_ap-passthrough'/>
  <attr name='assign_adapter' value='five'/><attr name='assign_domain' value='4'/>
  </capability></device>""")
    for call in ("nodedev-define", "nodedev-create"):
        refused = virsh(THROUGH, call, path, check=False)
        assert refused.returncode == 1
        assert "error[attribute-malformed]" in refused.stderr, refused.stderr


def test_malformed():
    path = write("cut.xml", "<domain type='qemu'>\n  <name>cut</na")
    refused = virsh(THROUGH, "define", path, check=False)
    assert refused.returncode == 1 and "2" in refused.stderr, refused.stderr
    # libvirt's client refuses this one by itself
    path = write("large.xml", GUEST.format(name="large", devices=" " * (5 << 20)))
    refused = same("define", path)
    assert refused.returncode == 1


def answer_to_length(length, command=None):
    """what there is to read after the beginning of a call of so many bytes"""
    if command:
        ours, theirs = socket.socketpair()
        gate = subprocess.Popen(command, stdin=theirs, stdout=theirs,
                                stderr=subprocess.DEVNULL)
        theirs.close()
    else:
        ours = socket.socket(socket.AF_UNIX)
        ours.connect(SOCKET)
    ours.settimeout(20)
    # CONNECT_OPEN, and no more of it than its header
    ours.sendall(struct.pack(">7I", length, 0x20008086, 1, 1, 0, 0, 0))
    try:
        return ours.recv(100)
    except ConnectionResetError:
        return b""
    except socket.timeout:
        return None
    finally:
        ours.close()
        if command:
            gate.wait(20)


def test_too_long_a_frame():
    """of a byte more than VIR_NET_MESSAGE_MAX neither reads on"""
    longest = 4 + 33554432
    assert answer_to_length(longest + 1) == b""
    assert answer_to_length(longest + 1, [GATE]) == b""


def test_read_only():
    path = write("plain.xml", GUEST.format(name="plain", devices=""))
    direct = subprocess.run(["virsh", "-r", "-c", DIRECT, "define", path],
                            capture_output=True, text=True)
    through = subprocess.run(["virsh", "-r", "-c", THROUGH, "define", path],
                             capture_output=True, text=True)
    assert direct.returncode == 1
    assert (through.returncode, through.stderr) == (1, direct.stderr), through.stderr


def test_thousand_guests():
    """defined on one connection, in one go, then listed"""
    lines = []
    for i in range(1000):
        path = write(f"guest{i}.xml", GUEST.format(name=f"guest{i}", devices=""))
        lines.append(f"define {path}")
    defined = virsh(THROUGH, input="\n".join(lines))
    assert defined.stdout.count("defined from") == 1000, defined.stderr
    assert same("list", "--all", "--name").stdout.count("guest") == 1000
    same("list", "--all")
    same("domstats", "--state")


def test_events():
    # a terminal, so that virsh does not keep its lines back
    terminal, inner = pty.openpty()
    os.set_blocking(terminal, False)
    events = subprocess.Popen(["virsh", "-c", THROUGH, "event", "--all", "--loop"],
                              stdout=inner, stdin=subprocess.DEVNULL)
    os.close(inner)
    seen = b""
    try:
        for attempt in range(50):
            path = write("event.xml", GUEST.format(name=f"event{attempt}", devices=""))
            virsh(DIRECT, "define", path)
            try:
                seen += os.read(terminal, 65536)
            except BlockingIOError:
                pass
            if b"lifecycle" in seen:
                break
            time.sleep(0.1)
        assert re.search(b"lifecycle.*event[0-9]+.*Defined", seen), seen
    finally:
        events.terminate()
        events.wait()
        os.close(terminal)


def test_streams():
    """a volume goes up and comes down, a stream of many frames each way"""
    source = os.path.join(WORK, "source")
    with open(source, "wb") as file:
        file.write(os.urandom(20 << 20))
    os.mkdir(os.path.join(WORK, "pool"))
    virsh(THROUGH, "pool-create-as", "pool", "dir", "--target", f"{WORK}/pool")
    virsh(THROUGH, "vol-create-as", "pool", "volume", "20M")
    virsh(THROUGH, "vol-upload", "--pool", "pool", "volume", source)
    virsh(THROUGH, "vol-download", "--pool", "pool", "volume", f"{WORK}/target")
    with open(source, "rb") as a, open(f"{WORK}/target", "rb") as b:
        assert a.read() == b.read()
    virsh(THROUGH, "pool-destroy", "pool")


def test_ssh():
    """the gate on the other side, in the place of a netcat"""
    ssh = write("ssh", """#!/bin/sh
# stands in for ssh: options, --, the host, then a command for the shell there
while [ "$1" != -- ]; do shift; done
shift 2
cd / && exec env -i PATH=/usr/bin:/bin HOME=/ sh -c "$*"
""")
    os.chmod(ssh, 0o755)
    uri = f"qemu+ssh://elsewhere/system?command={ssh}&netcat={GATE}&proxy=netcat"
    listed = virsh(DIRECT, "list", "--all", "--name")
    assert virsh(uri, "list", "--all", "--name").stdout == listed.stdout
    read_only = subprocess.run(["virsh", "-r", "-c", uri, "list", "--all", "--name"],
                               capture_output=True, text=True)
    assert (read_only.returncode, read_only.stdout) == (0, listed.stdout), read_only
    path = write("crypto.xml", GUEST.format(name="web1", devices=CRYPTO))
    refused = virsh(uri, "define", path, check=False)
    assert refused.returncode == 1
    assert "error[device-unknown]" in refused.stderr, refused.stderr
    # a socket that was named is taken, and no other
    refused = virsh(f"{uri}&socket=/run/nowhere-sock", "list", check=False)
    assert "/run/nowhere-sock" in refused.stderr, refused.stderr


def as_nobody(*args, **env):
    return subprocess.run(
        ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", *args],
        capture_output=True, text=True, env={**os.environ, **env})


def need_a_gate_for_nobody():
    if as_nobody(GATE, "--version").returncode != 0:
        raise tap.Skip("an unprivileged user cannot run this build of the gate")


def test_no_privilege():
    """a user whom the socket does not let in is not let in"""
    need_a_gate_for_nobody()
    refused = as_nobody("virsh", "-c", THROUGH, "list")
    assert refused.returncode == 1
    assert SOCKET in refused.stderr and "Permission denied" in refused.stderr
    # the socket for looking lets everybody in
    assert as_nobody("virsh", "-r", "-c", THROUGH, "list").returncode == 0


POLKIT_RULE = """polkit.addRule(function (action, subject) {
  if (action.id == "org.libvirt.unix.manage")
    return polkit.Result.%s;
});
"""


def polkit_says(result, expected):
    """a rule of the administrator, once polkitd has read it"""
    with open("/etc/polkit-1/rules.d/10-test.rules", "w") as rule:
        rule.write(POLKIT_RULE % result)
    for _ in range(200):
        direct = as_nobody("virsh", "-c", DIRECT, "list", "--name")
        if expected in direct.stderr and (direct.returncode == 0) == (expected == ""):
            return direct
        time.sleep(0.05)
    raise AssertionError(f"polkit does not say {result}: {direct.stderr}")


def test_polkit():
    """whom polkit refuses is refused in the same words, whom it lets in is let in"""
    need_a_gate_for_nobody()
    if not shutil.which("dbus-daemon") or not os.path.exists("/etc/polkit-1/rules.d"):
        raise tap.Skip("no dbus-daemon or no polkit here")
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", "/etc/polkit-1/rules.d"], check=True)
    os.mkdir("/run/dbus")
    bus = subprocess.Popen(["dbus-daemon", "--system", "--nofork", "--nopidfile"],
                           stderr=subprocess.DEVNULL)
    try:
        while not os.path.exists("/run/dbus/system_bus_socket"):
            assert bus.poll() is None
            time.sleep(0.05)
        configure_daemon("polkit", "0777")
        restart_daemon()
        for result, words in (("NO", "authentication failed"),
                              ("AUTH_ADMIN", "no polkit agent available"), ("YES", "")):
            direct = polkit_says(result, words)
            through = as_nobody("virsh", "-c", THROUGH, "list", "--name")
            assert (through.returncode, through.stdout, through.stderr) == (
                direct.returncode, direct.stdout, direct.stderr), (result, through, direct)
    finally:
        # before the bus, since libvirtd does not live without one that it had
        DAEMON.terminate()
        DAEMON.wait()
        bus.terminate()
        bus.wait()
        configure_daemon("none", "0700")
        restart_daemon()


class Session:
    """the place of a user who is not root, and how his clients are run"""

    def __init__(self):
        need_a_gate_for_nobody()
        self.runtime = f"/run/user/{NOBODY}"
        home = f"{self.runtime}/home"
        os.makedirs(home)
        os.chmod("/run/user", 0o755)
        for place in (self.runtime, home):
            os.chown(place, NOBODY, NOBODY)
        self.env = {"HOME": home, "XDG_RUNTIME_DIR": self.runtime, "PATH": f"{WORK}/bin:"
                    "/usr/bin:/bin:/usr/sbin:/sbin"}
        self.socket = f"{self.runtime}/libvirt/libvirt-sock"

    def virsh(self, *args, uri=f"qemu+ext:///session?command={GATE}"):
        return as_nobody("virsh", "-c", uri, *args, **self.env)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.runtime)


def test_session():
    """a user's own daemon, found without the environment that libvirt takes away"""
    with Session() as session:
        daemon = start_daemon(session.socket, session.env, user=NOBODY, group=NOBODY,
                              extra_groups=[])
        try:
            listed = session.virsh("list", "--all", "--name")
            assert (listed.returncode, listed.stdout.strip()) == (0, ""), listed
            # and not the system's, which has a thousand guests
        finally:
            daemon.terminate()
            daemon.wait()


def test_session_is_started():
    """as libvirt's client does it; the next client finds the same daemon"""
    with Session() as session:
        try:
            for uri in (f"qemu+ext:///session?command={GATE}", "qemu:///session"):
                listed = session.virsh("list", "--all", "--name", uri=uri)
                assert (listed.returncode, listed.stdout.strip()) == (0, ""), listed
                with open(f"{session.runtime}/libvirt/libvirtd.pid") as file:
                    pid = int(file.read())
                started = os.stat(f"/proc/{pid}").st_ctime
                assert uri == f"qemu+ext:///session?command={GATE}" or first == (
                    pid, started)
                first = pid, started
            with open(f"/proc/{pid}/cmdline") as file:
                assert file.read().split("\0")[1] == "--timeout=120"
            assert os.readlink(f"/proc/{pid}/fd/0") == "/dev/null"
        finally:
            end_process_in(f"{session.runtime}/libvirt/libvirtd.pid")


def end_process_in(path):
    """who may not be a child of ours, and so cannot be waited for"""
    with open(path) as file:
        pid = int(file.read())
    os.kill(pid, signal.SIGTERM)
    for _ in range(400):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return
        time.sleep(0.05)
    raise AssertionError(f"process {pid} does not end")


class Proxy:
    """virtproxyd's part: listens where libvirtd would, passes all on"""

    def __init__(self, path, to):
        self.process = subprocess.Popen(
            ["socat", f"UNIX-LISTEN:{path},fork,mode=700", f"UNIX-CONNECT:{to}"])
        self.path = path
        for _ in range(400):
            if os.path.exists(path):
                return
            time.sleep(0.05)
        raise AssertionError("socat does not listen")

    def end(self):
        self.process.terminate()
        self.process.wait()
        if os.path.exists(self.path):
            os.unlink(self.path)


def test_modular():
    """virtqemud's socket comes first, virtproxyd's else, as libvirt's client chooses;
    a distribution may have no virtqemud, so libvirtd listens under its name"""
    modular = "/run/libvirt/virtqemud-sock"
    os.rename(SOCKET, modular)
    proxy = None
    try:
        same("list", "--all", "--name")
        # a proxy that leads nowhere is not asked
        proxy = Proxy(SOCKET, "/run/libvirt/nowhere")
        assert "guest" in same("list", "--all", "--name").stdout
        proxy.end()
        os.rename(modular, "/run/libvirt/elsewhere-sock")
        proxy = Proxy(SOCKET, "/run/libvirt/elsewhere-sock")
        assert "guest" in same("list", "--all", "--name").stdout
        os.rename("/run/libvirt/elsewhere-sock", modular)
    finally:
        if proxy is not None:
            proxy.end()
        os.rename(modular, SOCKET)


@contextlib.contextmanager
def modular_daemons():
    """the node device driver's, QEMU's and the proxy, in libvirtd's place"""
    started = []
    stop_daemon()
    try:
        for program, name in MODULAR.items():
            configure_daemon("none", "0700", program)
            started.append(start_daemon(f"/run/libvirt/{name}-sock", program=program))
        yield
    finally:
        for daemon in started:
            daemon.terminate()
            daemon.wait()
        for name in MODULAR.values():
            if os.path.exists(f"/run/libvirt/{name}-sock"):
                os.unlink(f"/run/libvirt/{name}-sock")
        start_again()


def check_calls():
    """what libvirtd was asked before; one daemon passes some of it on to another"""
    for test in (test_first_look, test_define, test_refused, test_refused_attach,
                 test_refused_node_device, test_malformed, test_read_only):
        test()


def test_modular_daemons():
    """the real ones, where the distribution has them; first as libvirt's client finds
    them, which is QEMU's, then by way of the proxy"""
    global DIRECT, THROUGH

    missing = [program for program in MODULAR if where_is(program) is None]
    if missing:
        raise tap.Skip(f"no {', '.join(missing)} here")
    with modular_daemons():
        check_calls()
        before = DIRECT, THROUGH
        gate = write("by-proxy", f"#!/bin/sh\nexec {GATE} --socket {SOCKET}\n")
        os.chmod(gate, 0o755)
        try:
            DIRECT = f"qemu+unix:///system?socket={SOCKET}"
            THROUGH = f"qemu+ext:///system?command={gate}"
            check_calls()
        finally:
            DIRECT, THROUGH = before


def read_until(terminal, text):
    """what a program prints on its terminal, up to @text or its end"""
    seen = ""
    while text not in seen:
        ready, _, _ = select.select([terminal], [], [], 60)
        assert ready, ("nothing more comes", seen)
        try:
            seen += os.read(terminal, 65536).decode()
        except OSError:
            break
    return seen


def test_daemon_restarts():
    """a client that stays sees the same, and goes on with the new daemon"""
    seen = []
    for uri in (DIRECT, THROUGH):
        # a terminal, so that virsh does not keep its lines back
        terminal, inner = pty.openpty()
        client = subprocess.Popen(["virsh", "-q", "-c", uri], stdin=subprocess.PIPE,
                                  stdout=inner, stderr=inner)
        os.close(inner)
        # no call may be under way when the daemon goes: virsh would die of SIGPIPE, with
        # or without a gate
        client.stdin.write(b"nodeinfo\n")
        client.stdin.flush()
        read_until(terminal, "Memory size")
        restart_daemon()
        client.stdin.write(b"dominfo guest7\ndominfo guest8\n")
        client.stdin.close()
        text = read_until(terminal, "no such text")
        client.wait()
        os.close(terminal)
        assert "Reconnected" in text and "shut off" in text, text
        # where prompts come, and in how many words virsh tells of the end, depends on
        # which of its threads sees it first
        text = re.sub("error: (?!Reconnected).*", "", text.replace(uri, "URI"))
        seen.append(re.sub(r"virsh # |\s", "", text))
    assert seen[0] == seen[1], seen


def stop_daemon():
    DAEMON.terminate()
    DAEMON.wait()
    if os.path.exists(SOCKET):
        os.unlink(SOCKET)


def start_again():
    global DAEMON

    DAEMON = start_daemon(SOCKET)


def restart_daemon():
    stop_daemon()
    start_again()


def test_daemon_dies():
    """the client learns of it as it would without a gate"""
    client = subprocess.Popen(
        ["virsh", "-c", THROUGH], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True)
    client.stdin.write("list --name\n")
    client.stdin.flush()
    client.stdout.readline()
    # the daemon dies while a call of the client waits for it
    os.kill(DAEMON.pid, signal.SIGSTOP)
    client.stdin.write("list --all\n")
    client.stdin.flush()
    time.sleep(1)
    os.kill(DAEMON.pid, signal.SIGKILL)
    DAEMON.wait()
    _, text = client.communicate(timeout=20)
    assert "End of file while reading data" in text, text
    assert "virt-ap" not in text, text
    refused = virsh(THROUGH, "list", check=False)
    assert refused.returncode == 1
    assert SOCKET in refused.stderr and "Connection refused" in refused.stderr


if __name__ == "__main__":
    if sys.argv[-1] != "inside":
        sys.exit(in_namespaces())
    with tempfile.TemporaryDirectory() as WORK:
        os.chmod(WORK, 0o755)
        setup()
        DAEMON = start_daemon(SOCKET)
        try:
            status = tap.run(tap.tests_of(sys.modules[__name__]))
        finally:
            DAEMON.kill()
            DAEMON.wait()
    sys.exit(status)
