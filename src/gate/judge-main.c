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
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <glib/gi18n.h>

#include "gate/calls.h"
#include "gate/deputy.h"
#include "gate/procedures.h"
#include "gate/question.h"
#include "guest/guest.h"
#include "host/host.h"
#include "host/qemu.h"
#include "keep/keep.h"
#include "keep/watch.h"

/* A question is mostly short, and all of it is there at once. */
#define AT_ONCE (64u * 1024)

/* What is read of the question; the gate asks the next when this one is answered.
 * @fds: that came with it, @n_fds of them */
typedef struct {
  guint8 *bytes;
  gsize room;
  gsize length;
  gint fds[VAP_LOAN_N_FDS];
  guint n_fds;
} Question;

static void
take_fds (Question *question, struct msghdr *message)
{
  for (struct cmsghdr *head = CMSG_FIRSTHDR (message); head != NULL;
       head = CMSG_NXTHDR (message, head)) {
    const gint *fds = (const gint *) CMSG_DATA (head);
    gsize n = (head->cmsg_len - CMSG_LEN (0)) / sizeof *fds;

    if (head->cmsg_level != SOL_SOCKET || head->cmsg_type != SCM_RIGHTS)
      continue;
    for (gsize i = 0; i < n && question->n_fds < VAP_LOAN_N_FDS; i++)
      question->fds[question->n_fds++] = fds[i];
  }
}

/* as read() */
static gssize
receive (Question *question)
{
  union {
    struct cmsghdr head;
    char bytes[CMSG_SPACE (VAP_LOAN_N_FDS * sizeof (gint))];
  } control;
  struct iovec part = { question->bytes + question->length,
                        question->room - question->length };
  struct msghdr message = { .msg_iov = &part,
                            .msg_iovlen = 1,
                            .msg_control = &control,
                            .msg_controllen = sizeof control };
  gssize got = recvmsg (STDIN_FILENO, &message, MSG_CMSG_CLOEXEC);

  if (got > 0)
    take_fds (question, &message);
  return got;
}

/* FALSE when the gate is gone */
static gboolean
read_up_to (Question *question, gsize length)
{
  if (length > question->room) {
    question->bytes = g_realloc (question->bytes, length);
    question->room = length;
  }
  while (question->length < length) {
    gssize got = receive (question);

    if (got == 0 || (got < 0 && errno != EINTR))
      return FALSE;
    if (got > 0)
      question->length += (gsize) got;
  }
  return TRUE;
}

/* One that was long does not keep its memory. */
static void
question_clear (Question *question)
{
  question->length = 0;
  if (question->room == AT_ONCE)
    return;
  g_free (question->bytes);
  question->bytes = g_malloc (AT_ONCE);
  question->room = AT_ONCE;
}

/* without its first word */
static void
question_drop_word (Question *question)
{
  question->length -= VAP_RPC_WORD_SIZE;
  memmove (question->bytes, question->bytes + VAP_RPC_WORD_SIZE, question->length);
}

static gboolean
write_all (struct iovec *part, gint n_parts)
{
  while (n_parts > 0) {
    gssize sent = writev (STDIN_FILENO, part, n_parts);

    if (sent < 0 && errno != EINTR)
      return FALSE;
    for (; n_parts > 0 && sent >= (gssize) part->iov_len; n_parts--)
      sent -= (gssize) (part++)->iov_len;
    if (n_parts > 0 && sent > 0) {
      part->iov_base = (guint8 *) part->iov_base + sent;
      part->iov_len -= (gsize) sent;
    }
  }
  return TRUE;
}

static gboolean
write_answer (guint32 kind, guint8 *frame, gsize length)
{
  guint8 head[VAP_ANSWER_HEAD];
  struct iovec parts[] = { { head, sizeof head }, { frame, length } };

  vap_rpc_write_word (head, kind);
  vap_rpc_write_word (head + 4, (guint32) length);
  return write_all (parts, length > 0 ? 2 : 1);
}

/* @keeping: VAP_ANSWER_KEEPING, or 0 */
static gboolean
tell (const VapAnswer *answer, guint32 keeping)
{
  if (answer->reply != NULL)
    return write_answer (VAP_ANSWER_REPLY, answer->reply, answer->reply_length);
  if (answer->call != NULL)
    return write_answer (VAP_ANSWER_CALL | keeping, answer->call, answer->call_length);
  return write_answer (VAP_ANSWER_PASS | keeping, NULL, 0);
}

/* The answer was told, and its record is not kept yet. */
static gboolean keeping;

/* The gate may be gone as soon as this is told, and we are to go with it: not before the
 * record is kept. */
static void
hold_death (gboolean hold)
{
  sigset_t death;

  sigemptyset (&death);
  sigaddset (&death, SIGTERM);
  sigprocmask (hold ? SIG_BLOCK : SIG_UNBLOCK, &death, NULL);
}

static gboolean
read_go_on (void)
{
  guint8 gone;
  gssize got;

  do
    got = read (STDIN_FILENO, &gone, 1);
  while (got < 0 && errno == EINTR);
  return got == 1;
}

static void
tell_early (const VapAnswer *answer)
{
  hold_death (TRUE);
  keeping = TRUE;
  /* till the call has gone on, or the gate is gone, which shows again at the end */
  if (!tell (answer, VAP_ANSWER_KEEPING) || !read_go_on ())
    g_info ("the gate is gone");
}

static gboolean
tell_kept (void)
{
  guint8 kept = 0;
  struct iovec part = { &kept, sizeof kept };
  gboolean told = write_all (&part, 1);

  keeping = FALSE;
  hold_death (FALSE);
  return told;
}

/* It is told, so there is time for what the question has left. */
static void
clear_answer (VapAnswer *answer)
{
  g_free (answer->reply);
  g_free (answer->call);
  vap_guest_forget ();
}

static gboolean
answer (const VapRpcHeader *header, const guint8 *frame, VapSeat *seat)
{
  VapAnswer answer = { 0 };
  gboolean written;

  vap_calls_judge (header, frame, &answer, seat);
  written = keeping ? tell_kept () : tell (&answer, 0);
  clear_answer (&answer);
  return written;
}

/* What is done with a stream that is lent.
 * @passed: the call has gone on before its record is kept */
typedef struct {
  VapSeat *seat;
  VapDeputy *deputy;
  gboolean passed;
} Deputed;

static Deputed deputed;

static gboolean
answer_in_place (const VapAnswer *answer)
{
  if (answer->reply != NULL)
    return vap_deputy_answer (deputed.deputy, VAP_ANSWER_REPLY, answer->reply,
                              answer->reply_length);
  if (answer->call != NULL)
    return vap_deputy_answer (deputed.deputy, VAP_ANSWER_CALL, answer->call,
                              answer->call_length);
  return vap_deputy_answer (deputed.deputy, VAP_ANSWER_PASS, NULL, 0);
}

static void
go_on_in_place (const VapAnswer *answer)
{
  hold_death (TRUE);
  deputed.passed = answer_in_place (answer);
  if (deputed.passed)
    vap_deputy_keep (deputed.deputy);
  else
    tell_early (answer);
}

/* What the gate must be told, since it has the stream again; whether it is gone shows
 * when it is listened to. */
static void
finish_in_place (const VapAnswer *answer)
{
  if (deputed.passed && vap_deputy_kept (deputed.deputy))
    hold_death (FALSE);
  else if (deputed.passed || keeping)
    tell_kept ();
  else if (!answer_in_place (answer))
    tell (answer, 0);
}

static gboolean
judge_in_place (VapDeputy *deputy, const VapRpcHeader *header, const guint8 *frame,
                G_GNUC_UNUSED gpointer user_data)
{
  VapAnswer answer = { 0 };

  deputed.deputy = deputy;
  deputed.passed = FALSE;
  deputed.seat->go_on = go_on_in_place;
  vap_calls_judge (header, frame, &answer, deputed.seat);
  deputed.seat->go_on = tell_early;
  finish_in_place (&answer);
  clear_answer (&answer);
  return deputed.seat->sweep_at == 0;
}

static void
read_ahead (G_GNUC_UNUSED gpointer user_data)
{
  vap_host_look_ahead (deputed.seat->root);
}

/* FALSE when the gate is gone */
static gboolean
relay_for_gate (Question *question, VapSeat *seat)
{
  static const VapDeputyFilter filter = {
    .wants = vap_procedures_judged,
    .concerns = vap_procedures_concerns,
    .closes = vap_procedures_close,
    .judge = judge_in_place,
    .read_ahead = read_ahead,
  };

  if (question->n_fds != VAP_LOAN_N_FDS)
    return FALSE;
  question->n_fds = 0;
  deputed.seat = seat;
  return vap_deputy_run (STDIN_FILENO, question->fds, &filter);
}

/* So long after a call the system keeps events for us: another call may come soon. */
#define REST_US (10 * G_TIME_SPAN_SECOND)

/* in milliseconds, for poll(): till the first of two times, each 0 for never */
static gint
time_until (gint64 a, gint64 b)
{
  gint64 first = a != 0 && (b == 0 || a < b) ? a : b;

  if (first == 0)
    return -1;
  first -= g_get_monotonic_time ();
  return (gint) CLAMP (first / G_TIME_SPAN_MILLISECOND + 1, 0, G_MAXINT);
}

static gboolean
is_due (gint64 time)
{
  return time != 0 && g_get_monotonic_time () >= time;
}

/* Till there is a question, or the gate is gone; meanwhile what is due. */
static void
wait_for_question (VapSeat *seat)
{
  struct pollfd fd = { .fd = STDIN_FILENO, .events = POLLIN };
  gint64 rest_at = g_get_monotonic_time () + REST_US;

  while (seat->sweep_at != 0 || vap_watch_is_on ()) {
    gint ready =
        poll (&fd, 1, time_until (seat->sweep_at, vap_watch_is_on () ? rest_at : 0));

    if (ready > 0 || (ready < 0 && errno != EINTR))
      return;
    if (is_due (seat->sweep_at))
      vap_calls_sweep (seat);
    if (is_due (rest_at))
      vap_watch_rest ();
  }
}

/* FALSE when the gate is gone */
static gboolean
serve_one (Question *question, VapSeat *seat)
{
  VapRpcHeader header;
  gboolean whole, answered;

  if (!read_up_to (question, VAP_RPC_WORD_SIZE))
    return FALSE;
  switch (vap_rpc_read_word (question->bytes)) {
  case 0:
    question_drop_word (question);
    vap_host_look_ahead (seat->root);
    return TRUE;
  case VAP_LOAN_WORD:
    question_drop_word (question);
    return relay_for_gate (question, seat);
  default:
    break;
  }
  if (!read_up_to (question, VAP_RPC_HEADER_SIZE))
    return FALSE;
  vap_rpc_header_read (question->bytes, &header);
  if (!vap_rpc_header_is_sound (&header) || !vap_calls_wants (&header))
    return FALSE;
  whole = header.length <= VAP_QUESTION_MAX;
  if (whole && !read_up_to (question, header.length))
    return FALSE;
  answered = answer (&header, whole ? question->bytes : NULL, seat);
  question_clear (question);
  return answered;
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
  Question question = { 0 };

  if (argc == 5 && strcmp (argv[1], "--root") == 0 &&
      (strcmp (argv[3], "--lost") == 0 || strcmp (argv[3], "--unkept") == 0)) {
    vap_calls_keep_lost ((guint32) g_ascii_strtoull (argv[4], NULL, 10),
                         strcmp (argv[3], "--unkept") == 0, argv[2]);
    return 0;
  }
  if (argc != 5 || strcmp (argv[1], "--root") != 0 || strcmp (argv[3], "--uri") != 0) {
    g_printerr ("%s\n",
                _ ("virt-ap gate-judge: this program is started by virt-ap's gate"));
    return 2;
  }
  /* a connection may define many guests */
  vap_keep_files ();
  vap_qemu_keep_answers ();
  seat.root = argv[2];
  seat.uri = argv[4];
  seat.go_on = tell_early;
  question_clear (&question);
  do
    if (question.length == 0)
      wait_for_question (&seat);
  while (serve_one (&question, &seat));
  g_free (question.bytes);
  return 0;
}
