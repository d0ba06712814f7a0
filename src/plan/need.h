/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Needs: what a guest wants of AP, without saying which queues.  Read from a key file
 * or from JSON that the caller hands over; the planner (plan.h) turns them into
 * matrices.  No I/O.
 */
#pragma once

#include "ap/card.h"
#include "ap/matrix.h"

G_BEGIN_DECLS

/* No honest file of needs comes near it: 100,000 guests take about 20 MB. */
#define VAP_NEEDS_MAX (256u * 1024 * 1024)

/* What a need says; the others have their defaults.  A guest that names a profile
 * takes from it what it does not say itself. */
typedef enum {
  VAP_NEED_QUEUES = 1 << 0,
  VAP_NEED_MODES = 1 << 1,
  VAP_NEED_CARDS = 1 << 2,
  VAP_NEED_GENERATION = 1 << 3,
  VAP_NEED_SPREAD = 1 << 4,
  VAP_NEED_AWAY = 1 << 5,
  VAP_NEED_ADAPTERS = 1 << 6,
  VAP_NEED_DOMAINS = 1 << 7,
  VAP_NEED_CONTROL = 1 << 8,
} VapNeedSaid;

typedef enum {
  VAP_CONTROL_USAGE, /* the usage domains, so that the guest can manage their keys */
  VAP_CONTROL_NONE,
  VAP_CONTROL_LIST,  /* those in @control_domains */
} VapNeedControl;

/**
 * VapNeed:
 * @name: the guest's, or the profile's
 * @profile: (nullable): the profile it takes the rest from
 * @uuid: (nullable): canonical; the device is to have it
 * @said: VapNeedSaid
 * @queues: at least so many, 1 to 65,536
 * @modes: bits of vap_need_mode_bit(), 0 for any
 * @hwtypes: bit n: card type 10 + n (CEX4 is bit 0); 0 for any
 * @min_hwtype: no older card type, %VAP_CARD_HWTYPE_MIN without a demand
 * @spread: on at least so many adapters, 1 to 256
 * @away: (nullable): names of guests with whom it shares no adapter
 * @adapters: exactly these, when said
 * @domains: exactly these, when said
 *
 * Which matrices meet it: vap_need_accepts().
 */
typedef struct {
  char *name;
  char *profile;
  char *uuid;
  guint said;
  guint queues;
  guint modes;
  guint hwtypes;
  guint min_hwtype;
  guint spread;
  char **away;
  VapMask adapters;
  VapMask domains;
  VapNeedControl control;
  VapMask control_domains;
} VapNeed;

VapNeed *vap_need_new (const char *name);
VapNeed *vap_need_copy (const VapNeed *need);
void vap_need_free (VapNeed *need);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VapNeed, vap_need_free)

/* the bit of a mode in VapNeed.modes, 0 for %VAP_CARD_MODE_UNKNOWN */
guint vap_need_mode_bit (VapCardMode mode);

/* whether a card of that type and mode would do; @hwtype: 0 when unknown */
gboolean vap_need_takes_card (const VapNeed *need, guint hwtype, VapCardMode mode);

/**
 * vap_need_complete:
 * @profile: (nullable): what it takes the rest from
 *
 * Fills in what is not said, and looks whether the whole can be met anywhere at all.
 *
 * Returns: FALSE with %VAP_ERROR_MALFORMED, naming the guest and the contradiction
 */
gboolean vap_need_complete (VapNeed *need, const VapNeed *profile,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* the most adapters on which its queues make a difference: no more than queues, unless
 * the spread, or the adapters themselves, are said */
guint vap_need_most_adapters (const VapNeed *need);

/* whether the numbers of a matrix, as its guest gets it, meet the need; the types of
 * its adapters and its neighbours are for the planner to look at */
gboolean vap_need_accepts (const VapNeed *need, const VapMatrix *matrix);

/* the control domains for a guest with @domains */
VapMask vap_need_control_domains (const VapNeed *need, const VapMask *domains);

/**
 * VapNeeds:
 * @guests: VapNeed, in the order read
 * @names: their names, as a set
 * @keep: queues that stay the host's
 */
typedef struct {
  GPtrArray *guests;
  GHashTable *names;
  VapQueueSet keep;
} VapNeeds;

VapNeeds *vap_needs_new (void);
void vap_needs_free (VapNeeds *needs);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VapNeeds, vap_needs_free)

/**
 * vap_needs_add_text:
 * @text: a key file ("[guest web1]\nqueues=4\n"), or JSON when it begins with a brace;
 *   UTF-8, need not end in NUL
 *
 * Adds what @text says; a guest may be there only once in all of them.
 *
 * Returns: FALSE with %VAP_ERROR_MALFORMED naming group, key and value, or
 *   %VAP_ERROR_TOO_LARGE
 */
gboolean vap_needs_add_text (VapNeeds *needs, const char *text, gsize length,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* "05.0047", "05.*" or "*.0047", hexadecimal, added to @queues */
gboolean vap_queue_pattern_add (const char *text, VapQueueSet *queues,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
