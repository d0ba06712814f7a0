/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A plan (plan/plan.h) carried out: its steps, judged, in one transaction, with the
 * queues that have to be reserved first.  Used by `virt-ap apply`.
 */
#pragma once

#include "change/devices.h"
#include "plan/plan.h"

G_BEGIN_DECLS

/**
 * vap_apply_plan:
 * @plan: also one that a stranger has edited: each of its matrices is judged
 * @connect: (nullable): the URI of a local libvirt daemon, NULL for mdevctl
 *
 * New devices are stored and start with the machine, and what is reserved stays so after a
 * restart.  A guest that is defined gets its device in its definition, and one that runs
 * at once, as far as its CPU lets it.  What is so already needs no step.
 *
 * Returns: (transfer full): the host as it would be; NULL with %VAP_ERROR_FAILED when the
 *   plan was made for another state of the host
 */
VapHost *vap_apply_plan (VapTransaction *transaction, const VapHost *host,
                         const VapPlan *plan, const char *connect, VapFindings *findings,
                         GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
