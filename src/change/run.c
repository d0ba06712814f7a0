/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Running a program for a step; see vap_step_run().  Its input and output are files in
 * memory, so that neither side ever waits for the other to read.
 */
#include "config.h"

#include "change/priv.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* where the journal is in the program: nothing uses it, it only stays open */
#define JOURNAL_FD 9

/* Between two looks at a program where the kernel has no pidfd_open(2) (before 5.3). */
#define LOOK_MS 20

#define OUTPUT_MAX (4u * 1024 * 1024)

enum { FILE_IN, FILE_OUT, FILE_ERR, N_FILES };

typedef struct {
  int fd[N_FILES];
} Files;

static void
files_clear (Files *files)
{
  for (guint i = 0; i < N_FILES; i++) {
    if (files->fd[i] >= 0)
      close (files->fd[i]);
    files->fd[i] = -1;
  }
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Files, files_clear)

static gboolean
files_open (Files *files, const char *input)
{
  gsize length = input != NULL ? strlen (input) : 0;

  for (guint i = 0; i < N_FILES; i++) {
    files->fd[i] = memfd_create ("virt-ap", MFD_CLOEXEC);
    if (files->fd[i] < 0)
      return FALSE;
  }
  return pwrite (files->fd[FILE_IN], input, length, 0) == (gssize) length;
}

static char *
file_text (int fd)
{
  off_t end = lseek (fd, 0, SEEK_END);
  gsize length = end > 0 ? MIN ((gsize) end, OUTPUT_MAX) : 0;
  char *text = g_malloc0 (length + 1);

  if (pread (fd, text, length, 0) != (gssize) length)
    *text = '\0';
  return text;
}

/* in the new process: only what may be called between fork and exec */
static void
prepare_process (gpointer unused G_GNUC_UNUSED)
{
  sigset_t none;

  sigemptyset (&none);
  sigprocmask (SIG_SETMASK, &none, NULL);
  setpgid (0, 0);
}

/* FALSE when the time is over */
static gboolean
wait_until (pid_t pid, gint64 deadline, int *status)
{
  int pidfd = (int) syscall (SYS_pidfd_open, pid, 0);
  struct pollfd ended = { .fd = pidfd, .events = POLLIN };
  gboolean done = FALSE;

  while (!done) {
    gint64 left = (deadline - g_get_monotonic_time ()) / 1000;

    done = waitpid (pid, status, WNOHANG) == pid;
    if (done || left <= 0)
      break;
    poll (&ended, pidfd >= 0 ? 1 : 0, pidfd >= 0 ? (int) left : LOOK_MS);
  }
  if (pidfd >= 0)
    close (pidfd);
  return done;
}

static gboolean
start (const VapStep *step, const char *const *argv, const Files *files, GPid *pid,
       GError **error)
{
  int journal = vap_step_journal (step);
  const int target = JOURNAL_FD;

  return g_spawn_async_with_pipes_and_fds (
      NULL, argv, NULL, G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD, prepare_process,
      NULL, files->fd[FILE_IN], files->fd[FILE_OUT], files->fd[FILE_ERR], &journal,
      &target, journal >= 0 ? 1 : 0, pid, NULL, NULL, NULL, error);
}

static gboolean
fail_status (const char *program, int status, const Files *files, GError **error)
{
  g_autofree char *raw = file_text (files->fd[FILE_ERR]);
  g_autofree char *complaint = g_strstrip (g_utf8_make_valid (raw, -1));
  g_autoptr (GError) reason = NULL;

  if (g_spawn_check_wait_status (status, &reason))
    return TRUE;
  g_set_error (error, VAP_ERROR, VAP_ERROR_FAILED, _ ("%s: %s"), program,
               *complaint != '\0' ? complaint : reason->message);
  return FALSE;
}

gboolean
vap_step_run (const VapStep *step, const char *const *argv, const char *input,
              guint seconds, char **output, GError **error)
{
  g_auto (Files) files = { .fd = { -1, -1, -1 } };
  gint64 deadline = g_get_monotonic_time () + (gint64) seconds * G_USEC_PER_SEC;
  int status = 0;
  GPid pid;

  if (!files_open (&files, input)) {
    g_set_error (error, VAP_ERROR, VAP_ERROR_FAILED, _ ("cannot run %s: %s"), argv[0],
                 g_strerror (errno));
    return FALSE;
  }
  if (!start (step, argv, &files, &pid, error))
    return FALSE;
  if (!wait_until (pid, deadline, &status)) {
    kill (-pid, SIGKILL);
    kill (pid, SIGKILL);
    waitpid (pid, &status, 0);
    g_set_error (error, VAP_ERROR, VAP_ERROR_FAILED,
                 _ ("%s did not end within %u seconds"), argv[0], seconds);
    return FALSE;
  }
  if (!fail_status (argv[0], status, &files, error))
    return FALSE;
  if (output != NULL)
    *output = file_text (files.fd[FILE_OUT]);
  return TRUE;
}
