/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which queues to take from the host.  By driver_override each queue by itself, which
 * the search counts as it goes.  By masks whole adapters and whole domains: then all
 * sets of these are gone through, the cheapest first, until one is enough for what is
 * possible with all.  Adapters (and domains) that no need and no queue tells apart are
 * interchangeable, so only how many of each sort are taken is gone through.
 * Source: Linux drivers/s390/crypto/ap_bus.c, ap_apqn_in_matrix_owned_by_def_drv(): a
 * queue is the host's when both its bits are set
 */
#include "plan/problem.h"

#include <string.h>

/* branches of the search for the best of all, and for each set of queues: with many
 * items a search does not come far, and what it costs is better spent otherwise */
#define NODES_FULL(n) ((n) <= 12 ? 400000u : (n) <= 30 ? 20000u : 3000u)
#define NODES_EACH(n) ((n) <= 12 ? 60000u : (n) <= 30 ? 2000u : 200u)
/* sets of queues that are tried with many items, before the best is taken */
#define TRIES(n) ((n) <= 12 ? 100000u : 200u)
/* more combinations of sorts, other than the largest of domains, are not gone through
 * one by one */
#define COMBINATIONS 4000u

/* Adapters or domains that are interchangeable. */
typedef struct {
  guint count;
  guint most; /* how many may be taken: all or none */
  guint8 members[GRID];
} Sort;

typedef struct {
  Sort sorts[GRID];
  guint n;
} Sorts;

/* How many of each sort are taken, but for the domains of the largest sort: these are
 * tried from @next on. */
typedef struct {
  guint8 *rows;
  guint8 *columns;
  guint next;
  guint cost;
  gboolean bounded; /* fewer than @next are proven not to be enough */
} Choice;

typedef struct {
  const Problem *problem;
  Sorts rows;
  Sorts columns;
  guint largest; /* of the sorts of domains */
  guint *hosts;  /* [row sort][column sort]: the host has these queues */
  guint least;   /* cells that are needed at any rate */
  Work *work;
  GPtrArray *heap;   /* Choice, the cheapest first */
  gboolean complete; /* all ways are gone through */
} Sets;

void
reserve_grid (const Problem *problem, const Reserve *reserve, Grid *grid)
{
  memset (grid->cost, 0, sizeof grid->cost);
  for (guint c = 0; c < GRID; c++) {
    Bits more = problem->reservable[c];

    if (!bits_test (&reserve->columns, c))
      more = bits_and (&more, &reserve->rows);
    grid->free[c] = bits_or (&problem->base[c], &more);
  }
}

static guint
count_taken (const Problem *problem, const Reserve *reserve)
{
  guint taken = 0;

  for (guint c = 0; c < GRID; c++) {
    Bits some = problem->hosts[c];

    if (!bits_test (&reserve->columns, c))
      some = bits_and (&some, &reserve->rows);
    taken += bits_count (&some);
  }
  return taken;
}

static gboolean
same_columns (const Problem *problem, guint a, guint b)
{
  return bits_equal (&problem->base[a], &problem->base[b]) &&
         bits_equal (&problem->reservable[a], &problem->reservable[b]) &&
         bits_equal (&problem->hosts[a], &problem->hosts[b]) &&
         bits_test (&problem->locked_columns, a) ==
             bits_test (&problem->locked_columns, b) &&
         columns_alike (&problem->instance, a, b);
}

static gboolean
same_rows (const Problem *problem, guint a, guint b)
{
  if (bits_test (&problem->locked_rows, a) != bits_test (&problem->locked_rows, b))
    return FALSE;
  for (guint c = 0; c < GRID; c++) {
    if (bits_test (&problem->base[c], a) != bits_test (&problem->base[c], b) ||
        bits_test (&problem->reservable[c], a) !=
            bits_test (&problem->reservable[c], b) ||
        bits_test (&problem->hosts[c], a) != bits_test (&problem->hosts[c], b))
      return FALSE;
  }
  return rows_alike (&problem->instance, a, b);
}

static void
sort_out (const Problem *problem, Sorts *sorts,
          gboolean (*same) (const Problem *, guint, guint), const Bits *locked,
          const Bits *useful)
{
  for (guint n = 0; n < GRID; n++) {
    guint s = 0;

    while (s < sorts->n && !same (problem, sorts->sorts[s].members[0], n))
      s++;
    sorts->n = MAX (sorts->n, s + 1);
    sorts->sorts[s].members[sorts->sorts[s].count++] = (guint8) n;
    if (!bits_test (locked, n) && bits_test (useful, n))
      sorts->sorts[s].most = sorts->sorts[s].count;
  }
}

static guint
cost_of (const Sets *sets, const Choice *choice, guint largest)
{
  guint cost = 0;

  for (guint i = 0; i < sets->rows.n; i++) {
    for (guint j = 0; j < sets->columns.n; j++) {
      guint rows = sets->rows.sorts[i].count, columns = sets->columns.sorts[j].count;
      guint r = choice->rows[i];
      guint c = j == sets->largest ? largest : choice->columns[j];

      if (sets->hosts[i * sets->columns.n + j])
        cost += r * columns + c * rows - r * c;
    }
  }
  return cost;
}

static Reserve
reserve_of (const Sets *sets, const Choice *choice, guint largest)
{
  Reserve reserve = { { { 0 } }, { { 0 } }, 0 };

  for (guint i = 0; i < sets->rows.n; i++) {
    for (guint k = 0; k < choice->rows[i]; k++)
      bits_set (&reserve.rows, sets->rows.sorts[i].members[k]);
  }
  for (guint j = 0; j < sets->columns.n; j++) {
    for (guint k = 0; k < (j == sets->largest ? largest : choice->columns[j]); k++)
      bits_set (&reserve.columns, sets->columns.sorts[j].members[k]);
  }
  reserve.taken = count_taken (sets->problem, &reserve);
  return reserve;
}

static gint
compare_choices (const Choice *a, const Choice *b)
{
  if (a->cost != b->cost)
    return a->cost < b->cost ? -1 : 1;
  return 0;
}

static void
heap_add (Sets *sets, Choice *choice)
{
  guint at = sets->heap->len;

  g_ptr_array_add (sets->heap, choice);
  while (at > 0) {
    guint parent = (at - 1) / 2;
    gpointer other = sets->heap->pdata[parent];

    if (compare_choices (choice, other) >= 0)
      break;
    sets->heap->pdata[at] = other;
    sets->heap->pdata[parent] = choice;
    at = parent;
  }
}

static Choice *
heap_take (Sets *sets)
{
  Choice *first = sets->heap->pdata[0];
  Choice *last = sets->heap->pdata[sets->heap->len - 1];
  guint at = 0;

  g_ptr_array_set_size (sets->heap, (gint) sets->heap->len - 1);
  if (sets->heap->len == 0)
    return first;
  sets->heap->pdata[0] = last;
  for (;;) {
    guint child = 2 * at + 1;

    if (child + 1 < sets->heap->len &&
        compare_choices (sets->heap->pdata[child + 1], sets->heap->pdata[child]) < 0)
      child++;
    if (child >= sets->heap->len || compare_choices (last, sets->heap->pdata[child]) <= 0)
      return first;
    sets->heap->pdata[at] = sets->heap->pdata[child];
    sets->heap->pdata[child] = last;
    at = child;
  }
}

static void
choice_free (gpointer data)
{
  Choice *choice = data;

  g_free (choice->rows);
  g_free (choice->columns);
  g_free (choice);
}

/* each way to choose from the sorts from @s on; rows first, then columns */
static void
add_choices (Sets *sets, Choice *choice, guint s)
{
  gboolean is_row = s < sets->rows.n;
  guint j = s - sets->rows.n;
  guint most, step;
  guint8 *slot;

  if (s == sets->rows.n + sets->columns.n) {
    Choice *copy = g_memdup2 (choice, sizeof *choice);

    copy->rows = g_memdup2 (choice->rows, GRID);
    copy->columns = g_memdup2 (choice->columns, GRID);
    copy->cost = cost_of (sets, copy, 0);
    heap_add (sets, copy);
    return;
  }
  if (!is_row && j == sets->largest) {
    add_choices (sets, choice, s + 1);
    return;
  }
  slot = is_row ? &choice->rows[s] : &choice->columns[j];
  most = is_row ? sets->rows.sorts[s].most : sets->columns.sorts[j].most;
  step = sets->complete ? 1 : MAX (most, 1);
  /* 256 of one sort are more than a byte holds: one less is taken, and not proven */
  for (guint take = 0; take <= MIN (most, G_MAXUINT8); take += step) {
    *slot = (guint8) take;
    add_choices (sets, choice, s + 1);
  }
  *slot = 0;
}

static void
find_useful (const Problem *problem, Bits *rows, Bits *columns)
{
  for (guint c = 0; c < GRID; c++) {
    *rows = bits_or (rows, &problem->reservable[c]);
    if (!bits_is_empty (&problem->reservable[c]))
      bits_set (columns, c);
  }
}

static guint
count_movable (const Sorts *sorts)
{
  guint n = 0;

  for (guint s = 0; s < sorts->n; s++)
    n += sorts->sorts[s].most > 0;
  return n;
}

static Sets *
sets_new (const Problem *problem)
{
  Sets *sets = g_new0 (Sets, 1);
  Bits rows = { { 0 } }, columns = { { 0 } };
  g_autofree guint8 *row_counts = g_malloc0 (GRID);
  g_autofree guint8 *column_counts = g_malloc0 (GRID);
  Choice choice = { row_counts, column_counts, 0, 0, FALSE };
  double combinations = 1;

  sets->problem = problem;
  sets->heap = g_ptr_array_new ();
  find_useful (problem, &rows, &columns);
  sort_out (problem, &sets->rows, same_rows, &problem->locked_rows, &rows);
  sort_out (problem, &sets->columns, same_columns, &problem->locked_columns, &columns);
  for (guint j = 0; j < sets->columns.n; j++) {
    if (sets->columns.sorts[j].most > sets->columns.sorts[sets->largest].most)
      sets->largest = j;
  }
  sets->hosts = g_new0 (guint, sets->rows.n * sets->columns.n);
  for (guint i = 0; i < sets->rows.n; i++) {
    for (guint j = 0; j < sets->columns.n; j++)
      sets->hosts[i * sets->columns.n + j] =
          bits_test (&problem->hosts[sets->columns.sorts[j].members[0]],
                     sets->rows.sorts[i].members[0]);
  }
  for (guint i = 0; i < sets->rows.n; i++)
    combinations *= sets->rows.sorts[i].most + 1;
  for (guint j = 0; j < sets->columns.n; j++)
    combinations *= j == sets->largest ? 1 : sets->columns.sorts[j].most + 1;
  sets->complete = combinations <= COMBINATIONS;
  /* else all or none of each sort, where that is few enough */
  if (sets->complete ||
      count_movable (&sets->rows) + count_movable (&sets->columns) <= 12)
    add_choices (sets, &choice, 0);
  return sets;
}

static void
sets_free (Sets *sets)
{
  for (guint i = 0; i < sets->heap->len; i++)
    choice_free (sets->heap->pdata[i]);
  g_ptr_array_unref (sets->heap);
  g_free (sets->hosts);
  g_free (sets);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Sets, sets_free)

static guint
count_free (const Grid *grid)
{
  guint cells = 0;

  for (guint c = 0; c < GRID; c++)
    cells += bits_count (&grid->free[c]);
  return cells;
}

/* the cells that are needed at least for what @goal says */
static guint
least_cells (const Problem *problem, const Score *goal)
{
  const Instance *instance = &problem->instance;
  g_autofree guint *rows = g_new0 (guint, MAX (instance->n_items, 1));
  g_autofree guint *cells = g_new0 (guint, MAX (instance->n_items, 1));
  guint spread = 0, widest;
  Grid grid;

  problem_grid (problem, &grid);
  widest = bound_alone (instance, &grid, rows, cells);
  for (guint i = 0; i < instance->n_items; i++)
    spread += rows[i];
  return goal->met == instance->n_items && goal->spread == spread ? widest : 0;
}

static gboolean
may_reach (const Sets *sets, const Choice *choice, guint largest, const Score *goal)
{
  Reserve reserve = reserve_of (sets, choice, largest);
  Grid grid;
  Score bound;

  reserve_grid (sets->problem, &reserve, &grid);
  if (count_free (&grid) < sets->least)
    return FALSE;
  work_add (sets->work, 4 * GRID);
  bound = bound_of (&sets->problem->instance, &grid, sets->work);
  return score_compare (&bound, goal) >= 0;
}

/* the fewest domains of the largest sort that are not proven to be too few; more than
 * there are when all are */
static guint
first_possible (const Sets *sets, const Choice *choice, const Score *goal)
{
  guint low = 0, high = sets->columns.sorts[sets->largest].most;

  if (!may_reach (sets, choice, high, goal))
    return high + 1;
  while (low < high) {
    guint middle = (low + high) / 2;

    if (may_reach (sets, choice, middle, goal))
      high = middle;
    else
      low = middle + 1;
  }
  return low;
}

/* what nobody uses is left to the host */
static void
trim (const Problem *problem, const Place *places, Reserve *reserve)
{
  Bits needed_columns = { { 0 } };
  Bits needed_rows = { { 0 } };

  for (guint i = 0; i < problem->instance.n_items; i++) {
    BITS_FOREACH (&places[i].columns, c)
    {
      Bits used = bits_and (&places[i].rows, &problem->reservable[c]);
      Bits by_column = bits_minus (&used, &reserve->rows);

      if (places[i].kind != PLACE_NEW)
        continue;
      if (!bits_is_empty (&by_column))
        bits_set (&needed_columns, (guint) c);
    }
  }
  reserve->columns = bits_and (&reserve->columns, &needed_columns);
  for (guint i = 0; i < problem->instance.n_items; i++) {
    BITS_FOREACH (&places[i].columns, c)
    {
      Bits used = bits_and (&places[i].rows, &problem->reservable[c]);

      if (places[i].kind == PLACE_NEW && !bits_test (&reserve->columns, (guint) c))
        needed_rows = bits_or (&needed_rows, &used);
    }
  }
  reserve->rows = bits_and (&reserve->rows, &needed_rows);
  reserve->taken = count_taken (problem, reserve);
}

/* The best so far, while fewer queues are looked for. */
typedef struct {
  const Problem *problem;
  Score goal; /* but for the queues taken */
  Score score;
  Place *places;
  Place *tried;
  Reserve reserve;
  guint proven; /* no set that costs less will do */
  guint tries;
  gboolean stopped;
  Work *work;
} Fewest;

/* whether @candidate is enough; *@maybe: that it is not is not proven */
static gboolean
try_reserve (Fewest *fewest, Reserve candidate, guint nodes, gboolean *maybe)
{
  const Instance *instance = &fewest->problem->instance;
  Score found, bound;
  Grid grid;

  reserve_grid (fewest->problem, &candidate, &grid);
  found =
      solve (instance, &grid, fewest->tried, &bound, &fewest->goal, nodes, fewest->work);
  if (score_compare (&found, &fewest->goal) < 0) {
    *maybe = score_compare (&bound, &fewest->goal) >= 0;
    return FALSE;
  }
  trim (fewest->problem, fewest->tried, &candidate);
  if (candidate.taken >= fewest->score.taken)
    return TRUE;
  fewest->score = found;
  fewest->score.taken = candidate.taken;
  fewest->reserve = candidate;
  memcpy (fewest->places, fewest->tried, instance->n_items * sizeof *fewest->tried);
  return TRUE;
}

static void
go_through (Fewest *fewest, Sets *sets)
{
  guint most = sets->columns.sorts[sets->largest].most;

  while (sets->heap->len > 0) {
    Choice *choice = heap_take (sets);
    gboolean maybe = FALSE;

    fewest->stopped = work_is_over (fewest->work);
    if (fewest->stopped || fewest->tries == 0)
      fewest->proven = MIN (fewest->proven, choice->cost);
    if (fewest->stopped || fewest->tries == 0 || choice->cost >= fewest->score.taken) {
      choice_free (choice);
      return;
    }
    if (!choice->bounded) {
      choice->bounded = TRUE;
      choice->next = first_possible (sets, choice, &fewest->goal);
    } else if (fewest->tries-- > 0 &&
               !try_reserve (fewest, reserve_of (sets, choice, choice->next++),
                             NODES_EACH (fewest->problem->instance.n_items), &maybe) &&
               maybe) {
      fewest->proven = MIN (fewest->proven, choice->cost);
    }
    if (choice->next > most) {
      choice_free (choice);
      continue;
    }
    choice->cost = cost_of (sets, choice, choice->next);
    heap_add (sets, choice);
  }
}

/* what can be left to the host without loss, one after the other: where sets are too
 * many to go through */
static void
drop_one_by_one (Fewest *fewest)
{
  for (guint k = 0; k < 2 * GRID; k++) {
    Reserve candidate = fewest->reserve;
    Bits *part = k < GRID ? &candidate.columns : &candidate.rows;
    guint n = GRID - 1 - k % GRID;
    gboolean maybe;

    if (!bits_test (part, n))
      continue;
    if (work_is_over (fewest->work)) {
      fewest->stopped = TRUE;
      return;
    }
    bits_clear (part, n);
    (void) try_reserve (fewest, candidate, 1, &maybe);
  }
}

/* each queue of the host's that is used costs at least itself */
static guint
fewest_by_cells (const Problem *problem, const Score *goal, Work *work)
{
  Score bound;
  Grid grid;

  problem_grid (problem, &grid);
  for (guint c = 0; c < GRID; c++)
    grid.cost[c] = bits_minus (&grid.free[c], &problem->base[c]);
  bound = bound_of (&problem->instance, &grid, work);
  return bound.met == goal->met && bound.spread == goal->spread ? bound.taken : 0;
}

/* @score, @places, @reserve: on entry with all that can be reserved, after with the
 * fewest queues that do as well.  Returns what is proven to be needed at least. */
static guint
find_fewest (const Problem *problem, Score *score, Place *places, Reserve *reserve,
             gboolean *stopped, Work *work)
{
  g_autoptr (Sets) sets = sets_new (problem);
  g_autofree Place *tried = g_new0 (Place, MAX (problem->instance.n_items, 1));
  Fewest fewest = { .problem = problem,
                    .goal = { score->met, score->spread, score->changed, G_MAXUINT },
                    .score = *score,
                    .places = places,
                    .tried = tried,
                    .reserve = *reserve,
                    .proven = sets->complete ? G_MAXUINT : 0,
                    .tries = TRIES (problem->instance.n_items),
                    .work = work };

  sets->work = work;
  sets->least = least_cells (problem, &fewest.goal);
  go_through (&fewest, sets);
  if (!sets->complete)
    drop_one_by_one (&fewest);
  *score = fewest.score;
  *reserve = fewest.reserve;
  *stopped = fewest.stopped;
  fewest.proven = MAX (fewest.proven, fewest_by_cells (problem, &fewest.goal, work));
  return MIN (fewest.proven, score->taken);
}

Score
reserve_solve (const Problem *problem, Place *places, Reserve *reserve, Score *bound,
               gboolean *stopped, Work *work)
{
  const Instance *instance = &problem->instance;
  Grid grid;
  Score score;

  *stopped = FALSE;
  *reserve = (Reserve){ { { 0 } }, { { 0 } }, 0 };
  problem_grid (problem, &grid);
  score =
      solve (instance, &grid, places, bound, NULL, NODES_FULL (instance->n_items), work);
  if (problem->method == VAP_RESERVE_MASKS) {
    guint least;

    for (guint c = 0; c < GRID; c++) {
      reserve->rows = bits_or (&reserve->rows, &problem->reservable[c]);
      if (!bits_is_empty (&problem->reservable[c]))
        bits_set (&reserve->columns, c);
    }
    reserve->rows = bits_minus (&reserve->rows, &problem->locked_rows);
    reserve->columns = bits_minus (&reserve->columns, &problem->locked_columns);
    trim (problem, places, reserve);
    score.taken = reserve->taken;
    least = find_fewest (problem, &score, places, reserve, stopped, work);
    if (bound->met == score.met && bound->spread == score.spread &&
        bound->changed == score.changed)
      bound->taken = least;
  }
  *stopped = *stopped || work_is_over (work);
  return score;
}
