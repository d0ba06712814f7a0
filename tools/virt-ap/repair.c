/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * `virt-ap repair`: mends what is half done.
 */
#include "config.h"

#include "repair.h"

#include <glib/gi18n.h>

#include "change.h"
#include "command.h"

/* A part of the host, and what mends it; the largest exit status counts. */
typedef int (*RepairFunc) (const Repair *repair);

static const RepairFunc parts[] = {
  repair_journal,
  repair_drift,
};

static int
run_parts (const Repair *repair)
{
  int worst = STATUS_GOOD;

  for (guint i = 0; i < G_N_ELEMENTS (parts); i++) {
    int status = parts[i](repair);

    worst = MAX (worst, status);
  }
  return worst;
}

static int
run (const Options *options, Repair *repair)
{
  g_auto (Output) output = { 0 };
  g_autoptr (VapJson) json = options->json ? vap_json_new () : NULL;
  int status;

  output_init (&output, options->color);
  repair->root = options->root;
  repair->output = &output;
  repair->json = json;
  if (json != NULL)
    vap_json_begin_object (json);
  status = run_parts (repair);
  if (json != NULL) {
    vap_json_end_object (json);
    output_json (&output, json);
  }
  return output_flush (&output, status);
}

int
command_repair (const char *root, char **argv)
{
  gboolean complete = FALSE, forget = FALSE;
  g_auto (ChangeOptions) change = { 0 };
  g_auto (GStrv) answers = NULL;
  Repair repair = { 0 };
  const GOptionEntry entries[] = {
    { "complete", 0, 0, G_OPTION_ARG_NONE, &complete,
      N_ ("Complete the interrupted change instead of undoing it"), NULL },
    { "forget", 0, 0, G_OPTION_ARG_NONE, &forget,
      N_ ("Leave everything as it is, and forget the interrupted change"), NULL },
    { "answer", 0, 0, G_OPTION_ARG_STRING_ARRAY, &answers,
      N_ ("Answer the question about a finding: FINDING=CHOICE, or "
          "FINDING:SUBJECT=CHOICE"),
      N_ ("ANSWER") },
    CHANGE_ENTRY_CONNECT (&change),
    { "dry-run", 'n', 0, G_OPTION_ARG_NONE, &repair.dry_run,
      N_ ("Show what was interrupted and what would be mended, and change nothing"),
      NULL },
    G_OPTION_ENTRY_NULL,
  };
  const OptionsSpec spec = {
    .name = "repair",
    .description =
        _ ("Undoes a change that was interrupted, or completes it when all of it "
           "was done already\nor it cannot be undone; then mends what is half made, and "
           "asks about other drift."),
    .json = TRUE,
    .entries = entries,
  };
  g_auto (Options) options = { 0 };
  int status;

  if (!options_parse (&options, &spec, root, argv, &status))
    return status;
  if (options.operands[0] != NULL)
    return options_usage_error (spec.name, _ ("it takes no argument"));
  if (complete && forget)
    return options_usage_error (spec.name, _ ("--complete or --forget, not both"));
  if (!change_connect (&change, &repair.connect))
    return STATUS_UNJUDGED;
  repair.answers = answers;
  if (complete)
    repair.way = REPAIR_COMPLETE;
  if (forget)
    repair.way = REPAIR_FORGET;
  return run (&options, &repair);
}
