/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the callout prints for `get attributes` and `get capabilities`; see report.h. */
#include "config.h"

#include "callout/report.h"

#include <glib/gi18n.h>
#include <json-glib/json-glib.h>

#include "host/host.h"

/* The newest version of the callout contract (mdevctl 1.3, callouts.rs, V_2). */
#define CONTRACT_VERSION 2

/* mdevctl ≥ 1.3 refuses a command whose action or event is not among these. */
static const char *const actions[] = { "start",  "stop",       "define",       "undefine",
                                       "modify", "attributes", "capabilities", NULL };
static const char *const events[] = { "pre", "post", "get", "live", NULL };

static const struct {
  const char *name;
  gsize offset;
} attributes[] = {
  { "assign_adapter", G_STRUCT_OFFSET (VapMatrix, adapters) },
  { "assign_domain", G_STRUCT_OFFSET (VapMatrix, domains) },
  { "assign_control_domain", G_STRUCT_OFFSET (VapMatrix, control_domains) },
};

static gboolean
check_readable (const VapHostDevice *device, const char *uuid, GError **error)
{
  if (!device || !device->active)
    g_set_error (error, VAP_ERROR, VAP_ERROR_UNREADABLE,
                 _ ("There is no active AP matrix %s"), uuid);
  else if (device->problem)
    g_set_error (error, VAP_ERROR, VAP_ERROR_UNREADABLE,
                 _ ("The AP matrix %s cannot be read: %s"), uuid, device->problem);
  else if (device->truncated)
    g_set_error (error, VAP_ERROR, VAP_ERROR_UNREADABLE,
                 _ ("The AP matrix %s has more queues than this kernel can show"), uuid);
  else
    return TRUE;
  return FALSE;
}

char *
report_attributes (const char *root, const char *uuid, GError **error)
{
  g_autoptr (VapHost) host = vap_host_read (root, error);
  const VapHostDevice *device;
  GString *text;

  if (!host)
    return NULL;
  device = vap_host_find_device (host, uuid);
  if (!check_readable (device, uuid, error))
    return NULL;

  text = g_string_new ("[");
  for (gsize i = 0; i < G_N_ELEMENTS (attributes); i++) {
    const VapMask *mask =
        &G_STRUCT_MEMBER (VapMask, &device->matrix, attributes[i].offset);

    VAP_MASK_FOREACH (mask, bit)
      g_string_append_printf (text, "%s{\"%s\":\"%d\"}", text->len > 1 ? "," : "",
                              attributes[i].name, bit);
  }
  g_string_append (text, "]\n");
  return g_string_free (text, FALSE);
}

static gboolean
fail_offer (const char *key, GError **error)
{
  g_set_error (error, VAP_ERROR, VAP_ERROR_MALFORMED,
               _ ("What mdevctl offers on standard input has no proper '%s'"), key);
  return FALSE;
}

/* adds to @builder what is both in the offer's array @key and in @ours */
static gboolean
add_common (JsonBuilder *builder, JsonObject *provides, const char *key,
            const char *const *ours, GError **error)
{
  JsonNode *node = json_object_get_member (provides, key);
  JsonArray *offered;

  if (!node || !JSON_NODE_HOLDS_ARRAY (node))
    return fail_offer (key, error);
  offered = json_node_get_array (node);
  json_builder_set_member_name (builder, key);
  json_builder_begin_array (builder);
  for (guint i = 0; i < json_array_get_length (offered); i++) {
    JsonNode *name = json_array_get_element (offered, i);

    if (json_node_get_value_type (name) != G_TYPE_STRING)
      return fail_offer (key, error);
    if (g_strv_contains (ours, json_node_get_string (name)))
      json_builder_add_string_value (builder, json_node_get_string (name));
  }
  json_builder_end_array (builder);
  return TRUE;
}

static gboolean
add_version (JsonBuilder *builder, JsonObject *provides, GError **error)
{
  JsonNode *node = json_object_get_member (provides, "version");

  if (!node || json_node_get_value_type (node) != G_TYPE_INT64 ||
      json_node_get_int (node) < 1)
    return fail_offer ("version", error);
  json_builder_set_member_name (builder, "version");
  json_builder_add_int_value (builder, MIN (json_node_get_int (node), CONTRACT_VERSION));
  return TRUE;
}

/* (transfer none): the object "provides", NULL with an error */
static JsonObject *
find_offer (JsonParser *parser, GError **error)
{
  JsonNode *root = json_parser_get_root (parser);
  JsonNode *provides = NULL;

  if (root && JSON_NODE_HOLDS_OBJECT (root))
    provides = json_object_get_member (json_node_get_object (root), "provides");
  if (provides && JSON_NODE_HOLDS_OBJECT (provides))
    return json_node_get_object (provides);
  fail_offer ("provides", error);
  return NULL;
}

char *
report_capabilities (const char *offer, gsize length, GError **error)
{
  g_autoptr (JsonParser) parser = json_parser_new_immutable ();
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  g_autoptr (JsonNode) answer = NULL;
  g_autofree char *text = NULL;
  JsonObject *provides;

  if (!json_parser_load_from_data (parser, offer, (gssize) length, error))
    return NULL;
  provides = find_offer (parser, error);
  if (!provides)
    return NULL;

  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "supports");
  json_builder_begin_object (builder);
  if (!add_version (builder, provides, error) ||
      !add_common (builder, provides, "actions", actions, error) ||
      !add_common (builder, provides, "events", events, error))
    return NULL;
  json_builder_end_object (builder);
  json_builder_end_object (builder);

  answer = json_builder_get_root (builder);
  text = json_to_string (answer, FALSE);
  return g_strconcat (text, "\n", NULL);
}
