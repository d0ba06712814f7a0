/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What no plan can surpass: the problem without the demand that a need's queues are a
 * product, so that needs are amounts of cells, which a flow distributes.  If a plan is
 * as good as this, it is proven to be the best.
 */
#include "plan/instance.h"

#include <string.h>

/* More kinds of items than these are taken for one that may use every cell. */
#define KINDS 64u

/* Items that may use the same rows and columns, and what is free in these. */
typedef struct {
  Bits rows;
  Bits columns;
  guint columns_with[GRID + 2]; /* with at least n free rows */
  guint rows_with[GRID + 2];    /* with at least n free columns */
} Kind;

static void
count_kind (Kind *kind, const Grid *grid)
{
  guint in_row[GRID] = { 0 };

  BITS_FOREACH (&kind->columns, c)
  {
    Bits usable = bits_and (&kind->rows, &grid->free[c]);

    kind->columns_with[bits_count (&usable)]++;
    BITS_FOREACH (&usable, r)
    {
      in_row[r]++;
    }
  }
  BITS_FOREACH (&kind->rows, r)
  {
    kind->rows_with[in_row[r]]++;
  }
  for (guint n = GRID; n > 0; n--) {
    kind->columns_with[n - 1] += kind->columns_with[n];
    kind->rows_with[n - 1] += kind->rows_with[n];
  }
}

static guint
find_kind (GArray *kinds, const Item *item, const Grid *grid)
{
  Kind kind = { .rows = item->rows, .columns = item->columns };

  for (guint k = 0; k < kinds->len; k++) {
    const Kind *known = &g_array_index (kinds, Kind, k);

    if (bits_equal (&known->rows, &item->rows) &&
        bits_equal (&known->columns, &item->columns))
      return k;
  }
  count_kind (&kind, grid);
  g_array_append_val (kinds, kind);
  return kinds->len - 1;
}

/* necessary for a product of @rows rows, not sufficient */
static guint
columns_alone (const Kind *kind, const Item *item, guint rows)
{
  guint columns = item_columns (item, rows);

  if (columns == 0 || kind->columns_with[rows] < columns ||
      kind->rows_with[columns] < rows)
    return 0;
  return columns;
}

/* What an item could have alone. */
typedef struct {
  guint kind;
  guint rows;   /* the most, 0 when it cannot be met */
  guint cells;  /* the fewest */
  guint spread; /* the most, also by staying as it is */
  gboolean met; /* can be */
} Alone;

static Alone
alone_of (GArray *kinds, const Item *item, const Grid *grid)
{
  Alone alone = { 0 };
  const Kind *kind;

  if (item->hopeless)
    return alone;
  alone.kind = find_kind (kinds, item, grid);
  kind = &g_array_index (kinds, Kind, alone.kind);
  for (guint rows = MIN (item->most, GRID); rows >= MAX (item->spread, 1); rows--) {
    guint columns = columns_alone (kind, item, rows);

    if (columns == 0)
      continue;
    alone.rows = MAX (alone.rows, rows);
    if (alone.cells == 0 || rows * columns < alone.cells)
      alone.cells = rows * columns;
  }
  alone.met = alone.rows > 0;
  alone.spread = alone.rows;
  if (item->old_good) {
    guint rows = bits_count (&item->old_rows);

    alone.met = TRUE;
    alone.spread = MAX (alone.spread, item_spread (item, rows));
    /* what it has may be cells that no other could use */
    alone.cells = 0;
  }
  return alone;
}

guint
bound_rows_alone (const Item *item, const Grid *grid)
{
  g_autoptr (GArray) kinds = g_array_new (FALSE, FALSE, sizeof (Kind));

  return alone_of (kinds, item, grid).rows;
}

guint
bound_cells_alone (const Item *item, const Grid *grid)
{
  g_autoptr (GArray) kinds = g_array_new (FALSE, FALSE, sizeof (Kind));

  return alone_of (kinds, item, grid).cells;
}

guint
bound_alone (const Instance *instance, const Grid *grid, guint *rows, guint *cells)
{
  g_autoptr (GArray) kinds = g_array_new (FALSE, FALSE, sizeof (Kind));
  guint widest = 0;

  for (guint i = 0; i < instance->n_items; i++) {
    const Item *item = &instance->items[i];
    Alone alone = alone_of (kinds, item, grid);

    rows[i] = alone.spread;
    cells[i] = alone.cells;
    if (alone.rows > 0 && !item->has_old)
      widest += alone.rows * columns_alone (&g_array_index (kinds, Kind, alone.kind),
                                            item, alone.rows);
  }
  return widest;
}

/* Cells by who may use them: @users has a bit for each kind. */
typedef struct {
  guint64 users;
  guint capacity;
} Pool;

typedef struct {
  Pool pools[GRID * 4];
  guint n_pools;
  guint n_kinds;
  guint (*flow)[KINDS]; /* by pool and kind */
  Work *work;           /* (nullable) */
} Flow;

static void
add_cells (Flow *flow, guint64 users, guint count)
{
  guint p = 0;

  if (count == 0 || users == 0)
    return;
  while (p < flow->n_pools && flow->pools[p].users != users)
    p++;
  if (p == G_N_ELEMENTS (flow->pools)) {
    /* too many to tell apart: the last one is everybody's, which only loosens */
    flow->pools[--p].users = ~G_GUINT64_CONSTANT (0);
  } else if (p == flow->n_pools) {
    flow->pools[flow->n_pools++].users = users;
  }
  flow->pools[p].capacity += count;
}

/* Rows by who may use them. */
typedef struct {
  guint64 users;
  Bits rows;
} RowClass;

static guint
classify_rows (const GArray *kinds, RowClass *classes)
{
  guint n = 0;

  for (guint r = 0; r < GRID; r++) {
    guint64 users = 0;
    guint k;

    for (guint i = 0; i < kinds->len; i++) {
      if (bits_test (&g_array_index (kinds, Kind, i).rows, r))
        users |= G_GUINT64_CONSTANT (1) << MIN (i, KINDS - 1);
    }
    for (k = 0; k < n && classes[k].users != users; k++)
      continue;
    if (k == n)
      classes[n++] = (RowClass){ .users = users };
    bits_set (&classes[k].rows, r);
  }
  return n;
}

/* @without: cells that do not count, NULL for none */
static Flow *
flow_new (const GArray *kinds, const Grid *grid, const Bits *without, Work *work)
{
  g_autofree RowClass *classes = g_new (RowClass, GRID);
  Flow *flow = g_new0 (Flow, 1);
  guint n_classes = classify_rows (kinds, classes);

  flow->work = work;
  flow->n_kinds = MIN (kinds->len, KINDS);
  work_add (work, GRID * (2 * kinds->len + 2 * n_classes));
  for (guint c = 0; c < GRID; c++) {
    Bits cells =
        without != NULL ? bits_minus (&grid->free[c], &without[c]) : grid->free[c];
    guint64 users = 0;

    for (guint i = 0; i < kinds->len; i++) {
      if (i >= KINDS - 1 || bits_test (&g_array_index (kinds, Kind, i).columns, c))
        users |= G_GUINT64_CONSTANT (1) << MIN (i, KINDS - 1);
    }
    for (guint k = 0; k < n_classes; k++) {
      Bits some = bits_and (&cells, &classes[k].rows);

      add_cells (flow, users & classes[k].users, bits_count (&some));
    }
  }
  flow->flow = g_malloc0 (sizeof *flow->flow * MAX (flow->n_pools, 1));
  return flow;
}

static void
flow_free (Flow *flow)
{
  g_free (flow->flow);
  g_free (flow);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Flow, flow_free)

/* The way by which a pool was reached: @kind's cells move here from pool @from. */
typedef struct {
  gint from; /* -1: not reached, -2: directly */
  guint kind;
} Reached;

/* a pool with room to which cells of @kind, or others pushed aside, can go; -1 */
static gint
find_room (const Flow *flow, guint kind, Reached *reached)
{
  guint queue[G_N_ELEMENTS (flow->pools)];
  guint head = 0, tail = 0;

  work_add (flow->work, flow->n_pools);
  for (guint p = 0; p < flow->n_pools; p++) {
    gboolean direct = flow->pools[p].users >> kind & 1;

    reached[p].from = direct ? -2 : -1;
    reached[p].kind = kind;
    if (direct)
      queue[tail++] = p;
  }
  while (head < tail) {
    guint p = queue[head++];

    if (flow->pools[p].capacity > 0)
      return (gint) p;
    for (guint k = 0; k < flow->n_kinds; k++) {
      work_add (flow->work, flow->flow[p][k] > 0 ? flow->n_pools : 1);
      for (guint q = 0; flow->flow[p][k] > 0 && q < flow->n_pools; q++) {
        if (reached[q].from != -1 || !(flow->pools[q].users >> k & 1))
          continue;
        reached[q] = (Reached){ (gint) p, k };
        queue[tail++] = q;
      }
    }
  }
  return -1;
}

/* as much of @amount as has room; returns what was placed */
static guint
push (Flow *flow, guint kind, guint amount)
{
  Reached reached[G_N_ELEMENTS (flow->pools)];
  guint placed = 0;

  kind = MIN (kind, KINDS - 1);
  while (placed < amount) {
    gint end = find_room (flow, kind, reached);
    guint some;

    if (end < 0)
      break;
    some = MIN (amount - placed, flow->pools[end].capacity);
    for (gint p = end; reached[p].from >= 0; p = reached[p].from)
      some = MIN (some, flow->flow[reached[p].from][reached[p].kind]);
    flow->pools[end].capacity -= some;
    for (gint p = end; p >= 0; p = reached[p].from) {
      flow->flow[p][reached[p].kind] += some;
      if (reached[p].from >= 0)
        flow->flow[reached[p].from][reached[p].kind] -= some;
    }
    placed += some;
  }
  return placed;
}

static gint
compare_cells (gconstpointer a, gconstpointer b)
{
  const Alone *first = a;
  const Alone *second = b;

  return first->cells < second->cells ? -1 : first->cells > second->cells;
}

/* How many items can be met: each takes its fewest cells, those with the fewest come
 * first, and one may be met in part: for flows into pools that is the maximum. */
static guint
bound_met (const Instance *instance, const Grid *grid, const GArray *kinds,
           const Alone *alone, Work *work)
{
  g_autoptr (Flow) flow = flow_new (kinds, grid, NULL, work);
  g_autofree Alone *sorted = g_memdup2 (alone, instance->n_items * sizeof *alone);
  double met = 0;

  qsort (sorted, instance->n_items, sizeof *sorted, compare_cells);
  for (guint i = 0; i < instance->n_items; i++) {
    if (!sorted[i].met)
      continue;
    if (sorted[i].cells == 0)
      met += 1;
    else
      met += (double) push (flow, sorted[i].kind, sorted[i].cells) / sorted[i].cells;
  }
  return (guint) (met + 1e-6);
}

static gint
descending (gconstpointer a, gconstpointer b)
{
  double first = *(const double *) a;
  double second = *(const double *) b;

  return first < second ? 1 : first > second ? -1 : 0;
}

/* what an item can contribute when a cell costs @price */
static double
worth (const Item *item, const Alone *alone, const Kind *kind, double price)
{
  double best = -1e9;

  if (item->old_good)
    best = item_spread (item, bits_count (&item->old_rows));
  for (guint rows = MAX (item->spread, 1); rows <= alone->rows; rows++) {
    guint columns = columns_alone (kind, item, rows);

    if (columns > 0)
      best = MAX (best, item_spread (item, rows) - price * rows * columns);
  }
  return best;
}

/* whether there are cells for all items in their widest shape, or in what they have */
static gboolean
is_roomy (const Instance *instance, const GArray *kinds, const Alone *alone, guint cells)
{
  guint64 wanted = 0;

  for (guint i = 0; i < instance->n_items; i++) {
    if (alone[i].rows > 0)
      wanted +=
          alone[i].rows * columns_alone (&g_array_index (kinds, Kind, alone[i].kind),
                                         &instance->items[i], alone[i].rows);
  }
  return wanted <= cells;
}

/* The spread of @met items, by Lagrange: for any price of a cell it is no more than
 * what the cells there are would cost, and the best @met items' worth at that price. */
static guint
bound_spread (const Instance *instance, const Grid *grid, const GArray *kinds,
              const Alone *alone, guint met, Work *work)
{
  g_autofree double *worths = g_new (double, MAX (instance->n_items, 1));
  guint cells = 0, steps;
  double best = 1e9;

  for (guint c = 0; c < GRID; c++)
    cells += bits_count (&grid->free[c]);
  /* if the cells are enough at no price, no other makes it less */
  steps = is_roomy (instance, kinds, alone, cells) ? 0 : 64;
  for (guint step = 0; step <= steps; step++) {
    double price = step / 64.0;
    double sum = price * cells;
    guint n = 0;

    for (guint i = 0; i < instance->n_items; i++) {
      work_add (work, 4 + 2 * alone[i].rows);
      if (alone[i].met)
        worths[n++] = worth (&instance->items[i], &alone[i],
                             &g_array_index (kinds, Kind, alone[i].kind), price);
    }
    qsort (worths, n, sizeof *worths, descending);
    for (guint i = 0; i < MIN (n, met); i++)
      sum += worths[i];
    best = MIN (best, sum);
  }
  return (guint) (best + 1e-6);
}

/* by how much items that share no row must together stay below what each could have
 * alone: of each clique of such items all rows are different */
static guint
excess_of_cliques (const Instance *instance, const Alone *alone)
{
  g_autofree gboolean *done = g_new0 (gboolean, MAX (instance->n_items, 1));
  guint excess = 0;

  for (guint i = 0; i < instance->n_items; i++) {
    g_autoptr (GArray) clique = g_array_new (FALSE, FALSE, sizeof (guint));
    Bits rows = instance->items[i].rows;
    guint sum = alone[i].spread;

    if (done[i] || instance->items[i].n_away == 0 || instance->items[i].has_old)
      continue;
    g_array_append_val (clique, i);
    for (guint j = 0; j < instance->items[i].n_away; j++) {
      guint other = instance->items[i].away[j];
      const Item *item = &instance->items[other];
      guint known = 0;

      for (guint k = 0; k < clique->len; k++) {
        for (guint l = 0; l < item->n_away; l++)
          known += item->away[l] == g_array_index (clique, guint, k);
      }
      if (done[other] || item->has_old || known < clique->len)
        continue;
      g_array_append_val (clique, other);
      rows = bits_or (&rows, &item->rows);
      sum += alone[other].spread;
    }
    if (sum > bits_count (&rows)) {
      excess += sum - bits_count (&rows);
      for (guint k = 0; k < clique->len; k++)
        done[g_array_index (clique, guint, k)] = TRUE;
    }
  }
  return excess;
}

/* of items that all must be met, on as many rows as each can have, what does not fit
 * into cells that cost nothing */
static guint
bound_taken (const Instance *instance, const Grid *grid, const GArray *kinds,
             const Alone *alone, gboolean widest, Work *work)
{
  g_autoptr (Flow) flow = flow_new (kinds, grid, grid->cost, work);
  guint taken = 0;

  for (guint i = 0; i < instance->n_items; i++) {
    const Item *item = &instance->items[i];
    guint cells = alone[i].cells;

    if (widest && !item->old_good)
      cells = alone[i].rows * columns_alone (&g_array_index (kinds, Kind, alone[i].kind),
                                             item, alone[i].rows);
    if (cells > 0)
      taken += cells - push (flow, alone[i].kind, cells);
  }
  return taken;
}

/* Items that must all have a certain number of rows, and columns with so many to give:
 * what fits into a column, seen through a function of sizes that never makes a whole
 * smaller than its parts. */
typedef struct {
  guint items[GRID + 1];   /* by size: how many columns are wanted with so many rows */
  guint columns[GRID + 1]; /* by size: how many there are */
  guint most;              /* the largest column */
} Stripes;

/* parts smaller than @cut count nothing, and one that leaves less than @cut fills the
 * column (Martello and Toth's bound of bin packing, for columns of several sizes) */
static guint
size_with_cut (guint size, guint cut, guint most)
{
  if (size < cut)
    return 0;
  return size > most - cut ? most : size;
}

static gboolean
stripes_fit (const Stripes *stripes)
{
  for (guint cut = 1; cut <= stripes->most / 2; cut++) {
    guint wanted = 0, there = 0;

    for (guint size = 1; size <= stripes->most; size++) {
      guint counts = size_with_cut (size, cut, stripes->most);

      wanted += stripes->items[size] * counts;
      there += stripes->columns[size] * counts;
    }
    if (wanted > there)
      return FALSE;
  }
  for (guint part = 1; part <= stripes->most; part++) {
    guint wanted = 0, there = 0;

    for (guint size = 1; size <= GRID; size++) {
      wanted += stripes->items[size] * (size / part);
      there += stripes->columns[size] * (size / part);
    }
    if (wanted > there)
      return FALSE;
  }
  return TRUE;
}

/* FALSE: not all items can have as many rows as each could alone.  Looked at for the
 * rows of each kind, with those that can go nowhere else. */
static gboolean
may_all_be_widest (const Instance *instance, const Grid *grid, const GArray *kinds,
                   const Alone *alone)
{
  for (guint k = 0; k < kinds->len; k++) {
    const Kind *kind = &g_array_index (kinds, Kind, k);
    Stripes stripes = { { 0 }, { 0 }, 0 };

    for (guint c = 0; c < GRID; c++) {
      Bits some = bits_and (&kind->rows, &grid->free[c]);
      guint size = bits_count (&some);

      stripes.columns[size]++;
      stripes.most = MAX (stripes.most, size);
    }
    for (guint i = 0; i < instance->n_items; i++) {
      const Item *item = &instance->items[i];

      if (item->has_old || !bits_within (&item->rows, &kind->rows))
        continue;
      stripes.items[alone[i].rows] += columns_alone (
          &g_array_index (kinds, Kind, alone[i].kind), item, alone[i].rows);
    }
    if (!stripes_fit (&stripes))
      return FALSE;
  }
  return TRUE;
}

static gboolean
costs (const Grid *grid)
{
  for (guint c = 0; c < GRID; c++) {
    if (!bits_is_empty (&grid->cost[c]))
      return TRUE;
  }
  return FALSE;
}

Score
bound_of (const Instance *instance, const Grid *grid, Work *work)
{
  g_autoptr (GArray) kinds = g_array_new (FALSE, FALSE, sizeof (Kind));
  g_autofree Alone *alone = g_new (Alone, MAX (instance->n_items, 1));
  Score bound = { 0 };
  guint sum = 0;

  if (instance->n_items == 0)
    return bound;
  for (guint i = 0; i < instance->n_items; i++) {
    alone[i] = alone_of (kinds, &instance->items[i], grid);
    sum += alone[i].spread;
    work_add (work, kinds->len + MIN (instance->items[i].most, GRID));
  }
  /* count_kind(), may_all_be_widest() */
  work_add (work, kinds->len * (16 * GRID + 2 * instance->n_items));
  bound.met = bound_met (instance, grid, kinds, alone, work);
  bound.spread = bound_spread (instance, grid, kinds, alone, bound.met, work);
  if (bound.met < instance->n_items)
    return bound;

  /* all are to be met: more is known of them */
  bound.spread = MIN (bound.spread, sum - MIN (sum, excess_of_cliques (instance, alone)));
  if (bound.spread == sum && sum > 0 && !may_all_be_widest (instance, grid, kinds, alone))
    bound.spread--;
  for (guint i = 0; i < instance->n_items; i++)
    bound.changed += instance->items[i].has_old && !instance->items[i].old_good &&
                     !item_old_fits (&instance->items[i], grid);
  if (costs (grid))
    bound.taken = bound_taken (instance, grid, kinds, alone, bound.spread == sum, work);
  return bound;
}
