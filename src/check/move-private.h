/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the rules of a move, rules-move.c, rules-move-matrix.c and move-why.c, share. */
#pragma once

#include "check/guest-view.h"
#include "check/move-keys.h"
#include "check/move-match.h"
#include "check/move.h"

G_BEGIN_DECLS

/* Which master keys may be met. */
typedef enum {
  VAP_MOVE_KEYS_KNOWN,   /* only those known to be the same */
  VAP_MOVE_KEYS_ASSUMED, /* unknown ones too, where the domain keeps its number */
  VAP_MOVE_KEYS_IGNORED, /* any */
} VapMoveKeys;

typedef struct {
  const VapMoveSide *from;
  const VapMoveSide *to;
  const char *name;
  VapMoveFlags flags;
  VapGuestView *view;
  VapMovePlan *plan;
  const VapCard *own_cards[VAP_MASK_BITS]; /* by number, NULL for none */
  const VapCard *cards[VAP_MASK_BITS];     /* of the target */
  VapMask others;                          /* the numbers of @cards */
  VapQueueSet held;                        /* by active devices of the target */
  GHashTable *compared; /* of Pair: the answer of vap_keys_compare() */
  VapMoveKeys keys;
  const VapHostDevice *ready; /* only its queues count; NULL for all that are free */
  VapMoveMatch match;
  VapFindings *findings;
} VapMove;

/* lists what the target has; before the others */
void vap_move_init (VapMove *move);
void vap_move_clear (VapMove *move);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (VapMove, vap_move_clear)

/* chooses adapters and domains of the target into @plan and @match, or says why not */
void vap_move_rule_matrix (VapMove *move);

/* a VapMoveFits; @data: the VapMove */
VapMask vap_move_fits (gpointer data, guint adapter, guint domain, guint other);

/* when there is no match; @complete: nothing was left untried */
void vap_move_report_no_matrix (VapMove *move, gboolean complete);

/* (nullable): what mkvps tells of the queue */
const char *vap_move_pattern (const VapMoveSide *side, guint adapter, guint domain);
/* an accelerator has no master keys */
gboolean vap_move_has_keys (const VapMove *move, guint adapter);
VapKeysMatch vap_move_compare_keys (const VapMove *move, VapQueue ours, VapQueue theirs);

G_END_DECLS
