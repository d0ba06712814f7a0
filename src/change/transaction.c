/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Doing and undoing the steps of a transaction; see transaction.h.
 */
#include "config.h"

#include "change/transaction-private.h"
#include "change/undone.h"

#include <glib/gi18n-lib.h>
#include <unistd.h>

static void
entry_free (VapEntry *entry)
{
  vap_step_free (entry->step);
  g_free (entry->problem);
  g_free (entry);
}

VapTransaction *
vap_transaction_new_bare (const char *root, const char *title)
{
  VapTransaction *transaction = g_new0 (VapTransaction, 1);

  transaction->root = g_strdup (root != NULL ? root : "");
  transaction->title = g_utf8_make_valid (title, -1);
  transaction->journal_path = g_strconcat (transaction->root, VAP_JOURNAL_FILE, NULL);
  transaction->journal = -1;
  transaction->percent = -1;
  transaction->entries = g_ptr_array_new_with_free_func ((GDestroyNotify) entry_free);
  return transaction;
}

VapEntry *
vap_transaction_entry (const VapTransaction *transaction, guint index)
{
  g_return_val_if_fail (index < transaction->entries->len, NULL);
  return g_ptr_array_index (transaction->entries, index);
}

void
vap_transaction_append (VapTransaction *transaction, VapStep *step, gboolean noted)
{
  VapEntry *entry = g_new0 (VapEntry, 1);

  entry->step = step;
  entry->noted = noted;
  vap_step_set_root (step, transaction->root);
  vap_step_set_journal (step, transaction->journal);
  g_ptr_array_add (transaction->entries, entry);
}

void
vap_transaction_hold_signals (VapTransaction *transaction)
{
  sigset_t set = vap_step_ending_signals ();

  transaction->holds = pthread_sigmask (SIG_BLOCK, &set, &transaction->held) == 0;
}

static gboolean
take_lock (VapTransaction *transaction, guint patience_ms, GError **error)
{
  g_autofree char *path = vap_lock_path (transaction->root);

  if (!vap_lock_take (path, getpid (), patience_ms, error))
    return FALSE;
  transaction->lock = g_steal_pointer (&path);
  return TRUE;
}

/* what an interrupted transaction left is finished before anything new is begun */
static gboolean
recover (VapTransaction *transaction, guint patience_ms, GError **error)
{
  g_autoptr (VapTransaction) found = NULL;
  gboolean completed;

  if (!vap_transaction_read_journal (transaction->root, patience_ms, &found, error))
    return FALSE;
  if (found == NULL)
    return TRUE;
  if (!vap_transaction_finish (found, &completed, error)) {
    g_prefix_error (error,
                    _ ("'%s' was interrupted and has to be repaired first (virt-ap "
                       "repair): "),
                    found->title);
    return FALSE;
  }
  transaction->recovered = g_strdup_printf (
      completed ? _ ("'%s' had been interrupted, and was completed first")
                : _ ("'%s' had been interrupted, and was undone first"),
      found->title);
  return TRUE;
}

VapTransaction *
vap_transaction_begin (const char *root, const char *title, guint patience_ms,
                       GError **error)
{
  g_autoptr (VapTransaction) transaction = vap_transaction_new_bare (root, title);

  vap_transaction_hold_signals (transaction);
  if (!take_lock (transaction, patience_ms, error) ||
      !recover (transaction, patience_ms, error))
    return NULL;
  return g_steal_pointer (&transaction);
}

VapTransaction *
vap_transaction_new_dry (const char *root, const char *title)
{
  return vap_transaction_new_bare (root, title);
}

void
vap_transaction_add (VapTransaction *transaction, VapStep *step)
{
  vap_transaction_append (transaction, step, FALSE);
}

static void
close_journal (VapTransaction *transaction)
{
  if (transaction->journal >= 0)
    close (transaction->journal);
  transaction->journal = -1;
  for (guint i = 0; i < transaction->entries->len; i++)
    vap_step_set_journal (vap_transaction_entry (transaction, i)->step, -1);
}

void
vap_transaction_free (VapTransaction *transaction)
{
  g_autoptr (GError) error = NULL;

  if (transaction == NULL)
    return;
  if (!transaction->finished && !transaction->resumed &&
      !vap_transaction_roll_back (transaction, &error))
    g_warning ("%s", error->message);
  close_journal (transaction);
  if (transaction->lock != NULL && !vap_lock_release (transaction->lock, getpid (), NULL))
    g_debug ("the lock is void when this process ends");
  if (transaction->holds)
    pthread_sigmask (SIG_SETMASK, &transaction->held, NULL);
  g_ptr_array_unref (transaction->entries);
  g_free (transaction->recovered);
  g_free (transaction->journal_path);
  g_free (transaction->lock);
  g_free (transaction->title);
  g_free (transaction->root);
  g_free (transaction);
}

/* the header, and all steps there are, so that they can be completed too */
static gboolean
note_steps (VapTransaction *transaction, GError **error)
{
  for (guint i = 0; i < transaction->entries->len; i++) {
    VapEntry *entry = vap_transaction_entry (transaction, i);

    vap_step_set_journal (entry->step, transaction->journal);
    if (entry->noted)
      continue;
    if (!vap_journal_append (transaction->journal, VAP_JOURNAL_ADD,
                             vap_step_kind (entry->step)->name,
                             vap_step_to_variant (entry->step), TRUE, error))
      return FALSE;
    entry->noted = TRUE;
  }
  return TRUE;
}

static GVariant *
header (const VapTransaction *transaction)
{
  g_autofree char *boot = vap_boot_id ();
  g_autofree char *pid = g_strdup_printf ("%d", (int) getpid ());
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE ("a{ss}"));
  g_variant_builder_add (&builder, "{ss}", "pid", pid);
  g_variant_builder_add (&builder, "{ss}", "boot", boot);
  g_variant_builder_add (&builder, "{ss}", "title", transaction->title);
  return g_variant_builder_end (&builder);
}

static gboolean
create_journal (VapTransaction *transaction, GError **error)
{
  transaction->journal = vap_journal_create (transaction->journal_path, error);
  return transaction->journal >= 0 &&
         vap_journal_append (transaction->journal, VAP_JOURNAL_HEAD, VAP_JOURNAL_FORMAT,
                             header (transaction), TRUE, error);
}

/* The callout lets pass what the one who does the rest runs, as it did before. */
static gboolean
note_resumer (VapTransaction *transaction, GError **error)
{
  g_autofree char *pid = g_strdup_printf ("%d", (int) getpid ());

  transaction->seized = FALSE;
  return vap_journal_append (transaction->journal, VAP_JOURNAL_RESUME, pid,
                             g_variant_new ("a{ss}", NULL), TRUE, error);
}

/* The last step's `begin` puts all of it on the disk. */
static gboolean
open_journal (VapTransaction *transaction, GError **error)
{
  if (transaction->journal < 0 && !create_journal (transaction, error))
    return FALSE;
  if (transaction->resumed && !note_resumer (transaction, error))
    return FALSE;
  if (!note_steps (transaction, error))
    return FALSE;
  return !transaction->whole ||
         vap_journal_append (transaction->journal, VAP_JOURNAL_WHOLE, "",
                             g_variant_new ("a{ss}", NULL), TRUE, error);
}

static void
tell_progress (const VapTransaction *transaction, guint index, gboolean undoing)
{
  if (transaction->progress != NULL)
    transaction->progress (transaction, index, undoing, transaction->progress_data);
}

/* A step that is under way. */
typedef struct {
  VapTransaction *transaction;
  guint index;
} UnderWay;

static void
hear_percent (guint percent, gpointer user_data)
{
  const UnderWay *under_way = user_data;

  under_way->transaction->percent = (int) percent;
  tell_progress (under_way->transaction, under_way->index, FALSE);
}

static gboolean
apply_entry (VapTransaction *transaction, guint index, GError **error)
{
  UnderWay under_way = { transaction, index };
  VapStep *step = vap_transaction_entry (transaction, index)->step;
  gboolean good;

  vap_step_set_listener (step, hear_percent, &under_way);
  good = vap_step_kind (step)->apply (step, error);
  vap_step_set_listener (step, NULL, NULL);
  transaction->percent = -1;
  return good;
}

static gboolean
is_state (const VapStep *step, VapStepState wanted)
{
  VapStepState state;
  g_autoptr (GError) error = NULL;

  return vap_step_kind (step)->look (step, &state, &error) && state == wanted;
}

/* what was done, for those who look at it before they decide */
static void
note_outcomes (VapTransaction *interrupted)
{
  for (guint i = 0; i < interrupted->entries->len; i++) {
    VapEntry *entry = vap_transaction_entry (interrupted, i);

    if (entry->begun && is_state (entry->step, VAP_STEP_AFTER))
      entry->outcome = VAP_OUTCOME_DONE;
  }
}

gboolean
vap_transaction_resume (const char *root, guint patience_ms, VapTransaction **interrupted,
                        GError **error)
{
  g_autoptr (VapTransaction) lock = vap_transaction_new_bare (root, "");

  *interrupted = NULL;
  vap_transaction_hold_signals (lock);
  if (!take_lock (lock, patience_ms, error) ||
      !vap_transaction_read_journal (lock->root, patience_ms, interrupted, error))
    return FALSE;
  if (*interrupted == NULL)
    return TRUE;
  (*interrupted)->lock = g_steal_pointer (&lock->lock);
  (*interrupted)->held = lock->held;
  (*interrupted)->holds = lock->holds;
  lock->holds = FALSE;
  note_outcomes (*interrupted);
  return TRUE;
}

/* from here on the step counts as begun, whatever becomes of it */
static gboolean
begin_entry (VapTransaction *transaction, guint index, GError **error)
{
  VapEntry *entry = vap_transaction_entry (transaction, index);
  const VapStepKind *kind = vap_step_kind (entry->step);
  g_autofree char *number = g_strdup_printf ("%u", index);

  if (kind->prepare != NULL && !kind->prepare (entry->step, error))
    return FALSE;
  if (!vap_journal_append (transaction->journal, VAP_JOURNAL_BEGIN, number,
                           vap_step_to_variant (entry->step), FALSE, error))
    return FALSE;
  entry->begun = TRUE;
  return TRUE;
}

static gboolean
is_final (const VapEntry *entry)
{
  return (vap_step_kind (entry->step)->flags & VAP_STEP_FINAL) != 0;
}

/* Whether a step is done after which nothing is undone; FALSE as result when that cannot
 * be told. */
static gboolean
find_final (const VapTransaction *transaction, gboolean *final, GError **error)
{
  *final = FALSE;
  for (guint i = 0; !*final && i < transaction->entries->len; i++) {
    const VapEntry *entry = vap_transaction_entry (transaction, i);
    VapStepState state;

    if (!entry->begun || !is_final (entry) || entry->outcome == VAP_OUTCOME_UNDONE)
      continue;
    *final = entry->outcome == VAP_OUTCOME_DONE;
    if (*final)
      break;
    if (!vap_step_kind (entry->step)->look (entry->step, &state, error))
      return FALSE;
    *final = state == VAP_STEP_AFTER;
  }
  return TRUE;
}

/* as far as this process has done it */
static gboolean
is_past_return (const VapTransaction *transaction)
{
  for (guint i = 0; i < transaction->entries->len; i++) {
    const VapEntry *entry = vap_transaction_entry (transaction, i);

    if (is_final (entry) && entry->outcome == VAP_OUTCOME_DONE)
      return TRUE;
  }
  return FALSE;
}

static gboolean
do_entry (VapTransaction *transaction, guint index, GError **error)
{
  VapEntry *entry = vap_transaction_entry (transaction, index);

  if (vap_step_is_asked_to_end () && !is_past_return (transaction)) {
    g_set_error (error, VAP_ERROR, VAP_ERROR_FAILED, _ ("a signal asked to end"));
    return FALSE;
  }
  tell_progress (transaction, index, FALSE);
  if (!entry->begun && !begin_entry (transaction, index, error))
    return FALSE;
  if (!(transaction->resumed && is_state (entry->step, VAP_STEP_AFTER)) &&
      !apply_entry (transaction, index, error))
    return FALSE;
  entry->outcome = VAP_OUTCOME_DONE;
  return TRUE;
}

/* What cannot be undone any more is left as far as it has come, with the journal. */
static gboolean
fail_past_return (VapTransaction *transaction, guint index, const char *what,
                  const GError *reason, GError **error)
{
  if (index < transaction->entries->len) {
    VapEntry *entry = vap_transaction_entry (transaction, index);

    entry->outcome = VAP_OUTCOME_STUCK;
    entry->problem = g_strdup (reason->message);
  }
  transaction->finished = TRUE;
  g_set_error (error, VAP_ERROR, VAP_ERROR_HALF_DONE,
               _ ("'%s' failed, and what was done before stays: %s; when that is mended, "
                  "this completes it: virt-ap repair"),
               what, reason->message);
  return FALSE;
}

/* takes @reason, why step @index was not done */
static gboolean
fail (VapTransaction *transaction, guint index, GError *reason, GError **error)
{
  g_autoptr (GError) owned = reason;
  g_autoptr (GError) stuck = NULL;
  g_autofree char *what = NULL;

  if (index < transaction->entries->len) {
    const VapStep *step = vap_transaction_entry (transaction, index)->step;

    what = vap_step_kind (step)->describe (step);
  } else {
    what = g_strdup (transaction->title);
  }
  if (is_past_return (transaction))
    return fail_past_return (transaction, index, what, reason, error);
  if (vap_transaction_roll_back (transaction, &stuck))
    /* Translators: what was to be done, and why it was not */
    g_set_error (
        error, VAP_ERROR, reason->domain == VAP_ERROR ? reason->code : VAP_ERROR_FAILED,
        _ ("'%s' failed, and everything is as it was before: %s"), what, reason->message);
  else
    g_set_error (error, VAP_ERROR, VAP_ERROR_HALF_DONE, _ ("'%s' failed: %s; %s"), what,
                 reason->message, stuck->message);
  return FALSE;
}

gboolean
vap_transaction_apply (VapTransaction *transaction, GError **error)
{
  GError *reason = NULL;
  guint index = 0;

  g_return_val_if_fail (transaction->lock != NULL || transaction->resumed, FALSE);
  g_return_val_if_fail (!transaction->finished, FALSE);
  if (transaction->entries->len == 0)
    return TRUE;
  if (!open_journal (transaction, &reason))
    return fail (transaction, transaction->entries->len, reason, error);
  for (; index < transaction->entries->len; index++) {
    VapEntry *entry = vap_transaction_entry (transaction, index);

    if (entry->outcome != VAP_OUTCOME_DONE && !do_entry (transaction, index, &reason))
      return fail (transaction, index, reason, error);
  }
  return TRUE;
}

gboolean
vap_transaction_commit (VapTransaction *transaction, GError **error)
{
  GError *reason = NULL;

  transaction->whole = TRUE;
  if (!vap_transaction_apply (transaction, error))
    return FALSE;
  if (transaction->check != NULL &&
      !transaction->check (transaction, transaction->check_data, &reason))
    return fail (transaction, transaction->entries->len, reason, error);
  /* the one moment at which all of it becomes final */
  if (transaction->journal >= 0 &&
      !vap_journal_remove (transaction->journal_path, &reason))
    return fail (transaction, transaction->entries->len, reason, error);
  close_journal (transaction);
  transaction->finished = TRUE;
  return TRUE;
}

/* also when nothing is to be undone yet */
static void
note_undone (const VapStep *step)
{
  const char *uuid = vap_step_get (step, "uuid");

  if (uuid != NULL && vap_step_get (step, "connect") != NULL)
    vap_undone_note (vap_step_root (step), uuid);
}

/* FALSE with the entry's problem set */
static gboolean
undo_entry (VapTransaction *transaction, guint index)
{
  VapEntry *entry = vap_transaction_entry (transaction, index);
  const VapStepKind *kind = vap_step_kind (entry->step);
  g_autoptr (GError) reason = NULL;

  if (transaction->rebooted && (kind->flags & VAP_STEP_VOLATILE))
    return TRUE;
  note_undone (entry->step);
  if (is_state (entry->step, VAP_STEP_BEFORE))
    return TRUE;
  tell_progress (transaction, index, TRUE);
  if (!kind->revert (entry->step, &reason)) {
    entry->problem = g_strdup (reason->message);
    return FALSE;
  }
  if (is_state (entry->step, VAP_STEP_BEFORE))
    return TRUE;
  entry->problem = g_strdup (_ ("it was undone, but the host does not show it"));
  return FALSE;
}

static gboolean
is_all_done (const VapTransaction *transaction)
{
  for (guint i = 0; i < transaction->entries->len; i++) {
    const VapEntry *entry = vap_transaction_entry (transaction, i);

    if (!entry->begun || !is_state (entry->step, VAP_STEP_AFTER))
      return FALSE;
  }
  return transaction->whole;
}

/* every step is done or not, and nobody has changed anything since */
static gboolean
is_clear (const VapTransaction *transaction)
{
  for (guint i = 0; i < transaction->entries->len; i++) {
    const VapEntry *entry = vap_transaction_entry (transaction, i);

    if (entry->begun && !is_state (entry->step, VAP_STEP_AFTER) &&
        !is_state (entry->step, VAP_STEP_BEFORE))
      return FALSE;
  }
  return transaction->whole;
}

/* Whether the step that decides is done, after what was under way has ended. */
static gboolean
goes_on (const VapTransaction *interrupted)
{
  for (guint i = 0; i < interrupted->entries->len; i++) {
    VapEntry *entry = vap_transaction_entry (interrupted, i);
    const VapStepKind *kind = vap_step_kind (entry->step);
    g_autoptr (GError) reason = NULL;

    if (!entry->begun || kind->settle == NULL)
      continue;
    if (!kind->settle (entry->step, &reason))
      g_debug ("%s", reason->message);
    if (!is_state (entry->step, VAP_STEP_AFTER))
      return FALSE;
    entry->outcome = VAP_OUTCOME_DONE;
    return interrupted->whole;
  }
  return FALSE;
}

/* Where everything is done there is nothing to undo; and what cannot be undone (Linux 7
 * takes no queue back of an adapter that is in any matrix) can perhaps be completed. */
gboolean
vap_transaction_finish (VapTransaction *interrupted, gboolean *completed, GError **error)
{
  g_autoptr (GError) stuck = NULL;

  *completed =
      (!interrupted->rebooted && is_all_done (interrupted)) || goes_on (interrupted);
  if (*completed)
    return vap_transaction_commit (interrupted, error);
  if (vap_transaction_roll_back (interrupted, &stuck))
    return TRUE;
  *completed = is_clear (interrupted) && vap_transaction_commit (interrupted, NULL);
  if (*completed)
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&stuck));
  return FALSE;
}

static gboolean
asked_a_daemon (const VapTransaction *transaction)
{
  for (guint i = 0; i < transaction->entries->len; i++) {
    const VapEntry *entry = vap_transaction_entry (transaction, i);

    if (entry->begun && vap_step_get (entry->step, "connect") != NULL)
      return TRUE;
  }
  return FALSE;
}

/* A daemon that was asked and does not answer any more, or has died, may have started
 * mdevctl: what has passed the callout is waited for, and what comes there later is not
 * wanted any more. */
static gboolean
give_up (VapTransaction *transaction, GError **error)
{
  g_autoptr (GError) reason = NULL;

  if (transaction->journal < 0 || transaction->seized)
    return TRUE;
  transaction->seized = TRUE;
  if (!vap_journal_append (transaction->journal, VAP_JOURNAL_SEIZED, "",
                           g_variant_new ("a{ss}", NULL), TRUE, NULL))
    g_debug ("it is not noted that the rest is not done");
  if (!asked_a_daemon (transaction) ||
      vap_transaction_await_programs (transaction, &reason))
    return TRUE;
  g_set_error (error, VAP_ERROR, VAP_ERROR_HALF_DONE,
               _ ("'%s' could not be undone: %s; see: virt-ap repair"),
               transaction->title, reason->message);
  transaction->finished = !transaction->resumed;
  return FALSE;
}

/* Stops at the first that is stuck: those before it may be what it stands on. */
gboolean
vap_transaction_roll_back (VapTransaction *transaction, GError **error)
{
  g_autoptr (GError) unknown = NULL;
  gboolean final;

  transaction->finished = TRUE;
  if (!find_final (transaction, &final, &unknown) || final) {
    transaction->finished = !transaction->resumed;
    g_set_error (error, VAP_ERROR, VAP_ERROR_HALF_DONE,
                 _ ("it cannot be undone: %s; see: virt-ap repair"),
                 final ? _ ("it is past that") : unknown->message);
    return FALSE;
  }
  if (!give_up (transaction, error))
    return FALSE;
  for (guint i = transaction->entries->len; i > 0; i--) {
    VapEntry *entry = vap_transaction_entry (transaction, i - 1);
    g_autofree char *what = NULL;

    if (!entry->begun || entry->outcome == VAP_OUTCOME_UNDONE)
      continue;
    g_clear_pointer (&entry->problem, g_free);
    if (undo_entry (transaction, i - 1)) {
      entry->outcome = VAP_OUTCOME_UNDONE;
      continue;
    }
    entry->outcome = VAP_OUTCOME_STUCK;
    what = vap_step_kind (entry->step)->describe (entry->step);
    g_set_error (error, VAP_ERROR, VAP_ERROR_HALF_DONE,
                 _ ("'%s' could not be undone: %s; see: virt-ap repair"), what,
                 entry->problem);
    transaction->finished = !transaction->resumed;
    return FALSE;
  }
  if (transaction->journal >= 0 && !vap_journal_remove (transaction->journal_path, NULL))
    g_debug ("the journal stays; there is nothing in it to undo");
  close_journal (transaction);
  return TRUE;
}

gboolean
vap_transaction_forget (VapTransaction *transaction, GError **error)
{
  if (!vap_journal_remove (transaction->journal_path, error))
    return FALSE;
  close_journal (transaction);
  transaction->finished = TRUE;
  return TRUE;
}

const char *
vap_transaction_title (const VapTransaction *transaction)
{
  return transaction->title;
}

guint
vap_transaction_n_steps (const VapTransaction *transaction)
{
  return transaction->entries->len;
}

const VapStep *
vap_transaction_step (const VapTransaction *transaction, guint index)
{
  return vap_transaction_entry (transaction, index)->step;
}

VapOutcome
vap_transaction_outcome (const VapTransaction *transaction, guint index)
{
  return vap_transaction_entry (transaction, index)->outcome;
}

gboolean
vap_transaction_has_begun (const VapTransaction *transaction, guint index)
{
  return vap_transaction_entry (transaction, index)->begun;
}

const char *
vap_transaction_problem (const VapTransaction *transaction, guint index)
{
  return vap_transaction_entry (transaction, index)->problem;
}

const char *
vap_transaction_recovered (const VapTransaction *transaction)
{
  return transaction->recovered;
}

int
vap_transaction_percent (const VapTransaction *transaction)
{
  return transaction->percent;
}

const char *
vap_outcome_to_string (VapOutcome outcome)
{
  static const char *const words[] = {
    [VAP_OUTCOME_PLANNED] = "planned",
    [VAP_OUTCOME_DONE] = "done",
    [VAP_OUTCOME_UNDONE] = "undone",
    [VAP_OUTCOME_STUCK] = "stuck",
  };

  return words[outcome];
}

void
vap_transaction_set_progress (VapTransaction *transaction, VapProgressFunc func,
                              gpointer user_data)
{
  transaction->progress = func;
  transaction->progress_data = user_data;
}

void
vap_transaction_set_check (VapTransaction *transaction, VapCheckFunc func,
                           gpointer user_data)
{
  transaction->check = func;
  transaction->check_data = user_data;
}
