/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Drift: where what a host does now differs from what it has stored, so that the next
 * start of the machine, of a device or of a guest makes it another.
 */
#pragma once

#include "check/finding.h"
#include "host/host.h"

G_BEGIN_DECLS

/**
 * vap_check_drift:
 *
 * Matrices against mdevctl's definitions, masks against chzdev's rule, guests against
 * devices, and what is left half made or used by nobody.
 *
 * Returns: (transfer full): free with vap_findings_free()
 */
VapFindings *vap_check_drift (const VapHost *host) G_GNUC_WARN_UNUSED_RESULT;

/* What became of an active device, compared with its definition. */
typedef enum {
  VAP_DRIFT_NONE,      /* equal, or not both are there, or one is not known */
  VAP_DRIFT_HALF_MADE, /* mdevctl wrote only the first attributes, or nobody gave it a
                          queue */
  VAP_DRIFT_DIFFERENT,
} VapDrift;

VapDrift vap_device_drift (const VapHostDevice *device);

/* For who mends */

/* the queues that the finding queue-unbound is about; @unbound: zeroed */
void vap_drift_unbound (const VapHost *host, VapQueueSet *unbound);

/* the UUID of a guest's first crypto device, one that @host knows or whose model says so;
 * NULL without one; @guest: (nullable) */
const char *vap_drift_crypto_device (const VapHost *host, const VapGuest *guest);

/* (nullable): a guest that is defined with the device, canonical */
const VapHostGuest *vap_drift_defined_holder (const VapHost *host, const char *uuid);

G_END_DECLS
