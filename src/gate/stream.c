/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Waiting for the peers of a connection; see stream.h. */
#include "config.h"

#include "gate/stream.h"

#include <sched.h>

/* Who waits must be woken, which costs more than some looks.  After a read of so many
 * bytes both sides are looked at so many times first; between them, others run. */
#define MUCH 1024u
#define LOOKS 40u

enum { UP_FROM, UP_TO, DOWN_FROM, DOWN_TO };

gboolean
vap_stream_is_idle (const VapStream *stream)
{
  return vap_pipe_is_idle (&stream->up) && vap_pipe_is_idle (&stream->down);
}

/* a reply that waits for the end of a frame must not stop that frame */
static gboolean
wants_daemon (const VapStream *stream)
{
  const VapPipe *down = &stream->down;

  return !down->ended && down->start == down->cleared &&
         (down->inserted == NULL || down->passing > 0);
}

/* TRUE when anything came, were it the end */
static gboolean
fill (VapStream *stream, VapPipe *pipe)
{
  gboolean came = vap_pipe_fill (pipe);

  if (pipe->end >= MUCH)
    stream->looks = LOOKS;
  return came;
}

gboolean
vap_stream_look_again (VapStream *stream, gboolean wants_client)
{
  if (stream->up.full || stream->down.full)
    return FALSE;
  for (; stream->looks > 0; stream->looks--) {
    gboolean came = FALSE;

    if (wants_client)
      came |= fill (stream, &stream->up);
    if (wants_daemon (stream))
      came |= fill (stream, &stream->down);
    if (came)
      return TRUE;
    sched_yield ();
  }
  return FALSE;
}

void
vap_stream_want (struct pollfd *fd, gboolean wanted, gint descriptor, short events)
{
  fd->fd = wanted ? descriptor : -1;
  fd->events = events;
  fd->revents = 0;
}

void
vap_stream_choose (const VapStream *stream, gboolean wants_client,
                   struct pollfd fds[VAP_STREAM_FDS])
{
  const VapPipe *up = &stream->up, *down = &stream->down;
  gboolean has_output = down->start < down->cleared || down->inserted != NULL;

  vap_stream_want (&fds[UP_FROM], wants_client, up->from, POLLIN);
  vap_stream_want (&fds[UP_TO], !vap_pipe_is_drained (up), up->to, POLLOUT);
  vap_stream_want (&fds[DOWN_FROM], wants_daemon (stream), down->from, POLLIN);
  /* also for nothing: that a client is gone shows even when it is not being read */
  vap_stream_want (&fds[DOWN_TO], !down->lost, down->to,
                   has_output && down->full ? POLLOUT : 0);
}

void
vap_stream_take (VapStream *stream, const struct pollfd fds[VAP_STREAM_FDS])
{
  if (fds[UP_TO].revents)
    stream->up.full = FALSE;
  if (fds[DOWN_TO].revents & POLLOUT)
    stream->down.full = FALSE;
  if (fds[DOWN_TO].revents & (POLLHUP | POLLERR | POLLNVAL))
    stream->down.lost = TRUE;
  if (fds[UP_FROM].revents)
    fill (stream, &stream->up);
  if (fds[DOWN_FROM].revents)
    fill (stream, &stream->down);
}
