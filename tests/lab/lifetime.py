#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The lab's life from outside: what it passes on, how it ends, what it leaves.

Called with the program virt-ap-lab.  Every lab that is started carries a token in
its environment, so that its processes are known whatever they have become.
"""

import atexit
import os
import pty
import select
import signal
import subprocess
import sys
import tempfile
import time
import uuid

LAB = os.path.abspath(sys.argv[1])
# the places of which the simulated host has its own
OWN_PLACES = ["/etc/libvirt", "/etc/mdevctl.d", "/etc/udev/rules.d", "/etc/virt-ap", "/run",
              "/dev", "/var/lib/virt-ap", "/var/lib/libvirt", "/var/cache/libvirt", "/var/log"]
STARTUP_SECONDS = 0.5

UUID = "62177883-f1bb-47f0-914d-32a22e3a8801"

failures = 0
count = 0


def report(name, problem=None, skip=None):
    global failures, count
    count += 1
    if skip:
        print(f"ok {count} - {name} # SKIP {skip}")
    elif problem:
        failures += 1
        print(f"not ok {count} - {name}")
        for line in str(problem).splitlines():
            print(f"# {line}")
    else:
        print(f"ok {count} - {name}")
    sys.stdout.flush()


def processes(token):
    """The PIDs with @token in their environment, other than zombies."""
    found = {}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/environ", "rb") as environ:
                if token.encode() not in environ.read():
                    continue
            with open(f"/proc/{pid}/stat") as stat:
                name, rest = stat.read().split("(", 1)[1].rsplit(")", 1)
            if rest.split()[0] != "Z":
                found[int(pid)] = name
        except OSError:
            pass
    return found


def files():
    """What is in the places that the lab has its own of, and when it was changed."""
    found = {}
    for place in OWN_PLACES:
        for folder, folders, names in os.walk(place):
            # terminals and shared memory come and go on any machine
            folders[:] = [f for f in folders
                          if os.path.join(folder, f) not in ("/dev/pts", "/dev/shm")]
            for name in names + folders:
                path = os.path.join(folder, name)
                try:
                    found[path] = os.lstat(path).st_ino
                except OSError:
                    pass
    return found


def host():
    with open("/proc/self/mounts") as mounts:
        return mounts.read(), files(), os.listdir("/sys/bus")


def leftovers(before, token, patience=10):
    """What is left of a lab that should be gone; a text, or None."""
    end = time.monotonic() + patience
    while processes(token) and time.monotonic() < end:
        time.sleep(0.02)
    if processes(token):
        return f"processes are left: {processes(token)}"
    after = host()
    if after[0] != before[0]:
        return "the mounts have changed"
    if after[1] != before[1]:
        changed = set(after[1].items()) ^ set(before[1].items())
        return f"files have changed: {sorted(changed)}"
    if after[2] != before[2]:
        return "/sys/bus has changed"
    return None


class Lab:
    """A lab that runs in the background; wait() for its end."""

    def __init__(self, *arguments, **keywords):
        self.token = str(uuid.uuid4())
        self.before = host()
        environment = dict(os.environ, LAB_TEST_TOKEN=self.token)
        environment.update(keywords.pop("env", {}))
        self.process = subprocess.Popen([LAB, *arguments], env=environment, text=True,
                                        stdin=keywords.pop("stdin", subprocess.DEVNULL),
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                        **keywords)

    def wait_line(self):
        return self.process.stdout.readline().strip()

    def pid_of(self, name, patience=10):
        end = time.monotonic() + patience
        while time.monotonic() < end:
            for pid, comm in processes(self.token).items():
                if comm == name:
                    return pid
            time.sleep(0.01)
        raise RuntimeError(f"no process {name} in {processes(self.token)}")

    def wait(self, seconds=60):
        out, err = self.process.communicate(timeout=seconds)
        return self.process.returncode, out, err


def expect(name, status, *arguments, out=None, err=None, lines=None, **keywords):
    """Runs a lab to its end and looks at all that it may leave."""
    lab = Lab(*arguments, **keywords)
    got, stdout, stderr = lab.wait()
    problem = None
    if got != status:
        problem = f"status {got}, not {status}: {stdout}{stderr}"
    elif out is not None and stdout != out:
        problem = f"it printed {stdout!r}, not {out!r}"
    elif err is not None and err not in stderr:
        problem = f"its error is {stderr!r}, without {err!r}"
    elif lines is not None and stderr.count("\n") != lines:
        problem = f"its error is not {lines} lines: {stderr!r}"
    report(name, problem or leftovers(lab.before, lab.token))


def test_status():
    expect("the status of COMMAND is the lab's", 7, "--", "sh", "-c", "exit 7")
    expect("without --, too", 0, "true")
    expect("a COMMAND that a signal ended gives 128 + n", 143, "--", "sh", "-c",
           "kill -TERM $$")
    expect("a COMMAND that is not there gives 127", 127, "--", "/nonexistent",
           err="/nonexistent: No such file", lines=1)
    expect("a COMMAND that cannot be run gives 126", 126, "--", "/etc/passwd",
           err="/etc/passwd: Permission denied", lines=1)
    expect("options after COMMAND are COMMAND's", 0, "echo", "--libvirt",
           out="--libvirt\n")


def test_surroundings():
    with tempfile.TemporaryFile() as stdin:
        stdin.write(b"from stdin\n")
        stdin.seek(0)
        expect("standard input and output are passed through", 0, "cat", stdin=stdin,
               out="from stdin\n")
    expect("the working directory is the caller's", 0, "pwd", cwd="/usr", out="/usr\n")
    expect("only the lab's processes are to be seen", 0, "--", "sh", "-c",
           "ls /proc | grep -c '^[0-9]*$'", out="5\n")
    expect("the network has lo alone, and it is up", 0, "--", "sh", "-c",
           "tail -n +3 /proc/net/dev | cut -d: -f1 | tr -d ' ';"
           "ip -o link show up | grep -c LOOPBACK,UP", out="lo\n1\n")
    expect("cpuinfo is a Z machine's", 0, "--", "head", "-n1", "/proc/cpuinfo",
           out="vendor_id       : IBM/S390\n")
    expect("the machine file counts", 0, "--machine", "no-apft", "--", "sh", "-c",
           "grep -c 'facilities.* 14 16 ' /proc/cpuinfo", out="1\n")
    expect("older drivers can be had", 0, "--kernel", "6.1", "--", "sh", "-c",
           "ls /sys/bus/ap | grep -xc -e features -e scans", out="1\n")
    expect("what is written in the lab stays there", 0, "--", "sh", "-c",
           "for d in /etc/libvirt /etc/mdevctl.d/matrix /etc/udev/rules.d /run /run/lock"
           " /dev /dev/vfio /dev/shm /var/lib/libvirt /var/cache/libvirt"
           " /var/log/libvirt; do echo x >$d/lab-test || exit 1; done")
    expect("a module of the real machine cannot be had", 0, "--", "sh", "-c",
           "! modprobe dummy 2>/dev/null && ! test -e /dev/kvm &&"
           " grep -q 'CapBnd:.*[02468ace]....$' /proc/self/status")
    expect("COMMAND's background processes end with the lab", 0, "--", "sh", "-c",
           "(setsid sleep 1000 >/dev/null 2>&1 &) ; exit 0")


def test_errors():
    expect("an unknown option", 2, "--frobnicate", err="--frobnicate", lines=1)
    expect("a kernel that is not known", 2, "--kernel", "5.4", "true",
           err="--kernel: '5.4'", lines=1)
    expect("a bad list of adapters", 2, "--adapters", "05:13", "true",
           err="--adapters: '05:13'", lines=1)
    expect("a bad list of domains", 2, "--usage-domains", "4,100", "true",
           err="--usage-domains: '100'", lines=1)
    expect("a bad list of control domains", 2, "--control-domains", "x", "true",
           err="--control-domains: 'x'", lines=1)
    expect("a machine file that is not there", 2, "--machine", "/nonexistent", "true",
           err="/nonexistent: ", lines=1)
    with tempfile.NamedTemporaryFile("w") as machine:
        machine.write("[machine]\ncolour=blue\n")
        machine.flush()
        expect("a machine file with an unknown key", 2, "--machine", machine.name, "true",
               err=f"{machine.name}: [machine] has no key colour", lines=1)
    done = subprocess.run(["unshare", "-m", "sh", "-c",
                           "mount -t tmpfs tmpfs /dev && exec \"$0\" true", LAB],
                          capture_output=True, text=True)
    report("without /dev/fuse", None if done.returncode == 2 and
           "/dev/fuse" in done.stderr and done.stderr.count("\n") == 1
           else f"{done.returncode}: {done.stderr}")


def test_signals():
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGUSR1):
        lab = Lab("--", "sh", "-c", f"trap 'exit 9' {number.name[3:]}; echo up;"
                                    "while :; do sleep 0.02; done")
        lab.wait_line()
        lab.process.send_signal(number)
        status, _, stderr = lab.wait()
        report(f"{number.name} reaches COMMAND",
               f"status {status}: {stderr}" if status != 9
               else leftovers(lab.before, lab.token))
    lab = Lab("--libvirt", "--", "true")
    lab.pid_of("libvirtd")
    lab.process.send_signal(signal.SIGINT)
    status, _, stderr = lab.wait()
    report("SIGINT during the start ends the lab",
           f"status {status}: {stderr}" if status not in (0, 130)
           else leftovers(lab.before, lab.token))


def kill_one(victim, status, error, libvirt=True):
    arguments = ["--libvirt"] if libvirt else []
    lab = Lab(*arguments, "--", "sh", "-c", "echo up; exec sleep 1000")
    if lab.wait_line() != "up":
        report(f"kill -9 of {victim}", f"the lab did not start: {lab.wait()[2]}")
        return
    pid = lab.process.pid if victim == "the caller's child" else lab.pid_of(victim)
    os.kill(pid, signal.SIGKILL)
    got, _, stderr = lab.wait()
    problem = None
    if got != status:
        problem = f"status {got}, not {status}: {stderr}"
    elif error not in stderr or stderr.count("\n") > 1:
        problem = f"its error is {stderr!r}"
    report(f"kill -9 of {victim}", problem or leftovers(lab.before, lab.token))


def test_kills(libvirt):
    kill_one("the caller's child", -9, "", libvirt)
    kill_one("lab-init", 137, "the lab was ended by signal 9", libvirt)
    kill_one("lab-simulator", 2, "the simulated host was ended by signal 9", libvirt)
    kill_one("sleep", 137, "", libvirt)
    if libvirt:
        kill_one("libvirtd", 2, "libvirtd was ended by signal 9")
        kill_one("virtlogd", 2, "virtlogd was ended by signal 9")


def test_kill_at_random():
    """kill -9 of the first process at moments spread over the start and the run."""
    problem = None
    for step in range(20):
        lab = Lab("--", "sh", "-c", "sleep 1000")
        time.sleep(step * 0.006)
        lab.process.kill()
        lab.wait()
        problem = problem or leftovers(lab.before, lab.token)
    report("kill -9 at 20 moments of the start", problem)


def test_libvirt():
    expect("libvirtd answers before COMMAND starts", 0, "--libvirt", "--",
           "virsh", "-q", "-c", "qemu:///system", "list", "--all", out="")
    expect("a failing libvirtd ends the lab, with its last words", 2, "--libvirt", "true",
           env={"PATH": failing_libvirtd()}, err="no luck today")
    expect("a libvirtd that is stopped in good order does not", 0, "--libvirt", "--",
           "sh", "-c", "kill $(cat /run/libvirtd.pid); sleep 0.5; libvirtd -d &&"
           " virsh -q -c qemu:///system list --all")
    expect("plain virsh goes through the gate", 0, "--libvirt", "--", "sh", "-c",
           "case $LIBVIRT_DEFAULT_URI in qemu+ext:///system?command=*gate) ;;"
           " *) exit 1 ;; esac")


def failing_libvirtd():
    folder = tempfile.mkdtemp(prefix="virt-ap-lab-test-")
    program = os.path.join(folder, "libvirtd")
    with open(program, "w") as script:
        script.write("#!/bin/sh\necho no luck today >&2\nexit 3\n")
    os.chmod(program, 0o755)
    cleanup.append(folder)
    return folder + ":" + os.environ["PATH"]


def test_missing_directories():
    """A host without libvirt and mdevctl: their folders are made in the lab alone."""
    script = """
mount -t tmpfs tmpfs /mnt && mkdir /mnt/u /mnt/w &&
mount -t overlay -o lowerdir=/etc,upperdir=/mnt/u,workdir=/mnt/w overlay /etc &&
rm -r /etc/mdevctl.d /etc/udev/rules.d &&
"$0" -- sh -c 'test -d /etc/mdevctl.d/matrix && test -d /etc/udev/rules.d &&
  test -e /etc/passwd && touch /etc/mdevctl.d/x' && test ! -e /etc/mdevctl.d
"""
    if subprocess.run(["grep", "-q", "overlay", "/proc/filesystems"]).returncode != 0:
        report("folders that the host lacks", skip="the kernel has no overlayfs")
        return
    done = subprocess.run(["unshare", "-m", "sh", "-c", script, LAB],
                          capture_output=True, text=True)
    report("folders that the host lacks",
           None if done.returncode == 0 else done.stdout + done.stderr)


class Kept:
    """Labs that are kept, of this test alone: their names end in a token."""

    def __init__(self, prefix=(), **keywords):
        self.token = str(uuid.uuid4())
        self.before = host()
        self.lab = LAB
        self.prefix = list(prefix)
        self.keywords = dict(env=dict(os.environ, LAB_TEST_TOKEN=self.token), text=True,
                             stdin=subprocess.DEVNULL, capture_output=True, timeout=60,
                             **keywords)

    def name(self, name):
        return f"{name}-{self.token[:8]}"

    def run(self, *arguments):
        if arguments[0] == "--keep":
            atexit.register(self.stop, arguments[1])
        return subprocess.run([*self.prefix, self.lab, *arguments], check=False,
                              **self.keywords)

    def stop(self, name):
        """whatever became of the test"""
        if os.path.exists(self.lab):
            self.run("stop", name)

    def row(self, name):
        """what list says of the lab"""
        for line in self.run("list").stdout.splitlines():
            if line.split()[0] == self.name(name):
                return line
        return ""

    def pid_of(self, name):
        pids = [pid for pid, comm in processes(self.token).items() if comm == name]
        return pids[0] if pids else None

    def expect(self, what, status, *arguments, out=None, err=None):
        done = self.run(*arguments)
        problem = None
        if done.returncode != status:
            problem = f"status {done.returncode}: {done.stdout}{done.stderr}"
        elif out is not None and done.stdout != out:
            problem = f"it printed {done.stdout!r}, not {out!r}"
        elif err is not None and (err not in done.stderr or done.stderr.count("\n") != 1):
            problem = f"its error is {done.stderr!r}, without {err!r}"
        report(what, problem)


def test_kept(prefix=(), who="", **keywords):
    labs = Kept(prefix, **keywords)
    one, two = labs.name("one"), labs.name("two")
    labs.expect(f"{who}a lab is kept", 0, "--keep", one, "--machine", "z14", out="")
    labs.expect("... and another", 0, "--keep", two, "--machine", "no-ap")
    labs.expect("... whose names are taken", 2, "--keep", one,
                err=f"a lab of the name {one} is running already")
    labs.expect("... with its COMMAND by enter alone", 2, "--keep", "x", "true",
                err="--keep takes no COMMAND")
    labs.expect("... and no name that a host cannot have", 2, "--keep", "a b",
                err="--keep: 'a b' is no name for a lab")
    report("list has both", None if " z14 " in labs.row("one") and
           labs.row("two").endswith("running") else labs.run("list").stdout)
    labs.expect("enter runs COMMAND in one", 7, "enter", one, "--", "sh", "-c",
                "echo -5 >/sys/bus/ap/apmask; hostname; echo $VIRT_AP_LAB; exit 7",
                out=f"{one}\nz14\n")
    labs.expect("... which goes on after it", 0, "enter", one, "head", "-c", "5",
                "/sys/bus/ap/apmask", out="0xfbf")
    labs.expect("... while the other is its own", 1, "enter", two, "test", "-e",
                "/sys/bus/ap")
    labs.expect("a COMMAND that is not there gives 127", 127, "enter", one, "/nonexistent",
                err="/nonexistent: No such file")
    labs.expect("enter of none", 2, "enter", "nowhere", err="no lab of the name nowhere")
    init = labs.row("one").split()[2]
    with open(f"/proc/{init}/comm") as comm:
        report("list has the PID of its process 1",
               None if comm.read() == "lab-init\n" else init)
    labs.expect("a lab is stopped", 0, "stop", two, out="")
    labs.expect("... once", 2, "stop", two, err=f"there is no lab of the name {two}")
    inside = start_inside(labs, one, "sh", "-c", "echo up; exec sleep 1000")
    os.kill(labs.pid_of("lab-simulator"), signal.SIGKILL)
    stderr = inside.communicate(timeout=30)[1]
    said = "the simulated host was ended by signal 9 (Killed)"
    report("a simulator that dies ends who is inside, and they are told",
           None if inside.returncode == 2 and said in stderr else stderr)
    report("... list says so", None if f"ended: {said}" in labs.row("one")
           else labs.row("one"))
    labs.expect("... enter, too", 2, "enter", one, "true", err=said)
    labs.expect("... and the name can be used again", 0, "--keep", one)
    labs.expect("all is gone after stop", 0, "stop", one)
    report("... nothing is left", leftovers(labs.before, labs.token) or labs.row("one")
           or None)


def start_inside(labs, name, *command):
    """Starts COMMAND in the lab, and waits for its first line."""
    keywords = {key: labs.keywords[key] for key in labs.keywords
                if key not in ("capture_output", "timeout")}
    inside = subprocess.Popen([*labs.prefix, labs.lab, "enter", name, "--", *command],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, **keywords)
    inside.stdout.readline()
    return inside


def test_kept_below_chroot():
    """There the root of the lab's mount namespace is not the lab's."""
    labs = Kept(["unshare", "-m", "sh", "-c",
                 'mount --rbind / /mnt && exec chroot /mnt "$0" "$@"'])
    name = labs.name("far")
    labs.expect("a lab is kept below a chroot", 0, "--keep", name)
    labs.expect("... and entered", 0, "enter", name, "test", "-e", "/sys/bus/ap/apmask")
    labs.expect("... and stopped", 0, "stop", name)


def test_kept_failure():
    labs = Kept()
    labs.keywords["env"]["PATH"] = failing_libvirtd()
    name = labs.name("sad")
    done = labs.run("--keep", name, "--libvirt")
    report("a kept lab that does not come up says why",
           None if done.returncode == 2 and "no luck today" in done.stderr
           and not labs.row("sad") else f"{done.returncode}: {done.stderr}")


def test_joined():
    """Two kept labs, with a veth pair between them."""
    labs = Kept()
    names = [labs.name("left"), labs.name("right")]
    for name in names:
        labs.run("--keep", name)
    pids = [labs.row(name).split()[2] for name in ("left", "right")]
    ends = [f"va{labs.token[:6]}{i}" for i in (0, 1)]
    subprocess.run(["ip", "link", "add", ends[0], "netns", pids[0], "type", "veth",
                    "peer", "name", ends[1], "netns", pids[1]], check=True)
    for number, name in enumerate(names):
        labs.run("enter", name, "--", "sh", "-c",
                 f"ip addr add 10.1.1.{number + 1}/24 dev {ends[number]};"
                 f"ip link set {ends[number]} up")
    listener = start_inside(
        labs, names[0], "/usr/bin/python3", "-c",
        "import socket; s = socket.create_server(('10.1.1.1', 7001));"
        "print('ready', flush=True); s.accept()[0].sendall(b'from left')")
    labs.expect("two labs are joined by a veth pair", 0, "enter", names[1], "--", "/usr/bin/python3", "-c",
                "import socket; s = socket.create_connection(('10.1.1.1', 7001), 10);"
                "print(s.recv(9).decode())", out="from left\n")
    listener.communicate(timeout=20)
    for name in names:
        labs.run("stop", name)
    report("... and go without a trace", leftovers(labs.before, labs.token))


def test_without_root():
    """A user can run labs where the kernel lets users make user namespaces."""
    allowed = subprocess.run(["setpriv", "--reuid=65534", "--regid=65534",
                              "--clear-groups", "unshare", "-Ur", "true"],
                             capture_output=True, check=False).returncode == 0
    with tempfile.TemporaryDirectory() as folder:
        global LAB
        # where a user who is not root can run it, and keep labs
        os.chmod(folder, 0o755)
        home = os.path.join(folder, "home")
        os.mkdir(home)
        os.chown(home, 65534, 65534)
        program = os.path.join(folder, "virt-ap-lab")
        subprocess.run(["cp", LAB, program], check=True)
        user = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups",
                "env", f"XDG_RUNTIME_DIR={home}"]
        LAB, root_lab = program, LAB
        try:
            done = subprocess.run([*user, program, "--", "sh", "-c",
                                   "id -u; echo -5 >/sys/bus/ap/apmask && echo " + UUID +
                                   " >/sys/devices/vfio_ap/matrix/mdev_supported_types/"
                                   "vfio_ap-passthrough/create && test -c /dev/vfio/0 &&"
                                   "echo 1 >/sys/bus/mdev/devices/" + UUID + "/remove &&"
                                   "! test -e /dev/vfio/0 && exit 5"],
                                  capture_output=True, text=True, check=False)
            if not allowed:
                report("without root", None if done.returncode == 2 and
                       "must run as root, or where users may" in done.stderr
                       else f"{done.returncode}: {done.stderr}")
                return
            report("a lab without root", None if done.returncode == 5 and
                   done.stdout == "0\n" else f"{done.returncode}: {done.stderr}")
            test_kept(user, "without root, ")
        finally:
            LAB = root_lab


class Terminal:
    """A lab on a terminal of its own."""

    def __init__(self, *arguments, shell="/bin/sh"):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.environ["SHELL"] = shell
            os.environ["PS1"] = "prompt> "
            os.execv(LAB, [LAB, *arguments])
        self.text = ""

    def until(self, part, seconds=10):
        end = time.monotonic() + seconds
        while part not in self.text and time.monotonic() < end:
            if select.select([self.fd], [], [], 0.1)[0]:
                try:
                    self.text += os.read(self.fd, 4096).decode()
                except OSError:
                    break
        seen = part in self.text
        self.text = self.text.split(part, 1)[1] if seen else self.text
        return seen

    def send(self, text):
        os.write(self.fd, text.encode())

    def status(self):
        self.until("\0never\0", 5)
        return self.wait()

    def wait(self):
        """The status; a lab that does not end is killed."""
        end = time.monotonic() + 5
        while time.monotonic() < end:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                return os.waitstatus_to_exitcode(status)
            time.sleep(0.02)
        os.kill(self.pid, signal.SIGKILL)
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


def test_terminal():
    terminal = Terminal("--", "sh", "-c", "echo up; exec sleep 1000")
    seen = terminal.until("up")
    terminal.send("\x03")
    status = terminal.status()
    report("Ctrl-C ends COMMAND and so the lab", None if seen and status == 130
           else f"status {status}: {terminal.text}")

    terminal = Terminal("--", "sh", "-c", "echo up; exec sleep 1000")
    seen = terminal.until("up")
    os.close(terminal.fd)
    status = terminal.wait()
    report("a terminal that goes away ends COMMAND and so the lab",
           None if seen and status == 129 else f"status {status}")

    terminal = Terminal()
    steps = [("", "prompt> "), ("sleep 1000\n", "1000"), ("\x1a", "Stopped"),
             ("jobs\n", "sleep 1000"), ("fg\n", "sleep 1000"),
             ("\x03", "prompt> "), ("exit 3\n", "")]
    lost = None
    for send, see in steps:
        terminal.send(send)
        if see and not terminal.until(see):
            lost = lost or f"no {see!r} after {send!r}: {terminal.text!r}"
        time.sleep(0.1)
    status = terminal.status()
    report("a shell on a terminal has job control", lost or
           (None if status == 3 else f"status {status}: {terminal.text}"))


def test_startup():
    times = []
    for _ in range(5):
        start = time.monotonic()
        subprocess.run([LAB, "true"], check=True)
        times.append(time.monotonic() - start)
    print(f"# start and end of a lab: best {min(times):.3f} s of {len(times)}")
    report(f"a lab starts within {STARTUP_SECONDS} s",
           None if min(times) <= STARTUP_SECONDS else f"it took {min(times):.3f} s")


def has_libvirt():
    path = os.environ.get("PATH", "") + ":/usr/sbin"
    return all(any(os.access(os.path.join(d, p), os.X_OK) for d in path.split(":"))
               for p in ("libvirtd", "virtlogd", "virsh"))


cleanup = []

if os.geteuid() != 0 or not os.access("/dev/fuse", os.R_OK | os.W_OK):
    print("1..0 # SKIP a lab needs root and /dev/fuse")
    sys.exit(0)

# below nohup it is ignored, and every program started here would inherit that
signal.signal(signal.SIGHUP, signal.SIG_DFL)
test_status()
test_surroundings()
test_errors()
test_signals()
test_kills(libvirt=False)
test_kill_at_random()
test_missing_directories()
test_terminal()
test_kept()
test_kept_below_chroot()
test_joined()
test_without_root()
test_startup()
if has_libvirt():
    test_kills(libvirt=True)
    test_libvirt()
    test_kept_failure()
else:
    report("libvirtd in the lab", skip="libvirtd, virtlogd and virsh are not installed")
for folder in cleanup:
    subprocess.run(["rm", "-r", folder], check=True)
print(f"1..{count}")
sys.exit(1 if failures else 0)
