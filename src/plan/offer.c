/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How many guests of each profile a host can have at the same time: one after the other
 * is placed, and when nothing more fits so, all are placed anew together with one more.
 */
#include "plan/offer.h"

#include "plan/problem.h"

/* more guests than these are not placed anew */
#define ANEW 200u
/* what that may take, as seconds' work */
#define PATIENCE 2.0

typedef struct {
  Problem *problem; /* an item a profile */
  Grid grid;        /* all that was free */
  Grid now;
  guint n;
  guint *counts;
  guint *more; /* of these, the new ones */
  gboolean *full;
} Offer;

/* a need for each profile, under a name that no guest has; nothing is taken from the
 * host */
static VapNeeds *
needs_of (const VapProfiles *profiles)
{
  VapNeeds *needs = vap_needs_new ();

  for (guint i = 0; i < profiles->list->len; i++) {
    const VapProfile *profile = g_ptr_array_index (profiles->list, i);
    VapNeed *need = vap_need_copy (profile->need);

    g_free (need->name);
    need->name = g_strdup_printf ("/profile/%s", profile->name);
    g_ptr_array_add (needs->guests, need);
  }
  for (guint i = 0; i < VAP_MASK_BITS; i++)
    needs->keep.domains[i] = vap_mask_up_to (VAP_MASK_BITS - 1);
  return needs;
}

/* the profile that has least, of those for which there may be room; -1 */
static gint
find_least (const Offer *offer)
{
  gint least = -1;

  for (guint i = 0; i < offer->n; i++) {
    if (!offer->full[i] && (least < 0 || offer->counts[i] < offer->counts[least]))
      least = (gint) i;
  }
  return least;
}

static void
add_one (Offer *offer, guint i)
{
  offer->counts[i]++;
  offer->more[i]++;
}

static gboolean
place_one (Offer *offer, guint i)
{
  Place place;

  if (offer->problem->instance.items[i].hopeless ||
      !fit_one (&offer->now, &offer->problem->instance.items[i], NULL, &place))
    return FALSE;
  BITS_FOREACH (&place.columns, c)
  {
    offer->now.free[c] = bits_minus (&offer->now.free[c], &place.rows);
  }
  return TRUE;
}

/* whether all new ones, and one more of @one, can be placed */
static gboolean
place_anew (const Offer *offer, guint one, Work *work)
{
  g_autofree Item *items = g_new0 (Item, ANEW + 1);
  g_autofree Place *places = g_new0 (Place, ANEW + 1);
  Instance instance = { .items = items, .n_rows = GRID, .n_columns = GRID };
  Score goal = { 0, 0, G_MAXUINT, G_MAXUINT };
  Score bound, found;

  for (guint i = 0; i < offer->n; i++) {
    for (guint k = 0; k < offer->more[i] + (i == one); k++) {
      if (instance.n_items > ANEW)
        return FALSE;
      items[instance.n_items++] = offer->problem->instance.items[i];
    }
  }
  goal.met = instance.n_items;
  found = solve (&instance, &offer->grid, places, &bound, &goal, 200, work);
  return found.met >= goal.met;
}

void
vap_offer_find (const VapHost *host, const VapProfiles *profiles, guint *counts)
{
  g_autoptr (VapNeeds) needs = needs_of (profiles);
  g_autoptr (Problem) problem = problem_new (host, needs, FALSE);
  g_autofree guint *more = g_new0 (guint, MAX (profiles->list->len, 1));
  g_autofree gboolean *full = g_new0 (gboolean, MAX (profiles->list->len, 1));
  Offer offer = { .problem = problem,
                  .n = profiles->list->len,
                  .counts = counts,
                  .more = more,
                  .full = full };
  Work work = work_for (PATIENCE);
  gint i;

  problem_grid (problem, &offer.grid);
  offer.now = offer.grid;
  while ((i = find_least (&offer)) >= 0) {
    full[i] = !place_one (&offer, (guint) i);
    if (!full[i])
      add_one (&offer, (guint) i);
  }
  for (guint k = 0; k < offer.n; k++)
    full[k] = problem->instance.items[k].hopeless;
  while ((i = find_least (&offer)) >= 0 && !work_is_over (&work)) {
    full[i] = !place_anew (&offer, (guint) i, &work);
    if (!full[i])
      add_one (&offer, (guint) i);
  }
}
