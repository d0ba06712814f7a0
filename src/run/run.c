/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Running another program; see run.h.  An answer comes through pipes, so that it can be
 * cut off; the outputs of a program that changes something are files in memory, so that
 * it goes on writing, and comes to its end, when this process is killed.
 */
#include "config.h"

#include "run/run.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <glib-unix.h>
#include <glib/gi18n-lib.h>

/* between two looks where the kernel has no pidfd_open(2) (before 5.3) */
#define LOOK_MS 20

/* between two calls of a watch, and how much of the output it sees */
#define WATCH_MS 200
#define TAIL_MAX 512u

enum { IN, OUT, ERR, N_PIPES };

typedef struct {
  const char *name;
  GPid pid;
  gboolean apart;     /* in a process group of its own, with files instead of pipes */
  int pipes[N_PIPES]; /* -1 when closed */
  const char *input;
  gsize left;
  GString *text[N_PIPES]; /* of OUT and ERR */
  gint64 deadline;        /* g_get_monotonic_time(), 0 for none */
  VapRunWatch watch;
  gpointer watch_data;
} Conversation;

void
vap_run_clear (VapRun *run)
{
  g_clear_pointer (&run->out, g_free);
  g_clear_pointer (&run->complaint, g_free);
}

gboolean
vap_run_was_good (const VapRun *run)
{
  return !run->late && WIFEXITED (run->wait_status) &&
         WEXITSTATUS (run->wait_status) == 0;
}

static void
close_pipe (Conversation *talk, guint which)
{
  if (talk->pipes[which] >= 0)
    close (talk->pipes[which]);
  talk->pipes[which] = -1;
}

/* A program that doesn't read what it is given is no error: it may know enough.  The
 * signal that such a write brings is taken for this thread alone. */
static void
send_input (Conversation *talk)
{
  gssize sent = 0;

  if (talk->left > 0) {
    sigset_t pipe_signal, old;
    const struct timespec now = { 0 };

    sigemptyset (&pipe_signal);
    sigaddset (&pipe_signal, SIGPIPE);
    pthread_sigmask (SIG_BLOCK, &pipe_signal, &old);
    sent = write (talk->pipes[IN], talk->input, talk->left);
    if (sent < 0 && errno == EPIPE)
      sigtimedwait (&pipe_signal, NULL, &now);
    else if (sent < 0 && (errno == EINTR || errno == EAGAIN))
      sent = 0;
    pthread_sigmask (SIG_SETMASK, &old, NULL);
  }
  if (sent >= 0) {
    talk->input += sent;
    talk->left -= (gsize) sent;
  }
  if (sent < 0 || talk->left == 0)
    close_pipe (talk, IN);
}

static gboolean
receive (Conversation *talk, guint which, GError **error)
{
  char buffer[16384];
  gssize n = read (talk->pipes[which], buffer, sizeof buffer);

  if (n < 0 && (errno == EINTR || errno == EAGAIN))
    return TRUE;
  if (n <= 0) {
    close_pipe (talk, which);
    return TRUE;
  }
  g_string_append_len (talk->text[which], buffer, n);
  if (talk->text[which]->len <= VAP_RUN_MAX)
    return TRUE;
  g_set_error (error, VAP_ERROR, VAP_ERROR_FAILED, _ ("'%s' printed more than %u bytes"),
               talk->name, VAP_RUN_MAX);
  return FALSE;
}

static int
milliseconds_left (const Conversation *talk)
{
  gint64 left;

  if (talk->deadline == 0)
    return -1;
  left = (talk->deadline - g_get_monotonic_time () + 999) / 1000;
  return (int) CLAMP (left, 0, G_MAXINT);
}

/* until both outputs have ended, or its time has; FALSE only with @error */
static gboolean
converse (Conversation *talk, gboolean *late, GError **error)
{
  while (talk->pipes[OUT] >= 0 || talk->pipes[ERR] >= 0) {
    struct pollfd fds[N_PIPES] = {
      [IN] = { .fd = talk->pipes[IN], .events = POLLOUT },
      [OUT] = { .fd = talk->pipes[OUT], .events = POLLIN },
      [ERR] = { .fd = talk->pipes[ERR], .events = POLLIN },
    };
    int ready = poll (fds, N_PIPES, milliseconds_left (talk));

    if (ready == 0) {
      *late = TRUE;
      return TRUE;
    }
    if (ready < 0)
      continue;
    if (fds[IN].revents != 0)
      send_input (talk);
    for (guint which = OUT; which <= ERR; which++)
      if (fds[which].revents != 0 && !receive (talk, which, error))
        return FALSE;
  }
  return TRUE;
}

static void
kill_program (const Conversation *talk)
{
  if (talk->apart)
    kill (-talk->pid, SIGKILL);
  kill (talk->pid, SIGKILL); /* it may not have its group yet */
}

static void
call_watch (const Conversation *talk)
{
  off_t end = lseek (talk->pipes[OUT], 0, SEEK_END);
  char tail[TAIL_MAX + 1] = "";
  g_autofree char *text = NULL;
  int number;

  if (pread (talk->pipes[OUT], tail, TAIL_MAX, MAX (end - (off_t) TAIL_MAX, 0)) < 0)
    return;
  text = g_utf8_make_valid (tail, -1);
  number = talk->watch (text, talk->watch_data);
  if (number != 0)
    kill (talk->pid, number);
}

/* a program that has closed its outputs may still take its time to end */
static int
reap (const Conversation *talk, gboolean kill_it, gboolean *late)
{
  int pidfd = (int) syscall (SYS_pidfd_open, talk->pid, 0);
  struct pollfd ended = { .fd = pidfd, .events = POLLIN };
  int status = 0;

  while (!kill_it && waitpid (talk->pid, &status, WNOHANG) == 0) {
    int left = milliseconds_left (talk);

    *late = kill_it = left == 0;
    if (pidfd < 0)
      left = left < 0 ? LOOK_MS : MIN (left, LOOK_MS);
    if (talk->watch != NULL)
      left = left < 0 ? WATCH_MS : MIN (left, WATCH_MS);
    if (!kill_it && poll (&ended, pidfd >= 0 ? 1 : 0, left) == 0 && talk->watch != NULL)
      call_watch (talk);
  }
  if (kill_it) {
    kill_program (talk);
    while (waitpid (talk->pid, &status, 0) < 0 && errno == EINTR)
      continue;
  }
  if (pidfd >= 0)
    close (pidfd);
  return status;
}

/* in the new process: only what may be called between fork and exec */
static void
set_apart (gpointer unused G_GNUC_UNUSED)
{
  sigset_t none;

  sigemptyset (&none);
  sigprocmask (SIG_SETMASK, &none, NULL);
  setpgid (0, 0);
}

static gboolean
fail_start (const Conversation *talk, const char *reason, GError **error)
{
  g_set_error (error, VAP_ERROR, VAP_ERROR_FAILED, _ ("cannot start '%s': %s"),
               talk->name, reason);
  return FALSE;
}

static gboolean
start (Conversation *talk, const char *const *arguments, GError **error)
{
  g_autoptr (GError) reason = NULL;

  if (!g_spawn_async_with_pipes_and_fds (
          NULL, arguments, NULL, G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD, NULL,
          NULL, -1, -1, -1, NULL, NULL, 0, &talk->pid, &talk->pipes[IN],
          &talk->pipes[OUT], &talk->pipes[ERR], &reason))
    return fail_start (talk, reason->message, error);
  for (guint which = IN; which < N_PIPES; which++)
    if (!g_unix_set_fd_nonblocking (talk->pipes[which], TRUE, NULL))
      g_debug ("a pipe to %s stays blocking", talk->name);
  return TRUE;
}

static gboolean
open_files (Conversation *talk)
{
  for (guint which = IN; which < N_PIPES; which++) {
    talk->pipes[which] = memfd_create ("virt-ap", MFD_CLOEXEC);
    if (talk->pipes[which] < 0)
      return FALSE;
  }
  errno = EIO; /* of a write that is cut short */
  return pwrite (talk->pipes[IN], talk->input, talk->left, 0) == (gssize) talk->left;
}

static gboolean
start_apart (Conversation *talk, const char *const *arguments, gint kept, GError **error)
{
  const gint place = STDERR_FILENO + 1;
  g_autoptr (GError) reason = NULL;

  if (!open_files (talk))
    return fail_start (talk, g_strerror (errno), error);
  if (g_spawn_async_with_pipes_and_fds (
          NULL, arguments, NULL, G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD,
          set_apart, NULL, talk->pipes[IN], talk->pipes[OUT], talk->pipes[ERR], &kept,
          &place, kept >= 0 ? 1 : 0, &talk->pid, NULL, NULL, NULL, &reason))
    return TRUE;
  return fail_start (talk, reason->message, error);
}

/* what is in the files of OUT and ERR */
static gboolean
read_files (Conversation *talk, GError **error)
{
  gboolean good = TRUE;

  for (guint which = OUT; which <= ERR; which++) {
    lseek (talk->pipes[which], 0, SEEK_SET);
    while (good && talk->pipes[which] >= 0)
      good = receive (talk, which, error); /* closes it at its end */
  }
  return good;
}

/* takes @out and @complaint */
static void
take_outputs (VapRun *answer, GString *out, GString *complaint)
{
  g_autoptr (GString) owned = complaint;

  answer->complaint = g_strstrip (g_utf8_make_valid (owned->str, (gssize) owned->len));
  answer->out_length = out->len;
  answer->out = g_string_free (out, FALSE);
}

static void
conversation_init (Conversation *talk, const char *name, const char *input, gsize length,
                   guint milliseconds)
{
  *talk = (Conversation){
    .name = name,
    .pipes = { -1, -1, -1 },
    .input = input != NULL ? input : "",
    .left = input != NULL ? length : 0,
    .text = { NULL, g_string_new (NULL), g_string_new (NULL) },
  };
  if (milliseconds > 0)
    talk->deadline = g_get_monotonic_time () + (gint64) milliseconds * 1000;
}

static void
conversation_end (Conversation *talk, VapRun *answer)
{
  for (guint which = IN; which < N_PIPES; which++)
    close_pipe (talk, which);
  take_outputs (answer, talk->text[OUT], talk->text[ERR]);
}

gboolean
vap_run (const char *const *arguments, const char *input, gsize input_length,
         guint milliseconds, VapRun *answer, GError **error)
{
  Conversation talk;
  gboolean good;

  *answer = (VapRun){ 0 };
  conversation_init (&talk, arguments[0], input, input_length, milliseconds);
  good = start (&talk, arguments, error);
  if (good) {
    if (talk.left == 0)
      close_pipe (&talk, IN);
    good = converse (&talk, &answer->late, error);
    for (guint which = IN; which < N_PIPES; which++)
      close_pipe (&talk, which);
    answer->wait_status = reap (&talk, !good || answer->late, &answer->late);
  }
  conversation_end (&talk, answer);
  return good;
}

gboolean
vap_run_keeping (const char *const *arguments, const char *input, gsize input_length,
                 guint milliseconds, gint kept, VapRun *answer, GError **error)
{
  return vap_run_watched (arguments, input, input_length, milliseconds, kept, NULL, NULL,
                          answer, error);
}

gboolean
vap_run_watched (const char *const *arguments, const char *input, gsize input_length,
                 guint milliseconds, gint kept, VapRunWatch watch, gpointer user_data,
                 VapRun *answer, GError **error)
{
  Conversation talk;
  gboolean good;

  *answer = (VapRun){ 0 };
  conversation_init (&talk, arguments[0], input, input_length, milliseconds);
  talk.apart = TRUE;
  talk.watch = watch;
  talk.watch_data = user_data;
  good = start_apart (&talk, arguments, kept, error);
  if (good) {
    answer->wait_status = reap (&talk, FALSE, &answer->late);
    good = read_files (&talk, error);
  }
  conversation_end (&talk, answer);
  return good;
}
