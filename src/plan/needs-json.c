/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Needs in JSON: the keys of the key file with _ for -, lists as arrays, numbers as
 * numbers.  Each value goes the way that the key file's values go, so that both mean
 * the same.
 */
#include "config.h"

#include "plan/need-priv.h"

#include "json/json.h"

#include <glib/gi18n-lib.h>
#include <string.h>

static gboolean
refuse (GError **error, const char *key, const char *expected)
{
  g_set_error (error, VAP_ERROR, VAP_ERROR_MALFORMED, _ ("%s: %s is expected"), key,
               expected);
  return FALSE;
}

/* one word as a key file has it, NULL for what is none */
static char *
word_of (const json_t *value)
{
  if (json_is_string (value))
    return g_strdup (json_string_value (value));
  if (json_is_integer (value))
    return g_strdup_printf ("%" JSON_INTEGER_FORMAT, json_integer_value (value));
  return NULL;
}

/* the value as a key file has it, NULL for what it cannot have */
static char *
text_of (const json_t *value)
{
  g_autoptr (GPtrArray) words = g_ptr_array_new_with_free_func (g_free);

  if (!json_is_array (value))
    return word_of (value);
  for (size_t i = 0; i < json_array_size (value); i++) {
    char *word = word_of (json_array_get (value, i));

    if (word == NULL)
      return NULL;
    g_ptr_array_add (words, word);
  }
  g_ptr_array_add (words, NULL);
  return g_strjoinv (";", (char **) words->pdata);
}

/* the names of guests may have any character, so that they are not joined */
static gboolean
set_away (VapNeed *need, const json_t *value, GError **error)
{
  g_autoptr (GStrvBuilder) names = g_strv_builder_new ();

  if (!json_is_array (value))
    return refuse (error, "away_from", _ ("a list of names"));
  for (size_t i = 0; i < json_array_size (value); i++) {
    const json_t *name = json_array_get (value, i);

    if (!json_is_string (name))
      return refuse (error, "away_from", _ ("a list of names"));
    g_strv_builder_add (names, json_string_value (name));
  }
  g_strfreev (need->away);
  need->away = g_strv_builder_end (names);
  need->said |= VAP_NEED_AWAY;
  return TRUE;
}

static gboolean
set_member (VapNeed *need, const char *name, const json_t *value, GError **error)
{
  g_autofree char *key = g_strdelimit (g_strdup (name), "_", '-');
  g_autofree char *text = NULL;

  if (g_str_equal (name, "away_from"))
    return set_away (need, value, error);
  text = text_of (value);
  if (text == NULL)
    return refuse (error, name, _ ("a word, a number, or a list of them"));
  return vap_need_set_of_guest (need, key, text, error);
}

static gboolean
read_guest (VapNeeds *needs, json_t *object, GError **error)
{
  const char *guest = json_string_value (json_object_get (object, "name"));
  g_autoptr (VapNeed) need = NULL;
  const char *name;
  json_t *value;

  if (guest == NULL || *guest == '\0')
    return refuse (error, "name", _ ("a guest's name"));
  need = vap_need_new (guest);
  json_object_foreach (object, name, value)
  {
    if (!g_str_equal (name, "name") && !set_member (need, name, value, error)) {
      g_prefix_error (error, "'%s': ", guest);
      return FALSE;
    }
  }
  return vap_needs_take (needs, g_steal_pointer (&need), error);
}

static gboolean
read_guests (VapNeeds *needs, json_t *list, GError **error)
{
  if (!json_is_array (list))
    return refuse (error, "guests", _ ("a list of guests"));
  for (size_t i = 0; i < json_array_size (list); i++) {
    if (!read_guest (needs, json_array_get (list, i), error)) {
      g_prefix_error (error, "guests[%zu]: ", i);
      return FALSE;
    }
  }
  return TRUE;
}

static gboolean
read_host (VapNeeds *needs, json_t *host, GError **error)
{
  json_t *keep = json_object_get (host, "keep");

  if (!json_is_array (keep) || json_object_size (host) != 1)
    return refuse (error, "host", _ ("an object with the member keep, a list"));
  for (size_t i = 0; i < json_array_size (keep); i++) {
    const char *pattern = json_string_value (json_array_get (keep, i));

    if (pattern == NULL)
      return refuse (error, "keep", _ ("a list of queues such as 05.0047"));
    if (!vap_queue_pattern_add (pattern, &needs->keep, error))
      return FALSE;
  }
  return TRUE;
}

gboolean
vap_needs_add_json (VapNeeds *needs, const char *text, gsize length, GError **error)
{
  json_auto_t *root = vap_json_parse (text, length, VAP_NEEDS_MAX, error);
  const char *name;
  json_t *value;

  if (root == NULL)
    return FALSE;
  if (!json_is_object (root))
    return refuse (error, "JSON", _ ("an object with the members guests and host"));
  json_object_foreach (root, name, value)
  {
    gboolean good;

    if (g_str_equal (name, "guests"))
      good = read_guests (needs, value, error);
    else if (g_str_equal (name, "host"))
      good = read_host (needs, value, error);
    else
      good = refuse (error, name, _ ("guests or host"));
    if (!good)
      return FALSE;
  }
  return TRUE;
}
