/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The part of `virt-ap repair` that finishes a change which was interrupted.
 */
#include "config.h"

#include <glib/gi18n.h>

#include "change.h"
#include "command.h"
#include "json.h"
#include "progress.h"
#include "repair.h"
#include "text.h"

/* for --dry-run, which must not make anyone wait long */
#define LOOK_PATIENCE_MS 2000u

/* What became of it: the word of schemas/repair.schema.json, and a sentence that takes
 * its title. */
typedef enum {
  RESULT_PLANNED,
  RESULT_UNDONE,
  RESULT_COMPLETED,
  RESULT_FORGOTTEN,
  RESULT_HALF_DONE,
} Result;

static const struct {
  const char *word;
  const char *sentence;
} results[] = {
  [RESULT_PLANNED] = { "planned", N_ ("'%s' was interrupted:\n") },
  [RESULT_UNDONE] = { "undone", N_ ("'%s' was interrupted, and is undone:\n") },
  [RESULT_COMPLETED] = { "completed", N_ ("'%s' was interrupted, and is completed:\n") },
  [RESULT_FORGOTTEN] = { "forgotten",
                         N_ ("'%s' was interrupted, and is left as it is:\n") },
  [RESULT_HALF_DONE] = { "half-done", N_ ("'%s' was interrupted, and is half done:\n") },
};

static Result
finish (const Repair *repair, VapTransaction *interrupted, GError **error)
{
  gboolean completed = TRUE;
  gboolean good;

  if (repair->dry_run)
    return RESULT_PLANNED;
  if (repair->way == REPAIR_FORGET)
    return vap_transaction_forget (interrupted, error) ? RESULT_FORGOTTEN
                                                       : RESULT_HALF_DONE;
  if (repair->way == REPAIR_COMPLETE)
    good = vap_transaction_commit (interrupted, error);
  else
    good = vap_transaction_finish (interrupted, &completed, error);
  if (good)
    return completed ? RESULT_COMPLETED : RESULT_UNDONE;
  /* what could not be completed is undone where that is possible */
  return g_error_matches (*error, VAP_ERROR, VAP_ERROR_HALF_DONE) ? RESULT_HALF_DONE
                                                                  : RESULT_UNDONE;
}

/* where a step is, as a word: of one that nothing was done about yet, as the host shows
 * it */
static const char *
state_text (const VapTransaction *transaction, guint index)
{
  const VapStep *step = vap_transaction_step (transaction, index);
  g_autoptr (GError) error = NULL;
  VapStepState state;

  switch (vap_transaction_outcome (transaction, index)) {
  case VAP_OUTCOME_DONE:
    return _ ("done");
  case VAP_OUTCOME_UNDONE:
    return _ ("undone");
  case VAP_OUTCOME_STUCK:
    return _ ("cannot be undone");
  case VAP_OUTCOME_PLANNED:
  default:
    break;
  }
  if (!vap_transaction_has_begun (transaction, index))
    return _ ("not begun");
  if (!vap_step_kind (step)->look (step, &state, &error))
    return _ ("unknown");
  if (state == VAP_STEP_BETWEEN)
    return _ ("half done");
  return state == VAP_STEP_AFTER ? _ ("done") : _ ("not done");
}

static void
add_text (Output *output, const VapTransaction *interrupted, Result result)
{
  g_autofree char *title = text_escape (vap_transaction_title (interrupted));

  output_add (output, _ (results[result].sentence), title);
  for (guint i = 0; i < vap_transaction_n_steps (interrupted); i++) {
    const VapStep *step = vap_transaction_step (interrupted, i);
    g_autofree char *what = vap_step_kind (step)->describe (step);
    g_autofree char *escaped = text_escape (what);

    output_add (output, "  %u. %s: %s\n", i + 1, escaped, state_text (interrupted, i));
  }
}

static void
add_json (VapJson *json, const VapTransaction *interrupted, Result result,
          const GError *error)
{
  vap_json_name (json, "interrupted");
  if (interrupted == NULL) {
    vap_json_null (json);
    return;
  }
  vap_json_begin_object (json);
  json_add_string (json, "command", vap_transaction_title (interrupted));
  json_add_string (json, "result", results[result].word);
  json_add_string (json, "error", error != NULL ? error->message : NULL);
  change_add_steps_json (json, interrupted);
  vap_json_end_object (json);
}

static int
repair_found (const Repair *repair, VapTransaction *interrupted)
{
  g_autoptr (Progress) progress = progress_new (vap_transaction_title (interrupted));
  g_autoptr (GError) error = NULL;
  Result result;

  vap_transaction_set_progress (interrupted, change_tell_progress, progress);
  result = finish (repair, interrupted, &error);
  g_clear_pointer (&progress, progress_free);
  vap_transaction_set_progress (interrupted, NULL, NULL);
  if (repair->json != NULL)
    add_json (repair->json, interrupted, result, error);
  else
    add_text (repair->output, interrupted, result);
  if (error == NULL)
    return STATUS_GOOD;
  report ("%s", error->message);
  return STATUS_UNJUDGED;
}

int
repair_journal (const Repair *repair)
{
  guint patience = repair->dry_run ? LOOK_PATIENCE_MS : change_patience ();
  g_autoptr (VapTransaction) interrupted = NULL;
  g_autoptr (GError) error = NULL;

  if (!vap_transaction_resume (repair->root, patience, &interrupted, &error)) {
    report ("%s", error->message);
    if (repair->json != NULL)
      add_json (repair->json, NULL, RESULT_PLANNED, NULL);
    return STATUS_UNJUDGED;
  }
  if (interrupted != NULL)
    return repair_found (repair, interrupted);
  if (repair->json != NULL)
    add_json (repair->json, NULL, RESULT_PLANNED, NULL);
  else
    output_add (repair->output, "%s\n", _ ("no change was interrupted"));
  return STATUS_GOOD;
}
