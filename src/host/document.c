/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A snapshot to JSON and back: the parts are put together here, and each has a file of
 * its own.  What is read was perhaps written by a stranger.
 */
#include "config.h"

#include "host/document.h"

#include <string.h>

#include <glib/gi18n-lib.h>

#include "host/document-priv.h"
#include "host/priv.h"

/* stands first, so that a file is known for what it is */
#define FORMAT "virt-ap-host"

void
vap_document_add_strings (VapJson *json, const char *name, const GPtrArray *strings)
{
  vap_json_begin_array_named (json, name);
  for (guint i = 0; i < strings->len; i++)
    vap_json_string (json, strings->pdata[i]);
  vap_json_end_array (json);
}

gboolean
vap_document_read_strings (const json_t *object, const char *name, GPtrArray *strings,
                           GError **error)
{
  const json_t *list;

  if (!vap_json_read_array (object, name, FALSE, &list, error))
    return FALSE;
  for (gsize i = 0; i < json_array_size (list); i++) {
    const json_t *element = json_array_get (list, i);

    if (!json_is_string (element)) {
      g_set_error (error, VAP_ERROR, VAP_ERROR_MALFORMED,
                   _ ("'%s' should be a list of strings"), name);
      return FALSE;
    }
    g_ptr_array_add (strings, g_strdup (json_string_value (element)));
  }
  return TRUE;
}

char *
vap_host_to_json (const VapHost *host, const VapHostRecord *record)
{
  static const VapHostRecord nothing = { 0 };
  g_autoptr (VapJson) json = vap_json_new ();
  g_autofree char *text = NULL;

  if (record == NULL)
    record = host->record != NULL ? host->record : &nothing;
  vap_json_begin_object (json);
  vap_json_name (json, FORMAT);
  vap_json_int (json, VAP_HOST_DOCUMENT_VERSION);
  vap_document_add_identity (json, record);
  vap_document_add_machine (json, host, record);
  vap_document_add_devices (json, host);
  vap_document_add_guests (json, host);
  vap_document_add_strings (json, "problems", host->problems);
  vap_document_add_record (json, record);
  vap_json_end_object (json);
  text = vap_json_to_text (json, TRUE);
  return g_strconcat (text, "\n", NULL);
}

static gboolean
check_version (const json_t *root, GError **error)
{
  const json_t *version = json_object_get (root, FORMAT);
  g_autofree char *number = NULL;

  if (!json_is_integer (version)) {
    g_set_error (error, VAP_ERROR, VAP_ERROR_MALFORMED,
                 _ ("it is no host document of virt-ap export: '%s' is missing"), FORMAT);
    return FALSE;
  }
  if (json_integer_value (version) == VAP_HOST_DOCUMENT_VERSION)
    return TRUE;
  number = g_strdup_printf ("%" JSON_INTEGER_FORMAT, json_integer_value (version));
  g_set_error (error, VAP_ERROR, VAP_ERROR_MALFORMED,
               _ ("the host document has version %s, and this virt-ap reads version %u"),
               number, VAP_HOST_DOCUMENT_VERSION);
  return FALSE;
}

VapHost *
vap_host_from_json (const char *json, gsize length, GError **error)
{
  json_auto_t *root = vap_json_parse (json, length, VAP_HOST_DOCUMENT_MAX, error);
  g_autoptr (VapHost) host = vap_host_new (NULL);

  if (root == NULL || !check_version (root, error))
    return NULL;
  host->record = vap_host_record_blank ();
  if (!vap_document_read_record (root, host->record, error) ||
      !vap_document_read_machine (root, host, error) ||
      !vap_document_read_devices (root, host, error) ||
      !vap_document_read_guests (root, host, error) ||
      !vap_document_read_strings (root, "problems", host->problems, error))
    return NULL;
  return g_steal_pointer (&host);
}

VapHost *
vap_host_load (const char *file, GError **error)
{
  g_autofree char *json = NULL;
  gsize length = 0;
  VapHost *host;

  switch (vap_file_read ("", file, VAP_HOST_DOCUMENT_MAX, &json, &length, error)) {
  case VAP_READ_DONE:
    break;
  case VAP_READ_ABSENT:
    g_set_error (error, VAP_ERROR, VAP_ERROR_UNREADABLE,
                 _ ("the host document '%s' is not there"), file);
    return NULL;
  case VAP_READ_DENIED:
  case VAP_READ_FAILED:
  default:
    return NULL;
  }
  host = vap_host_from_json (json, length, error);
  if (host == NULL) {
    g_prefix_error (error, "%s: ", file);
    return NULL;
  }
  g_free (host->root);
  host->root = g_strdup (file);
  return host;
}
