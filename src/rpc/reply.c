/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Encodes the replies that the gate makes: by hand, so that a gate that relays need
 * not load a library for it.
 */
#include "config.h"

#include <string.h>

#include "rpc/reply.h"

/* Before the message: code, domain, that it is there, its length. */
#define WORDS_BEFORE 4u
/* After it: level, no domain, no str1 to str3, int1, int2, no network. */
#define WORDS_AFTER 8u

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

static guint8 *
write_words (guint8 *to, const guint32 *words, gsize n_words)
{
  for (gsize i = 0; i < n_words; i++)
    vap_rpc_write_word (to + 4 * i, words[i]);
  return to + 4 * n_words;
}

guint8 *
vap_rpc_error_reply (const VapRpcHeader *call, const VapRpcError *error, gsize *length)
{
  g_autofree char *message = cut_message (error->message);
  guint32 text = (guint32) strlen (message);
  guint32 padded = (text + 3) / 4 * 4;
  const guint32 before[WORDS_BEFORE] = { (guint32) error->code, (guint32) error->domain,
                                         TRUE, text };
  /* libvirt's own errors have -1 as int1 and int2 (src/util/virerror.c,
   * virReportErrorHelper()) */
  const guint32 after[WORDS_AFTER] = {
    [0] = (guint32) error->level, [5] = G_MAXUINT32, [6] = G_MAXUINT32
  };
  VapRpcHeader header = vap_rpc_header_reply_to (call, VAP_RPC_ERROR);

  *length = VAP_RPC_HEADER_SIZE + (WORDS_BEFORE + WORDS_AFTER) * 4 + padded;
  header.length = (guint32) *length;

  guint8 *frame = g_malloc0 (*length);
  vap_rpc_header_write (&header, frame);
  guint8 *at = write_words (frame + VAP_RPC_HEADER_SIZE, before, WORDS_BEFORE);
  memcpy (at, message, text);
  write_words (at + padded, after, WORDS_AFTER);
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
  write_words (frame + VAP_RPC_HEADER_SIZE, words, n_words);
  return frame;
}
