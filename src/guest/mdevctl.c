/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * mdevctl's JSON definition to VapDevice, as mdevctl's MDev::load_from_json()
 * and add_attributes() (src/mdev.rs) take it; used by host/ for what is stored
 * and by the callout.
 */
#include "config.h"

#include <glib/gi18n-lib.h>

#include "guest/device-private.h"
#include "guest/uuid.h"
#include "json/json.h"

/* what a user calls it */
static const char *
describe (const json_t *value)
{
  switch (json_typeof (value)) {
  case JSON_OBJECT:
    return _ ("an object");
  case JSON_ARRAY:
    return _ ("an array");
  case JSON_NULL:
    return _ ("null");
  case JSON_STRING:
    return _ ("a string");
  default:
    return _ ("a number or boolean");
  }
}

/* a member's string in @text, NULL when it is absent or null */
static gboolean
read_string (const json_t *object, const char *member, char **text, GError **error)
{
  const json_t *value = json_object_get (object, member);

  *text = NULL;
  if (value == NULL || json_is_null (value))
    return TRUE;
  if (!json_is_string (value)) {
    g_set_error (error, VAP_ERROR, VAP_ERROR_MALFORMED,
                 _ ("mdevctl definition: '%s' is %s, not a string"), member,
                 describe (value));
    return FALSE;
  }
  *text = g_strdup (json_string_value (value));
  return TRUE;
}

/* {"name":"value"} */
static gboolean
read_attribute (VapDevice *device, json_t *attribute, gsize number, GError **error)
{
  void *member;
  const char *name;
  const json_t *value;

  if (!json_is_object (attribute)) {
    g_set_error (error, VAP_ERROR, VAP_ERROR_MALFORMED,
                 _ ("mdevctl definition: attribute %zu is %s, not an object"), number,
                 describe (attribute));
    return FALSE;
  }
  if (json_object_size (attribute) != 1) {
    g_set_error (error, VAP_ERROR, VAP_ERROR_MALFORMED,
                 _ ("mdevctl definition: attribute %zu has %zu members, not one"), number,
                 json_object_size (attribute));
    return FALSE;
  }

  member = json_object_iter (attribute);
  name = json_object_iter_key (member);
  value = json_object_iter_value (member);
  if (!json_is_string (value)) {
    g_set_error (error, VAP_ERROR, VAP_ERROR_MALFORMED,
                 _ ("mdevctl definition: attribute '%s' is %s, not a string"), name,
                 describe (value));
    return FALSE;
  }
  vap_device_take_attribute (device, g_strdup (name),
                             g_strdup (json_string_value (value)));
  return TRUE;
}

static gboolean
read_attributes (VapDevice *device, const json_t *definition, GError **error)
{
  const json_t *list = json_object_get (definition, "attrs");

  if (list == NULL || json_is_null (list))
    return TRUE;
  if (!json_is_array (list)) {
    g_set_error (error, VAP_ERROR, VAP_ERROR_MALFORMED,
                 _ ("mdevctl definition: '%s' is %s, not an array"), "attrs",
                 describe (list));
    return FALSE;
  }
  for (gsize i = 0; i < json_array_size (list); i++)
    if (!read_attribute (device, json_array_get (list, i), i + 1, error))
      return FALSE;
  return TRUE;
}

VapDevice *
vap_device_parse_mdevctl (const char *json, gsize length, const char *uuid,
                          const char *parent, GError **error)
{
  json_auto_t *definition = vap_json_parse (json, length, VAP_JSON_MAX, error);

  if (definition == NULL)
    return NULL;
  return vap_device_from_mdevctl (definition, uuid, parent, error);
}

VapDevice *
vap_device_from_mdevctl (const json_t *definition, const char *uuid, const char *parent,
                         GError **error)
{
  g_autoptr (VapDevice) device = NULL;
  g_autofree char *start = NULL;

  if (!json_is_object (definition)) {
    g_set_error (error, VAP_ERROR, VAP_ERROR_MALFORMED,
                 _ ("mdevctl definition: it is %s, not an object"),
                 describe (definition));
    return NULL;
  }

  device = vap_device_new ();
  device->is_mdev = TRUE;
  device->of_mdevctl = TRUE;
  device->uuid = vap_uuid_keep (uuid);
  device->parent = g_strdup (parent);
  if (!read_string (definition, "mdev_type", &device->type, error) ||
      !read_string (definition, "start", &start, error) ||
      !read_attributes (device, definition, error))
    return NULL;
  device->autostart = g_strcmp0 (start, "auto") == 0;
  return g_steal_pointer (&device);
}
