/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The judge's side of a stream that the gate has lent it (loan.h): relays it in the gate's
 * place, and has a call judged where it stands.  Knows nothing of the calls.  Used by
 * judge-main.c.
 */
#pragma once

#include "gate/loan.h"
#include "gate/question.h"

G_BEGIN_DECLS

/* So long no call has come: there is time to read ahead. */
#define VAP_DEPUTY_PAUSE_MS 1

/* So long nothing was judged: the stream goes back. */
#define VAP_DEPUTY_REST_MS 10000

typedef struct VapDeputy VapDeputy;

/**
 * VapDeputyFilter:
 * @wants, @concerns, @closes: as those of VapFilter; a call that closes is left to the gate
 * @judge: judges a call; calls vap_deputy_answer() and, when it has a record to keep after
 *   that, vap_deputy_keep() and vap_deputy_kept().  @frame is there till then.
 *   Returns: FALSE to give the stream back after it
 * @read_ahead: called in a pause after a call that was judged
 * @rest: in milliseconds, instead of %VAP_DEPUTY_REST_MS; 0 for that
 */
typedef struct {
  gboolean (*wants) (const VapRpcHeader *header);
  gboolean (*concerns) (const VapRpcHeader *header, const guint8 *frame);
  gboolean (*closes) (const VapRpcHeader *header);
  gboolean (*judge) (VapDeputy *deputy, const VapRpcHeader *header, const guint8 *frame,
                     gpointer user_data);
  void (*read_ahead) (gpointer user_data);
  gpointer user_data;
  gint rest;
} VapDeputyFilter;

/**
 * vap_deputy_run:
 * @gate: the socket to it, with which the stream was lent
 * @fds: those that came with it, which are closed
 *
 * Relays till the stream is the gate's again, and @gate between two questions.
 *
 * Returns: FALSE when this process is to end, since the gate is gone, or only goes on then
 */
gboolean vap_deputy_run (gint gate, gint fds[VAP_LOAN_N_FDS],
                         const VapDeputyFilter *filter) G_GNUC_WARN_UNUSED_RESULT;

/**
 * vap_deputy_answer:
 * @frame: (nullable): as of an answer in question.h, copied
 *
 * Answers the call that is being judged, and sends on what that makes of it.
 *
 * Returns: FALSE when the gate has the stream, and must be told the answer by the socket
 */
gboolean vap_deputy_answer (VapDeputy *deputy, VapAnswerKind kind, const guint8 *frame,
                            gsize length) G_GNUC_WARN_UNUSED_RESULT;

/* the call was answered, and its record is still to be kept: no reply passes meanwhile */
void vap_deputy_keep (VapDeputy *deputy);

/* it is kept; FALSE when the gate has the stream, and must be told by the socket */
gboolean vap_deputy_kept (VapDeputy *deputy) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
