/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The attributes of the AP bus and of drivers and busses in general, as Linux
 * drivers/s390/crypto/ap_bus.c and drivers/base/bus.c have them.
 */
#include "model-private.h"

static void
append_mask (GString *content, const VapMask *mask)
{
  char digits[VAP_MASK_TEXT_SIZE];

  vap_mask_format (mask, digits);
  g_string_append_printf (content, "%s\n", digits);
}

static void
append_qci_mask (const LabModel *model, GString *content, const VapMask *mask)
{
  if (model->has_qci)
    append_mask (content, mask);
  else
    g_string_append (content, "not supported\n");
}

static void
show_adapter_mask (LabModel *model, guint32 id G_GNUC_UNUSED, GString *content)
{
  append_qci_mask (model, content, &model->qci.apm);
}

static void
show_usage_domain_mask (LabModel *model, guint32 id G_GNUC_UNUSED, GString *content)
{
  append_qci_mask (model, content, &model->qci.aqm);
}

static void
show_control_domain_mask (LabModel *model, guint32 id G_GNUC_UNUSED, GString *content)
{
  append_qci_mask (model, content, &model->qci.adm);
}

static void
show_domain (LabModel *model, guint32 id G_GNUC_UNUSED, GString *content)
{
  g_string_append_printf (content, "%d\n", model->default_domain);
}

static int
store_domain (LabModel *model, guint32 id G_GNUC_UNUSED, const char *text,
              gsize length G_GNUC_UNUSED)
{
  gint domain;
  int code = lab_parse_int (text, 0, 0, (gint) model->max_domain_id, &domain);

  if (code != 0 || !vap_mask_test (&model->aqmask, (guint) domain))
    return EINVAL;
  model->default_domain = domain;
  return 0;
}

static void
show_interrupts (LabModel *model, guint32 id G_GNUC_UNUSED, GString *content)
{
  g_string_append (content, model->has_interrupts ? "1\n" : "0\n");
}

static void
show_max_adapter (LabModel *model, guint32 id G_GNUC_UNUSED, GString *content)
{
  g_string_append_printf (content, "%u\n", model->max_adapter_id);
}

static void
show_max_domain (LabModel *model, guint32 id G_GNUC_UNUSED, GString *content)
{
  g_string_append_printf (content, "%u\n", model->max_domain_id);
}

static void
show_apmask (LabModel *model, guint32 id G_GNUC_UNUSED, GString *content)
{
  append_mask (content, &model->apmask);
}

static int
store_apmask (LabModel *model, guint32 id G_GNUC_UNUSED, const char *text,
              gsize length G_GNUC_UNUSED)
{
  return lab_ap_set_mask (model, TRUE, text);
}

static void
show_aqmask (LabModel *model, guint32 id G_GNUC_UNUSED, GString *content)
{
  append_mask (content, &model->aqmask);
}

static int
store_aqmask (LabModel *model, guint32 id G_GNUC_UNUSED, const char *text,
              gsize length G_GNUC_UNUSED)
{
  return lab_ap_set_mask (model, FALSE, text);
}

static void
show_bindings (LabModel *model, guint32 id G_GNUC_UNUSED, GString *content)
{
  g_string_append_printf (content, "%u/%u%s\n", model->n_bound, model->n_queues,
                          model->n_bound == model->n_queues ? " (complete)" : "");
}

static void
show_complete_count (LabModel *model, guint32 id G_GNUC_UNUSED, GString *content)
{
  g_string_append_printf (content, "%" G_GUINT64_FORMAT "\n", model->complete_count);
}

static void
show_config_time (LabModel *model, guint32 id G_GNUC_UNUSED, GString *content)
{
  g_string_append_printf (content, "%u\n", model->config_time);
}

static int
store_config_time (LabModel *model, guint32 id G_GNUC_UNUSED, const char *text,
                   gsize length G_GNUC_UNUSED)
{
  gint seconds;
  int code = lab_parse_int (text, 10, 5, 120, &seconds);

  if (code == 0)
    model->config_time = (guint) seconds;
  return code;
}

static void
show_features (LabModel *model, guint32 id G_GNUC_UNUSED, GString *content)
{
  gsize start = content->len;

  if (!model->has_qci)
    g_string_append_c (content, '-');
  for (guint bit = VAP_QCI_APSC; bit <= VAP_QCI_APSB; bit <<= 1) {
    if (model->qci_bits & bit)
      g_string_append_printf (content, "%s%s", content->len > start ? " " : "",
                              vap_qci_name (bit));
  }
  g_string_append_c (content, '\n');
}

static void
show_poll_thread (LabModel *model, guint32 id G_GNUC_UNUSED, GString *content)
{
  g_string_append (content, model->poll_thread ? "1\n" : "0\n");
}

/* poll_thread_store().  Linux 6.1 reads a number.  ap_poll_thread_start() does nothing
 * where there are interrupts. */
static int
store_poll_thread (LabModel *model, guint32 id G_GNUC_UNUSED, const char *text,
                   gsize length G_GNUC_UNUSED)
{
  gboolean on;
  gint number = 0;
  int code = model->kernel >= LAB_KERNEL_6_12
                 ? lab_parse_bool (text, &on)
                 : lab_parse_int (text, 10, G_MININT, G_MAXINT, &number);

  if (model->kernel < LAB_KERNEL_6_12)
    on = number != 0;
  if (code == 0)
    model->poll_thread = on && !model->has_interrupts;
  return code;
}

static void
show_poll_timeout (LabModel *model, guint32 id G_GNUC_UNUSED, GString *content)
{
  g_string_append_printf (content, "%" G_GUINT64_FORMAT "\n", model->poll_timeout);
}

/* poll_timeout_store(): at most 120 seconds, in ns.  Linux 6.1 passes over what follows
 * the number, and takes no 0. */
static int
store_poll_timeout (LabModel *model, guint32 id G_GNUC_UNUSED, const char *text,
                    gsize length G_GNUC_UNUSED)
{
  gboolean old = model->kernel < LAB_KERNEL_6_12;
  gulong timeout;
  int code = old ? lab_parse_leading (text, &timeout) : lab_parse_ulong (text, &timeout);

  if (code != 0)
    return code;
  if (timeout > 120000000000ul || (old && timeout == 0))
    return EINVAL;
  model->poll_timeout = timeout;
  return 0;
}

static void
show_scans (LabModel *model, guint32 id G_GNUC_UNUSED, GString *content)
{
  g_string_append_printf (content, "%" G_GUINT64_FORMAT "\n", model->scans);
}

static int
store_scans (LabModel *model, guint32 id G_GNUC_UNUSED, const char *text G_GNUC_UNUSED,
             gsize length G_GNUC_UNUSED)
{
  lab_ap_scan (model);
  return 0;
}

static gboolean
since_7_2 (const LabModel *model, guint32 id G_GNUC_UNUSED)
{
  return model->kernel >= LAB_KERNEL_7_2;
}

static gboolean
since_6_12 (const LabModel *model, guint32 id G_GNUC_UNUSED)
{
  return model->kernel >= LAB_KERNEL_6_12;
}

static int
store_bind (LabModel *model, guint32 id, const char *text, gsize length G_GNUC_UNUSED)
{
  return lab_ap_bind (model, id, text);
}

static int
store_unbind (LabModel *model, guint32 id, const char *text, gsize length G_GNUC_UNUSED)
{
  return lab_ap_unbind (model, id, text);
}

/* The drivers of busses other than the AP bus have their one device for good. */
static int
store_no_device (LabModel *model G_GNUC_UNUSED, guint32 id G_GNUC_UNUSED,
                 const char *text G_GNUC_UNUSED, gsize length G_GNUC_UNUSED)
{
  return ENODEV;
}

/* There is no listener for the events of drivers and busses themselves. */
static int
store_quietly (LabModel *model G_GNUC_UNUSED, guint32 id G_GNUC_UNUSED,
               const char *text G_GNUC_UNUSED, gsize length G_GNUC_UNUSED)
{
  return 0;
}

static void
show_autoprobe (LabModel *model G_GNUC_UNUSED, guint32 id G_GNUC_UNUSED, GString *content)
{
  g_string_append (content, "1\n");
}

static int
store_drivers_probe (LabModel *model, guint32 id G_GNUC_UNUSED, const char *text,
                     gsize length G_GNUC_UNUSED)
{
  g_autofree char *name = g_strchomp (g_strdup (text));
  LabApDevice *device = NULL;
  LabApId ap;

  if (lab_ap_id_parse (name, &ap))
    device = lab_ap_find (model, ap);
  if (!device)
    return ENODEV;
  if (device->driver == LAB_DRIVER_NONE)
    lab_ap_attach (model, device);
  return 0;
}

#define BUS_ATTRS(probe)                                                                 \
  { "drivers_autoprobe", 0644, show_autoprobe, store_quietly, NULL },                    \
      { "drivers_probe", 0200, NULL, probe, NULL },                                      \
  {                                                                                      \
    "uevent", 0200, NULL, store_quietly, NULL                                            \
  }

const LabAttr lab_attrs_bus[] = {
  BUS_ATTRS (store_no_device),
  { NULL, 0, NULL, NULL, NULL },
};

const LabAttr lab_attrs_bus_ap[] = {
  { "ap_adapter_mask", 0444 | LAB_FIXED, show_adapter_mask, NULL, NULL },
  { "ap_control_domain_mask", 0444 | LAB_FIXED, show_control_domain_mask, NULL, NULL },
  { "ap_domain", 0644, show_domain, store_domain, NULL },
  { "ap_interrupts", 0444 | LAB_FIXED, show_interrupts, NULL, NULL },
  { "ap_max_adapter_id", 0444 | LAB_FIXED, show_max_adapter, NULL, NULL },
  { "ap_max_domain_id", 0444 | LAB_FIXED, show_max_domain, NULL, NULL },
  { "ap_usage_domain_mask", 0444 | LAB_FIXED, show_usage_domain_mask, NULL, NULL },
  { "apmask", 0644 | LAB_FIXED, show_apmask, store_apmask, NULL },
  { "aqmask", 0644 | LAB_FIXED, show_aqmask, store_aqmask, NULL },
  { "bindings", 0444, show_bindings, NULL, NULL },
  { "bindings_complete_count", 0444, show_complete_count, NULL, since_7_2 },
  { "config_time", 0644, show_config_time, store_config_time, NULL },
  { "features", 0444 | LAB_FIXED, show_features, NULL, since_6_12 },
  { "poll_thread", 0644, show_poll_thread, store_poll_thread, NULL },
  { "poll_timeout", 0644, show_poll_timeout, store_poll_timeout, NULL },
  { "scans", 0644, show_scans, store_scans, NULL },
  BUS_ATTRS (store_drivers_probe),
  { NULL, 0, NULL, NULL, NULL },
};

const LabAttr lab_attrs_ap_driver[] = {
  { "bind", 0200, NULL, store_bind, NULL },
  { "unbind", 0200, NULL, store_unbind, NULL },
  { "uevent", 0200, NULL, store_quietly, NULL },
  { NULL, 0, NULL, NULL, NULL },
};

const LabAttr lab_attrs_driver[] = {
  { "bind", 0200, NULL, store_no_device, NULL },
  { "unbind", 0200, NULL, store_no_device, NULL },
  { "uevent", 0200, NULL, store_quietly, NULL },
  { NULL, 0, NULL, NULL, NULL },
};
