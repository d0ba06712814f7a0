/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The planner's problem without hosts and guests: a grid of cells (rows are adapters,
 * columns are usage domains, cells are queues), and items (needs), each of which wants a
 * product of rows and columns of free cells, no two items a cell in common.
 * Private to plan/.
 */
#pragma once

#include "plan/bits.h"
#include "plan/work.h"

G_BEGIN_DECLS

#define GRID 256u

/**
 * Item: one need.
 * @rows: those whose cards would do and that no fixed neighbour forbids
 * @columns: all, or with @columns_fixed exactly these
 * @rows_fixed: exactly @rows, all of them
 * @queues, @spread, @most: as VapNeed has them
 * @away: (array length=n_away): items with whom it shares no row, both ways round
 * @away_says: (array length=n_away): AWAY_OWN, AWAY_OTHERS: whose need says so; it
 *   counts when that one is met
 * @has_old: it has a matrix now, @old_rows × @old_columns
 * @old_good: which meets the need
 * @hopeless: no matrix meets it, whatever is free
 */
typedef struct {
  Bits rows;
  Bits columns;
  gboolean rows_fixed;
  gboolean columns_fixed;
  guint queues;
  guint spread;
  guint most;
  guint *away;
  guint8 *away_says;
  guint n_away;
  gboolean has_old;
  gboolean old_good;
  Bits old_rows;
  Bits old_columns;
  gboolean hopeless;
} Item;

/**
 * Grid: which cells can be had.
 * @free: by column: the rows whose cell can be used
 * @cost: by column: of these, those that cost one each (only where each queue is
 *   taken from the host by itself)
 */
typedef struct {
  Bits free[GRID];
  Bits cost[GRID];
} Grid;

typedef struct {
  Item *items;
  guint n_items;
  guint n_rows;    /* numbers above are not in use */
  guint n_columns;
} Instance;

typedef enum {
  PLACE_NONE, /* not met, and has nothing */
  PLACE_NEW,  /* met by rows × columns */
  PLACE_STAY, /* met by what it has */
  PLACE_LEFT, /* not met, and keeps what it has */
} PlaceKind;

typedef struct {
  PlaceKind kind;
  Bits rows;
  Bits columns;
} Place;

/* What is sought, in this order: most, most, fewest, fewest. */
typedef struct {
  guint met;
  guint spread;
  guint changed;
  guint taken;
} Score;

/* above 0: @a is better */
gint score_compare (const Score *a, const Score *b);

/* the columns it needs on so many rows, 0 when that is not possible; its fixed rows and
 * columns are not looked at */
guint item_columns (const Item *item, guint rows);

/* how much @rows rows count: no more than there is use for */
static inline guint
item_spread (const Item *item, guint rows)
{
  return MIN (rows, item->most);
}

/* rows (columns) that stand for the same in every item */
gboolean rows_alike (const Instance *instance, guint a, guint b);
gboolean columns_alike (const Instance *instance, guint a, guint b);

/* rows × columns have only free cells */
gboolean grid_has (const Grid *grid, const Bits *rows, const Bits *columns);
/* of rows × columns, those that cost */
guint grid_cost (const Grid *grid, const Bits *rows, const Bits *columns);

#define AWAY_OWN 1u
#define AWAY_OTHERS 2u

/* whether @item in @rows, met or not, may not share a row with its @k-th neighbour in
 * @other */
gboolean item_shuns (const Item *item, guint k, gboolean met, const Place *other);

/* whether what it has now would meet its need by its numbers, in @grid */
gboolean item_old_fits (const Item *item, const Grid *grid);
/* whether a guest with a matrix would get another one by @place */
gboolean item_changes (const Item *item, const Place *place);

/**
 * solve:
 * @places: (out) (array length=n_items): the best found; on entry, with @use_hint, one
 *   to begin with
 * @bound: (out): what none can surpass: each number given those before it
 * @goal: (nullable): stop when it is reached
 * @nodes: how many branches to try
 * @work: (nullable): counts, and says when to stop; NULL for never
 *
 * Returns: the score of @places
 */
Score solve (const Instance *instance, const Grid *grid, Place *places, Score *bound,
             const Score *goal, guint nodes, Work *work);

/* the three parts of it */

/* what none can surpass; what it says of @taken holds for scores whose first three are
 * as good as its own */
Score bound_of (const Instance *instance, const Grid *grid, Work *work);

/* the most rows on which @item could be if it were alone, 0 for none */
guint bound_rows_alone (const Item *item, const Grid *grid);
/* the fewest cells with which it could be met if it were alone, 0 for none */
guint bound_cells_alone (const Item *item, const Grid *grid);

/* the same for all items: @rows also by staying as they are.  Returns the cells that all
 * together take when each is as wide as it can be, without those that have a matrix */
guint bound_alone (const Instance *instance, const Grid *grid, guint *rows, guint *cells);

/* @bound: where it stops; @goal: (nullable): what is less is of no use */
Score greedy (const Instance *instance, const Grid *grid, const Score *bound,
              const Score *goal, Place *places, Work *work);

/* one item alone on @grid, as widely as it can be; @forbidden: (nullable): rows */
gboolean fit_one (const Grid *grid, const Item *item, const Bits *forbidden,
                  Place *place);

/* whether all was tried: then @best is optimal */
gboolean search (const Instance *instance, const Grid *grid, const Score *bound,
                 Place *places, Score *best, const Score *goal, guint nodes,
                 Work *work);

G_END_DECLS
