/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The daemon of the gate's benchmark: reads what is there, answers all of it in one
 * write.
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "echo.h"

void
echo_write_all (gint fd, const void *bytes, gsize length)
{
  for (const guint8 *at = bytes; length > 0;) {
    gssize sent = send (fd, at, length, MSG_NOSIGNAL);

    if (sent < 0 && errno == EINTR)
      continue;
    if (sent < 0)
      return;
    at += sent;
    length -= (gsize) sent;
  }
}

gboolean
echo_read_all (gint fd, void *bytes, gsize length)
{
  for (guint8 *at = bytes; length > 0;) {
    gssize got = read (fd, at, length);

    if (got < 0 && errno == EINTR)
      continue;
    if (got <= 0)
      return FALSE;
    at += got;
    length -= (gsize) got;
  }
  return TRUE;
}

static void
answer_large (gint fd, const VapRpcHeader *call)
{
  VapRpcHeader reply = vap_rpc_header_reply_to (call, VAP_RPC_OK);
  g_autofree guint8 *frame = g_malloc0 (ECHO_LARGE_REPLY);

  reply.length = ECHO_LARGE_REPLY;
  vap_rpc_header_write (&reply, frame);
  echo_write_all (fd, frame, ECHO_LARGE_REPLY);
}

/* Turns the whole calls in @bytes into replies, in place, and sends them; returns
 * their length. */
static gsize
answer (gint fd, guint8 *bytes, gsize length)
{
  gsize done = 0, sent = 0;

  while (length - done >= VAP_RPC_HEADER_SIZE) {
    VapRpcHeader call;

    vap_rpc_header_read (bytes + done, &call);
    if (call.length > length - done)
      break;
    if (call.procedure == ECHO_LARGE) {
      echo_write_all (fd, bytes + sent, done - sent);
      answer_large (fd, &call);
      sent = done + call.length;
    } else {
      VapRpcHeader reply = vap_rpc_header_reply_to (&call, VAP_RPC_OK);

      vap_rpc_header_write (&reply, bytes + done);
    }
    done += call.length;
  }
  echo_write_all (fd, bytes + sent, done - sent);
  return done;
}

static gpointer
serve_connection (gpointer user_data)
{
  gint fd = GPOINTER_TO_INT (user_data);
  g_autofree guint8 *buffer = g_malloc (ECHO_CALL_MAX);
  gsize end = 0;

  while (end < ECHO_CALL_MAX) {
    gssize got = read (fd, buffer + end, ECHO_CALL_MAX - end);

    if (got <= 0)
      break;
    end += (gsize) got;
    gsize done = answer (fd, buffer, end);
    memmove (buffer, buffer + done, end - done);
    end -= done;
  }
  close (fd);
  return NULL;
}

void
echo_serve (const char *path)
{
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  gint listener = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

  g_strlcpy (address.sun_path, path, sizeof address.sun_path);
  if (bind (listener, (struct sockaddr *) &address, sizeof address) != 0 ||
      listen (listener, 128) != 0) {
    perror (path);
    exit (1);
  }
  for (;;) {
    gint fd = accept4 (listener, NULL, NULL, SOCK_CLOEXEC);

    if (fd >= 0)
      g_thread_unref (g_thread_new ("echo", serve_connection, GINT_TO_POINTER (fd)));
  }
}
