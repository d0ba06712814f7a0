/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Adapters are tried one after the other (depth first, same numbers first); for those
 * chosen, the domains that can still stand for each domain are known, and that all find
 * one is a matching in a bipartite graph, by augmenting paths (Kuhn's algorithm).  The
 * cheapest is kept; a lower bound cuts what cannot be cheaper, and after so many steps
 * what was found counts: a product that fits into given queues is as hard to find as a
 * biclique.
 */
#include "config.h"

#include "check/move-match.h"

#include <string.h>

#define STEPS_MAX 4096u
#define DOMAIN_COST 256u

typedef struct {
  VapMoveFits fits;
  gpointer data;
  VapMask others;
  guint n_adapters, n_domains;
  guint adapters[VAP_MASK_BITS], domains[VAP_MASK_BITS]; /* the guest's */
  gboolean may_stay[VAP_MASK_BITS];                      /* of adapters, by place */
  VapMask *left; /* which domains fit: n_domains for each depth of the search */
  gint chosen[VAP_MASK_BITS]; /* by place */
  guint steps;
  guint floor; /* no choice is cheaper */
  VapMoveMatch *match;
  gboolean found;
} Search;

/* what the domains stand for: places of ours by their number, -1 for none */
typedef gint Places[VAP_MASK_BITS];

static gboolean
augment (const Search *search, const VapMask *left, guint place, Places places,
         VapMask *seen)
{
  VAP_MASK_FOREACH (&left[place], domain)
    if (places[domain] < 0) {
      places[domain] = (gint) place;
      return TRUE;
    }
  VAP_MASK_FOREACH (&left[place], domain) {
    if (vap_mask_test (seen, (guint) domain))
      continue;
    vap_mask_set (seen, (guint) domain);
    if (augment (search, left, (guint) places[domain], places, seen)) {
      places[domain] = (gint) place;
      return TRUE;
    }
  }
  return FALSE;
}

/* Gives each domain one of those that are left to it, its own where it can stay. */
static gboolean
match_domains (const Search *search, const VapMask *left, Places places)
{
  memset (places, 0xff, sizeof (Places));
  for (guint i = 0; i < search->n_domains; i++)
    if (vap_mask_test (&left[i], search->domains[i]))
      places[search->domains[i]] = (gint) i;
  for (guint i = 0; i < search->n_domains; i++) {
    VapMask seen = { 0 };

    if (!vap_mask_test (&left[i], search->domains[i]) &&
        !augment (search, left, i, places, &seen))
      return FALSE;
  }
  return TRUE;
}

/* No choice of the adapters that are not chosen yet can be cheaper. */
static guint
bound (const Search *search, const VapMask *left, guint depth)
{
  guint cost = 0;

  for (guint i = 0; i < search->n_adapters; i++)
    cost += i < depth ? search->chosen[i] != (gint) search->adapters[i]
                      : !search->may_stay[i];
  for (guint i = 0; i < search->n_domains; i++)
    if (!vap_mask_test (&left[i], search->domains[i]))
      cost += DOMAIN_COST;
  return cost;
}

static void
keep (Search *search, const Places places)
{
  VapMoveMatch *match = search->match;
  guint cost = 0;

  for (guint i = 0; i < search->n_adapters; i++)
    cost += search->chosen[i] != (gint) search->adapters[i];
  for (guint i = 0; i < VAP_MASK_BITS; i++)
    if (places[i] >= 0 && search->domains[places[i]] != i)
      cost += DOMAIN_COST;
  if (search->found && cost >= match->cost)
    return;
  search->found = TRUE;
  match->cost = cost;
  for (guint i = 0; i < search->n_adapters; i++)
    match->adapters[search->adapters[i]] = search->chosen[i];
  for (guint i = 0; i < VAP_MASK_BITS; i++)
    if (places[i] >= 0)
      match->domains[search->domains[places[i]]] = (gint) i;
}

static gboolean
is_chosen (const Search *search, guint depth, gint other)
{
  for (guint i = 0; i < depth; i++)
    if (search->chosen[i] == other)
      return TRUE;
  return FALSE;
}

static void descend (Search *search, guint depth);

/* One of ours gets @other; goes on with the next of ours if all domains still find one.
 */
static void
try_adapter (Search *search, guint depth, gint other)
{
  const VapMask *before = search->left + (gsize) depth * search->n_domains;
  VapMask *left = search->left + (gsize) (depth + 1) * search->n_domains;
  Places places;

  if (is_chosen (search, depth, other))
    return;
  if (search->steps++ == STEPS_MAX)
    search->match->complete = FALSE;
  if (!search->match->complete || (search->found && search->match->cost == search->floor))
    return;
  for (guint i = 0; i < search->n_domains; i++) {
    VapMask fitting = search->fits (search->data, search->adapters[depth],
                                    search->domains[i], (guint) other);

    left[i] = vap_mask_and (&before[i], &fitting);
    if (vap_mask_is_empty (&left[i]))
      return;
  }
  search->chosen[depth] = other;
  if ((search->found && bound (search, left, depth + 1) >= search->match->cost) ||
      !match_domains (search, left, places))
    return;
  if (depth + 1 == search->n_adapters)
    keep (search, places);
  else
    descend (search, depth + 1);
}

static void
descend (Search *search, guint depth)
{
  guint own = search->adapters[depth];

  if (vap_mask_test (&search->others, own))
    try_adapter (search, depth, (gint) own);
  VAP_MASK_FOREACH (&search->others, other)
    if (other != (gint) own)
      try_adapter (search, depth, other);
}

static void
list_numbers (Search *search, const VapMatrix *matrix)
{
  VAP_MASK_FOREACH (&matrix->adapters, adapter)
    search->adapters[search->n_adapters++] = (guint) adapter;
  VAP_MASK_FOREACH (&matrix->domains, domain)
    search->domains[search->n_domains++] = (guint) domain;
}

static void
find_who_may_stay (Search *search)
{
  for (guint i = 0; i < search->n_adapters; i++) {
    guint own = search->adapters[i];

    search->may_stay[i] = vap_mask_test (&search->others, own);
    for (guint j = 0; search->may_stay[i] && j < search->n_domains; j++) {
      VapMask fitting = search->fits (search->data, own, search->domains[j], own);

      search->may_stay[i] = !vap_mask_is_empty (&fitting);
    }
    search->floor += !search->may_stay[i];
  }
}

gboolean
vap_move_match (const VapMatrix *matrix, const VapMask *others, VapMoveFits fits,
                gpointer data, VapMoveMatch *match)
{
  const VapMask all = vap_mask_up_to (VAP_MASK_BITS - 1);
  g_autofree VapMask *left = NULL;
  g_autofree Search *search = g_new0 (Search, 1);

  memset (match, 0xff, sizeof *match);
  match->cost = 0;
  match->complete = TRUE;
  *search = (Search){ .fits = fits, .data = data, .others = *others, .match = match };
  list_numbers (search, matrix);
  find_who_may_stay (search);
  left = g_new (VapMask, (gsize) (search->n_adapters + 1) * search->n_domains);
  search->left = left;
  for (guint i = 0; i < search->n_domains; i++)
    left[i] = all;
  descend (search, 0);
  return search->found;
}
