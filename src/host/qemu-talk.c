/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Asks a QEMU binary over QMP which properties its s390x CPU has.  The commands
 * lie in the pipe before the binary starts, so nothing is ever written to a
 * process that may have gone; what it prints is read up to a limit and a
 * deadline; then it is killed, it has nothing to lose.  Nothing outlives the
 * call.
 * Source: QEMU docs/interop/qmp-spec, qapi/qom.json (qom-list-properties)
 */
#include "config.h"

#include "host/priv.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <glib-unix.h>
#include <glib/gi18n-lib.h>

#include "json/json.h"

/* the answer is some 20 KiB; a line or a whole output beyond this is none */
#define OUTPUT_MAX (4u * 1024 * 1024)
/* how much of the binary's complaints goes into an error */
#define COMPLAINT_MAX 1000u

#define ASK_CAPABILITIES "{\"execute\":\"qmp_capabilities\",\"id\":\"capabilities\"}\n"
#define ASK_PROPERTIES                                                                   \
  "{\"execute\":\"qom-list-properties\","                                                \
  "\"arguments\":{\"typename\":\"max-s390x-cpu\"},\"id\":\"properties\"}\n"

static const char commands[] = ASK_CAPABILITIES ASK_PROPERTIES;

/* A conversation with one process. */
typedef struct {
  const char *binary;
  GPid caller;
  GPid pid;
  int commands[2]; /* the pipe that is its standard input */
  int out;
  int err;
  gint64 deadline;    /* g_get_monotonic_time() */
  guint patience;     /* in milliseconds, for the message */
  gsize received;     /* bytes from @out so far */
  GString *line;      /* from @out, not yet ended */
  GString *complaint; /* the end of what came from @err */
  char *version;      /* from the greeting */
  VapQemu *answer;
} Talk;

/* The user and group "nobody" of every Linux distribution. */
#define NOBODY 65534

/* In the child: a group of its own, so that all it starts can be ended with it,
 * and an end when the caller is killed.  The binary's name came with a guest, so
 * root (the hook) never runs it as root.  The death signal comes last: a change of
 * credentials clears it (prctl(2)); a caller that was killed before is seen by its
 * absence.  Only async-signal-safe calls. */
static void
prepare_child (gpointer user_data)
{
  const Talk *talk = user_data;

  setpgid (0, 0);
  if (geteuid () == 0 &&
      (setgroups (0, NULL) != 0 || setresgid (NOBODY, NOBODY, NOBODY) != 0 ||
       setresuid (NOBODY, NOBODY, NOBODY) != 0))
    _exit (126);
  prctl (PR_SET_PDEATHSIG, SIGKILL);
  if (getppid () != talk->caller)
    _exit (126);
}

static gboolean
start (Talk *talk, GError **error)
{
  const char *const arguments[] = { talk->binary, "-S",          "-machine",
                                    "none",       "-nodefaults", "-no-user-config",
                                    "-nographic", "-monitor",    "none",
                                    "-qmp",       "stdio",       NULL };
  g_autoptr (GError) reason = NULL;

  if (!g_unix_open_pipe (talk->commands, FD_CLOEXEC, NULL) ||
      write (talk->commands[1], commands, strlen (commands)) !=
          (gssize) strlen (commands)) {
    g_set_error (error, VAP_ERROR, VAP_ERROR_FAILED, _ ("cannot prepare to ask '%s': %s"),
                 talk->binary, g_strerror (errno));
    return FALSE;
  }
  if (!g_spawn_async_with_pipes_and_fds (NULL, arguments, NULL, G_SPAWN_DO_NOT_REAP_CHILD,
                                         prepare_child, talk, talk->commands[0], -1, -1,
                                         NULL, NULL, 0, &talk->pid, NULL, &talk->out,
                                         &talk->err, &reason)) {
    g_set_error (error, VAP_ERROR, VAP_ERROR_UNREADABLE, _ ("cannot start '%s': %s"),
                 talk->binary, reason->message);
    return FALSE;
  }
  return TRUE;
}

static void
close_fd (int *fd)
{
  if (*fd >= 0)
    close (*fd);
  *fd = -1;
}

static void
end (Talk *talk)
{
  if (talk->pid > 0) {
    kill (-talk->pid, SIGKILL);
    kill (talk->pid, SIGKILL);
    while (waitpid (talk->pid, NULL, 0) < 0 && errno == EINTR)
      ;
  }
  close_fd (&talk->commands[0]);
  close_fd (&talk->commands[1]);
  close_fd (&talk->out);
  close_fd (&talk->err);
  g_string_free (talk->line, TRUE);
  g_string_free (talk->complaint, TRUE);
  g_free (talk->version);
}

static json_int_t
member_number (const json_t *object, const char *name)
{
  return json_integer_value (json_object_get (object, name));
}

/* {"QMP":{"version":{"qemu":{"micro":22,"minor":2,"major":7},…},…}} */
static void
take_greeting (Talk *talk, const json_t *greeting)
{
  const json_t *qemu = json_object_get (json_object_get (greeting, "version"), "qemu");

  if (!json_is_object (qemu))
    return;
  g_free (talk->version);
  talk->version = g_strdup_printf (
      "%" JSON_INTEGER_FORMAT ".%" JSON_INTEGER_FORMAT ".%" JSON_INTEGER_FORMAT,
      member_number (qemu, "major"), member_number (qemu, "minor"),
      member_number (qemu, "micro"));
}

/* [{"name":"ap","type":"bool"},…] */
static void
take_properties (Talk *talk, const json_t *list)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new ();

  for (gsize i = 0; i < json_array_size (list); i++) {
    const char *name =
        json_string_value (json_object_get (json_array_get (list, i), "name"));

    if (name != NULL)
      g_ptr_array_add (names, (gpointer) name);
  }
  g_ptr_array_add (names, NULL);
  talk->answer =
      vap_qemu_new (talk->binary, talk->version, (const char *const *) names->pdata);
}

static gboolean
take_message (Talk *talk, const json_t *message, GError **error)
{
  const json_t *failure = json_object_get (message, "error");
  const json_t *value = json_object_get (message, "return");

  take_greeting (talk, json_object_get (message, "QMP"));
  if (json_is_object (failure)) {
    const char *reason = json_string_value (json_object_get (failure, "desc"));
    g_autofree char *text = vap_excerpt (reason != NULL ? reason : "?");

    g_set_error (error, VAP_ERROR, VAP_ERROR_FAILED,
                 _ ("'%s' does not know the CPUs of s390x: %s"), talk->binary, text);
    return FALSE;
  }
  if (json_is_array (value))
    take_properties (talk, value);
  return TRUE;
}

static gboolean
take_line (Talk *talk, GError **error)
{
  json_auto_t *message = NULL;

  if (talk->line->len == 0)
    return TRUE;
  message = vap_json_parse (talk->line->str, talk->line->len, OUTPUT_MAX, NULL);
  if (!json_is_object (message)) {
    g_autofree char *text = vap_excerpt (talk->line->str);

    g_set_error (error, VAP_ERROR, VAP_ERROR_FAILED,
                 _ ("'%s' is no QEMU: it printed '%s'"), talk->binary, text);
    return FALSE;
  }
  return take_message (talk, message, error);
}

static gboolean
take_output (Talk *talk, const char *bytes, gsize length, GError **error)
{
  talk->received += length;
  if (talk->received > OUTPUT_MAX) {
    g_set_error (error, VAP_ERROR, VAP_ERROR_FAILED,
                 _ ("'%s' printed more than %u bytes"), talk->binary, OUTPUT_MAX);
    return FALSE;
  }
  for (const char *end = bytes + length; bytes < end && talk->answer == NULL;) {
    const char *newline = memchr (bytes, '\n', (gsize) (end - bytes));
    const char *stop = newline != NULL ? newline : end;

    g_string_append_len (talk->line, bytes, stop - bytes);
    bytes = newline != NULL ? newline + 1 : end;
    if (newline == NULL)
      break;
    if (!take_line (talk, error))
      return FALSE;
    g_string_truncate (talk->line, 0);
  }
  return TRUE;
}

/* keeps the end: QEMU's warnings come first, what stopped it last */
static void
take_complaint (Talk *talk, const char *bytes, gsize length)
{
  g_string_append_len (talk->complaint, bytes, (gssize) length);
  if (talk->complaint->len > COMPLAINT_MAX)
    g_string_erase (talk->complaint, 0, (gssize) (talk->complaint->len - COMPLAINT_MAX));
}

/* reads what is there on @fd; closes it at its end */
static gboolean
receive (Talk *talk, int *fd, GError **error)
{
  char buffer[16384];
  gssize n = read (*fd, buffer, sizeof buffer);

  if (n < 0 && (errno == EINTR || errno == EAGAIN))
    return TRUE;
  if (n <= 0) {
    close_fd (fd);
    return TRUE;
  }
  if (fd == &talk->out)
    return take_output (talk, buffer, (gsize) n, error);
  take_complaint (talk, buffer, (gsize) n);
  return TRUE;
}

static gboolean
fail_late (const Talk *talk, GError **error)
{
  g_set_error (error, VAP_ERROR, VAP_ERROR_FAILED, _ ("'%s' did not answer within %u ms"),
               talk->binary, talk->patience);
  return FALSE;
}

static gboolean
fail_silent (const Talk *talk, GError **error)
{
  g_autofree char *complaint = g_strstrip (g_utf8_make_valid (talk->complaint->str, -1));

  if (*complaint == '\0')
    g_set_error (error, VAP_ERROR, VAP_ERROR_FAILED, _ ("'%s' ended without an answer"),
                 talk->binary);
  else
    g_set_error (error, VAP_ERROR, VAP_ERROR_FAILED,
                 _ ("'%s' ended without an answer and said: %s"), talk->binary,
                 complaint);
  return FALSE;
}

/* until it has answered, or both its outputs have ended */
static gboolean
listen (Talk *talk, GError **error)
{
  while (talk->answer == NULL && (talk->out >= 0 || talk->err >= 0)) {
    struct pollfd fds[] = {
      { .fd = talk->out, .events = POLLIN },
      { .fd = talk->err, .events = POLLIN },
    };
    gint64 left = (talk->deadline - g_get_monotonic_time ()) / 1000;

    if (left <= 0)
      return fail_late (talk, error);
    if (poll (fds, G_N_ELEMENTS (fds), (int) left) < 0 && errno != EINTR)
      break;
    if (fds[1].revents != 0 && !receive (talk, &talk->err, error))
      return FALSE;
    if (fds[0].revents != 0 && !receive (talk, &talk->out, error))
      return FALSE;
  }
  return talk->answer != NULL || fail_silent (talk, error);
}

VapQemu *
vap_qemu_ask_within (const char *binary, guint milliseconds, GError **error)
{
  Talk talk = {
    .binary = binary,
    .caller = getpid (),
    .commands = { -1, -1 },
    .out = -1,
    .err = -1,
    .deadline = g_get_monotonic_time () + (gint64) milliseconds * 1000,
    .patience = milliseconds,
    .line = g_string_new (NULL),
    .complaint = g_string_new (NULL),
  };
  gboolean heard = start (&talk, error) && listen (&talk, error);

  end (&talk);
  if (!heard)
    g_clear_pointer (&talk.answer, vap_qemu_unref);
  return talk.answer;
}
