/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A plan made better piece by piece: a few columns are emptied, and what was in them,
 * with what found no place yet, is placed anew in another order and other shapes.  What
 * is not worse stays.  The pieces are drawn by a generator that always begins alike.
 */
#include "plan/packing.h"

#include <string.h>

/* so many pieces in all, divided by the number of items */
#define WORK 200000u
#define PIECES_MIN 100u
#define PIECES_MAX 12000u
/* the most items of a piece */
#define PIECE 24u

static const double prices[] = { WIDE, 0.25, 0.5, 1, 2, 4, 8, THRIFTY };

typedef struct {
  guint64 state;
} Dice;

/* xorshift64, for the same plan everywhere */
static guint
roll (Dice *dice, guint sides)
{
  dice->state ^= dice->state << 13;
  dice->state ^= dice->state >> 7;
  dice->state ^= dice->state << 17;
  return (guint) ((dice->state >> 32) % sides);
}

static void
shuffle (Dice *dice, guint *items, guint n)
{
  for (guint i = n; i > 1; i--) {
    guint k = roll (dice, i);
    guint item = items[k];

    items[k] = items[i - 1];
    items[i - 1] = item;
  }
}

/* the items that have a cell in @columns */
static guint
find_piece (const Packing *packing, const Bits *columns, guint *items)
{
  guint n = 0;

  for (guint i = 0; i < packing->instance->n_items && n < PIECE; i++) {
    const Place *place = &packing->places[i];

    if (place->kind == PLACE_NEW && !packing->instance->items[i].has_old &&
        bits_intersect (&place->columns, columns))
      items[n++] = i;
  }
  return n;
}

/* some that are not met: the dice say where they begin */
static guint
add_unmet (const Packing *packing, Dice *dice, guint *items, guint n)
{
  guint all = packing->instance->n_items;
  guint start = roll (dice, all);

  for (guint k = 0; k < all && n < PIECE; k++) {
    guint i = (start + k) % all;

    if (packing->places[i].kind == PLACE_NONE && packing->alone[i] > 0)
      items[n++] = i;
  }
  return n;
}

static void
place_anew (Packing *packing, Dice *dice, const guint *items, guint n)
{
  for (guint k = 0; k < n; k++) {
    Place *place = &packing->places[items[k]];

    if (place->kind == PLACE_NONE)
      continue;
    packing_vacate (packing, &place->rows, &place->columns);
    *place = (Place){ PLACE_NONE, { { 0 } }, { { 0 } } };
  }
  for (guint k = 0; k < n; k++)
    (void) packing_place_item (packing, items[k],
                               prices[roll (dice, G_N_ELEMENTS (prices))], 0);
}

/* the free cells that belong to @places */
static void
restore (Packing *packing, const Place *places)
{
  memcpy (packing->free, packing->grid->free, sizeof packing->free);
  memcpy (packing->places, places, packing->instance->n_items * sizeof *places);
  for (guint i = 0; i < packing->instance->n_items; i++)
    packing_occupy (packing, &places[i].rows, &places[i].columns);
}

static Bits
used_columns (const Packing *packing)
{
  Bits used = { { 0 } };

  for (guint c = 0; c < GRID; c++) {
    if (!bits_is_empty (&packing->grid->free[c]))
      bits_set (&used, c);
  }
  return used;
}

static Bits
draw_columns (Dice *dice, const Bits *used)
{
  guint8 list[GRID];
  guint n = 0, count = 1 + roll (dice, 4);
  Bits drawn = { { 0 } };

  BITS_FOREACH (used, c)
  {
    list[n++] = (guint8) c;
  }
  for (guint k = 0; n > 0 && k < count; k++)
    bits_set (&drawn, list[roll (dice, n)]);
  return drawn;
}

void
packing_polish (Packing *packing, const Score *bound, Place *places, Score *best,
                Work *work)
{
  guint n_items = packing->instance->n_items;
  guint pieces = CLAMP (WORK / MAX (n_items, 1), PIECES_MIN, PIECES_MAX);
  Bits used = used_columns (packing);
  Dice dice = { G_GUINT64_CONSTANT (0x2545f4914f6cdd1d) };
  guint items[PIECE];

  restore (packing, places);
  for (guint k = 0; k < pieces && score_compare (best, bound) < 0; k++) {
    Bits columns = draw_columns (&dice, &used);
    guint n = find_piece (packing, &columns, items);
    Score score;

    if (work_is_over (work))
      return;
    work_add (work, 4 * GRID + 24 * n_items);
    n = add_unmet (packing, &dice, items, n);
    shuffle (&dice, items, n);
    place_anew (packing, &dice, items, n);
    score = packing_count_score (packing);
    if (score_compare (&score, best) < 0) {
      restore (packing, places);
      continue;
    }
    *best = score;
    memcpy (places, packing->places, n_items * sizeof *places);
  }
}
