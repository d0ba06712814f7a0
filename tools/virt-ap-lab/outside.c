/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "outside.h"

#include "init.h"
#include "message.h"
#include "namespace.h"
#include "supervise.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n.h>
#include <poll.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

gboolean
lab_check_requirements (GError **error)
{
  int fuse = open ("/dev/fuse", O_RDWR | O_CLOEXEC);

  if (fuse < 0) {
    lab_set_errno_error (error, _ ("cannot open %s, which serves the simulated /sys"),
                         "/dev/fuse");
    return FALSE;
  }
  close (fuse);
  return TRUE;
}

/* The process 1 to be begins when the pipe @outer has a byte, and must not outlive this
 * process, not even when this one is killed before prctl() asked for it: then the pipe
 * has no writer any more. */
static gboolean
tie_to_parent (int outer)
{
  struct pollfd poll_fd = { .fd = outer };
  char byte;

  return prctl (PR_SET_PDEATHSIG, SIGKILL) == 0 && read (outer, &byte, 1) == 1 &&
         poll (&poll_fd, 1, 0) == 0;
}

static int
run_init (const LabOptions *options, int outer, const sigset_t *caller_mask)
{
  g_autoptr (GError) error = NULL;

  if (!tie_to_parent (outer))
    return LAB_EXIT_FAILED;
  if (!lab_namespace_leave_host (options, &error)) {
    lab_message ("%s", error->message);
    return LAB_EXIT_FAILED;
  }
  return lab_init_run (options, caller_mask);
}

static pid_t
start_init (const LabOptions *options, int alive[2], const sigset_t *caller_mask)
{
  g_autoptr (GError) error = NULL;
  pid_t init;

  if (!lab_namespace_allow (&error)) {
    lab_message ("%s", error->message);
    _exit (LAB_EXIT_FAILED);
  }
  if (pipe2 (alive, O_CLOEXEC) < 0 || unshare (CLONE_NEWPID) < 0 ||
      (init = fork ()) < 0) {
    lab_message (_ ("cannot start process 1 of the lab: %s"), g_strerror (errno));
    _exit (LAB_EXIT_FAILED);
  }
  if (init == 0) {
    close (alive[1]);
    _exit (run_init (options, alive[0], caller_mask));
  }
  return init;
}

static int
status_of_lab (int wait_status)
{
  if (WIFSIGNALED (wait_status))
    lab_message (_ ("the lab was ended by signal %d (%s)"), WTERMSIG (wait_status),
                 g_strsignal (WTERMSIG (wait_status)));
  return lab_status_of (wait_status);
}

void
lab_run (const LabOptions *options, LabKept *kept)
{
  g_autoptr (GError) error = NULL;
  gboolean own_users = geteuid () != 0;
  pid_t init, foreground = tcgetpgrp (STDERR_FILENO);
  sigset_t signals, caller_mask;
  int alive[2], status;

  lab_supervise_begin (&signals, &caller_mask);
  init = start_init (options, alive, &caller_mask);
  if (kept != NULL) {
    kept->init = init;
    kept->own_users = own_users;
    if (!lab_kept_write (kept, &error)) {
      lab_message ("%s", error->message);
      _exit (LAB_EXIT_FAILED);
    }
  }
  if (write (alive[1], "", 1) != 1)
    _exit (LAB_EXIT_FAILED);
  status = status_of_lab (lab_supervise (init, &signals));
  lab_supervise_take_terminal_back (foreground);
  /* what would run at exit can start nothing: its children would be born into the PID
   * namespace, and that is dead */
  _exit (status);
}
