/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a host document says besides the snapshot: whose it is, the emulator, and the
 * patterns of the master keys.
 */
#include "config.h"

#include "host/document-priv.h"

#include <string.h>

static const VapField record_fields[] = {
  VAP_FIELD (VapHostRecord, name, VAP_FIELD_STRING, 0),
  VAP_FIELD (VapHostRecord, time, VAP_FIELD_STRING, 0),
  VAP_FIELD (VapHostRecord, kernel, VAP_FIELD_STRING, 0),
  VAP_FIELD (VapHostRecord, version, VAP_FIELD_STRING, 0),
};

static void
add_qemu (VapJson *json, const VapQemu *qemu)
{
  g_autoptr (GList) names = NULL;
  g_autoptr (GString) properties = g_string_new (NULL);

  if (qemu == NULL) {
    vap_json_add_string (json, "qemu", NULL);
    return;
  }
  names = g_list_sort (g_hash_table_get_keys (qemu->properties), (GCompareFunc) strcmp);
  for (GList *at = names; at != NULL; at = at->next)
    g_string_append_printf (properties, "%s%s", properties->len > 0 ? " " : "",
                            (const char *) at->data);
  vap_json_begin_object_named (json, "qemu");
  vap_json_add_string (json, "binary", qemu->binary);
  vap_json_add_string (json, "version", qemu->version);
  vap_json_add_string (json, "properties", properties->str);
  vap_json_end_object (json);
}

static void
add_pattern (const char *text, const VapQueueSet *queues, gpointer user_data)
{
  VapJson *json = user_data;

  vap_json_begin_object (json);
  vap_json_add_string (json, "text", text);
  vap_document_add_queues (json, "queues", queues);
  vap_json_end_object (json);
}

static void
add_patterns (VapJson *json, const VapPatterns *patterns)
{
  if (patterns == NULL) {
    vap_json_add_string (json, "mkvps", NULL);
    return;
  }
  vap_json_begin_array_named (json, "mkvps");
  vap_patterns_each (patterns, add_pattern, json);
  vap_json_end_array (json);
}

void
vap_document_add_identity (VapJson *json, const VapHostRecord *record)
{
  vap_json_begin_object_named (json, "host");
  vap_fields_add (json, record_fields, G_N_ELEMENTS (record_fields), record);
  vap_json_end_object (json);
}

void
vap_document_add_record (VapJson *json, const VapHostRecord *record)
{
  add_qemu (json, record->qemu);
  add_patterns (json, record->patterns);
}

static gboolean
read_qemu (const json_t *root, VapHostRecord *record, GError **error)
{
  g_autofree char *binary = NULL;
  g_autofree char *version = NULL;
  g_autofree char *properties = NULL;
  g_auto (GStrv) names = NULL;
  const json_t *qemu;

  if (!vap_json_read_object (root, "qemu", TRUE, &qemu, error))
    return FALSE;
  if (qemu == NULL)
    return TRUE;
  if (!vap_json_read_string (qemu, "binary", &binary, error) ||
      !vap_json_read_string (qemu, "version", &version, error) ||
      !vap_json_read_string (qemu, "properties", &properties, error)) {
    g_prefix_error (error, "%s: ", "qemu");
    return FALSE;
  }
  names = g_strsplit (properties != NULL ? properties : "", " ", -1);
  record->qemu = vap_qemu_new (binary, version, (const char *const *) names);
  return TRUE;
}

static gboolean
read_pattern (const json_t *element, gpointer user_data, GError **error)
{
  VapPatterns *patterns = user_data;
  g_autofree VapQueueSet *queues = g_new0 (VapQueueSet, 1);
  g_autofree char *text = NULL;

  if (!vap_json_read_string (element, "text", &text, error) ||
      !vap_document_read_queues (element, "queues", queues, error))
    return FALSE;
  for (guint adapter = 0; text != NULL && adapter < VAP_MASK_BITS; adapter++) {
    VAP_MASK_FOREACH (&queues->domains[adapter], domain) {
      vap_patterns_set (patterns, (VapQueue){ (guint8) adapter, (guint8) domain }, text);
    }
  }
  return TRUE;
}

static gboolean
read_patterns (const json_t *root, VapHostRecord *record, GError **error)
{
  const json_t *list;

  if (!vap_json_read_array (root, "mkvps", TRUE, &list, error))
    return FALSE;
  if (list == NULL)
    return TRUE;
  record->patterns = vap_patterns_new ();
  return vap_json_each (root, "mkvps", read_pattern, record->patterns, error);
}

static gboolean
read_identity (const json_t *root, VapHostRecord *record, GError **error)
{
  const json_t *object;

  if (vap_json_read_object (root, "host", FALSE, &object, error) &&
      vap_fields_read (object, record_fields, G_N_ELEMENTS (record_fields), record,
                       error))
    return TRUE;
  g_prefix_error (error, "%s: ", "host");
  return FALSE;
}

gboolean
vap_document_read_record (const json_t *root, VapHostRecord *record, GError **error)
{
  return read_identity (root, record, error) && read_qemu (root, record, error) &&
         read_patterns (root, record, error);
}
