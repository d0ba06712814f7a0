/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The AP bus: who owns a queue, by the masks or by its driver_override, and which
 * driver has it.  Follows Linux drivers/s390/crypto/ap_bus.c, whose functions are
 * named at each step, and drivers/base/{bus,dd}.c.
 */
#include "model-private.h"

#include <stdio.h>
#include <string.h>

/* What device types a driver is for: zcrypt_cex2a.c, zcrypt_cex2c.c, zcrypt_cex4.c and
 * vfio_ap_drv.c, their ap_device_id tables. */
typedef struct {
  const char *name;
  gboolean cards; /* or else queues */
  gboolean host;  /* AP_DRIVER_FLAG_DEFAULT */
  guint hwtypes;  /* bit n: type n */
} DriverInfo;

enum {
  TYPES_CEX2A = 1u << 6 | 1u << 8,
  TYPES_CEX2C = 1u << 7 | 1u << 9,
  TYPES_CEX4 = 0x1fu << LAB_HWTYPE_CEX4,
};

static const DriverInfo drivers[LAB_N_DRIVERS] = {
  [LAB_DRIVER_NONE] = { NULL, FALSE, FALSE, 0 },
  [LAB_DRIVER_CEX2ACARD] = { "cex2acard", TRUE, TRUE, TYPES_CEX2A },
  [LAB_DRIVER_CEX2AQUEUE] = { "cex2aqueue", FALSE, TRUE, TYPES_CEX2A },
  [LAB_DRIVER_CEX2CCARD] = { "cex2ccard", TRUE, TRUE, TYPES_CEX2C },
  [LAB_DRIVER_CEX2CQUEUE] = { "cex2cqueue", FALSE, TRUE, TYPES_CEX2C },
  [LAB_DRIVER_CEX4CARD] = { "cex4card", TRUE, TRUE, TYPES_CEX4 },
  [LAB_DRIVER_CEX4QUEUE] = { "cex4queue", FALSE, TRUE, TYPES_CEX4 },
  [LAB_DRIVER_VFIO_AP] = { "vfio_ap", FALSE, FALSE, TYPES_CEX4 },
};

void
lab_ap_name (LabApId id, char name[LAB_AP_NAME_SIZE])
{
  if (id & LAB_AP_CARD)
    g_snprintf (name, LAB_AP_NAME_SIZE, "card%02x", LAB_AP_ADAPTER (id));
  else
    g_snprintf (name, LAB_AP_NAME_SIZE, "%02x.%04x", LAB_AP_ADAPTER (id),
                LAB_AP_DOMAIN (id));
}

/* Only the kernel's own spelling is a name: lower case, all digits. */
gboolean
lab_ap_id_parse (const char *name, LabApId *id)
{
  char canonical[LAB_AP_NAME_SIZE];
  guint adapter, domain;

  if (sscanf (name, "card%2x", &adapter) == 1)
    *id = LAB_AP_CARD | adapter;
  else if (sscanf (name, "%2x.%4x", &adapter, &domain) == 2 && domain < LAB_N_DOMAINS)
    *id = LAB_AP_QUEUE (adapter, domain);
  else
    return FALSE;
  lab_ap_name (*id, canonical);
  return strcmp (name, canonical) == 0;
}

LabApDevice *
lab_ap_find (const LabModel *model, LabApId id)
{
  LabApDevice **queues;

  if (id > (LAB_AP_CARD | 0xffu))
    return NULL;
  if (id & LAB_AP_CARD)
    return model->cards[LAB_AP_ADAPTER (id)];
  queues = model->queues[LAB_AP_ADAPTER (id)];
  return queues ? queues[LAB_AP_DOMAIN (id)] : NULL;
}

static gboolean
masks_say_host (const LabModel *model, guint adapter, guint domain)
{
  return vap_mask_test (&model->apmask, adapter) &&
         vap_mask_test (&model->aqmask, domain);
}

/* ap_owned_by_def_drv(): with an override the driver bound decides, not the masks */
static gboolean
owned_by_host (const LabModel *model, guint adapter, guint domain)
{
  const LabApDevice *queue = lab_ap_find (model, LAB_AP_QUEUE (adapter, domain));

  if (queue && queue->driver != LAB_DRIVER_NONE && queue->queue.override)
    return drivers[queue->driver].host;
  return masks_say_host (model, adapter, domain);
}

/* ap_apqn_in_matrix_owned_by_def_drv() */
gboolean
lab_ap_matrix_owned_by_host (const LabModel *model, const LabMatrix *matrix)
{
  VAP_MASK_FOREACH (&matrix->apm, adapter) {
    VAP_MASK_FOREACH (&matrix->aqm, domain) {
      if (owned_by_host (model, (guint) adapter, (guint) domain))
        return TRUE;
    }
  }
  return FALSE;
}

const char *
lab_driver_name (LabDriver driver)
{
  return drivers[driver].name;
}

/* Linux 6.6 gave up the drivers of CEX2 and CEX3. */
gboolean
lab_driver_there (const LabModel *model, LabDriver driver)
{
  if (driver == LAB_DRIVER_NONE || driver >= LAB_N_DRIVERS)
    return FALSE;
  if (driver == LAB_DRIVER_VFIO_AP)
    return model->vfio_ap;
  return driver >= LAB_DRIVER_CEX4CARD || model->kernel < LAB_KERNEL_6_12;
}

/* ap_bus_match() */
static gboolean
driver_matches (const LabModel *model, LabDriver driver, const LabApDevice *device)
{
  const LabApDevice *card = model->cards[LAB_AP_ADAPTER (device->id)];
  gboolean is_card = (device->id & LAB_AP_CARD) != 0;

  return lab_driver_there (model, driver) && drivers[driver].cards == is_card &&
         card->card.hwtype < 32 && (drivers[driver].hwtypes & 1u << card->card.hwtype);
}

/* the first part of ap_device_probe(): is the queue meant for this driver? */
static gboolean
driver_may_have (const LabModel *model, LabDriver driver, const LabApDevice *device)
{
  if (device->id & LAB_AP_CARD)
    return TRUE;
  if (device->queue.override)
    return strcmp (device->queue.override, lab_driver_name (driver)) == 0;
  return masks_say_host (model, LAB_AP_ADAPTER (device->id),
                         LAB_AP_DOMAIN (device->id)) == drivers[driver].host;
}

/* drivers/base/dd.c, device_driver_attach() */
static int
probe (LabModel *model, LabDriver driver, LabApDevice *device)
{
  if (device->driver != LAB_DRIVER_NONE)
    return EBUSY;
  if (!driver_may_have (model, driver, device))
    return ENODEV;
  model->bindings_complete = FALSE;
  device->driver = driver;
  if (driver == LAB_DRIVER_VFIO_AP)
    lab_mdev_probe_queue (model, device);
  if (!(device->id & LAB_AP_CARD))
    model->n_bound++;
  if (model->kernel < LAB_KERNEL_6_12)
    lab_ap_check_bindings_complete (model);
  lab_event_device (model, device, "bind", NULL);
  return 0;
}

/* device_release_driver() */
static void
release (LabModel *model, LabApDevice *device)
{
  if (device->driver == LAB_DRIVER_NONE)
    return;
  if (device->driver == LAB_DRIVER_VFIO_AP)
    lab_mdev_remove_queue (model, device);
  device->driver = LAB_DRIVER_NONE;
  if (!(device->id & LAB_AP_CARD))
    model->n_bound--;
  lab_event_device (model, device, "unbind", NULL);
}

/* device_attach(): the first driver that takes it */
void
lab_ap_attach (LabModel *model, LabApDevice *device)
{
  for (LabDriver driver = LAB_DRIVER_NONE + 1; driver < LAB_N_DRIVERS; driver++) {
    if (driver_matches (model, driver, device) && probe (model, driver, device) == 0)
      return;
  }
}

/* drivers/base/bus.c, bind_store() and unbind_store() */
int
lab_ap_bind (LabModel *model, LabDriver driver, const char *name)
{
  g_autofree char *stripped = g_strchomp (g_strdup (name));
  LabApDevice *device;
  LabApId id;

  if (!lab_ap_id_parse (stripped, &id) || !(device = lab_ap_find (model, id)) ||
      !driver_matches (model, driver, device))
    return ENODEV;
  return probe (model, driver, device);
}

int
lab_ap_unbind (LabModel *model, LabDriver driver, const char *name)
{
  g_autofree char *stripped = g_strchomp (g_strdup (name));
  LabApDevice *device;
  LabApId id;

  if (!lab_ap_id_parse (stripped, &id) || !(device = lab_ap_find (model, id)) ||
      device->driver != driver)
    return ENODEV;
  release (model, device);
  return 0;
}

/* What __ap_revise_reserved() takes a queue's driver for.  Of a queue without one it
 * looks at what lies at address 0, which Linux 7 finds to be a default driver. */
static gboolean
has_default_driver (const LabModel *model, const LabApDevice *queue)
{
  if (queue->driver == LAB_DRIVER_NONE)
    return model->kernel >= LAB_KERNEL_7_2;
  return drivers[queue->driver].host;
}

/* __ap_revise_reserved() for every queue, in the order of the bus */
static void
revise_bindings (LabModel *model)
{
  for (GList *link = model->devices.head; link; link = link->next) {
    LabApDevice *queue = link->data;

    if (queue->id & LAB_AP_CARD)
      continue;
    if (masks_say_host (model, LAB_AP_ADAPTER (queue->id), LAB_AP_DOMAIN (queue->id)) ==
        has_default_driver (model, queue))
      continue;
    release (model, queue);
    lab_ap_attach (model, queue);
  }
}

/* apmask_commit() and aqmask_commit(): does the host take back what a matrix has?
 * Linux 7 asks for the adapter (domain) whatever the other mask says. */
static gboolean
takes_from_matrix (LabModel *model, gboolean adapters, const VapMask *new_mask)
{
  VapMask all = vap_mask_up_to (VAP_MASK_BITS - 1);
  const VapMask *other = adapters ? &model->aqmask : &model->apmask;
  VapMask taken = vap_mask_minus (new_mask, adapters ? &model->apmask : &model->aqmask);

  if (model->kernel >= LAB_KERNEL_7_2)
    other = &all;
  return adapters ? lab_mdev_in_use (model, &taken, other)
                  : lab_mdev_in_use (model, other, &taken);
}

/* apmask_store() and aqmask_store() */
int
lab_ap_set_mask (LabModel *model, gboolean adapters, const char *text)
{
  VapMask *mask = adapters ? &model->apmask : &model->aqmask;
  char digits[VAP_MASK_TEXT_SIZE];
  g_autofree char *property = NULL;
  VapMask new_mask;
  int code = lab_parse_mask (text, mask, &new_mask);

  if (code != 0)
    return code;
  if (model->overrides > 0)
    return EINVAL;
  if (vap_mask_equal (mask, &new_mask))
    return 0;
  if (takes_from_matrix (model, adapters, &new_mask))
    return EBUSY;
  *mask = new_mask;
  revise_bindings (model);
  vap_mask_format (mask, digits);
  property = g_strdup_printf (adapters ? "APMASK=%s" : "AQMASK=%s", digits);
  lab_event_root (model, property, NULL);
  return 0;
}

/* ap_queue.c, driver_override_store(): it is one or the other, override or masks */
int
lab_ap_set_override (LabModel *model, LabApDevice *queue, const char *text)
{
  VapMask all = vap_mask_up_to (VAP_MASK_BITS - 1);
  gsize length = strcspn (text, "\n");

  if (!vap_mask_equal (&model->apmask, &all) || !vap_mask_equal (&model->aqmask, &all))
    return EINVAL;
  if (strlen (text) >= LAB_PAGE_SIZE - 1)
    return EINVAL;
  if (queue->queue.override)
    model->overrides--;
  g_free (queue->queue.override);
  queue->queue.override = length > 0 ? g_strndup (text, length) : NULL;
  if (queue->queue.override)
    model->overrides++;
  return 0;
}

/* device_register(): an event, and whichever driver takes it */
LabApDevice *
lab_ap_add (LabModel *model, LabApId id, gboolean config, gboolean checkstop)
{
  LabApDevice *device = g_new0 (LabApDevice, 1);
  guint adapter = LAB_AP_ADAPTER (id);

  device->link.data = device;
  device->id = id;
  device->config = config;
  device->checkstop = checkstop;
  device->online = TRUE;
  if (id & LAB_AP_CARD) {
    device->card.hwtype = model->hw_cards[adapter].hwtype;
    device->card.mode = model->hw_cards[adapter].mode;
    device->online = model->hw_cards[adapter].online;
    model->cards[adapter] = device;
  } else {
    if (!model->queues[adapter])
      model->queues[adapter] = g_new0 (LabApDevice *, LAB_N_DOMAINS);
    model->queues[adapter][LAB_AP_DOMAIN (id)] = device;
    model->n_queues++;
  }
  g_queue_push_tail_link (&model->devices, &device->link);
  lab_event_device (model, device, "add", NULL);
  lab_ap_attach (model, device);
  return device;
}

/* device_unregister() */
void
lab_ap_remove (LabModel *model, LabApDevice *device)
{
  guint adapter = LAB_AP_ADAPTER (device->id);

  release (model, device);
  lab_event_device (model, device, "remove", NULL);
  g_queue_unlink (&model->devices, &device->link);
  if (device->id & LAB_AP_CARD) {
    model->cards[adapter] = NULL;
  } else {
    /* its override goes on counting: ap_driver_override_ctr knows only of stores */
    g_free (device->queue.override);
    model->queues[adapter][LAB_AP_DOMAIN (device->id)] = NULL;
    model->n_queues--;
  }
  g_free (device);
}
