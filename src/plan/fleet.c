/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which of many hosts could take which of many needs.  Needs that ask for the same are
 * one kind; a host that has no room for a kind will not get any, so that each kind goes
 * through the hosts once.
 */
#include "plan/fleet.h"

#include "plan/problem.h"

#include <stdlib.h>
#include <string.h>

/* A card that guests can use. */
typedef struct {
  guint8 id;
  guint hwtype;
  VapCardMode mode;
} Card;

struct _VapFleetHost {
  char *name;
  guint queues;
  guint free; /* of these, still */
  guint needs;
  Grid grid;
  GArray *cards;
  guint8 *could; /* a bit for each kind */
};

/* Where a need was put. */
typedef struct {
  gint host;
  Bits rows;
} Spot;

struct _VapFleet {
  const VapNeeds *needs;
  GPtrArray *hosts;   /* VapFleetHost */
  GPtrArray *kinds;   /* VapFleetKind */
  GPtrArray *shunned; /* by need: GArray of guint, or NULL */
  Spot *spots;
};

static void
kind_free (gpointer data)
{
  VapFleetKind *kind = data;

  g_array_unref (kind->needs);
  g_free (kind);
}

static void
host_free (gpointer data)
{
  VapFleetHost *host = data;

  g_free (host->name);
  g_array_unref (host->cards);
  g_free (host->could);
  g_free (host);
}

static void
array_free (gpointer data)
{
  if (data != NULL)
    g_array_unref (data);
}

/* all that makes two needs ask for the same */
static char *
signature (const VapNeed *need)
{
  char adapters[VAP_MASK_TEXT_SIZE], domains[VAP_MASK_TEXT_SIZE];
  char control[VAP_MASK_TEXT_SIZE];

  vap_mask_format (&need->adapters, adapters);
  vap_mask_format (&need->domains, domains);
  vap_mask_format (&need->control_domains, control);
  return g_strdup_printf ("%u %u %x %x %u %x %s %s %d %s", need->queues, need->spread,
                          need->modes, need->hwtypes, need->min_hwtype,
                          need->said & (VAP_NEED_ADAPTERS | VAP_NEED_DOMAINS), adapters,
                          domains, need->control, control);
}

static void
shun (VapFleet *fleet, guint a, guint b)
{
  if (fleet->shunned->pdata[a] == NULL)
    fleet->shunned->pdata[a] = g_array_new (FALSE, FALSE, sizeof (guint));
  g_array_append_val ((GArray *) fleet->shunned->pdata[a], b);
}

/* who keeps away from whom, both ways round */
static void
link_needs (VapFleet *fleet)
{
  g_autoptr (GHashTable) index = g_hash_table_new (g_str_hash, g_str_equal);
  guint n = fleet->needs->guests->len;

  for (guint i = 0; i < n; i++) {
    const VapNeed *need = g_ptr_array_index (fleet->needs->guests, i);

    g_hash_table_insert (index, need->name, GUINT_TO_POINTER (i));
  }
  for (guint i = 0; i < n; i++) {
    const VapNeed *need = g_ptr_array_index (fleet->needs->guests, i);

    for (guint k = 0; need->away != NULL && need->away[k] != NULL; k++) {
      gpointer other;

      if (!g_hash_table_lookup_extended (index, need->away[k], NULL, &other))
        continue;
      shun (fleet, i, GPOINTER_TO_UINT (other));
      shun (fleet, GPOINTER_TO_UINT (other), i);
    }
  }
}

VapFleet *
vap_fleet_new (const VapNeeds *needs)
{
  VapFleet *fleet = g_new0 (VapFleet, 1);
  g_autoptr (GHashTable) known =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  fleet->needs = needs;
  fleet->hosts = g_ptr_array_new_with_free_func (host_free);
  fleet->kinds = g_ptr_array_new_with_free_func (kind_free);
  fleet->shunned = g_ptr_array_new_with_free_func (array_free);
  g_ptr_array_set_size (fleet->shunned, (gint) needs->guests->len);
  fleet->spots = g_new0 (Spot, MAX (needs->guests->len, 1));
  for (guint i = 0; i < needs->guests->len; i++) {
    const VapNeed *need = g_ptr_array_index (needs->guests, i);
    char *key = signature (need);
    VapFleetKind *kind = g_hash_table_lookup (known, key);

    fleet->spots[i].host = -1;
    if (kind == NULL) {
      kind = g_new0 (VapFleetKind, 1);
      kind->need = need;
      kind->needs = g_array_new (FALSE, FALSE, sizeof (guint));
      g_ptr_array_add (fleet->kinds, kind);
      g_hash_table_insert (known, g_steal_pointer (&key), kind);
    }
    g_free (key);
    g_array_append_val (kind->needs, i);
  }
  link_needs (fleet);
  return fleet;
}

void
vap_fleet_free (VapFleet *fleet)
{
  g_ptr_array_unref (fleet->hosts);
  g_ptr_array_unref (fleet->kinds);
  g_ptr_array_unref (fleet->shunned);
  g_free (fleet->spots);
  g_free (fleet);
}

static Item
item_of (const VapFleetHost *host, const VapNeed *need)
{
  Item item = { .queues = need->queues,
                .spread = need->spread,
                .most = vap_need_most_adapters (need),
                .rows_fixed = (need->said & VAP_NEED_ADAPTERS) != 0,
                .columns_fixed = (need->said & VAP_NEED_DOMAINS) != 0 };

  for (guint i = 0; i < host->cards->len; i++) {
    const Card *card = &g_array_index (host->cards, Card, i);

    if (vap_need_takes_card (need, card->hwtype, card->mode))
      bits_set (&item.rows, card->id);
  }
  item.columns = item.columns_fixed ? bits_of_mask (&need->domains) : bits_all ();
  if (item.rows_fixed) {
    Bits named = bits_of_mask (&need->adapters);

    item.hopeless = !bits_within (&named, &item.rows);
    item.rows = named;
  }
  return item;
}

/* What is free for needs that take the same cards, in numbers. */
typedef struct {
  Bits rows;
  guint columns_with[GRID + 1]; /* columns that have so many rows, or more */
  guint rows_with[GRID + 1];    /* rows that have so many columns, or more */
  guint alike[GRID + 1];        /* the most rows that so many like columns have */
} Room;

static void
measure_like_columns (const VapFleetHost *host, Room *room)
{
  Bits seen[GRID];
  guint count[GRID];
  guint n = 0;

  for (guint c = 0; c < GRID; c++) {
    Bits some = bits_and (&room->rows, &host->grid.free[c]);
    guint k = 0;

    while (k < n && !bits_equal (&seen[k], &some))
      k++;
    if (k == n) {
      seen[n] = some;
      count[n++] = 0;
    }
    count[k]++;
  }
  for (guint k = 0; k < n; k++)
    room->alike[count[k]] = MAX (room->alike[count[k]], bits_count (&seen[k]));
  for (guint d = GRID; d > 0; d--)
    room->alike[d - 1] = MAX (room->alike[d - 1], room->alike[d]);
}

static void
measure (const VapFleetHost *host, const Bits *rows, Room *room)
{
  guint in_row[GRID] = { 0 };

  memset (room, 0, sizeof *room);
  room->rows = *rows;
  for (guint c = 0; c < GRID; c++) {
    Bits some = bits_and (rows, &host->grid.free[c]);

    room->columns_with[bits_count (&some)]++;
    BITS_FOREACH (&some, r)
    {
      in_row[r]++;
    }
  }
  BITS_FOREACH (rows, r)
  {
    room->rows_with[in_row[r]]++;
  }
  for (guint n = GRID; n > 0; n--) {
    room->columns_with[n - 1] += room->columns_with[n];
    room->rows_with[n - 1] += room->rows_with[n];
  }
  measure_like_columns (host, room);
}

/* by the numbers where they tell, else by trying */
static gboolean
has_room (const VapFleetHost *host, const Item *item, const Room *room)
{
  gboolean maybe = FALSE;
  Place place;

  if (item->hopeless)
    return FALSE;
  for (guint rows = MIN (item->most, GRID); rows >= MAX (item->spread, 1); rows--) {
    guint columns = item_columns (item, rows);

    if (columns == 0 || room->columns_with[rows] < columns ||
        room->rows_with[columns] < rows)
      continue;
    if (room->alike[columns] >= rows && !item->columns_fixed && !item->rows_fixed)
      return TRUE;
    maybe = TRUE;
  }
  return maybe && fit_one (&host->grid, item, NULL, &place);
}

static void
find_could (const VapFleet *fleet, VapFleetHost *host)
{
  g_autoptr (GArray) rooms = g_array_new (FALSE, FALSE, sizeof (Room));

  host->could = g_malloc0 (fleet->kinds->len / 8 + 1);
  for (guint k = 0; k < fleet->kinds->len; k++) {
    const VapFleetKind *kind = g_ptr_array_index (fleet->kinds, k);
    Item item = item_of (host, kind->need);
    guint r = 0;

    while (r < rooms->len &&
           !bits_equal (&g_array_index (rooms, Room, r).rows, &item.rows))
      r++;
    if (r == rooms->len) {
      g_array_set_size (rooms, r + 1);
      measure (host, &item.rows, &g_array_index (rooms, Room, r));
    }
    if (has_room (host, &item, &g_array_index (rooms, Room, r)))
      host->could[k / 8] |= (guint8) (1u << (k % 8));
  }
}

VapFleetHost *
vap_fleet_host_new (const VapFleet *fleet, const char *name, const VapHost *host)
{
  g_autoptr (VapNeeds) none = vap_needs_new ();
  g_autoptr (Problem) problem = NULL;
  VapFleetHost *result = g_new0 (VapFleetHost, 1);

  none->keep = fleet->needs->keep;
  problem = problem_new (host, none, FALSE);
  problem_grid (problem, &result->grid);
  result->name = g_strdup (name);
  result->cards = g_array_new (FALSE, FALSE, sizeof (Card));
  for (guint i = 0; i < host->cards->len; i++) {
    const VapCard *known = g_ptr_array_index (host->cards, i);
    Card card = { known->id, known->hwtype, known->mode };

    if (bits_test (&problem->usable, known->id))
      g_array_append_val (result->cards, card);
  }
  for (guint c = 0; c < GRID; c++)
    result->queues += bits_count (&result->grid.free[c]);
  result->free = result->queues;
  find_could (fleet, result);
  return result;
}

void
vap_fleet_take (VapFleet *fleet, VapFleetHost *host)
{
  g_ptr_array_add (fleet->hosts, host);
}

static gboolean
could (const VapFleetHost *host, guint kind)
{
  return host->could[kind / 8] >> (kind % 8) & 1;
}

static void
count_could (VapFleet *fleet)
{
  for (guint k = 0; k < fleet->kinds->len; k++) {
    VapFleetKind *kind = g_ptr_array_index (fleet->kinds, k);

    for (guint h = 0; h < fleet->hosts->len; h++) {
      if (!could (g_ptr_array_index (fleet->hosts, h), k))
        continue;
      if (kind->could < VAP_FLEET_NAMED)
        kind->named[kind->could] = h;
      kind->could++;
    }
  }
}

static gint
compare_kinds (gconstpointer a, gconstpointer b, gpointer user_data)
{
  const GPtrArray *kinds = user_data;
  guint i = *(const guint *) a, j = *(const guint *) b;
  const VapFleetKind *first = g_ptr_array_index (kinds, i);
  const VapFleetKind *second = g_ptr_array_index (kinds, j);

  if (first->could != second->could)
    return first->could < second->could ? -1 : 1;
  if (first->need->queues != second->need->queues)
    return first->need->queues > second->need->queues ? -1 : 1;
  return i < j ? -1 : 1;
}

/* the rows of neighbours on that host */
static Bits
forbidden_rows (const VapFleet *fleet, guint need, guint host)
{
  const GArray *others = g_ptr_array_index (fleet->shunned, need);
  Bits rows = { { 0 } };

  for (guint i = 0; others != NULL && i < others->len; i++) {
    const Spot *spot = &fleet->spots[g_array_index (others, guint, i)];

    if (spot->host == (gint) host)
      rows = bits_or (&rows, &spot->rows);
  }
  return rows;
}

static gboolean
put (VapFleet *fleet, guint need, guint h)
{
  VapFleetHost *host = g_ptr_array_index (fleet->hosts, h);
  Item item = item_of (host, g_ptr_array_index (fleet->needs->guests, need));
  Bits forbidden = forbidden_rows (fleet, need, h);
  Place place;

  if (host->free < item.queues || item.hopeless ||
      !fit_one (&host->grid, &item, &forbidden, &place))
    return FALSE;
  BITS_FOREACH (&place.columns, c)
  {
    host->grid.free[c] = bits_minus (&host->grid.free[c], &place.rows);
  }
  host->free -= bits_count (&place.rows) * bits_count (&place.columns);
  host->needs++;
  fleet->spots[need] = (Spot){ (gint) h, place.rows };
  return TRUE;
}

static void
place_kind (VapFleet *fleet, guint k)
{
  const VapFleetKind *kind = g_ptr_array_index (fleet->kinds, k);
  guint full = 0; /* hosts before have no room for this kind, and will not get any */

  for (guint i = 0; i < kind->needs->len; i++) {
    guint need = g_array_index (kind->needs, guint, i);
    gboolean choosy = fleet->shunned->pdata[need] != NULL;
    guint h = full;

    while (h < fleet->hosts->len &&
           (!could (g_ptr_array_index (fleet->hosts, h), k) || !put (fleet, need, h)))
      h++;
    if (!choosy)
      full = h;
  }
}

void
vap_fleet_advise (VapFleet *fleet)
{
  g_autofree guint *order = g_new (guint, MAX (fleet->kinds->len, 1));

  count_could (fleet);
  for (guint k = 0; k < fleet->kinds->len; k++)
    order[k] = k;
  g_qsort_with_data (order, (gint) fleet->kinds->len, sizeof *order, compare_kinds,
                     fleet->kinds);
  for (guint k = 0; k < fleet->kinds->len; k++)
    place_kind (fleet, order[k]);
}

guint
vap_fleet_count_hosts (const VapFleet *fleet)
{
  return fleet->hosts->len;
}

const char *
vap_fleet_host (const VapFleet *fleet, guint index, guint *queues, guint *needs)
{
  const VapFleetHost *host = g_ptr_array_index (fleet->hosts, index);

  *queues = host->queues;
  *needs = host->needs;
  return host->name;
}

guint
vap_fleet_count_kinds (const VapFleet *fleet)
{
  return fleet->kinds->len;
}

const VapFleetKind *
vap_fleet_kind (const VapFleet *fleet, guint index)
{
  return g_ptr_array_index (fleet->kinds, index);
}

gint
vap_fleet_place (const VapFleet *fleet, guint need)
{
  return fleet->spots[need].host;
}
