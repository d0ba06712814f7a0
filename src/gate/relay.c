/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The relay's loop: poll(), fill, look at headers, drain.  A message costs one read
 * and one write, and no memory; many small ones share both.  While a call is being
 * judged, what the client sends after it waits; what the daemon sends does not.
 */
#include "config.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include <glib-unix.h>
#include <glib/gi18n-lib.h>

#include "ap/error.h"
#include "gate/loan.h"
#include "gate/relay.h"

/*
 * @wanted: the next frame of the client's is to be judged, its header is @header, its
 * size in the stream @size
 * @call: (nullable): the frame that is being collected, @collected bytes so far, or
 *   judged; NULL when it is too long for that
 * @long_header: what the judge gets of a call that is too long
 * @asking: a call is being judged
 * @replied: the daemon has replied to the call that was judged last
 * @n_judged: how many calls were
 * @closing: the client's last call has gone to the daemon, with the serial @last_serial
 * @farewell: see vap_relay_run()
 * @half_closed: the daemon was told that no more will come
 * @linger_until: monotonic; the daemon has not read what a client that is gone has
 *   left behind, and till then may; 0 when that is not so
 */
typedef struct {
  VapStream stream;
  const VapFilter *filter;
  gboolean wanted;
  VapRpcHeader header;
  guint64 size;
  guint8 *call;
  gsize collected;
  guint8 long_header[VAP_RPC_HEADER_SIZE];
  VapQuestion question;
  gboolean asking;
  gboolean replied;
  guint n_judged;
  VapLoan loan;
  gboolean closing;
  guint32 last_serial;
  VapFarewell *farewell;
  gboolean half_closed;
  gint64 linger_until;
  GError *error;
} VapRelay;

/* Both directions stop; what was already cleared is still delivered.  @format says
 * who sent it, and takes the length. */
static void
give_up (VapRelay *relay, const char *format, guint32 length)
{
  relay->error = g_error_new (VAP_ERROR, VAP_ERROR_MALFORMED, format, length);
  relay->stream.up.ended = relay->stream.down.ended = TRUE;
}

static void
pass_call (VapRelay *relay)
{
  vap_pipe_insert (&relay->stream.up, g_steal_pointer (&relay->call), relay->size);
}

/* A frame that goes on instead of the call gets the bytes that carry the call's
 * descriptors, which are behind it in the stream. */
static void
pass_other_call (VapRelay *relay, guint8 *frame, gsize length)
{
  gsize rest = relay->size - relay->header.length;

  frame = g_realloc (frame, length + rest);
  memcpy (frame + length, relay->call + relay->header.length, rest);
  vap_pipe_insert (&relay->stream.up, frame, length + rest);
}

/* The judge's answer takes the place of the call. */
static void
take_answer (VapRelay *relay)
{
  VapQuestion *question = &relay->question;
  guint8 *frame = g_steal_pointer (&question->frame);

  relay->asking = FALSE;
  if (question->kind == VAP_ANSWER_REPLY)
    vap_pipe_insert (&relay->stream.down, frame, question->length);
  else if (question->kind == VAP_ANSWER_CALL)
    pass_other_call (relay, frame, question->length);
  else
    pass_call (relay);
  g_clear_pointer (&relay->call, g_free);
}

static void
ask (VapRelay *relay, const guint8 *bytes)
{
  relay->asking = TRUE;
  relay->replied = FALSE;
  relay->n_judged++;
  vap_question_ask (&relay->question, &relay->header, bytes);
}

/*
 * A call is taken out of the stream only when the daemon has got all before it, and
 * the client the last reply of ours: so order is kept, and a client that reads no
 * replies is not read from either.  The judge must have kept its last decision.
 */
static gboolean
take_call (VapRelay *relay)
{
  if (!vap_pipe_is_drained (&relay->stream.up) || relay->stream.down.inserted != NULL ||
      relay->question.keeping)
    return FALSE;

  relay->wanted = FALSE;
  relay->collected = 0;
  if (relay->header.length <= VAP_QUESTION_MAX) {
    relay->call = g_malloc (relay->size);
    return TRUE;
  }
  vap_rpc_header_write (&relay->header, relay->long_header);
  vap_pipe_drop (&relay->stream.up, relay->size);
  ask (relay, relay->long_header);
  return TRUE;
}

static void
collect_call (VapRelay *relay)
{
  const VapFilter *filter = relay->filter;
  VapPipe *up = &relay->stream.up;
  gsize part = MIN (relay->size - relay->collected, up->end - up->start);

  memcpy (relay->call + relay->collected, up->buffer + up->start, part);
  relay->collected += part;
  up->start += part;
  up->cleared = up->start;
  if (relay->collected < relay->size)
    return;
  if (filter->concerns == NULL || filter->concerns (&relay->header, relay->call))
    ask (relay, relay->call);
  else
    pass_call (relay);
}

static void
pass_up (VapRelay *relay)
{
  if (relay->farewell != NULL && relay->filter->closes (&relay->header)) {
    relay->closing = TRUE;
    relay->last_serial = relay->header.serial;
  }
  vap_pipe_pass (&relay->stream.up, relay->size);
}

/* The reply to the last call, when it is all that there is for the client. */
static gboolean
take_farewell (VapRelay *relay, const VapRpcHeader *header)
{
  VapPipe *down = &relay->stream.down;
  VapFarewell *farewell = relay->farewell;

  if (!relay->closing || relay->question.keeping ||
      header->serial != relay->last_serial || header->type != VAP_RPC_REPLY ||
      header->status != VAP_RPC_OK || header->length != sizeof farewell->reply ||
      down->end - down->start != sizeof farewell->reply)
    return FALSE;
  memcpy (farewell->reply, down->buffer + down->start, sizeof farewell->reply);
  farewell->length = sizeof farewell->reply;
  vap_pipe_drop (down, farewell->length);
  return TRUE;
}

static void
advance_up (VapRelay *relay)
{
  while (relay->error == NULL) {
    if (relay->call != NULL && !relay->asking)
      collect_call (relay);
    if (relay->asking && vap_question_move (&relay->question))
      take_answer (relay);
    if (relay->asking || relay->call != NULL || relay->error != NULL)
      return;
    if (!relay->wanted) {
      switch (vap_pipe_next (&relay->stream.up, &relay->header, &relay->size)) {
      case VAP_HEADER_NONE:
        return;
      case VAP_HEADER_UNSOUND:
        give_up (relay,
                 _ ("the client does not speak libvirt's protocol: "
                    "it sent a message with a length of %u"),
                 relay->header.length);
        return;
      case VAP_HEADER_READY:
        relay->wanted = relay->filter->wants (&relay->header);
        break;
      }
    }
    if (!relay->wanted)
      pass_up (relay);
    else if (!take_call (relay))
      return;
  }
}

static void
advance_down (VapRelay *relay)
{
  VapRpcHeader header;
  guint64 size;

  while (relay->error == NULL) {
    switch (vap_pipe_next (&relay->stream.down, &header, &size)) {
    case VAP_HEADER_NONE:
      return;
    case VAP_HEADER_UNSOUND:
      give_up (relay,
               _ ("the daemon does not speak libvirt's protocol: "
                  "it sent a message with a length of %u"),
               header.length);
      return;
    case VAP_HEADER_READY:
      if (take_farewell (relay, &header))
        return;
      relay->replied =
          relay->replied || vap_question_is_replied (&relay->question, &header);
      vap_pipe_pass (&relay->stream.down, size);
      break;
    }
  }
}

/* Who has judged a second call will judge more: it gets the stream, between two calls,
 * when the gate waits for nothing of it. */
static gboolean
lend (VapRelay *relay)
{
  if (!relay->filter->lends || relay->n_judged < 2 || relay->error != NULL ||
      relay->wanted || relay->asking || relay->question.keeping || relay->closing ||
      relay->question.fd < 0 || !vap_stream_is_idle (&relay->stream))
    return FALSE;
  vap_loan_lend (&relay->loan, &relay->stream, relay->question.fd);
  return relay->loan.lent;
}

/* the call at the boundary, which the judge had begun with where it stands */
static void
resume_call (VapRelay *relay)
{
  VapPipe *up = &relay->stream.up;

  relay->header = relay->loan.header;
  relay->size = relay->loan.call_size;
  relay->call = g_memdup2 (up->buffer + up->start, relay->size);
  vap_pipe_drop (up, relay->size);
  relay->asking = TRUE;
}

static void
wait_for_judge (VapRelay *relay)
{
  VapLoanBack back = vap_loan_wait (&relay->loan, &relay->stream, relay->question.fd);

  switch (back) {
  case VAP_LOAN_NOT_BACK:
  case VAP_LOAN_BACK:
    break;
  case VAP_LOAN_BACK_ASKING:
  case VAP_LOAN_BACK_KEEPING:
    vap_question_resume (&relay->question, &relay->loan.header,
                         back == VAP_LOAN_BACK_KEEPING);
    if (back == VAP_LOAN_BACK_ASKING)
      resume_call (relay);
    break;
  case VAP_LOAN_LOST:
    relay->error = g_error_new (VAP_ERROR, VAP_ERROR_FAILED,
                                _ ("the judge ended in the middle of the connection"));
    relay->stream.up.ended = relay->stream.down.ended = TRUE;
    break;
  }
}

/* Moves on until both directions wait for something. */
static void
advance (VapRelay *relay)
{
  gboolean moved;

  do {
    advance_up (relay);
    moved = vap_pipe_drain (&relay->stream.up);
    if (moved)
      relay->linger_until = 0;
    advance_down (relay);
    if (!relay->question.keeping)
      moved |= vap_pipe_drain (&relay->stream.down);
  } while (moved);
  if (vap_pipe_is_drained (&relay->stream.up))
    vap_question_go_on (&relay->question);
  if (relay->replied && vap_pipe_is_drained (&relay->stream.down)) {
    relay->replied = FALSE;
    if (!lend (relay))
      vap_question_replied (&relay->question);
  }
}

/*
 * The client has gone and the daemon has got all it sent: the daemon is told.  It is
 * the daemon that ends the connection then, after its last replies.
 */
static void
half_close (VapRelay *relay)
{
  if (relay->half_closed || !relay->stream.up.ended ||
      !vap_pipe_is_drained (&relay->stream.up))
    return;
  relay->half_closed = TRUE;
  shutdown (relay->stream.up.to, SHUT_WR);
}

/* The daemon has gone, and the client has got all it sent. */
static gboolean
is_done (const VapRelay *relay)
{
  if (relay->error != NULL && !vap_pipe_is_drained (&relay->stream.up))
    return FALSE;
  if ((relay->half_closed && relay->stream.down.lost) ||
      (relay->closing && relay->farewell->length > 0))
    return TRUE;
  if (relay->linger_until != 0 && g_get_monotonic_time () >= relay->linger_until)
    return TRUE;
  return relay->stream.down.ended &&
         (vap_pipe_is_drained (&relay->stream.down) ||
          /* a reply of ours has no place within a frame that stopped in the middle */
          (relay->stream.down.passing > 0 &&
           relay->stream.down.start == relay->stream.down.cleared));
}

static gboolean
wants_client (const VapRelay *relay)
{
  return !relay->stream.up.ended && vap_pipe_is_drained (&relay->stream.up) &&
         !relay->wanted && !relay->asking;
}

/* In milliseconds, for poll(). */
static gint
time_to_wait (VapRelay *relay)
{
  gint linger = relay->filter->linger != 0 ? relay->filter->linger : VAP_RELAY_LINGER_MS;
  gboolean lingers = relay->stream.down.lost && !vap_pipe_is_drained (&relay->stream.up);
  gint64 until = G_MAXINT64;
  gint64 now;

  if (!lingers && !relay->question.keeping)
    return -1;
  now = g_get_monotonic_time ();
  if (lingers && relay->linger_until == 0)
    relay->linger_until = now + linger * G_TIME_SPAN_MILLISECOND;
  if (lingers)
    until = relay->linger_until;
  if (relay->question.keeping)
    until = MIN (until, relay->question.keep_until);
  return (gint) (MAX (until - now, 0) / G_TIME_SPAN_MILLISECOND) + 1;
}

static void
wait_for_peers (VapRelay *relay)
{
  VapStream *stream = &relay->stream;
  VapQuestion *question = &relay->question;
  gboolean waits_for_judge = relay->asking || question->keeping;
  struct pollfd fds[VAP_STREAM_FDS + 1];

  if (!waits_for_judge && vap_stream_look_again (stream, wants_client (relay)))
    return;

  vap_stream_choose (stream, wants_client (relay), fds);
  vap_stream_want (&fds[VAP_STREAM_FDS], waits_for_judge, question->fd,
                   vap_question_events (question));
  if (poll (fds, G_N_ELEMENTS (fds), time_to_wait (relay)) < 0)
    return;
  vap_question_look (question);
  vap_stream_take (stream, fds);
}

gboolean
vap_relay_run (gint client_in, gint client_out, gint daemon, const guint8 *begun,
               gsize begun_length, const VapFilter *filter, VapFarewell *farewell,
               GError **error)
{
  VapRelay relay = { .filter = filter, .farewell = farewell };

  if (farewell != NULL)
    farewell->length = 0;

  if (!g_unix_set_fd_nonblocking (client_in, TRUE, error) ||
      !g_unix_set_fd_nonblocking (client_out, TRUE, error) ||
      !g_unix_set_fd_nonblocking (daemon, TRUE, error))
    return FALSE;

  vap_pipe_init (&relay.stream.up, client_in, daemon);
  vap_pipe_init (&relay.stream.down, daemon, client_out);
  if (begun_length > 0)
    memcpy (relay.stream.up.buffer, begun, begun_length);
  relay.stream.up.end = begun_length;
  vap_question_init (&relay.question, filter->start_judge, filter->user_data);
  relay.question.lost = filter->judge_lost;
  vap_loan_init (&relay.loan);

  for (;;) {
    advance (&relay);
    half_close (&relay);
    if (is_done (&relay))
      break;
    if (relay.loan.lent)
      wait_for_judge (&relay);
    else
      wait_for_peers (&relay);
  }

  vap_pipe_clear (&relay.stream.up);
  vap_pipe_clear (&relay.stream.down);
  vap_question_clear (&relay.question);
  vap_loan_clear (&relay.loan);
  g_free (relay.call);
  if (relay.error == NULL)
    return TRUE;
  g_propagate_error (error, relay.error);
  return FALSE;
}
