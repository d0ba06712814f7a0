/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * AP matrices in the host document.  A definition is there in mdevctl's own form, so
 * that it can be given back to it.
 */
#include "config.h"

#include "host/document-priv.h"

#include <string.h>

#include <glib/gi18n-lib.h>

#include "guest/device-private.h"
#include "host/priv.h"

static const VapField device_fields[] = {
  VAP_FIELD (VapHostDevice, uuid, VAP_FIELD_STRING, 0),
  VAP_FIELD (VapHostDevice, active, VAP_FIELD_BOOL, 0),
  VAP_FIELD (VapHostDevice, truncated, VAP_FIELD_BOOL, 0),
  VAP_FIELD (VapHostDevice, problem, VAP_FIELD_STRING, 0),
};

/* Source: mdevctl src/mdev.rs, to_json() */
static void
add_definition (VapJson *json, const VapDevice *definition)
{
  if (definition == NULL) {
    vap_json_add_string (json, "definition", NULL);
    return;
  }
  vap_json_begin_object_named (json, "definition");
  vap_json_add_string (json, "mdev_type", definition->type);
  vap_json_add_string (json, "start", definition->autostart ? "auto" : "manual");
  vap_json_begin_array_named (json, "attrs");
  for (guint i = 0; i < definition->attributes->len; i++) {
    const VapAttribute *attribute = definition->attributes->pdata[i];

    vap_json_begin_object (json);
    vap_json_add_string (json, attribute->name, attribute->value);
    vap_json_end_object (json);
  }
  vap_json_end_array (json);
  vap_json_end_object (json);
}

void
vap_document_add_devices (VapJson *json, const VapHost *host)
{
  vap_json_begin_array_named (json, "devices");
  for (guint i = 0; i < host->devices->len; i++) {
    const VapHostDevice *device = host->devices->pdata[i];

    vap_json_begin_object (json);
    vap_fields_add (json, device_fields, G_N_ELEMENTS (device_fields), device);
    vap_document_add_matrix (json, "matrix", &device->matrix);
    add_definition (json, device->definition);
    vap_json_end_object (json);
  }
  vap_json_end_array (json);
  vap_document_add_strings (json, "other_mdevs", host->other_mdevs);
}

static gboolean
read_definition (const json_t *element, VapHostDevice *device, GError **error)
{
  const json_t *definition;

  if (!vap_json_read_object (element, "definition", TRUE, &definition, error))
    return FALSE;
  if (definition == NULL)
    return TRUE;
  device->definition =
      vap_device_from_mdevctl (definition, device->uuid, VAP_DEVICE_PARENT, error);
  if (device->definition == NULL)
    return FALSE;
  vap_device_matrix (device->definition, &device->defined_matrix, NULL, NULL);
  return TRUE;
}

/* in place, as the snapshot keeps UUIDs */
static gboolean
check_uuid (const char *uuid, GError **error)
{
  char canonical[37];

  if (uuid != NULL && vap_uuid_canonical (uuid, canonical) &&
      g_str_equal (uuid, canonical))
    return TRUE;
  g_set_error (error, VAP_ERROR, VAP_ERROR_MALFORMED, _ ("'%s' is no UUID in lower case"),
               uuid != NULL ? uuid : "");
  return FALSE;
}

/* the order of UUIDs is the snapshot's, and tells one that is there twice */
static gboolean
read_device (const json_t *element, gpointer user_data, GError **error)
{
  GPtrArray *devices = user_data;
  const VapHostDevice *before =
      devices->len > 0 ? devices->pdata[devices->len - 1] : NULL;
  VapHostDevice *device = g_new0 (VapHostDevice, 1);

  g_ptr_array_add (devices, device);
  if (!vap_fields_read (element, device_fields, G_N_ELEMENTS (device_fields), device,
                        error) ||
      !check_uuid (device->uuid, error) ||
      !vap_document_read_matrix (element, "matrix", &device->matrix, error) ||
      !read_definition (element, device, error))
    return FALSE;
  if (before == NULL || strcmp (before->uuid, device->uuid) < 0)
    return TRUE;
  g_set_error (error, VAP_ERROR, VAP_ERROR_MALFORMED,
               _ ("'%s' is there twice, or not in its place"), device->uuid);
  return FALSE;
}

gboolean
vap_document_read_devices (const json_t *root, VapHost *host, GError **error)
{
  if (!vap_json_each (root, "devices", read_device, host->devices, error) ||
      !vap_document_read_strings (root, "other_mdevs", host->other_mdevs, error))
    return FALSE;
  for (guint i = 0; i < host->other_mdevs->len; i++) {
    if (check_uuid (host->other_mdevs->pdata[i], error))
      continue;
    g_prefix_error (error, "%s: ", "other_mdevs");
    return FALSE;
  }
  return TRUE;
}
