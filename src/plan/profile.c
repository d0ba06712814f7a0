/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Profiles: read from the files in /etc/virt-ap/profiles.d, found by name, and put
 * under the needs that name them.
 */
#include "config.h"

#include "plan/profile.h"

#include "host/priv.h"
#include "plan/need-priv.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#define GROUP_PROFILE "profile "
#define SUFFIX ".conf"
#define NAME_MAX_LENGTH 64u
#define RESERVED_MAX (VAP_MASK_BITS * VAP_MASK_BITS)

void
vap_profile_free (VapProfile *profile)
{
  g_free (profile->name);
  g_free (profile->description);
  g_clear_pointer (&profile->need, vap_need_free);
  g_free (profile->file);
  g_free (profile);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VapProfile, vap_profile_free)

VapProfiles *
vap_profiles_new (void)
{
  VapProfiles *profiles = g_new0 (VapProfiles, 1);

  profiles->list = g_ptr_array_new_with_free_func ((GDestroyNotify) vap_profile_free);
  return profiles;
}

void
vap_profiles_free (VapProfiles *profiles)
{
  g_ptr_array_unref (profiles->list);
  g_free (profiles);
}

gboolean
vap_profile_name_is_good (const char *text)
{
  gsize length = strlen (text);

  if (length == 0 || length > NAME_MAX_LENGTH ||
      strspn (text, "abcdefghijklmnopqrstuvwxyz0123456789-") != length)
    return FALSE;
  return text[0] != '-' && text[length - 1] != '-' && strstr (text, "--") == NULL;
}

const VapProfile *
vap_profiles_find (const VapProfiles *profiles, const char *name)
{
  for (guint i = 0; i < profiles->list->len; i++) {
    const VapProfile *profile = g_ptr_array_index (profiles->list, i);

    if (g_str_equal (profile->name, name))
      return profile;
  }
  return NULL;
}

static gint
compare_names (gconstpointer a, gconstpointer b)
{
  const VapProfile *first = *(VapProfile *const *) a;
  const VapProfile *second = *(VapProfile *const *) b;

  return strcmp (first->name, second->name);
}

static gboolean
set_reserved (VapProfile *profile, const char *value, GError **error)
{
  guint64 number;

  if (!g_ascii_string_to_unsigned (value, 10, 0, RESERVED_MAX, &number, NULL)) {
    g_set_error (error, VAP_ERROR, VAP_ERROR_MALFORMED,
                 _ ("reserved: '%s' is no number from 0 to %u"), value, RESERVED_MAX);
    return FALSE;
  }
  profile->reserved = (guint) number;
  return TRUE;
}

static gboolean
set_key (VapProfile *profile, GKeyFile *file, const char *group, const char *key,
         GError **error)
{
  g_autofree char *value = g_key_file_get_value (file, group, key, NULL);

  if (g_str_equal (key, "reserved"))
    return set_reserved (profile, value, error);
  /* as it is there: two wrong escapes in one line make GLib complain of itself
   * (g_key_file_parse_value_as_string()) */
  if (g_str_equal (key, "description")) {
    g_free (profile->description);
    profile->description = g_steal_pointer (&value);
    return TRUE;
  }
  if (g_str_equal (key, "away-from")) {
    g_set_error (error, VAP_ERROR, VAP_ERROR_MALFORMED,
                 _ ("away-from belongs to a guest, not to a profile"));
    return FALSE;
  }
  return vap_need_set (profile->need, key, value, error);
}

static gboolean
read_profile (VapProfiles *profiles, GKeyFile *file, const char *group,
              const char *file_name, GError **error)
{
  g_autoptr (VapProfile) profile = g_new0 (VapProfile, 1);
  g_auto (GStrv) keys = g_key_file_get_keys (file, group, NULL, NULL);

  profile->name = g_strdup (group + strlen (GROUP_PROFILE));
  profile->file = g_strdup (file_name);
  profile->need = vap_need_new (profile->name);
  if (!vap_profile_name_is_good (profile->name)) {
    g_set_error (error, VAP_ERROR, VAP_ERROR_MALFORMED,
                 _ ("a profile's name has small letters, digits and single hyphens "
                    "between them, at most %u"),
                 NAME_MAX_LENGTH);
    return FALSE;
  }
  if (vap_profiles_find (profiles, profile->name) != NULL) {
    g_set_error (error, VAP_ERROR, VAP_ERROR_MALFORMED,
                 _ ("there is a profile of that name already"));
    return FALSE;
  }
  for (guint i = 0; keys != NULL && keys[i] != NULL; i++) {
    if (!set_key (profile, file, group, keys[i], error))
      return FALSE;
  }
  if (!vap_need_complete (profile->need, NULL, error))
    return FALSE;
  g_ptr_array_add (profiles->list, g_steal_pointer (&profile));
  return TRUE;
}

static gboolean
read_groups (VapProfiles *profiles, GKeyFile *file, const char *file_name, GError **error)
{
  g_auto (GStrv) groups = g_key_file_get_groups (file, NULL);

  for (guint i = 0; groups[i] != NULL; i++) {
    gboolean good = FALSE;

    if (g_str_has_prefix (groups[i], GROUP_PROFILE))
      good = read_profile (profiles, file, groups[i], file_name, error);
    else
      g_set_error (error, VAP_ERROR, VAP_ERROR_MALFORMED,
                   _ ("there is no such group: [profile NAME]"));
    if (good)
      continue;
    g_prefix_error (error, "[%s]: ", groups[i]);
    return FALSE;
  }
  return TRUE;
}

gboolean
vap_profiles_add_text (VapProfiles *profiles, const char *text, gsize length,
                       const char *file_name, GError **error)
{
  g_autoptr (GKeyFile) file = g_key_file_new ();
  g_autoptr (GError) problem = NULL;
  gboolean good;

  if (!vap_key_file_check (text, length, error))
    return FALSE;
  if (!g_key_file_load_from_data (file, text, length, G_KEY_FILE_NONE, &problem)) {
    g_set_error_literal (error, VAP_ERROR, VAP_ERROR_MALFORMED, problem->message);
    return FALSE;
  }
  good = read_groups (profiles, file, file_name, error);
  g_ptr_array_sort (profiles->list, compare_names);
  return good;
}

static gboolean
read_file (VapProfiles *profiles, const char *root, const char *name, GError **error)
{
  g_autofree char *path = g_build_filename (VAP_PROFILES_DIR, name, NULL);
  g_autofree char *text = NULL;
  VapReadStatus status;
  gsize length;

  status = vap_file_read (root, path, VAP_FILE_MAX, &text, &length, error);
  if (status == VAP_READ_ABSENT)
    return TRUE;
  if (status != VAP_READ_DONE)
    return FALSE;
  if (vap_profiles_add_text (profiles, text, length, path, error))
    return TRUE;
  g_prefix_error (error, "%s%s: ", root, path);
  return FALSE;
}

VapProfiles *
vap_profiles_read (const char *root, GError **error)
{
  g_autoptr (VapProfiles) profiles = vap_profiles_new ();
  g_autoptr (GPtrArray) names = NULL;
  VapReadStatus status;

  root = root != NULL ? root : "";
  status = vap_dir_names (root, VAP_PROFILES_DIR, &names, error);
  if (status == VAP_READ_ABSENT)
    return g_steal_pointer (&profiles);
  if (status != VAP_READ_DONE)
    return NULL;
  for (guint i = 0; i < names->len; i++) {
    const char *name = g_ptr_array_index (names, i);

    if (*name != '.' && g_str_has_suffix (name, SUFFIX) &&
        !read_file (profiles, root, name, error))
      return NULL;
  }
  return g_steal_pointer (&profiles);
}

gboolean
vap_needs_complete (VapNeeds *needs, const VapProfiles *profiles, GError **error)
{
  for (guint i = 0; i < needs->guests->len; i++) {
    VapNeed *need = g_ptr_array_index (needs->guests, i);
    const VapProfile *profile = NULL;

    if (need->profile != NULL) {
      profile = vap_profiles_find (profiles, need->profile);
      if (profile == NULL) {
        g_set_error (error, VAP_ERROR, VAP_ERROR_MALFORMED,
                     _ ("there is no profile '%s', which the guest '%s' names"),
                     need->profile, need->name);
        return FALSE;
      }
    }
    if (!vap_need_complete (need, profile != NULL ? profile->need : NULL, error))
      return FALSE;
  }
  return TRUE;
}
