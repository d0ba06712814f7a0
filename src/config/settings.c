/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The table of what can be set, and the files merged by it; see settings.h.  A new key
 * is a row here, a member of VapConfig and a paragraph of virt-ap.conf(5).
 */
#include "config.h"

#include "config/settings.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "ap/error.h"
#include "config/key-file.h"
#include "config/place.h"
#include "keep/keep.h"

static const char *const door_names[] = { "gate", "callout", "hook" };
static const char *const enforcement_names[] = { "enforce", "warn", "off" };
static const char *const audit_names[] = { "auto", "journal", "syslog", "file", "none" };
static const char *const yes_no_names[] = { "no", "yes" };

typedef struct {
  VapConfig *config;
  VapKnowsFunc knows;
} Merge;

typedef gboolean (*SetFunc) (const VapKeyFileEntry *entry, gpointer member,
                             GError **error);

typedef struct {
  const char *group;
  const char *key;
  SetFunc set;
  gsize member;
} Key;

const char *
vap_door_to_string (VapDoor door)
{
  g_return_val_if_fail ((guint) door < VAP_N_DOORS, "gate");

  return door_names[door];
}

/* the place of the value among @names; -1 with an error that lists them */
static gint
find_word (const VapKeyFileEntry *entry, const char *const *names, guint n_names,
           GError **error)
{
  g_autoptr (GString) list = g_string_new (NULL);

  for (guint i = 0; i < n_names; i++) {
    if (g_str_equal (entry->value, names[i]))
      return (gint) i;
    g_string_append_printf (list, "%s%s", i > 0 ? ", " : "", names[i]);
  }
  vap_key_file_refuse (entry,
                       g_strdup_printf (_ ("'%s' is none of its values, which are: %s"),
                                        entry->value, list->str),
                       error);
  return -1;
}

#define FIND_WORD(entry, names, error)                                                   \
  find_word (entry, names, G_N_ELEMENTS (names), error)

static gboolean
set_enforcement (const VapKeyFileEntry *entry, gpointer member, GError **error)
{
  gint word = FIND_WORD (entry, enforcement_names, error);

  if (word >= 0)
    *(VapEnforcement *) member = (VapEnforcement) word;
  return word >= 0;
}

static gboolean
set_yes_no (const VapKeyFileEntry *entry, gpointer member, GError **error)
{
  gint word = FIND_WORD (entry, yes_no_names, error);

  if (word >= 0)
    *(gboolean *) member = word;
  return word >= 0;
}

static gboolean
set_audit (const VapKeyFileEntry *entry, gpointer member, GError **error)
{
  gint word = FIND_WORD (entry, audit_names, error);

  if (word >= 0)
    *(VapAuditTo *) member = (VapAuditTo) word;
  return word >= 0;
}

static gboolean
set_keep (const VapKeyFileEntry *entry, gpointer member, GError **error)
{
  guint64 seconds;

  if (!g_ascii_string_to_unsigned (entry->value, 10, 1, VAP_GRANT_KEEP_MAX, &seconds,
                                   NULL))
    return vap_key_file_refuse (
        entry,
        g_strdup_printf (_ ("takes a number of seconds, 1 to %u"), VAP_GRANT_KEEP_MAX),
        error);
  *(guint *) member = (guint) seconds;
  return TRUE;
}

static gboolean
set_path (const VapKeyFileEntry *entry, gpointer member, GError **error)
{
  char **path = member;

  if (!g_path_is_absolute (entry->value))
    return vap_key_file_refuse (entry, g_strdup (_ ("takes a path that begins with /")),
                                error);
  g_free (*path);
  *path = g_strdup (entry->value);
  return TRUE;
}

#define MEMBER(name) G_STRUCT_OFFSET (VapConfig, name)

static const Key keys[] = {
  { "gate", "policy", set_enforcement, MEMBER (policy[VAP_DOOR_GATE]) },
  { "gate", "complete", set_yes_no, MEMBER (complete) },
  { "gate", "socket", set_path, MEMBER (socket) },
  { "callout", "policy", set_enforcement, MEMBER (policy[VAP_DOOR_CALLOUT]) },
  { "hook", "policy", set_enforcement, MEMBER (policy[VAP_DOOR_HOOK]) },
  { "hook", "remap", set_yes_no, MEMBER (remap) },
  { "grant", "keep", set_keep, MEMBER (grant_keep) },
  { "audit", "to", set_audit, MEMBER (audit_to) },
  { "audit", "file", set_path, MEMBER (audit_file) },
};

/* The groups whose keys are ids of findings. */
static const struct {
  const char *group;
  guint index;
} finding_groups[] = {
  { "findings", VAP_N_DOORS },
  { "gate-findings", VAP_DOOR_GATE },
  { "callout-findings", VAP_DOOR_CALLOUT },
  { "hook-findings", VAP_DOOR_HOOK },
};

static gboolean
take_finding (const Merge *merge, guint index, const VapKeyFileEntry *entry,
              GError **error)
{
  VapEnforcement enforcement;

  if (!merge->knows (entry->key))
    return vap_key_file_refuse (
        entry,
        g_strdup (_ ("there is no finding of this id; all are shown by: virt-ap explain "
                     "--list")),
        error);
  if (!set_enforcement (entry, &enforcement, error))
    return FALSE;
  g_hash_table_replace (merge->config->findings[index], g_strdup (entry->key),
                        GUINT_TO_POINTER (enforcement));
  return TRUE;
}

/* A flavor can have nearly any name, so every key is one. */
static gboolean
take_flavor (const Merge *merge, const VapKeyFileEntry *entry, GError **error)
{
  if (*entry->value == '\0')
    return vap_key_file_refuse (entry, g_strdup (_ ("takes the name of a profile")),
                                error);
  g_hash_table_replace (merge->config->nova, g_strdup (entry->key),
                        g_strdup (entry->value));
  return TRUE;
}

static gboolean
take_entry (const VapKeyFileEntry *entry, gpointer user_data, GError **error)
{
  const Merge *merge = user_data;
  gboolean group_is_known = FALSE;

  if (g_str_equal (entry->group, "nova"))
    return take_flavor (merge, entry, error);
  for (guint i = 0; i < G_N_ELEMENTS (finding_groups); i++)
    if (g_str_equal (entry->group, finding_groups[i].group))
      return take_finding (merge, finding_groups[i].index, entry, error);
  for (guint i = 0; i < G_N_ELEMENTS (keys); i++) {
    if (!g_str_equal (entry->group, keys[i].group))
      continue;
    group_is_known = TRUE;
    if (g_str_equal (entry->key, keys[i].key))
      return keys[i].set (entry, G_STRUCT_MEMBER_P (merge->config, keys[i].member),
                          error);
  }
  return vap_key_file_refuse (entry,
                              g_strdup (group_is_known ? _ ("this group has no such key")
                                                       : _ ("there is no such group")),
                              error);
}

gboolean
vap_config_merge (VapConfig *config, const char *path, const char *text, gsize length,
                  VapKnowsFunc knows, GError **error)
{
  Merge merge = { config, knows };

  return vap_key_file_parse (path, text, length, take_entry, &merge, error);
}

/* @path: NULL for a file that this process has none of */
static gboolean
merge_file (VapConfig *config, const char *path, gboolean own, VapKnowsFunc knows,
            GError **error)
{
  g_autofree char *text = NULL;
  char *note = NULL;
  gsize length;

  if (path == NULL)
    return TRUE;
  if (!vap_config_load (path, own, &text, &length, &note, error))
    return FALSE;
  if (note != NULL)
    g_ptr_array_add (config->notes, note);
  if (text == NULL)
    return TRUE;
  g_ptr_array_add (config->files, g_strdup (path));
  return vap_config_merge (config, path, text, length, knows, error);
}

VapConfig *
vap_config_new (void)
{
  VapConfig *config = g_new0 (VapConfig, 1);

  config->ref_count = 1;
  for (guint i = 0; i <= VAP_N_DOORS; i++)
    config->findings[i] = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  config->grant_keep = VAP_GRANT_KEEP_SECONDS;
  config->nova = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  config->files = g_ptr_array_new_with_free_func (g_free);
  config->notes = g_ptr_array_new_with_free_func (g_free);
  return config;
}

void
vap_config_free (VapConfig *config)
{
  if (config == NULL || !g_atomic_int_dec_and_test (&config->ref_count))
    return;

  for (guint i = 0; i <= VAP_N_DOORS; i++)
    g_hash_table_unref (config->findings[i]);
  g_hash_table_unref (config->nova);
  g_ptr_array_unref (config->files);
  g_ptr_array_unref (config->notes);
  g_free (config->socket);
  g_free (config->audit_file);
  g_free (config);
}

static VapConfig *
config_ref (VapConfig *config)
{
  g_atomic_int_inc (&config->ref_count);
  return config;
}

/* What was made of the system's file, or of none, as long as that is so: for a process
 * that keeps files (keep/keep.h).  @own: of a user who has one it is read each time. */
static VapConfig *
find_kept (const char *system, const char *own, VapKeepMark *mark)
{
  static VapConfig *of_none;
  VapConfig *kept = vap_kept_find (system, mark);
  VapKeepMark own_mark;

  if (own != NULL) {
    vap_kept_find (own, &own_mark);
    mark->known = mark->known && own_mark.absent;
    mark->absent = mark->absent && own_mark.absent;
  }
  if (kept != NULL && mark->known)
    return config_ref (kept);
  if (!mark->absent)
    return NULL;
  if (of_none == NULL)
    of_none = vap_config_new ();
  return config_ref (of_none);
}

VapConfig *
vap_config_read (const char *root, VapKnowsFunc knows, GError **error)
{
  g_autofree char *system = vap_config_system_path (root);
  g_autofree char *user = vap_config_user_path (root);
  VapKeepMark mark;
  VapConfig *kept = find_kept (system, user, &mark);
  g_autoptr (VapConfig) config = NULL;

  if (kept != NULL)
    return kept;
  config = vap_config_new ();
  if (!merge_file (config, system, FALSE, knows, error) ||
      !merge_file (config, user, TRUE, knows, error))
    return NULL;
  if (mark.known)
    vap_kept_add (system, &mark, config_ref (config), (GDestroyNotify) vap_config_free);
  return g_steal_pointer (&config);
}

VapEnforcement
vap_config_finding (const VapConfig *config, VapDoor door, const char *id)
{
  const guint places[] = { door, VAP_N_DOORS };

  for (guint i = 0; i < G_N_ELEMENTS (places) && config->policy[door] != VAP_OFF; i++) {
    gpointer value;

    if (g_hash_table_lookup_extended (config->findings[places[i]], id, NULL, &value))
      return (VapEnforcement) GPOINTER_TO_UINT (value);
  }
  return config->policy[door];
}
