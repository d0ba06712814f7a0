/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Findings of several judgements in one list.  Not installed. */
#pragma once

#include "check/finding.h"

G_BEGIN_DECLS

/* takes @more, and adds all of it */
void vap_findings_add_all (VapFindings *findings, VapFindings *more);

/* takes @more; what @findings has about the same subject already is not said again */
void vap_findings_add_new (VapFindings *findings, VapFindings *more);

G_END_DECLS
