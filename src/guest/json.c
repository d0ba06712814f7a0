/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The strict way to read JSON from strangers; used by mdevctl.c.
 */
#include "config.h"

#include "guest/json.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "guest/xml.h"

/* A definition has three levels. */
#define DEPTH_MAX 16u

/* the UTF-16 unit of an escape: backslash, u, four digits; -1 where there is none */
static gint
utf16_unit (const char *text, const char *end)
{
  gint unit = 0;

  if (end - text < 6 || text[0] != '\\' || text[1] != 'u')
    return -1;
  for (guint i = 2; i < 6; i++) {
    if (!g_ascii_isxdigit (text[i]))
      return -1;
    unit = unit * 16 + g_ascii_xdigit_value (text[i]);
  }
  return unit;
}

/* how long the escape at @text is, 0 for one that JSON does not have or that is
 * forbidden: a NUL would end the C string early, and half a surrogate pair is no
 * character (serde_json, which mdevctl uses, refuses it too) */
static gsize
escape_length (const char *text, const char *end)
{
  gint unit = utf16_unit (text, end);

  if (end - text >= 2 && text[1] != '\0' && strchr ("\"\\/bfnrt", text[1]) != NULL)
    return 2;
  if (unit <= 0 || (unit & 0xfc00) == 0xdc00)
    return 0;
  if ((unit & 0xfc00) != 0xd800)
    return 6;
  unit = utf16_unit (text + 6, end);
  return unit != -1 && (unit & 0xfc00) == 0xdc00 ? 12 : 0;
}

/* the '"' that ends a string, NULL when there is none or something forbidden
 * comes before; @text is after the opening one */
static const char *
skip_string (const char *text, const char *end)
{
  while (text < end) {
    gsize length = *text == '\\' ? escape_length (text, end) : 1;

    if (*text == '"')
      return text;
    if ((guchar) *text < 0x20 || length == 0)
      return NULL;
    text += length;
  }
  return NULL;
}

/* The outline, for what json-glib is lax about (@json is UTF-8 without NUL): which
 * characters may stand outside strings, how deep, and that nothing follows the first
 * value.  Returns the first character in the way, NULL when there is none. */
static const char *
find_fault (const char *json, gsize length)
{
  const char *end = json + length;
  guint depth = 0;
  gboolean complete = FALSE;

  for (const char *at = json; at < end; at++) {
    if (strchr (" \t\r\n", *at) != NULL)
      continue;
    if (complete)
      return at;
    if (*at == '"') {
      const char *quote = skip_string (at + 1, end);

      if (quote == NULL)
        return at;
      at = quote;
    } else if (*at == '{' || *at == '[') {
      if (++depth > DEPTH_MAX)
        return at;
    } else if (*at == '}' || *at == ']') {
      if (depth == 0)
        return at;
      complete = --depth == 0;
    } else if (!g_ascii_isalnum (*at) && strchr (",:+-.", *at) == NULL) {
      return at;
    }
  }
  return NULL;
}

static gboolean
check_bytes (const char *json, gsize length, GError **error)
{
  const char *fault;

  if (length > VAP_JSON_MAX) {
    g_set_error (error, VAP_ERROR, VAP_ERROR_TOO_LARGE,
                 _ ("JSON of %zu bytes is larger than the %u bytes allowed"), length,
                 VAP_JSON_MAX);
    return FALSE;
  }
  if (length == 0) {
    g_set_error (error, VAP_ERROR, VAP_ERROR_MALFORMED, _ ("JSON is empty"));
    return FALSE;
  }
  if (!g_utf8_validate_len (json, length, &fault)) {
    g_set_error (error, VAP_ERROR, VAP_ERROR_MALFORMED,
                 _ ("JSON line %ld: byte 0x%02x is not UTF-8 text"),
                 vap_text_line (json, fault - json), (guint) (guint8) *fault);
    return FALSE;
  }
  fault = find_fault (json, length);
  if (fault != NULL) {
    g_set_error (error, VAP_ERROR, VAP_ERROR_MALFORMED,
                 _ ("JSON line %ld: not well formed at '%.*s'"),
                 vap_text_line (json, fault - json),
                 (int) (g_utf8_next_char (fault) - fault), fault);
    return FALSE;
  }
  return TRUE;
}

/* The first name that is in an object twice: json-glib tells each member as it
 * comes, and the object doesn't grow at the second one. */
typedef struct {
  GHashTable *sizes; /* JsonObject to its size when last seen */
  char *name;
} Doubles;

static void
on_member (JsonParser *parser G_GNUC_UNUSED, JsonObject *object, const char *name,
           gpointer user_data)
{
  Doubles *doubles = user_data;
  guint size = json_object_get_size (object);
  guint before = GPOINTER_TO_UINT (g_hash_table_lookup (doubles->sizes, object));

  if (size == before && doubles->name == NULL)
    doubles->name = g_strdup (name);
  g_hash_table_insert (doubles->sizes, object, GUINT_TO_POINTER (size));
}

JsonNode *
vap_json_parse (const char *json, gsize length, GError **error)
{
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_autoptr (GHashTable) sizes = g_hash_table_new (NULL, NULL);
  Doubles doubles = { sizes, NULL };
  g_autoptr (GError) problem = NULL;
  g_autofree char *twice = NULL;
  JsonNode *root;
  gboolean parsed;

  if (!check_bytes (json, length, error))
    return NULL;

  g_signal_connect (parser, "object-member", G_CALLBACK (on_member), &doubles);
  parsed = json_parser_load_from_data (parser, json, (gssize) length, &problem);
  twice = doubles.name;
  root = parsed ? json_parser_get_root (parser) : NULL;
  if (root == NULL) {
    g_set_error (error, VAP_ERROR, VAP_ERROR_MALFORMED, _ ("JSON: %s"),
                 problem != NULL ? problem->message : _ ("there is no value"));
    return NULL;
  }
  if (twice != NULL) {
    g_set_error (error, VAP_ERROR, VAP_ERROR_MALFORMED, _ ("JSON: '%s' is there twice"),
                 twice);
    return NULL;
  }
  return json_node_ref (root);
}
