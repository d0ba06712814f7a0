/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Transactions: several changes to the host, all of them or none.
 *
 *   g_autoptr (VapTransaction) transaction =
 *       vap_transaction_begin (root, "virt-ap create …", VAP_LOCK_PATIENCE_MS, &error);
 *   host = vap_host_read (root, &error);         // under the lock: nobody changes it now
 *   vap_transaction_add (transaction, vap_masks_step_new (…));
 *   vap_transaction_add (transaction, vap_file_step_new (…));
 *   if (!vap_transaction_commit (transaction, &error))
 *     the host is as before, or *error and vap_transaction_outcome() tell what is not
 *
 * A transaction holds the lock of AP settings (lock.h) from begin to free.  Each step
 * is written to a journal, with what is needed to undo it, and is on the disk before
 * the host is touched.  A process that is killed leaves the journal; the next one that
 * begins a transaction, `virt-ap repair`, or the callout finds it and rolls it back (or,
 * when all of its steps were done, or cannot be undone, completes it).  Whether a step was done is asked of the host, not of the journal, so it does not
 * matter between which two system calls the process ended.
 *
 * Between begin and free, SIGINT, SIGTERM and SIGHUP are held back: between two steps
 * one of them makes the transaction roll back, and it is delivered when the transaction
 * is freed.
 *
 * The journal is VAP_JOURNAL_FILE: one for the machine, as there is one lock.  Under
 * /var/lib, because files that were changed are still there after a restart of the
 * machine, when the state of the kernel is gone.
 */
#pragma once

#include "change/lock.h"
#include "change/step.h"

G_BEGIN_DECLS

#define VAP_JOURNAL_FILE "/var/lib/virt-ap/journal"

typedef struct _VapTransaction VapTransaction;

/* What became of a step. */
typedef enum {
  VAP_OUTCOME_PLANNED, /* not begun */
  VAP_OUTCOME_DONE,
  VAP_OUTCOME_UNDONE,  /* begun, and the host is as it was before it */
  VAP_OUTCOME_STUCK,   /* begun, and could not be undone: vap_transaction_problem() */
} VapOutcome;

/**
 * vap_transaction_begin:
 * @root: (nullable): a directory in front of /sys, /etc, /var and /run
 * @title: what is done, for people and for `virt-ap repair`: the command line
 * @patience_ms: how long to wait for the lock, %VAP_LOCK_PATIENCE_MS as a rule
 *
 * Takes the lock, and rolls back or completes what an interrupted transaction left
 * (vap_transaction_recovered()).
 *
 * Returns: (transfer full): free with vap_transaction_free(); NULL with
 *   %VAP_ERROR_BUSY when the lock was held for so long, %VAP_ERROR_HALF_DONE when an
 *   interrupted transaction can be neither, which then has to be repaired first,
 *   and %VAP_ERROR_UNREADABLE when there can be no lock or no journal
 */
VapTransaction *vap_transaction_begin (const char *root, const char *title,
                                       guint patience_ms,
                                       GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* For --dry-run: takes no lock and writes nothing; it can be added to and shown, not
 * applied. */
VapTransaction *vap_transaction_new_dry (const char *root, const char *title);

/* Without a commit, everything applied is rolled back here.  Gives the lock back. */
void vap_transaction_free (VapTransaction *transaction);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VapTransaction, vap_transaction_free)

/* takes @step; it is done by the next apply or commit, after those added before it */
void vap_transaction_add (VapTransaction *transaction, VapStep *step);

/**
 * vap_transaction_apply:
 *
 * Does the steps that were added and not done yet: for a transaction that has to look
 * at what one step made before it can say what the next one is.  Those after a failed
 * one are not begun; then everything is rolled back, also what an earlier apply did.
 *
 * Returns: FALSE with the failed step's error (%VAP_ERROR_FAILED by most), and the host
 *   as it was before the transaction; or with %VAP_ERROR_HALF_DONE, which says what is
 *   left, when that was not possible.  The journal then stays for `virt-ap repair`.
 */
gboolean vap_transaction_apply (VapTransaction *transaction,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Applies what is left, and makes it all final; after TRUE nothing can undo it.  After
 * FALSE as vap_transaction_apply(). */
gboolean vap_transaction_commit (VapTransaction *transaction,
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * VapCheckFunc:
 *
 * Looks whether what was done is what was wanted.  FALSE with @error undoes it.
 */
typedef gboolean (*VapCheckFunc) (const VapTransaction *transaction, gpointer user_data,
                                  GError **error);

/* called by the commit after all steps, before they become final; @user_data must live
 * until then */
void vap_transaction_set_check (VapTransaction *transaction, VapCheckFunc func,
                                gpointer user_data);

/* Undoes everything: for a caller who finds after apply that the result is not what it
 * wanted.  FALSE with %VAP_ERROR_HALF_DONE. */
gboolean vap_transaction_roll_back (VapTransaction *transaction,
                                    GError **error) G_GNUC_WARN_UNUSED_RESULT;

const char *vap_transaction_title (const VapTransaction *transaction);
guint vap_transaction_n_steps (const VapTransaction *transaction);
const VapStep *vap_transaction_step (const VapTransaction *transaction, guint index);
VapOutcome vap_transaction_outcome (const VapTransaction *transaction, guint index);
/* the journal has it: it may be done, or half done */
gboolean vap_transaction_has_begun (const VapTransaction *transaction, guint index);
/* (nullable): why a step could not be undone */
const char *vap_transaction_problem (const VapTransaction *transaction, guint index);

/* (nullable) (transfer none): a sentence, without a full stop, about an interrupted
 * transaction that vap_transaction_begin() finished, to be told */
const char *vap_transaction_recovered (const VapTransaction *transaction);

/* the word for an outcome in JSON: "planned", "done", "undone", "stuck" */
const char *vap_outcome_to_string (VapOutcome outcome);

/**
 * VapProgressFunc:
 * @index: of the step that is about to be done, 0 and more
 * @undoing: it is about to be undone
 */
typedef void (*VapProgressFunc) (const VapTransaction *transaction, guint index,
                                 gboolean undoing, gpointer user_data);
void vap_transaction_set_progress (VapTransaction *transaction, VapProgressFunc func,
                                   gpointer user_data);

/* how far the step is that is being done, 0 to 100; -1 when it does not tell.  The
 * progress function is called again for the same step when that changes. */
int vap_transaction_percent (const VapTransaction *transaction);

/* Interrupted transactions */

/**
 * vap_transaction_resume:
 * @interrupted: (out): the transaction that the journal holds, with the lock; NULL when
 *   there is none, and nothing to repair
 *
 * For `virt-ap repair`, which shows it and then calls one of
 * vap_transaction_finish(), vap_transaction_roll_back(), vap_transaction_commit() (which
 * does what is missing, in order) and vap_transaction_forget().  Steps that were not
 * begun when it was interrupted are part of it too, if they were added by then.
 *
 * Waits, within @patience_ms, for the lock and for programs that the interrupted
 * transaction ran and that still work.
 */
gboolean vap_transaction_resume (const char *root, guint patience_ms,
                                 VapTransaction **interrupted,
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * vap_transaction_finish:
 * @completed: (out): it was completed, not rolled back
 *
 * What vap_transaction_begin() does with an interrupted transaction: completes it when
 * all of its steps are done, or the one that decides (VapStepKind.settle); else rolls it
 * back, else completes it where it was in the
 * middle of its commit.  FALSE with %VAP_ERROR_HALF_DONE.
 */
gboolean vap_transaction_finish (VapTransaction *interrupted, gboolean *completed,
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Removes the journal and leaves the host as it is. */
gboolean vap_transaction_forget (VapTransaction *transaction,
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* For the callout */

/**
 * vap_transaction_covers:
 * @holder: the process that the lock names (vap_lock_holder())
 * @uuid: the device that mdevctl is about to change, canonical
 * @mdevctl: the process that is about to change it
 *
 * Whether a transaction is under way whose process is @holder and which has begun a step
 * about this device: then mdevctl runs for it, directly or through libvirtd, and must
 * not wait for the lock, which is held for it.  That mdevctl is noted in the journal, so
 * that nobody rolls back while it runs.  A journal is believed when root owns it and its
 * directory, nobody else may write there, and the process that wrote it still holds it.
 */
gboolean vap_transaction_covers (const char *root, pid_t holder, const char *uuid,
                                 pid_t mdevctl);

/**
 * vap_transaction_is_orphan:
 *
 * Whether a journal has a step about this device that was begun, while
 * vap_transaction_covers() says no: then whoever changes the device now may do so for a
 * transaction that was killed, and must not, since that is about to be rolled back.
 */
gboolean vap_transaction_is_orphan (const char *root, const char *uuid);

/**
 * vap_transaction_recover_plain:
 *
 * For a caller that has the lock for itself: rolls back an interrupted transaction if
 * that takes no program (VAP_STEP_PROGRAM), since it runs below one.
 *
 * Returns: FALSE with %VAP_ERROR_HALF_DONE, saying that `virt-ap repair` has to be run
 *   first
 */
gboolean vap_transaction_recover_plain (const char *root,
                                        GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
