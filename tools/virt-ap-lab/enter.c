/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "enter.h"

#include "labs.h"
#include "libvirt.h"
#include "message.h"
#include "namespace.h"
#include "options.h"
#include "supervise.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n.h>
#include <sched.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* a lab has nothing to do at its end; what takes longer hangs */
#define STOP_SECONDS 10
#define POLL_US 5000

static int
fail (const GError *error)
{
  lab_message ("%s", error->message);
  return LAB_EXIT_FAILED;
}

static void
set_ended_error (const LabKept *kept, GError **error)
{
  g_autofree char *words = lab_kept_last_words (kept);

  if (*words == '\0')
    g_set_error (error, G_FILE_ERROR, G_FILE_ERROR_FAILED, _ ("the lab %s has ended"),
                 kept->name);
  else
    g_set_error (error, G_FILE_ERROR, G_FILE_ERROR_FAILED, _ ("the lab %s has ended: %s"),
                 kept->name, words);
}

/* a descriptor of its process 1; the lock tells that the number is still that one's */
static int
open_init (const LabKept *kept, GError **error)
{
  int fd = (int) syscall (SYS_pidfd_open, kept->init, 0);

  if (fd >= 0 && lab_kept_is_running (kept))
    return fd;
  if (fd >= 0)
    close (fd);
  set_ended_error (kept, error);
  return -1;
}

/* setns() makes the mount namespace's root ours (Linux fs/namespace.c, mntns_install()),
 * which is not the lab's where it was started below a chroot() */
static gboolean
join_namespaces (const LabKept *kept, int init)
{
  const int namespaces = CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS |
                         CLONE_NEWPID | (kept->own_users ? CLONE_NEWUSER : 0);
  g_autofree char *path = g_strdup_printf ("/proc/%d/root", (int) kept->init);
  int root = open (path, O_PATH | O_DIRECTORY | O_CLOEXEC);
  gboolean joined = root >= 0 && setns (init, namespaces) == 0 && fchdir (root) == 0 &&
                    chroot (".") == 0;

  if (root >= 0)
    close (root);
  return joined;
}

static gboolean
join (const LabKept *kept, GError **error)
{
  int init = open_init (kept, error);
  gboolean joined;

  if (init < 0)
    return FALSE;
  joined = join_namespaces (kept, init);
  if (!joined)
    lab_set_errno_error (error, _ ("cannot enter the lab %s"), kept->name);
  close (init);
  return joined;
}

/* A command that went with the lab was not ended by anything that is its own. */
static int
status_in_lab (const LabKept *kept, int wait_status)
{
  g_autoptr (GError) error = NULL;

  if (!WIFSIGNALED (wait_status) || WTERMSIG (wait_status) != SIGKILL)
    return lab_status_of (wait_status);
  /* the lock goes last, with the process outside */
  for (guint i = 0; i < 40 && lab_kept_is_running (kept); i++)
    g_usleep (POLL_US);
  if (lab_kept_is_running (kept))
    return lab_status_of (wait_status);
  set_ended_error (kept, &error);
  return fail (error);
}

static int
run_in_lab (const LabKept *kept, char *const *command, const char *directory)
{
  pid_t child, foreground = tcgetpgrp (STDERR_FILENO);
  sigset_t signals, caller_mask;
  int wait_status;

  lab_supervise_begin (&signals, &caller_mask);
  child = fork ();
  if (child < 0) {
    lab_message (_ ("cannot start a process of the lab: %s"), g_strerror (errno));
    return LAB_EXIT_FAILED;
  }
  if (child == 0) {
    lab_namespace_drop_capabilities ();
    if (kept->uri != NULL && !lab_libvirt_spare_privileges ())
      lab_message ("seccomp: %s", g_strerror (errno));
    lab_set_environment (kept->machine, kept->uri);
    lab_become_command (command, directory, &caller_mask);
  }
  wait_status = lab_supervise (child, &signals);
  lab_supervise_take_terminal_back (foreground);
  return status_in_lab (kept, wait_status);
}

static int
run_enter (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (LabKept) kept = NULL;
  g_auto (GStrv) command = NULL;
  g_autofree char *directory = g_get_current_dir ();

  if (argc < 2) {
    lab_message (_ ("usage: virt-ap-lab enter NAME [--] [COMMAND…]"));
    return LAB_EXIT_FAILED;
  }
  kept = lab_kept_find (argv[1], &error);
  if (kept == NULL || !join (kept, &error))
    return fail (error);
  command = lab_options_find_command (argc - 1, argv + 1);
  /* what would run at exit can start nothing: its children would be born into the lab's
   * PID namespace, which may be dead */
  _exit (run_in_lab (kept, command, directory));
}

static void
list_one (const char *name)
{
  g_autoptr (LabKept) kept = lab_kept_find (name, NULL);
  g_autofree char *words = NULL;
  g_autofree char *pid = NULL;

  if (kept == NULL)
    return;
  if (lab_kept_is_running (kept)) {
    pid = g_strdup_printf ("%d", (int) kept->init);
    g_print ("%-16s %-12s %-8s %s\n", name, kept->machine, pid,
             kept->uri != NULL ? _ ("running, with libvirtd") : _ ("running"));
    return;
  }
  words = lab_kept_last_words (kept);
  g_print ("%-16s %-12s %-8s ", name, kept->machine != NULL ? kept->machine : "-", "-");
  if (*words == '\0')
    g_print ("%s\n", _ ("ended"));
  else
    g_print (_ ("ended: %s\n"), words);
}

static int
run_list (int argc, char **argv G_GNUC_UNUSED)
{
  g_auto (GStrv) names = NULL;

  if (argc > 1) {
    lab_message (_ ("usage: virt-ap-lab list"));
    return LAB_EXIT_FAILED;
  }
  names = lab_kept_names ();
  if (*names != NULL)
    g_print ("%-16s %-12s %-8s %s\n", _ ("NAME"), _ ("MACHINE"), _ ("PID"), _ ("STATE"));
  for (char **name = names; *name != NULL; name++)
    list_one (*name);
  return 0;
}

/* until the lock is free, for @seconds */
static gboolean
wait_for_end (const LabKept *kept, guint seconds)
{
  gint64 end = g_get_monotonic_time () + seconds * G_USEC_PER_SEC;

  while (lab_kept_is_running (kept)) {
    if (g_get_monotonic_time () > end)
      return FALSE;
    g_usleep (POLL_US);
  }
  return TRUE;
}

static int
run_stop (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (LabKept) kept = NULL;
  int init;

  if (argc != 2) {
    lab_message (_ ("usage: virt-ap-lab stop NAME"));
    return LAB_EXIT_FAILED;
  }
  kept = lab_kept_find (argv[1], &error);
  if (kept == NULL)
    return fail (error);
  init = open_init (kept, NULL);
  if (init >= 0) {
    syscall (SYS_pidfd_send_signal, init, SIGTERM, NULL, 0);
    if (!wait_for_end (kept, STOP_SECONDS))
      syscall (SYS_pidfd_send_signal, init, SIGKILL, NULL, 0);
    close (init);
  }
  if (!wait_for_end (kept, STOP_SECONDS)) {
    lab_message (_ ("the lab %s does not end"), kept->name);
    return LAB_EXIT_FAILED;
  }
  lab_kept_remove (kept);
  return 0;
}

static const LabSubcommand subcommands[] = {
  { "enter", run_enter },
  { "list", run_list },
  { "stop", run_stop },
};

const LabSubcommand *
lab_subcommand_find (const char *word)
{
  for (gsize i = 0; i < G_N_ELEMENTS (subcommands); i++)
    if (strcmp (subcommands[i].name, word) == 0)
      return &subcommands[i];
  return NULL;
}
