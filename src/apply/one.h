/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One guest's need met at once: queues are found, reserved where free ones do not do, and
 * made a device, in one transaction.  Used by `virt-ap create --profile`.
 */
#pragma once

#include "change/devices.h"
#include "plan/need.h"

G_BEGIN_DECLS

/**
 * vap_apply_one:
 * @need: complete
 * @device: all but the matrix, which is set; of its guest @need has the name
 *
 * Queues of the host are taken only if the free ones do not meet the need; they stay
 * reserved after a restart if the device is stored.
 *
 * Returns: (transfer full): the host as it would be; NULL with %VAP_ERROR_FAILED and why
 *   the need cannot be met
 */
VapHost *vap_apply_one (VapTransaction *transaction, const VapHost *host,
                        const VapNeed *need, VapNewDevice *device, VapFindings *findings,
                        GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
