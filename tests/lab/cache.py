#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Nobody reads an old state of the simulated sysfs: neither from a file opened before
another process wrote, nor on the event of the change, nor while both go on.

usage: cache.py SERVE    starts itself again on a simulated host
"""

import errno
import multiprocessing
import os
import socket
import sys
import threading

SKIP = 77
ROUNDS = 20000 if os.environ.get("VIRT_AP_THOROUGH") else 200
AP = "/sys/bus/ap"
MATRIX = "/sys/devices/vfio_ap/matrix"
UUID = "62177883-f1bb-47f0-914d-32a22e3a8801"
PARAMETERS = "/sys/module/virt_ap_lab/parameters"
ALL = "0x" + "f" * 64 + "\n"
NETLINK_KOBJECT_UEVENT, GROUP_UDEV = 15, 2


def write(path, text):
    # as a shell does: with O_TRUNC
    fd = os.open(path, os.O_WRONLY | os.O_TRUNC)
    try:
        os.write(fd, text.encode())
    finally:
        os.close(fd)


def read(path):
    with open(path, encoding="ascii") as file:
        return file.read()


def reread(fd):
    return os.pread(fd, 4096, 0).decode()


def answer_reads(path, pipe):
    """Another process: opens once, and reads again whenever it is asked."""
    fd = os.open(path, os.O_RDONLY)
    pipe.send(reread(fd))
    while pipe.recv():
        pipe.send(reread(fd))


class Reader:
    def __init__(self, path):
        self.pipe, theirs = multiprocessing.Pipe()
        self.process = multiprocessing.Process(target=answer_reads, args=(path, theirs))
        self.process.start()
        self.first = self.pipe.recv()

    def again(self):
        self.pipe.send(True)
        return self.pipe.recv()

    def end(self):
        self.pipe.send(False)
        self.process.join()


def test_open_before_write():
    """Another process's file follows every write of this one's."""
    reader = Reader(AP + "/apmask")
    assert reader.first == ALL, reader.first
    for number in range(ROUNDS):
        write(AP + "/apmask", "-5" if number % 2 == 0 else "+5")
        want = "0xfb" + ALL[4:] if number % 2 == 0 else ALL
        got = reader.again()
        assert got == want, f"round {number}: {got}"
        assert read(AP + "/apmask") == want, f"round {number}, opened anew"
    reader.end()


def test_other_attribute():
    """A write changes other files than the one written to."""
    write(AP + "/apmask", "-5")
    write(MATRIX + "/mdev_supported_types/vfio_ap-passthrough/create", UUID)
    mdev = f"{MATRIX}/{UUID}"
    held = [os.open(f"{mdev}/{name}", os.O_RDONLY) for name in ("ap_config", "matrix")]
    assert reread(held[0]).count("0" * 64) == 3 and reread(held[1]) == ""
    write(mdev + "/assign_adapter", "5")
    write(mdev + "/assign_domain", "4")
    assert reread(held[0]).startswith("0x04" + "0" * 62 + ",0x08")
    assert reread(held[1]) == "05.0004\n"
    write(mdev + "/remove", "1")
    for fd in held:
        try:
            reread(fd)
            raise AssertionError("the device is gone, its file is not")
        except OSError as error:
            assert error.errno == errno.ENODEV, error
    write(AP + "/apmask", "+5")


def test_hardware():
    """A bus scan changes files that nobody wrote to; a card comes back as another."""
    held = os.open(AP + "/ap_adapter_mask", os.O_RDONLY)
    card = os.open("/sys/devices/ap/card05/hwtype", os.O_RDONLY)
    assert reread(held).startswith("0x0600") and reread(card) == "13\n"
    write(PARAMETERS + "/cards", "06:13:2")
    write(AP + "/scans", "1")
    assert reread(held).startswith("0x0200")
    assert not os.path.exists("/sys/devices/ap/card05/hwtype")
    write(PARAMETERS + "/cards", "05:14:4,06:13:2")
    write(AP + "/scans", "1")
    assert reread(held).startswith("0x0600")
    assert read("/sys/devices/ap/card05/hwtype") == "14\n"


def masks_in_events(listener, count):
    """For each APMASK event: what it says, and what a file opened before says then."""
    held = os.open(AP + "/apmask", os.O_RDONLY)
    while count > 0:
        for line in listener.recv(8192).split(b"\0"):
            if line.startswith(b"APMASK="):
                yield line[7:].decode() + "\n", reread(held)
                count -= 1


def test_event():
    """Who hears of a change reads it."""
    listener = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_KOBJECT_UEVENT)
    listener.bind((0, GROUP_UDEV))
    listener.settimeout(10)
    step = threading.Semaphore(1)

    def change():
        for number in range(ROUNDS):
            step.acquire()
            write(AP + "/apmask", "-6" if number % 2 == 0 else "+6")

    thread = threading.Thread(target=change)
    thread.start()
    for told, seen in masks_in_events(listener, ROUNDS):
        assert told == seen, f"{told} was told, {seen} was read"
        step.release()
    thread.join()


def read_on(path, ways, valid, stop, trouble):
    fd = os.open(path, os.O_RDONLY)
    while not stop.is_set():
        for way in ways:
            text = way(path, fd)
            if text not in valid:
                trouble.put(text)
                return


def anew(path, _):
    return read(path)


def bytewise(path, _):
    with open(path, "rb", buffering=0) as file:
        return b"".join(iter(lambda: file.read(1), b"")).decode()


def kept_open(_, fd):
    return reread(fd)


def read_while(path, ways, valid, change):
    """Three processes read the file while change() is called with 0, 1, 2…"""
    stop, trouble = multiprocessing.Event(), multiprocessing.Queue()
    readers = [multiprocessing.Process(target=read_on,
                                       args=(path, ways, valid, stop, trouble))
               for _ in range(3)]
    for process in readers:
        process.start()
    for number in range(ROUNDS):
        change(number)
    stop.set()
    for process in readers:
        process.join(10)
        assert process.exitcode == 0, f"a reader ended with {process.exitcode}"
    assert trouble.empty(), f"read: {trouble.get()!r}"


def test_at_once():
    """Whatever is read while it changes was the state at some time."""
    read_while(AP + "/apmask", (anew, kept_open), (ALL, "0xfb" + ALL[4:]),
               lambda number: write(AP + "/apmask", "-5" if number % 2 == 0 else "+5"))


def make_matrix():
    write(AP + "/apmask", "-5")
    write(MATRIX + "/mdev_supported_types/vfio_ap-passthrough/create", UUID)
    return f"{MATRIX}/{UUID}"


def remove_matrix():
    write(f"{MATRIX}/{UUID}/remove", "1")
    write(AP + "/apmask", "+5")


def test_lengths_at_once():
    """The same of a file that grows and shrinks, also read byte by byte."""
    mdev = make_matrix()
    states = {"0x00,0x00,0x00": "", "0x04,0x08,0x00": "05.0004\n",
              "0x04,0x000000000000000001,0x00": "05.0047\n",
              "0x04,0x080000000000000001,0x00": "05.0004\n05.0047\n",
              "0x00,0x4c,0x00": ".0001\n.0004\n.0005\n"}
    configs = list(states)
    read_while(mdev + "/matrix", (anew, bytewise), set(states.values()),
               lambda number: write(mdev + "/ap_config", configs[number % len(configs)]))
    remove_matrix()


def test_length():
    """A size is that of the content; byte by byte one reads the same."""
    mdev = make_matrix()
    path = mdev + "/matrix"
    write(mdev + "/assign_adapter", "5")
    with open(path, "rb", buffering=0) as held:
        for config, want in (("0x04,0x08,0x00", b"05.0004\n"), ("0x04,0x00,0x00", b"05.\n"),
                             ("0x00,0x00,0x00", b""), ("0x04,0x08,0x00", b"05.0004\n")):
            write(mdev + "/ap_config", config)
            held.seek(0)
            got = b"".join(iter(lambda: held.read(1), b""))
            assert got == want, f"{config}: {got}"
            assert os.stat(path).st_size == len(want), os.stat(path)
            assert os.fstat(held.fileno()).st_size == len(want)
    remove_matrix()


def test_names():
    """A name that is gone, or leads elsewhere, is not kept."""
    queue = "/sys/devices/ap/card05/05.0004"
    assert os.path.exists(queue + "/load") and not os.path.exists(queue + "/status")
    assert os.path.basename(os.readlink(queue + "/driver")) == "cex4queue"
    mdev = make_matrix()
    assert os.path.basename(os.readlink(queue + "/driver")) == "vfio_ap"
    assert not os.path.exists(queue + "/load")
    assert read(queue + "/status") == "unassigned\n"
    assert os.path.exists(f"{mdev}/mdev_type/create")
    first = os.stat(mdev).st_ino
    remove_matrix()
    assert os.path.basename(os.readlink(queue + "/driver")) == "cex4queue"
    assert not os.path.exists(mdev) and not os.path.exists(mdev + "/matrix")
    assert not os.path.exists(queue + "/status") and os.path.exists(queue + "/load")
    make_matrix()
    assert os.stat(mdev).st_ino != first and read(mdev + "/matrix") == ""
    remove_matrix()


def test_access():
    """An open is refused to root, too, and a refused write changes nothing."""
    for path, flags in ((AP + "/ap_adapter_mask", os.O_WRONLY),
                        (AP + "/drivers_probe", os.O_RDONLY),
                        (AP + "/features", os.O_RDWR)):
        try:
            os.open(path, flags)
            raise AssertionError(f"{path} was opened")
        except OSError as error:
            assert error.errno == errno.EACCES, error
    held = os.open(AP + "/apmask", os.O_RDONLY)
    try:
        write(AP + "/apmask", "nonsense")
        raise AssertionError("nonsense was written")
    except OSError as error:
        assert error.errno == errno.EINVAL, error
    assert reread(held) == ALL


TESTS = [test_open_before_write, test_other_attribute, test_hardware, test_event,
         test_at_once, test_lengths_at_once, test_length, test_names, test_access]


def run_tests():
    failed = 0
    print(f"1..{len(TESTS)}")
    for number, test in enumerate(TESTS, 1):
        try:
            test()
            print(f"ok {number} - {test.__doc__}", flush=True)
        except (AssertionError, OSError) as error:
            failed += 1
            print(f"not ok {number} - {test.__doc__}\n# {error!r}", flush=True)
    return 1 if failed else 0


def main():
    if len(sys.argv) == 1:
        return run_tests()
    command = [sys.argv[1], "7.2", "05:13:4,06:13:2", "4,47", "4,47", sys.executable,
               os.path.abspath(__file__)]
    status = os.spawnv(os.P_WAIT, command[0], command)
    if status == SKIP:
        print("1..0 # SKIP no namespaces, or no FUSE")
        return 0
    return status


if __name__ == "__main__":
    sys.exit(main())
