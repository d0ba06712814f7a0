/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Writing JSON; see writer.h.
 */
#include "json/writer.h"

#include <stdlib.h>

struct _VapJson {
  json_t *root;
  GPtrArray *open; /* json_t *, not owned: the containers begun and not ended */
  char *name;      /* of the next member */
};

VapJson *
vap_json_new (void)
{
  VapJson *json = g_new0 (VapJson, 1);

  json->open = g_ptr_array_new ();
  return json;
}

void
vap_json_free (VapJson *json)
{
  if (json == NULL)
    return;
  json_decref (json->root);
  g_ptr_array_unref (json->open);
  g_free (json->name);
  g_free (json);
}

/* jansson tells that memory ran out; GLib's way is to end */
static json_t *
there (json_t *value)
{
  if (value == NULL)
    g_error ("out of memory for JSON");
  return value;
}

void
vap_json_name (VapJson *json, const char *name)
{
  g_return_if_fail (json->name == NULL);
  json->name = g_utf8_make_valid (name, -1);
}

/* takes @value and puts it where the document has got to */
static void
put (VapJson *json, json_t *value)
{
  json_t *into = json->open->len > 0 ? json->open->pdata[json->open->len - 1] : NULL;

  if (into == NULL) {
    g_return_if_fail (json->root == NULL);
    json->root = value;
  } else if (json_is_array (into)) {
    json_array_append_new (into, value);
  } else {
    g_return_if_fail (json->name != NULL);
    json_object_set_new (into, json->name, value);
    g_clear_pointer (&json->name, g_free);
  }
}

static void
begin (VapJson *json, json_t *container)
{
  put (json, container);
  g_ptr_array_add (json->open, container);
}

static void
end (VapJson *json)
{
  g_return_if_fail (json->open->len > 0);
  g_ptr_array_set_size (json->open, (gint) json->open->len - 1);
}

void
vap_json_begin_object (VapJson *json)
{
  begin (json, there (json_object ()));
}

void
vap_json_end_object (VapJson *json)
{
  end (json);
}

void
vap_json_begin_array (VapJson *json)
{
  begin (json, there (json_array ()));
}

void
vap_json_end_array (VapJson *json)
{
  end (json);
}

void
vap_json_string (VapJson *json, const char *value)
{
  g_autofree char *valid = value != NULL ? g_utf8_make_valid (value, -1) : NULL;

  put (json, valid != NULL ? there (json_string_nocheck (valid)) : json_null ());
}

void
vap_json_int (VapJson *json, gint64 value)
{
  put (json, there (json_integer (value)));
}

void
vap_json_double (VapJson *json, double value)
{
  put (json, there (json_real (value)));
}

void
vap_json_bool (VapJson *json, gboolean value)
{
  put (json, json_boolean (value));
}

void
vap_json_null (VapJson *json)
{
  put (json, json_null ());
}

void
vap_json_value (VapJson *json, json_t *value)
{
  put (json, json_incref (value));
}

char *
vap_json_to_text (const VapJson *json, gboolean pretty)
{
  size_t flags = JSON_ENCODE_ANY | (pretty ? JSON_INDENT (2) : JSON_COMPACT);
  char *text;
  char *copy;

  g_return_val_if_fail (json->root != NULL && json->open->len == 0, NULL);
  text = json_dumps (json->root, flags);
  if (text == NULL)
    g_error ("out of memory for JSON");
  copy = g_strdup (text);
  free (text);
  return copy;
}
