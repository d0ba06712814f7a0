/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Relays a connection between a client and the daemon, both ways, and stops only
 * at the client's calls that a filter wants to see.  Knows nothing of the calls.
 * Used by main.c.
 */
#pragma once

#include "gate/pipe.h"

G_BEGIN_DECLS

/* The longest call that is collected to be judged: one string as long as libvirt
 * takes, and ample room for what else such a call has. */
#define VAP_RELAY_CALL_MAX (VAP_RPC_STRING_MAX + 64u * 1024)

/* VapAnswer: with neither, the call goes on as it came. */
typedef struct {
  guint8 *reply;  /* goes to the client, and the call goes nowhere */
  gsize reply_length;
  guint8 *call;   /* goes to the daemon instead */
  gsize call_length;
} VapAnswer;

/**
 * VapFilter:
 * @wants: whether a frame of the client is to be judged
 * @judge: @frame is whole, @header its header; @frame is NULL when it is longer than
 *   %VAP_RELAY_CALL_MAX, and the answer must be a reply.  What is in @answer
 *   becomes the relay's.
 */
typedef struct {
  gboolean (*wants) (const VapRpcHeader *header);
  void (*judge) (const VapRpcHeader *header, const guint8 *frame, VapAnswer *answer,
                 gpointer user_data);
  gpointer user_data;
} VapFilter;

/**
 * vap_relay_run:
 * @client_in: to read from the client
 * @client_out: to write to the client; may be the same socket as @client_in
 * @daemon: connected
 * @begun: (nullable): what was already read from the client, at most %VAP_PIPE_SIZE bytes
 *
 * Makes the descriptors non-blocking and relays until one end is gone and the other
 * has got everything; closes none of them.
 *
 * Returns: FALSE when one side does not speak libvirt's protocol
 */
gboolean vap_relay_run (gint client_in, gint client_out, gint daemon,
                        const guint8 *begun, gsize begun_length, const VapFilter *filter,
                        GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
