/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Who holds each queue of a host, laid out as `virt-ap status` shows it: a row an
 * adapter, a column a usage domain.
 */
#include "config.h"

#include "queues.h"

#include <glib/gi18n.h>
#include <string.h>

static const char *const state_texts[N_QUEUE_STATES] = {
  [QUEUE_NONE] = N_ ("no queue"),
  [QUEUE_HOST] = N_ ("the host's"),
  [QUEUE_FREE] = N_ ("free for guests"),
  [QUEUE_CLAIMED] = N_ ("free, but a stored device names it"),
  [QUEUE_UNBOUND] = N_ ("for guests, but vfio_ap has not bound it"),
  [QUEUE_DEVICE] = N_ ("in a device"),
  [QUEUE_WITHHELD] = N_ ("in a device, but its guest does not get it"),
};

const char *
queue_state_text (QueueState state)
{
  return _ (state_texts[state]);
}

static void
name_matrix (QueueMap *map, const VapMatrix *matrix)
{
  map->adapters = vap_mask_or (&map->adapters, &matrix->adapters);
  map->domains = vap_mask_or (&map->domains, &matrix->domains);
}

/* rows and columns: the host's configuration, and what devices name besides */
static void
find_extent (QueueMap *map)
{
  const VapHost *host = map->host;

  map->adapters = host->adapters;
  map->domains = host->usage_domains;
  for (guint i = 0; i < host->cards->len; i++) {
    const VapCard *card = g_ptr_array_index (host->cards, i);

    vap_mask_set (&map->adapters, card->id);
  }
  for (guint i = 0; i < host->devices->len; i++) {
    const VapHostDevice *device = g_ptr_array_index (host->devices, i);

    if (device->active)
      name_matrix (map, &device->matrix);
    if (device->definition != NULL)
      name_matrix (map, &device->defined_matrix);
  }
  map->absent_adapters = vap_mask_minus (&map->adapters, &host->adapters);
  map->absent_domains = vap_mask_minus (&map->domains, &host->usage_domains);
}

static QueueState
state_without_device (const VapHost *host, VapQueue queue, const VapMask *claimed)
{
  if (!vap_queue_set_test (&host->queues, queue))
    return QUEUE_NONE;
  if (vap_host_queue_owner (host, queue) == VAP_OWNER_HOST)
    return QUEUE_HOST;
  if (!vap_queue_set_test (&host->vfio_bound, queue))
    return QUEUE_UNBOUND;
  return vap_mask_test (claimed, queue.domain) ? QUEUE_CLAIMED : QUEUE_FREE;
}

static void
fill_unassigned (QueueMap *map)
{
  const VapHost *host = map->host;

  VAP_MASK_FOREACH (&map->adapters, adapter) {
    VapMask claimed = { { 0 } };

    for (guint i = 0; i < host->devices->len; i++) {
      const VapHostDevice *device = g_ptr_array_index (host->devices, i);

      if (!device->active && device->definition != NULL &&
          vap_mask_test (&device->defined_matrix.adapters, (guint) adapter))
        claimed = vap_mask_or (&claimed, &device->defined_matrix.domains);
    }
    VAP_MASK_FOREACH (&map->domains, domain) {
      VapQueue queue = { (guint8) adapter, (guint8) domain };

      map->cells[adapter][domain].state = state_without_device (host, queue, &claimed);
    }
  }
}

static void
fill_device (QueueMap *map, guint index)
{
  const VapHostDevice *device = g_ptr_array_index (map->host->devices, index);
  const VapMatrix *effective = &map->effective[index];

  VAP_MASK_FOREACH (&device->matrix.adapters, adapter) {
    VAP_MASK_FOREACH (&device->matrix.domains, domain) {
      VapQueue queue = { (guint8) adapter, (guint8) domain };
      QueueCell *cell = &map->cells[adapter][domain];

      cell->state =
          vap_matrix_has_queue (effective, queue) ? QUEUE_DEVICE : QUEUE_WITHHELD;
      cell->device = index;
    }
  }
}

QueueMap *
queue_map_new (const VapHost *host)
{
  QueueMap *map = g_new0 (QueueMap, 1);

  map->host = host;
  map->effective = g_new0 (VapMatrix, host->devices->len);
  map->ordinals = g_new0 (guint, host->devices->len);
  find_extent (map);
  fill_unassigned (map);
  for (guint i = 0; i < host->devices->len; i++) {
    const VapHostDevice *device = g_ptr_array_index (host->devices, i);

    if (!device->active)
      continue;
    map->ordinals[i] = map->n_active++;
    map->effective[i] = vap_host_filter_matrix (host, &device->matrix);
    fill_device (map, i);
  }
  VAP_MASK_FOREACH (&map->adapters, adapter) {
    VAP_MASK_FOREACH (&map->domains, domain) {
      map->counts[map->cells[adapter][domain].state]++;
    }
  }
  return map;
}

/* FALSE when it was not active then */
static gboolean
find_ordinal (const QueueMap *map, const char *uuid, guint *ordinal)
{
  for (guint i = 0; i < map->host->devices->len; i++) {
    const VapHostDevice *device = g_ptr_array_index (map->host->devices, i);

    if (!device->active || !g_str_equal (device->uuid, uuid))
      continue;
    *ordinal = map->ordinals[i];
    return TRUE;
  }
  return FALSE;
}

QueueMap *
queue_map_new_after (const VapHost *host, const QueueMap *before)
{
  QueueMap *map = queue_map_new (host);
  guint next = before->n_active;

  map->n_active = 0;
  for (guint i = 0; i < host->devices->len; i++) {
    const VapHostDevice *device = g_ptr_array_index (host->devices, i);

    if (!device->active)
      continue;
    if (!find_ordinal (before, device->uuid, &map->ordinals[i]))
      map->ordinals[i] = next++;
    map->n_active = MAX (map->n_active, map->ordinals[i] + 1);
  }
  return map;
}

void
queue_map_free (QueueMap *map)
{
  if (map == NULL)
    return;
  g_free (map->effective);
  g_free (map->ordinals);
  g_free (map);
}

const VapCard *
queue_map_card (const QueueMap *map, guint adapter)
{
  for (guint i = 0; i < map->host->cards->len; i++) {
    const VapCard *card = g_ptr_array_index (map->host->cards, i);

    if (card->id == adapter)
      return card;
  }
  return NULL;
}

void
queue_type_count_free (QueueTypeCount *count)
{
  g_free (count->type);
  g_free (count);
}

static gint
compare_types (gconstpointer a, gconstpointer b)
{
  const QueueTypeCount *first = *(QueueTypeCount *const *) a;
  const QueueTypeCount *second = *(QueueTypeCount *const *) b;

  return strcmp (first->type, second->type);
}

static QueueTypeCount *
find_type (GPtrArray *counts, const char *type)
{
  QueueTypeCount *count;

  for (guint i = 0; i < counts->len; i++) {
    count = g_ptr_array_index (counts, i);
    if (g_str_equal (count->type, type))
      return count;
  }
  count = g_new0 (QueueTypeCount, 1);
  count->type = g_strdup (type);
  g_ptr_array_add (counts, count);
  return count;
}

void
queue_type_count_add (GPtrArray *counts, const QueueTypeCount *more)
{
  QueueTypeCount *count = find_type (counts, more->type);

  for (guint state = 0; state < N_QUEUE_STATES; state++)
    count->counts[state] += more->counts[state];
  g_ptr_array_sort (counts, compare_types);
}

GPtrArray *
queue_map_by_type (const QueueMap *map)
{
  GPtrArray *counts =
      g_ptr_array_new_with_free_func ((GDestroyNotify) queue_type_count_free);

  VAP_MASK_FOREACH (&map->adapters, adapter) {
    const VapCard *card = queue_map_card (map, (guint) adapter);
    QueueTypeCount *count =
        find_type (counts, card != NULL && card->type != NULL ? card->type : "unknown");

    VAP_MASK_FOREACH (&map->domains, domain) {
      count->counts[map->cells[adapter][domain].state]++;
    }
  }
  g_ptr_array_sort (counts, compare_types);
  return counts;
}
