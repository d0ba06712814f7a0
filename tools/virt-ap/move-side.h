/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The two hosts of a move, as virt-ap check-move and virt-ap move read them, and the
 * options that both have.
 */
#pragma once

#include <glib/gi18n.h>

#include "check/move.h"

G_BEGIN_DECLS

/* what may be wished of a move */
typedef struct {
  char *keys; /* documents, NULL for what can be read now */
  char *target_keys;
  gboolean assume_keys;
  gboolean keep_domains;
} MoveWishes;

void move_wishes_clear (MoveWishes *wishes);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (MoveWishes, move_wishes_clear)

/* rows for OptionsSpec.entries; @wishes: a MoveWishes * */
#define MOVE_ENTRIES(wishes)                                                             \
  { "keys", 0, 0, G_OPTION_ARG_FILENAME, &(wishes)->keys,                                \
    N_ ("Take the master keys here from this document"), N_ ("FILE") },                  \
  { "target-keys", 0, 0, G_OPTION_ARG_FILENAME, &(wishes)->target_keys,                  \
    N_ ("Take the target's master keys from this document"), N_ ("FILE") },              \
  { "assume-keys", 0, 0, G_OPTION_ARG_NONE, &(wishes)->assume_keys,                      \
    N_ ("Take master keys that are not known for the same"), NULL },                     \
  { "keep-domains", 0, 0, G_OPTION_ARG_NONE, &(wishes)->keep_domains,                    \
    N_ ("Refuse when domains would get other numbers"), NULL }

VapMoveFlags move_wishes_flags (const MoveWishes *wishes);

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
