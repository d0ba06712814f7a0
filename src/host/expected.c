/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A host as it would be after a change: a copy of a snapshot with one thing different,
 * so that what builds on the change can be judged, and shown, before it is made.
 */
#include "host/document.h"
#include "host/priv.h"

static gpointer
copy_card (gconstpointer data)
{
  const VapCard *card = data;
  VapCard *copy = g_new (VapCard, 1);

  *copy = *card;
  copy->type = g_strdup (card->type);
  return copy;
}

static gpointer
copy_device (gconstpointer data)
{
  const VapHostDevice *device = data;
  VapHostDevice *copy = g_new (VapHostDevice, 1);

  *copy = *device;
  copy->uuid = g_strdup (device->uuid);
  copy->problem = g_strdup (device->problem);
  if (device->definition != NULL)
    copy->definition = vap_device_ref (device->definition);
  return copy;
}

static gpointer
copy_guest (gconstpointer data)
{
  const VapHostGuest *guest = data;
  VapHostGuest *copy = g_new (VapHostGuest, 1);

  *copy = *guest;
  copy->name = g_strdup (guest->name);
  copy->uuid = g_strdup (guest->uuid);
  if (guest->running != NULL)
    copy->running = vap_guest_ref (guest->running);
  if (guest->defined != NULL)
    copy->defined = vap_guest_ref (guest->defined);
  return copy;
}

typedef gpointer (*CopyFunc) (gconstpointer data);

/* The order stays. */
static GPtrArray *
copy_list (const GPtrArray *list, CopyFunc copy, GDestroyNotify free)
{
  GPtrArray *copies = g_ptr_array_new_with_free_func (free);

  for (guint i = 0; list != NULL && i < list->len; i++)
    g_ptr_array_add (copies, copy (g_ptr_array_index (list, i)));
  return copies;
}

static gpointer
copy_text (gconstpointer text)
{
  return g_strdup (text);
}

static VapHost *
copy_host (const VapHost *host)
{
  VapHost *copy = g_new (VapHost, 1);

  *copy = *host;
  copy->ref_count = 1;
  copy->root = g_strdup (host->root);
  if (host->record != NULL)
    vap_host_record_ref (host->record);
  copy->machine = g_strdup (host->machine);
  copy->cards = copy_list (host->cards, copy_card, (GDestroyNotify) vap_card_free);
  copy->devices =
      copy_list (host->devices, copy_device, (GDestroyNotify) vap_host_device_free);
  copy->other_mdevs = copy_list (host->other_mdevs, copy_text, g_free);
  copy->guests =
      copy_list (host->guests, copy_guest, (GDestroyNotify) vap_host_guest_free);
  copy->guests_lent = FALSE;
  copy->known = NULL;
  copy->problems = copy_list (host->problems, copy_text, g_free);
  return copy;
}

/* in the order of UUIDs, that of every snapshot */
static guint
find_place (const GPtrArray *devices, const char *uuid, gboolean *found)
{
  for (guint i = 0; i < devices->len; i++) {
    const VapHostDevice *device = g_ptr_array_index (devices, i);
    gint order = g_strcmp0 (device->uuid, uuid);

    *found = order == 0;
    if (order >= 0)
      return i;
  }
  *found = FALSE;
  return devices->len;
}

VapHost *
vap_host_with_device (const VapHost *host, const char *uuid, const VapMatrix *active,
                      VapDevice *definition)
{
  VapHost *expected = copy_host (host);
  gboolean found;
  guint place = find_place (expected->devices, uuid, &found);
  VapHostDevice *device;

  if (found)
    g_ptr_array_remove_index (expected->devices, place);
  if (active == NULL && definition == NULL)
    return expected;

  device = g_new0 (VapHostDevice, 1);
  device->uuid = g_strdup (uuid);
  device->active = active != NULL;
  if (active != NULL)
    device->matrix = *active;
  if (definition != NULL) {
    device->definition = vap_device_ref (definition);
    vap_device_matrix (definition, &device->defined_matrix, NULL, NULL);
  }
  g_ptr_array_insert (expected->devices, (gint) place, device);
  return expected;
}

VapHost *
vap_host_with_queues (const VapHost *host, const VapMask *apmask, const VapMask *aqmask,
                      const VapQueueSet *moved, gboolean to_host)
{
  VapHost *expected = copy_host (host);
  VapMask all = vap_mask_up_to (VAP_MASK_BITS - 1);
  gboolean all_ones = vap_mask_equal (apmask, &all) && vap_mask_equal (aqmask, &all);

  expected->apmask = *apmask;
  expected->aqmask = *aqmask;
  expected->override_in_use = FALSE;
  for (guint adapter = 0; adapter < VAP_MASK_BITS; adapter++) {
    VapMask *bound = &expected->vfio_bound.domains[adapter];
    VapMask there =
        vap_mask_and (&moved->domains[adapter], &host->queues.domains[adapter]);

    *bound = to_host ? vap_mask_minus (bound, &there) : vap_mask_or (bound, &there);
    if (all_ones && !vap_mask_is_empty (bound))
      expected->override_in_use = TRUE;
  }
  return expected;
}

static VapHostGuest *
find_guest (const VapHost *host, const char *name)
{
  for (guint i = 0; i < host->guests->len; i++) {
    VapHostGuest *guest = g_ptr_array_index (host->guests, i);

    if (g_strcmp0 (guest->name, name) == 0)
      return guest;
  }
  return NULL;
}

/* with @part in the place of what there is of the guest of its name */
static VapHost *
with_part (const VapHost *host, VapGuest *part, gboolean running)
{
  VapHost *expected = copy_host (host);
  VapHostGuest *guest = find_guest (expected, part->name);
  VapGuest **place;

  if (guest == NULL)
    return expected;
  place = vap_host_guest_place (guest, running);
  g_clear_pointer (place, vap_guest_unref);
  *place = vap_guest_ref (part);
  return expected;
}

VapHost *
vap_host_with_guest (const VapHost *host, VapGuest *defined)
{
  return with_part (host, defined, FALSE);
}

VapHost *
vap_host_with_running (const VapHost *host, VapGuest *running)
{
  return with_part (host, running, TRUE);
}

VapHost *
vap_host_with_persistent (const VapHost *host, const VapPersistentMasks *masks)
{
  VapHost *expected = copy_host (host);

  expected->persistent = *masks;
  return expected;
}
