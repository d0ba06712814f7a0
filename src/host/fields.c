/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Members of JSON objects, by tables of fields.  What is read was perhaps written by a
 * stranger: each member is looked at before it is believed.
 */
#include "config.h"

#include "host/fields.h"

#include <string.h>

#include <glib/gi18n-lib.h>

void
vap_json_add_string (VapJson *json, const char *name, const char *value)
{
  vap_json_name (json, name);
  vap_json_string (json, value);
}

/* What is left-aligned needs no zeros at its end, as for ap_bus.c's ap_hex2bitmap(). */
void
vap_json_add_mask (VapJson *json, const char *name, const VapMask *mask)
{
  char text[VAP_MASK_TEXT_SIZE];
  gsize length;

  vap_mask_format (mask, text);
  length = strlen (text);
  while (length > strlen ("0x0") && text[length - 1] == '0')
    text[--length] = '\0';
  vap_json_name (json, name);
  vap_json_string (json, text);
}

void
vap_json_begin_object_named (VapJson *json, const char *name)
{
  vap_json_name (json, name);
  vap_json_begin_object (json);
}

void
vap_json_begin_array_named (VapJson *json, const char *name)
{
  vap_json_name (json, name);
  vap_json_begin_array (json);
}

static void
add_field (VapJson *json, const VapField *field, gconstpointer at)
{
  switch (field->type) {
  case VAP_FIELD_STRING:
    vap_json_add_string (json, field->name, *(char *const *) at);
    return;
  case VAP_FIELD_MASK:
    vap_json_add_mask (json, field->name, at);
    return;
  case VAP_FIELD_BOOL:
    vap_json_name (json, field->name);
    vap_json_bool (json, *(const gboolean *) at);
    return;
  case VAP_FIELD_UINT:
    vap_json_name (json, field->name);
    vap_json_int (json, *(const guint *) at);
    return;
  case VAP_FIELD_BYTE:
  default:
    vap_json_name (json, field->name);
    vap_json_int (json, *(const guint8 *) at);
    return;
  }
}

void
vap_fields_add (VapJson *json, const VapField *fields, guint n_fields,
                gconstpointer source)
{
  for (guint i = 0; i < n_fields; i++)
    add_field (json, &fields[i], (const char *) source + fields[i].offset);
}

static const json_t *
find (const json_t *object, const char *name, GError **error)
{
  const json_t *value = json_object_get (object, name);

  if (value == NULL)
    g_set_error (error, VAP_ERROR, VAP_ERROR_MALFORMED, _ ("'%s' is missing"), name);
  return value;
}

/* says that what is there is not of the type wanted */
static gboolean
refuse (const char *name, const char *wanted, GError **error)
{
  g_set_error (error, VAP_ERROR, VAP_ERROR_MALFORMED, _ ("'%s' should be %s"), name,
               wanted);
  return FALSE;
}

gboolean
vap_json_read_string (const json_t *object, const char *name, char **value,
                      GError **error)
{
  const json_t *member = find (object, name, error);

  if (member == NULL)
    return FALSE;
  if (!json_is_null (member) && !json_is_string (member))
    return refuse (name, _ ("a string or null"), error);
  *value = g_strdup (json_string_value (member));
  return TRUE;
}

gboolean
vap_json_read_object (const json_t *object, const char *name, gboolean optional,
                      const json_t **value, GError **error)
{
  const json_t *member = find (object, name, error);

  if (member == NULL)
    return FALSE;
  if (!json_is_object (member) && !(optional && json_is_null (member)))
    return refuse (name, _ ("an object"), error);
  *value = json_is_null (member) ? NULL : member;
  return TRUE;
}

gboolean
vap_json_read_array (const json_t *object, const char *name, gboolean optional,
                     const json_t **value, GError **error)
{
  const json_t *member = find (object, name, error);

  if (member == NULL)
    return FALSE;
  if (!json_is_array (member) && !(optional && json_is_null (member)))
    return refuse (name, _ ("a list"), error);
  *value = json_is_null (member) ? NULL : member;
  return TRUE;
}

static gboolean
read_number (const json_t *member, const VapField *field, guint *number, GError **error)
{
  json_int_t value = json_is_integer (member) ? json_integer_value (member) : -1;

  if (value < 0 || value > field->max) {
    g_set_error (error, VAP_ERROR, VAP_ERROR_MALFORMED,
                 _ ("'%s' should be a number from 0 to %u"), field->name, field->max);
    return FALSE;
  }
  *number = (guint) value;
  return TRUE;
}

static gboolean
read_mask (const json_t *member, const char *name, VapMask *mask, GError **error)
{
  if (!json_is_string (member))
    return refuse (name, _ ("a mask"), error);
  if (vap_mask_parse (json_string_value (member), 0, mask, error))
    return TRUE;
  g_prefix_error (error, "'%s': ", name);
  return FALSE;
}

static gboolean
read_field (const json_t *object, const VapField *field, gpointer at, GError **error)
{
  const json_t *member = find (object, field->name, error);
  guint number = 0;

  if (member == NULL)
    return FALSE;
  switch (field->type) {
  case VAP_FIELD_STRING:
    g_clear_pointer ((char **) at, g_free);
    return vap_json_read_string (object, field->name, at, error);
  case VAP_FIELD_MASK:
    return read_mask (member, field->name, at, error);
  case VAP_FIELD_BOOL:
    if (!json_is_boolean (member))
      return refuse (field->name, _ ("true or false"), error);
    *(gboolean *) at = json_is_true (member);
    return TRUE;
  case VAP_FIELD_UINT:
    return read_number (member, field, at, error);
  case VAP_FIELD_BYTE:
  default:
    if (!read_number (member, field, &number, error))
      return FALSE;
    *(guint8 *) at = (guint8) number;
    return TRUE;
  }
}

gboolean
vap_fields_read (const json_t *object, const VapField *fields, guint n_fields,
                 gpointer target, GError **error)
{
  for (guint i = 0; i < n_fields; i++) {
    if (!read_field (object, &fields[i], (char *) target + fields[i].offset, error))
      return FALSE;
  }
  return TRUE;
}

gboolean
vap_json_each (const json_t *object, const char *name, VapElementFunc func,
               gpointer user_data, GError **error)
{
  const json_t *list;

  if (!vap_json_read_array (object, name, FALSE, &list, error))
    return FALSE;
  for (gsize i = 0; i < json_array_size (list); i++) {
    const json_t *element = json_array_get (list, i);

    if (!json_is_object (element))
      refuse (name, _ ("a list of objects"), error);
    else if (func (element, user_data, error))
      continue;
    /* Translators: the element of a list, before what is wrong with it */
    g_prefix_error (error, _ ("%s, element %zu: "), name, i + 1);
    return FALSE;
  }
  return TRUE;
}
