/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A good plan quickly: items are put one after the other where they fit most tightly,
 * and those for which nothing was left come earlier the next time.  What rows are taken
 * follows one order for all, so that what stays free of two columns overlaps.
 */
#include "plan/instance.h"

#include <stdlib.h>
#include <string.h>

/* What a cell costs, in rows: for nothing the widest shape is best, at a high price the
 * one with the fewest cells. */
#define WIDE 0.0
#define THRIFTY 1000.0

typedef struct {
  const Instance *instance;
  const Grid *grid;
  Bits free[GRID];
  guint scarce_row[GRID];    /* how many items can use it */
  guint scarce_column[GRID]; /* how many items name it */
  guint8 row_order[GRID];
  guint *alone; /* by item: the most rows it could have */
  Score need;   /* less than that is of no use */
  Score hope;   /* what can still come of this run */
  Place *places;
} Packing;

/* Columns that look the same to an item. */
typedef struct {
  Bits rows; /* of those it can use, the free ones */
  Bits cost;
  guint waste; /* free rows it cannot use */
  guint named;
  guint first; /* the lowest column */
  guint count;
  guint8 columns[GRID];
} Group;

static void
count_scarcity (Packing *packing)
{
  const Instance *instance = packing->instance;

  for (guint i = 0; i < instance->n_items; i++) {
    BITS_FOREACH (&instance->items[i].rows, r)
    {
      packing->scarce_row[r]++;
    }
    if (!instance->items[i].columns_fixed)
      continue;
    BITS_FOREACH (&instance->items[i].columns, c)
    {
      packing->scarce_column[c]++;
    }
  }
}

/* rows that few items can use come first */
static void
order_rows (Packing *packing)
{
  for (guint i = 0; i < GRID; i++) {
    guint at = i;

    while (at > 0 &&
           packing->scarce_row[packing->row_order[at - 1]] > packing->scarce_row[i]) {
      packing->row_order[at] = packing->row_order[at - 1];
      at--;
    }
    packing->row_order[at] = (guint8) i;
  }
}

static void
occupy (Packing *packing, const Bits *rows, const Bits *columns)
{
  BITS_FOREACH (columns, c)
  {
    packing->free[c] = bits_minus (&packing->free[c], rows);
  }
}

static void
vacate (Packing *packing, const Bits *rows, const Bits *columns)
{
  BITS_FOREACH (columns, c)
  {
    Bits back = bits_and (rows, &packing->grid->free[c]);

    packing->free[c] = bits_or (&packing->free[c], &back);
  }
}

static Bits
allowed_rows (const Packing *packing, const Item *item)
{
  Bits rows = item->rows;

  for (guint k = 0; k < item->n_away; k++) {
    const Place *other = &packing->places[item->away[k]];

    if (item_shuns (item, k, TRUE, other))
      rows = bits_minus (&rows, &other->rows);
  }
  return rows;
}

static guint
costly_columns (const Packing *packing, guint row, const Bits *columns)
{
  guint cost = 0;

  BITS_FOREACH (columns, c)
  {
    cost += bits_test (&packing->grid->cost[c], row);
  }
  return cost;
}

/* @count of @rows, those that cost least in @columns, in the order of all */
static Bits
choose_rows (const Packing *packing, const Bits *rows, const Bits *columns, guint count)
{
  guint8 sorted[GRID];
  guint cost[GRID];
  Bits chosen = { { 0 } };
  guint n = 0;

  for (guint i = 0; i < GRID; i++) {
    guint r = packing->row_order[i];
    guint at = n;

    if (!bits_test (rows, r))
      continue;
    cost[r] = costly_columns (packing, r, columns);
    while (at > 0 && cost[sorted[at - 1]] > cost[r]) {
      sorted[at] = sorted[at - 1];
      at--;
    }
    sorted[at] = (guint8) r;
    n++;
  }
  for (guint i = 0; i < MIN (n, count); i++)
    bits_set (&chosen, sorted[i]);
  return chosen;
}

static gint
compare_groups (gconstpointer a, gconstpointer b)
{
  const Group *first = *(Group *const *) a;
  const Group *second = *(Group *const *) b;
  guint tight = bits_count (&first->rows), wide = bits_count (&second->rows);
  guint cost_first = bits_count (&first->cost), cost_second = bits_count (&second->cost);

  if (cost_first != cost_second)
    return cost_first < cost_second ? -1 : 1;
  if (first->named != second->named)
    return first->named < second->named ? -1 : 1;
  if (tight + first->waste != wide + second->waste)
    return tight + first->waste < wide + second->waste ? -1 : 1;
  if (tight != wide)
    return tight < wide ? -1 : 1;
  return first->first < second->first ? -1 : 1;
}

/* the columns with at least @least of @rows free, grouped, the tightest first */
static GPtrArray *
group_columns (const Packing *packing, const Item *item, const Bits *rows, guint least)
{
  GPtrArray *groups = g_ptr_array_new_with_free_func (g_free);

  BITS_FOREACH (&item->columns, c)
  {
    Bits usable = bits_and (rows, &packing->free[c]);
    Bits cost = bits_and (&usable, &packing->grid->cost[c]);
    guint count = bits_count (&usable);
    Group *group = NULL;

    if (count < least)
      continue;
    for (guint g = 0; g < groups->len && group == NULL; g++) {
      Group *known = g_ptr_array_index (groups, g);

      if (bits_equal (&known->rows, &usable) && bits_equal (&known->cost, &cost) &&
          known->named == packing->scarce_column[c] &&
          known->waste == bits_count (&packing->free[c]) - count)
        group = known;
    }
    if (group == NULL) {
      group = g_new0 (Group, 1);
      group->rows = usable;
      group->cost = cost;
      group->waste = bits_count (&packing->free[c]) - count;
      group->named = packing->scarce_column[c];
      group->first = (guint) c;
      g_ptr_array_add (groups, group);
    }
    group->columns[group->count++] = (guint8) c;
  }
  g_ptr_array_sort (groups, compare_groups);
  return groups;
}

/* adds columns of @group up to @want */
static void
take_columns (const Group *group, Bits *columns, guint *have, guint want)
{
  for (guint i = 0; i < group->count && *have < want; i++) {
    bits_set (columns, group->columns[i]);
    (*have)++;
  }
}

/* from @seed on, the groups that leave most rows in common */
static gboolean
grow (const GPtrArray *groups, guint seed, guint n_rows, guint n_columns, Bits *rows,
      Bits *columns)
{
  g_autofree gboolean *used = g_new0 (gboolean, groups->len);
  const Group *group = g_ptr_array_index (groups, seed);
  guint have = 0;

  *rows = group->rows;
  *columns = (Bits){ { 0 } };
  used[seed] = TRUE;
  take_columns (group, columns, &have, n_columns);
  while (have < n_columns) {
    gint next = -1;
    guint most = 0;

    for (guint g = 0; g < groups->len; g++) {
      Bits common = bits_and (rows, &((Group *) g_ptr_array_index (groups, g))->rows);
      guint count = bits_count (&common);

      if (!used[g] && count >= n_rows && count > most) {
        most = count;
        next = (gint) g;
      }
    }
    if (next < 0)
      return FALSE;
    used[next] = TRUE;
    group = g_ptr_array_index (groups, next);
    *rows = bits_and (rows, &group->rows);
    take_columns (group, columns, &have, n_columns);
  }
  return TRUE;
}

/* how many seeds are grown when no group alone is large enough */
#define SEEDS 12u

static gboolean
fit_anywhere (const Packing *packing, const Item *item, const Bits *allowed, guint n_rows,
              guint n_columns, Place *place)
{
  g_autoptr (GPtrArray) groups = group_columns (packing, item, allowed, n_rows);
  guint least = G_MAXUINT;
  Bits rows, columns;

  for (guint g = 0; g < groups->len; g++) {
    const Group *group = g_ptr_array_index (groups, g);

    if (group->count < n_columns)
      continue;
    /* with cost, another group may have cheaper rows than the tightest one */
    if (!grow (groups, g, n_rows, n_columns, &rows, &columns))
      continue;
    rows = choose_rows (packing, &rows, &columns, n_rows);
    if (grid_cost (packing->grid, &rows, &columns) >= least)
      continue;
    least = grid_cost (packing->grid, &rows, &columns);
    place->rows = rows;
    place->columns = columns;
    if (least == 0)
      return TRUE;
  }
  for (guint g = 0; least == G_MAXUINT && g < MIN (groups->len, SEEDS); g++) {
    if (!grow (groups, g, n_rows, n_columns, &rows, &columns))
      continue;
    place->rows = choose_rows (packing, &rows, &columns, n_rows);
    place->columns = columns;
    return TRUE;
  }
  return least < G_MAXUINT;
}

static gboolean
fit_columns (const Packing *packing, const Item *item, const Bits *allowed, guint n_rows,
             Place *place)
{
  Bits rows = *allowed;

  BITS_FOREACH (&item->columns, c)
  {
    rows = bits_and (&rows, &packing->free[c]);
  }
  if (bits_count (&rows) < n_rows)
    return FALSE;
  place->columns = item->columns;
  place->rows = choose_rows (packing, &rows, &item->columns, n_rows);
  return TRUE;
}

static gboolean
fit_shape (const Packing *packing, const Item *item, const Bits *allowed, guint n_rows,
           guint n_columns, Place *place)
{
  if (bits_count (allowed) < n_rows)
    return FALSE;
  place->kind = PLACE_NEW;
  if (item->columns_fixed)
    return fit_columns (packing, item, allowed, n_rows, place);
  return fit_anywhere (packing, item, allowed, n_rows, n_columns, place);
}

typedef struct {
  guint rows;
  guint columns;
} Shape;

static double
shape_worth (const Shape *shape, double price)
{
  return shape->rows - price * shape->rows * shape->columns;
}

/* the best first; @above: only with more rows than these */
static guint
list_shapes (const Item *item, double price, guint above, Shape *shapes)
{
  guint n = 0;

  for (guint rows = MIN (item->most, GRID); rows > above && rows > 0; rows--) {
    Shape shape = { rows, item_columns (item, rows) };
    guint at = n;

    if (shape.columns == 0)
      continue;
    while (at > 0 && shape_worth (&shapes[at - 1], price) < shape_worth (&shape, price)) {
      shapes[at] = shapes[at - 1];
      at--;
    }
    shapes[at] = shape;
    n++;
  }
  return n;
}

static gboolean
place_item (Packing *packing, guint i, double price, guint above)
{
  const Item *item = &packing->instance->items[i];
  Bits allowed = allowed_rows (packing, item);
  Shape shapes[GRID];
  guint n = item->hopeless ? 0 : list_shapes (item, price, above, shapes);

  for (guint s = 0; s < n; s++) {
    if (fit_shape (packing, item, &allowed, shapes[s].rows, shapes[s].columns,
                   &packing->places[i])) {
      occupy (packing, &packing->places[i].rows, &packing->places[i].columns);
      return TRUE;
    }
  }
  packing->places[i] = (Place){ PLACE_NONE, { { 0 } }, { { 0 } } };
  return FALSE;
}

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

/* FALSE when others are in the way */
static gboolean
stay (Packing *packing, guint i, PlaceKind kind)
{
  const Item *item = &packing->instance->items[i];

  BITS_FOREACH (&item->old_columns, c)
  {
    Bits cells = bits_and (&item->old_rows, &packing->grid->free[c]);

    if (!bits_within (&cells, &packing->free[c]))
      return FALSE;
  }
  for (guint k = 0; k < item->n_away; k++) {
    const Place *other = &packing->places[item->away[k]];

    if (item_shuns (item, k, kind != PLACE_LEFT, other) &&
        bits_intersect (&item->old_rows, &other->rows))
      return FALSE;
  }
  packing->places[i] = (Place){ kind, item->old_rows, item->old_columns };
  occupy (packing, &item->old_rows, &item->old_columns);
  return TRUE;
}

static Score
count_score (const Packing *packing)
{
  Score score = { 0 };

  for (guint i = 0; i < packing->instance->n_items; i++) {
    const Place *place = &packing->places[i];

    if (place->kind == PLACE_NONE || place->kind == PLACE_LEFT)
      continue;
    score.met++;
    score.spread += item_spread (&packing->instance->items[i], bits_count (&place->rows));
    if (place->kind == PLACE_STAY)
      continue;
    score.changed += item_changes (&packing->instance->items[i], place);
    score.taken += grid_cost (packing->grid, &place->rows, &place->columns);
  }
  return score;
}

/* into the very cells that it has now, as a place like others */
static gboolean
place_back (Packing *packing, guint i)
{
  const Item *item = &packing->instance->items[i];
  Grid now;

  memcpy (now.free, packing->free, sizeof now.free);
  return item_old_fits (item, &now) && !item->hopeless && stay (packing, i, PLACE_NEW);
}

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
      place_item (packing, i, way->price, rows_above (packing, i)))
    return TRUE;
  failed[i] = TRUE;
  if (item->old_good && stay (packing, i, PLACE_STAY))
    failed[i] = FALSE;
  else if (item->has_old)
    return stay (packing, i, PLACE_LEFT);
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
    failed[i] = !stay (packing, i, PLACE_STAY);
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
      vacate (packing, &before.rows, &before.columns);
      packing->places[i].rows = (Bits){ { 0 } };
      if (place_item (packing, i, WIDE, rows)) {
        changed = TRUE;
        continue;
      }
      packing->places[i] = before;
      occupy (packing, &before.rows, &before.columns);
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
rank_items (const Instance *instance, const Grid *grid, guint met)
{
  Rank *ranks = g_new0 (Rank, MAX (instance->n_items, 1));
  guint n = 0;

  for (guint i = 0; i < instance->n_items; i++) {
    const Item *item = &instance->items[i];

    ranks[i].item = i;
    ranks[i].choice = bits_count (&item->rows);
    if (item->columns_fixed)
      ranks[i].choice = 0;
    ranks[i].cells = item->old_good ? 0 : bound_cells_alone (item, grid);
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
  Score score = count_score (packing);

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
    Place *best_places, Score *best, gint64 deadline)
{
  const Instance *instance = packing->instance;
  g_autofree Rank *ranks = g_memdup2 (first, instance->n_items * sizeof *first);
  g_autofree guint *order = g_new (guint, MAX (instance->n_items, 1));
  g_autofree gboolean *failed = g_new0 (gboolean, MAX (instance->n_items, 1));

  for (guint turn = 0; turn < turns_for (instance); turn++) {
    gboolean again = FALSE;

    if (deadline != 0 && turn > 0 && g_get_monotonic_time () > deadline)
      return;
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

static void
find_alone (Packing *packing)
{
  for (guint i = 0; i < packing->instance->n_items; i++) {
    const Item *item = &packing->instance->items[i];

    packing->alone[i] = bound_rows_alone (item, packing->grid);
    if (item->old_good)
      packing->alone[i] =
          MAX (packing->alone[i], item_spread (item, bits_count (&item->old_rows)));
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
        Place *places, gint64 deadline)
{
  static const Way ways[] = {
    { WIDE, FALSE },    { 1.0 / 64, FALSE }, { 1.0 / 32, FALSE }, { 1.0 / 16, FALSE },
    { 1.0 / 8, FALSE }, { 1.0 / 4, FALSE },  { 1.0 / 2, FALSE },  { THRIFTY, FALSE },
    { WIDE, TRUE },     { 1.0 / 32, TRUE },  { 1.0 / 8, TRUE },   { THRIFTY, TRUE },
  };
  g_autofree Packing *packing = g_new0 (Packing, 1);
  g_autofree Rank *ranks = NULL;
  Score best = { 0, 0, G_MAXUINT, G_MAXUINT };
  gboolean movable = FALSE;

  packing->instance = instance;
  packing->grid = grid;
  packing->places = g_new0 (Place, MAX (instance->n_items, 1));
  packing->alone = g_new0 (guint, MAX (instance->n_items, 1));
  find_alone (packing);
  count_scarcity (packing);
  order_rows (packing);
  do_nothing (packing);
  keep_if_better (packing, places, &best);
  if (best.changed == G_MAXUINT) {
    best = count_score (packing);
    memcpy (places, packing->places, instance->n_items * sizeof *places);
  }
  for (guint i = 0; i < instance->n_items; i++)
    movable = movable || instance->items[i].old_good;
  packing->need = goal != NULL ? *goal : (Score){ best.met, 0, 0, 0 };
  if (score_compare (&best, bound) < 0)
    ranks = rank_items (instance, grid, bound->met);
  for (guint w = 0; w < G_N_ELEMENTS (ways); w++) {
    if (score_compare (&best, bound) >= 0 || (ways[w].move && !movable))
      break;
    if (ways[w].price > WIDE && is_strict (packing))
      continue;
    go (packing, &ways[w], ranks, bound, places, &best, deadline);
  }
  g_free (packing->places);
  g_free (packing->alone);
  return best;
}

gboolean
fit_one (const Grid *grid, const Item *item, const Bits *forbidden, Place *place)
{
  Item allowed = *item;
  Instance instance = { .items = &allowed, .n_items = 1 };
  Packing packing = { .instance = &instance, .grid = grid, .places = place };

  if (forbidden != NULL)
    allowed.rows = bits_minus (&allowed.rows, forbidden);
  allowed.n_away = 0;
  memcpy (packing.free, grid->free, sizeof packing.free);
  for (guint i = 0; i < GRID; i++)
    packing.row_order[i] = (guint8) i;
  return !(item->rows_fixed && !bits_equal (&allowed.rows, &item->rows)) &&
         place_item (&packing, 0, WIDE, 0);
}
