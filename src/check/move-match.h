/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The choice of adapters and domains of another host that can stand for those of a
 * guest's matrix: pure search, for the rules of a move, which say what fits.
 */
#pragma once

#include "ap/matrix.h"

G_BEGIN_DECLS

/**
 * VapMoveFits:
 * @adapter: the guest's
 * @domain: the guest's
 * @other: an adapter of the other host
 *
 * Returns: its domains whose queue of @other can stand for the guest's queue
 */
typedef VapMask (*VapMoveFits) (gpointer data, guint adapter, guint domain, guint other);

/**
 * VapMoveMatch:
 * @adapters, @domains: the other host's number for each of the guest's, by number; -1 for
 *   the others
 * @cost: 0 when all numbers stay; a domain's number that changes costs more than all
 *   adapters' together
 * @complete: FALSE when not all choices could be gone through
 */
typedef struct {
  gint adapters[VAP_MASK_BITS];
  gint domains[VAP_MASK_BITS];
  guint cost;
  gboolean complete;
} VapMoveMatch;

/**
 * vap_move_match:
 * @matrix: the guest's, at least a queue
 * @others: the adapters of the other host
 * @match: (out caller-allocates)
 *
 * Finds a choice of low cost: same numbers where they fit, and domains before adapters.
 *
 * Returns: FALSE when nothing fits; @complete says whether that is sure
 */
gboolean vap_move_match (const VapMatrix *matrix, const VapMask *others, VapMoveFits fits,
                         gpointer data, VapMoveMatch *match) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
