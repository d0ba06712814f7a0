/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How the subcommands show findings: for people, errors first, and as JSON.
 */
#include "findings.h"

#include "json.h"
#include "text.h"

void
finding_add_text (Output *output, const char *prefix, const VapFinding *finding)
{
  static const Style styles[] = {
    [VAP_SEVERITY_NOTE] = STYLE_TITLE,
    [VAP_SEVERITY_WARNING] = STYLE_CAUTION,
    [VAP_SEVERITY_ERROR] = STYLE_BAD,
  };
  g_autofree char *label = g_strdup_printf (
      "%s[%s]:", vap_severity_to_string (finding->severity), finding->info->id);
  g_autofree char *message = text_escape (finding->message);

  output_add (output, "%s", prefix);
  output_styled (output, styles[finding->severity], label);
  output_add (output, " %s\n", message);
  if (finding->hint != NULL) {
    g_autofree char *hint = text_escape (finding->hint);

    output_add (output, "  hint: %s\n", hint);
  }
}

void
finding_add_json (VapJson *json, const char *file, const VapFinding *finding)
{
  vap_json_begin_object (json);
  json_add_string (json, "id", finding->info->id);
  json_add_string (json, "severity", vap_severity_to_string (finding->severity));
  json_add_string (json, "subject", finding->subject);
  json_add_string (json, "message", finding->message);
  json_add_string (json, "hint", finding->hint);
  if (file != NULL)
    json_add_string (json, "file", file);
  vap_json_end_object (json);
}

typedef void (*FindingFunc) (const VapFinding *finding, gpointer user_data);

/* errors first, as everywhere */
static void
each (const VapFindings *findings, FindingFunc func, gpointer user_data)
{
  for (gint severity = VAP_SEVERITY_ERROR; severity >= VAP_SEVERITY_NOTE; severity--) {
    for (guint i = 0; i < findings->list->len; i++) {
      const VapFinding *finding = g_ptr_array_index (findings->list, i);

      if (finding->severity == (VapSeverity) severity)
        func (finding, user_data);
    }
  }
}

typedef struct {
  Output *output;
  VapJson *json;
  const char *name; /* prefix or file */
} Shown;

static void
show_text (const VapFinding *finding, gpointer user_data)
{
  const Shown *shown = user_data;

  finding_add_text (shown->output, shown->name, finding);
}

static void
show_json (const VapFinding *finding, gpointer user_data)
{
  const Shown *shown = user_data;

  finding_add_json (shown->json, shown->name, finding);
}

void
findings_add_text (Output *output, const char *prefix, const VapFindings *findings)
{
  Shown shown = { .output = output, .name = prefix };

  each (findings, show_text, &shown);
}

void
findings_add_json (VapJson *json, const char *file, const VapFindings *findings)
{
  Shown shown = { .json = json, .name = file };

  each (findings, show_json, &shown);
}

void
findings_copy (VapFindings *to, const VapFindings *from)
{
  for (guint i = 0; i < from->list->len; i++) {
    const VapFinding *finding = from->list->pdata[i];

    vap_findings_take (to, finding->info->id, finding->severity, finding->subject,
                       g_strdup (finding->message), g_strdup (finding->hint));
  }
}
