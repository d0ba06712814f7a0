/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The bus scan, which makes the devices follow the hardware.  Follows Linux
 * drivers/s390/crypto/ap_bus.c; a write to /sys/bus/ap/scans starts it.
 */
#include "model-private.h"

/* PQAP(TAPQ) knows the queue: its response code is not 01, "not available" */
gboolean
lab_hw_has_queue (const LabModel *model, guint adapter, guint domain)
{
  return vap_mask_test (&model->hw.apm, adapter) &&
         vap_mask_test (&model->hw.aqm, domain);
}

/* ap_test_config_card_id(), ap_test_config_usage_domain(): as of the last QCI */
static gboolean
configured_adapter (const LabModel *model, guint adapter)
{
  return !model->has_qci || vap_mask_test (&model->qci.apm, adapter);
}

static gboolean
configured_domain (const LabModel *model, guint domain)
{
  return model->has_qci ? vap_mask_test (&model->qci.aqm, domain) : domain < 16;
}

/* ap_select_domain(): once found it stays */
static void
select_domain (LabModel *model)
{
  for (guint domain = 0; model->default_domain < 0 && domain <= model->max_domain_id;
       domain++) {
    if (!configured_domain (model, domain) || !vap_mask_test (&model->aqmask, domain))
      continue;
    for (guint adapter = 0; adapter <= model->max_adapter_id; adapter++) {
      if (configured_adapter (model, adapter) &&
          vap_mask_test (&model->apmask, adapter) &&
          lab_hw_has_queue (model, adapter, domain) && model->hw_cards[adapter].config &&
          !model->hw_cards[adapter].checkstop) {
        model->default_domain = (gint) domain;
        break;
      }
    }
  }
}

/* ap_scan_rm_card_dev_and_queue_devs() */
static void
remove_card (LabModel *model, guint adapter)
{
  GList *next;

  if (!model->cards[adapter])
    return;
  for (GList *link = model->devices.head; link; link = next) {
    LabApDevice *device = link->data;

    next = link->next;
    if (!(device->id & LAB_AP_CARD) && LAB_AP_ADAPTER (device->id) == adapter)
      lab_ap_remove (model, device);
  }
  lab_ap_remove (model, model->cards[adapter]);
}

/* A device that was there follows its card's state; a changed configuration is
 * told, a checkstop is not. */
static void
follow_state (LabModel *model, LabApDevice *device, const LabCard *card)
{
  if (!(device->id & LAB_AP_CARD) && card->checkstop != device->checkstop) {
    device->checkstop = card->checkstop;
    return;
  }
  device->checkstop = card->checkstop;
  if (card->config == device->config)
    return;
  device->config = card->config;
  lab_event_device (model, device, "change", card->config ? "CONFIG=1" : "CONFIG=0");
}

/* ap_scan_domains() */
static void
scan_domains (LabModel *model, guint adapter)
{
  const LabCard *card = &model->hw_cards[adapter];

  for (guint domain = 0; domain <= model->max_domain_id; domain++) {
    LabApDevice *queue = lab_ap_find (model, LAB_AP_QUEUE (adapter, domain));
    gboolean there =
        configured_domain (model, domain) && lab_hw_has_queue (model, adapter, domain);

    if (queue && !there)
      lab_ap_remove (model, queue);
    else if (queue)
      follow_state (model, queue, card);
    else if (there)
      lab_ap_add (model, LAB_AP_QUEUE (adapter, domain), card->config, card->checkstop);
  }
}

/* The adapter answers, and says what it is: without AP facilities test (APFT) no
 * type is known, and Linux makes no device. */
static gboolean
usable_adapter (const LabModel *model, guint adapter)
{
  if (!model->has_apft || !configured_adapter (model, adapter))
    return FALSE;
  for (guint domain = 0; domain <= model->max_domain_id; domain++) {
    if (configured_domain (model, domain) && lab_hw_has_queue (model, adapter, domain))
      return TRUE;
  }
  return FALSE;
}

/* ap_get_compatible_type(): Linux 6.6 gave up CEX2 and CEX3 */
static guint
oldest_hwtype (const LabModel *model)
{
  return model->kernel < LAB_KERNEL_6_12 ? 6 : LAB_HWTYPE_CEX4;
}

/* ap_scan_adapter() */
static void
scan_adapter (LabModel *model, guint adapter)
{
  const LabCard *card = &model->hw_cards[adapter];
  const LabApDevice *device = model->cards[adapter];

  if (!usable_adapter (model, adapter)) {
    remove_card (model, adapter);
    return;
  }
  if (device && (device->card.hwtype != card->hwtype || device->card.mode != card->mode))
    remove_card (model, adapter);
  if (model->cards[adapter])
    follow_state (model, model->cards[adapter], card);
  else if (card->hwtype < oldest_hwtype (model))
    return;
  else
    lab_ap_add (model, LAB_AP_CARD | adapter, card->config, card->checkstop);
  scan_domains (model, adapter);
}

/* ap_check_bindings_complete().  Linux 6.1 tells it after the first scan and every probe
 * (ap_scan_bus(), ap_device_probe()), also when it was told before. */
void
lab_ap_check_bindings_complete (LabModel *model)
{
  g_autofree char *count = NULL;

  if (model->scans == 0 || model->n_bound != model->n_queues)
    return;
  if (model->bindings_complete && model->kernel >= LAB_KERNEL_6_12)
    return;
  model->bindings_complete = TRUE;
  count = g_strdup_printf ("COMPLETECOUNT=%" G_GUINT64_FORMAT, ++model->complete_count);
  lab_event_root (model, "BINDINGS=complete", count);
}

static gboolean
adds (const VapMask *now, const VapMask *old)
{
  VapMask added = vap_mask_minus (now, old);

  return !vap_mask_is_empty (&added);
}

/* ap_scan_bus() */
void
lab_ap_scan (LabModel *model)
{
  LabMatrix old = model->qci;
  gboolean changed;

  if (model->has_qci)
    model->qci = model->hw;
  changed = !vap_mask_equal (&old.apm, &model->qci.apm) ||
            !vap_mask_equal (&old.aqm, &model->qci.aqm) ||
            !vap_mask_equal (&old.adm, &model->qci.adm);
  if (adds (&model->qci.apm, &old.apm) || adds (&model->qci.aqm, &old.aqm))
    model->bindings_complete = FALSE;
  if (changed && model->vfio_ap)
    lab_mdev_config_changed (model, &old);
  select_domain (model);
  for (guint adapter = 0; adapter <= model->max_adapter_id; adapter++)
    scan_adapter (model, adapter);
  if (changed && model->vfio_ap)
    lab_mdev_scan_complete (model);
  if (++model->scans == 1)
    lab_event_root (model, "INITSCAN=done", NULL);
  if (model->scans == 1 || model->kernel >= LAB_KERNEL_6_12)
    lab_ap_check_bindings_complete (model);
}
