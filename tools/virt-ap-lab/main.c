/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * virt-ap-lab: runs a command on a simulated IBM Z host.
 *
 * This process stays on the real host.  It makes the lab's process 1 (init.c) in a
 * new PID namespace, passes signals on to it, and ends as it ended.  Everything
 * of the lab is held by namespaces alone, so nothing has to be cleaned up: when
 * process 1 is gone, and it is killed when this process is, the kernel takes the rest.
 */
#include "config.h"
#include "init.h"
#include "message.h"
#include "namespace.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n.h>
#include <libintl.h>
#include <locale.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* Other signals keep their meaning: one that stops this process stops no more than it. */
static const int passed_on[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2 };

static gboolean
check_requirements (GError **error)
{
  int fuse;

  if (geteuid () != 0) {
    g_set_error (error, G_FILE_ERROR, G_FILE_ERROR_PERM,
                 _ ("this must run as root: it makes namespaces, and mounts in them"));
    return FALSE;
  }
  fuse = open ("/dev/fuse", O_RDWR | O_CLOEXEC);
  if (fuse < 0) {
    lab_set_errno_error (error, _ ("cannot open %s, which serves the simulated /sys"),
                         "/dev/fuse");
    return FALSE;
  }
  close (fuse);
  return TRUE;
}

/* The process 1 to be must not outlive this process, not even when this one is killed
 * before prctl() asked for it: then the pipe @outer has no writer any more. */
static gboolean
tie_to_parent (int outer)
{
  struct pollfd poll_fd = { .fd = outer };

  return prctl (PR_SET_PDEATHSIG, SIGKILL) == 0 && poll (&poll_fd, 1, 0) == 0;
}

static int
run_init (const LabOptions *options, int outer, const sigset_t *caller_mask)
{
  g_autoptr (GError) error = NULL;

  if (!tie_to_parent (outer))
    return LAB_EXIT_FAILED;
  if (!lab_namespace_leave_host (&error)) {
    lab_message ("%s", error->message);
    return LAB_EXIT_FAILED;
  }
  return lab_init_run (options, caller_mask);
}

/* passes signals on until @init ended; a terminal sends its own to all of the lab */
static int
supervise (pid_t init, const sigset_t *signals)
{
  for (;;) {
    siginfo_t info;
    int wait_status;

    if (sigwaitinfo (signals, &info) < 0)
      continue;
    if (info.si_signo != SIGCHLD) {
      /* when a terminal goes, only the first process of its session is told */
      if (info.si_code <= 0 || info.si_signo == SIGHUP)
        kill (init, info.si_signo);
    } else if (waitpid (init, &wait_status, WNOHANG) == init) {
      if (WIFEXITED (wait_status))
        return WEXITSTATUS (wait_status);
      lab_message (_ ("the lab was ended by signal %d (%s)"), WTERMSIG (wait_status),
                   g_strsignal (WTERMSIG (wait_status)));
      return 128 + WTERMSIG (wait_status);
    }
  }
}

/* A shell that had the terminal cannot give it back to a group outside its namespace. */
static void
take_terminal_back (pid_t foreground)
{
  sigset_t ttou;

  if (foreground != getpgrp ())
    return;
  sigemptyset (&ttou);
  sigaddset (&ttou, SIGTTOU);
  sigprocmask (SIG_BLOCK, &ttou, NULL);
  tcsetpgrp (STDERR_FILENO, foreground);
}

G_NORETURN static void
run_lab (const LabOptions *options)
{
  sigset_t signals, caller_mask;
  pid_t init, foreground = tcgetpgrp (STDERR_FILENO);
  int alive[2], status;

  /* COMMAND gets the mask that this process was started with */
  sigemptyset (&signals);
  sigaddset (&signals, SIGCHLD);
  for (gsize i = 0; i < G_N_ELEMENTS (passed_on); i++)
    sigaddset (&signals, passed_on[i]);
  sigprocmask (SIG_BLOCK, &signals, &caller_mask);
  signal (SIGCHLD, SIG_DFL);

  if (pipe2 (alive, O_CLOEXEC) < 0 || unshare (CLONE_NEWPID) < 0 ||
      (init = fork ()) < 0) {
    lab_message (_ ("cannot start process 1 of the lab: %s"), g_strerror (errno));
    _exit (LAB_EXIT_FAILED);
  }
  if (init == 0) {
    close (alive[1]);
    _exit (run_init (options, alive[0], &caller_mask));
  }
  status = supervise (init, &signals);
  take_terminal_back (foreground);
  /* what would run at exit can start nothing: its children would be born into the PID
   * namespace, and that is dead */
  _exit (status);
}

int
main (int argc, char **argv)
{
  g_autoptr (LabOptions) options = NULL;
  g_autoptr (GError) error = NULL;

  setlocale (LC_ALL, "");
  bindtextdomain (GETTEXT_PACKAGE, VAP_LOCALE_DIR);
  bind_textdomain_codeset (GETTEXT_PACKAGE, "UTF-8");
  textdomain (GETTEXT_PACKAGE);

  options = lab_options_parse (argc, argv, &error);
  if (options == NULL && error == NULL)
    return 0;
  if (options == NULL || !check_requirements (&error)) {
    lab_message ("%s", error->message);
    return LAB_EXIT_FAILED;
  }
  run_lab (options);
}
