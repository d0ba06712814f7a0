/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * `virt-ap plan`: from needs to matrices; changes nothing.
 */
#include "config.h"

#include "plan.h"

#include <glib/gi18n.h>

#include "command.h"
#include "needs-files.h"
#include "progress.h"

/* what --time-limit may say, in seconds */
#define SECONDS_MAX 86400.0

static int
answer (const Options *options, const VapPlanOptions *wanted, char **hosts)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (VapNeeds) needs = needs_read (options->root, options->operands, &error);
  g_autoptr (VapHost) host = NULL;
  g_autoptr (VapPlan) plan = NULL;
  g_auto (Output) output = { 0 };

  if (needs != NULL && hosts != NULL)
    return plan_fleet (options, hosts, needs);
  if (needs != NULL)
    host = vap_host_read (options->root, &error);
  if (host != NULL) {
    g_autoptr (Progress) progress = progress_new (_ ("looking for the best plan"));

    plan = vap_plan_make (host, needs, wanted, &error);
  }
  if (plan == NULL) {
    report ("%s", error->message);
    return STATUS_UNJUDGED;
  }
  output_init (&output, options->color);
  if (options->json) {
    g_autofree char *text = vap_plan_to_json (plan);

    output_add (&output, "%s\n", text);
    output.utf8 = TRUE;
  } else {
    plan_add_text (&output, host, plan);
  }
  return output_flush (&output, plan->score.met == plan->guests->len ? STATUS_GOOD
                                                                     : STATUS_REFUSED);
}

int
command_plan (const char *root, char **argv)
{
  VapPlanOptions wanted = { FALSE, 0 };
  g_auto (GStrv) hosts = NULL;
  const GOptionEntry entries[] = {
    { "rearrange", 0, 0, G_OPTION_ARG_NONE, &wanted.rearrange,
      N_ ("Guests that have what they need may be moved too"), NULL },
    { "time-limit", 0, 0, G_OPTION_ARG_DOUBLE, &wanted.seconds,
      N_ ("Take the best plan that this much work finds, default 10"), N_ ("SECONDS") },
    { "fleet", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &hosts,
      N_ ("Only say which of these saved hosts could take what"), N_ ("HOSTS") },
    G_OPTION_ENTRY_NULL,
  };
  const OptionsSpec spec = {
    .name = "plan",
    .arguments = _ ("[NEEDS…]"),
    .description = _ ("Finds a matrix for each guest in files of needs, and what must be "
                      "reserved for it;\nchanges nothing. 'virt-ap apply' carries out "
                      "what --json prints."),
    .json = TRUE,
    .entries = entries,
  };
  g_auto (Options) options = { 0 };
  int status;

  if (!options_parse (&options, &spec, root, argv, &status))
    return status;
  if (wanted.seconds < 0 || wanted.seconds > SECONDS_MAX)
    return options_usage_error (spec.name, _ ("--time-limit takes up to %.0f seconds"),
                                SECONDS_MAX);
  return answer (&options, &wanted, hosts);
}
