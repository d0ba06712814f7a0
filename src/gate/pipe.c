/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One direction of a connection.  It is filled only when drained: that bounds the
 * memory, keeps the order, and makes a slow reader slow its writer down.
 */
#include "config.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "gate/pipe.h"

void
vap_pipe_init_with (VapPipe *pipe, gint from, gint to, guint8 *buffer)
{
  memset (pipe, 0, sizeof *pipe);
  pipe->from = from;
  pipe->to = to;
  pipe->buffer = buffer;
}

void
vap_pipe_init (VapPipe *pipe, gint from, gint to)
{
  vap_pipe_init_with (pipe, from, to, g_malloc (VAP_PIPE_SIZE));
}

void
vap_pipe_clear (VapPipe *pipe)
{
  g_clear_pointer (&pipe->buffer, g_free);
  g_clear_pointer (&pipe->inserted, g_free);
}

gboolean
vap_pipe_restore (VapPipe *pipe, const VapPipe *from, const guint8 *bytes)
{
  if (from->start > from->cleared || from->cleared > from->end ||
      from->end > VAP_PIPE_SIZE || from->inserted != NULL)
    return FALSE;
  memcpy (pipe->buffer + from->start, bytes + from->start, from->end - from->start);
  pipe->start = from->start;
  pipe->cleared = from->cleared;
  pipe->end = from->end;
  pipe->passing = from->passing;
  pipe->dropping = from->dropping;
  pipe->full = from->full;
  pipe->ended = from->ended;
  pipe->lost = from->lost;
  return TRUE;
}

void
vap_pipe_insert (VapPipe *pipe, guint8 *frame, gsize length)
{
  pipe->inserted = frame;
  pipe->inserted_length = length;
  pipe->inserted_sent = 0;
}

void
vap_pipe_pass (VapPipe *pipe, guint64 size)
{
  pipe->passing = size;
}

void
vap_pipe_drop (VapPipe *pipe, guint64 size)
{
  pipe->dropping = size;
}

/* What was cleared is sent before a drop begins, so both ends move together. */
static gboolean
finish_dropping (VapPipe *pipe)
{
  if (pipe->dropping > 0 && pipe->start == pipe->cleared) {
    guint64 dropped = MIN (pipe->dropping, pipe->end - pipe->start);

    pipe->start += dropped;
    pipe->cleared = pipe->start;
    pipe->dropping -= dropped;
  }
  return pipe->dropping == 0;
}

static gboolean
finish_passing (VapPipe *pipe)
{
  guint64 passed = MIN (pipe->passing, pipe->end - pipe->cleared);

  pipe->cleared += passed;
  pipe->passing -= passed;
  return pipe->passing == 0;
}

/*
 * libvirt sends each descriptor after the frame as the ancillary data of one byte
 * of its own, which the frame's length does not count (src/rpc/virnetsocket.c,
 * virNetSocketSendFD()).
 */
static VapHeaderState
count_descriptors (const guint8 *count, guint64 *size)
{
  guint32 n_descriptors = vap_rpc_read_word (count);

  if (n_descriptors > VAP_RPC_FDS_MAX)
    return VAP_HEADER_UNSOUND;
  *size += n_descriptors;
  return VAP_HEADER_READY;
}

VapHeaderState
vap_pipe_next (VapPipe *pipe, VapRpcHeader *header, guint64 *size)
{
  if (!finish_dropping (pipe) || !finish_passing (pipe) || pipe->inserted != NULL)
    return VAP_HEADER_NONE;

  const guint8 *bytes = pipe->buffer + pipe->cleared;
  gsize available = pipe->end - pipe->cleared;

  /* a bad length is told at once, not when a header of it has come */
  if (available >= 4) {
    header->length = vap_rpc_read_word (bytes);
    if (!vap_rpc_length_is_sound (header->length))
      return VAP_HEADER_UNSOUND;
  }
  if (available < VAP_RPC_HEADER_SIZE)
    return VAP_HEADER_NONE;

  vap_rpc_header_read (bytes, header);
  if (!vap_rpc_header_is_sound (header))
    return VAP_HEADER_UNSOUND;

  *size = header->length;
  if (!vap_rpc_header_has_fds (header))
    return VAP_HEADER_READY;
  if (available < VAP_RPC_HEADER_SIZE + VAP_RPC_COUNT_SIZE)
    return VAP_HEADER_NONE;
  return count_descriptors (bytes + VAP_RPC_HEADER_SIZE, size);
}

gboolean
vap_pipe_is_drained (const VapPipe *pipe)
{
  return pipe->start == pipe->cleared && pipe->inserted == NULL;
}

gboolean
vap_pipe_is_idle (const VapPipe *pipe)
{
  return pipe->start == pipe->end && pipe->passing == 0 && pipe->dropping == 0 &&
         pipe->inserted == NULL && !pipe->full && !pipe->ended && !pipe->lost;
}

/* The other end is gone: what it shall not get any more is no reason to stop. */
static void
lose (VapPipe *pipe)
{
  pipe->lost = TRUE;
  pipe->start = pipe->cleared;
  g_clear_pointer (&pipe->inserted, g_free);
}

/* What was read of a frame before the stream ended is delivered, as a plain
 * connection would. */
static void
end (VapPipe *pipe)
{
  pipe->ended = TRUE;
  if (pipe->dropping == 0 && pipe->inserted == NULL)
    pipe->cleared = pipe->end;
}

gboolean
vap_pipe_fill (VapPipe *pipe)
{
  gsize kept = pipe->end - pipe->start;

  if (kept > 0 && pipe->start > 0)
    memmove (pipe->buffer, pipe->buffer + pipe->start, kept);
  pipe->start = pipe->cleared = 0;
  pipe->end = kept;

  gssize got = read (pipe->from, pipe->buffer + kept, VAP_PIPE_SIZE - kept);
  if (got > 0)
    pipe->end += (gsize) got;
  else if (got == 0 || (errno != EAGAIN && errno != EINTR))
    end (pipe);
  return got > 0 || pipe->ended;
}

/* Returns how much of @bytes was sent. */
static gsize
send_some (VapPipe *pipe, const guint8 *bytes, gsize length)
{
  gssize sent = write (pipe->to, bytes, length);

  if (sent < 0 && errno != EAGAIN && errno != EINTR) {
    lose (pipe);
    return 0;
  }
  pipe->full = sent < (gssize) length && !(sent < 0 && errno == EINTR);
  return sent > 0 ? (gsize) sent : 0;
}

static gboolean
send_inserted (VapPipe *pipe)
{
  gsize sent = send_some (pipe, pipe->inserted + pipe->inserted_sent,
                          pipe->inserted_length - pipe->inserted_sent);

  pipe->inserted_sent += sent;
  if (pipe->inserted_sent == pipe->inserted_length)
    g_clear_pointer (&pipe->inserted, g_free);
  return sent > 0;
}

gboolean
vap_pipe_drain (VapPipe *pipe)
{
  gboolean moved = FALSE;

  if (pipe->lost) {
    moved = !vap_pipe_is_drained (pipe);
    lose (pipe);
    return moved;
  }
  if (pipe->start < pipe->cleared && !pipe->full) {
    gsize sent =
        send_some (pipe, pipe->buffer + pipe->start, pipe->cleared - pipe->start);

    pipe->start += sent;
    moved = sent > 0;
  }
  if (pipe->inserted != NULL && pipe->start == pipe->cleared && pipe->passing == 0 &&
      !pipe->full)
    moved |= send_inserted (pipe);
  /* what waited for its turn here waits no longer, though nothing was sent */
  return moved || pipe->lost;
}
