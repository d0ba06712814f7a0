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
keep_only (int *const kept[], gsize n)
{
  int null = open ("/dev/null", O_RDWR);

  for (gsize i = 0; i < n; i++)
    if (*kept[i] >= 0)
      *kept[i] = fcntl (*kept[i], F_DUPFD, 1000);
  close_range (STDERR_FILENO + 1, 999, 0);
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
    dup2 (null, fd);
}

/* the matrix of the command line, @fd -1 without one */
typedef struct {
  char *device;
  int fd;
} Matrix;

G_NORETURN static void
run_relay (int monitor, int process, Matrix matrix, const LabEmulatorAddress *qemu)
{
  int *const kept[] = { &monitor, &process, &matrix.fd };
  LabEmulatorHolds *holds = lab_emulator_holds_new ();

  setsid ();
  prctl (PR_SET_NAME, "lab-monitor");
  keep_only (kept, G_N_ELEMENTS (kept));
  if (matrix.fd >= 0)
    lab_emulator_holds_add (holds, matrix.device, NULL, matrix.fd);
  lab_emulator_relay (monitor, qemu, process, holds);
  _exit (0);
}

/* Makes @monitor, libvirt's listening socket, the relay's, and puts another in its place.
 */
static gboolean
start_relay (int monitor, Matrix matrix)
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
    run_relay (monitor, process, matrix, &address);
  }
  waitpid (child, NULL, 0);
  close (process);
  return dup2 (qemu, monitor) == monitor && close (qemu) == 0;
}

/* FALSE when it cannot be had, as QEMU would find */
static gboolean
hold_matrix (char **arguments, Matrix *matrix)
{
  g_autofree char *trouble = NULL;

  matrix->fd = -1;
  for (char **argument = arguments; *argument != NULL; argument++) {
    g_autofree char *uuid = lab_emulator_find_matrix (*argument, &matrix->device);

    if (uuid == NULL)
      continue;
    matrix->fd = lab_emulator_hold (uuid, &trouble);
    if (matrix->fd < 0)
      fprintf (stderr, "qemu-system-s390x: -device %s: %s\n", *argument, trouble);
    return matrix->fd >= 0;
  }
  return TRUE;
}

int
main (int argc G_GNUC_UNUSED, char **argv)
{
  g_auto (GStrv) arguments = lab_emulator_rewrite_arguments (argv);
  int monitor = lab_emulator_find_monitor (argv);
  Matrix matrix;

  if (!hold_matrix (argv, &matrix))
    return 1;
  if (monitor >= 0 && !start_relay (monitor, matrix)) {
    perror ("virt-ap-lab: cannot relay QEMU's monitor");
    return 1;
  }
  /* without a relay QEMU itself holds it to its end */
  if (monitor < 0 && matrix.fd >= 0)
    fcntl (matrix.fd, F_SETFD, 0);
  execv (LAB_REAL_EMULATOR, arguments);
  perror ("virt-ap-lab: " LAB_REAL_EMULATOR);
  return 1;
}
