/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The arguments of the calls that carry XML.  remote_protocol.x has one structure
 * for each call; all are one of a few shapes.  Used by the gate.
 */
#pragma once

#include "rpc/frame.h"

G_BEGIN_DECLS

/* What stands beside the XML. */
typedef enum {
  VAP_RPC_ARGS_XML = 0,
  VAP_RPC_ARGS_DOMAIN = 1 << 0, /* a remote_nonnull_domain before it */
  VAP_RPC_ARGS_FLAGS = 1 << 1,  /* unsigned flags after it */
} VapRpcShape;

#define VAP_RPC_UUID_SIZE 16

typedef struct {
  /* remote_nonnull_domain; name is NULL where the shape has none */
  char *guest_name;
  guint8 guest_uuid[VAP_RPC_UUID_SIZE];
  gint guest_id;

  char *xml;
  guint flags;
} VapRpcArgs;

void vap_rpc_args_clear (VapRpcArgs *args);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (VapRpcArgs, vap_rpc_args_clear)

/**
 * vap_rpc_args_decode:
 * @payload: of any content and length
 * @args: (out caller-allocates): free with vap_rpc_args_clear(), also after FALSE
 *
 * Returns: FALSE unless @payload is exactly such arguments, to its last byte, no
 *   string longer than %VAP_RPC_STRING_MAX
 */
gboolean vap_rpc_args_decode (VapRpcShape shape, const guint8 *payload, gsize length,
                              VapRpcArgs *args) G_GNUC_WARN_UNUSED_RESULT;

/**
 * vap_rpc_args_encode:
 * @head: the beginning of the new frame: a header, whose length is set anew, and
 *   what else stands before the arguments
 * @length: (out): of the frame
 *
 * Returns: (transfer full): a whole frame, free with g_free(); NULL when a string
 *   is too long to be sent
 */
guint8 *vap_rpc_args_encode (const guint8 *head, gsize head_length, VapRpcShape shape,
                             const VapRpcArgs *args,
                             gsize *length) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
