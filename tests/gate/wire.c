/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Frames and socket pairs for the gate's tests.
 */
#include "config.h"

#include <errno.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/sockios.h>

#include "wire.h"

#define PATIENCE_MS 20000

void
wire_append (GByteArray *bytes, guint32 procedure, guint32 type, guint32 serial,
             const void *payload, gsize length)
{
  const VapRpcHeader header = {
    (guint32) (VAP_RPC_HEADER_SIZE + length), VAP_RPC_REMOTE_PROGRAM,
    VAP_RPC_REMOTE_VERSION, procedure, type, serial, VAP_RPC_OK,
  };
  guint8 head[VAP_RPC_HEADER_SIZE];

  vap_rpc_header_write (&header, head);
  g_byte_array_append (bytes, head, sizeof head);
  if (length > 0)
    g_byte_array_append (bytes, payload, (guint) length);
}

void
wire_pair (gint pair[2])
{
  g_assert_no_errno (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair));
}

void
wire_write (gint fd, const void *bytes, gsize length)
{
  const guint8 *rest = bytes;

  while (length > 0) {
    gssize sent = send (fd, rest, length, MSG_NOSIGNAL);

    g_assert_cmpint (sent, >, 0);
    rest += sent;
    length -= (gsize) sent;
  }
}

void
wire_settle (gint fd)
{
  gint queued = 1;

  for (gint waited = 0; queued > 0 && waited < PATIENCE_MS * 10; waited++) {
    g_assert_no_errno (ioctl (fd, SIOCOUTQ, &queued));
    if (queued > 0)
      g_usleep (100);
  }
  g_assert_cmpint (queued, ==, 0);
}

/* 0 at the end of the stream */
static gssize
read_some (gint fd, void *bytes, gsize length)
{
  struct pollfd wait = { .fd = fd, .events = POLLIN };

  g_assert_cmpint (poll (&wait, 1, PATIENCE_MS), ==, 1);
  gssize got = read (fd, bytes, length);
  return got < 0 && errno == ECONNRESET ? 0 : got;
}

void
wire_read (gint fd, void *bytes, gsize length)
{
  guint8 *rest = bytes;

  while (length > 0) {
    gssize got = read_some (fd, rest, length);

    g_assert_cmpint (got, >, 0);
    rest += got;
    length -= (gsize) got;
  }
}

guint8 *
wire_read_frame (gint fd, VapRpcHeader *header)
{
  guint8 head[VAP_RPC_HEADER_SIZE];

  wire_read (fd, head, sizeof head);
  vap_rpc_header_read (head, header);
  g_assert_true (vap_rpc_header_is_sound (header));

  guint8 *frame = g_malloc (header->length);
  vap_rpc_header_write (header, frame);
  wire_read (fd, frame + sizeof head, header->length - sizeof head);
  return frame;
}

void
wire_expect_end (gint fd)
{
  guint8 byte;

  g_assert_cmpint (read_some (fd, &byte, 1), ==, 0);
}
