/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One direction of a connection: a fixed buffer that is filled, cleared for
 * sending as far as its frames are known to pass, and drained.  Only headers are
 * looked at, so a frame may be larger than the buffer.  A frame of our own can be
 * inserted between two others.  Used by relay.c.
 */
#pragma once

#include "rpc/frame.h"

G_BEGIN_DECLS

#define VAP_PIPE_SIZE (128u * 1024)

/**
 * VapPipe:
 * @from: non-blocking descriptor to read from
 * @to: non-blocking descriptor to write to
 * @start: what is before it in @buffer has been sent
 * @cleared: what is before it may be sent
 * @end: what is before it has been read
 * @passing: bytes still to come of the frame that passes
 * @dropping: bytes still to come of a frame that must not
 * @inserted: (nullable): a frame to send at the next boundary
 * @full: the last write took less than was there: wait for poll()
 * @ended: nothing more will be read
 * @lost: nothing more can be written; what is read is thrown away
 */
typedef struct {
  gint from;
  gint to;
  guint8 *buffer;
  gsize start;
  gsize cleared;
  gsize end;
  guint64 passing;
  guint64 dropping;
  guint8 *inserted;
  gsize inserted_length;
  gsize inserted_sent;
  gboolean full;
  gboolean ended;
  gboolean lost;
} VapPipe;

typedef enum {
  VAP_HEADER_NONE,    /* not there, or not yet whole, or its turn has not come */
  VAP_HEADER_READY,
  VAP_HEADER_UNSOUND, /* the peer does not speak libvirt's protocol */
} VapHeaderState;

void vap_pipe_init (VapPipe *pipe, gint from, gint to);
/* with a buffer of %VAP_PIPE_SIZE bytes that is the caller's: not for vap_pipe_clear() */
void vap_pipe_init_with (VapPipe *pipe, gint from, gint to, guint8 *buffer);

void vap_pipe_clear (VapPipe *pipe);

/**
 * vap_pipe_restore:
 * @pipe: idle
 * @from: another pipe between the same peers, from memory that somebody else has written
 * @bytes: what is in its buffer
 *
 * Goes on where @from is.
 *
 * Returns: FALSE when no pipe can be so, or it has something inserted; then @pipe is as it was
 */
gboolean vap_pipe_restore (VapPipe *pipe, const VapPipe *from,
                           const guint8 *bytes) G_GNUC_WARN_UNUSED_RESULT;

/* takes @frame, which is sent at the next boundary; only when none is waiting */
void vap_pipe_insert (VapPipe *pipe, guint8 *frame, gsize length);

/**
 * vap_pipe_next:
 * @header: (out): of the frame at the boundary
 * @size: (out): of that frame in the stream, with the bytes that carry its
 *   descriptors
 *
 * Goes on clearing, or dropping, the frame that has begun.  When that is done and
 * nothing is to be inserted before the next, looks at the next one's header.
 */
VapHeaderState vap_pipe_next (VapPipe *pipe, VapRpcHeader *header, guint64 *size);

/* lets the frame at the boundary pass, or drops it: @size bytes */
void vap_pipe_pass (VapPipe *pipe, guint64 size);
void vap_pipe_drop (VapPipe *pipe, guint64 size);

/* whether there is nothing in it, and both its ends are there */
gboolean vap_pipe_is_idle (const VapPipe *pipe);

/* whether all that is cleared is sent, and nothing waits to be inserted */
gboolean vap_pipe_is_drained (const VapPipe *pipe);

/* reads once, as much as there is room for; only when drained; TRUE when anything came,
 * were it the end */
gboolean vap_pipe_fill (VapPipe *pipe);

/* sends what may be sent; TRUE when anything was, or when the other end is found gone */
gboolean vap_pipe_drain (VapPipe *pipe);

G_END_DECLS
