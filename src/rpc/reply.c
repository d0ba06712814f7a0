/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Encodes the replies that the gate makes.
 */
#include "config.h"

#include <string.h>

#include <rpc/rpc.h>

#include "rpc/reply.h"

/* Everything of virNetMessageError but the message: ten words. */
#define ERROR_WORDS 10u

/* What an error leaves out: a pointer to nothing. */
static bool_t
xdr_nothing (XDR *xdr)
{
  char *nothing = NULL;

  return xdr_pointer (xdr, &nothing, 0, NULL);
}

/* virNetMessageError; libvirt's own errors have -1 as int1 and int2
 * (src/util/virerror.c, virReportErrorHelper()). */
static bool_t
xdr_error (XDR *xdr, VapRpcError *error, char *message)
{
  bool_t there = TRUE;
  int unused = -1;

  return xdr_int (xdr, &error->code) && xdr_int (xdr, &error->domain) &&
         xdr_bool (xdr, &there) && xdr_string (xdr, &message, VAP_RPC_MESSAGE_MAX) &&
         xdr_int (xdr, &error->level) &&
         xdr_nothing (xdr) &&                                           /* domain */
         xdr_nothing (xdr) && xdr_nothing (xdr) && xdr_nothing (xdr) && /* str1 to str3 */
         xdr_int (xdr, &unused) && xdr_int (xdr, &unused) &&
         xdr_nothing (xdr); /* network */
}

/* at most VAP_RPC_MESSAGE_MAX bytes, not ending within a UTF-8 character */
static char *
cut_message (const char *message)
{
  gsize length = strlen (message);

  if (length <= VAP_RPC_MESSAGE_MAX)
    return g_strdup (message);
  length = VAP_RPC_MESSAGE_MAX;
  while (length > 0 && ((guint8) message[length] & 0xc0) == 0x80)
    length--;
  return g_strndup (message, length);
}

guint8 *
vap_rpc_error_reply (const VapRpcHeader *call, const VapRpcError *error, gsize *length)
{
  VapRpcHeader header = vap_rpc_header_reply_to (call, VAP_RPC_ERROR);
  g_autofree char *message = cut_message (error->message);
  /* the message has a length, padding, and a word that says it is there */
  gsize room = ERROR_WORDS * 4 + strlen (message) + 12;
  guint8 *frame = g_malloc (VAP_RPC_HEADER_SIZE + room);
  VapRpcError copy = *error;
  XDR xdr;

  xdrmem_create (&xdr, (char *) frame + VAP_RPC_HEADER_SIZE, (u_int) room, XDR_ENCODE);
  if (!xdr_error (&xdr, &copy, message))
    g_warn_if_reached ();
  *length = VAP_RPC_HEADER_SIZE + xdr_getpos (&xdr);
  xdr_destroy (&xdr);

  header.length = (guint32) *length;
  vap_rpc_header_write (&header, frame);
  return frame;
}

guint8 *
vap_rpc_words_frame (const VapRpcHeader *header, const guint32 *words, gsize n_words,
                     gsize *length)
{
  VapRpcHeader copy = *header;

  *length = VAP_RPC_HEADER_SIZE + n_words * 4;
  copy.length = (guint32) *length;

  guint8 *frame = g_malloc (*length);
  vap_rpc_header_write (&copy, frame);
  for (gsize i = 0; i < n_words; i++)
    vap_rpc_write_word (frame + VAP_RPC_HEADER_SIZE + 4 * i, words[i]);
  return frame;
}
