/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The calls that can bring a crypto device or an AP CPU feature into a guest, or make,
 * change or start an AP matrix: what to ask the judge about each, and how its verdict
 * becomes an answer of libvirt's.  Used by judge-main.c.
 */
#pragma once

#include "rpc/frame.h"

G_BEGIN_DECLS

/* VapAnswer: with neither, the call goes on as it came. */
typedef struct {
  guint8 *reply;  /* goes to the client, and the call goes nowhere */
  gsize reply_length;
  guint8 *call;   /* goes to the daemon instead */
  gsize call_length;
} VapAnswer;

/* whether a frame of the client is to be judged; the gate itself asks procedures.h */
gboolean vap_calls_wants (const VapRpcHeader *header);

/* Sends an answer before its record is kept. */
typedef void (*VapAnswerFunc) (const VapAnswer *answer);

/**
 * VapSeat: where the judge sits
 * @root: the root directory, see vap_host_read()
 * @uri: of the daemon that the calls are for, for a connection of the judge's own
 * @sweep_at: monotonic time when grants that were left behind are to be looked after;
 *   0 for not at all
 * @go_on: (nullable): called with an answer that is no reply, when its record is still to
 *   be kept: the daemon works meanwhile
 */
typedef struct {
  const char *root;
  const char *uri;
  gint64 sweep_at;
  VapAnswerFunc go_on;
} VapSeat;

/**
 * vap_calls_judge:
 * @frame: whole, @header its header; NULL when it is longer than %VAP_QUESTION_MAX, and
 *   the answer must be a reply
 * @answer: what is put there is the caller's
 */
void vap_calls_judge (const VapRpcHeader *header, const guint8 *frame, VapAnswer *answer,
                      VapSeat *seat);

/* keeps a record of a call whose judge ended without an answer; nothing of another */
void vap_calls_keep_lost (guint32 procedure, gboolean passed, const char *root);

/* looks after the grants that were left behind, and sets @sweep_at anew; what goes wrong
 * is for the log */
void vap_calls_sweep (VapSeat *seat);

/* whether all that is judged of an intercepted call is the XML in it; tests compare */
gboolean vap_calls_carries_xml (guint32 procedure);

/* libvirt's name of an intercepted call, NULL for another; tests compare the table */
const char *vap_calls_name (guint32 procedure);

G_END_DECLS
