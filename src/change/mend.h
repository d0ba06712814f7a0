/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What mends a finding of drift (check/drift.h): one answer that is right, or several of
 * which someone has to choose.  For `virt-ap repair`.
 */
#pragma once

#include "change/transaction.h"
#include "check/drift.h"

G_BEGIN_DECLS

#define VAP_MEND_CHOICES_MAX 3u

/* An answer. */
typedef struct {
  const char *slug;     /* "store": for scripts; never changes its meaning */
  const char *sentence; /* translated, what is done: "define what is active" */
} VapMendChoice;

/**
 * VapMendOffer:
 * @is_clear: the first choice is the one right answer
 */
typedef struct {
  guint n_choices;
  VapMendChoice choices[VAP_MEND_CHOICES_MAX];
  gboolean is_clear;
} VapMendOffer;

/**
 * vap_mend_offer:
 * @finding: of vap_check_drift() about @host
 *
 * What can be done about it; no choice where it is for its reader alone.
 */
VapMendOffer vap_mend_offer (const VapHost *host, const VapFinding *finding);

/**
 * vap_mend:
 * @host: as it is, or as the steps before make it
 * @slug: one of vap_mend_offer()'s
 * @connect: (nullable): the URI of a local libvirt daemon
 * @findings: gets what is in the way, and what is good to know
 *
 * Adds the steps to @transaction.
 *
 * Returns: (transfer full): the host as it would be; NULL with @error when it could not be
 *   judged, or there is no such choice
 */
VapHost *vap_mend (VapTransaction *transaction, const VapHost *host,
                   const VapFinding *finding, const char *slug, const char *connect,
                   VapFindings *findings, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
