/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A good plan quickly: items are put one after the other where they fit most tightly,
 * and those for which nothing was left come earlier the next time.
 */
#include "plan/packing.h"

#include <stdlib.h>
#include <string.h>

/* the rows that an item may fall short of by what is needed of all */
static guint
rows_above (const Packing *packing, guint i)
{
  guint spare;

  if (packing->hope.met > packing->need.met)
    return 0;
  spare = packing->hope.spread - MIN (packing->hope.spread, packing->need.spread);
  return packing->alone[i] > spare ? packing->alone[i] - spare - 1 : 0;
}

/* what was hoped for @i, less what it got */
static void
lower_hope (Packing *packing, guint i)
{
  const Place *place = &packing->places[i];
  guint rows = 0;

  if (place->kind == PLACE_NEW || place->kind == PLACE_STAY)
    rows = item_spread (&packing->instance->items[i], bits_count (&place->rows));
  else
    packing->hope.met -= packing->alone[i] > 0;
  packing->hope.spread -= packing->alone[i] - MIN (rows, packing->alone[i]);
}

static gboolean
is_hopeless (const Packing *packing)
{
  return packing->hope.met < packing->need.met ||
         (packing->hope.met == packing->need.met &&
          packing->hope.spread < packing->need.spread);
}

/* into the very cells that it has now, as a place like others */
static gboolean
place_back (Packing *packing, guint i)
{
  const Item *item = &packing->instance->items[i];
  Grid now;

  memcpy (now.free, packing->free, sizeof now.free);
  return item_old_fits (item, &now) && !item->hopeless &&
         packing_stay (packing, i, PLACE_NEW);
}

/* so few items the search goes through altogether, without any help */
#define FEW 12u
/* the price at which a plan is worth being polished before thrift comes into it */
#define BALANCED 4.0

/* One way of going about it. */
typedef struct {
  double price;
  gboolean move; /* what meets its need may move all the same */
} Way;

static void
reset (Packing *packing)
{
  memcpy (packing->free, packing->grid->free, sizeof packing->free);
  memset (packing->places, 0, packing->instance->n_items * sizeof *packing->places);
  packing->hope = (Score){ packing->instance->n_items, 0, 0, 0 };
  for (guint i = 0; i < packing->instance->n_items; i++) {
    packing->hope.spread += packing->alone[i];
    packing->hope.met -= packing->alone[i] == 0;
  }
}

/* one item; FALSE when it lost what it has */
static gboolean
run_item (Packing *packing, const Way *way, guint i, gboolean *failed)
{
  const Item *item = &packing->instance->items[i];

  if ((item->has_old && place_back (packing, i)) ||
      packing_place_item (packing, i, way->price, rows_above (packing, i)))
    return TRUE;
  failed[i] = TRUE;
  if (item->old_good && packing_stay (packing, i, PLACE_STAY))
    failed[i] = FALSE;
  else if (item->has_old)
    return packing_stay (packing, i, PLACE_LEFT);
  return TRUE;
}

/* first what stays, then in @order; FALSE when nothing better than what is needed can
 * come of it, or one lost what it has */
static gboolean
run (Packing *packing, const Way *way, const guint *order, gboolean *failed)
{
  const Instance *instance = packing->instance;

  reset (packing);
  for (guint i = 0; i < instance->n_items; i++) {
    failed[i] = FALSE;
    if (way->move || !instance->items[i].old_good)
      continue;
    failed[i] = !packing_stay (packing, i, PLACE_STAY);
    if (!failed[i])
      lower_hope (packing, i);
  }
  /* who has a matrix that will not do must not lose it to one who has none */
  for (guint pass = 0; pass < 2; pass++) {
    for (guint n = 0; n < instance->n_items; n++) {
      guint i = order[n];
      const Item *item = &instance->items[i];

      if (item->has_old != (pass == 0) || packing->places[i].kind != PLACE_NONE)
        continue;
      if (!run_item (packing, way, i, failed))
        return FALSE;
      lower_hope (packing, i);
      if (is_hopeless (packing)) {
        failed[i] = TRUE;
        return FALSE;
      }
    }
  }
  return TRUE;
}

/* gives items more rows where there is room */
static void
widen (Packing *packing)
{
  gboolean changed = TRUE;

  for (guint round = 0; changed && round < 3; round++) {
    changed = FALSE;
    for (guint i = 0; i < packing->instance->n_items; i++) {
      Place before = packing->places[i];
      guint rows = bits_count (&before.rows);

      if (before.kind != PLACE_NEW || rows >= packing->instance->items[i].most)
        continue;
      packing_vacate (packing, &before.rows, &before.columns);
      packing->places[i].rows = (Bits){ { 0 } };
      if (packing_place_item (packing, i, WIDE, rows)) {
        changed = TRUE;
        continue;
      }
      packing->places[i] = before;
      packing_occupy (packing, &before.rows, &before.columns);
    }
  }
}

/* The order of items: what failed most, what has few rows, what is large. */
typedef struct {
  guint item;
  guint failures;
  gboolean chosen; /* among those that should all fit */
  guint choice;    /* how many rows it can choose from */
  guint cells;
} Rank;

static gint
compare_ranks (gconstpointer a, gconstpointer b)
{
  const Rank *first = a;
  const Rank *second = b;

  if (first->chosen != second->chosen)
    return first->chosen ? -1 : 1;
  if (first->failures != second->failures)
    return first->failures > second->failures ? -1 : 1;
  if (first->chosen && first->choice != second->choice)
    return first->choice < second->choice ? -1 : 1;
  if (first->cells != second->cells)
    return (first->cells > second->cells) == first->chosen ? -1 : 1;
  return first->item < second->item ? -1 : 1;
}

static gint
by_cells (gconstpointer a, gconstpointer b)
{
  const Rank *first = a;
  const Rank *second = b;

  if (first->cells != second->cells)
    return first->cells < second->cells ? -1 : 1;
  return first->item < second->item ? -1 : 1;
}

/* the @met items that need the fewest cells are to fit, the others come after */
static Rank *
rank_items (const Instance *instance, const guint *cells, guint met)
{
  Rank *ranks = g_new0 (Rank, MAX (instance->n_items, 1));
  guint n = 0;

  for (guint i = 0; i < instance->n_items; i++) {
    const Item *item = &instance->items[i];

    ranks[i].item = i;
    ranks[i].choice = bits_count (&item->rows);
    if (item->columns_fixed)
      ranks[i].choice = 0;
    ranks[i].cells = cells[i];
    if (ranks[i].cells == 0 && !item->old_good)
      ranks[i].cells = G_MAXUINT;
  }
  qsort (ranks, instance->n_items, sizeof *ranks, by_cells);
  for (guint i = 0; i < instance->n_items && n < met; i++, n++)
    ranks[i].chosen = ranks[i].cells != G_MAXUINT;
  return ranks;
}

/* so often what failed is put first */
static guint
turns_for (const Instance *instance)
{
  return CLAMP (1500 / MAX (instance->n_items, 1), 4, 40);
}

static void
keep_if_better (Packing *packing, Place *best_places, Score *best)
{
  Score score = packing_count_score (packing);

  if (score_compare (&score, best) <= 0)
    return;
  *best = score;
  memcpy (best_places, packing->places,
          packing->instance->n_items * sizeof *packing->places);
  /* widening may still add to the spread */
  packing->need.met = MAX (packing->need.met, best->met);
}

static void
go (Packing *packing, const Way *way, const Rank *first, const Score *bound,
    Place *best_places, Score *best)
{
  const Instance *instance = packing->instance;
  g_autofree Rank *ranks = g_memdup2 (first, instance->n_items * sizeof *first);
  g_autofree guint *order = g_new (guint, MAX (instance->n_items, 1));
  g_autofree gboolean *failed = g_new0 (gboolean, MAX (instance->n_items, 1));

  for (guint turn = 0; turn < turns_for (instance); turn++) {
    gboolean again = FALSE;

    if (turn > 0 && work_is_over (packing->work))
      return;
    work_add (packing->work, 4 * GRID + 48 * instance->n_items);
    qsort (ranks, instance->n_items, sizeof *ranks, compare_ranks);
    for (guint i = 0; i < instance->n_items; i++)
      order[i] = ranks[i].item;
    if (run (packing, way, order, failed)) {
      widen (packing);
      keep_if_better (packing, best_places, best);
    }
    for (guint i = 0; i < instance->n_items; i++) {
      if (!failed[ranks[i].item])
        continue;
      again = again || ranks[i].chosen;
      ranks[i].failures++;
    }
    if (!again || score_compare (best, bound) >= 0)
      return;
  }
}

/* whether @i may stay as it is, met, beside what the others have */
static gboolean
may_stay (const Packing *packing, guint i)
{
  const Item *item = &packing->instance->items[i];

  for (guint k = 0; k < item->n_away; k++) {
    const Place *other = &packing->places[item->away[k]];

    if (item_shuns (item, k, TRUE, other) &&
        bits_intersect (&item->old_rows, &other->rows))
      return FALSE;
  }
  return item->old_good;
}

/* nobody moves, and nothing new comes: always possible */
static void
do_nothing (Packing *packing)
{
  reset (packing);
  for (guint i = 0; i < packing->instance->n_items; i++) {
    const Item *item = &packing->instance->items[i];

    if (item->has_old)
      packing->places[i] = (Place){ PLACE_LEFT, item->old_rows, item->old_columns };
  }
  for (guint i = 0; i < packing->instance->n_items; i++) {
    if (may_stay (packing, i))
      packing->places[i].kind = PLACE_STAY;
  }
}

/* nothing but the widest shape of each item will do */
static gboolean
is_strict (Packing *packing)
{
  reset (packing);
  return packing->hope.met <= packing->need.met &&
         packing->hope.spread <= packing->need.spread;
}

Score
greedy (const Instance *instance, const Grid *grid, const Score *bound, const Score *goal,
        Place *places, Work *work)
{
  static const Way ways[] = {
    { WIDE, FALSE }, { 0.125, FALSE }, { 0.5, FALSE },     { 0.75, FALSE },
    { 1, FALSE },    { 1.5, FALSE },   { 2, FALSE },       { BALANCED, FALSE },
    { 8, FALSE },    { 16, FALSE },    { THRIFTY, FALSE }, { WIDE, TRUE },
    { 0.5, TRUE },   { 1, TRUE },      { BALANCED, TRUE }, { THRIFTY, TRUE },
  };
  g_autofree Packing *packing = g_new0 (Packing, 1);
  g_autofree guint *cells = g_new0 (guint, MAX (instance->n_items, 1));
  g_autofree Rank *ranks = NULL;
  Score best = { 0, 0, G_MAXUINT, G_MAXUINT };
  gboolean movable = FALSE;
  gboolean polished = goal == NULL && instance->n_items > FEW;

  packing->instance = instance;
  packing->grid = grid;
  packing->work = work;
  packing->places = g_new0 (Place, MAX (instance->n_items, 1));
  packing->alone = g_new0 (guint, MAX (instance->n_items, 1));
  (void) bound_alone (instance, grid, packing->alone, cells);
  packing_count_scarcity (packing);
  packing_order_rows (packing);
  do_nothing (packing);
  keep_if_better (packing, places, &best);
  if (best.changed == G_MAXUINT) {
    best = packing_count_score (packing);
    memcpy (places, packing->places, instance->n_items * sizeof *places);
  }
  for (guint i = 0; i < instance->n_items; i++)
    movable = movable || instance->items[i].old_good;
  packing->need = goal != NULL ? *goal : (Score){ best.met, 0, 0, 0 };
  if (score_compare (&best, bound) < 0)
    ranks = rank_items (instance, cells, bound->met);
  for (guint w = 0; w < G_N_ELEMENTS (ways); w++) {
    if (score_compare (&best, bound) >= 0 || (ways[w].move && !movable))
      break;
    if (ways[w].price > WIDE && is_strict (packing))
      continue;
    go (packing, &ways[w], ranks, bound, places, &best);
    if (polished && ways[w].price == BALANCED && score_compare (&best, bound) < 0)
      packing_polish (packing, bound, places, &best, work);
  }
  if (polished && score_compare (&best, bound) < 0)
    packing_polish (packing, bound, places, &best, work);
  g_free (packing->places);
  g_free (packing->alone);
  return best;
}
