/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "keep.h"

#include "message.h"
#include "outside.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* In the child: it must keep nothing of the caller's, who may wait for the end of a pipe.
 * What it says goes into the log. */
static void
leave_caller (const LabKept *kept)
{
  int null = open ("/dev/null", O_RDWR | O_CLOEXEC);

  setsid ();
  dup2 (null, STDIN_FILENO);
  dup2 (null, STDOUT_FILENO);
  dup2 (kept->log, STDERR_FILENO);
  if (chdir ("/") < 0)
    _exit (LAB_EXIT_FAILED);
}

/* nothing may follow the byte: then the lab has ended before it was up */
static gboolean
wait_until_up (int ready)
{
  char byte;
  gssize length;

  do
    length = read (ready, &byte, 1);
  while (length < 0 && errno == EINTR);
  return length == 1;
}

static void
say_log (const LabKept *kept)
{
  g_autofree char *log = lab_kept_log (kept);
  gssize written = write (STDERR_FILENO, log, strlen (log));

  (void) written; /* there is nobody left to tell */
}

int
lab_keep (LabOptions *options)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (LabKept) kept = lab_kept_claim (options->keep, &error);
  int ready[2];
  pid_t outside;

  if (kept == NULL) {
    lab_message ("%s", error->message);
    return LAB_EXIT_FAILED;
  }
  kept->machine = g_strdup (options->machine->name);
  kept->uri = options->libvirt ? g_strdup (options->uri) : NULL;
  if (pipe2 (ready, O_CLOEXEC) < 0 || (outside = fork ()) < 0) {
    lab_message (_ ("cannot start process 1 of the lab: %s"), g_strerror (errno));
    lab_kept_remove (kept);
    return LAB_EXIT_FAILED;
  }
  if (outside == 0) {
    close (ready[0]);
    options->ready = ready[1];
    leave_caller (kept);
    lab_run (options, kept);
  }
  close (ready[1]);
  if (wait_until_up (ready[0]))
    return 0;
  waitpid (outside, NULL, 0);
  say_log (kept);
  lab_kept_remove (kept);
  return LAB_EXIT_FAILED;
}
