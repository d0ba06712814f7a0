/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Machine, AP bus, driver and masks in the host document.
 */
#include "config.h"

#include "host/document-priv.h"

#include <glib/gi18n-lib.h>

static const VapField bus_fields[] = {
  VAP_FIELD (VapHost, qci_known, VAP_FIELD_BOOL, 0),
  VAP_FIELD (VapHost, interrupts, VAP_FIELD_BOOL, 0),
  VAP_FIELD (VapHost, max_adapter_id, VAP_FIELD_UINT, VAP_MASK_BITS - 1),
  VAP_FIELD (VapHost, max_domain_id, VAP_FIELD_UINT, VAP_MASK_BITS - 1),
  VAP_FIELD (VapHost, adapters, VAP_FIELD_MASK, 0),
  VAP_FIELD (VapHost, usage_domains, VAP_FIELD_MASK, 0),
  VAP_FIELD (VapHost, control_domains, VAP_FIELD_MASK, 0),
  VAP_FIELD (VapHost, apmask, VAP_FIELD_MASK, 0),
  VAP_FIELD (VapHost, aqmask, VAP_FIELD_MASK, 0),
  VAP_FIELD (VapHost, override_in_use, VAP_FIELD_BOOL, 0),
  VAP_FIELD (VapHost, has_driver_override, VAP_FIELD_BOOL, 0),
};

static const VapField driver_fields[] = {
  VAP_FIELD (VapHost, has_ap_config, VAP_FIELD_BOOL, 0),
};

static const VapField persistent_fields[] = {
  VAP_FIELD (VapPersistentMasks, has_apmask, VAP_FIELD_BOOL, 0),
  VAP_FIELD (VapPersistentMasks, has_aqmask, VAP_FIELD_BOOL, 0),
  VAP_FIELD (VapPersistentMasks, apmask, VAP_FIELD_MASK, 0),
  VAP_FIELD (VapPersistentMasks, aqmask, VAP_FIELD_MASK, 0),
};

static const VapField card_fields[] = {
  { "adapter", VAP_FIELD_BYTE, offsetof (VapCard, id), VAP_MASK_BITS - 1 },
  VAP_FIELD (VapCard, hwtype, VAP_FIELD_UINT, 255),
  VAP_FIELD (VapCard, type, VAP_FIELD_STRING, 0),
  VAP_FIELD (VapCard, config, VAP_FIELD_BOOL, 0),
  VAP_FIELD (VapCard, checkstop, VAP_FIELD_BOOL, 0),
  VAP_FIELD (VapCard, online, VAP_FIELD_BOOL, 0),
};

/* the numbers of facilities as /proc/cpuinfo has them, "0 1 12 15"; NULL when they
 * are not known */
static char *
facilities_text (const VapHost *host)
{
  GString *text;

  if (!host->facilities_known)
    return NULL;
  text = g_string_new (NULL);
  for (guint i = 0; i < G_N_ELEMENTS (host->facilities); i++) {
    if (host->facilities[i] != 0)
      g_string_append_printf (text, "%s%u", text->len > 0 ? " " : "", i);
  }
  return g_string_free (text, FALSE);
}

static void
add_machine (VapJson *json, const VapHost *host)
{
  g_autofree char *facilities = facilities_text (host);
  g_autofree char *uv =
      host->uv_known ? g_strdup_printf ("0x%016" G_GINT64_MODIFIER "x", host->uv_features)
                     : NULL;

  vap_json_begin_object_named (json, "machine");
  vap_json_add_string (json, "type", host->machine);
  vap_json_add_string (json, "facilities", facilities);
  vap_json_add_string (json, "uv_features", uv);
  vap_json_end_object (json);
}

static char *
qci_text (const VapHost *host)
{
  GString *text = g_string_new (NULL);

  for (guint bit = 1; vap_qci_name (bit) != NULL; bit <<= 1) {
    if ((host->qci & bit) != 0)
      g_string_append_printf (text, "%s%s", text->len > 0 ? " " : "", vap_qci_name (bit));
  }
  return g_string_free (text, FALSE);
}

static void
add_bus (VapJson *json, const VapHost *host)
{
  g_autofree char *qci = qci_text (host);

  if (!host->has_ap_bus) {
    vap_json_add_string (json, "ap_bus", NULL);
    return;
  }
  vap_json_begin_object_named (json, "ap_bus");
  vap_json_add_string (json, "qci", qci);
  vap_fields_add (json, bus_fields, G_N_ELEMENTS (bus_fields), host);
  vap_json_begin_array_named (json, "cards");
  for (guint i = 0; i < host->cards->len; i++) {
    vap_json_begin_object (json);
    vap_fields_add (json, card_fields, G_N_ELEMENTS (card_fields), host->cards->pdata[i]);
    vap_json_end_object (json);
  }
  vap_json_end_array (json);
  vap_document_add_queues (json, "queues", &host->queues);
  vap_document_add_queues (json, "vfio_ap_queues", &host->vfio_bound);
  vap_json_end_object (json);
}

static void
add_driver (VapJson *json, const VapHost *host)
{
  if (!host->has_vfio_ap) {
    vap_json_add_string (json, "vfio_ap", NULL);
    return;
  }
  vap_json_begin_object_named (json, "vfio_ap");
  vap_fields_add (json, driver_fields, G_N_ELEMENTS (driver_fields), host);
  vap_json_end_object (json);
}

static void
add_persistent (VapJson *json, const VapHost *host, const VapHostRecord *record)
{
  vap_json_begin_object_named (json, "persistent");
  vap_fields_add (json, persistent_fields, G_N_ELEMENTS (persistent_fields),
                  &host->persistent);
  vap_json_add_string (json, "rule", record->rule);
  vap_json_end_object (json);
}

void
vap_document_add_machine (VapJson *json, const VapHost *host, const VapHostRecord *record)
{
  add_machine (json, host);
  add_bus (json, host);
  add_driver (json, host);
  add_persistent (json, host, record);
}

static gboolean
read_facilities (VapHost *host, const char *text, GError **error)
{
  g_auto (GStrv) numbers = NULL;

  host->facilities_known = text != NULL;
  if (text == NULL)
    return TRUE;
  numbers = g_strsplit (text, " ", -1);
  for (char **at = numbers; *at != NULL; at++) {
    guint64 number;

    if (**at == '\0')
      continue;
    if (!g_ascii_string_to_unsigned (*at, 10, 0, G_N_ELEMENTS (host->facilities) - 1,
                                     &number, NULL)) {
      g_set_error (error, VAP_ERROR, VAP_ERROR_MALFORMED,
                   _ ("'%s' should be numbers from 0 to %u"), "facilities",
                   (guint) G_N_ELEMENTS (host->facilities) - 1);
      return FALSE;
    }
    host->facilities[number] = 1;
  }
  return TRUE;
}

static gboolean
read_machine (const json_t *root, VapHost *host, GError **error)
{
  g_autofree char *facilities = NULL;
  g_autofree char *uv = NULL;
  const json_t *machine;

  if (!vap_json_read_object (root, "machine", FALSE, &machine, error) ||
      !vap_json_read_string (machine, "type", &host->machine, error) ||
      !vap_json_read_string (machine, "facilities", &facilities, error) ||
      !read_facilities (host, facilities, error) ||
      !vap_json_read_string (machine, "uv_features", &uv, error))
    return FALSE;
  host->uv_known = uv != NULL;
  if (uv == NULL)
    return TRUE;
  if (g_str_has_prefix (uv, "0x") &&
      g_ascii_string_to_unsigned (uv + 2, 16, 0, G_MAXUINT64, &host->uv_features, NULL))
    return TRUE;
  g_set_error (error, VAP_ERROR, VAP_ERROR_MALFORMED,
               _ ("'%s' should be a hexadecimal number"), "uv_features");
  return FALSE;
}

static gboolean
read_card (const json_t *element, gpointer user_data, GError **error)
{
  GPtrArray *cards = user_data;
  const VapCard *before = cards->len > 0 ? cards->pdata[cards->len - 1] : NULL;
  VapCard *card = g_new0 (VapCard, 1);

  g_ptr_array_add (cards, card);
  if (!vap_fields_read (element, card_fields, G_N_ELEMENTS (card_fields), card, error))
    return FALSE;
  card->mode = card->type != NULL ? vap_card_mode_of (card->type) : VAP_CARD_MODE_UNKNOWN;
  if (before == NULL || before->id < card->id)
    return TRUE;
  g_set_error (error, VAP_ERROR, VAP_ERROR_MALFORMED,
               _ ("card %02x is there twice, or not in its place"), card->id);
  return FALSE;
}

static gboolean
read_bus (const json_t *root, VapHost *host, GError **error)
{
  g_autofree char *qci = NULL;
  const json_t *bus;

  if (!vap_json_read_object (root, "ap_bus", TRUE, &bus, error))
    return FALSE;
  host->has_ap_bus = bus != NULL;
  if (bus == NULL)
    return TRUE;
  if (!vap_json_read_string (bus, "qci", &qci, error) ||
      !vap_fields_read (bus, bus_fields, G_N_ELEMENTS (bus_fields), host, error) ||
      !vap_json_each (bus, "cards", read_card, host->cards, error) ||
      !vap_document_read_queues (bus, "queues", &host->queues, error) ||
      !vap_document_read_queues (bus, "vfio_ap_queues", &host->vfio_bound, error)) {
    g_prefix_error (error, "%s: ", "ap_bus");
    return FALSE;
  }
  host->qci = qci != NULL ? vap_qci_parse (qci) : 0;
  return TRUE;
}

static gboolean
read_driver (const json_t *root, VapHost *host, GError **error)
{
  const json_t *driver;

  if (!vap_json_read_object (root, "vfio_ap", TRUE, &driver, error))
    return FALSE;
  host->has_vfio_ap = driver != NULL;
  return driver == NULL || vap_fields_read (driver, driver_fields,
                                            G_N_ELEMENTS (driver_fields), host, error);
}

static gboolean
read_persistent (const json_t *root, VapHost *host, GError **error)
{
  const json_t *persistent;

  return vap_json_read_object (root, "persistent", FALSE, &persistent, error) &&
         vap_fields_read (persistent, persistent_fields, G_N_ELEMENTS (persistent_fields),
                          &host->persistent, error) &&
         vap_json_read_string (persistent, "rule", &host->record->rule, error);
}

gboolean
vap_document_read_machine (const json_t *root, VapHost *host, GError **error)
{
  return read_machine (root, host, error) && read_bus (root, host, error) &&
         read_driver (root, host, error) && read_persistent (root, host, error);
}
