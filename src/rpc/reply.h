/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Replies that the gate makes itself: errors, and the few small ones of the
 * opening.  Source: libvirt src/rpc/virnetprotocol.x, virNetMessageError.
 */
#pragma once

#include "rpc/frame.h"

G_BEGIN_DECLS

/* A longer message is cut, at a whole character. */
#define VAP_RPC_MESSAGE_MAX 65536u

/* The numbers of <libvirt/virterror.h>; this folder passes them on. */
typedef struct {
  gint code;
  gint domain;
  gint level;
  const char *message;
} VapRpcError;

/**
 * vap_rpc_error_reply:
 * @call: the header of the call that gets it
 *
 * Returns: (transfer full): a whole frame, free with g_free()
 */
guint8 *vap_rpc_error_reply (const VapRpcHeader *call, const VapRpcError *error,
                             gsize *length) G_GNUC_WARN_UNUSED_RESULT;

/**
 * vap_rpc_words_frame:
 * @header: the length is set anew
 *
 * Returns: (transfer full): a whole frame whose payload is these words, free with
 *   g_free()
 */
guint8 *vap_rpc_words_frame (const VapRpcHeader *header, const guint32 *words,
                             gsize n_words, gsize *length) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
