/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Process 1 of the lab.
 *
 * All signals are blocked here and taken one by one with sigtimedwait(), between
 * which children are started; there are no handlers and no threads.
 */
#include "config.h"
#include "init.h"

#include "fs.h"
#include "libvirt.h"
#include "message.h"
#include "namespace.h"
#include "supervise.h"
#include "udev.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define POLL_MS 5
#define SIMULATOR_SECONDS 30
#define LIBVIRTD_SECONDS 60
#define LOG_TAIL_LINES 5

typedef struct {
  const LabOptions *options;
  const sigset_t *caller_mask;
  sigset_t signals;    /* what is waited for */
  int simulator_ready; /* readable once /sys is served */
  pid_t simulator;
  pid_t virtlogd;
  pid_t libvirtd;
  pid_t command;
  gboolean up;   /* all that has to run was started */
  gboolean over; /* the lab ends, with @status */
  int status;
} LabInit;

typedef gboolean (*ReadyFunc) (LabInit *init);

static void
finish (LabInit *init, int status)
{
  if (!init->over)
    init->status = status;
  init->over = TRUE;
}

/* A daemon that was stopped in good order (status 0) was stopped by the user. */
static void
daemon_ended (LabInit *init, const char *name, int wait_status, gboolean may_stop)
{
  if (may_stop && WIFEXITED (wait_status) && WEXITSTATUS (wait_status) == 0)
    return;
  if (WIFSIGNALED (wait_status))
    lab_message (_ ("%s was ended by signal %d (%s); this ends the lab"), name,
                 WTERMSIG (wait_status), g_strsignal (WTERMSIG (wait_status)));
  else
    lab_message (_ ("%s ended with status %d; this ends the lab"), name,
                 WEXITSTATUS (wait_status));
  finish (init, LAB_EXIT_FAILED);
}

static void
reap (LabInit *init)
{
  pid_t pid;
  int wait_status;

  while ((pid = waitpid (-1, &wait_status, WNOHANG)) > 0) {
    if (pid == init->command)
      finish (init, lab_status_of (wait_status));
    else if (pid == init->simulator)
      daemon_ended (init, _ ("the simulated host"), wait_status, FALSE);
    else if (pid == init->libvirtd)
      daemon_ended (init, "libvirtd", wait_status, init->up);
    else if (pid == init->virtlogd)
      daemon_ended (init, "virtlogd", wait_status, init->up);
  }
}

static gboolean
asks_to_end (int signal_number)
{
  return signal_number == SIGHUP || signal_number == SIGINT || signal_number == SIGQUIT ||
         signal_number == SIGTERM;
}

/*
 * The terminal sends its signals to COMMAND as well as here, so only a signal that
 * a process outside sent is passed on.  Where there is no COMMAND, they end the lab.
 */
static void
take_signal (LabInit *init, const siginfo_t *info)
{
  gboolean from_outside = info->si_code <= 0 && info->si_pid == 0;
  gboolean from_terminal = info->si_code == SI_KERNEL;

  if (info->si_signo == SIGCHLD)
    reap (init);
  else if (init->command > 0 && from_outside)
    kill (init->command, info->si_signo);
  else if (init->command == 0 && (from_outside || from_terminal) &&
           asks_to_end (info->si_signo))
    finish (init, 128 + info->si_signo);
}

/* waits for one signal, at most @milliseconds, without end when it is negative */
static void
wait_for_signal (LabInit *init, int milliseconds)
{
  struct timespec timeout = { .tv_nsec = milliseconds * 1000 * 1000L };
  siginfo_t info;

  if (sigtimedwait (&init->signals, &info, milliseconds < 0 ? NULL : &timeout) > 0)
    take_signal (init, &info);
}

/* FALSE when the lab is over instead, or after @seconds, with a message either way */
static gboolean
wait_until (LabInit *init, ReadyFunc ready, const char *name, guint seconds)
{
  gint64 end = g_get_monotonic_time () + seconds * G_USEC_PER_SEC;

  while (!init->over && !ready (init)) {
    if (g_get_monotonic_time () > end) {
      lab_message (_ ("%s did not answer within %u seconds"), name, seconds);
      finish (init, LAB_EXIT_FAILED);
    }
    wait_for_signal (init, POLL_MS);
  }
  return !init->over;
}

static void
fail (LabInit *init, const GError *error)
{
  lab_message ("%s", error->message);
  finish (init, LAB_EXIT_FAILED);
}

/* In the child: COMMAND's files and the terminal are no business of a daemon's. */
static void
become_daemon (const char *log)
{
  int null = open ("/dev/null", O_RDWR);
  int out = log == NULL ? null : open (log, O_WRONLY | O_CREAT | O_APPEND, 0600);

  setsid ();
  dup2 (null, STDIN_FILENO);
  dup2 (out, STDOUT_FILENO);
  if (log != NULL)
    dup2 (out, STDERR_FILENO);
}

/* fork(), or the end of the lab */
static pid_t
fork_child (LabInit *init)
{
  pid_t pid = fork ();

  if (pid < 0) {
    lab_message (_ ("cannot start a process of the lab: %s"), g_strerror (errno));
    finish (init, LAB_EXIT_FAILED);
  }
  return pid;
}

static pid_t
start_daemon (LabInit *init, const char *name, const char *log)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = lab_libvirt_find_daemon (name, &error);
  pid_t pid;

  if (path == NULL) {
    fail (init, error);
    return 0;
  }
  pid = fork_child (init);
  if (pid != 0)
    return pid;
  become_daemon (log);
  close_range (STDERR_FILENO + 1, ~0u, 0);
  sigprocmask (SIG_SETMASK, init->caller_mask, NULL);
  execl (path, path, NULL);
  _exit (127);
}

static void
send_event (const char *const *properties, gpointer user_data)
{
  lab_udev_send (user_data, properties);
}

static void
report_ready (gpointer user_data)
{
  int fd = GPOINTER_TO_INT (user_data);

  if (write (fd, "", 1) == 1)
    close (fd);
}

/* the process that serves /sys; does not return */
static void
simulate (const LabMachine *machine, int ready)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (LabUdev) udev = lab_udev_new (&error);
  g_autoptr (LabModel) model = NULL;

  if (udev != NULL)
    model = lab_model_new (machine, send_event, lab_namespace_set_group, udev);
  if (model != NULL &&
      lab_fs_serve (model, "/sys", report_ready, GINT_TO_POINTER (ready), &error))
    _exit (0);
  lab_message ("%s", error->message);
  _exit (LAB_EXIT_FAILED);
}

static void
start_simulator (LabInit *init)
{
  int ready[2];

  if (pipe2 (ready, O_CLOEXEC) < 0) {
    lab_message (_ ("cannot make a pipe: %s"), g_strerror (errno));
    finish (init, LAB_EXIT_FAILED);
    return;
  }
  init->simulator = fork_child (init);
  if (init->simulator == 0) {
    prctl (PR_SET_NAME, "lab-simulator");
    become_daemon (NULL);
    sigprocmask (SIG_SETMASK, init->caller_mask, NULL);
    simulate (init->options->machine, ready[1]);
  }
  close (ready[1]);
  init->simulator_ready = ready[0];
  fcntl (ready[0], F_SETFL, O_NONBLOCK);
}

static gboolean
simulator_is_ready (LabInit *init)
{
  char byte;

  return read (init->simulator_ready, &byte, 1) == 1;
}

static gboolean
virtlogd_is_up (LabInit *init G_GNUC_UNUSED)
{
  return lab_libvirt_virtlogd_is_up ();
}

static gboolean
libvirtd_answers (LabInit *init G_GNUC_UNUSED)
{
  return lab_libvirt_answers ();
}

/* the last lines of libvirtd's log, which goes with the lab */
static void
show_log_tail (void)
{
  g_autofree char *text = NULL;
  g_auto (GStrv) lines = NULL;
  guint n;

  if (!g_file_get_contents (LAB_LIBVIRTD_LOG, &text, NULL, NULL))
    return;
  lines = g_strsplit (g_strchomp (text), "\n", -1);
  n = g_strv_length (lines);
  for (guint i = n > LOG_TAIL_LINES ? n - LOG_TAIL_LINES : 0; i < n; i++)
    lab_message ("libvirtd: %s", lines[i]);
}

static void
start_libvirt (LabInit *init)
{
  g_autoptr (GError) error = NULL;

  if (!lab_libvirt_configure (init->options, &error)) {
    fail (init, error);
    return;
  }
  init->virtlogd = start_daemon (init, "virtlogd", "/var/log/libvirt/virtlogd.log");
  if (!wait_until (init, virtlogd_is_up, "virtlogd", LIBVIRTD_SECONDS))
    return;
  init->libvirtd = start_daemon (init, "libvirtd", LAB_LIBVIRTD_LOG);
  if (!wait_until (init, libvirtd_answers, "libvirtd", LIBVIRTD_SECONDS) &&
      init->status == LAB_EXIT_FAILED)
    show_log_tail ();
}

static void
start_command (LabInit *init)
{
  const LabOptions *options = init->options;

  init->command = fork_child (init);
  if (init->command == 0)
    lab_become_command (options->command, options->directory, init->caller_mask);
}

static void
start_host (LabInit *init)
{
  g_autoptr (GError) error = NULL;

  start_simulator (init);
  if (!wait_until (init, simulator_is_ready, _ ("the simulated host"), SIMULATOR_SECONDS))
    return;
  close (init->simulator_ready);
  if (!lab_namespace_show_topology (&error)) {
    fail (init, error);
    return;
  }
  if (init->options->libvirt)
    start_libvirt (init);
}

int
lab_init_run (const LabOptions *options, const sigset_t *caller_mask)
{
  LabInit init = { .options = options, .caller_mask = caller_mask };
  g_autoptr (GError) error = NULL;

  sigfillset (&init.signals);
  sigprocmask (SIG_SETMASK, &init.signals, NULL);
  prctl (PR_SET_NAME, "lab-init");
  lab_set_environment (options->machine->name, options->libvirt ? options->uri : NULL);
  if (!lab_namespace_build (options, &error)) {
    lab_message ("%s", error->message);
    return LAB_EXIT_FAILED;
  }
  if (options->libvirt && !lab_libvirt_spare_privileges ())
    lab_message ("seccomp: %s", g_strerror (errno));
  start_host (&init);
  init.up = !init.over;
  if (init.up && options->keep != NULL)
    report_ready (GINT_TO_POINTER (options->ready));
  else if (init.up)
    start_command (&init);
  while (!init.over)
    wait_for_signal (&init, -1);
  return init.status;
}
