/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The relay's loop: poll(), fill, look at headers, drain.  A message costs one read
 * and one write, and no memory; many small ones share both.
 */
#include "config.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include <glib-unix.h>
#include <glib/gi18n-lib.h>

#include "ap/error.h"
#include "gate/relay.h"

/*
 * @up: from the client to the daemon
 * @down: from the daemon to the client
 * @wanted: the next frame of @up is to be judged, its header is @header, its size
 *   in the stream @size
 * @call: (nullable): the frame that is being collected, @collected bytes so far
 * @half_closed: the daemon was told that no more will come
 */
typedef struct {
  VapPipe up;
  VapPipe down;
  const VapFilter *filter;
  gboolean wanted;
  VapRpcHeader header;
  guint64 size;
  guint8 *call;
  gsize collected;
  gboolean half_closed;
  GError *error;
} VapRelay;

/* Both directions stop; what was already cleared is still delivered.  @format says
 * who sent it, and takes the length. */
static void
give_up (VapRelay *relay, const char *format, guint32 length)
{
  relay->error = g_error_new (VAP_ERROR, VAP_ERROR_MALFORMED, format, length);
  relay->up.ended = relay->down.ended = TRUE;
}

/* A frame that goes on instead of the call gets the bytes that carry the call's
 * descriptors, which are behind it in the stream. */
static void
pass_other_call (VapRelay *relay, guint8 *frame, gsize length)
{
  gsize rest = relay->size - relay->header.length;

  frame = g_realloc (frame, length + rest);
  memcpy (frame + length, relay->call + relay->header.length, rest);
  vap_pipe_insert (&relay->up, frame, length + rest);
}

/* The judge's answer takes the place of the call. */
static void
answer_call (VapRelay *relay)
{
  VapAnswer answer = { 0 };

  relay->filter->judge (&relay->header, relay->call, &answer, relay->filter->user_data);
  if (answer.reply != NULL)
    vap_pipe_insert (&relay->down, answer.reply, answer.reply_length);
  else if (answer.call != NULL)
    pass_other_call (relay, answer.call, answer.call_length);
  else
    vap_pipe_insert (&relay->up, g_steal_pointer (&relay->call), relay->size);
  g_clear_pointer (&relay->call, g_free);
}

/*
 * A call is taken out of the stream only when the daemon has got all before it, and
 * the client the last reply of ours: so order is kept, and a client that reads no
 * replies is not read from either.
 */
static gboolean
take_call (VapRelay *relay)
{
  if (!vap_pipe_is_drained (&relay->up) || relay->down.inserted != NULL)
    return FALSE;

  relay->wanted = FALSE;
  relay->collected = 0;
  if (relay->header.length <= VAP_RELAY_CALL_MAX) {
    relay->call = g_malloc (relay->size);
    return TRUE;
  }
  vap_pipe_drop (&relay->up, relay->size);
  answer_call (relay);
  return TRUE;
}

/* Returns whether no call is being collected any more. */
static gboolean
collect_call (VapRelay *relay)
{
  VapPipe *up = &relay->up;
  gsize part = MIN (relay->size - relay->collected, up->end - up->start);

  memcpy (relay->call + relay->collected, up->buffer + up->start, part);
  relay->collected += part;
  up->start += part;
  up->cleared = up->start;
  if (relay->collected < relay->size)
    return FALSE;
  answer_call (relay);
  return TRUE;
}

static void
advance_up (VapRelay *relay)
{
  while (relay->error == NULL) {
    if (relay->call != NULL && !collect_call (relay))
      return;
    if (!relay->wanted) {
      switch (vap_pipe_next (&relay->up, &relay->header, &relay->size)) {
      case VAP_HEADER_NONE:
        return;
      case VAP_HEADER_UNSOUND:
        give_up (relay, _("the client does not speak libvirt's protocol: "
                          "it sent a message with a length of %u"),
                 relay->header.length);
        return;
      case VAP_HEADER_READY:
        relay->wanted = relay->filter->wants (&relay->header);
        break;
      }
    }
    if (!relay->wanted)
      vap_pipe_pass (&relay->up, relay->size);
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
    switch (vap_pipe_next (&relay->down, &header, &size)) {
    case VAP_HEADER_NONE:
      return;
    case VAP_HEADER_UNSOUND:
      give_up (relay, _("the daemon does not speak libvirt's protocol: "
                        "it sent a message with a length of %u"),
               header.length);
      return;
    case VAP_HEADER_READY:
      vap_pipe_pass (&relay->down, size);
      break;
    }
  }
}

/* Moves on until both directions wait for something. */
static void
advance (VapRelay *relay)
{
  gboolean moved;

  do {
    advance_up (relay);
    moved = vap_pipe_drain (&relay->up);
    advance_down (relay);
    moved |= vap_pipe_drain (&relay->down);
  } while (moved);
}

/*
 * The client has gone and the daemon has got all it sent: the daemon is told.  It is
 * the daemon that ends the connection then, after its last replies.
 */
static void
half_close (VapRelay *relay)
{
  if (relay->half_closed || !relay->up.ended || !vap_pipe_is_drained (&relay->up))
    return;
  relay->half_closed = TRUE;
  shutdown (relay->up.to, SHUT_WR);
}

/* The daemon has gone, and the client has got all it sent. */
static gboolean
is_done (const VapRelay *relay)
{
  if (relay->error != NULL && !vap_pipe_is_drained (&relay->up))
    return FALSE;
  if (relay->half_closed && relay->down.lost)
    return TRUE;
  return relay->down.ended &&
         (vap_pipe_is_drained (&relay->down) ||
          /* a reply of ours has no place within a frame that stopped in the middle */
          (relay->down.passing > 0 && relay->down.start == relay->down.cleared));
}

static gboolean
wants_input (const VapPipe *pipe)
{
  return !pipe->ended && vap_pipe_is_drained (pipe);
}

enum { UP_FROM, UP_TO, DOWN_FROM, DOWN_TO, N_FDS };

/* A descriptor that nothing is wanted from is left out: poll() would report its
 * hang-up for ever. */
static void
want (struct pollfd *fd, gboolean wanted, gint descriptor, short events)
{
  fd->fd = wanted ? descriptor : -1;
  fd->events = events;
  fd->revents = 0;
}

static void
wait_for_peers (VapRelay *relay)
{
  struct pollfd fds[N_FDS];
  VapPipe *up = &relay->up, *down = &relay->down;
  gboolean has_output = down->start < down->cleared || down->inserted != NULL;

  want (&fds[UP_FROM], wants_input (up) && !relay->wanted, up->from, POLLIN);
  want (&fds[UP_TO], !vap_pipe_is_drained (up), up->to, POLLOUT);
  /* a reply that waits for the end of a frame must not stop that frame */
  want (&fds[DOWN_FROM],
        !down->ended && down->start == down->cleared &&
            (down->inserted == NULL || down->passing > 0),
        down->from, POLLIN);
  /* after the client's last call, its going away ends everything */
  want (&fds[DOWN_TO], (has_output && down->full) || relay->half_closed, down->to,
        has_output && down->full ? POLLOUT : 0);

  if (poll (fds, N_FDS, -1) < 0)
    return;

  if (fds[UP_TO].revents)
    up->full = FALSE;
  if (fds[DOWN_TO].revents & POLLOUT)
    down->full = FALSE;
  if (fds[DOWN_TO].revents & (POLLHUP | POLLERR | POLLNVAL))
    down->lost = TRUE;
  if (fds[UP_FROM].revents)
    vap_pipe_fill (up);
  if (fds[DOWN_FROM].revents)
    vap_pipe_fill (down);
}

gboolean
vap_relay_run (gint client_in, gint client_out, gint daemon, const guint8 *begun,
               gsize begun_length, const VapFilter *filter, GError **error)
{
  VapRelay relay = { .filter = filter };

  if (!g_unix_set_fd_nonblocking (client_in, TRUE, error) ||
      !g_unix_set_fd_nonblocking (client_out, TRUE, error) ||
      !g_unix_set_fd_nonblocking (daemon, TRUE, error))
    return FALSE;

  vap_pipe_init (&relay.up, client_in, daemon);
  vap_pipe_init (&relay.down, daemon, client_out);
  if (begun_length > 0)
    memcpy (relay.up.buffer, begun, begun_length);
  relay.up.end = begun_length;

  for (;;) {
    advance (&relay);
    half_close (&relay);
    if (is_done (&relay))
      break;
    wait_for_peers (&relay);
  }

  vap_pipe_clear (&relay.up);
  vap_pipe_clear (&relay.down);
  g_free (relay.call);
  if (relay.error == NULL)
    return TRUE;
  g_propagate_error (error, relay.error);
  return FALSE;
}
