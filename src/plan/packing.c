/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A grid that is being filled: where an item fits most tightly.  What rows are taken
 * follows one order for all, so that what stays free of two columns overlaps.
 */
#include "plan/packing.h"

#include <stdlib.h>
#include <string.h>

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

void
packing_count_scarcity (Packing *packing)
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
void
packing_order_rows (Packing *packing)
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

void
packing_occupy (Packing *packing, const Bits *rows, const Bits *columns)
{
  BITS_FOREACH (columns, c)
  {
    packing->free[c] = bits_minus (&packing->free[c], rows);
  }
}

void
packing_vacate (Packing *packing, const Bits *rows, const Bits *columns)
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
    work_add (packing->work, bits_count (columns));
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
    work_add (packing->work, 4 + groups->len);
    if (group == NULL) {
      work_add (packing->work, 32);
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
grow (Work *work, const GPtrArray *groups, guint seed, guint n_rows, guint n_columns,
      Bits *rows, Bits *columns)
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

    work_add (work, groups->len);
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
    if (!grow (packing->work, groups, g, n_rows, n_columns, &rows, &columns))
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
    if (!grow (packing->work, groups, g, n_rows, n_columns, &rows, &columns))
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

gboolean
packing_place_item (Packing *packing, guint i, double price, guint above)
{
  const Item *item = &packing->instance->items[i];
  Bits allowed = allowed_rows (packing, item);
  Shape shapes[GRID];
  guint n = item->hopeless ? 0 : list_shapes (item, price, above, shapes);

  work_add (packing->work, MIN (item->most, GRID) + n + GRID);
  for (guint s = 0; s < n; s++) {
    if (fit_shape (packing, item, &allowed, shapes[s].rows, shapes[s].columns,
                   &packing->places[i])) {
      packing_occupy (packing, &packing->places[i].rows, &packing->places[i].columns);
      return TRUE;
    }
  }
  packing->places[i] = (Place){ PLACE_NONE, { { 0 } }, { { 0 } } };
  return FALSE;
}

/* FALSE when others are in the way */
gboolean
packing_stay (Packing *packing, guint i, PlaceKind kind)
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
  packing_occupy (packing, &item->old_rows, &item->old_columns);
  return TRUE;
}

Score
packing_count_score (const Packing *packing)
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
         packing_place_item (&packing, 0, WIDE, 0);
}
