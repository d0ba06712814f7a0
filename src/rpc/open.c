/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Decodes what the opening of a connection needs.
 */
#include "config.h"

#include <string.h>

#include <rpc/rpc.h>

#include "rpc/open.h"

/* REMOTE_AUTH_TYPE_LIST_MAX */
#define AUTH_TYPES_MAX 20u

void
vap_rpc_open_clear (VapRpcOpen *open)
{
  g_clear_pointer (&open->uri, g_free);
}

gboolean
vap_rpc_open_decode (const guint8 *payload, gsize length, VapRpcOpen *open)
{
  bool_t there = FALSE;
  XDR xdr;

  memset (open, 0, sizeof *open);
  if (length > VAP_RPC_FRAME_MAX)
    return FALSE;

  /* decoding only reads, whatever the type says */
  xdrmem_create (&xdr, (char *) payload, (u_int) length, XDR_DECODE);
  gboolean whole = xdr_bool (&xdr, &there) &&
                   (!there || xdr_string (&xdr, &open->uri, VAP_RPC_STRING_MAX)) &&
                   xdr_u_int (&xdr, &open->flags) && xdr_getpos (&xdr) == length;
  xdr_destroy (&xdr);
  return whole;
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
