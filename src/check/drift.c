/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Drift: puts a snapshot through its rules.  The table is all there are, in the order
 * in which their findings are read.
 */
#include "check/drift.h"

#include "check/rules.h"

static const VapDriftRule rules[] = {
  vap_rule_guest_device_gone, vap_rule_matrix_drift,       vap_rule_problems,
  vap_rule_autostart_blocked, vap_rule_device_not_started, vap_rule_mask_drift,
  vap_rule_queue_unbound,     vap_rule_guest_drift,        vap_rule_device_not_stored,
  vap_rule_grant_left,        vap_rule_device_orphan,
};

VapFindings *
vap_check_drift (const VapHost *host)
{
  VapDriftQuestion question = { .host = host, .findings = vap_findings_new () };

  for (guint i = 0; i < G_N_ELEMENTS (rules); i++)
    rules[i](&question);
  return question.findings;
}
