/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Putting a saved host's AP configuration back onto a host: for virt-ap import.
 */
#pragma once

#include "change/devices.h"

G_BEGIN_DECLS

/**
 * vap_host_restore:
 * @host: as it is, read under the transaction's lock
 * @saved: with its record: the masks or driver_override, chzdev's rule, AP matrices that
 *   are active or defined, and which guests have them
 * @connect: (nullable): the URI of a local libvirt daemon, NULL for mdevctl
 *
 * Adds the steps that make of @host what @saved was.  What is there and not in @saved
 * stays, but when it is in the way it is refused; a device that is there already must be
 * the same.  A guest that is defined here without its device gets it again, if there is a
 * daemon; one that is not defined here is passed over.
 *
 * Returns: (transfer full): the host as it would be; NULL with @error when it could not
 *   be judged
 */
VapHost *vap_host_restore (VapTransaction *transaction, const VapHost *host,
                           const VapHost *saved, const char *connect,
                           VapFindings *findings,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The part of it that is about masks and driver_override alone. */
VapHost *vap_host_restore_owners (VapTransaction *transaction, const VapHost *host,
                                  const VapHost *saved, VapFindings *findings,
                                  GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
