/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A call that is put to the judge, which is a process of its own: it starts with the
 * first question of a connection and ends with the connection.  So the gate carries
 * no parser, goes on relaying while the judge thinks, and survives it.  Used by
 * relay.c; the other end is judge-main.c.
 *
 * On the socket between the two: a question is the call as it came, without the
 * bytes that carry its descriptors; of one longer than %VAP_QUESTION_MAX only the
 * header.  An answer is a word, VapAnswerKind, a word with the length of the frame
 * that follows, and that frame.  With %VAP_ANSWER_KEEPING in the kind the judge has still
 * to keep its decision: when the call has gone to the daemon the gate says so by a byte, so
 * that neither keeps the other from its work, and the judge answers by a byte when its
 * record is kept.  No reply reaches the client before.
 *
 * When the client has got the daemon's reply to a call that went on, a word of 0 in the
 * place of a question tells the judge: what the call changed is there now, and the next
 * may come soon.
 */
#pragma once

#include "rpc/frame.h"

G_BEGIN_DECLS

/* The longest call that is judged: one string as long as libvirt takes, and ample
 * room for what else such a call has. */
#define VAP_QUESTION_MAX (VAP_RPC_STRING_MAX + 64u * 1024)

/* in the kind of an answer that lets something go on */
#define VAP_ANSWER_KEEPING (1u << 31)

/* So long a reply waits for it at most; a judge that takes longer is not asked again. */
#define VAP_KEEPING_MS 1000

/* kind and length */
#define VAP_ANSWER_HEAD 8u

typedef enum {
  VAP_ANSWER_PASS,  /* the call goes on as it came: no frame follows */
  VAP_ANSWER_REPLY, /* the frame goes to the client, and the call goes nowhere */
  VAP_ANSWER_CALL,  /* the frame goes to the daemon instead */
  VAP_ANSWER_N_KINDS,
} VapAnswerKind;

/**
 * VapQuestion:
 * @start: starts a judge
 *   Returns: a socket connected to it, non-blocking; -1 when that failed
 * @lost: (nullable): told when a call was refused because its judge gave no answer, or
 *   passed and its judge ended before it had kept that
 * @fd: connected to the judge, or -1
 * @asked: the header of the call that is being judged
 * @question: what is still to be sent, not ours
 * @head: of the answer, @received bytes of it and the frame together
 * @kind: set when the answer is whole
 * @keeping: the answer is there, and its record is not kept yet; no other question may be
 *   asked
 * @gone: the judge was told that the call has gone
 * @running: the call went on, and the daemon has not replied; the last one, where several
 *   did
 * @frame: (nullable): of the answer
 */
typedef struct {
  gint (*start) (gpointer user_data);
  void (*lost) (guint32 procedure, gboolean passed, gpointer user_data);
  gpointer user_data;

  gint fd;
  VapRpcHeader asked;
  const guint8 *question;
  gsize left;
  guint8 head[VAP_ANSWER_HEAD];
  gsize received;
  VapAnswerKind kind;
  gboolean keeping;
  gboolean gone;
  gboolean running;
  gint64 keep_until; /* monotonic */
  guint8 *frame;
  gsize length;
} VapQuestion;

void vap_question_init (VapQuestion *question, gint (*start) (gpointer user_data),
                        gpointer user_data);
void vap_question_clear (VapQuestion *question);

/**
 * vap_question_ask:
 * @bytes: the whole call, or only its header when it is too long; must stay as long
 *   as it is being judged
 */
void vap_question_ask (VapQuestion *question, const VapRpcHeader *header,
                       const guint8 *bytes);

/* What the judge does already with a stream that it had (loan.h): it is judging the call,
 * or keeping its record. */
void vap_question_resume (VapQuestion *question, const VapRpcHeader *header,
                          gboolean keeping);

/* what poll() should wait for on @fd */
short vap_question_events (const VapQuestion *question);

/**
 * vap_question_move:
 *
 * Sends and receives what can be without waiting.  A judge that is gone answers too:
 * the call is refused, because it could not be judged.
 *
 * Returns: whether the answer is there: @kind, and @frame, which is the caller's
 */
gboolean vap_question_move (VapQuestion *question) G_GNUC_WARN_UNUSED_RESULT;

/* the call has gone: while @keeping, tells the judge, once */
void vap_question_go_on (VapQuestion *question);

/* whether @header is of the daemon's reply to the call that is @running */
gboolean vap_question_is_replied (const VapQuestion *question,
                                  const VapRpcHeader *header);

/* the reply has gone to the client: tells the judge, if there is nothing else to tell it */
void vap_question_replied (VapQuestion *question);

/* looks whether the record is kept, the judge gone or the time over; then @keeping is
 * FALSE */
void vap_question_look (VapQuestion *question);

G_END_DECLS
