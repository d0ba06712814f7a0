/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The stream, lent to the judge: from the second call on that a connection has judged, the
 * judge's process relays, so that such a call needs no way from one process to the other and
 * back.  The gate sleeps meanwhile.  It has the stream back
 *
 *  - when the judge gives it back: when anything comes up but calls, replies and events, and
 *    when nothing was judged for a while;
 *  - when the judge takes long with something: the gate goes on relaying then, as it does
 *    where it has asked (question.h), and gets the answer as it does there;
 *  - when the judge has ended.
 *
 * How far the stream has come is told in memory that both have, so nothing of it is lost
 * with the judge, as long as it did not end within the very steps of relaying.
 *
 * It is lent by a word of %VAP_LOAN_WORD in the place of a question, with the descriptors
 * of VapLoanFd.  A byte tells the gate that it is given back.  Used by relay.c; the judge's
 * side is deputy.c.
 */
#pragma once

#include "gate/stream.h"

G_BEGIN_DECLS

#define VAP_LOAN_WORD 1u

/* What takes longer than one tick, and at most two, takes long. */
#define VAP_LOAN_TICK_MS 20

/* the descriptors that go with the word, in this order */
typedef enum {
  VAP_LOAN_ROOM,  /* of the memory, a VapLoanRoom */
  VAP_LOAN_CLOCK, /* a timerfd, by which the gate looks whether the judge takes long */
  VAP_LOAN_CLIENT_IN,
  VAP_LOAN_CLIENT_OUT,
  VAP_LOAN_DAEMON,
  VAP_LOAN_N_FDS,
} VapLoanFd;

typedef enum {
  VAP_LOAN_MOVING,   /* the judge relays: what is here need not be sound */
  VAP_LOAN_WAITING,  /* it waits for the peers */
  VAP_LOAN_ASKING,   /* the call at the boundary of @up is judged; all before it has gone */
  VAP_LOAN_KEEPING,  /* that call has gone, and its record is not kept yet */
  VAP_LOAN_READING,  /* the judge reads ahead */
  VAP_LOAN_RETURNED, /* it has given the stream back */
  VAP_LOAN_TAKEN,    /* the gate has taken it back */
} VapLoanState;

/**
 * VapLoanRoom:
 * @state: VapLoanState, changed atomically; only out of ASKING, KEEPING and READING do both
 *   sides change it
 * @size: of this structure: the judge may be of another version than the gate
 * @n_busy: how often the judge has begun with something that can take long; atomically
 * @ticks: the clock runs; atomically: the judge starts it, the gate has it stand still.  So
 *   the clock of a judge that is busy again and again costs nothing each time.
 * @stream: what its pointers and descriptors are is known to the judge alone
 * @header, @call_size: of the call that is being judged, or was; @call_size is that in the
 *   stream
 * @bytes: what @stream has read and not yet sent, of @up and of @down
 */
typedef struct {
  gint state;
  guint32 size;
  gint n_busy;
  gint ticks;
  VapStream stream;
  VapRpcHeader header;
  guint64 call_size;
  guint8 bytes[2][VAP_PIPE_SIZE];
} VapLoanRoom;

/**
 * VapLoan: the gate's side
 * @room: (nullable): NULL before the first loan
 * @lent: the stream is the judge's
 * @seen_busy: @n_busy of the room, when the clock ticked last
 * @header, @call_size: of VapLoanRoom, once the stream is back: what is in memory that
 *   others can write is not looked at twice
 */
typedef struct {
  VapLoanRoom *room;
  gint room_fd;
  gint clock;
  gboolean lent;
  gint seen_busy;
  VapRpcHeader header;
  guint64 call_size;
} VapLoan;

/**
 * vap_loan_back:
 * @VAP_LOAN_NOT_BACK: the judge has the stream still
 * @VAP_LOAN_BACK: the gate goes on with it
 * @VAP_LOAN_BACK_ASKING: the same, while a call is being judged that stands at the boundary
 * @VAP_LOAN_BACK_KEEPING: the same, while the record of a call is kept
 * @VAP_LOAN_LOST: the judge ended within a step of relaying, or left nonsense
 */
typedef enum {
  VAP_LOAN_NOT_BACK,
  VAP_LOAN_BACK,
  VAP_LOAN_BACK_ASKING,
  VAP_LOAN_BACK_KEEPING,
  VAP_LOAN_LOST,
} VapLoanBack;

/* has the clock tick once */
void vap_loan_tick (gint clock);

void vap_loan_init (VapLoan *loan);
/* ends the room, not what is known of the call */
void vap_loan_clear (VapLoan *loan);

/**
 * vap_loan_lend:
 * @stream: idle
 * @judge: connected to it, with nothing under way
 *
 * What cannot be lent stays as it is.
 */
void vap_loan_lend (VapLoan *loan, const VapStream *stream, gint judge);

/**
 * vap_loan_wait:
 * @stream: gets what is under way; unchanged when it is not back
 *
 * Waits till something happens.  That the judge has ended shows at @judge again.
 */
VapLoanBack vap_loan_wait (VapLoan *loan, VapStream *stream, gint judge);

G_END_DECLS
