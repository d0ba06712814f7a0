/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The attributes of cards and queues, as Linux drivers/s390/crypto/ap_card.c,
 * ap_queue.c, zcrypt_card.c, zcrypt_queue.c, zcrypt_cex4.c and vfio_ap_ops.c have
 * them; which of them are there depends on the driver bound.
 */
#include "model-private.h"

/* The tree asks only for devices that are there. */
static LabApDevice *
device_of (const LabModel *model, guint32 id)
{
  return lab_ap_find (model, id);
}

static LabApDevice *
card_of (const LabModel *model, guint32 id)
{
  return model->cards[LAB_AP_ADAPTER (id)];
}

/* zcrypt has the card, or the queue */
static gboolean
has_zcrypt (const LabModel *model, guint32 id)
{
  LabDriver driver = device_of (model, id)->driver;

  return driver != LAB_DRIVER_NONE && driver != LAB_DRIVER_VFIO_AP;
}

/* The function bits of TAPQ: special command, mod-exp, CRT; CCA, accelerator or
 * EP11; extended addressing; and the last but one, as CEX4 and newer say it. */
static void
show_functions (LabModel *model, guint32 id, GString *content)
{
  guint32 functions = 0xe0000000u;

  switch (card_of (model, id)->card.mode) {
  case LAB_MODE_ACCELERATOR:
    functions |= 0x08000000u;
    break;
  case LAB_MODE_EP11:
    functions |= 0x04000000u;
    break;
  case LAB_MODE_CCA:
  default:
    functions |= 0x10000000u;
    break;
  }
  if (model->qci_bits & VAP_QCI_APXA)
    functions |= 0x02000000u;
  g_string_append_printf (content, "0x%08X\n", functions);
}

static void
show_checkstop (LabModel *model, guint32 id, GString *content)
{
  g_string_append (content, device_of (model, id)->checkstop ? "1\n" : "0\n");
}

static void
show_config (LabModel *model, guint32 id, GString *content)
{
  g_string_append (content, device_of (model, id)->config ? "1\n" : "0\n");
}

/* config_store() has the service element do it, then tells of it at any rate */
static int
store_config (LabModel *model, guint32 id, const char *text, gsize length G_GNUC_UNUSED)
{
  LabApDevice *card = card_of (model, id);
  gint config;
  int code = lab_parse_int (text, 10, 0, 1, &config);

  if (code != 0)
    return code;
  model->hw_cards[LAB_AP_ADAPTER (id)].config = config != 0;
  card->config = config != 0;
  lab_event_device (model, card, "change", config ? "CONFIG=1" : "CONFIG=0");
  return 0;
}

static void
show_depth (LabModel *model G_GNUC_UNUSED, guint32 id G_GNUC_UNUSED, GString *content)
{
  g_string_append (content, "8\n");
}

static void
show_hwtype (LabModel *model, guint32 id, GString *content)
{
  g_string_append_printf (content, "%u\n", card_of (model, id)->card.hwtype);
}

static void
show_modalias (LabModel *model, guint32 id, GString *content)
{
  g_string_append_printf (content, "ap:t%02X\n", card_of (model, id)->card.hwtype);
}

static void
show_zero (LabModel *model G_GNUC_UNUSED, guint32 id G_GNUC_UNUSED, GString *content)
{
  g_string_append (content, "0\n");
}

/* request_count_store() resets the count, whatever is written */
static int
store_count (LabModel *model G_GNUC_UNUSED, guint32 id G_GNUC_UNUSED,
             const char *text G_GNUC_UNUSED, gsize length G_GNUC_UNUSED)
{
  return 0;
}

static void
show_max_msg_size (LabModel *model G_GNUC_UNUSED, guint32 id G_GNUC_UNUSED,
                   GString *content)
{
  g_string_append (content, "49152\n");
}

/* Linux 6.1 does not ask whether the device is checkstopped (online_show() and
 * online_store() of zcrypt_card.c and zcrypt_queue.c). */
static gboolean
is_usable (const LabModel *model, const LabApDevice *device)
{
  return device->config && (!device->checkstop || model->kernel < LAB_KERNEL_6_12);
}

static void
show_online (LabModel *model, guint32 id, GString *content)
{
  const LabApDevice *device = device_of (model, id);

  g_string_append (content, is_usable (model, device) && device->online ? "1\n" : "0\n");
}

/* what online_store() of zcrypt_card.c and zcrypt_queue.c have in common; a queue's card
 * counts too */
static int
parse_online (const LabModel *model, const LabApDevice *device, const char *text,
              gint *online)
{
  const LabApDevice *card = card_of (model, device->id);
  int code = lab_parse_int (text, 10, 0, 1, online);

  if (code != 0)
    return code;
  return *online && (!is_usable (model, device) || !is_usable (model, card)) ? ENODEV : 0;
}

static void
set_online (LabModel *model, LabApDevice *device, gboolean online)
{
  device->online = online;
  lab_event_device (model, device, "change", online ? "ONLINE=1" : "ONLINE=0");
}

/* a card takes its queues with it: zcrypt_queue_force_online() */
static int
store_card_online (LabModel *model, guint32 id, const char *text,
                   gsize length G_GNUC_UNUSED)
{
  LabApDevice *card = card_of (model, id);
  gint online;
  int code = parse_online (model, card, text, &online);

  if (code != 0)
    return code;
  set_online (model, card, online != 0);
  for (guint domain = 0; domain < LAB_N_DOMAINS; domain++) {
    LabApDevice *queue = lab_ap_find (model, LAB_AP_QUEUE (LAB_AP_ADAPTER (id), domain));

    if (queue && has_zcrypt (model, queue->id) && queue->online != (online != 0))
      set_online (model, queue, online != 0);
  }
  return 0;
}

static int
store_queue_online (LabModel *model, guint32 id, const char *text,
                    gsize length G_GNUC_UNUSED)
{
  LabApDevice *queue = device_of (model, id);
  gint online;
  int code = parse_online (model, queue, text, &online);

  if (code != 0)
    return code;
  if (online && !card_of (model, id)->online)
    return EINVAL;
  set_online (model, queue, online != 0);
  return 0;
}

/* zcrypt_cex2a.c, zcrypt_cex2c.c, zcrypt_cex4.c */
static void
show_type (LabModel *model, guint32 id, GString *content)
{
  static const char *const old_types[] = { "CEX2A", "CEX2C", "CEX3A", "CEX3C" };
  const LabApDevice *card = card_of (model, id);
  char letter = card->card.mode == LAB_MODE_ACCELERATOR ? 'A'
                : card->card.mode == LAB_MODE_EP11      ? 'P'
                                                        : 'C';

  if (card->card.hwtype >= LAB_HWTYPE_CEX4)
    g_string_append_printf (content, "CEX%u%c\n", card->card.hwtype - 6, letter);
  else
    g_string_append_printf (content, "%s\n", old_types[card->card.hwtype - 6]);
}

static void
show_serialnr (LabModel *model, guint32 id, GString *content)
{
  gboolean ep11 = card_of (model, id)->card.mode == LAB_MODE_EP11;

  g_string_append_printf (content, ep11 ? "93AALAB%02X9999999\n" : "93AALA%02X\n",
                          LAB_AP_ADAPTER (id));
}

static void
show_api_ordinalnr (LabModel *model G_GNUC_UNUSED, guint32 id G_GNUC_UNUSED,
                    GString *content)
{
  g_string_append (content, "4\n");
}

static void
show_fw_version (LabModel *model G_GNUC_UNUSED, guint32 id G_GNUC_UNUSED,
                 GString *content)
{
  g_string_append (content, "7.24\n");
}

static void
show_op_modes (LabModel *model G_GNUC_UNUSED, guint32 id G_GNUC_UNUSED, GString *content)
{
  g_string_append (content, "FIPS2009 BSI2009 FIPS2011 BSI2011 BSICC2017\n");
}

/* cca_mkvps_show() and ep11_mkvps_show().  They ask the card, which answers only a queue
 * that is online; else nothing is known.  A key that is not there has a pattern of
 * zeros with CCA, and none with EP11. */
static void
show_mkvps (LabModel *model, guint32 id, GString *content)
{
  const LabApDevice *queue = device_of (model, id);
  gboolean answers = queue->online && queue->config && !queue->checkstop;
  guint domain = LAB_AP_DOMAIN (id);

  for (guint i = 0; i < LAB_N_MASTER_KEYS; i++) {
    const LabMasterKeyType *type = &lab_master_key_types[i];
    const LabMasterKey *key =
        lab_master_key_find (model->master_keys, LAB_AP_ADAPTER (id), domain, i);
    char standard[LAB_MASTER_KEY_SIZE];
    const char *pattern = key ? key->pattern : standard;

    if (type->mode != card_of (model, id)->card.mode)
      continue;
    lab_master_key_default (i, domain, standard);
    if (!answers)
      g_string_append_printf (content, "%s: - -\n", type->label);
    else if (*pattern)
      g_string_append_printf (content, "%s: %s 0x%s\n", type->label, type->there,
                              pattern);
    else if (type->mode == LAB_MODE_EP11)
      g_string_append_printf (content, "%s: %s -\n", type->label, type->gone);
    else
      g_string_append_printf (content, "%s: %s 0x%0*d\n", type->label, type->gone,
                              (int) type->digits, 0);
  }
}

static void
show_override (LabModel *model, guint32 id, GString *content)
{
  const LabApDevice *queue = device_of (model, id);

  g_string_append_printf (content, "%s\n",
                          queue->queue.override ? queue->queue.override : "");
}

static int
store_override (LabModel *model, guint32 id, const char *text, gsize length G_GNUC_UNUSED)
{
  return lab_ap_set_override (model, device_of (model, id), text);
}

static void
show_interrupt (LabModel *model, guint32 id, GString *content)
{
  gboolean enabled = model->has_interrupts && has_zcrypt (model, id);

  g_string_append (content, enabled ? "Interrupts enabled.\n" : "Interrupts disabled.\n");
}

static void
show_reset (LabModel *model G_GNUC_UNUSED, guint32 id G_GNUC_UNUSED, GString *content)
{
  g_string_append (content, "No Reset Timer set.\n");
}

/* status_show() of vfio_ap_ops.c */
static void
show_status (LabModel *model, guint32 id, GString *content)
{
  VapMask adapter = { 0 }, domain = { 0 };

  if (lab_mdev_in_guest (model, id)) {
    g_string_append (content, "in use\n");
    return;
  }

  vap_mask_set (&adapter, LAB_AP_ADAPTER (id));
  vap_mask_set (&domain, LAB_AP_DOMAIN (id));
  g_string_append (content, lab_mdev_in_use (model, &adapter, &domain) ? "assigned\n"
                                                                       : "unassigned\n");
}

/* what PQAP(BAPQ) and PQAP(AAPQ) have left: a host's queue is not bound */
static void
show_se_bind (LabModel *model G_GNUC_UNUSED, guint32 id G_GNUC_UNUSED, GString *content)
{
  g_string_append (content, "-\n");
}

static void
show_uevent (LabModel *model, guint32 id, GString *content)
{
  lab_ap_properties (model, device_of (model, id), content);
}

static int
store_uevent (LabModel *model, guint32 id, const char *text, gsize length G_GNUC_UNUSED)
{
  g_autoptr (GString) lines = g_string_new (NULL);
  g_autofree char *path = lab_ap_path (id);

  lab_ap_properties (model, device_of (model, id), lines);
  return lab_event_synthetic (model, text, path, "ap", lines->str);
}

static int
store_root_uevent (LabModel *model, guint32 id G_GNUC_UNUSED, const char *text,
                   gsize length G_GNUC_UNUSED)
{
  return lab_event_synthetic (model, text, "/devices/ap", "ap", "");
}

static void
show_nothing (LabModel *model G_GNUC_UNUSED, guint32 id G_GNUC_UNUSED,
              GString *content G_GNUC_UNUSED)
{
}

static gboolean
has_vfio_ap (const LabModel *model, guint32 id)
{
  return device_of (model, id)->driver == LAB_DRIVER_VFIO_AP;
}

static gboolean
is_ep11 (const LabModel *model, guint32 id)
{
  return has_zcrypt (model, id) && card_of (model, id)->card.mode == LAB_MODE_EP11;
}

/* CCA and EP11 coprocessors, but no accelerator */
static gboolean
is_coprocessor (const LabModel *model, guint32 id)
{
  return has_zcrypt (model, id) && card_of (model, id)->card.mode != LAB_MODE_ACCELERATOR;
}

static gboolean
has_secure_binding (const LabModel *model, guint32 id G_GNUC_UNUSED)
{
  return model->kernel >= LAB_KERNEL_6_12 && model->qci_bits & VAP_QCI_APSB;
}

static gboolean
since_7_2 (const LabModel *model, guint32 id G_GNUC_UNUSED)
{
  return model->kernel >= LAB_KERNEL_7_2;
}

const LabAttr lab_attrs_root_device[] = {
  { "uevent", 0644, show_nothing, store_root_uevent, NULL },
  { NULL, 0, NULL, NULL, NULL },
};

const LabAttr lab_attrs_card[] = {
  { "API_ordinalnr", 0444 | LAB_FIXED, show_api_ordinalnr, NULL, is_ep11 },
  { "FW_version", 0444 | LAB_FIXED, show_fw_version, NULL, is_ep11 },
  { "ap_functions", 0444 | LAB_FIXED, show_functions, NULL, NULL },
  { "chkstop", 0444 | LAB_FIXED, show_checkstop, NULL, NULL },
  { "config", 0644, show_config, store_config, NULL },
  { "depth", 0444 | LAB_FIXED, show_depth, NULL, NULL },
  { "hwtype", 0444 | LAB_FIXED, show_hwtype, NULL, NULL },
  { "load", 0444 | LAB_FIXED, show_zero, NULL, has_zcrypt },
  { "max_msg_size", 0444 | LAB_FIXED, show_max_msg_size, NULL, NULL },
  { "modalias", 0444 | LAB_FIXED, show_modalias, NULL, NULL },
  { "online", 0644, show_online, store_card_online, has_zcrypt },
  { "op_modes", 0444 | LAB_FIXED, show_op_modes, NULL, is_ep11 },
  { "pendingq_count", 0444 | LAB_FIXED, show_zero, NULL, NULL },
  { "raw_hwtype", 0444 | LAB_FIXED, show_hwtype, NULL, NULL },
  { "request_count", 0644, show_zero, store_count, NULL },
  { "requestq_count", 0444 | LAB_FIXED, show_zero, NULL, NULL },
  { "serialnr", 0444 | LAB_FIXED, show_serialnr, NULL, is_coprocessor },
  { "type", 0444 | LAB_FIXED, show_type, NULL, has_zcrypt },
  { "uevent", 0644, show_uevent, store_uevent, NULL },
  { NULL, 0, NULL, NULL, NULL },
};

const LabAttr lab_attrs_queue[] = {
  { "ap_functions", 0444 | LAB_FIXED, show_functions, NULL, NULL },
  { "chkstop", 0444 | LAB_FIXED, show_checkstop, NULL, NULL },
  { "config", 0444 | LAB_FIXED, show_config, NULL, NULL },
  { "driver_override", 0644, show_override, store_override, since_7_2 },
  { "interrupt", 0444, show_interrupt, NULL, NULL },
  { "load", 0444 | LAB_FIXED, show_zero, NULL, has_zcrypt },
  { "mkvps", 0444, show_mkvps, NULL, is_coprocessor },
  { "online", 0644, show_online, store_queue_online, has_zcrypt },
  { "op_modes", 0444 | LAB_FIXED, show_op_modes, NULL, is_ep11 },
  { "pendingq_count", 0444 | LAB_FIXED, show_zero, NULL, NULL },
  { "request_count", 0644, show_zero, store_count, NULL },
  { "requestq_count", 0444 | LAB_FIXED, show_zero, NULL, NULL },
  { "reset", 0644, show_reset, store_count, NULL },
  { "se_associate", 0444 | LAB_FIXED, show_se_bind, NULL, has_secure_binding },
  { "se_bind", 0444 | LAB_FIXED, show_se_bind, NULL, has_secure_binding },
  { "status", 0444, show_status, NULL, has_vfio_ap },
  { "uevent", 0644, show_uevent, store_uevent, NULL },
  { NULL, 0, NULL, NULL, NULL },
};
