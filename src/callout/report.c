/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the callout prints for `get attributes` and `get capabilities`; see report.h. */
#include "config.h"

#include "callout/report.h"

#include <glib/gi18n.h>

#include "host/host.h"
#include "json/json.h"
#include "json/writer.h"

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

/* adds what is both in the offer's array @key and in @ours */
static gboolean
add_common (VapJson *json, const json_t *provides, const char *key,
            const char *const *ours, GError **error)
{
  const json_t *offered = json_object_get (provides, key);

  if (!json_is_array (offered))
    return fail_offer (key, error);
  vap_json_name (json, key);
  vap_json_begin_array (json);
  for (gsize i = 0; i < json_array_size (offered); i++) {
    const char *name = json_string_value (json_array_get (offered, i));

    if (!name)
      return fail_offer (key, error);
    if (g_strv_contains (ours, name))
      vap_json_string (json, name);
  }
  vap_json_end_array (json);
  return TRUE;
}

static gboolean
add_version (VapJson *json, const json_t *provides, GError **error)
{
  json_int_t version = json_integer_value (json_object_get (provides, "version"));

  if (version < 1)
    return fail_offer ("version", error);
  vap_json_name (json, "version");
  vap_json_int (json, MIN (version, CONTRACT_VERSION));
  return TRUE;
}

char *
report_capabilities (const char *offer, gsize length, GError **error)
{
  json_auto_t *root = vap_json_parse (offer, length, VAP_JSON_MAX, error);
  const json_t *provides = json_object_get (root, "provides");
  g_autoptr (VapJson) json = vap_json_new ();
  g_autofree char *text = NULL;

  if (!root)
    return NULL;
  if (!json_is_object (provides)) {
    fail_offer ("provides", error);
    return NULL;
  }
  vap_json_begin_object (json);
  vap_json_name (json, "supports");
  vap_json_begin_object (json);
  if (!add_version (json, provides, error) ||
      !add_common (json, provides, "actions", actions, error) ||
      !add_common (json, provides, "events", events, error))
    return NULL;
  vap_json_end_object (json);
  vap_json_end_object (json);

  text = vap_json_to_text (json, FALSE);
  return g_strconcat (text, "\n", NULL);
}
