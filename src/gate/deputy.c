/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Relaying in the gate's place.  Whatever is not plain traffic is the gate's: its stream
 * goes back to it before anything is done about it.
 */
#include "config.h"

#include "gate/deputy.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

/*
 * @stream: in @room
 * @own: FALSE once the gate has it again
 * @leaves: it is to be given back
 * @header, @size: of the call that is being judged
 * @keeping: the state is or was KEEPING for it
 * @unfinished: the call at the boundary is to be judged, and not all there
 * @replying: that call has gone, and the daemon has not replied
 * @has_time: a call was judged, and nothing was read ahead since
 * @replied_at: monotonic
 * @hurries: the last question came so soon after a reply that there was no time
 * @rest_at: monotonic; when the stream goes back
 */
struct VapDeputy {
  gint gate;
  const gint *fds;
  const VapDeputyFilter *filter;
  VapLoanRoom *room;
  VapStream *stream;
  gboolean own;
  gboolean leaves;
  VapRpcHeader header;
  guint64 size;
  gboolean keeping;
  gboolean unfinished;
  gboolean replying;
  gboolean has_time;
  gint64 replied_at;
  gboolean hurries;
  gint64 rest_at;
};

static void
set_state (VapDeputy *deputy, VapLoanState state)
{
  g_atomic_int_set (&deputy->room->state, (gint) state);
}

/* Something that can take long begins. */
static void
begin (VapDeputy *deputy, VapLoanState state)
{
  VapLoanRoom *room = deputy->room;

  g_atomic_int_inc (&room->n_busy);
  set_state (deputy, state);
  if (g_atomic_int_compare_and_exchange (&room->ticks, FALSE, TRUE))
    vap_loan_tick (deputy->fds[VAP_LOAN_CLOCK]);
}

/* FALSE when the gate has taken the stream meanwhile */
static gboolean
finish (VapDeputy *deputy, VapLoanState state)
{
  deputy->own = g_atomic_int_compare_and_exchange (&deputy->room->state, (gint) state,
                                                   VAP_LOAN_MOVING);
  return deputy->own;
}

/* The call with another frame in its place keeps what carries its descriptors. */
static void
insert_call (VapDeputy *deputy, const guint8 *frame, gsize length)
{
  VapPipe *up = &deputy->stream->up;
  const guint8 *call = up->buffer + up->start;
  gsize rest = (gsize) deputy->size - deputy->header.length;
  guint8 *whole = g_malloc (length + rest);

  memcpy (whole, frame, length);
  memcpy (whole + length, call + deputy->header.length, rest);
  vap_pipe_insert (up, whole, length + rest);
}

gboolean
vap_deputy_answer (VapDeputy *deputy, VapAnswerKind kind, const guint8 *frame,
                   gsize length)
{
  VapStream *stream = deputy->stream;
  VapRpcHeader next;
  guint64 size;

  if (!finish (deputy, VAP_LOAN_ASKING))
    return FALSE;
  deputy->replying = kind != VAP_ANSWER_REPLY;
  if (kind == VAP_ANSWER_CALL)
    insert_call (deputy, frame, length);
  else if (kind == VAP_ANSWER_REPLY)
    vap_pipe_insert (&stream->down, g_memdup2 (frame, length), length);
  if (kind == VAP_ANSWER_PASS)
    vap_pipe_pass (&stream->up, deputy->size);
  else
    vap_pipe_drop (&stream->up, deputy->size);
  /* past the call, which is all there; what is behind it is looked at again */
  vap_pipe_next (&stream->up, &next, &size);
  vap_pipe_drain (&stream->up);
  return TRUE;
}

/* A frame of ours that the daemon has not taken is nowhere but here, so that the gate
 * could not go on: it waits then. */
void
vap_deputy_keep (VapDeputy *deputy)
{
  deputy->keeping = deputy->stream->up.inserted == NULL;
  if (deputy->keeping)
    begin (deputy, VAP_LOAN_KEEPING);
}

gboolean
vap_deputy_kept (VapDeputy *deputy)
{
  return !deputy->keeping || finish (deputy, VAP_LOAN_KEEPING);
}

static void
put_off_rest (VapDeputy *deputy)
{
  gint rest = deputy->filter->rest != 0 ? deputy->filter->rest : VAP_DEPUTY_REST_MS;

  deputy->rest_at = g_get_monotonic_time () + rest * G_TIME_SPAN_MILLISECOND;
}

static void
judge (VapDeputy *deputy, const guint8 *frame)
{
  deputy->room->header = deputy->header;
  deputy->room->call_size = deputy->size;
  deputy->keeping = FALSE;
  /* for somebody in a hurry no clock is set each time */
  deputy->hurries = g_get_monotonic_time () - deputy->replied_at <
                    VAP_DEPUTY_PAUSE_MS * G_TIME_SPAN_MILLISECOND;
  begin (deputy, VAP_LOAN_ASKING);
  if (!deputy->filter->judge (deputy, &deputy->header, frame, deputy->filter->user_data))
    deputy->leaves = TRUE;
  put_off_rest (deputy);
}

/* TRUE when it is the turn of what comes after it: else it waits, or is the gate's */
static gboolean
take_call (VapDeputy *deputy)
{
  const VapDeputyFilter *filter = deputy->filter;
  VapStream *stream = deputy->stream;
  const guint8 *frame = stream->up.buffer + stream->up.cleared;

  if (filter->closes (&deputy->header) || deputy->size > VAP_PIPE_SIZE) {
    deputy->leaves = TRUE;
    return FALSE;
  }
  deputy->unfinished = stream->up.end - stream->up.cleared < deputy->size;
  if (deputy->unfinished || !vap_pipe_is_drained (&stream->up) ||
      stream->down.inserted != NULL)
    return FALSE;
  if (filter->concerns (&deputy->header, frame))
    judge (deputy, frame);
  else
    vap_pipe_pass (&stream->up, deputy->size);
  return deputy->own && !deputy->leaves;
}

static void
advance_up (VapDeputy *deputy)
{
  VapPipe *up = &deputy->stream->up;
  gboolean goes_on = !deputy->leaves;

  while (goes_on) {
    switch (vap_pipe_next (up, &deputy->header, &deputy->size)) {
    case VAP_HEADER_NONE:
      return;
    case VAP_HEADER_UNSOUND:
      deputy->leaves = TRUE;
      return;
    case VAP_HEADER_READY:
      if (deputy->filter->wants (&deputy->header) ||
          deputy->filter->closes (&deputy->header))
        goes_on = take_call (deputy);
      else
        vap_pipe_pass (up, deputy->size);
      break;
    }
  }
}

static void
advance_down (VapDeputy *deputy)
{
  VapPipe *down = &deputy->stream->down;
  VapRpcHeader header;
  guint64 size;

  for (;;) {
    switch (vap_pipe_next (down, &header, &size)) {
    case VAP_HEADER_NONE:
      return;
    case VAP_HEADER_UNSOUND:
      deputy->leaves = TRUE;
      return;
    case VAP_HEADER_READY:
      if (deputy->replying && vap_rpc_header_is_reply (&header) &&
          header.serial == deputy->room->header.serial) {
        deputy->replying = FALSE;
        deputy->has_time = !deputy->hurries;
        deputy->replied_at = g_get_monotonic_time ();
      }
      vap_pipe_pass (down, size);
      break;
    }
  }
}

/* A call that is never finished is not judged, so that nothing of it goes on. */
static void
drop_unfinished (VapDeputy *deputy)
{
  VapPipe *up = &deputy->stream->up;

  if (deputy->unfinished && up->ended)
    up->cleared = up->end = up->start;
}

/* within a frame that stopped in the middle a reply of ours has no place any more */
static void
drop_homeless (VapPipe *down)
{
  if (down->ended && down->passing > 0 && down->start == down->cleared)
    g_clear_pointer (&down->inserted, g_free);
}

static void
advance (VapDeputy *deputy)
{
  VapStream *stream = deputy->stream;
  gboolean moved;

  drop_unfinished (deputy);
  do {
    advance_up (deputy);
    if (!deputy->own)
      return;
    moved = vap_pipe_drain (&stream->up);
    advance_down (deputy);
    moved |= vap_pipe_drain (&stream->down);
  } while (moved);
  drop_homeless (&stream->down);
  if (stream->up.ended || stream->up.lost || stream->down.ended || stream->down.lost)
    deputy->leaves = TRUE;
}

/* in milliseconds, for poll() */
static gint
time_to_wait (const VapDeputy *deputy)
{
  gint64 left;

  if (deputy->has_time)
    return VAP_DEPUTY_PAUSE_MS;
  left = deputy->rest_at - g_get_monotonic_time ();
  return (gint) (MAX (left, 0) / G_TIME_SPAN_MILLISECOND) + 1;
}

static void
have_time (VapDeputy *deputy)
{
  if (!deputy->has_time) {
    deputy->leaves = TRUE;
    return;
  }
  deputy->has_time = FALSE;
  begin (deputy, VAP_LOAN_READING);
  deputy->filter->read_ahead (deputy->filter->user_data);
  finish (deputy, VAP_LOAN_READING);
}

/* Not while it has still to get a reply of ours: a call that is to be judged may wait for
 * that, and more behind it than there is room for. */
static gboolean
wants_client (const VapDeputy *deputy)
{
  const VapStream *stream = deputy->stream;

  return !deputy->leaves && vap_pipe_is_drained (&stream->up) &&
         stream->down.inserted == NULL;
}

/* FALSE when the gate is gone, or does what it would not */
static gboolean
wait_for_peers (VapDeputy *deputy)
{
  VapStream *stream = deputy->stream;
  struct pollfd fds[VAP_STREAM_FDS + 1];
  gint ready;

  if (vap_stream_look_again (stream, wants_client (deputy)))
    return TRUE;
  vap_stream_choose (stream, wants_client (deputy), fds);
  vap_stream_want (&fds[VAP_STREAM_FDS], TRUE, deputy->gate, POLLIN);
  /* a frame of ours that is still to go would be lost with us */
  if (stream->up.inserted == NULL && stream->down.inserted == NULL)
    set_state (deputy, VAP_LOAN_WAITING);
  ready = poll (fds, G_N_ELEMENTS (fds), time_to_wait (deputy));
  set_state (deputy, VAP_LOAN_MOVING);
  if (ready < 0)
    return errno == EINTR;
  if (ready == 0)
    have_time (deputy);
  else
    vap_stream_take (stream, fds);
  return fds[VAP_STREAM_FDS].revents == 0;
}

static void
give_back (VapDeputy *deputy)
{
  set_state (deputy, VAP_LOAN_RETURNED);
  if (send (deputy->gate, "", 1, MSG_NOSIGNAL) != 1)
    g_debug ("the gate is gone");
}

/* nothing of ours is on its way, so that the gate can go on */
static gboolean
may_leave (const VapDeputy *deputy)
{
  return deputy->leaves && deputy->stream->up.inserted == NULL &&
         deputy->stream->down.inserted == NULL;
}

/* FALSE when the gate is gone */
static gboolean
relay (VapDeputy *deputy)
{
  gboolean goes_on = TRUE;

  while (goes_on && deputy->own) {
    advance (deputy);
    if (deputy->own && may_leave (deputy)) {
      give_back (deputy);
      deputy->own = FALSE;
    }
    if (deputy->own)
      goes_on = wait_for_peers (deputy);
  }
  g_clear_pointer (&deputy->stream->up.inserted, g_free);
  g_clear_pointer (&deputy->stream->down.inserted, g_free);
  return goes_on;
}

static void
take_over (VapDeputy *deputy)
{
  const gint *fds = deputy->fds;

  deputy->stream = &deputy->room->stream;
  vap_pipe_init_with (&deputy->stream->up, fds[VAP_LOAN_CLIENT_IN], fds[VAP_LOAN_DAEMON],
                      deputy->room->bytes[0]);
  vap_pipe_init_with (&deputy->stream->down, fds[VAP_LOAN_DAEMON],
                      fds[VAP_LOAN_CLIENT_OUT], deputy->room->bytes[1]);
  /* it is lent after a reply */
  deputy->has_time = TRUE;
  put_off_rest (deputy);
}

static gboolean
run_in (VapDeputy *deputy)
{
  if (deputy->room->size != sizeof *deputy->room) {
    give_back (deputy);
    return TRUE;
  }
  set_state (deputy, VAP_LOAN_MOVING);
  take_over (deputy);
  return relay (deputy);
}

gboolean
vap_deputy_run (gint gate, gint fds[VAP_LOAN_N_FDS], const VapDeputyFilter *filter)
{
  VapDeputy deputy = { .gate = gate, .fds = fds, .filter = filter, .own = TRUE };
  gpointer room = mmap (NULL, sizeof *deputy.room, PROT_READ | PROT_WRITE, MAP_SHARED,
                        fds[VAP_LOAN_ROOM], 0);
  gboolean goes_on = FALSE;

  if (room != MAP_FAILED) {
    deputy.room = room;
    goes_on = run_in (&deputy);
    munmap (room, sizeof *deputy.room);
  }
  for (guint i = 0; i < VAP_LOAN_N_FDS; i++)
    close (fds[i]);
  return goes_on;
}
