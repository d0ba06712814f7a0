/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A key file of needs: a group [guest NAME] for each, and [host] for what the host
 * keeps.  Used by `virt-ap plan`.
 */
#include "config.h"

#include "plan/need-priv.h"

#include "guest/device.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#define GROUP_GUEST "guest "
#define GROUP_HOST "host"

VapNeeds *
vap_needs_new (void)
{
  VapNeeds *needs = g_new0 (VapNeeds, 1);

  needs->guests = g_ptr_array_new_with_free_func ((GDestroyNotify) vap_need_free);
  needs->names = g_hash_table_new (g_str_hash, g_str_equal);
  return needs;
}

void
vap_needs_free (VapNeeds *needs)
{
  g_hash_table_unref (needs->names);
  g_ptr_array_unref (needs->guests);
  g_free (needs);
}

gboolean
vap_needs_take (VapNeeds *needs, VapNeed *need, GError **error)
{
  if (!g_hash_table_contains (needs->names, need->name)) {
    g_hash_table_add (needs->names, need->name);
    g_ptr_array_add (needs->guests, need);
    return TRUE;
  }
  g_set_error (error, VAP_ERROR, VAP_ERROR_MALFORMED, _ ("the guest '%s' is there twice"),
               need->name);
  vap_need_free (need);
  return FALSE;
}

static gboolean
parse_part (const char *text, gsize digits, guint *number)
{
  guint64 value;

  if (strlen (text) != digits ||
      !g_ascii_string_to_unsigned (text, 16, 0, VAP_MASK_BITS - 1, &value, NULL))
    return FALSE;
  *number = (guint) value;
  return TRUE;
}

gboolean
vap_queue_pattern_add (const char *text, VapQueueSet *queues, GError **error)
{
  g_auto (GStrv) parts = g_strsplit (text, ".", -1);
  guint first_adapter = 0, last_adapter = VAP_MASK_BITS - 1;
  guint first_domain = 0, last_domain = VAP_MASK_BITS - 1;
  gboolean good = g_strv_length (parts) == 2 && !g_str_equal (text, "*.*");

  if (good && !g_str_equal (parts[0], "*")) {
    good = parse_part (parts[0], 2, &first_adapter);
    last_adapter = first_adapter;
  }
  if (good && !g_str_equal (parts[1], "*")) {
    good = parse_part (parts[1], 4, &first_domain);
    last_domain = first_domain;
  }
  if (!good) {
    g_set_error (error, VAP_ERROR, VAP_ERROR_MALFORMED,
                 _ ("'%s' names no queues: 05.0047, 05.* or *.0047, hexadecimal"), text);
    return FALSE;
  }
  for (guint adapter = first_adapter; adapter <= last_adapter; adapter++) {
    for (guint domain = first_domain; domain <= last_domain; domain++)
      vap_mask_set (&queues->domains[adapter], domain);
  }
  return TRUE;
}

static gboolean
check_utf8 (const char *text, gsize length, GError **error)
{
  guint line = 1;
  const char *fault;

  if (g_utf8_validate_len (text, length, &fault))
    return TRUE;
  for (const char *at = text; at < fault; at++)
    line += *at == '\n';
  g_set_error (error, VAP_ERROR, VAP_ERROR_MALFORMED, _ ("line %u: it is not UTF-8"),
               line);
  return FALSE;
}

/* GKeyFile would take two groups of one name for one, and hand out bytes of any kind */
gboolean
vap_key_file_check (const char *text, gsize length, GError **error)
{
  g_autofree char *copy = g_strndup (text, length);
  g_auto (GStrv) lines = g_strsplit (copy, "\n", -1);
  g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);

  if (!check_utf8 (text, length, error))
    return FALSE;
  for (guint i = 0; lines[i] != NULL; i++) {
    const char *line = g_strstrip (lines[i]);

    if (*line == '[' && !g_hash_table_add (seen, (gpointer) line)) {
      g_set_error (error, VAP_ERROR, VAP_ERROR_MALFORMED,
                   _ ("line %u: the group %s is there twice"), i + 1, line);
      return FALSE;
    }
  }
  return TRUE;
}

static gboolean
set_uuid (VapNeed *need, const char *value, GError **error)
{
  char canonical[37];

  if (!vap_uuid_canonical (value, canonical)) {
    g_set_error (error, VAP_ERROR, VAP_ERROR_MALFORMED, _ ("uuid: '%s' is no UUID"),
                 value);
    return FALSE;
  }
  g_free (need->uuid);
  need->uuid = g_strdup (canonical);
  return TRUE;
}

static gboolean
set_profile (VapNeed *need, const char *value, GError **error)
{
  if (!vap_profile_name_is_good (value)) {
    g_set_error (error, VAP_ERROR, VAP_ERROR_MALFORMED,
                 _ ("profile: '%s' is no name of a profile"), value);
    return FALSE;
  }
  g_free (need->profile);
  need->profile = g_strdup (value);
  return TRUE;
}

gboolean
vap_need_set_of_guest (VapNeed *need, const char *key, const char *value, GError **error)
{
  if (g_str_equal (key, "uuid"))
    return set_uuid (need, value, error);
  if (g_str_equal (key, "profile"))
    return set_profile (need, value, error);
  return vap_need_set (need, key, value, error);
}

static gboolean
read_guest (VapNeeds *needs, GKeyFile *file, const char *group, const char *name,
            GError **error)
{
  g_auto (GStrv) keys = g_key_file_get_keys (file, group, NULL, NULL);
  g_autoptr (VapNeed) need = vap_need_new (name);

  if (*name == '\0') {
    g_set_error (error, VAP_ERROR, VAP_ERROR_MALFORMED, _ ("the guest has no name"));
    return FALSE;
  }
  for (guint i = 0; keys != NULL && keys[i] != NULL; i++) {
    g_autofree char *value = g_key_file_get_value (file, group, keys[i], NULL);

    if (!vap_need_set_of_guest (need, keys[i], value, error))
      return FALSE;
  }
  return vap_needs_take (needs, g_steal_pointer (&need), error);
}

static gboolean
read_host (VapNeeds *needs, GKeyFile *file, GError **error)
{
  g_auto (GStrv) keys = g_key_file_get_keys (file, GROUP_HOST, NULL, NULL);

  for (guint i = 0; keys != NULL && keys[i] != NULL; i++) {
    g_autofree char *value = g_key_file_get_value (file, GROUP_HOST, keys[i], NULL);
    g_auto (GStrv) words = vap_words (value);

    if (!g_str_equal (keys[i], "keep")) {
      g_set_error (error, VAP_ERROR, VAP_ERROR_MALFORMED,
                   _ ("there is no key '%s': keep"), keys[i]);
      return FALSE;
    }
    for (guint j = 0; words[j] != NULL; j++) {
      if (!vap_queue_pattern_add (words[j], &needs->keep, error))
        return FALSE;
    }
  }
  return TRUE;
}

static gboolean
read_group (VapNeeds *needs, GKeyFile *file, const char *group, GError **error)
{
  if (g_str_equal (group, GROUP_HOST))
    return read_host (needs, file, error);
  if (g_str_has_prefix (group, GROUP_GUEST))
    return read_guest (needs, file, group, group + strlen (GROUP_GUEST), error);
  g_set_error (error, VAP_ERROR, VAP_ERROR_MALFORMED,
               _ ("there is no such group: [guest NAME] or [host]"));
  return FALSE;
}

static gboolean
add_key_file (VapNeeds *needs, const char *text, gsize length, GError **error)
{
  g_autoptr (GKeyFile) file = g_key_file_new ();
  g_auto (GStrv) groups = NULL;
  g_autoptr (GError) problem = NULL;

  if (!vap_key_file_check (text, length, error))
    return FALSE;
  if (!g_key_file_load_from_data (file, text, length, G_KEY_FILE_NONE, &problem)) {
    g_set_error_literal (error, VAP_ERROR, VAP_ERROR_MALFORMED, problem->message);
    return FALSE;
  }
  groups = g_key_file_get_groups (file, NULL);
  for (guint i = 0; groups[i] != NULL; i++) {
    if (read_group (needs, file, groups[i], error))
      continue;
    g_prefix_error (error, "[%s]: ", groups[i]);
    return FALSE;
  }
  return TRUE;
}

gboolean
vap_needs_add_text (VapNeeds *needs, const char *text, gsize length, GError **error)
{
  gsize start = 0;

  if (length > VAP_NEEDS_MAX) {
    g_set_error (error, VAP_ERROR, VAP_ERROR_TOO_LARGE,
                 _ ("needs of %zu bytes are larger than the %u bytes allowed"), length,
                 VAP_NEEDS_MAX);
    return FALSE;
  }
  while (start < length && g_ascii_isspace (text[start]))
    start++;
  if (start < length && text[start] == '{')
    return vap_needs_add_json (needs, text, length, error);
  return add_key_file (needs, text, length, error);
}
