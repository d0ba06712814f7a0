/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * `virt-ap fleet`: one table over many hosts.
 */
#include "config.h"

#include "fleet.h"

#include <glib/gi18n.h>

#include "command.h"
#include "options.h"

#define SECONDS_USUAL 10
#define SECONDS_MAX 3600

static gboolean
read_operands (GPtrArray *hosts, char **operands)
{
  for (char **at = operands; *at != NULL; at++) {
    g_autoptr (GError) error = NULL;

    if (fleet_read_operand (hosts, *at, &error))
      continue;
    report ("%s", error->message);
    return FALSE;
  }
  return TRUE;
}

static int
tell_problems (const GPtrArray *hosts)
{
  int status = STATUS_GOOD;

  for (guint i = 0; i < hosts->len; i++) {
    const FleetHost *host = hosts->pdata[i];

    if (host->problem == NULL)
      continue;
    report ("%s: %s", host->name, host->problem);
    status = STATUS_UNJUDGED;
  }
  return status;
}

int
command_fleet (const char *root, char **argv)
{
  int seconds = SECONDS_USUAL;
  const GOptionEntry entries[] = {
    { "timeout", 0, 0, G_OPTION_ARG_INT, &seconds, N_ ("Wait so long for each host"),
      N_ ("SECONDS") },
    G_OPTION_ENTRY_NULL,
  };
  const OptionsSpec spec = {
    .name = "fleet",
    .arguments = _ ("HOST..."),
    .description =
        _ ("Shows the queues of many hosts in one table. HOST is a document of virt-ap "
           "export,\na libvirt URI, or a file that lists hosts."),
    .json = TRUE,
    .entries = entries,
  };
  g_autoptr (GPtrArray) hosts =
      g_ptr_array_new_with_free_func ((GDestroyNotify) fleet_host_free);
  g_auto (Options) options = { 0 };
  g_auto (Output) output = { 0 };
  int status;

  if (!options_parse (&options, &spec, root, argv, &status))
    return status;
  if (options.operands[0] == NULL)
    return options_usage_error (spec.name, _ ("which hosts?"));
  if (seconds < 1 || seconds > SECONDS_MAX)
    return options_usage_error (spec.name, _ ("--timeout takes 1 to %d seconds"),
                                SECONDS_MAX);
  if (!read_operands (hosts, options.operands))
    return STATUS_UNJUDGED;
  fleet_ask (hosts, (guint) seconds);
  output_init (&output, options.color);
  if (options.json)
    fleet_add_json (&output, hosts);
  else
    fleet_add_text (&output, hosts);
  status = tell_problems (hosts);
  return output_flush (&output, status);
}
