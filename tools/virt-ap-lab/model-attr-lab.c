/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * /sys/module/virt_ap_lab/parameters: the machine beneath the simulated kernel.  A
 * change shows at the next bus scan, as one of real hardware does.
 */
#include "model-private.h"

#include <string.h>

static void
show_cards (LabModel *model, guint32 id G_GNUC_UNUSED, GString *content)
{
  const char *separator = "";

  VAP_MASK_FOREACH (&model->hw.apm, adapter) {
    const LabCard *card = &model->hw_cards[adapter];

    g_string_append_printf (content, "%s%02x:%u:%u", separator, (guint) adapter,
                            card->hwtype, (guint) card->mode);
    separator = ",";
  }
  g_string_append (content, *separator ? "\n" : "-\n");
}

static int
store_cards (LabModel *model, guint32 id G_GNUC_UNUSED, const char *text,
             gsize length G_GNUC_UNUSED)
{
  g_autoptr (GArray) cards = NULL;

  if (!lab_machine_parse_cards (text, &cards, NULL))
    return EINVAL;
  memset (&model->hw.apm, 0, sizeof model->hw.apm);
  for (guint i = 0; i < cards->len; i++) {
    const LabCard *card = &g_array_index (cards, LabCard, i);

    model->hw_cards[card->id] = *card;
    vap_mask_set (&model->hw.apm, card->id);
  }
  return 0;
}

static void
append_domains (GString *content, const VapMask *domains)
{
  const char *separator = "";

  VAP_MASK_FOREACH (domains, domain) {
    g_string_append_printf (content, "%s%x", separator, (guint) domain);
    separator = ",";
  }
  g_string_append (content, *separator ? "\n" : "-\n");
}

static void
show_usage_domains (LabModel *model, guint32 id G_GNUC_UNUSED, GString *content)
{
  append_domains (content, &model->hw.aqm);
}

static int
store_usage_domains (LabModel *model, guint32 id G_GNUC_UNUSED, const char *text,
                     gsize length G_GNUC_UNUSED)
{
  return lab_machine_parse_domains (text, &model->hw.aqm, NULL) ? 0 : EINVAL;
}

static void
show_control_domains (LabModel *model, guint32 id G_GNUC_UNUSED, GString *content)
{
  append_domains (content, &model->hw.adm);
}

static int
store_control_domains (LabModel *model, guint32 id G_GNUC_UNUSED, const char *text,
                       gsize length G_GNUC_UNUSED)
{
  return lab_machine_parse_domains (text, &model->hw.adm, NULL) ? 0 : EINVAL;
}

static void
show_vfio_ap (LabModel *model, guint32 id G_GNUC_UNUSED, GString *content)
{
  g_string_append (content, model->vfio_ap ? "1\n" : "0\n");
}

/* for the stand-in for modprobe; nothing unloads it again */
static int
store_vfio_ap (LabModel *model, guint32 id G_GNUC_UNUSED, const char *text,
               gsize length G_GNUC_UNUSED)
{
  if (!lab_text_is (text, "1"))
    return EINVAL;
  if (!model->has_ap)
    return ENODEV;
  lab_model_load_vfio_ap (model);
  return 0;
}

static void
show_open (LabModel *model, guint32 id, GString *content)
{
  g_string_append (content, lab_mdev_find (model, id)->open ? "1\n" : "0\n");
}

/* it is opened for writing to be held, and nothing is written */
static int
store_nothing (LabModel *model G_GNUC_UNUSED, guint32 id G_GNUC_UNUSED,
               const char *text G_GNUC_UNUSED, gsize length G_GNUC_UNUSED)
{
  return EINVAL;
}

const LabAttr lab_attrs_lab_vfio[] = {
  { "device", 0600, show_open, store_nothing, NULL },
  { NULL, 0, NULL, NULL, NULL },
};

const LabAttr lab_attrs_lab_parameters[] = {
  { "cards", 0644, show_cards, store_cards, NULL },
  { "cdoms", 0644, show_control_domains, store_control_domains, NULL },
  { "udoms", 0644, show_usage_domains, store_usage_domains, NULL },
  { "vfio_ap", 0644, show_vfio_ap, store_vfio_ap, NULL },
  { NULL, 0, NULL, NULL, NULL },
};
