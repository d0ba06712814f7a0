/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The lab's qemu-system-s390x, which libvirtd finds in place of the real one.  It
 * changes the arguments, puts a relay on libvirt's monitor for what is plugged later,
 * and becomes the real one, so that libvirt knows it by its PID.
 */
#include "config.h"
#include "emulator.h"

#include "namespace.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

/* a listening socket with a name that the kernel chooses; -1 on failure */
static int
make_listener (void)
{
  const struct sockaddr_un address = { .sun_family = AF_UNIX };
  int fd = socket (AF_UNIX, SOCK_STREAM, 0);

  if (fd >= 0 &&
      (bind (fd, (const struct sockaddr *) &address, sizeof (sa_family_t)) < 0 ||
       listen (fd, 1) < 0)) {
    close (fd);
    return -1;
  }
  return fd;
}

/* In the relay's process: it keeps nothing else open, for whoever waits for an end. */
static void
keep_only (int *listener, int *process)
{
  int null = open ("/dev/null", O_RDWR);
  int *const kept[] = { listener, process };

  for (gsize i = 0; i < G_N_ELEMENTS (kept); i++)
    *kept[i] = fcntl (*kept[i], F_DUPFD, 1000);
  close_range (STDERR_FILENO + 1, 999, 0);
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
    dup2 (null, fd);
}

/* Makes @monitor, libvirt's listening socket, the relay's, and puts another in its place.
 */
static gboolean
start_relay (int monitor)
{
  LabEmulatorAddress address = { .length = sizeof address.name };
  int qemu = make_listener ();
  int process = (int) syscall (SYS_pidfd_open, getpid (), 0);
  pid_t child;

  if (qemu < 0 || process < 0 ||
      getsockname (qemu, (struct sockaddr *) &address.name, &address.length) < 0 ||
      (child = fork ()) < 0)
    return FALSE;
  if (child == 0) {
    /* a grandchild: QEMU does not expect to be its parent */
    if (fork () != 0)
      _exit (0);
    setsid ();
    prctl (PR_SET_NAME, "lab-monitor");
    keep_only (&monitor, &process);
    lab_emulator_relay (monitor, &address, process);
    _exit (0);
  }
  waitpid (child, NULL, 0);
  close (process);
  return dup2 (qemu, monitor) == monitor && close (qemu) == 0;
}

int
main (int argc G_GNUC_UNUSED, char **argv)
{
  g_auto (GStrv) arguments = lab_emulator_rewrite_arguments (argv);
  int monitor = lab_emulator_find_monitor (argv);

  if (monitor >= 0 && !start_relay (monitor)) {
    perror ("virt-ap-lab: cannot relay QEMU's monitor");
    return 1;
  }
  execv (LAB_REAL_EMULATOR, arguments);
  perror ("virt-ap-lab: " LAB_REAL_EMULATOR);
  return 1;
}
