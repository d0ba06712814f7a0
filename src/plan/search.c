/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The search that misses nothing: every item in turn in every place that is not the
 * mirror image of one tried already, as long as what the rest can add may still surpass
 * the best there is.  Rows (and columns) that look the same to all that comes are
 * interchangeable, so only how many of each sort are taken is tried.
 */
#include "plan/instance.h"

#include <stdlib.h>
#include <string.h>

/* with so few items each is looked at anew at each branch */
#define FEW_ITEMS 12u

typedef struct {
  const Instance *instance;
  const Grid *grid;
  Grid now; /* what is free, with the grid's cost */
  guint *order;
  guint *rest_spread; /* from that item of the order on, what they could have alone */
  Place *places;
  Score score;          /* of the items placed */
  guint row_sort[GRID]; /* equal for rows that no item tells apart */
  guint column_sort[GRID];
  Place *best_places;
  Score *best;
  const Score *bound;
  const Score *goal;
  guint nodes;
  Work *work;       /* (nullable) */
  gboolean over;    /* out of branches or of work */
  gboolean reached; /* as good as the bound or the goal: nothing more to look for */
} Search;

static void search_from (Search *search, guint depth);

/* A sort of rows or columns: they are interchangeable. */
typedef struct {
  guint count;
  guint8 members[GRID];
} Sort;

typedef struct {
  guint n;
  Sort *sorts;
} Sorts;

static guint64
mix (guint64 x)
{
  x += G_GUINT64_CONSTANT (0x9e3779b97f4a7c15);
  x = (x ^ x >> 30) * G_GUINT64_CONSTANT (0xbf58476d1ce4e5b9);
  x = (x ^ x >> 27) * G_GUINT64_CONSTANT (0x94d049bb133111eb);
  return x ^ x >> 31;
}

/* what tells rows apart from now on: 128 bits of a sum over the columns in which they
 * are free, and over the placed items that keep others away */
typedef struct {
  guint64 one, two;
} Print;

static void
print_add (Print *print, guint64 what)
{
  print->one += mix (what);
  print->two += mix (what ^ G_GUINT64_CONSTANT (0x5851f42d4c957f2d));
}

static void
print_rows (const Search *search, const Bits *rows, Print *prints)
{
  const Instance *instance = search->instance;

  BITS_FOREACH (rows, r)
  {
    prints[r] = (Print){ 0, 0 };
    print_add (&prints[r], G_GUINT64_CONSTANT (1) << 32 | search->row_sort[r]);
  }
  for (guint c = 0; c < instance->n_columns; c++) {
    Bits usable = bits_and (rows, &search->now.free[c]);

    BITS_FOREACH (&usable, r)
    {
      print_add (&prints[r], c << 1 | bits_test (&search->now.cost[c], (guint) r));
    }
  }
  for (guint i = 0; i < instance->n_items; i++) {
    Bits held = bits_and (rows, &search->places[i].rows);

    if (instance->items[i].n_away == 0)
      continue;
    BITS_FOREACH (&held, r)
    {
      print_add (&prints[r], G_GUINT64_CONSTANT (2) << 32 | i);
    }
  }
}

/* free with sorts_clear() */
static Sorts
sort_rows (const Search *search, const Bits *rows)
{
  Print prints[GRID];
  Print known[GRID];
  Sorts sorts = { 0, g_new0 (Sort, MAX (bits_count (rows), 1)) };

  print_rows (search, rows, prints);
  work_add (search->work, search->instance->n_columns * (1 + bits_count (rows)) +
                              search->instance->n_items);
  BITS_FOREACH (rows, r)
  {
    guint s = 0;

    while (s < sorts.n &&
           (known[s].one != prints[r].one || known[s].two != prints[r].two))
      s++;
    if (s == sorts.n)
      known[sorts.n++] = prints[r];
    sorts.sorts[s].members[sorts.sorts[s].count++] = (guint8) r;
    work_add (search->work, s);
  }
  return sorts;
}

static Sorts
sort_columns (const Search *search, const Bits *columns)
{
  Sorts sorts = { 0, g_new0 (Sort, MAX (bits_count (columns), 1)) };

  BITS_FOREACH (columns, c)
  {
    guint s;

    for (s = 0; s < sorts.n; s++) {
      guint k = sorts.sorts[s].members[0];

      if (search->column_sort[k] == search->column_sort[c] &&
          bits_equal (&search->now.free[k], &search->now.free[c]) &&
          bits_equal (&search->now.cost[k], &search->now.cost[c]))
        break;
    }
    if (s == sorts.n)
      sorts.n++;
    sorts.sorts[s].members[sorts.sorts[s].count++] = (guint8) c;
    work_add (search->work, 2 * s + 2);
  }
  return sorts;
}

static void
sorts_clear (Sorts *sorts)
{
  g_clear_pointer (&sorts->sorts, g_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Sorts, sorts_clear)

/* Which way of choosing from sorts comes next. */
typedef struct {
  Search *search;
  guint depth;
  guint item;
  guint n_rows;
  guint n_columns;
  Bits rows;
} Choice;

typedef void (*ChosenFunc) (Choice *choice, const Bits *chosen);

/* each way to take @want from the sorts from @s on, the most of a sort first */
static void
choose (Choice *choice, const Sorts *sorts, guint s, guint want, const Bits *chosen,
        ChosenFunc func)
{
  guint left = 0;

  if (want == 0) {
    func (choice, chosen);
    return;
  }
  for (guint i = s; i < sorts->n; i++)
    left += sorts->sorts[i].count;
  if (left < want)
    return;
  for (guint take = MIN (want, sorts->sorts[s].count) + 1; take-- > 0;) {
    Bits more = *chosen;

    if (choice->search->over || choice->search->reached)
      return;
    for (guint i = 0; i < take; i++)
      bits_set (&more, sorts->sorts[s].members[i]);
    choose (choice, sorts, s + 1, want - take, &more, func);
  }
}

static void
set_cells (Search *search, const Place *place, gboolean free)
{
  BITS_FOREACH (&place->columns, c)
  {
    Bits cells = bits_and (&place->rows, &search->grid->free[c]);

    search->now.free[c] = free ? bits_or (&search->now.free[c], &cells)
                               : bits_minus (&search->now.free[c], &cells);
  }
}

/* goes on with @place for the item, and takes it back */
static void
try_place (Search *search, guint depth, guint item, const Place *place)
{
  Score before = search->score;
  gboolean is_met = place->kind == PLACE_NEW || place->kind == PLACE_STAY;

  search->places[item] = *place;
  if (is_met) {
    search->score.met++;
    search->score.spread +=
        item_spread (&search->instance->items[item], bits_count (&place->rows));
  }
  if (place->kind == PLACE_NEW) {
    search->score.changed += item_changes (&search->instance->items[item], place);
    search->score.taken += grid_cost (search->grid, &place->rows, &place->columns);
  }
  work_add (search->work, 8 * bits_count (&place->columns) + 8);
  set_cells (search, place, FALSE);
  search_from (search, depth + 1);
  set_cells (search, place, TRUE);
  search->places[item] = (Place){ PLACE_NONE, { { 0 } }, { { 0 } } };
  search->score = before;
}

/* one of the branches there may be; FALSE when it is over */
static gboolean
spend (Search *search)
{
  if (search->nodes == 0 || (search->nodes % 16 == 0 && work_is_over (search->work)))
    search->over = TRUE;
  if (search->over || search->reached)
    return FALSE;
  search->nodes--;
  return TRUE;
}

static void
try_columns (Choice *choice, const Bits *columns)
{
  Place place = { PLACE_NEW, choice->rows, *columns };

  try_place (choice->search, choice->depth, choice->item, &place);
}

static void
try_rows (Choice *choice, const Bits *rows)
{
  Search *search = choice->search;
  const Item *item = &search->instance->items[choice->item];
  Bits columns = { { 0 } };
  Bits none = { { 0 } };

  if (!spend (search))
    return;
  BITS_FOREACH (&item->columns, c)
  {
    if (bits_within (rows, &search->now.free[c]))
      bits_set (&columns, (guint) c);
  }
  if (bits_count (&columns) < choice->n_columns)
    return;
  work_add (search->work, GRID);
  choice->rows = *rows;
  {
    g_auto (Sorts) sorts = sort_columns (search, &columns);

    choose (choice, &sorts, 0, choice->n_columns, &none, try_columns);
  }
}

static void
try_new (Search *search, guint depth, guint i)
{
  const Item *item = &search->instance->items[i];
  Bits rows = item->rows;
  Bits none = { { 0 } };

  if (item->hopeless)
    return;
  for (guint k = 0; k < item->n_away; k++) {
    const Place *other = &search->places[item->away[k]];

    if (item_shuns (item, k, TRUE, other))
      rows = bits_minus (&rows, &other->rows);
  }
  for (guint n = MIN (item->most, bits_count (&rows)); n >= MAX (item->spread, 1); n--) {
    guint columns = item_columns (item, n);
    Choice choice = { search, depth, i, n, columns, { { 0 } } };
    g_auto (Sorts) sorts = { 0, NULL };

    if (columns == 0)
      continue;
    sorts = sort_rows (search, &rows);
    choose (&choice, &sorts, 0, n, &none, try_rows);
    if (search->over || search->reached)
      return;
  }
}

/* what it has, as its need is met or not; or nothing */
static void
try_old (Search *search, guint depth, guint i, gboolean met)
{
  const Item *item = &search->instance->items[i];
  Place place = { met ? PLACE_STAY : PLACE_LEFT, item->old_rows, item->old_columns };

  BITS_FOREACH (&item->old_columns, c)
  {
    Bits cells = bits_and (&item->old_rows, &search->grid->free[c]);

    if (!bits_within (&cells, &search->now.free[c]))
      return;
  }
  for (guint k = 0; k < item->n_away; k++) {
    const Place *other = &search->places[item->away[k]];

    if (item_shuns (item, k, met, other) &&
        bits_intersect (&item->old_rows, &other->rows))
      return;
  }
  try_place (search, depth, i, &place);
}

static void
keep (Search *search)
{
  if (score_compare (&search->score, search->best) <= 0)
    return;
  *search->best = search->score;
  memcpy (search->best_places, search->places,
          search->instance->n_items * sizeof *search->places);
  search->reached =
      score_compare (search->best, search->bound) >= 0 ||
      (search->goal != NULL && score_compare (search->best, search->goal) >= 0);
}

/* whether the items from @depth on could still make it better than the best */
static gboolean
can_surpass (const Search *search, guint depth)
{
  guint n = search->instance->n_items;
  Score hope = search->score;

  hope.met += n - depth;
  hope.spread += search->rest_spread[depth];
  if (score_compare (&hope, search->best) <= 0)
    return FALSE;
  if (n - depth > FEW_ITEMS)
    return TRUE;
  hope = search->score;
  work_add (search->work, (n - depth) * 2 * search->instance->n_columns);
  for (guint d = depth; d < n; d++) {
    const Item *item = &search->instance->items[search->order[d]];
    guint rows = bound_rows_alone (item, &search->now);

    if (item->old_good)
      rows = MAX (rows, item_spread (item, bits_count (&item->old_rows)));
    hope.met += rows > 0;
    hope.spread += rows;
  }
  return score_compare (&hope, search->best) > 0;
}

static void
search_from (Search *search, guint depth)
{
  const Item *item;
  guint i;

  if (!spend (search))
    return;
  if (depth == search->instance->n_items) {
    keep (search);
    return;
  }
  if (!can_surpass (search, depth))
    return;
  i = search->order[depth];
  item = &search->instance->items[i];
  if (item->old_good)
    try_old (search, depth, i, TRUE);
  if (!search->over && !search->reached)
    try_new (search, depth, i);
  if (search->over || search->reached)
    return;
  if (item->has_old)
    try_old (search, depth, i, FALSE);
  else
    try_place (search, depth, i, &(Place){ PLACE_NONE, { { 0 } }, { { 0 } } });
}

gboolean
rows_alike (const Instance *instance, guint a, guint b)
{
  for (guint i = 0; i < instance->n_items; i++) {
    const Item *item = &instance->items[i];

    if (bits_test (&item->rows, a) != bits_test (&item->rows, b) ||
        bits_test (&item->old_rows, a) != bits_test (&item->old_rows, b))
      return FALSE;
  }
  return TRUE;
}

gboolean
columns_alike (const Instance *instance, guint a, guint b)
{
  for (guint i = 0; i < instance->n_items; i++) {
    const Item *item = &instance->items[i];

    if (bits_test (&item->columns, a) != bits_test (&item->columns, b) ||
        bits_test (&item->old_columns, a) != bits_test (&item->old_columns, b))
      return FALSE;
  }
  return TRUE;
}

static void
classify (Search *search)
{
  for (guint n = 0; n < GRID; n++) {
    search->row_sort[n] = n;
    search->column_sort[n] = n;
    for (guint k = n; k-- > 0;) {
      if (search->row_sort[k] == k && rows_alike (search->instance, k, n))
        search->row_sort[n] = k;
      if (search->column_sort[k] == k && columns_alike (search->instance, k, n))
        search->column_sort[n] = k;
    }
  }
}

typedef struct {
  guint item;
  guint choice;
  guint cells;
  gboolean has_old;
} Turn;

/* who has a matrix first, then who has the least choice, then the largest */
static gint
compare_turns (gconstpointer a, gconstpointer b)
{
  const Turn *first = a;
  const Turn *second = b;

  if (first->has_old != second->has_old)
    return first->has_old ? -1 : 1;
  if (first->choice != second->choice)
    return first->choice < second->choice ? -1 : 1;
  if (first->cells != second->cells)
    return first->cells > second->cells ? -1 : 1;
  return first->item < second->item ? -1 : 1;
}

static void
put_in_order (Search *search)
{
  guint n = search->instance->n_items;
  g_autofree Turn *turns = g_new0 (Turn, n);

  for (guint i = 0; i < n; i++) {
    const Item *item = &search->instance->items[i];

    turns[i].item = i;
    turns[i].choice = item->columns_fixed ? 0 : bits_count (&item->rows);
    turns[i].cells = item->queues;
    turns[i].has_old = item->has_old;
  }
  qsort (turns, n, sizeof *turns, compare_turns);
  for (guint i = 0; i < n; i++)
    search->order[i] = turns[i].item;
  for (guint d = n; d-- > 0;) {
    const Item *item = &search->instance->items[search->order[d]];
    guint rows = bound_rows_alone (item, search->grid);

    if (item->old_good)
      rows = MAX (rows, item_spread (item, bits_count (&item->old_rows)));
    search->rest_spread[d] = search->rest_spread[d + 1] + rows;
  }
}

gboolean
search (const Instance *instance, const Grid *grid, const Score *bound, Place *places,
        Score *best, const Score *goal, guint nodes, Work *work)
{
  g_autofree Search *search = g_new0 (Search, 1);
  gboolean all;

  if (instance->n_items == 0)
    return TRUE;
  search->instance = instance;
  search->grid = grid;
  search->now = *grid;
  search->order = g_new (guint, instance->n_items);
  search->rest_spread = g_new0 (guint, instance->n_items + 1);
  search->places = g_new0 (Place, instance->n_items);
  search->best_places = places;
  search->best = best;
  search->bound = bound;
  search->goal = goal;
  search->nodes = nodes;
  search->work = work;
  work_add (work, 16 * GRID);
  classify (search);
  put_in_order (search);
  search_from (search, 0);
  all = !search->over && !search->reached;
  g_free (search->order);
  g_free (search->rest_spread);
  g_free (search->places);
  return all;
}
