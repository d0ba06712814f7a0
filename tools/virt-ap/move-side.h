/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One of the two hosts of a move, as virt-ap check-move and virt-ap move read it.
 */
#pragma once

#include "check/move.h"

G_BEGIN_DECLS

typedef struct {
  VapHost *host;
  VapHost *kept; /* the document that has the keys, NULL without one */
  VapPatterns *read;
} MoveSide;

void move_side_clear (MoveSide *side);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (MoveSide, move_side_clear)

/**
 * move_target_read:
 * @target: a document, a directory as for --root, or a URI of qemu+ssh, whose host's own
 *   virt-ap is asked
 *
 * Returns: (transfer full): NULL with an error that names it
 */
VapHost *move_target_read (const char *target, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * move_side_read_keys:
 * @side: with its host
 * @keys: (nullable): a document from when the queues were the host's; NULL for what can
 *   be read now
 */
gboolean move_side_read_keys (MoveSide *side, const char *keys,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* what the rules take; as long as @side lives */
VapMoveSide move_side_facts (const MoveSide *side);

G_END_DECLS
