/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the questions about a document (judge.c) and those about what is stored
 * (stored.c) have in common; verdict.c.
 */
#pragma once

#include "judge/judge.h"

G_BEGIN_DECLS

/* one that has nothing to say */
VapVerdict *vap_verdict_new (void);
/* takes @findings, in the place of those there were */
void vap_verdict_set_findings (VapVerdict *verdict, VapFindings *findings);

/* that AP came into it; @guest and @device: what is known of the two, NULL else */
void vap_verdict_concerns (VapVerdict *verdict, const char *guest, const char *device);

/* (transfer full): what the rules look at of the host, for a guest that is not known yet,
 * and for an AP matrix */
VapHost *vap_judge_read_for_guest (const char *root, GError **error) G_GNUC_WARN_UNUSED_RESULT;
VapHost *vap_judge_read_for_device (const char *root,
                                    GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* (transfer full): NULL when there is nothing to ask or no answer: the rules tell the
 * two apart */
VapQemu *vap_judge_ask_qemu (const VapHost *host, const VapGuest *guest);

G_END_DECLS
