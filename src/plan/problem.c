/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * From a host and needs to a grid of cells and items.  The rules of the AP bus and of
 * vfio_ap come in here: which cards, which queues, who has them, and what a guest's
 * device counts for.
 */
#include "config.h"

#include "plan/problem.h"

#include <glib/gi18n-lib.h>
#include <string.h>

static gboolean
is_usable (const VapHost *host, const VapCard *card)
{
  return card->hwtype >= VAP_CARD_HWTYPE_MIN && card->config && !card->checkstop &&
         vap_mask_test (&host->adapters, card->id);
}

/* the adapters whose cards the need takes */
static Bits
rows_of (const Problem *problem, const VapNeed *need)
{
  Bits rows = { { 0 } };

  for (guint i = 0; i < problem->host->cards->len; i++) {
    const VapCard *card = g_ptr_array_index (problem->host->cards, i);

    if (bits_test (&problem->usable, card->id) &&
        vap_need_takes_card (need, card->hwtype, card->mode))
      bits_set (&rows, card->id);
  }
  return rows;
}

static void
note_keep (Problem *problem, VapQueue queue)
{
  if (!vap_queue_set_test (&problem->needs->keep, queue))
    return;
  bits_set (&problem->locked_rows, queue.adapter);
  bits_set (&problem->locked_columns, queue.domain);
}

/* who has each queue that there is */
static void
take_queues (Problem *problem)
{
  const VapHost *host = problem->host;

  for (guint adapter = 0; adapter < GRID; adapter++) {
    VAP_MASK_FOREACH (&host->queues.domains[adapter], domain) {
      VapQueue queue = { (guint8) adapter, (guint8) domain };
      gboolean good = bits_test (&problem->usable, adapter) &&
                      vap_mask_test (&host->usage_domains, (guint) domain);

      if (vap_host_queue_owner (host, queue) == VAP_OWNER_HOST) {
        bits_set (&problem->hosts[domain], adapter);
        note_keep (problem, queue);
        if (good && !vap_queue_set_test (&problem->needs->keep, queue))
          bits_set (&problem->reservable[domain], adapter);
      } else if (good &&
                 (!host->has_vfio_ap || vap_queue_set_test (&host->vfio_bound, queue))) {
        bits_set (&problem->base[domain], adapter);
      }
    }
  }
}

/* the device of a guest that libvirt knows, or one that an earlier plan made for it */
static const VapHostDevice *
find_device (const VapHost *host, const VapNeed *need)
{
  const VapHostGuest *guest = vap_host_find_guest (host, need->name);
  const VapGuest *const readings[] = { guest != NULL ? guest->running : NULL,
                                       guest != NULL ? guest->defined : NULL };
  char uuid[37];

  for (guint i = 0; i < G_N_ELEMENTS (readings); i++) {
    for (guint j = 0; readings[i] != NULL && j < readings[i]->devices->len; j++) {
      const VapGuestDevice *device = g_ptr_array_index (readings[i]->devices, j);
      const VapHostDevice *known = vap_host_find_device (host, device->uuid);

      if (known != NULL)
        return known;
    }
  }
  if (need->uuid != NULL)
    return vap_host_find_device (host, need->uuid);
  vap_plan_device_uuid (need->name, 0, uuid);
  return vap_host_find_device (host, uuid);
}

static VapMatrix
matrix_of (const VapHostDevice *device)
{
  return device->active ? device->matrix : device->defined_matrix;
}

static gboolean
is_of_wish (const Problem *problem, const VapHostDevice *device, guint *wish)
{
  for (guint i = 0; i < problem->needs->guests->len; i++) {
    if (problem->wishes[i].device == device) {
      *wish = i;
      return TRUE;
    }
  }
  return FALSE;
}

/* the adapters of a guest's devices, also of a guest that is in no need */
static Bits
adapters_of_guest (const Problem *problem, const char *name)
{
  const VapNeed key = { .name = (char *) name };
  const VapHostDevice *device = find_device (problem->host, &key);
  Bits active = { { 0 } }, defined = { { 0 } };

  if (device == NULL)
    return active;
  active = bits_of_mask (&device->matrix.adapters);
  defined = bits_of_mask (&device->defined_matrix.adapters);
  return bits_or (&active, &defined);
}

/* whether the guest gets from what it has all that it needs */
static gboolean
is_good (const Problem *problem, const Wish *wish)
{
  VapMatrix effective = wish->before;
  Bits rows = rows_of (problem, wish->need);
  Bits adapters;

  if (problem->host->has_vfio_ap)
    effective = vap_host_filter_matrix (problem->host, &wish->before);
  /* what was asked for is compared as it was asked for */
  effective.control_domains = wish->before.control_domains;
  adapters = bits_of_mask (&effective.adapters);
  if (!bits_within (&adapters, &rows) || !vap_need_accepts (wish->need, &effective))
    return FALSE;
  for (guint i = 0; i < problem->host->devices->len; i++) {
    const VapHostDevice *other = g_ptr_array_index (problem->host->devices, i);

    if (other != wish->device && other->active &&
        vap_matrix_overlap (&other->matrix, &wish->before, NULL))
      return FALSE;
  }
  return TRUE;
}

/* whether it keeps away from those it shall not meet, as they are now */
static gboolean
is_away (const Problem *problem, const Wish *wish)
{
  Bits own = bits_of_mask (&wish->before.adapters);

  for (guint i = 0; wish->need->away != NULL && wish->need->away[i] != NULL; i++) {
    Bits others = adapters_of_guest (problem, wish->need->away[i]);

    if (bits_intersect (&own, &others))
      return FALSE;
  }
  return TRUE;
}

static void
make_wishes (Problem *problem)
{
  guint n = problem->needs->guests->len;

  problem->wishes = g_new0 (Wish, MAX (n, 1));
  for (guint i = 0; i < n; i++) {
    Wish *wish = &problem->wishes[i];

    wish->need = g_ptr_array_index (problem->needs->guests, i);
    wish->device = find_device (problem->host, wish->need);
    if (wish->device != NULL) {
      wish->before = matrix_of (wish->device);
      g_strlcpy (wish->uuid, wish->device->uuid, sizeof wish->uuid);
    }
  }
  for (guint i = 0; i < n; i++) {
    Wish *wish = &problem->wishes[i];

    wish->kept = !problem->rearrange && wish->device != NULL && is_good (problem, wish) &&
                 is_away (problem, wish);
  }
}

/* a new device's UUID: the one that is said, or the first that nobody has */
static void
name_devices (Problem *problem)
{
  g_autoptr (GHashTable) taken = g_hash_table_new (g_str_hash, g_str_equal);

  for (guint i = 0; i < problem->needs->guests->len; i++) {
    if (problem->wishes[i].device != NULL)
      g_hash_table_add (taken, problem->wishes[i].uuid);
  }
  for (guint i = 0; i < problem->needs->guests->len; i++) {
    Wish *wish = &problem->wishes[i];
    guint turn = 0;

    if (wish->device != NULL)
      continue;
    if (wish->need->uuid != NULL)
      g_strlcpy (wish->uuid, wish->need->uuid, sizeof wish->uuid);
    else
      do {
        vap_plan_device_uuid (wish->need->name, turn++, wish->uuid);
      } while (g_hash_table_contains (taken, wish->uuid) ||
               vap_host_find_device (problem->host, wish->uuid) != NULL ||
               vap_host_has_other_mdev (problem->host, wish->uuid));
    g_hash_table_add (taken, wish->uuid);
  }
}

static void
block (Problem *problem, const VapMatrix *matrix)
{
  Bits rows = bits_of_mask (&matrix->adapters);

  VAP_MASK_FOREACH (&matrix->domains, domain) {
    problem->base[domain] = bits_minus (&problem->base[domain], &rows);
    problem->reservable[domain] = bits_minus (&problem->reservable[domain], &rows);
  }
}

/* what devices have that are nobody's to move */
static void
block_devices (Problem *problem)
{
  for (guint i = 0; i < problem->host->devices->len; i++) {
    const VapHostDevice *device = g_ptr_array_index (problem->host->devices, i);
    guint wish;

    if (is_of_wish (problem, device, &wish) && !problem->wishes[wish].kept)
      continue;
    block (problem, &device->matrix);
    block (problem, &device->defined_matrix);
  }
}

/* why it can never be met here; NULL when it might */
static char *
find_hopeless (const Problem *problem, const Wish *wish, const Bits *rows)
{
  const VapNeed *need = wish->need;
  Bits named = bits_of_mask (&need->adapters);
  VapMask absent =
      vap_mask_minus (&need->control_domains, &problem->host->control_domains);

  if ((need->said & VAP_NEED_ADAPTERS) && !bits_within (&named, rows)) {
    Bits wrong = bits_minus (&named, rows);
    VapMask mask = bits_to_mask (&wrong);
    g_autofree char *list = vap_mask_to_list (&mask, 2);

    return g_strdup_printf (_ ("'%s' names adapters that are not there, do not answer, "
                               "are of another type than it needs, or have a guest from "
                               "which it is kept away: %s"),
                            need->name, list);
  }
  if (need->control == VAP_CONTROL_LIST && !vap_mask_is_empty (&absent)) {
    g_autofree char *list = vap_mask_to_list (&absent, 4);

    return g_strdup_printf (_ ("'%s' needs control domains that this host does not have: "
                               "%s"),
                            need->name, list);
  }
  if (wish->device == NULL && need->uuid != NULL &&
      vap_host_has_other_mdev (problem->host, need->uuid))
    return g_strdup_printf (_ ("the UUID that '%s' names belongs to a device that is no "
                               "AP matrix"),
                            need->name);
  return NULL;
}

static void
fill_item (Problem *problem, Wish *wish, Item *item)
{
  const VapNeed *need = wish->need;
  Bits rows = rows_of (problem, need);

  item->rows = rows;
  item->columns =
      need->said & VAP_NEED_DOMAINS ? bits_of_mask (&need->domains) : bits_all ();
  item->columns_fixed = (need->said & VAP_NEED_DOMAINS) != 0;
  item->rows_fixed = (need->said & VAP_NEED_ADAPTERS) != 0;
  item->queues = need->queues;
  item->spread = need->spread;
  item->most = vap_need_most_adapters (need);
  item->has_old = wish->device != NULL;
  item->old_rows = bits_of_mask (&wish->before.adapters);
  item->old_columns = bits_of_mask (&wish->before.domains);
}

/* rows of neighbours that stay where they are, whichever of the two names the other */
static Bits
forbidden_rows (const Problem *problem, const GHashTable *index, guint i)
{
  const Wish *wish = &problem->wishes[i];
  Bits forbidden = { { 0 } };

  for (guint n = 0; wish->need->away != NULL && wish->need->away[n] != NULL; n++) {
    gpointer found;
    Bits rows;

    if (g_hash_table_lookup_extended ((GHashTable *) index, wish->need->away[n], NULL,
                                      &found) &&
        !problem->wishes[GPOINTER_TO_UINT (found)].kept)
      continue;
    rows = adapters_of_guest (problem, wish->need->away[n]);
    forbidden = bits_or (&forbidden, &rows);
  }
  for (guint j = 0; j < problem->needs->guests->len; j++) {
    const Wish *other = &problem->wishes[j];

    if (!other->kept || other->need->away == NULL ||
        !g_strv_contains ((const char *const *) other->need->away, wish->need->name))
      continue;
    {
      Bits rows = bits_of_mask (&other->before.adapters);

      forbidden = bits_or (&forbidden, &rows);
    }
  }
  return forbidden;
}

static void
add_away (Item *item, guint other, guint says)
{
  guint k = 0;

  while (k < item->n_away && item->away[k] != other)
    k++;
  if (k == item->n_away) {
    item->away = g_renew (guint, item->away, k + 1);
    item->away_says = g_renew (guint8, item->away_says, k + 1);
    item->away[k] = other;
    item->away_says[k] = 0;
    item->n_away++;
  }
  item->away_says[k] |= (guint8) says;
}

static void
link_away (Problem *problem, const GHashTable *index, guint i)
{
  const Wish *wish = &problem->wishes[i];

  for (guint n = 0; wish->need->away != NULL && wish->need->away[n] != NULL; n++) {
    gpointer found;
    const Wish *other;

    if (!g_hash_table_lookup_extended ((GHashTable *) index, wish->need->away[n], NULL,
                                       &found))
      continue;
    other = &problem->wishes[GPOINTER_TO_UINT (found)];
    if (other->kept)
      continue;
    add_away (&problem->instance.items[wish->item], other->item, AWAY_OWN);
    add_away (&problem->instance.items[other->item], wish->item, AWAY_OTHERS);
  }
}

static void
make_items (Problem *problem)
{
  guint n = problem->needs->guests->len;
  g_autoptr (GHashTable) index = g_hash_table_new (g_str_hash, g_str_equal);
  Instance *instance = &problem->instance;

  instance->items = g_new0 (Item, MAX (n, 1));
  instance->n_rows = GRID;
  instance->n_columns = GRID;
  for (guint i = 0; i < n; i++) {
    g_hash_table_insert (index, problem->wishes[i].need->name, GUINT_TO_POINTER (i));
    if (!problem->wishes[i].kept)
      problem->wishes[i].item = instance->n_items++;
  }
  for (guint i = 0; i < n; i++) {
    Wish *wish = &problem->wishes[i];
    Item *item = &instance->items[wish->item];
    Bits forbidden, named;

    if (wish->kept)
      continue;
    fill_item (problem, wish, item);
    forbidden = forbidden_rows (problem, index, i);
    item->rows = bits_minus (&item->rows, &forbidden);
    item->old_good = item->has_old && problem->rearrange && is_good (problem, wish) &&
                     !bits_intersect (&item->old_rows, &forbidden);
    wish->hopeless = find_hopeless (problem, wish, &item->rows);
    item->hopeless = wish->hopeless != NULL;
    named = bits_of_mask (&wish->need->adapters);
    if (item->rows_fixed)
      item->rows = named;
    link_away (problem, index, i);
  }
}

Problem *
problem_new (const VapHost *host, const VapNeeds *needs, gboolean rearrange)
{
  Problem *problem = g_new0 (Problem, 1);

  problem->host = host;
  problem->needs = needs;
  problem->rearrange = rearrange;
  problem->method = host->override_in_use ? VAP_RESERVE_OVERRIDE : VAP_RESERVE_MASKS;
  for (guint i = 0; i < host->cards->len; i++) {
    const VapCard *card = g_ptr_array_index (host->cards, i);

    if (is_usable (host, card))
      bits_set (&problem->usable, card->id);
  }
  take_queues (problem);
  make_wishes (problem);
  name_devices (problem);
  block_devices (problem);
  make_items (problem);
  return problem;
}

void
problem_free_away (Item *item)
{
  g_free (item->away);
  g_free (item->away_says);
}

void
problem_free (Problem *problem)
{
  for (guint i = 0; i < problem->needs->guests->len; i++)
    g_free (problem->wishes[i].hopeless);
  for (guint i = 0; i < problem->instance.n_items; i++)
    problem_free_away (&problem->instance.items[i]);
  g_free (problem->instance.items);
  g_free (problem->wishes);
  g_free (problem);
}

void
problem_grid (const Problem *problem, Grid *grid)
{
  for (guint c = 0; c < GRID; c++) {
    gboolean locked = bits_test (&problem->locked_columns, c);
    Bits more = problem->reservable[c];

    if (problem->method == VAP_RESERVE_MASKS && locked)
      more = bits_minus (&more, &problem->locked_rows);
    grid->free[c] = bits_or (&problem->base[c], &more);
    grid->cost[c] = problem->method == VAP_RESERVE_OVERRIDE ? more : (Bits){ { 0 } };
  }
}
