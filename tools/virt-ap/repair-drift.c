/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The part of `virt-ap repair` that mends drift: what was decided (repair-ask.h) is done
 * as one change, and the rest is told.
 */
#include "config.h"

#include <glib/gi18n.h>

#include "change.h"
#include "command.h"
#include "findings.h"
#include "json.h"
#include "progress.h"
#include "repair-ask.h"
#include "text.h"

/* What became of it, for both forms. */
typedef struct {
  VapTransaction *transaction; /* NULL when there was nothing to do */
  VapHost *before, *after;
  VapFindings *findings; /* why it was refused */
  const char *result;    /* a word of schemas/repair.schema.json */
  GError *error;
} Mended;

static void
mended_clear (Mended *mended)
{
  g_clear_pointer (&mended->transaction, vap_transaction_free);
  g_clear_pointer (&mended->before, vap_host_unref);
  g_clear_pointer (&mended->after, vap_host_unref);
  g_clear_error (&mended->error);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Mended, mended_clear)

/* under the lock: what was decided about may be gone or mended by now */
static gboolean
add_steps (const Repair *repair, Mended *mended, const Decision *decision)
{
  g_autoptr (VapFindings) drift = vap_check_drift (mended->after);
  const VapFinding *finding = decision_find (decision, drift);
  VapHost *after;

  if (finding == NULL)
    return TRUE;
  after = vap_mend (mended->transaction, mended->after, finding, decision->slug,
                    repair->connect, mended->findings, &mended->error);
  if (after == NULL)
    return FALSE;
  vap_host_unref (mended->after);
  mended->after = after;
  return TRUE;
}

static gboolean
plan (const Repair *repair, const GPtrArray *decisions, Mended *mended)
{
  mended->before = vap_host_read (repair->root, &mended->error);
  if (mended->before == NULL)
    return FALSE;
  mended->after = vap_host_ref (mended->before);
  for (guint i = 0; i < decisions->len; i++)
    if (!add_steps (repair, mended, g_ptr_array_index (decisions, i)))
      return FALSE;
  return TRUE;
}

static int
carry_out (const Repair *repair, const GPtrArray *decisions, Mended *mended)
{
  g_autoptr (Progress) progress = NULL;
  const char *title = repair->dry_run ? "virt-ap repair --dry-run" : "virt-ap repair";

  mended->transaction = repair->dry_run
                            ? vap_transaction_new_dry (repair->root, title)
                            : vap_transaction_begin (repair->root, title,
                                                     change_patience (), &mended->error);
  if (mended->transaction == NULL || !plan (repair, decisions, mended)) {
    mended->result = "undone";
    return STATUS_UNJUDGED;
  }
  if (vap_findings_refuse (mended->findings)) {
    mended->result = "refused";
    return STATUS_REFUSED;
  }
  if (repair->dry_run) {
    mended->result = "planned";
    return STATUS_GOOD;
  }
  progress = progress_new (title);
  vap_transaction_set_progress (mended->transaction, change_tell_progress, progress);
  if (vap_transaction_commit (mended->transaction, &mended->error)) {
    mended->result = "mended";
    return STATUS_GOOD;
  }
  mended->result = g_error_matches (mended->error, VAP_ERROR, VAP_ERROR_HALF_DONE)
                       ? "half-done"
                       : "undone";
  return STATUS_UNJUDGED;
}

/* how to answer, where nobody could be asked */
static void
show_questions (Output *output, const GPtrArray *questions)
{
  if (questions->len == 0)
    return;
  output_add (output, "%s\n", _ ("answer with:"));
  for (guint i = 0; i < questions->len; i++) {
    const Question *question = g_ptr_array_index (questions, i);

    for (guint j = 0; j < question->offer.n_choices; j++) {
      const VapMendChoice *choice = &question->offer.choices[j];
      g_autofree char *answer = question_answer (question, choice);
      g_autofree char *quoted = text_shell_word (answer);

      output_add (output, "  --answer %s\n      %s\n", quoted, choice->sentence);
    }
  }
}

static void
show_text (const Repair *repair, const Mended *mended, const VapFindings *left,
           const Decisions *decisions)
{
  Output *output = repair->output;

  findings_add_text (output, "", mended->findings);
  if (g_strcmp0 (mended->result, "mended") == 0)
    output_add (output, "%s\n", _ ("mended:"));
  else if (g_strcmp0 (mended->result, "planned") == 0)
    output_add (output, "%s\n", _ ("would be mended:"));
  if (g_strcmp0 (mended->result, "planned") == 0)
    change_add_plan (output, mended->transaction, mended->before, mended->after, NULL);
  else if (mended->transaction != NULL && mended->result != NULL)
    change_add_steps (output, mended->transaction);
  if (left != NULL && left->list->len > 0) {
    output_add (output, "%s\n", _ ("left to you:"));
    findings_add_text (output, "", left);
  }
  if (decisions != NULL)
    show_questions (output, decisions->questions);
}

static void
add_questions_json (VapJson *json, const GPtrArray *questions)
{
  for (guint i = 0; i < questions->len; i++) {
    const Question *question = g_ptr_array_index (questions, i);

    vap_json_begin_object (json);
    json_add_string (json, "id", question->id);
    json_add_string (json, "subject", question->subject);
    json_add_string (json, "message", question->message);
    vap_json_name (json, "choices");
    vap_json_begin_array (json);
    for (guint j = 0; j < question->offer.n_choices; j++) {
      const VapMendChoice *choice = &question->offer.choices[j];
      g_autofree char *answer = question_answer (question, choice);

      vap_json_begin_object (json);
      json_add_string (json, "answer", answer);
      json_add_string (json, "description", choice->sentence);
      vap_json_end_object (json);
    }
    vap_json_end_array (json);
    vap_json_end_object (json);
  }
}

static void
show_json (const Repair *repair, const Mended *mended, const VapFindings *left,
           const Decisions *decisions)
{
  VapJson *json = repair->json;

  vap_json_name (json, "drift");
  vap_json_begin_object (json);
  json_add_string (json, "result", mended->result);
  json_add_string (json, "error", mended->error != NULL ? mended->error->message : NULL);
  change_add_steps_json (json, mended->transaction);
  vap_json_name (json, "refused");
  vap_json_begin_array (json);
  findings_add_json (json, NULL, mended->findings);
  vap_json_end_array (json);
  vap_json_name (json, "left");
  vap_json_begin_array (json);
  if (left != NULL)
    findings_add_json (json, NULL, left);
  vap_json_end_array (json);
  vap_json_name (json, "questions");
  vap_json_begin_array (json);
  if (decisions != NULL)
    add_questions_json (json, decisions->questions);
  vap_json_end_array (json);
  vap_json_end_object (json);
}

/* drift as it is now, or would be; NULL where the host cannot be read any more */
static VapFindings *
look_again (const Repair *repair, const Mended *mended)
{
  g_autoptr (VapHost) host = NULL;

  if (repair->dry_run && mended->after != NULL)
    host = vap_host_ref (mended->after);
  else
    host = vap_host_read (repair->root, NULL);
  return host != NULL ? vap_check_drift (host) : NULL;
}

/* @decisions: (out): NULL with status "unjudged" after telling */
static int
mend (const Repair *repair, Decisions **decisions, Mended *mended)
{
  g_autoptr (VapHost) host = vap_host_read (repair->root, &mended->error);
  int status = STATUS_GOOD;

  *decisions = NULL;
  if (host == NULL)
    return STATUS_UNJUDGED;
  if (repair->way != REPAIR_FINISH)
    return STATUS_GOOD;
  *decisions = decisions_make (repair, host);
  if (*decisions == NULL)
    return STATUS_UNJUDGED;
  if ((*decisions)->decisions->len > 0)
    status = carry_out (repair, (*decisions)->decisions, mended);
  if ((*decisions)->failed)
    status = STATUS_UNJUDGED;
  if (!vap_findings_refuse ((*decisions)->refused))
    return status;
  findings_copy (mended->findings, (*decisions)->refused);
  if (mended->result == NULL)
    mended->result = "refused";
  return MAX (status, STATUS_REFUSED);
}

int
repair_drift (const Repair *repair)
{
  g_autoptr (VapFindings) refused = vap_findings_new ();
  g_autoptr (VapFindings) left = NULL;
  g_autoptr (Decisions) decisions = NULL;
  g_auto (Mended) mended = { .findings = refused };
  int status = mend (repair, &decisions, &mended);

  left = look_again (repair, &mended);
  if (repair->json != NULL)
    show_json (repair, &mended, left, decisions);
  else
    show_text (repair, &mended, left, decisions);
  if (mended.error != NULL)
    report ("%s", mended.error->message);
  return status;
}
