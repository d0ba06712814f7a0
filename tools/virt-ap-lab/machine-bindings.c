/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The drivers that a machine file gives queues at start, and whether the kernel
 * played would let them have these: machine-file.c adds them, machine.c asks.
 */
#include "config.h"
#include "machine.h"

#include "ap/matrix.h"

#include <glib/gi18n.h>
#include <string.h>

/* The drivers of CEX4 and newer, which alone can be chosen for a queue. */
static const struct {
  const char *name;
  LabBindTo to;
} drivers[] = {
  { "none", LAB_BIND_NONE },
  { "cex4queue", LAB_BIND_HOST },
  { "vfio_ap", LAB_BIND_VFIO_AP },
};

static gboolean
find_driver (const char *name, LabBindTo *to)
{
  for (gsize i = 0; i < G_N_ELEMENTS (drivers); i++)
    if (strcmp (drivers[i].name, name) == 0) {
      *to = drivers[i].to;
      return TRUE;
    }
  return FALSE;
}

gboolean
lab_machine_add_binding (LabMachine *machine, const char *queue, const char *driver,
                         GError **error)
{
  LabBinding binding;
  VapQueue parsed;

  if (!vap_queue_parse (queue, &parsed)) {
    g_set_error (error, VAP_ERROR, VAP_ERROR_MALFORMED,
                 _ ("this is no queue; write adapter and domain as in 05.0004"));
    return FALSE;
  }
  binding.adapter = parsed.adapter;
  binding.domain = parsed.domain;
  if (!find_driver (driver, &binding.to)) {
    g_set_error (error, VAP_ERROR, VAP_ERROR_MALFORMED,
                 _ ("'%s' is no driver for a queue (vfio_ap, cex4queue, or none)"),
                 driver);
    return FALSE;
  }
  for (guint i = 0; i < machine->bindings->len; i++) {
    const LabBinding *other = &g_array_index (machine->bindings, LabBinding, i);

    if (other->adapter == binding.adapter && other->domain == binding.domain) {
      g_set_error (error, VAP_ERROR, VAP_ERROR_MALFORMED,
                   _ ("the queue is in the group twice"));
      return FALSE;
    }
  }
  g_array_append_val (machine->bindings, binding);
  return TRUE;
}

gboolean
lab_machine_has_override (const LabMachine *machine)
{
  VapMask all = vap_mask_up_to (VAP_MASK_BITS - 1);

  return machine->kernel >= LAB_KERNEL_7_2 && vap_mask_equal (&machine->apmask, &all) &&
         vap_mask_equal (&machine->aqmask, &all);
}

/* the card whose queue Linux finds on this machine, or NULL */
static const LabCard *
find_card (const LabMachine *machine, const LabBinding *binding)
{
  /* without AP facilities test no card is found, without QCI no domain above 15 */
  if (!machine->has_ap || !machine->facilities[15] ||
      (!machine->facilities[12] && binding->domain > 15) ||
      !vap_mask_test (&machine->usage_domains, binding->domain))
    return NULL;
  for (guint i = 0; i < machine->cards->len; i++) {
    const LabCard *card = &g_array_index (machine->cards, LabCard, i);

    if (card->id == binding->adapter)
      return card;
  }
  return NULL;
}

/* what the masks alone allow: the queue's driver is the host's, or it is vfio_ap */
static gboolean
masks_allow (const LabMachine *machine, const LabBinding *binding)
{
  gboolean host = vap_mask_test (&machine->apmask, binding->adapter) &&
                  vap_mask_test (&machine->aqmask, binding->domain);

  return host == (binding->to == LAB_BIND_HOST);
}

static gboolean
validate_binding (const LabMachine *machine, const LabBinding *binding, GError **error)
{
  const LabCard *card = find_card (machine, binding);

  if (card == NULL) {
    g_set_error (error, VAP_ERROR, VAP_ERROR_MALFORMED,
                 _ ("the machine has no such queue"));
    return FALSE;
  }
  if (card->hwtype < LAB_HWTYPE_CEX4 || card->hwtype > LAB_HWTYPE_CEX8) {
    g_set_error (error, VAP_ERROR, VAP_ERROR_MALFORMED,
                 _ ("only a queue of a CEX4 to CEX8 adapter can be bound at start, "
                    "not one of hardware type %u"),
                 card->hwtype);
    return FALSE;
  }
  if (binding->to == LAB_BIND_NONE)
    return TRUE;
  if (binding->to == LAB_BIND_VFIO_AP && !machine->vfio_ap_loaded) {
    g_set_error (error, VAP_ERROR, VAP_ERROR_MALFORMED,
                 _ ("vfio_ap is not loaded on this machine"));
    return FALSE;
  }
  if (lab_machine_has_override (machine) || masks_allow (machine, binding))
    return TRUE;
  if (machine->kernel >= LAB_KERNEL_7_2)
    g_set_error (error, VAP_ERROR, VAP_ERROR_MALFORMED,
                 _ ("the masks give the queue to another driver, and driver_override "
                    "needs masks that are all ones"));
  else
    g_set_error (error, VAP_ERROR, VAP_ERROR_MALFORMED,
                 _ ("the masks give the queue to another driver, and this kernel has no "
                    "driver_override"));
  return FALSE;
}

gboolean
lab_machine_validate_bindings (const LabMachine *machine, GError **error)
{
  for (guint i = 0; i < machine->bindings->len; i++) {
    const LabBinding *binding = &g_array_index (machine->bindings, LabBinding, i);
    VapQueue queue = { .adapter = binding->adapter, .domain = binding->domain };
    char name[VAP_QUEUE_TEXT_SIZE];

    if (validate_binding (machine, binding, error))
      continue;
    vap_queue_format (queue, name);
    g_prefix_error (error, "[bindings] %s: ", name);
    return FALSE;
  }
  return TRUE;
}
