/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Lists of findings and their text form.  The rules add to a list, the doors and
 * the command line print it; what each id means is in catalogue.c.
 */
#include "check/finding.h"

static const char *const severity_names[] = {
  [VAP_SEVERITY_NOTE] = "note",
  [VAP_SEVERITY_WARNING] = "warning",
  [VAP_SEVERITY_ERROR] = "error",
};

const char *
vap_severity_to_string (VapSeverity severity)
{
  g_return_val_if_fail ((guint) severity < G_N_ELEMENTS (severity_names), "error");

  return severity_names[severity];
}

gboolean
vap_finding_exists (const char *id)
{
  return vap_finding_info (id) != NULL;
}

void
vap_finding_free (VapFinding *finding)
{
  if (finding == NULL)
    return;

  g_free (finding->subject);
  g_free (finding->message);
  g_free (finding->hint);
  g_free (finding);
}

VapFindings *
vap_findings_new (void)
{
  VapFindings *findings = g_new0 (VapFindings, 1);

  findings->list = g_ptr_array_new_with_free_func ((GDestroyNotify) vap_finding_free);
  return findings;
}

void
vap_findings_free (VapFindings *findings)
{
  if (findings == NULL)
    return;

  g_ptr_array_unref (findings->list);
  g_free (findings);
}

/* Names come from XML and JSON that anyone may have written: a line break or an
 * escape sequence in one must neither forge a line of output nor reach a terminal. */
static char *
without_controls (char *text)
{
  for (char *c = text; c != NULL && *c != '\0'; c++)
    if (g_ascii_iscntrl (*c))
      *c = '?';

  return text;
}

void
vap_findings_take (VapFindings *findings, const char *id, VapSeverity severity,
                   const char *subject, char *message, char *hint)
{
  VapFinding *finding = g_new0 (VapFinding, 1);

  finding->info = vap_finding_info (id);
  finding->severity = severity;
  finding->subject = without_controls (g_strdup (subject));
  finding->message = without_controls (message);
  finding->hint = without_controls (hint);

  if (finding->info == NULL) {
    g_critical ("finding '%s' is not in the catalogue", id);
    vap_finding_free (finding);
    return;
  }
  g_ptr_array_add (findings->list, finding);
}

guint
vap_findings_count (const VapFindings *findings, VapSeverity severity)
{
  guint count = 0;

  for (guint i = 0; i < findings->list->len; i++) {
    const VapFinding *finding = findings->list->pdata[i];

    if (finding->severity == severity)
      count++;
  }
  return count;
}

gboolean
vap_findings_refuse (const VapFindings *findings)
{
  return vap_findings_count (findings, VAP_SEVERITY_ERROR) > 0;
}

static void
append_text (GString *text, const VapFinding *finding)
{
  g_string_append_printf (text, "%s[%s]: %s\n",
                          vap_severity_to_string (finding->severity), finding->info->id,
                          finding->message);
  if (finding->hint != NULL)
    g_string_append_printf (text, "  hint: %s\n", finding->hint);
}

char *
vap_findings_to_text (const VapFindings *findings, VapSeverity at_least)
{
  GString *text = g_string_new (NULL);

  for (gint severity = VAP_SEVERITY_ERROR; severity >= (gint) at_least; severity--)
    for (guint i = 0; i < findings->list->len; i++) {
      const VapFinding *finding = findings->list->pdata[i];

      if (finding->severity == (VapSeverity) severity)
        append_text (text, finding);
    }

  return g_string_free (text, FALSE);
}
