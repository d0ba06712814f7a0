/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Giving AP matrices to guests and taking them back, in what is stored and in what runs,
 * judged and turned into steps as in devices.h.
 */
#pragma once

#include "change/transaction.h"
#include "check/check.h"

G_BEGIN_DECLS

/**
 * VapGuestChange:
 * @guest: its name or UUID
 * @uuid: the device, canonical; @host has it, active for a running guest
 * @live: what runs is changed
 * @stored: its definition is
 * @connect: (nullable): the URI of a local libvirt daemon: without one it is an error
 */
typedef struct {
  const char *guest;
  const char *uuid;
  gboolean live;
  gboolean stored;
  const char *connect;
} VapGuestChange;

/**
 * vap_guests_attach:
 *
 * With neither live nor stored, both as far as there are both: a guest whose CPU lacks
 * what the device needs gets it at its next start then, with a warning, and with live it
 * is refused.  The definition also gets the CPU features that the device needs.
 *
 * Returns: (transfer full): the host as it would be; NULL with @error when it could not be
 *   judged: an unknown or unreadable guest, or no daemon
 */
VapHost *vap_guests_attach (VapTransaction *transaction, const VapHost *host,
                            const VapGuestChange *change, VapFindings *findings,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Takes the device from the guest, where it is; what a running guest loses is said. */
VapHost *vap_guests_detach (VapTransaction *transaction, const VapHost *host,
                            const VapGuestChange *change, VapFindings *findings,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* In the guest's definition, @uuid takes the place of @old (both canonical). */
VapHost *vap_guests_replace_stored (VapTransaction *transaction, const VapHost *host,
                                    const VapGuestChange *change, const char *old,
                                    VapFindings *findings,
                                    GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
