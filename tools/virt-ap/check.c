/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * `virt-ap check`: puts documents to the judge, as libvirt and mdevctl would put
 * them, before they do.
 */
#include "config.h"

#include <glib/gi18n.h>

#include "command.h"
#include "document.h"
#include "findings.h"
#include "json.h"
#include "judge/judge.h"
#include "options.h"
#include "text.h"

typedef struct {
  const char *root;
  VapAction action;
  const char *prefix; /* "FILE: " in front of a finding, or "" */
  VapJson *json;      /* NULL for text */
  Output *output;
} Check;

/* mdevctl keeps a definition in a file named by its UUID; in any other file the
 * UUID has yet to be chosen. */
static VapVerdict *
judge_mdevctl (const Check *check, const char *file, const char *text, gsize length,
               GError **error)
{
  g_autofree char *name = g_path_get_basename (file);
  char uuid[37];
  gboolean named = vap_uuid_canonical (name, uuid);

  return vap_judge_mdevctl (check->root, text, length, named ? uuid : NULL,
                            VAP_DEVICE_PARENT, check->action, error);
}

static VapVerdict *
judge_file (const Check *check, const char *file, GError **error)
{
  gsize length;
  g_autofree char *text = document_read (file, &length, error);

  if (text == NULL)
    return NULL;
  switch (document_kind (text)) {
  case DOCUMENT_DOMAIN:
    return vap_judge_domain_xml (check->root, text, length, check->action, error);
  case DOCUMENT_NODE_DEVICE:
    return vap_judge_device_xml (check->root, text, length, check->action, error);
  case DOCUMENT_MDEVCTL:
    return judge_mdevctl (check, file, text, length, error);
  case DOCUMENT_UNKNOWN:
  default:
    g_set_error (error, VAP_ERROR, VAP_ERROR_MALFORMED,
                 _ ("it begins neither as domain XML (<domain>) nor as a node device "
                    "(<device>) nor as an mdevctl definition ({)"));
    return NULL;
  }
}

static void
add_findings (const Check *check, const char *file, const VapFindings *findings)
{
  if (check->json != NULL)
    findings_add_json (check->json, file, findings);
  else
    findings_add_text (check->output, check->prefix, findings);
}

static int
check_file (const Check *check, const char *file)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (VapVerdict) verdict = judge_file (check, file, &error);
  g_autofree char *display = g_filename_display_name (file);
  g_autofree char *name = text_escape (display);

  if (verdict == NULL) {
    report (_ ("cannot judge %s: %s"), name, error->message);
    return STATUS_UNJUDGED;
  }
  add_findings (check, display, verdict->findings);
  if (check->json == NULL && verdict->findings->list->len == 0)
    output_add (check->output, _ ("%s: nothing to object\n"), name);
  return vap_findings_refuse (verdict->findings) ? STATUS_REFUSED : STATUS_GOOD;
}

static int
check_files (Check *check, char **files)
{
  gboolean several = files[1] != NULL;
  int worst = STATUS_GOOD;

  for (guint i = 0; files[i] != NULL; i++) {
    g_autofree char *name = text_escape (files[i]);
    g_autofree char *prefix = g_strconcat (name, ": ", NULL);
    int status;

    check->prefix = several ? prefix : "";
    status = check_file (check, files[i]);
    worst = MAX (worst, status);
    /* so that what is told on standard error stands where it belongs */
    if (check->json == NULL)
      worst = output_flush (check->output, worst);
  }
  return worst;
}

int
command_check (const char *root, char **argv)
{
  gboolean start = FALSE;
  const GOptionEntry entries[] = {
    { "start", 0, 0, G_OPTION_ARG_NONE, &start,
      N_ ("Judge as if it were started now, not only defined"), NULL },
    G_OPTION_ENTRY_NULL,
  };
  const OptionsSpec spec = {
    .name = "check",
    .arguments = _ ("FILE..."),
    .description = _ ("Judges domain XML, node-device XML and mdevctl definitions, told "
                      "apart by what they\ncontain; '-' is standard input."),
    .json = TRUE,
    .entries = entries,
  };
  g_auto (Options) options = { 0 };
  g_auto (Output) output = { 0 };
  g_autoptr (VapJson) json = NULL;
  Check check = { .output = &output };
  int status;

  if (!options_parse (&options, &spec, root, argv, &status))
    return status;
  if (options.operands[0] == NULL)
    return options_usage_error (spec.name, _ ("which file?"));
  output_init (&output, options.color);
  check.root = options.root;
  check.action = start ? VAP_ACTION_START : VAP_ACTION_DEFINE;
  if (!options.json)
    return check_files (&check, options.operands);

  check.json = json = vap_json_new ();
  vap_json_begin_array (json);
  status = check_files (&check, options.operands);
  vap_json_end_array (json);
  output_json (&output, json);
  return output_flush (&output, status);
}
