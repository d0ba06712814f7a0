/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * XDR of the calls that carry XML: one routine for both ways, as XDR has it.
 * Source: libvirt src/remote/remote_protocol.x, remote_domain_define_xml_args and
 * its like.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include <rpc/rpc.h>

#include "rpc/args.h"

void
vap_rpc_args_clear (VapRpcArgs *args)
{
  /* libtirpc's memory is malloc()'s, as GLib's is */
  g_clear_pointer (&args->guest_name, g_free);
  g_clear_pointer (&args->xml, g_free);
}

static bool_t
xdr_guest (XDR *xdr, VapRpcArgs *args)
{
  return xdr_string (xdr, &args->guest_name, VAP_RPC_STRING_MAX) &&
         xdr_opaque (xdr, (char *) args->guest_uuid, VAP_RPC_UUID_SIZE) &&
         xdr_int (xdr, &args->guest_id);
}

static bool_t
xdr_args (XDR *xdr, VapRpcShape shape, VapRpcArgs *args)
{
  if ((shape & VAP_RPC_ARGS_DOMAIN) && !xdr_guest (xdr, args))
    return FALSE;
  if (!xdr_string (xdr, &args->xml, VAP_RPC_STRING_MAX))
    return FALSE;
  return !(shape & VAP_RPC_ARGS_FLAGS) || xdr_u_int (xdr, &args->flags);
}

gboolean
vap_rpc_args_decode (VapRpcShape shape, const guint8 *payload, gsize length,
                     VapRpcArgs *args)
{
  XDR xdr;

  memset (args, 0, sizeof *args);
  if (length > VAP_RPC_FRAME_MAX)
    return FALSE;

  /* decoding only reads, whatever the type says */
  xdrmem_create (&xdr, (char *) payload, (u_int) length, XDR_DECODE);
  gboolean whole = xdr_args (&xdr, shape, args) && xdr_getpos (&xdr) == length;
  xdr_destroy (&xdr);
  return whole;
}

/* Room for any arguments of these strings: each with its length and padding. */
static gsize
args_room (const VapRpcArgs *args)
{
  gsize name = args->guest_name != NULL ? strlen (args->guest_name) : 0;

  return name + strlen (args->xml) + 2 * 8 + VAP_RPC_UUID_SIZE + 2 * 4;
}

guint8 *
vap_rpc_args_encode (const guint8 *head, gsize head_length, VapRpcShape shape,
                     const VapRpcArgs *args, gsize *length)
{
  gsize room = args_room (args);
  XDR xdr;

  if (head_length + room > VAP_RPC_FRAME_MAX)
    return NULL;

  g_autofree guint8 *frame = g_malloc (head_length + room);
  memcpy (frame, head, head_length);

  /* encoding only reads the arguments, whatever the type says */
  xdrmem_create (&xdr, (char *) frame + head_length, (u_int) room, XDR_ENCODE);
  gboolean fits = xdr_args (&xdr, shape, (VapRpcArgs *) args);
  *length = head_length + xdr_getpos (&xdr);
  xdr_destroy (&xdr);
  if (!fits)
    return NULL;

  vap_rpc_write_word (frame, (guint32) *length);
  return g_steal_pointer (&frame);
}
