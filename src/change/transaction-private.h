/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The inside of a transaction, for transaction.c, which runs one, and recover.c, which
 * reads one back.  Not installed.
 */
#pragma once

#include <signal.h>

#include "change/priv.h"
#include "change/transaction.h"

G_BEGIN_DECLS

typedef struct {
  VapStep *step;
  VapOutcome outcome;
  char *problem;
  gboolean noted; /* its `add` is in the journal */
  gboolean begun; /* and its `begin` */
} VapEntry;

struct _VapTransaction {
  char *root;
  char *title;
  char *lock;         /* its path, NULL for a dry one */
  char *journal_path;
  int journal;        /* -1: nothing is written yet, or not any more */
  gboolean rebooted;  /* the journal is from before the machine's last start */
  gboolean resumed;   /* read back: nothing happens to it unbidden */
  gboolean finished;  /* committed, rolled back, or given up */
  gboolean seized;    /* and the journal says that nobody does anything for it any more */
  gboolean whole;     /* all of its steps are known: the commit has begun */
  GPtrArray *entries; /* VapEntry */
  char *recovered;
  sigset_t held;      /* the mask of signals as it was */
  gboolean holds;     /* signals are held back */
  VapProgressFunc progress;
  gpointer progress_data;
  int percent;        /* how far the step under way says it is, -1 when it does not */
  VapCheckFunc check;
  gpointer check_data;
};

VapTransaction *vap_transaction_new_bare (const char *root, const char *title);
VapEntry *vap_transaction_entry (const VapTransaction *transaction, guint index);
void vap_transaction_append (VapTransaction *transaction, VapStep *step, gboolean noted);
void vap_transaction_hold_signals (VapTransaction *transaction);

/* recover.c: what the journal holds, seized; @found NULL when there is nothing.  The
 * lock must be held. */
gboolean vap_transaction_read_journal (const char *root, guint patience_ms,
                                       VapTransaction **found,
                                       GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* waits for what a daemon runs for a transaction that goes no further */
gboolean vap_transaction_await_programs (const VapTransaction *transaction,
                                         GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
