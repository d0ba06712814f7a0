/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The judge's process: reads calls from the gate that started it, on the socket that
 * is its standard input, and answers each.  How the two talk is told in question.h.
 */
#include "config.h"

#include <errno.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include <glib/gi18n.h>

#include "gate/calls.h"
#include "gate/question.h"
#include "host/qemu.h"

static gboolean
read_all (guint8 *bytes, gsize length)
{
  while (length > 0) {
    gssize got = read (STDIN_FILENO, bytes, length);

    if (got == 0 || (got < 0 && errno != EINTR))
      return FALSE;
    if (got > 0) {
      bytes += got;
      length -= (gsize) got;
    }
  }
  return TRUE;
}

static gboolean
write_all (const guint8 *bytes, gsize length)
{
  while (length > 0) {
    gssize sent = write (STDIN_FILENO, bytes, length);

    if (sent < 0 && errno != EINTR)
      return FALSE;
    if (sent > 0) {
      bytes += sent;
      length -= (gsize) sent;
    }
  }
  return TRUE;
}

static gboolean
write_answer (VapAnswerKind kind, const guint8 *frame, gsize length)
{
  guint8 head[VAP_ANSWER_HEAD];

  vap_rpc_write_word (head, kind);
  vap_rpc_write_word (head + 4, (guint32) length);
  return write_all (head, sizeof head) && write_all (frame, length);
}

static gboolean
answer (const VapRpcHeader *header, const guint8 *frame, VapSeat *seat)
{
  VapAnswer answer = { 0 };
  gboolean written;

  vap_calls_judge (header, frame, &answer, seat);
  if (answer.reply != NULL)
    written = write_answer (VAP_ANSWER_REPLY, answer.reply, answer.reply_length);
  else if (answer.call != NULL)
    written = write_answer (VAP_ANSWER_CALL, answer.call, answer.call_length);
  else
    written = write_answer (VAP_ANSWER_PASS, NULL, 0);
  g_free (answer.reply);
  g_free (answer.call);
  return written;
}

/* Till there is a call, or the gate is gone; meanwhile what is due. */
static void
wait_for_call (VapSeat *seat)
{
  struct pollfd fd = { .fd = STDIN_FILENO, .events = POLLIN };

  for (;;) {
    gint64 left = (seat->sweep_at - g_get_monotonic_time ()) / G_TIME_SPAN_MILLISECOND;
    gint wait = seat->sweep_at == 0 ? -1 : (gint) CLAMP (left, 0, G_MAXINT);
    gint ready = poll (&fd, 1, wait);

    if (ready > 0 || (ready < 0 && errno != EINTR))
      return;
    if (ready == 0)
      vap_calls_sweep (seat);
  }
}

/* FALSE when the gate is gone */
static gboolean
serve_one (VapSeat *seat)
{
  guint8 head[VAP_RPC_HEADER_SIZE];
  g_autofree guint8 *frame = NULL;
  VapRpcHeader header;

  if (!read_all (head, sizeof head))
    return FALSE;
  vap_rpc_header_read (head, &header);
  if (!vap_rpc_header_is_sound (&header) || !vap_calls_wants (&header))
    return FALSE;
  if (header.length <= VAP_QUESTION_MAX) {
    frame = g_malloc (header.length);
    memcpy (frame, head, sizeof head);
    if (!read_all (frame + sizeof head, header.length - sizeof head))
      return FALSE;
  }
  return answer (&header, frame, seat);
}

int
main (int argc, char **argv)
{
  setlocale (LC_ALL, "");
  bindtextdomain (GETTEXT_PACKAGE, VAP_LOCALE_DIR);
  bind_textdomain_codeset (GETTEXT_PACKAGE, "UTF-8");
  textdomain (GETTEXT_PACKAGE);
  signal (SIGPIPE, SIG_IGN);

  VapSeat seat = { 0 };

  if (argc == 5 && strcmp (argv[1], "--root") == 0 && strcmp (argv[3], "--lost") == 0) {
    vap_calls_keep_lost ((guint32) g_ascii_strtoull (argv[4], NULL, 10), argv[2]);
    return 0;
  }
  if (argc != 5 || strcmp (argv[1], "--root") != 0 || strcmp (argv[3], "--uri") != 0) {
    g_printerr ("%s\n",
                _ ("virt-ap gate-judge: this program is started by virt-ap's gate"));
    return 2;
  }
  /* a connection may define many guests */
  vap_qemu_keep_answers ();
  seat.root = argv[2];
  seat.uri = argv[4];
  do
    wait_for_call (&seat);
  while (serve_one (&seat));
  return 0;
}
