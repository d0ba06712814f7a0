/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the commands that change the host have in common; see change.h.
 */
#include "config.h"

#include "change.h"

#include <glib/gi18n.h>
#include <stdio.h>
#include <unistd.h>

#include "change/device-steps.h"
#include "command.h"
#include "findings.h"
#include "json.h"
#include "libvirt.h"
#include "picture.h"
#include "progress.h"
#include "text.h"

/* a day: more is a slip of the pen */
#define WAIT_MAX_S 86400u

/* What is known of a change at the end of it. */
typedef struct {
  const ChangeSpec *spec;
  VapTransaction *transaction; /* NULL when it could not be begun */
  VapHost *before;
  VapHost *after;
  VapFindings *findings;
  const char *result; /* a word of schemas/change.schema.json */
  GError *error;
} Change;

static void
change_clear (Change *change)
{
  g_clear_pointer (&change->transaction, vap_transaction_free);
  g_clear_pointer (&change->before, vap_host_unref);
  g_clear_pointer (&change->after, vap_host_unref);
  g_clear_pointer (&change->findings, vap_findings_free);
  g_clear_error (&change->error);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Change, change_clear)

void
change_options_clear (ChangeOptions *options)
{
  g_clear_pointer (&options->connect, g_free);
}

gboolean
change_connect (const ChangeOptions *options, const char **connect)
{
  *connect = NULL;
  if (options->connect == NULL) {
    *connect = libvirt_local_uri (NULL);
    return TRUE;
  }
  if (g_str_equal (options->connect, "none"))
    return TRUE;
  if (!vap_connect_is_local (options->connect)) {
    report (_ ("--connect %s: a change is made on this machine only, through a QEMU "
               "daemon, as at qemu:///system; run virt-ap on the other machine"),
            options->connect);
    return FALSE;
  }
  *connect = options->connect;
  return TRUE;
}

/* the command line as its user typed it */
char *
change_title (char **argv)
{
  g_autoptr (GString) title = g_string_new ("virt-ap");

  for (guint i = 0; argv[i] != NULL; i++) {
    g_autofree char *word = text_shell_word (argv[i]);

    g_string_append_printf (title, " %s", word);
  }
  return g_string_free (g_steal_pointer (&title), FALSE);
}

static gboolean
plan (Change *change)
{
  const ChangeSpec *spec = change->spec;

  g_clear_pointer (&change->before, vap_host_unref);
  g_clear_pointer (&change->after, vap_host_unref);
  g_clear_pointer (&change->findings, vap_findings_free);
  change->findings = vap_findings_new ();
  change->before = vap_host_read (spec->options->root, &change->error);
  if (change->before == NULL)
    return FALSE;
  change->after = spec->plan (change->transaction, change->before, change->findings,
                              spec->user_data, &change->error);
  return change->after != NULL;
}

static gboolean
plan_dry (Change *change)
{
  g_autofree char *title = change_title (change->spec->argv);

  change->transaction = vap_transaction_new_dry (change->spec->options->root, title);
  return plan (change);
}

guint
change_patience (void)
{
  const char *text = g_getenv ("VIRT_AP_LOCK_WAIT");
  guint64 seconds;

  if (text == NULL)
    return VAP_LOCK_PATIENCE_MS;
  if (g_ascii_string_to_unsigned (text, 10, 0, WAIT_MAX_S, &seconds, NULL))
    return (guint) seconds * 1000;
  report (_ ("VIRT_AP_LOCK_WAIT is '%s', not a number of seconds from 0 to %u, and is "
             "passed over"),
          text, WAIT_MAX_S);
  return VAP_LOCK_PATIENCE_MS;
}

static gboolean
begin (Change *change)
{
  g_autofree char *title = change_title (change->spec->argv);

  g_clear_pointer (&change->transaction, vap_transaction_free);
  change->transaction = vap_transaction_begin (change->spec->options->root, title,
                                               change_patience (), &change->error);
  if (change->transaction == NULL)
    return FALSE;
  if (vap_transaction_recovered (change->transaction) != NULL)
    report ("%s", vap_transaction_recovered (change->transaction));
  return plan (change);
}

/* what a guest loses, as one text */
static char *
list_losses (const VapFindings *findings)
{
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; i < findings->list->len; i++) {
    const VapFinding *finding = g_ptr_array_index (findings->list, i);

    if (g_str_equal (finding->info->id, "guest-loses"))
      g_string_append_printf (text, "%s\n", finding->message);
  }
  return g_string_free (g_steal_pointer (&text), FALSE);
}

/* Asks without the lock, so that nobody has to wait for the answer. */
static gboolean
ask (Change *change)
{
  g_autofree char *losses = NULL;
  g_autofree char *escaped = NULL;
  char answer[16] = "";

  if (!plan_dry (change))
    return FALSE;
  losses = list_losses (change->findings);
  if (*losses == '\0' || vap_findings_refuse (change->findings))
    return TRUE;
  escaped = text_escape (g_strchomp (losses));
  fprintf (stderr, _ ("%s\nGo on? [y/N] "), escaped);
  if (fgets (answer, sizeof answer, stdin) != NULL && g_ascii_tolower (answer[0]) == 'y')
    return TRUE;
  g_set_error (&change->error, VAP_ERROR, VAP_ERROR_FAILED, _ ("nothing was changed"));
  return FALSE;
}

/* The host may have changed while the user thought. */
static gboolean
begin_as_asked (Change *change)
{
  g_autofree char *asked = NULL;
  g_autofree char *now = NULL;

  if (change->spec->change->yes || isatty (STDIN_FILENO) != 1 ||
      isatty (STDERR_FILENO) != 1)
    return begin (change);
  if (!ask (change))
    return FALSE;
  asked = list_losses (change->findings);
  if (!begin (change))
    return FALSE;
  now = list_losses (change->findings);
  if (g_str_equal (asked, now))
    return TRUE;
  g_set_error (&change->error, VAP_ERROR, VAP_ERROR_FAILED,
               _ ("a guest would lose something else by now; nothing was changed"));
  return FALSE;
}

void
change_tell_progress (const VapTransaction *transaction, guint index, gboolean undoing,
                      gpointer user_data)
{
  const VapStep *step = vap_transaction_step (transaction, index);
  g_autofree char *what = vap_step_kind (step)->describe (step);
  int percent = vap_transaction_percent (transaction);
  g_autofree char *text = NULL;

  if (undoing)
    text = g_strdup_printf (_ ("Undo: %s"), what);
  else if (percent >= 0)
    text = g_strdup_printf (_ ("%s: %d %%"), what, percent);
  else
    text = g_steal_pointer (&what);
  progress_tell (user_data, index + 1, vap_transaction_n_steps (transaction), text);
}

static int
execute (Change *change)
{
  g_autoptr (Progress) progress = NULL;

  if (vap_transaction_n_steps (change->transaction) == 0) {
    change->result = "nothing-to-do";
    return STATUS_GOOD;
  }
  progress = progress_new (_ ("Beginning"));
  vap_transaction_set_progress (change->transaction, change_tell_progress, progress);
  if (vap_transaction_commit (change->transaction, &change->error)) {
    change->result = "done";
    return STATUS_GOOD;
  }
  change->result = g_error_matches (change->error, VAP_ERROR, VAP_ERROR_HALF_DONE)
                       ? "half-done"
                       : "undone";
  return STATUS_UNJUDGED;
}

static int
carry_out (Change *change)
{
  const ChangeOptions *options = change->spec->change;
  const char *root = change->spec->options->root;
  gboolean planned;

  if (!options->dry_run && root != NULL && *root != '\0') {
    g_set_error (&change->error, VAP_ERROR, VAP_ERROR_FAILED,
                 _ ("below another root nothing is changed; see what would be with "
                    "--dry-run"));
    return STATUS_UNJUDGED;
  }
  planned = options->dry_run ? plan_dry (change) : begin_as_asked (change);
  if (!planned)
    return STATUS_UNJUDGED;
  if (vap_findings_refuse (change->findings)) {
    change->result = "refused";
    return STATUS_REFUSED;
  }
  if (!options->dry_run)
    return execute (change);
  change->result =
      vap_transaction_n_steps (change->transaction) > 0 ? "planned" : "nothing-to-do";
  return STATUS_GOOD;
}

static void
add_step_json (VapJson *json, const VapTransaction *transaction, guint index)
{
  const VapStep *step = vap_transaction_step (transaction, index);
  const VapStepKind *kind = vap_step_kind (step);
  g_autofree char *description = kind->describe (step);
  g_autofree char *command = kind->command != NULL ? kind->command (step) : NULL;

  vap_json_begin_object (json);
  json_add_string (json, "kind", kind->name);
  json_add_string (json, "description", description);
  json_add_string (json, "command", command);
  json_add_string (json, "outcome",
                   vap_outcome_to_string (vap_transaction_outcome (transaction, index)));
  json_add_string (json, "problem", vap_transaction_problem (transaction, index));
  vap_json_end_object (json);
}

void
change_add_steps_json (VapJson *json, const VapTransaction *transaction)
{
  vap_json_name (json, "steps");
  vap_json_begin_array (json);
  for (guint i = 0; transaction != NULL && i < vap_transaction_n_steps (transaction); i++)
    add_step_json (json, transaction, i);
  vap_json_end_array (json);
}

static void
add_json (Output *output, const Change *change)
{
  g_autoptr (VapJson) json = vap_json_new ();
  g_autofree char *title = change_title (change->spec->argv);
  const VapTransaction *transaction = change->transaction;

  vap_json_begin_object (json);
  json_add_string (json, "command", title);
  json_add_bool (json, "dry_run", change->spec->change->dry_run);
  json_add_string (json, "result", change->result);
  json_add_string (json, "error", change->error != NULL ? change->error->message : NULL);
  json_add_string (json, "recovered",
                   transaction != NULL ? vap_transaction_recovered (transaction) : NULL);
  json_add_string (json, "device",
                   *change->spec->device != '\0' ? change->spec->device : NULL);
  vap_json_name (json, "findings");
  vap_json_begin_array (json);
  if (change->findings != NULL)
    findings_add_json (json, NULL, change->findings);
  vap_json_end_array (json);
  change_add_steps_json (json, transaction);
  vap_json_end_object (json);
  output_json (output, json);
}

static void
add_picture (Output *output, const char *title, const QueueMap *map)
{
  output_styled (output, STYLE_TITLE, title);
  output_add (output, "\n");
  if (!vap_mask_is_empty (&map->adapters) && !vap_mask_is_empty (&map->domains))
    picture_draw (output, map);
  output_add (output, "\n");
}

/* the same devices have the same letters in both */
static void
add_pictures (Output *output, const char *title_now, const VapHost *before,
              const char *title_then, const VapHost *after)
{
  g_autoptr (QueueMap) now = queue_map_new (before);
  g_autoptr (QueueMap) then = queue_map_new_after (after, now);

  add_picture (output, title_now, now);
  add_picture (output, title_then, then);
}

/* a step that has no command is left out */
static void
add_commands (Output *output, const VapTransaction *transaction)
{
  for (guint i = 0; i < vap_transaction_n_steps (transaction); i++) {
    const VapStep *step = vap_transaction_step (transaction, i);
    const VapStepKind *kind = vap_step_kind (step);
    g_autofree char *text = kind->command != NULL ? kind->command (step) : NULL;
    g_autofree char *escaped = text != NULL ? text_escape (text) : NULL;

    if (escaped != NULL)
      output_add (output, "  %s\n", escaped);
  }
}

void
change_add_steps (Output *output, const VapTransaction *transaction)
{
  for (guint i = 0; i < vap_transaction_n_steps (transaction); i++) {
    const VapStep *step = vap_transaction_step (transaction, i);
    g_autofree char *text = vap_step_kind (step)->describe (step);
    g_autofree char *escaped = text_escape (text);

    output_add (output, "  %u. %s\n", i + 1, escaped);
  }
}

void
change_add_plan (Output *output, const VapTransaction *transaction, const VapHost *before,
                 const VapHost *after, const ChangeTarget *target)
{
  if (vap_transaction_n_steps (transaction) == 0) {
    output_add (output, "%s\n", _ ("nothing to do"));
    return;
  }
  add_pictures (output, _ ("Queues now"), before, _ ("Queues then"), after);
  if (target != NULL && target->after != NULL)
    add_pictures (output, _ ("Queues of the target now"), target->before,
                  _ ("Queues of the target then"), target->after);
  output_styled (output, STYLE_TITLE, _ ("Steps"));
  output_add (output, "\n");
  change_add_steps (output, transaction);
  output_add (output, "\n");
  output_styled (output, STYLE_TITLE, _ ("Commands that do the same"));
  output_add (output, "\n");
  add_commands (output, transaction);
}

static void
add_text (Output *output, const Change *change)
{
  const char *result = change->result != NULL ? change->result : "";

  if (change->findings != NULL)
    findings_add_text (output, "", change->findings);
  if (g_str_equal (result, "planned"))
    change_add_plan (output, change->transaction, change->before, change->after,
                     change->spec->target);
  else if (g_str_equal (result, "nothing-to-do"))
    output_add (output, "%s\n", _ ("nothing to do"));
  else if (g_str_equal (result, "done"))
    change_add_steps (output, change->transaction);
}

static void
tell_error (const Change *change)
{
  if (change->error == NULL)
    return;
  report ("%s", change->error->message);
}

int
change_run (const ChangeSpec *spec)
{
  g_auto (Output) output = { 0 };
  g_auto (Change) change = { .spec = spec };
  int status = carry_out (&change);

  output_init (&output, spec->options->color);
  if (spec->options->json)
    add_json (&output, &change);
  else
    add_text (&output, &change);
  status = output_flush (&output, status);
  tell_error (&change);
  return status;
}
