/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A grid that is being filled with items, for greedy.c and polish.c.  Private to plan/.
 */
#pragma once

#include "plan/instance.h"

G_BEGIN_DECLS

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
  Work *work; /* (nullable) */
} Packing;

void packing_count_scarcity (Packing *packing);
/* rows that few items can use come first */
void packing_order_rows (Packing *packing);

void packing_occupy (Packing *packing, const Bits *rows, const Bits *columns);
void packing_vacate (Packing *packing, const Bits *rows, const Bits *columns);

/* @price: what a cell costs, in rows; @above: only with more rows than these.  FALSE
 * when there is no room: then it has nothing. */
gboolean packing_place_item (Packing *packing, guint i, double price, guint above);

/* as what it has now; FALSE when others are in the way */
gboolean packing_stay (Packing *packing, guint i, PlaceKind kind);

Score packing_count_score (const Packing *packing);

/* Changes @places, which packing's state belongs to, piece by piece for the better. */
void packing_polish (Packing *packing, const Score *bound, Place *places, Score *best,
                     Work *work);

G_END_DECLS
