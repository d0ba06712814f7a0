/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What can stand for a guest's matrix on another host: sought by move-match.c, by what
 * vap_move_fits() says of each queue.
 */
#include "config.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "check/move-private.h"

/* A Linux guest without apqci looks no further, see guest-view.c. */
#define LAST_BASIC_ADAPTER 63u
#define LAST_BASIC_DOMAIN 15u

/* two texts that were compared; both live as long as the patterns of their hosts */
typedef struct {
  const char *one, *other;
} Pair;

static guint
hash_pair (gconstpointer key)
{
  const Pair *pair = key;

  return g_direct_hash (pair->one) * 31u + g_direct_hash (pair->other);
}

static gboolean
equal_pairs (gconstpointer a, gconstpointer b)
{
  const Pair *first = a, *second = b;

  return first->one == second->one && first->other == second->other;
}

static void
list_cards (const VapHost *host, const VapCard *cards[VAP_MASK_BITS])
{
  for (guint i = 0; i < host->cards->len; i++) {
    const VapCard *card = host->cards->pdata[i];

    cards[card->id] = card;
  }
}

void
vap_move_init (VapMove *move)
{
  GPtrArray *devices = move->to->host->devices;

  move->compared = g_hash_table_new_full (hash_pair, equal_pairs, g_free, NULL);
  move->findings = vap_findings_new ();
  list_cards (move->from->host, move->own_cards);
  list_cards (move->to->host, move->cards);
  for (guint i = 0; i < VAP_MASK_BITS; i++)
    if (move->cards[i] != NULL)
      vap_mask_set (&move->others, i);
  for (guint i = 0; i < devices->len; i++) {
    const VapHostDevice *device = devices->pdata[i];

    if (!device->active)
      continue;
    VAP_MASK_FOREACH (&device->matrix.adapters, adapter)
      move->held.domains[adapter] =
          vap_mask_or (&move->held.domains[adapter], &device->matrix.domains);
  }
}

void
vap_move_clear (VapMove *move)
{
  g_clear_pointer (&move->compared, g_hash_table_unref);
  g_clear_pointer (&move->findings, vap_findings_free);
}

const char *
vap_move_pattern (const VapMoveSide *side, guint adapter, guint domain)
{
  const VapQueue queue = { (guint8) adapter, (guint8) domain };

  return side->patterns != NULL ? vap_patterns_get (side->patterns, queue) : NULL;
}

/* An accelerator has no master keys. */
gboolean
vap_move_has_keys (const VapMove *move, guint adapter)
{
  const VapCard *card = move->own_cards[adapter];

  return card == NULL || card->mode != VAP_CARD_MODE_ACCELERATOR;
}

/* Many queues have the same text, so few pairs are really compared. */
VapKeysMatch
vap_move_compare_keys (const VapMove *move, VapQueue ours, VapQueue theirs)
{
  const Pair pair = { vap_move_pattern (move->from, ours.adapter, ours.domain),
                      vap_move_pattern (move->to, theirs.adapter, theirs.domain) };
  gpointer known;
  VapKeysMatch match;

  if (pair.one == NULL || pair.other == NULL)
    return VAP_KEYS_UNKNOWN;
  if (g_hash_table_lookup_extended (move->compared, &pair, NULL, &known))
    return GPOINTER_TO_UINT (known);
  match = vap_keys_compare (pair.one, pair.other, NULL);
  g_hash_table_insert (move->compared, g_memdup2 (&pair, sizeof pair),
                       GUINT_TO_POINTER (match));
  return match;
}

static const VapMatrix *
matrix_of (const VapHostDevice *device)
{
  return device->active ? &device->matrix : &device->defined_matrix;
}

static gboolean
is_of_kind (const VapMove *move, guint ours, guint theirs)
{
  const VapCard *own = move->own_cards[ours];
  const VapCard *card = move->cards[theirs];

  return card != NULL && card->config && !card->checkstop &&
         (own == NULL || (card->mode == own->mode && card->hwtype >= own->hwtype));
}

/* Those of the target's queues of @other that a new device, or @ready, could have. */
static VapMask
free_domains (const VapMove *move, guint other)
{
  VapMask domains = move->to->host->vfio_bound.domains[other];

  if (move->ready == NULL || !move->ready->active)
    domains = vap_mask_minus (&domains, &move->held.domains[other]);
  if (move->ready == NULL)
    return domains;
  if (!vap_mask_test (&matrix_of (move->ready)->adapters, other))
    return (VapMask){ { 0 } };
  return vap_mask_and (&domains, &matrix_of (move->ready)->domains);
}

VapMask
vap_move_fits (gpointer data, guint adapter, guint domain, guint other)
{
  const VapMove *move = data;
  const gboolean basic = !move->view->features[VAP_FEATURE_APQCI];
  VapMask domains = { { 0 } };
  VapMask wanted = vap_mask_up_to (
      basic && domain <= LAST_BASIC_DOMAIN ? LAST_BASIC_DOMAIN : VAP_MASK_BITS - 1);

  if (!is_of_kind (move, adapter, other) ||
      (basic && adapter <= LAST_BASIC_ADAPTER && other > LAST_BASIC_ADAPTER))
    return domains;
  if (move->flags & VAP_MOVE_KEEP_DOMAINS) {
    wanted = (VapMask){ { 0 } };
    vap_mask_set (&wanted, domain);
  }
  domains = free_domains (move, other);
  domains = vap_mask_and (&domains, &wanted);
  if (move->keys == VAP_MOVE_KEYS_IGNORED || !vap_move_has_keys (move, adapter))
    return domains;
  wanted = domains;
  VAP_MASK_FOREACH (&wanted, theirs) {
    VapKeysMatch match =
        vap_move_compare_keys (move, (VapQueue){ (guint8) adapter, (guint8) domain },
                               (VapQueue){ (guint8) other, (guint8) theirs });

    if (match == VAP_KEYS_DIFFER ||
        (match == VAP_KEYS_UNKNOWN &&
         (move->keys == VAP_MOVE_KEYS_KNOWN || theirs != (gint) domain)))
      vap_mask_clear (&domains, (guint) theirs);
  }
  return domains;
}

/* no guest has it, and it has as many adapters and domains */
static gboolean
could_be_used (const VapMove *move, const VapHostDevice *device)
{
  const VapMatrix *matrix = matrix_of (device), *ours = &move->plan->before;

  return device->problem == NULL && !device->truncated &&
         vap_mask_count (&matrix->adapters) == vap_mask_count (&ours->adapters) &&
         vap_mask_count (&matrix->domains) == vap_mask_count (&ours->domains) &&
         vap_host_holder (move->to->host, device->uuid, NULL, NULL) == NULL;
}

/* The cheapest of what is free and of each device that is ready, this one before. */
static gboolean
find_match (VapMove *move, VapMoveKeys keys, gboolean *complete)
{
  GPtrArray *devices = move->to->host->devices;
  const VapHostDevice *best = NULL;
  VapMoveMatch match;
  gboolean found;

  move->keys = keys;
  move->ready = NULL;
  found = vap_move_match (&move->plan->before, &move->others, vap_move_fits, move,
                          &move->match);
  *complete = move->match.complete;
  for (guint i = 0; i < devices->len; i++) {
    move->ready = devices->pdata[i];
    if (!could_be_used (move, move->ready) ||
        !vap_move_match (&move->plan->before, &move->others, vap_move_fits, move,
                         &match) ||
        (found && match.cost > move->match.cost) ||
        (best != NULL && match.cost == move->match.cost))
      continue;
    found = TRUE;
    best = move->ready;
    move->match = match;
  }
  move->ready = best;
  return found;
}

/* Our control domains, which move along where they are usage domains too. */
static VapMask
control_domains_there (const VapMove *move)
{
  const VapMask *ours = &move->view->matrix.control_domains;
  VapMask there = { { 0 } };

  VAP_MASK_FOREACH (ours, domain)
    vap_mask_set (&there, move->match.domains[domain] >= 0
                              ? (guint) move->match.domains[domain]
                              : (guint) domain);
  return there;
}

void
vap_move_rule_matrix (VapMove *move)
{
  VapMovePlan *plan = move->plan;
  gboolean complete = TRUE;

  plan->before = move->view->passed;
  plan->wanted = ((move->flags & VAP_MOVE_ASSUME_KEYS) == 0 &&
                  find_match (move, VAP_MOVE_KEYS_KNOWN, &complete)) ||
                 find_match (move, VAP_MOVE_KEYS_ASSUMED, &complete);
  if (!plan->wanted) {
    memset (&move->match, 0xff, sizeof move->match);
    vap_move_report_no_matrix (move, complete);
  }
  for (guint i = 0; i < VAP_MASK_BITS; i++) {
    if (move->match.adapters[i] >= 0)
      vap_mask_set (&plan->matrix.adapters, (guint) move->match.adapters[i]);
    if (move->match.domains[i] >= 0)
      vap_mask_set (&plan->matrix.domains, (guint) move->match.domains[i]);
  }
  plan->matrix.control_domains = control_domains_there (move);
  plan->device = move->ready != NULL ? move->ready->uuid : NULL;
}
