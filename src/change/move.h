/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A guest's move to another host, turned into steps: the matrix there, the device
 * unplugged here, the migration, the device plugged there, the matrix here given up.  As
 * long as the guest has not been given its device there, a failure brings it back; from
 * then on what is left is completed.  Used by virt-ap move.
 */
#pragma once

#include "change/transaction.h"
#include "check/move.h"

G_BEGIN_DECLS

/**
 * VapMoveWay: between which daemons, and how
 * @source: the URI of the libvirt daemon here
 * @target: and of the one there, as the daemon here reaches it
 * @migrate_uri: (nullable): where QEMU sends the guest to, "tcp://10.1.1.2"; NULL to
 * leave it to libvirt
 * @bandwidth: in MiB/s, 0 for what there is
 * @seconds: what the migration may take, 0 for as long as it likes
 * @unsafe: also when libvirt fears for the guest's disks
 */
typedef struct {
  const char *source;
  const char *target;
  const char *migrate_uri;
  guint bandwidth;
  guint seconds;
  gboolean unsafe;
} VapMoveWay;

/**
 * vap_move_add_steps:
 * @host: this host, read under the transaction's lock
 * @there: what is known of the target
 * @guest: of @host
 * @plan: of vap_check_move() for these, with findings that do not refuse
 * @there_after: (out) (transfer full): the target as it would be then
 *
 * A guest that runs moves as it runs, with its definition if it has one; of one that does
 * not run the definition moves.
 *
 * Returns: (transfer full): the host as it would be then; NULL with %VAP_ERROR_FAILED for
 *   a guest whose device cannot move with it
 */
VapHost *vap_move_add_steps (VapTransaction *transaction, const VapHost *host,
                             const VapHost *there, const VapHostGuest *guest,
                             const VapMovePlan *plan, const VapMoveWay *way,
                             VapHost **there_after, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
