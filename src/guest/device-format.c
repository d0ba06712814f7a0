/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A matrix as mdevctl's JSON definition and as libvirt's node-device XML; the reverse
 * of mdevctl.c and device-xml.c, for who makes devices (change/).  Names and values need
 * no escaping in either.
 */
#include "guest/device.h"

/* Numbers decimal: libvirt's own AP tests read them so. */
static const struct {
  const char *name;
  gsize offset;
} parts[] = {
  { "assign_adapter", G_STRUCT_OFFSET (VapMatrix, adapters) },
  { "assign_domain", G_STRUCT_OFFSET (VapMatrix, domains) },
  { "assign_control_domain", G_STRUCT_OFFSET (VapMatrix, control_domains) },
};

typedef void (*AddAttribute) (GString *text, const char *name, const char *value);

static void
add_json (GString *text, const char *name, const char *value)
{
  gboolean first = g_str_has_suffix (text->str, "[");

  g_string_append_printf (text, "%s{\"%s\":\"%s\"}", first ? "" : ",", name, value);
}

static void
add_xml (GString *text, const char *name, const char *value)
{
  g_string_append_printf (text, "    <attr name='%s' value='%s'/>\n", name, value);
}

static void
add_attributes (GString *text, const VapMatrix *matrix, VapDeviceForm form,
                AddAttribute add)
{
  if (form == VAP_DEVICE_FORM_CONFIG) {
    g_autofree char *config = vap_matrix_to_ap_config (matrix);

    add (text, "ap_config", config);
    return;
  }
  for (gsize i = 0; i < G_N_ELEMENTS (parts); i++) {
    const VapMask *mask = &G_STRUCT_MEMBER (VapMask, matrix, parts[i].offset);

    VAP_MASK_FOREACH (mask, bit) {
      g_autofree char *number = g_strdup_printf ("%d", bit);

      add (text, parts[i].name, number);
    }
  }
}

char *
vap_device_format_mdevctl (const VapMatrix *matrix, gboolean autostart,
                           VapDeviceForm form)
{
  GString *text = g_string_new (NULL);

  g_string_append_printf (
      text, "{\"mdev_type\":\"" VAP_DEVICE_TYPE "\",\"start\":\"%s\",\"attrs\":[",
      autostart ? "auto" : "manual");
  add_attributes (text, matrix, form, add_json);
  g_string_append (text, "]}");
  return g_string_free (text, FALSE);
}

char *
vap_device_format_xml (const char *uuid, const VapMatrix *matrix, VapDeviceForm form)
{
  GString *text = g_string_new ("<device>\n"
                                "  <parent>" VAP_DEVICE_PARENT_LIBVIRT "</parent>\n"
                                "  <capability type='mdev'>\n"
                                "    <type id='" VAP_DEVICE_TYPE "'/>\n");

  g_string_append_printf (text, "    <uuid>%s</uuid>\n", uuid);
  add_attributes (text, matrix, form, add_xml);
  g_string_append (text, "  </capability>\n</device>\n");
  return g_string_free (text, FALSE);
}

char *
vap_device_node_name (const char *uuid)
{
  g_autofree char *words = g_strdelimit (g_strdup (uuid), "-", '_');

  return g_strdup_printf ("mdev_%s_" VAP_DEVICE_PARENT, words);
}
