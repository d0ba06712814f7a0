/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Answers a client's first calls and repeats them to the daemon it then names.  What
 * comes first, and how it is answered: libvirt src/remote/remote_driver.c,
 * doRemoteOpen() and remoteAuthenticate(), src/remote/remote_daemon_dispatch.c,
 * remoteDispatchAuthList() and remoteDispatchConnectSupportsFeature().
 */
#include "config.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include <glib/gi18n-lib.h>
#include <libvirt/virterror.h>

#include "ap/error.h"
#include "gate/backend.h"
#include "gate/opening.h"
#include "gate/pipe.h"
#include "rpc/open.h"
#include "rpc/reply.h"

/* Longer than any reply to the calls of the opening: an error with its texts. */
#define REPLY_MAX (2u * VAP_RPC_MESSAGE_MAX)

/* What the client was promised, and the daemon is still to be asked. */
typedef struct {
  gboolean authentication;
  gboolean keepalive;
} Promises;

void
vap_opening_clear (VapOpening *opening)
{
  g_clear_pointer (&opening->buffer, g_free);
  g_clear_pointer (&opening->uri, g_free);
  if (opening->daemon >= 0)
    close (opening->daemon);
  opening->daemon = -1;
}

/* FALSE when the other end is gone */
static gboolean
write_all (gint fd, const guint8 *bytes, gsize length)
{
  while (length > 0) {
    gssize sent = write (fd, bytes, length);

    if (sent > 0) {
      bytes += sent;
      length -= (gsize) sent;
    } else if (sent < 0 && errno == EAGAIN) {
      struct pollfd wait = { .fd = fd, .events = POLLOUT };
      poll (&wait, 1, -1);
    } else if (errno != EINTR) {
      return FALSE;
    }
  }
  return TRUE;
}

/* Appends what can be read to @buffer, waiting for it; FALSE at the end of the
 * stream, or when @watched (-1 for none) hangs up first. */
static gboolean
read_more (gint fd, gint watched, guint8 *buffer, gsize size, gsize *end)
{
  struct pollfd fds[] = {
    { .fd = fd, .events = POLLIN },
    { .fd = watched, .events = POLLRDHUP },
  };

  for (;;) {
    if (poll (fds, G_N_ELEMENTS (fds), -1) < 0)
      continue;
    if (fds[0].revents == 0)
      return FALSE;

    gssize got = read (fd, buffer + *end, size - *end);
    if (got > 0) {
      *end += (gsize) got;
      return TRUE;
    }
    if (got == 0 || (errno != EAGAIN && errno != EINTR))
      return FALSE;
  }
}

/* Waits until @length bytes of the client are there. */
static gboolean
have (VapOpening *opening, gsize length)
{
  while (opening->end - opening->start < length)
    if (!read_more (opening->client_in, -1, opening->buffer, VAP_PIPE_SIZE,
                    &opening->end))
      return FALSE;
  return TRUE;
}

static gboolean
answer_words (VapOpening *opening, const VapRpcHeader *call, const guint32 *words,
              gsize n_words)
{
  VapRpcHeader header = vap_rpc_header_reply_to (call, VAP_RPC_OK);
  gsize length;
  g_autofree guint8 *frame = vap_rpc_words_frame (&header, words, n_words, &length);

  return write_all (opening->client_out, frame, length);
}

/* Answers the calls that need no daemon, and stops at the first other. */
static VapOpeningResult
greet (VapOpening *opening, VapRpcHeader *header, Promises *promises, GError **error)
{
  static const guint32 no_authentication[] = { 1, VAP_RPC_AUTH_NONE };
  static const guint32 supported[] = { 1 };

  for (;;) {
    const guint8 *frame = opening->buffer + opening->start;

    if (!have (opening, 4))
      return VAP_OPENING_CLOSED;
    header->length = vap_rpc_read_word (frame);
    if (!vap_rpc_length_is_sound (header->length)) {
      g_set_error (error, VAP_ERROR, VAP_ERROR_MALFORMED,
                   _ ("the client does not speak libvirt's protocol: "
                      "it sent a message with a length of %u"),
                   header->length);
      return VAP_OPENING_FAILED;
    }
    if (!have (opening, VAP_RPC_HEADER_SIZE))
      return VAP_OPENING_CLOSED;
    vap_rpc_header_read (frame, header);

    gboolean written;
    if (header->length == VAP_RPC_HEADER_SIZE && !promises->authentication &&
        vap_rpc_header_is_call (header, VAP_RPC_PROC_AUTH_LIST)) {
      written = answer_words (opening, header, no_authentication, 2);
      promises->authentication = TRUE;
    } else if (header->length == VAP_RPC_HEADER_SIZE + 4 && !promises->keepalive &&
               vap_rpc_header_is_call (header, VAP_RPC_PROC_CONNECT_SUPPORTS_FEATURE)) {
      if (!have (opening, header->length))
        return VAP_OPENING_CLOSED;
      if (vap_rpc_read_word (frame + VAP_RPC_HEADER_SIZE) != VAP_RPC_FEATURE_KEEPALIVE)
        return VAP_OPENING_DONE;
      written = answer_words (opening, header, supported, 1);
      promises->keepalive = TRUE;
    } else {
      return VAP_OPENING_DONE;
    }
    if (!written)
      return VAP_OPENING_CLOSED;
    opening->start += header->length;
  }
}

/* A client that was told why reads that only as long as the connection is up. */
static VapOpeningResult
wait_for_goodbye (VapOpening *opening)
{
  gsize end;

  do
    end = 0;
  while (read_more (opening->client_in, -1, opening->buffer, VAP_PIPE_SIZE, &end));
  return VAP_OPENING_CLOSED;
}

static VapOpeningResult
tell (VapOpening *opening, const VapRpcHeader *call, gint code, const char *message)
{
  VapRpcError error = { code, VIR_FROM_RPC, VIR_ERR_ERROR, message };
  gsize length;
  g_autofree guint8 *frame = vap_rpc_error_reply (call, &error, &length);

  if (!write_all (opening->client_out, frame, length))
    return VAP_OPENING_CLOSED;
  return wait_for_goodbye (opening);
}

/* The daemon's error becomes the answer to the client's call. */
static VapOpeningResult
tell_daemons_error (VapOpening *opening, const VapRpcHeader *call, guint8 *frame)
{
  VapRpcHeader header = vap_rpc_header_reply_to (call, VAP_RPC_ERROR);

  header.length = vap_rpc_read_word (frame);
  vap_rpc_header_write (&header, frame);
  if (!write_all (opening->client_out, frame, header.length))
    return VAP_OPENING_CLOSED;
  return wait_for_goodbye (opening);
}

/* Waits for the daemon's reply to @procedure; other messages are passed over. */
static gboolean
read_reply (VapOpening *opening, guint32 procedure, guint8 *frame, VapRpcHeader *reply)
{
  for (;;) {
    gsize end = 0;
    gsize wanted = VAP_RPC_HEADER_SIZE;

    /* no byte beyond the reply: what follows is the relay's */
    while (end < wanted) {
      if (!read_more (opening->daemon, opening->client_in, frame, wanted, &end))
        return FALSE;
      if (end < VAP_RPC_HEADER_SIZE)
        continue;
      vap_rpc_header_read (frame, reply);
      if (!vap_rpc_header_is_sound (reply) || reply->length > REPLY_MAX)
        return FALSE;
      wanted = reply->length;
    }
    if (reply->program == VAP_RPC_REMOTE_PROGRAM && reply->procedure == procedure &&
        reply->type == VAP_RPC_REPLY)
      return TRUE;
  }
}

/*
 * Puts a question of our own to the daemon.  @frame has room for REPLY_MAX bytes and
 * gets the reply.  Anything but DONE has been told to the client.
 */
static VapOpeningResult
ask (VapOpening *opening, const VapRpcHeader *call, guint32 procedure,
     const guint32 *words, gsize n_words, guint8 *frame)
{
  VapRpcHeader question = {
    .program = VAP_RPC_REMOTE_PROGRAM,
    .version = VAP_RPC_REMOTE_VERSION,
    .procedure = procedure,
    .type = VAP_RPC_CALL,
  };
  VapRpcHeader reply;
  gsize length;
  g_autofree guint8 *bytes = vap_rpc_words_frame (&question, words, n_words, &length);

  if (!write_all (opening->daemon, bytes, length) ||
      !read_reply (opening, procedure, frame, &reply))
    return tell (opening, call, VIR_ERR_RPC,
                 _ ("the libvirt daemon closed the connection when it was opened"));
  if (reply.status == VAP_RPC_ERROR)
    return tell_daemons_error (opening, call, frame);
  return VAP_OPENING_DONE;
}

static VapOpeningResult
authenticate (VapOpening *opening, const VapRpcHeader *call, guint8 *frame)
{
  guint32 type;
  VapOpeningResult result = ask (opening, call, VAP_RPC_PROC_AUTH_LIST, NULL, 0, frame);

  if (result != VAP_OPENING_DONE)
    return result;
  if (!vap_rpc_auth_list_decode (frame + VAP_RPC_HEADER_SIZE,
                                 vap_rpc_read_word (frame) - VAP_RPC_HEADER_SIZE, &type))
    return tell (opening, call, VIR_ERR_RPC,
                 _ ("the libvirt daemon's list of authentications cannot be decoded"));

  switch (type) {
  case VAP_RPC_AUTH_NONE:
    return VAP_OPENING_DONE;
  case VAP_RPC_AUTH_POLKIT:
    return ask (opening, call, VAP_RPC_PROC_AUTH_POLKIT, NULL, 0, frame);
  default:
    return tell (opening, call, VIR_ERR_AUTH_UNAVAILABLE,
                 _ ("authentication unavailable: the libvirt daemon asks for a user and "
                    "password on its local socket, and virt-ap's gate has none"));
  }
}

/* Lets the daemon see what the client believes it has asked it. */
static VapOpeningResult
keep_promises (VapOpening *opening, const VapRpcHeader *call, const Promises *promises)
{
  static const guint32 keepalive[] = { VAP_RPC_FEATURE_KEEPALIVE };
  g_autofree guint8 *frame = g_malloc (REPLY_MAX);
  VapOpeningResult result = VAP_OPENING_DONE;

  if (promises->authentication)
    result = authenticate (opening, call, frame);
  if (result == VAP_OPENING_DONE && promises->keepalive)
    result =
        ask (opening, call, VAP_RPC_PROC_CONNECT_SUPPORTS_FEATURE, keepalive, 1, frame);
  return result;
}

/* A CONNECT_OPEN that cannot be decoded is for the daemon to answer. */
static gboolean
choose_backend (VapOpening *opening, const VapRpcHeader *header, VapBackend *backend)
{
  g_auto (VapRpcOpen) open = { 0 };

  if (vap_rpc_header_is_call (header, VAP_RPC_PROC_CONNECT_OPEN) &&
      header->length <= VAP_PIPE_SIZE - opening->start) {
    if (!have (opening, header->length))
      return FALSE;
    if (!vap_rpc_open_decode (opening->buffer + opening->start + VAP_RPC_HEADER_SIZE,
                              header->length - VAP_RPC_HEADER_SIZE, &open))
      vap_rpc_open_clear (&open);
  }
  if (opening->socket != NULL)
    backend->path = g_strdup (opening->socket);
  else
    vap_backend_choose (backend, open.uri, open.flags & VAP_RPC_OPEN_READ_ONLY,
                        geteuid ());
  opening->uri = vap_backend_uri (open.uri, backend->path, geteuid ());
  return TRUE;
}

VapOpeningResult
vap_opening_run (VapOpening *opening, GError **error)
{
  VapRpcHeader header;
  Promises promises = { 0 };
  g_auto (VapBackend) backend = { 0 };
  g_autoptr (GError) failure = NULL;

  opening->daemon = -1;
  opening->start = opening->end = 0;
  opening->buffer = g_malloc (VAP_PIPE_SIZE);

  VapOpeningResult result = greet (opening, &header, &promises, error);
  if (result != VAP_OPENING_DONE)
    return result;
  if (!choose_backend (opening, &header, &backend))
    return VAP_OPENING_CLOSED;

  if (opening->fault != NULL)
    failure = g_error_copy (opening->fault);
  else
    opening->daemon = vap_backend_connect (&backend, &failure);
  if (opening->daemon >= 0)
    return keep_promises (opening, &header, &promises);
  if (header.type == VAP_RPC_CALL)
    return tell (opening, &header, VIR_ERR_SYSTEM_ERROR, failure->message);
  g_propagate_error (error, g_steal_pointer (&failure));
  return VAP_OPENING_FAILED;
}
