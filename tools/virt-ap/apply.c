/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * `virt-ap apply`: carries out a plan that `virt-ap plan` has made, all of it or nothing.
 */
#include "config.h"

#include "apply/apply.h"

#include <glib/gi18n.h>

#include "change.h"
#include "command.h"
#include "document.h"

typedef struct {
  VapPlan *plan;
  const char *connect;
} Applied;

static VapHost *
plan (VapTransaction *transaction, const VapHost *host, VapFindings *findings,
      gpointer user_data, GError **error)
{
  const Applied *applied = user_data;

  return vap_apply_plan (transaction, host, applied->plan, applied->connect, findings,
                         error);
}

/* NULL after telling why */
static VapPlan *
read_plan (const char *file)
{
  g_autoptr (GError) error = NULL;
  gsize length;
  g_autofree char *text = document_read (file, &length, &error);
  VapPlan *read = text != NULL ? vap_plan_parse (text, length, &error) : NULL;

  if (read == NULL)
    report ("%s: %s", file, error->message);
  return read;
}

static void
tell_unmet (const VapPlan *read)
{
  for (guint i = 0; i < read->guests->len; i++) {
    const VapPlanGuest *guest = g_ptr_array_index (read->guests, i);

    if (guest->action == VAP_PLAN_UNMET)
      report (_ ("the plan does not meet the need of guest '%s'"), guest->guest);
  }
}

int
command_apply (const char *root, char **argv)
{
  g_auto (Options) options = { 0 };
  g_auto (ChangeOptions) change = { 0 };
  g_autoptr (VapPlan) read = NULL;
  Applied applied = { 0 };
  const GOptionEntry entries[] = {
    CHANGE_ENTRY_CONNECT (&change),
    CHANGE_ENTRIES (&change),
    G_OPTION_ENTRY_NULL,
  };
  const OptionsSpec spec = {
    .name = "apply",
    .arguments = _ ("PLAN"),
    .description =
        _ ("Carries out a plan that 'virt-ap plan --json' has made: all of it, "
           "or nothing. '-' is\nstandard input."),
    .json = TRUE,
    .entries = entries,
  };
  g_auto (GStrv) copy = g_strdupv (argv);
  const ChangeSpec what = { .options = &options,
                            .change = &change,
                            .argv = copy,
                            .plan = plan,
                            .user_data = &applied,
                            .device = "" };
  int status;

  if (!options_parse (&options, &spec, root, argv, &status))
    return status;
  if (g_strv_length (options.operands) != 1)
    return options_usage_error (spec.name, _ ("it takes one plan"));
  if (!change_connect (&change, &applied.connect))
    return STATUS_UNJUDGED;
  read = read_plan (options.operands[0]);
  if (read == NULL)
    return STATUS_UNJUDGED;
  applied.plan = read;
  tell_unmet (read);
  return change_run (&what);
}
