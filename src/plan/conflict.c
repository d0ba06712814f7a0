/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Why needs are not met: for each of them the smallest set of needs with it that cannot
 * be met together, found by leaving out one after the other what is not to blame, and
 * one sentence about what they lack.
 */
#include "config.h"

#include "plan/plan-priv.h"
#include "plan/problem.h"

#include <glib/gi18n-lib.h>
#include <stdlib.h>
#include <string.h>

/* conflicts are looked for among so many needs that are not met */
#define CONFLICTS 16u
/* branches of the search for whether a set can be met */
#define NODES 20000u
/* so many smaller sets are tried for the proof that there is none */
#define SMALLER 2500u

typedef enum { CAN, CANNOT, UNKNOWN } Answer;

typedef struct {
  const Problem *problem;
  Grid grid;     /* all that could be had, without what stays */
  Instance part; /* the items of the set asked about */
  guint *index;  /* from the problem's items to the part's */
  Place *places;
  Work *work;
} Asker;

/* an item of the set, with its neighbours renumbered */
static Item
item_of_part (const Asker *asker, guint i)
{
  const Item *whole = &asker->problem->instance.items[i];
  Item item = *whole;
  guint n = 0;

  item.away = g_new0 (guint, MAX (item.n_away, 1));
  item.away_says = g_new0 (guint8, MAX (item.n_away, 1));
  for (guint k = 0; k < whole->n_away; k++) {
    guint other = asker->index[whole->away[k]];

    if (other == G_MAXUINT)
      continue;
    item.away[n] = other;
    item.away_says[n++] = whole->away_says[k];
  }
  item.n_away = n;
  return item;
}

static void
clear_part (Asker *asker)
{
  for (guint i = 0; i < asker->part.n_items; i++)
    problem_free_away (&asker->part.items[i]);
  asker->part.n_items = 0;
}

/* what an item that is not in the set has is in the way */
static void
make_grid (const Asker *asker, const gboolean *in, Grid *grid)
{
  *grid = asker->grid;
  for (guint i = 0; i < asker->problem->instance.n_items; i++) {
    const Item *item = &asker->problem->instance.items[i];

    if (in[i] || !item->has_old)
      continue;
    BITS_FOREACH (&item->old_columns, c)
    {
      grid->free[c] = bits_minus (&grid->free[c], &item->old_rows);
    }
  }
}

static Answer
ask (Asker *asker, const gboolean *in, guint nodes)
{
  guint n = asker->problem->instance.n_items;
  Score goal = { 0, 0, G_MAXUINT, G_MAXUINT };
  Score score, bound;
  Grid grid;

  for (guint i = 0; i < n; i++)
    asker->index[i] = in[i] ? goal.met++ : G_MAXUINT;
  for (guint i = 0; i < n; i++) {
    if (in[i])
      asker->part.items[asker->part.n_items++] = item_of_part (asker, i);
  }
  make_grid (asker, in, &grid);
  score = solve (&asker->part, &grid, asker->places, &bound, &goal, nodes, asker->work);
  clear_part (asker);
  if (score.met >= goal.met)
    return CAN;
  return bound.met < goal.met ? CANNOT : UNKNOWN;
}

static guint
count_in (const gboolean *in, guint n)
{
  guint count = 0;

  for (guint i = 0; i < n; i++)
    count += in[i];
  return count;
}

typedef struct {
  guint item;
  guint cells;
} Weight;

static gint
compare_weights (gconstpointer a, gconstpointer b)
{
  const Weight *first = a;
  const Weight *second = b;

  if (first->cells != second->cells)
    return first->cells < second->cells ? -1 : 1;
  return first->item < second->item ? -1 : 1;
}

/* leaves out, halves first, what is not to blame, the smallest needs first; FALSE when
 * that the rest cannot be met was not always proven */
static gboolean
narrow (Asker *asker, gboolean *in, guint keep)
{
  guint n = asker->problem->instance.n_items;
  g_autofree Weight *order = g_new0 (Weight, n);
  guint step = MAX (count_in (in, n) / 2, 1);
  gboolean sure = TRUE;

  for (guint i = 0; i < n; i++)
    order[i] = (Weight){ i, bound_cells_alone (&asker->problem->instance.items[i],
                                               &asker->grid) };
  qsort (order, n, sizeof *order, compare_weights);
  for (;; step = (step + 1) / 2) {
    for (guint start = 0; start < n; start += step) {
      g_autofree gboolean *less = g_memdup2 (in, n * sizeof *in);
      Answer answer;

      for (guint k = start; k < MIN (start + step, n); k++) {
        if (order[k].item != keep)
          less[order[k].item] = FALSE;
      }
      if (count_in (less, n) == count_in (in, n))
        continue;
      if (work_is_over (asker->work))
        return FALSE;
      answer = ask (asker, less, NODES);
      if (answer == CANNOT)
        memcpy (in, less, n * sizeof *in);
      sure = sure && answer != UNKNOWN;
    }
    if (step == 1)
      return sure;
  }
}

/* whether each set of @size of the items can be met; only where sets are few */
static gboolean
all_can (Asker *asker, guint size, guint *budget)
{
  guint n = asker->problem->instance.n_items;
  g_autofree guint *pick = g_new0 (guint, size);
  g_autofree gboolean *in = g_new0 (gboolean, n);

  for (guint i = 0; i < size; i++)
    pick[i] = i;
  while (size <= n) {
    gint at = (gint) size - 1;

    if ((*budget)-- == 0 || work_is_over (asker->work)) {
      *budget = 0;
      return FALSE;
    }
    memset (in, 0, n * sizeof *in);
    for (guint i = 0; i < size; i++)
      in[pick[i]] = TRUE;
    if (ask (asker, in, NODES) != CAN)
      return FALSE;
    while (at >= 0 && pick[at] == n - size + (guint) at)
      at--;
    if (at < 0)
      return TRUE;
    pick[at]++;
    for (guint i = (guint) at + 1; i < size; i++)
      pick[i] = pick[i - 1] + 1;
  }
  return TRUE;
}

static double
combinations (guint n, guint k)
{
  double result = 1;

  for (guint i = 0; i < k; i++)
    result = result * (n - i) / (i + 1);
  return result;
}

/* whether no fewer needs are in conflict */
static gboolean
is_smallest (Asker *asker, guint size)
{
  guint budget = SMALLER;

  if (size == 1)
    return TRUE;
  /* a subset of what can be met can be met: the largest of the smaller ones tell */
  if (combinations (asker->problem->instance.n_items, size - 1) > SMALLER)
    return FALSE;
  return all_can (asker, size - 1, &budget);
}

/* the rows that any of the set can use, and the cells there */
static guint
count_usable (const Asker *asker, const gboolean *in, Bits *rows)
{
  guint cells = 0;
  Grid grid;

  make_grid (asker, in, &grid);
  *rows = (Bits){ { 0 } };
  for (guint i = 0; i < asker->problem->instance.n_items; i++) {
    if (in[i])
      *rows = bits_or (rows, &asker->problem->instance.items[i].rows);
  }
  for (guint c = 0; c < GRID; c++) {
    Bits some = bits_and (rows, &grid.free[c]);

    cells += bits_count (&some);
  }
  return cells;
}

static gboolean
any_away (const Asker *asker, const gboolean *in)
{
  for (guint i = 0; i < asker->problem->instance.n_items; i++) {
    const Item *item = &asker->problem->instance.items[i];

    for (guint k = 0; in[i] && k < item->n_away; k++) {
      if (in[item->away[k]])
        return TRUE;
    }
  }
  return FALSE;
}

static char *
reason_alone (const Asker *asker, const VapNeed *need, const gboolean *in)
{
  Bits rows;
  guint cells = count_usable (asker, in, &rows);
  guint adapters = bits_count (&rows);

  if (adapters == 0 && need->away != NULL)
    return g_strdup_printf (_ ("every adapter that would do for '%s' has a guest from "
                               "which it is kept away"),
                            need->name);
  if (adapters == 0)
    return g_strdup_printf (_ ("no adapter of this host would do for '%s'"), need->name);
  if (adapters < need->spread)
    return g_strdup_printf (
        _ ("'%s' is to be spread over %u adapters, and only %u would do"), need->name,
        need->spread, adapters);
  if (cells < need->queues)
    return g_strdup_printf (
        _ ("'%s' needs %u queues, and the adapters that would do have only %u to give"),
        need->name, need->queues, cells);
  if (need->said & (VAP_NEED_ADAPTERS | VAP_NEED_DOMAINS))
    return g_strdup_printf (
        _ ("not all queues of the adapters or domains that '%s' names can be had"),
        need->name);
  return g_strdup_printf (
      _ ("'%s' needs %u queues that are a product of adapters and domains, and those "
         "that can be had make no such product"),
      need->name, need->queues);
}

static char *
reason_together (const Asker *asker, const gboolean *in)
{
  guint needed = 0, cells;
  Bits rows;

  for (guint i = 0; i < asker->problem->instance.n_items; i++) {
    if (in[i])
      needed += bound_cells_alone (&asker->problem->instance.items[i], &asker->grid);
  }
  cells = count_usable (asker, in, &rows);
  if (needed > cells)
    return g_strdup_printf (_ ("together they need at least %u queues, and the adapters "
                               "that would do have only %u to give"),
                            needed, cells);
  if (any_away (asker, in))
    return g_strdup_printf (_ ("some of them share no adapter, and for all of them only "
                               "%u adapters would do"),
                            bits_count (&rows));
  return g_strdup_printf (_ ("each of them fits alone, but their matrices, which are "
                             "products of adapters and domains, do not fit beside each "
                             "other into the %u queues that there are to give"),
                          cells);
}

static void
add_conflict (const Asker *asker, const gboolean *in, gboolean smallest, VapPlan *plan)
{
  g_autoptr (GStrvBuilder) names = g_strv_builder_new ();
  VapPlanConflict *conflict = g_new0 (VapPlanConflict, 1);
  guint n = asker->problem->instance.n_items;
  const Wish *last = NULL;

  for (guint i = 0; i < asker->problem->needs->guests->len; i++) {
    const Wish *wish = &asker->problem->wishes[i];

    if (wish->kept || !in[wish->item])
      continue;
    g_strv_builder_add (names, wish->need->name);
    last = wish;
  }
  conflict->guests = g_strv_builder_end (names);
  conflict->is_smallest = smallest;
  if (count_in (in, n) > 1)
    conflict->reason = reason_together (asker, in);
  else if (last->hopeless != NULL)
    conflict->reason = g_strdup (last->hopeless);
  else
    conflict->reason = reason_alone (asker, last->need, in);
  g_ptr_array_add (plan->conflicts, conflict);
}

/* @covered: the items that are in a conflict already */
static void
explain (Asker *asker, const Place *places, guint unmet, gboolean *covered, VapPlan *plan)
{
  guint n = asker->problem->instance.n_items;
  g_autofree gboolean *in = g_new0 (gboolean, n);
  gboolean sure;

  in[unmet] = TRUE;
  if (ask (asker, in, NODES) != CANNOT) {
    for (guint i = 0; i < n; i++)
      in[i] = i == unmet || places[i].kind == PLACE_NEW || places[i].kind == PLACE_STAY;
    /* only what is proven is told */
    if (ask (asker, in, NODES) != CANNOT)
      return;
    sure = narrow (asker, in, unmet);
    sure = sure && is_smallest (asker, count_in (in, n));
  } else {
    sure = TRUE;
  }
  for (guint i = 0; i < n; i++)
    covered[i] = covered[i] || in[i];
  add_conflict (asker, in, sure, plan);
}

void
conflicts_find (const Problem *problem, const Place *places, VapPlan *plan, Work *work)
{
  guint n = problem->instance.n_items;
  g_autofree Asker *asker = g_new0 (Asker, 1);
  g_autofree gboolean *covered = g_new0 (gboolean, n);
  guint found = 0;

  asker->problem = problem;
  asker->work = work;
  asker->index = g_new0 (guint, n);
  asker->places = g_new0 (Place, n);
  asker->part = problem->instance;
  asker->part.items = g_new0 (Item, n);
  asker->part.n_items = 0;
  problem_grid (problem, &asker->grid);
  for (guint i = 0; i < n && found < CONFLICTS; i++) {
    if (found > 0 && work_is_over (work))
      break;
    if (covered[i] || places[i].kind == PLACE_NEW || places[i].kind == PLACE_STAY)
      continue;
    explain (asker, places, i, covered, plan);
    found++;
  }
  g_free (asker->index);
  g_free (asker->places);
  g_free (asker->part.items);
}
