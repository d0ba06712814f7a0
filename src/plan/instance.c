/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What greedy.c, search.c and bound.c share, and their order: a quick answer, a proof
 * that none is better, and a search where the proof fails.
 */
#include "plan/instance.h"

#include <string.h>

gint
score_compare (const Score *a, const Score *b)
{
  if (a->met != b->met)
    return a->met > b->met ? 1 : -1;
  if (a->spread != b->spread)
    return a->spread > b->spread ? 1 : -1;
  if (a->changed != b->changed)
    return a->changed < b->changed ? 1 : -1;
  if (a->taken != b->taken)
    return a->taken < b->taken ? 1 : -1;
  return 0;
}

guint
item_columns (const Item *item, guint rows)
{
  guint columns;

  if (rows < item->spread || rows > item->most ||
      (item->rows_fixed && rows != bits_count (&item->rows)))
    return 0;
  columns = (item->queues + rows - 1) / rows;
  if (item->columns_fixed) {
    guint fixed = bits_count (&item->columns);

    return columns <= fixed ? fixed : 0;
  }
  return columns <= GRID ? columns : 0;
}

gboolean
grid_has (const Grid *grid, const Bits *rows, const Bits *columns)
{
  BITS_FOREACH (columns, c)
  {
    if (!bits_within (rows, &grid->free[c]))
      return FALSE;
  }
  return TRUE;
}

guint
grid_cost (const Grid *grid, const Bits *rows, const Bits *columns)
{
  guint cost = 0;

  BITS_FOREACH (columns, c)
  {
    Bits costly = bits_and (rows, &grid->cost[c]);

    cost += bits_count (&costly);
  }
  return cost;
}

gboolean
item_shuns (const Item *item, guint k, gboolean met, const Place *other)
{
  gboolean other_met = other->kind == PLACE_NEW || other->kind == PLACE_STAY;

  return ((item->away_says[k] & AWAY_OWN) && met) ||
         ((item->away_says[k] & AWAY_OTHERS) && other_met);
}

gboolean
item_old_fits (const Item *item, const Grid *grid)
{
  guint columns = bits_count (&item->old_columns);

  return item->has_old && columns > 0 && bits_within (&item->old_rows, &item->rows) &&
         item_columns (item, bits_count (&item->old_rows)) == columns &&
         bits_within (&item->old_columns, &item->columns) &&
         grid_has (grid, &item->old_rows, &item->old_columns);
}

gboolean
item_changes (const Item *item, const Place *place)
{
  return item->has_old && place->kind == PLACE_NEW &&
         !(bits_equal (&item->old_rows, &place->rows) &&
           bits_equal (&item->old_columns, &place->columns));
}

Score
solve (const Instance *instance, const Grid *grid, Place *places, Score *bound,
       const Score *goal, guint nodes, Work *work)
{
  Score best;

  *bound = bound_of (instance, grid, work);
  if (goal != NULL && score_compare (bound, goal) < 0) {
    memset (places, 0, instance->n_items * sizeof *places);
    return (Score){ 0, 0, G_MAXUINT, G_MAXUINT };
  }
  best = greedy (instance, grid, goal != NULL ? goal : bound, goal, places, work);
  if (score_compare (&best, bound) >= 0 ||
      (goal != NULL && score_compare (&best, goal) >= 0))
    return best;
  if (search (instance, grid, bound, places, &best, goal, nodes, work))
    *bound = best;
  return best;
}
