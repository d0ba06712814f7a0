/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the lab's emulator changes in QEMU's arguments and commands, and its relay.
 */
#include "tools/virt-ap-lab/emulator.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define MATRIX_JSON                                                                      \
  "{\"driver\":\"vfio-ap\",\"id\":\"hostdev0\",\"sysfsdev\":\"/sys/bus/mdev/devices/"    \
  "u\"}"
#define STAND_IN_JSON                                                                    \
  "{\"driver\":\"virtio-rng-ccw\",\"rng\":\"lab-rng\",\"devno\":\"fe.0.ffff\","          \
  "\"id\":\"hostdev0\"}"

static void
assert_rewritten (const char *from, const char *to)
{
  g_auto (GStrv) arguments = g_strsplit (from, " ", -1);
  g_auto (GStrv) got = lab_emulator_rewrite_arguments (arguments);
  g_autofree char *text = g_strjoinv (" ", got);

  g_assert_cmpstr (text, ==, to);
}

static void
test_arguments (void)
{
  assert_rewritten ("q -cpu gen16a,ap=on,apft=on -smp 1", "q -cpu max -smp 1");
  /* QEMU must be seen to refuse what it does not know */
  assert_rewritten ("q -cpu gen16a,ap=on,apxa=on -smp 1", "q -cpu max,apxa=on -smp 1");
  assert_rewritten ("q -cpu max,apxa=on", "q -cpu max,apxa=on");
  assert_rewritten ("q -cpu gen16a,ap=off,vx=on", "q -cpu gen16a,ap=off,vx=on");
  assert_rewritten ("q -cpu qemu", "q -cpu qemu");
  assert_rewritten ("q -device " MATRIX_JSON, "q -device " STAND_IN_JSON);
  assert_rewritten ("q -device vfio-ap,id=hostdev0,sysfsdev=/sys/bus/mdev/devices/u",
                    "q -device virtio-rng-ccw,rng=lab-rng,devno=fe.0.ffff,id=hostdev0");
  assert_rewritten ("q -device sclpconsole,id=vfio-ap,",
                    "q -device sclpconsole,id=vfio-ap,");
  assert_rewritten ("q -machine s390-ccw-virtio-7.2,usb=off -S",
                    "q -machine s390-ccw-virtio-7.2,usb=off "
                    "-object rng-builtin,id=lab-rng -S");
}

/* how libvirt asks an emulator what it can do: nothing may change */
static void
test_probe (void)
{
  const char *probe =
      "q -S -no-user-config -nodefaults -nographic -machine none,accel=tcg "
      "-qmp unix:/x/qmp.monitor,server=on,wait=off -pidfile /x -daemonize";
  g_auto (GStrv) arguments = g_strsplit (probe, " ", -1);

  assert_rewritten (probe, probe);
  g_assert_cmpint (lab_emulator_find_monitor (arguments), ==, -1);
}

static void
test_commands (void)
{
  g_autofree char *plugged = lab_emulator_rewrite_command (
      "{\"execute\":\"device_add\",\"arguments\":" MATRIX_JSON
      ",\"id\":\"libvirt-9\"}\r\n");
  g_autofree char *other = lab_emulator_rewrite_command (
      "{\"execute\":\"device_del\",\"arguments\":{\"id\":\"vfio-ap\"}}\r\n");

  g_assert_cmpstr (plugged, ==,
                   "{\"execute\":\"device_add\",\"arguments\":" STAND_IN_JSON
                   ",\"id\":\"libvirt-9\"}\r\n");
  g_assert_cmpstr (other, ==,
                   "{\"execute\":\"device_del\",\"arguments\":{\"id\":\"vfio-ap\"}}\r\n");
}

static void
test_find_monitor (void)
{
  char *arguments[] = { "q",
                        "-chardev",
                        "socket,id=charserial0,fd=9",
                        "-chardev",
                        "socket,id=charmonitor,fd=27,server=on,wait=off",
                        NULL };

  g_assert_cmpint (lab_emulator_find_monitor (arguments), ==, 27);
}

static int
listen_somewhere (void)
{
  const struct sockaddr_un address = { .sun_family = AF_UNIX };
  int fd = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

  g_assert_cmpint (bind (fd, (const struct sockaddr *) &address, sizeof (sa_family_t)),
                   ==, 0);
  g_assert_cmpint (listen (fd, 1), ==, 0);
  return fd;
}

static int
connect_to_listener (int listener)
{
  struct sockaddr_un address;
  socklen_t length = sizeof address;
  int fd = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

  g_assert_cmpint (getsockname (listener, (struct sockaddr *) &address, &length), ==, 0);
  g_assert_cmpint (connect (fd, (const struct sockaddr *) &address, length), ==, 0);
  return fd;
}

static void
assert_reads (int fd, const char *text)
{
  char got[256] = "";
  ssize_t length = recv (fd, got, strlen (text), MSG_WAITALL);

  g_assert_cmpint (length, ==, (gssize) strlen (text));
  g_assert_cmpstr (got, ==, text);
}

/* the other end has closed, or soon will */
static void
assert_ends (int fd)
{
  struct timeval patience = { .tv_sec = 10 };
  ssize_t length;
  char byte;

  g_assert_cmpint (
      setsockopt (fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience), ==, 0);
  length = recv (fd, &byte, 1, 0);
  /* a reset: it closed before it had read all */
  g_assert_true (length == 0 || (length < 0 && errno == ECONNRESET));
}

static void
write_text (int fd, const char *text)
{
  g_assert_cmpint (write (fd, text, strlen (text)), ==, (gssize) strlen (text));
}

static void
send_descriptor (int fd, const char *text, int descriptor)
{
  union {
    struct cmsghdr header;
    char space[CMSG_SPACE (sizeof (int))];
  } control = { .header = { .cmsg_len = CMSG_LEN (sizeof (int)),
                            .cmsg_level = SOL_SOCKET,
                            .cmsg_type = SCM_RIGHTS } };
  struct iovec vector = { .iov_base = (char *) text, .iov_len = strlen (text) };
  struct msghdr message = { .msg_iov = &vector,
                            .msg_iovlen = 1,
                            .msg_control = &control,
                            .msg_controllen = sizeof control };

  memcpy (CMSG_DATA (&control.header), &descriptor, sizeof descriptor);
  g_assert_cmpint (sendmsg (fd, &message, 0), ==, (gssize) strlen (text));
}

static int
receive_descriptor (int fd, const char *text)
{
  union {
    struct cmsghdr header;
    char space[CMSG_SPACE (sizeof (int))];
  } control;
  char got[64] = "";
  struct iovec vector = { .iov_base = got, .iov_len = strlen (text) };
  struct msghdr message = { .msg_iov = &vector,
                            .msg_iovlen = 1,
                            .msg_control = &control,
                            .msg_controllen = sizeof control };
  int descriptor;

  g_assert_cmpint (recvmsg (fd, &message, MSG_CMSG_CLOEXEC), ==, (gssize) strlen (text));
  g_assert_cmpstr (got, ==, text);
  g_assert_nonnull (CMSG_FIRSTHDR (&message));
  memcpy (&descriptor, CMSG_DATA (CMSG_FIRSTHDR (&message)), sizeof descriptor);
  return descriptor;
}

static void
assert_same_file (int a, int b)
{
  int both[2] = { a, b };
  char byte = 'x';

  g_assert_cmpint (write (both[0], &byte, 1), ==, 1);
  g_assert_cmpint (lseek (both[1], 0, SEEK_CUR), ==, 1);
}

/* one connection: bytes both ways, a command in pieces, a descriptor */
static void
talk (int listener, int qemu_listener)
{
  int client = connect_to_listener (listener);
  int server = accept4 (qemu_listener, NULL, NULL, SOCK_CLOEXEC);
  int file = memfd_create ("file", MFD_CLOEXEC), passed;

  write_text (server, "{\"QMP\": {}}\r\n");
  assert_reads (client, "{\"QMP\": {}}\r\n");
  write_text (client, "{\"execute\":\"device_add\",\"arguments\":{\"driver\":");
  g_usleep (20 * 1000);
  write_text (client, "\"vfio-ap\",\"id\":\"h\"}}\n{\"execute\":\"x\"}\n");
  assert_reads (server, "{\"execute\":\"device_add\",\"arguments\":{\"driver\":"
                        "\"virtio-rng-ccw\",\"rng\":\"lab-rng\",\"devno\":\"fe.0.ffff\","
                        "\"id\":\"h\"}}\n{\"execute\":\"x\"}\n");
  send_descriptor (client, "{\"execute\":\"getfd\"}\n", file);
  passed = receive_descriptor (server, "{\"execute\":\"getfd\"}\n");
  assert_same_file (file, passed);
  close (passed);
  close (file);
  close (client);
  assert_ends (server);
  close (server);
}

static void
assert_matrix (const char *text, const char *uuid, const char *device)
{
  g_autofree char *got = NULL, *got_device = NULL;

  got = lab_emulator_find_matrix (text, &got_device);
  g_assert_cmpstr (got, ==, uuid);
  g_assert_cmpstr (got_device, ==, device);
}

static void
test_find_matrix (void)
{
  assert_matrix ("{\"driver\":\"vfio-ap\",\"id\":\"hostdev0\","
                 "\"sysfsdev\":\"/sys/bus/mdev/devices/62177883\"}",
                 "62177883", "hostdev0");
  assert_matrix ("vfio-ap,id=h,sysfsdev=/sys/devices/vfio_ap/matrix/62177883", "62177883",
                 "h");
  assert_matrix ("{\"execute\":\"device_add\",\"arguments\":{\"driver\":\"vfio-ap\","
                 "\"id\":\"h\",\"sysfsdev\":\"/x/62177883\"},\"id\":\"libvirt-7\"}\n",
                 "62177883", "h");
  assert_matrix ("vfio-ap,id=h", NULL, NULL);
  assert_matrix ("virtio-rng-ccw,id=h,sysfsdev=/x/62177883", NULL, NULL);
  assert_matrix ("", NULL, NULL);
}

/* both ends of a pipe: the read end ends when the hold does */
static int
hold_pipe (LabEmulatorHolds *holds, const char *device, const char *command)
{
  int ends[2];

  g_assert_cmpint (pipe2 (ends, O_CLOEXEC | O_NONBLOCK), ==, 0);
  lab_emulator_holds_add (holds, device, command, ends[1]);
  return ends[0];
}

static gboolean
is_held (int fd)
{
  char byte;

  return read (fd, &byte, 1) < 0 && errno == EAGAIN;
}

/* QEMU unplugs the one, refuses another, and takes the third. */
static void
test_holds (void)
{
  static const char talk[] =
      "{\"return\": {}, \"id\": \"libvirt-8\"}\r\n"
      "{\"id\": \"libvirt-7\", \"error\": {\"class\": \"GenericError\", \"desc\": "
      "\"no\"}}\r\n"
      "{\"timestamp\": {\"seconds\": 1}, \"event\": \"DEVICE_DELETED\", \"data\": "
      "{\"path\": \"/machine/peripheral/first/virtio-backend\"}}\r\n"
      "{\"event\": \"DEVICE_DELETED\", \"data\": {\"device\": \"first\", \"path\": "
      "\"/machine/peripheral/first\"}}\r\n";
  static const char late[] = "{\"id\": \"libvirt-8\", \"error\": {}}\n";
  LabEmulatorHolds *holds = lab_emulator_holds_new ();
  int first = hold_pipe (holds, "first", NULL);
  int refused = hold_pipe (holds, "refused", "libvirt-7");
  int third = hold_pipe (holds, "third", "libvirt-8");

  g_assert_true (is_held (first) && is_held (refused) && is_held (third));
  for (gsize i = 0; i < strlen (talk); i++) /* in pieces, as they may come */
    lab_emulator_holds_look (holds, talk + i, 1);
  g_assert_false (is_held (first) || is_held (refused));
  g_assert_true (is_held (third));
  /* that answer was to another command of the same number, of another libvirtd */
  lab_emulator_holds_look (holds, late, strlen (late));
  g_assert_true (is_held (third));
  lab_emulator_holds_free (holds);
  g_assert_false (is_held (third));
  close (first);
  close (refused);
  close (third);
}

static LabEmulatorAddress
address_of (int listener)
{
  LabEmulatorAddress address = { .length = sizeof address.name };

  g_assert_cmpint (
      getsockname (listener, (struct sockaddr *)&address.name, &address.length), ==, 0);
  return address;
}

/* QEMU finds something wrong with its arguments, and ends without looking at its
 * monitor, to which libvirt has connected already. */
static void
test_relay_without_qemu (void)
{
  int listener = listen_somewhere (), qemu_listener = listen_somewhere ();
  LabEmulatorAddress address = address_of (qemu_listener);
  int process, status, client, alive[2];
  pid_t qemu, relay;

  g_assert_cmpint (pipe (alive), ==, 0);
  qemu = fork ();
  if (qemu == 0) {
    char byte;

    close (alive[1]);
    _exit ((int)read (alive[0], &byte, 1));
  }
  close (qemu_listener);
  process = (int)syscall (SYS_pidfd_open, qemu, 0);
  relay = fork ();
  if (relay == 0) {
    close (alive[1]);
    lab_emulator_relay (listener, &address, process, lab_emulator_holds_new ());
    _exit (0);
  }
  client = connect_to_listener (listener);
  write_text (client, "{\"execute\":\"qmp_capabilities\"}\n");
  close (listener);
  close (alive[1]);
  g_assert_cmpint (waitpid (qemu, &status, 0), ==, qemu);
  g_assert_cmpint (waitpid (relay, &status, 0), ==, relay);
  assert_ends (client);
  close (client);
}

static void
test_relay (void)
{
  int listener = listen_somewhere (), qemu_listener = listen_somewhere ();
  LabEmulatorAddress address = address_of (qemu_listener);
  int alive[2], process, status;
  pid_t qemu, relay;

  g_assert_cmpint (pipe (alive), ==, 0);
  qemu = fork ();
  if (qemu == 0) {
    char byte;

    close (alive[1]);
    _exit ((int) read (alive[0], &byte, 1));
  }
  process = (int) syscall (SYS_pidfd_open, qemu, 0);
  relay = fork ();
  if (relay == 0) {
    close (alive[1]);
    lab_emulator_relay (listener, &address, process, lab_emulator_holds_new ());
    _exit (0);
  }
  /* the second is a libvirtd that was started again */
  talk (listener, qemu_listener);
  talk (listener, qemu_listener);
  close (alive[1]);
  g_assert_cmpint (waitpid (qemu, &status, 0), ==, qemu);
  g_assert_cmpint (waitpid (relay, &status, 0), ==, relay);
  g_assert_true (WIFEXITED (status) && WEXITSTATUS (status) == 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/lab/emulator/arguments", test_arguments);
  g_test_add_func ("/lab/emulator/probe", test_probe);
  g_test_add_func ("/lab/emulator/commands", test_commands);
  g_test_add_func ("/lab/emulator/find-monitor", test_find_monitor);
  g_test_add_func ("/lab/emulator/find-matrix", test_find_matrix);
  g_test_add_func ("/lab/emulator/holds", test_holds);
  g_test_add_func ("/lab/emulator/relay", test_relay);
  g_test_add_func ("/lab/emulator/relay-without-qemu", test_relay_without_qemu);
  return g_test_run ();
}
