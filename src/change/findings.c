/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Findings of several judgements in one list; see findings.h.
 */
#include "change/findings.h"

static gboolean
has_finding (const VapFindings *findings, const VapFinding *wanted)
{
  for (guint i = 0; i < findings->list->len; i++) {
    const VapFinding *finding = g_ptr_array_index (findings->list, i);

    if (finding->info == wanted->info &&
        g_strcmp0 (finding->subject, wanted->subject) == 0)
      return TRUE;
  }
  return FALSE;
}

static void
add (VapFindings *findings, VapFindings *more, gboolean only_new)
{
  for (guint i = 0; i < more->list->len; i++) {
    const VapFinding *finding = g_ptr_array_index (more->list, i);

    if (!only_new || !has_finding (findings, finding))
      vap_findings_take (findings, finding->info->id, finding->severity, finding->subject,
                         g_strdup (finding->message), g_strdup (finding->hint));
  }
  vap_findings_free (more);
}

void
vap_findings_add_all (VapFindings *findings, VapFindings *more)
{
  add (findings, more, FALSE);
}

void
vap_findings_add_new (VapFindings *findings, VapFindings *more)
{
  add (findings, more, TRUE);
}
