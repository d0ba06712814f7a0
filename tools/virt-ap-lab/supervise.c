/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "supervise.h"

#include "message.h"
#include "namespace.h"

#include <errno.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Other signals keep their meaning: one that stops this process stops no more than it. */
static const int passed_on[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2 };

void
lab_supervise_begin (sigset_t *signals, sigset_t *caller_mask)
{
  sigemptyset (signals);
  sigaddset (signals, SIGCHLD);
  for (gsize i = 0; i < G_N_ELEMENTS (passed_on); i++)
    sigaddset (signals, passed_on[i]);
  sigprocmask (SIG_BLOCK, signals, caller_mask);
  signal (SIGCHLD, SIG_DFL);
}

int
lab_supervise (pid_t child, const sigset_t *signals)
{
  for (;;) {
    siginfo_t info;
    int wait_status;

    if (sigwaitinfo (signals, &info) < 0)
      continue;
    if (info.si_signo != SIGCHLD) {
      /* when a terminal goes, only the first process of its session is told */
      if (info.si_code <= 0 || info.si_signo == SIGHUP)
        kill (child, info.si_signo);
    } else if (waitpid (child, &wait_status, WNOHANG) == child) {
      return wait_status;
    }
  }
}

int
lab_status_of (int wait_status)
{
  return WIFSIGNALED (wait_status) ? 128 + WTERMSIG (wait_status)
                                   : WEXITSTATUS (wait_status);
}

static void
set_foreground (pid_t group, int terminal)
{
  sigset_t ttou;

  sigemptyset (&ttou);
  sigaddset (&ttou, SIGTTOU);
  sigprocmask (SIG_BLOCK, &ttou, NULL);
  tcsetpgrp (terminal, group);
}

void
lab_supervise_take_terminal_back (pid_t foreground)
{
  if (foreground == getpgrp ())
    set_foreground (foreground, STDERR_FILENO);
}

void
lab_set_environment (const char *machine, const char *uri)
{
  g_autofree char *path = g_strconcat (LAB_PRIVATE_DIR "/bin:", g_getenv ("PATH"), NULL);

  g_setenv ("PATH", path, TRUE);
  g_setenv ("VIRT_AP_LAB", machine, TRUE);
  /* libudev and sd-device else refuse a /sys that is no sysfs */
  g_setenv ("SYSTEMD_DEVICE_VERIFY_SYSFS", "0", TRUE);
  /* these would lead back to the real host */
  g_unsetenv ("VIRT_AP_ROOT");
  g_unsetenv ("XDG_RUNTIME_DIR");
  g_unsetenv ("VIRSH_DEFAULT_CONNECT_URI");
  g_unsetenv ("LIBVIRT_DEFAULT_URI");
  if (uri != NULL)
    g_setenv ("LIBVIRT_DEFAULT_URI", uri, TRUE);
}

/* a program of /etc/shells without arguments */
static gboolean
is_interactive_shell (char *const *command)
{
  g_autofree char *name = g_path_get_basename (command[0]);
  gboolean found = FALSE;
  const char *shell;

  while (command[1] == NULL && !found && (shell = getusershell ()) != NULL) {
    g_autofree char *known = g_path_get_basename (shell);

    found = strcmp (name, known) == 0;
  }
  endusershell ();
  return found;
}

/*
 * COMMAND stays in the process group that the lab was started in, so that Ctrl-C and
 * Ctrl-Z reach all of a pipeline.  But a shell gives the terminal back to the group that
 * it found, which must then be one that it can name: the group outside has no number in
 * this namespace.
 */
static void
lead_terminal (char *const *command)
{
  if (!isatty (STDIN_FILENO) || !is_interactive_shell (command))
    return;
  setpgid (0, 0);
  set_foreground (getpgrp (), STDIN_FILENO);
}

void
lab_become_command (char *const *command, const char *directory,
                    const sigset_t *caller_mask)
{
  /* by name: the directory may be one that the lab has its own of */
  if (chdir (directory) < 0 && chdir ("/") < 0)
    _exit (LAB_EXIT_FAILED);
  lead_terminal (command);
  sigprocmask (SIG_SETMASK, caller_mask, NULL);
  execvp (command[0], command);
  lab_message ("%s: %s", command[0], g_strerror (errno));
  _exit (errno == ENOENT ? 127 : 126);
}
