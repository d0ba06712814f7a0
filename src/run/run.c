/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Running another program; see run.h.
 */
#include "config.h"

#include "run/run.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <glib-unix.h>
#include <glib/gi18n-lib.h>

enum { IN, OUT, ERR, N_PIPES };

typedef struct {
  const char *name;
  GPid pid;
  int pipes[N_PIPES]; /* -1 when closed */
  const char *input;
  gsize left;
  GString *text[N_PIPES]; /* of OUT and ERR */
  gint64 deadline;        /* g_get_monotonic_time(), 0 for none */
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

/* a program that has closed its outputs may still take its time to end */
static int
reap (Conversation *talk, gboolean kill_it, gboolean *late)
{
  int status = 0;
  pid_t got;

  if (kill_it)
    kill (talk->pid, SIGKILL);
  while ((got = waitpid (talk->pid, &status,
                         kill_it || talk->deadline == 0 ? 0 : WNOHANG)) <= 0) {
    if (got < 0 && errno != EINTR)
      break;
    if (got == 0 && milliseconds_left (talk) == 0) {
      *late = TRUE;
      kill_it = TRUE;
      kill (talk->pid, SIGKILL);
    } else if (got == 0) {
      g_usleep (1000);
    }
  }
  return status;
}

static gboolean
start (Conversation *talk, const char *const *arguments, gint kept, GError **error)
{
  const gint place = STDERR_FILENO + 1;
  g_autoptr (GError) reason = NULL;

  if (!g_spawn_async_with_pipes_and_fds (
          NULL, arguments, NULL, G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD, NULL,
          NULL, -1, -1, -1, &kept, &place, kept >= 0 ? 1 : 0, &talk->pid,
          &talk->pipes[IN], &talk->pipes[OUT], &talk->pipes[ERR], &reason)) {
    g_set_error (error, VAP_ERROR, VAP_ERROR_FAILED, _ ("cannot start '%s': %s"),
                 talk->name, reason->message);
    return FALSE;
  }
  for (guint which = IN; which < N_PIPES; which++)
    if (!g_unix_set_fd_nonblocking (talk->pipes[which], TRUE, NULL))
      g_debug ("a pipe to %s stays blocking", talk->name);
  return TRUE;
}

gboolean
vap_run (const char *const *arguments, const char *input, gsize input_length,
         guint milliseconds, VapRun *run, GError **error)
{
  return vap_run_keeping (arguments, input, input_length, milliseconds, -1, run, error);
}

gboolean
vap_run_keeping (const char *const *arguments, const char *input, gsize input_length,
                 guint milliseconds, gint kept, VapRun *run, GError **error)
{
  g_autoptr (GString) out = g_string_new (NULL);
  g_autoptr (GString) complaint = g_string_new (NULL);
  Conversation talk = {
    .name = arguments[0],
    .input = input,
    .left = input != NULL ? input_length : 0,
    .text = { NULL, out, complaint },
    .deadline =
        milliseconds > 0 ? g_get_monotonic_time () + (gint64) milliseconds * 1000 : 0,
  };
  gboolean good;

  *run = (VapRun){ 0 };
  if (!start (&talk, arguments, kept, error))
    return FALSE;
  if (talk.left == 0)
    close_pipe (&talk, IN);
  good = converse (&talk, &run->late, error);
  for (guint which = IN; which < N_PIPES; which++)
    close_pipe (&talk, which);
  run->wait_status = reap (&talk, !good || run->late, &run->late);
  run->complaint =
      g_strstrip (g_utf8_make_valid (complaint->str, (gssize) complaint->len));
  run->out_length = out->len;
  run->out = g_string_free (g_steal_pointer (&out), FALSE);
  return good;
}
