/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The model of the drivers used by hand, for property.c and plan.c.
 */
#include "by-hand.h"

#include <string.h>

gboolean
one_in (GRand *rand, gint n)
{
  return g_rand_int_range (rand, 0, n) == 0;
}

VapMask
random_mask_of (GRand *rand, const guint *numbers, gsize count, gint of_ten)
{
  VapMask mask = { 0 };

  for (gsize i = 0; i < count; i++)
    if (g_rand_int_range (rand, 0, 10) < of_ten)
      vap_mask_set (&mask, numbers[i]);
  return mask;
}

/* mdevctl writes no newline either */
int
store (LabModel *model, const char *path, const char *value)
{
  LabNode node;
  int code = lab_model_resolve (model, path, &node);

  return code != 0 ? code : lab_model_write (model, node, value, strlen (value));
}

int
store_attribute (LabModel *model, const char *uuid, const char *name, const char *value)
{
  g_autofree char *path = g_strconcat (MATRIX, uuid, "/", name, NULL);

  return store (model, path, value);
}

int
store_number (LabModel *model, const char *uuid, const char *name, gint number)
{
  g_autofree char *value = g_strdup_printf ("%d", number);

  return store_attribute (model, uuid, name, value);
}

char *
queue_name (VapQueue queue)
{
  return g_strdup_printf ("%02x.%04x", queue.adapter, queue.domain);
}

char *
override_path (VapQueue queue)
{
  return g_strdup_printf ("devices/ap/card%02x/%02x.%04x/driver_override", queue.adapter,
                          queue.adapter, queue.domain);
}

static void
read_mask (LabModel *model, const char *path, VapMask *mask)
{
  g_autoptr (GString) content = g_string_new (NULL);
  LabNode node;

  g_assert_cmpint (lab_model_resolve (model, path, &node), ==, 0);
  g_assert_cmpint (lab_model_read (model, node, content), ==, 0);
  g_assert_true (vap_mask_parse (content->str, 2 * VAP_MASK_BYTES, mask, NULL));
}

static void
add_queue (const char *name, LabNode node G_GNUC_UNUSED, LabNodeType type G_GNUC_UNUSED,
           gpointer user_data)
{
  VapQueue queue;

  if (vap_queue_parse (name, &queue))
    vap_queue_set_add (user_data, queue);
}

void
list_queues (LabModel *model, const char *path, VapQueueSet *queues)
{
  LabNode node;

  if (lab_model_resolve (model, path, &node) == 0)
    g_assert_cmpint (lab_model_list (model, node, add_queue, queues), ==, 0);
}

static void
free_device (gpointer data)
{
  VapHostDevice *device = data;

  g_free (device->uuid);
  g_free (device);
}

VapHost *
read_host (const LabMachine *machine, LabModel *model)
{
  VapHost *host = g_new0 (VapHost, 1);
  VapMask all = vap_mask_up_to (VAP_MASK_BITS - 1);

  host->root = g_strdup ("");
  host->has_ap_bus = host->qci_known = TRUE;
  host->has_vfio_ap = machine->vfio_ap_loaded;
  host->has_ap_config = machine->kernel != LAB_KERNEL_6_1;
  host->qci = machine->qci;
  host->max_adapter_id = machine->max_adapter_id;
  host->max_domain_id = machine->max_domain_id;
  read_mask (model, "bus/ap/apmask", &host->apmask);
  read_mask (model, "bus/ap/aqmask", &host->aqmask);
  host->adapters = host->usage_domains = all;
  list_queues (model, "bus/ap/devices", &host->queues);
  list_queues (model, "bus/ap/drivers/vfio_ap", &host->vfio_bound);
  for (guint i = 0; i < VAP_MASK_BITS; i++)
    host->override_in_use |= vap_mask_equal (&host->apmask, &all)
                             && vap_mask_equal (&host->aqmask, &all)
                             && !vap_mask_is_empty (&host->vfio_bound.domains[i]);
  host->cards = g_ptr_array_new_with_free_func (g_free);
  host->guests = g_ptr_array_new ();
  host->problems = g_ptr_array_new ();
  host->devices = g_ptr_array_new_with_free_func (free_device);
  host->ref_count = 1;
  return host;
}

static void
assign_some (LabModel *model, const char *uuid, const char *name, const VapMask *wanted,
             VapMask *assigned)
{
  VAP_MASK_FOREACH (wanted, bit)
    if (store_number (model, uuid, name, bit) == 0)
      vap_mask_set (assigned, (guint)bit);
}

void
add_device (LabModel *model, VapHost *host, const char *uuid, const VapMask *adapters,
            const VapMask *domains)
{
  VapHostDevice *device = g_new0 (VapHostDevice, 1);

  device->uuid = g_strdup (uuid);
  device->active = TRUE;
  g_assert_cmpint (store (model, CREATE, uuid), ==, 0);
  assign_some (model, uuid, "assign_adapter", adapters, &device->matrix.adapters);
  assign_some (model, uuid, "assign_domain", domains, &device->matrix.domains);
  g_ptr_array_add (host->devices, device);
}
