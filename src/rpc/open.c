/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Decodes what the opening of a connection needs.
 */
#include "config.h"

#include <string.h>

#include "rpc/open.h"

/* REMOTE_AUTH_TYPE_LIST_MAX */
#define AUTH_TYPES_MAX 20u

void
vap_rpc_open_clear (VapRpcOpen *open)
{
  g_clear_pointer (&open->uri, g_free);
}

/* remote_string: whether it is there, its length, its bytes with padding of zeros.
 * Returns what follows, or NULL. */
static const guint8 *
decode_string (const guint8 *at, const guint8 *end, char **text)
{
  if (end - at < 4 || vap_rpc_read_word (at) > TRUE)
    return NULL;
  if (vap_rpc_read_word (at) == FALSE)
    return at + 4;
  if (end - at < 8)
    return NULL;

  guint32 length = vap_rpc_read_word (at + 4);
  at += 8;
  if (length > VAP_RPC_STRING_MAX || (gsize) (end - at) < (length + 3) / 4 * 4)
    return NULL;
  *text = g_strndup ((const char *) at, length);
  return at + (length + 3) / 4 * 4;
}

gboolean
vap_rpc_open_decode (const guint8 *payload, gsize length, VapRpcOpen *open)
{
  const guint8 *end = payload + length;

  memset (open, 0, sizeof *open);

  const guint8 *at = decode_string (payload, end, &open->uri);
  if (at == NULL || end - at != 4)
    return FALSE;
  open->flags = vap_rpc_read_word (at);
  return TRUE;
}

gboolean
vap_rpc_auth_list_decode (const guint8 *payload, gsize length, guint32 *type)
{
  if (length < 4)
    return FALSE;

  guint32 n_types = vap_rpc_read_word (payload);
  if (n_types > AUTH_TYPES_MAX || length != 4 + 4 * (gsize) n_types)
    return FALSE;
  *type = n_types > 0 ? vap_rpc_read_word (payload + 4) : VAP_RPC_AUTH_NONE;
  return TRUE;
}
