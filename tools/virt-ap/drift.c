/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * `virt-ap drift`: where the host is not as it is stored.
 */
#include "config.h"

#include <glib/gi18n.h>

#include "check/drift.h"
#include "command.h"
#include "findings.h"
#include "options.h"

static void
add_text (Output *output, const VapHost *host, const VapFindings *findings)
{
  findings_add_text (output, "", findings);
  if (findings->list->len == 0)
    output_add (output, "%s\n", _ ("This host is as it is stored."));
  if (host->guests_incomplete)
    output_add (output, "%s\n",
                _ ("Not all of libvirt's guests could be read, so devices that no guest "
                   "has are not told."));
}

static void
add_json (Output *output, const VapFindings *findings)
{
  g_autoptr (VapJson) json = vap_json_new ();

  vap_json_begin_array (json);
  findings_add_json (json, NULL, findings);
  vap_json_end_array (json);
  output_json (output, json);
}

/* a note is no drift that anyone must mend */
static int
status_of (const VapFindings *findings)
{
  return vap_findings_refuse (findings) ||
                 vap_findings_count (findings, VAP_SEVERITY_WARNING) > 0
             ? STATUS_REFUSED
             : STATUS_GOOD;
}

int
command_drift (const char *root, char **argv)
{
  const OptionsSpec spec = {
    .name = "drift",
    .description =
        _ ("Shows where this host is not as it is stored: matrices, masks, guests' "
           "devices,\nand what was left half made or is used by nobody."),
    .json = TRUE,
  };
  g_auto (Options) options = { 0 };
  g_auto (Output) output = { 0 };
  g_autoptr (VapHost) host = NULL;
  g_autoptr (VapFindings) findings = NULL;
  g_autoptr (GError) error = NULL;
  int status;

  if (!options_parse (&options, &spec, root, argv, &status))
    return status;
  host = vap_host_read (options.root, &error);
  if (host == NULL) {
    report ("%s", error->message);
    return STATUS_UNJUDGED;
  }
  findings = vap_check_drift (host);
  output_init (&output, options.color);
  if (options.json)
    add_json (&output, findings);
  else
    add_text (&output, host, findings);
  return output_flush (&output, status_of (findings));
}
