/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Relays a connection between a client and the daemon, both ways, and stops only
 * at the client's calls that a filter wants to see.  Knows nothing of the calls.
 * Used by main.c.
 */
#pragma once

#include "gate/pipe.h"
#include "gate/question.h"

G_BEGIN_DECLS

/* How long a client that is gone keeps a daemon that reads nothing waited for. */
#define VAP_RELAY_LINGER_MS 10000

/**
 * VapFilter:
 * @wants: whether a call of the client is to be judged
 * @concerns: (nullable): whether it still is, now that the whole @frame is there; one
 *   that is not goes on
 * @closes: (nullable): for who takes a VapFarewell: whether a call is the client's last
 * @start_judge: see vap_question_init()
 * @judge_lost: (nullable): see VapQuestion, @lost
 * @user_data: for @start_judge and @judge_lost
 * @lends: the judge takes the stream (loan.h)
 * @linger: in milliseconds, instead of %VAP_RELAY_LINGER_MS; 0 for that
 */
typedef struct {
  gboolean (*wants) (const VapRpcHeader *header);
  gboolean (*concerns) (const VapRpcHeader *header, const guint8 *frame);
  gboolean (*closes) (const VapRpcHeader *header);
  gint (*start_judge) (gpointer user_data);
  void (*judge_lost) (guint32 procedure, gboolean passed, gpointer user_data);
  gpointer user_data;
  gboolean lends;
  gint linger;
} VapFilter;

/**
 * VapFarewell: the daemon's reply to the client's last call
 * @length: of @reply; 0 when there is none that the client has not got
 */
typedef struct {
  guint8 reply[VAP_RPC_HEADER_SIZE];
  gsize length;
} VapFarewell;

/**
 * vap_relay_run:
 * @client_in: to read from the client
 * @client_out: to write to the client; may be the same socket as @client_in
 * @daemon: connected
 * @begun: (nullable): what was already read from the client, at most %VAP_PIPE_SIZE bytes
 * @farewell: (out) (nullable): the last that the client is to get, which the caller sends
 *
 * Makes the descriptors non-blocking and relays until one end is gone and the other
 * has got everything; closes none of them.  What a client left behind that is gone is
 * delivered as long as the daemon reads it.
 *
 * Returns: FALSE when one side does not speak libvirt's protocol
 */
gboolean vap_relay_run (gint client_in, gint client_out, gint daemon, const guint8 *begun,
                        gsize begun_length, const VapFilter *filter,
                        VapFarewell *farewell, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
