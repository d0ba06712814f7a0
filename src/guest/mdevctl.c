/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * mdevctl's JSON definition to VapDevice, as mdevctl's MDev::load_from_json()
 * and add_attributes() (src/mdev.rs) take it; used by host/ for what is stored
 * and by the callout.
 */
#include "config.h"

#include <glib/gi18n-lib.h>

#include "guest/device-private.h"
#include "guest/json.h"
#include "guest/uuid.h"

/* what a user calls it */
static const char *
describe (JsonNode *node)
{
  switch (JSON_NODE_TYPE (node)) {
  case JSON_NODE_OBJECT:
    return _ ("an object");
  case JSON_NODE_ARRAY:
    return _ ("an array");
  case JSON_NODE_NULL:
    return _ ("null");
  case JSON_NODE_VALUE:
  default:
    return JSON_NODE_HOLDS_VALUE (node) &&
                   json_node_get_value_type (node) == G_TYPE_STRING
               ? _ ("a string")
               : _ ("a number or boolean");
  }
}

static gboolean
is_string (JsonNode *node)
{
  return JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == G_TYPE_STRING;
}

/* a member's string in @text, NULL when it is absent or null */
static gboolean
read_string (JsonObject *object, const char *member, char **text, GError **error)
{
  JsonNode *node = json_object_get_member (object, member);

  *text = NULL;
  if (node == NULL || JSON_NODE_HOLDS_NULL (node))
    return TRUE;
  if (!is_string (node)) {
    g_set_error (error, VAP_ERROR, VAP_ERROR_MALFORMED,
                 _ ("mdevctl definition: '%s' is %s, not a string"), member,
                 describe (node));
    return FALSE;
  }
  *text = json_node_dup_string (node);
  return TRUE;
}

/* {"name":"value"} */
static gboolean
read_attribute (VapDevice *device, JsonNode *node, guint number, GError **error)
{
  JsonObjectIter iter;
  const char *name;
  JsonNode *value;

  if (!JSON_NODE_HOLDS_OBJECT (node)) {
    g_set_error (error, VAP_ERROR, VAP_ERROR_MALFORMED,
                 _ ("mdevctl definition: attribute %u is %s, not an object"), number,
                 describe (node));
    return FALSE;
  }
  if (json_object_get_size (json_node_get_object (node)) != 1) {
    g_set_error (error, VAP_ERROR, VAP_ERROR_MALFORMED,
                 _ ("mdevctl definition: attribute %u has %u members, not one"), number,
                 json_object_get_size (json_node_get_object (node)));
    return FALSE;
  }

  json_object_iter_init (&iter, json_node_get_object (node));
  if (!json_object_iter_next (&iter, &name, &value))
    return FALSE;
  if (!is_string (value)) {
    g_set_error (error, VAP_ERROR, VAP_ERROR_MALFORMED,
                 _ ("mdevctl definition: attribute '%s' is %s, not a string"), name,
                 describe (value));
    return FALSE;
  }
  vap_device_take_attribute (device, g_strdup (name), json_node_dup_string (value));
  return TRUE;
}

static gboolean
read_attributes (VapDevice *device, JsonObject *definition, GError **error)
{
  JsonNode *node = json_object_get_member (definition, "attrs");
  JsonArray *array;

  if (node == NULL || JSON_NODE_HOLDS_NULL (node))
    return TRUE;
  if (!JSON_NODE_HOLDS_ARRAY (node)) {
    g_set_error (error, VAP_ERROR, VAP_ERROR_MALFORMED,
                 _ ("mdevctl definition: '%s' is %s, not an array"), "attrs",
                 describe (node));
    return FALSE;
  }
  array = json_node_get_array (node);
  for (guint i = 0; i < json_array_get_length (array); i++)
    if (!read_attribute (device, json_array_get_element (array, i), i + 1, error))
      return FALSE;
  return TRUE;
}

VapDevice *
vap_device_parse_mdevctl (const char *json, gsize length, const char *uuid,
                          const char *parent, GError **error)
{
  g_autoptr (JsonNode) root = vap_json_parse (json, length, error);
  g_autoptr (VapDevice) device = NULL;
  g_autofree char *start = NULL;
  JsonObject *definition;

  if (root == NULL)
    return NULL;
  if (!JSON_NODE_HOLDS_OBJECT (root)) {
    g_set_error (error, VAP_ERROR, VAP_ERROR_MALFORMED,
                 _ ("mdevctl definition: it is %s, not an object"), describe (root));
    return NULL;
  }

  definition = json_node_get_object (root);
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
