/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * `virt-ap export`: the host document of this host, to keep, to judge from elsewhere,
 * or to put back with import.
 */
#include "config.h"

#include <glib/gi18n.h>
#include <locale.h>

#include "command.h"
#include "host/document.h"
#include "options.h"

/* Of another root's emulator nothing is known; a host without one is a host. */
static gboolean
ask_qemu (VapHostRecord *record, const VapHost *host, const char *binary, GError **error)
{
  g_autoptr (GError) problem = NULL;

  if (binary == NULL && *host->root != '\0')
    return TRUE;
  record->qemu = vap_qemu_ask (binary, &problem);
  if (record->qemu != NULL || binary == NULL)
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&problem));
  return FALSE;
}

/* the document of @root, which may be one already */
static char *
make_document (const char *root, const char *binary, gboolean patterns, GError **error)
{
  g_autoptr (VapHost) host = vap_host_read (root, error);
  g_autoptr (VapHostRecord) record = NULL;

  if (host == NULL)
    return NULL;
  if (host->record != NULL)
    return vap_host_to_json (host, NULL);
  record = vap_host_record_new (host);
  if (!ask_qemu (record, host, binary, error))
    return NULL;
  if (patterns)
    record->patterns = vap_patterns_read (host);
  return vap_host_to_json (host, record);
}

int
command_export (const char *root, char **argv)
{
  g_autofree char *file = NULL;
  g_autofree char *binary = NULL;
  gboolean patterns = FALSE;
  const GOptionEntry entries[] = {
    { "output", 'o', 0, G_OPTION_ARG_FILENAME, &file,
      N_ ("Write to FILE instead of standard output"), N_ ("FILE") },
    { "mkvps", 0, 0, G_OPTION_ARG_NONE, &patterns,
      N_ ("Ask each queue of the host for the patterns of its master keys"), NULL },
    { "qemu", 0, 0, G_OPTION_ARG_FILENAME, &binary,
      N_ ("Ask this QEMU instead of the one libvirt would take"), N_ ("BINARY") },
    G_OPTION_ENTRY_NULL,
  };
  const OptionsSpec spec = {
    .name = "export",
    .description =
        _ ("Prints this host's AP configuration, devices and guests as one document,\n"
           "which --root and import take."),
    .entries = entries,
  };
  g_auto (Options) options = { 0 };
  g_auto (Output) output = { 0 };
  g_autofree char *json = NULL;
  g_autoptr (GError) error = NULL;
  int status;

  if (!options_parse (&options, &spec, root, argv, &status))
    return status;
  /* sentences in the document are the same in every language */
  setlocale (LC_MESSAGES, "C");
  json = make_document (options.root, binary, patterns, &error);
  if (json == NULL) {
    report ("%s", error->message);
    return STATUS_UNJUDGED;
  }
  output_init (&output, COLOR_NEVER);
  output.utf8 = TRUE;
  output_add (&output, "%s", json);
  return output_save (&output, file, STATUS_GOOD);
}
