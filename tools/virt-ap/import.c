/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * `virt-ap import`: puts what virt-ap export has saved back onto this host.
 */
#include "config.h"

#include <glib/gi18n.h>

#include "change.h"
#include "change/restore.h"
#include "command.h"
#include "host/document.h"

typedef struct {
  VapHost *saved;
  const char *connect;
} Import;

static VapHost *
plan (VapTransaction *transaction, const VapHost *host, VapFindings *findings,
      gpointer user_data, GError **error)
{
  const Import *import = user_data;

  return vap_host_restore (transaction, host, import->saved, import->connect, findings,
                           error);
}

int
command_import (const char *root, char **argv)
{
  g_auto (Options) options = { 0 };
  g_auto (ChangeOptions) change = { 0 };
  const GOptionEntry entries[] = {
    CHANGE_ENTRY_CONNECT (&change),
    CHANGE_ENTRIES (&change),
    G_OPTION_ENTRY_NULL,
  };
  const OptionsSpec spec = {
    .name = "import",
    .arguments = _ ("FILE"),
    .description = _ (
        "Puts a host's AP configuration back, as virt-ap export saved it: all of it, or\n"
        "nothing."),
    .json = TRUE,
    .entries = entries,
  };
  g_auto (GStrv) copy = g_strdupv (argv);
  g_autoptr (GError) error = NULL;
  g_autoptr (VapHost) saved = NULL;
  Import import = { 0 };
  const ChangeSpec what = { .options = &options,
                            .change = &change,
                            .argv = copy,
                            .plan = plan,
                            .user_data = &import,
                            .device = "" };
  int status;

  if (!options_parse (&options, &spec, root, argv, &status))
    return status;
  if (g_strv_length (options.operands) != 1)
    return options_usage_error (spec.name, _ ("it takes one file"));
  import.saved = saved = vap_host_load (options.operands[0], &error);
  if (saved == NULL) {
    report ("%s", error->message);
    return STATUS_UNJUDGED;
  }
  if (!change_connect (&change, &import.connect))
    return STATUS_UNJUDGED;
  return change_run (&what);
}
