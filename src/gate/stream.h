/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Both directions of a connection, and the waiting for its two peers.  Used by relay.c and
 * deputy.c, which decide what passes.
 */
#pragma once

#include <poll.h>

#include "gate/pipe.h"

G_BEGIN_DECLS

/**
 * VapStream:
 * @up: from the client to the daemon
 * @down: from the daemon to the client
 * @looks: how often both peers are still looked at before they are waited for
 */
typedef struct {
  VapPipe up;
  VapPipe down;
  guint looks;
} VapStream;

/* what a stream waits for, for poll(); who waits may have more behind these */
#define VAP_STREAM_FDS 4u

/* whether nothing is anywhere between the peers, and both are there */
gboolean vap_stream_is_idle (const VapStream *stream);

/**
 * vap_stream_look_again:
 * @wants_client: whether the client is to be read from
 *
 * In the midst of much traffic more of it is there soon.  Nothing but input may be waited
 * for: only poll() tells of the rest.
 *
 * Returns: whether something came
 */
gboolean vap_stream_look_again (VapStream *stream, gboolean wants_client);

/* what to wait for */
void vap_stream_choose (const VapStream *stream, gboolean wants_client,
                        struct pollfd fds[VAP_STREAM_FDS]);

/* takes what poll() has told of: reads, and notes who may be written to again or is gone */
void vap_stream_take (VapStream *stream, const struct pollfd fds[VAP_STREAM_FDS]);

/* has @fd among those that poll() waits for, or left out: a descriptor that nothing is
 * wanted from would have its hang-up reported for ever */
void vap_stream_want (struct pollfd *fd, gboolean wanted, gint descriptor, short events);

G_END_DECLS
