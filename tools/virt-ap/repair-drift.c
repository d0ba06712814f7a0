/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The part of `virt-ap repair` that mends drift: what has one right answer is done, what
 * has several is asked about on a terminal, and the rest is told.
 */
#include "config.h"

#include <glib/gi18n.h>
#include <stdio.h>
#include <unistd.h>

#include "change.h"
#include "change/device-steps.h"
#include "change/devices.h"
#include "check/drift.h"
#include "command.h"
#include "findings.h"
#include "json.h"
#include "libvirt.h"
#include "progress.h"
#include "repair.h"
#include "text.h"

typedef enum {
  MEND_NOT,      /* left as it is */
  MEND_COMPLETE, /* the active device gets the matrix of its definition */
  MEND_STORE,    /* its definition gets the matrix of the active device */
  MEND_START,
  MEND_REMOVE,
} Mend;

/* What is asked about a device with this finding; an answer that is not there is no. */
typedef struct {
  const char *id;
  const char *question;
  struct {
    char key;
    Mend mend;
  } answers[2];
} Question;

static const Question questions[] = {
  { "matrix-drift",
    N_ ("Change what is active to what is defined [a], or define what is active [d], or "
        "leave it [N]? "),
    { { 'a', MEND_COMPLETE }, { 'd', MEND_STORE } } },
  { "device-not-started", N_ ("Start it [y/N]? "), { { 'y', MEND_START } } },
  { "matrix-half-made", N_ ("Remove it [y/N]? "), { { 'y', MEND_REMOVE } } },
};

typedef struct {
  char *uuid;
  Mend mend;
} Decision;

static void
decision_clear (gpointer data)
{
  g_free (((Decision *) data)->uuid);
}

/* only what was begun from a definition has one right answer: the rest of it */
static gboolean
has_one_answer (const VapHost *host, const VapFinding *finding)
{
  const VapHostDevice *device = vap_host_find_device (host, finding->subject);

  return device != NULL && device->definition != NULL &&
         vap_device_drift (device) == VAP_DRIFT_HALF_MADE &&
         g_str_equal (finding->info->id, "matrix-half-made");
}

static Mend
ask (const VapFinding *finding)
{
  g_autofree char *message = text_escape (finding->message);
  char answer[16] = "";

  for (guint i = 0; i < G_N_ELEMENTS (questions); i++) {
    const Question *question = &questions[i];

    if (!g_str_equal (question->id, finding->info->id))
      continue;
    fprintf (stderr, "%s\n%s", message, _ (question->question));
    if (fgets (answer, sizeof answer, stdin) == NULL)
      return MEND_NOT;
    for (guint j = 0; j < G_N_ELEMENTS (question->answers); j++) {
      if (question->answers[j].key != '\0' &&
          g_ascii_tolower (answer[0]) == question->answers[j].key)
        return question->answers[j].mend;
    }
  }
  return MEND_NOT;
}

/* (element-type Decision): without the lock, so that nobody has to wait for an answer */
static GArray *
decide (const Repair *repair, const VapHost *host)
{
  g_autoptr (VapFindings) findings = vap_check_drift (host);
  GArray *decisions = g_array_new (FALSE, FALSE, sizeof (Decision));
  gboolean may_ask = !repair->dry_run && repair->json == NULL &&
                     isatty (STDIN_FILENO) == 1 && isatty (STDERR_FILENO) == 1;

  g_array_set_clear_func (decisions, decision_clear);
  for (guint i = 0; i < findings->list->len; i++) {
    const VapFinding *finding = findings->list->pdata[i];
    Decision decision = { NULL, MEND_NOT };

    if (has_one_answer (host, finding))
      decision.mend = MEND_COMPLETE;
    else if (may_ask)
      decision.mend = ask (finding);
    if (decision.mend == MEND_NOT)
      continue;
    decision.uuid = g_strdup (finding->subject);
    g_array_append_val (decisions, decision);
  }
  return decisions;
}

/* (transfer full): the host with the active matrix as it is defined, judged */
static VapHost *
complete (VapTransaction *transaction, const VapHost *host, const VapHostDevice *device,
          VapFindings *findings)
{
  g_autoptr (VapFindings) judged =
      vap_check_device (host, device->definition, VAP_ACTION_MODIFY_LIVE);

  for (guint i = 0; i < judged->list->len; i++) {
    const VapFinding *finding = judged->list->pdata[i];

    if (finding->severity == VAP_SEVERITY_ERROR)
      vap_findings_take (findings, finding->info->id, finding->severity, finding->subject,
                         g_strdup (finding->message), g_strdup (finding->hint));
  }
  vap_transaction_add (
      transaction,
      vap_device_step_new (device->uuid, &device->defined_matrix, TRUE, NULL));
  return vap_host_with_device (host, device->uuid, &device->defined_matrix,
                               device->definition);
}

static VapHost *
store (VapTransaction *transaction, const VapHost *host, const VapHostDevice *device)
{
  vap_transaction_add (
      transaction, vap_definition_step_new (device->uuid, &device->matrix,
                                            device->definition->autostart, TRUE, NULL));
  return vap_host_ref ((VapHost *) host);
}

/* @host: under the lock; what was decided about may be gone or mended by now */
static VapHost *
add_steps (VapTransaction *transaction, const VapHost *host, const Decision *decision,
           VapFindings *findings, GError **error)
{
  const VapHostDevice *device = vap_host_find_device (host, decision->uuid);
  const char *connect = libvirt_local_uri (NULL);

  if (device == NULL)
    return vap_host_ref ((VapHost *) host);
  if (decision->mend == MEND_START && !device->active)
    return vap_devices_start (transaction, host, device->uuid, connect, findings, error);
  if (decision->mend == MEND_REMOVE)
    return vap_devices_stop (transaction, host, device->uuid, TRUE, connect, findings,
                             error);
  if (vap_device_drift (device) == VAP_DRIFT_NONE || device->definition == NULL)
    return vap_host_ref ((VapHost *) host);
  if (decision->mend == MEND_STORE)
    return store (transaction, host, device);
  return complete (transaction, host, device, findings);
}

static gboolean
plan (const Repair *repair, VapTransaction *transaction, const GArray *decisions,
      VapFindings *findings, GError **error)
{
  g_autoptr (VapHost) host = vap_host_read (repair->root, error);

  for (guint i = 0; host != NULL && i < decisions->len; i++) {
    VapHost *after = add_steps (transaction, host,
                                &g_array_index (decisions, Decision, i), findings, error);

    vap_host_unref (host);
    host = after;
  }
  return host != NULL;
}

/* What became of it, for both forms. */
typedef struct {
  VapTransaction *transaction; /* NULL when there was nothing to do */
  VapFindings *findings;       /* why it was refused */
  const char *result;          /* a word of schemas/repair.schema.json */
  GError *error;
} Mended;

static int
carry_out (const Repair *repair, const GArray *decisions, Mended *mended)
{
  g_autoptr (Progress) progress = NULL;
  const char *title = repair->dry_run ? "virt-ap repair --dry-run" : "virt-ap repair";

  mended->transaction =
      repair->dry_run ? vap_transaction_new_dry (repair->root, title)
                      : vap_transaction_begin (repair->root, title, VAP_LOCK_PATIENCE_MS,
                                               &mended->error);
  if (mended->transaction == NULL ||
      !plan (repair, mended->transaction, decisions, mended->findings, &mended->error)) {
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

static void
show_text (const Repair *repair, const Mended *mended, const VapFindings *left)
{
  Output *output = repair->output;

  findings_add_text (output, "", mended->findings);
  if (g_strcmp0 (mended->result, "mended") == 0)
    output_add (output, "%s\n", _ ("mended:"));
  else if (g_strcmp0 (mended->result, "planned") == 0)
    output_add (output, "%s\n", _ ("would be mended:"));
  for (guint i = 0; mended->result != NULL && mended->transaction != NULL &&
                    i < vap_transaction_n_steps (mended->transaction);
       i++) {
    const VapStep *step = vap_transaction_step (mended->transaction, i);
    g_autofree char *what = vap_step_kind (step)->describe (step);
    g_autofree char *escaped = text_escape (what);

    output_add (output, "  %s\n", escaped);
  }
  if (left != NULL && left->list->len > 0) {
    output_add (output, "%s\n", _ ("left to you:"));
    findings_add_text (output, "", left);
  }
}

static void
show_json (const Repair *repair, const Mended *mended, const VapFindings *left)
{
  VapJson *json = repair->json;

  vap_json_name (json, "drift");
  vap_json_begin_object (json);
  json_add_string (json, "result", mended->result);
  json_add_string (json, "error", mended->error != NULL ? mended->error->message : NULL);
  if (mended->transaction != NULL) {
    change_add_steps_json (json, mended->transaction);
  } else {
    vap_json_name (json, "steps");
    vap_json_begin_array (json);
    vap_json_end_array (json);
  }
  vap_json_name (json, "refused");
  vap_json_begin_array (json);
  findings_add_json (json, NULL, mended->findings);
  vap_json_end_array (json);
  vap_json_name (json, "left");
  vap_json_begin_array (json);
  if (left != NULL)
    findings_add_json (json, NULL, left);
  vap_json_end_array (json);
  vap_json_end_object (json);
}

/* drift as it is now; NULL where the host cannot be read any more */
static VapFindings *
look_again (const Repair *repair)
{
  g_autoptr (VapHost) host = vap_host_read (repair->root, NULL);

  return host != NULL ? vap_check_drift (host) : NULL;
}

int
repair_drift (const Repair *repair)
{
  g_autoptr (VapFindings) refused = vap_findings_new ();
  g_autoptr (VapFindings) left = NULL;
  g_autoptr (GArray) decisions = NULL;
  g_autoptr (VapHost) host = NULL;
  Mended mended = { .findings = refused };
  int status = STATUS_GOOD;

  host = vap_host_read (repair->root, &mended.error);
  if (host == NULL)
    status = STATUS_UNJUDGED;
  else if (repair->way == REPAIR_FINISH)
    decisions = decide (repair, host);
  if (decisions != NULL && decisions->len > 0)
    status = carry_out (repair, decisions, &mended);
  left = look_again (repair);
  if (repair->json != NULL)
    show_json (repair, &mended, left);
  else
    show_text (repair, &mended, left);
  if (mended.error != NULL)
    report ("%s", mended.error->message);
  g_clear_error (&mended.error);
  g_clear_pointer (&mended.transaction, vap_transaction_free);
  return status;
}
