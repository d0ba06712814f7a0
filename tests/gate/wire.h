/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the gate's tests need to play a client and a daemon: frames, and socket pairs
 * that are written and read to the last byte.
 */
#pragma once

#include "rpc/frame.h"

/* a frame of the main program with this payload, appended to @bytes */
void wire_append (GByteArray *bytes, guint32 procedure, guint32 type, guint32 serial,
                  const void *payload, gsize length);

void wire_pair (gint pair[2]);

/* all of it, however long the other side takes */
void wire_write (gint fd, const void *bytes, gsize length);

/* until the other side has read what was written */
void wire_settle (gint fd);

/* exactly @length bytes; fails the test at the end of the stream */
void wire_read (gint fd, void *bytes, gsize length);

/* the next frame, its header in @header; free with g_free() */
guint8 *wire_read_frame (gint fd, VapRpcHeader *header);

/* fails the test when there is a byte left */
void wire_expect_end (gint fd);
