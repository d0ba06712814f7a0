/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Links to our programs; see link.h. */
#include "config.h"

#include "setup/link.h"

#include <errno.h>
#include <glib/gi18n.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "ap/error.h"
#include "setup/files.h"

/* where it must lead, without the root */
static char *
wanted_target (const VapPlaces *places, const VapLink *link)
{
  return g_build_filename (places->doors, link->program, NULL);
}

static char *
link_path (const VapLink *link)
{
  return g_build_filename (link->directory, link->name, NULL);
}

/* ours, of this installation or of another */
static gboolean
leads_to_us (const VapPlaces *places, const VapLink *link, const char *target)
{
  g_autofree char *wanted = wanted_target (places, link);
  g_autofree char *tail = g_strconcat ("/virt-ap/", link->program, NULL);

  return g_str_equal (target, wanted) || g_str_has_suffix (target, tail);
}

static gboolean
is_program (const char *root, const char *path)
{
  g_autofree char *whole = g_strconcat (root, path, NULL);

  return access (whole, X_OK) == 0 && !g_file_test (whole, G_FILE_TEST_IS_DIR);
}

static void
look_at_target (const VapPlaces *places, const VapLink *link, const char *target,
                VapPart *part)
{
  g_autofree char *wanted = wanted_target (places, link);

  if (!leads_to_us (places, link, target)) {
    part->state = VAP_PART_FOREIGN;
    part->detail = g_strdup_printf (
        _ ("it leads to %s, which is not virt-ap's, and stays so"), target);
  } else if (!is_program (places->root, target)) {
    part->state = VAP_PART_BROKEN;
    part->detail = g_strdup_printf (_ ("it leads to %s, which is no program"), target);
  } else if (!g_str_equal (target, wanted)) {
    part->state = VAP_PART_CHANGED;
    part->detail =
        g_strdup_printf (_ ("it leads to %s, of another installation"), target);
  } else {
    part->state = VAP_PART_ACTIVE;
  }
}

static gint
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

/* (transfer full): names in the directory, in the order in which they are run */
static GPtrArray *
list_names (const char *root, const char *directory)
{
  GPtrArray *names = g_ptr_array_new_with_free_func (g_free);
  g_autofree char *whole = g_strconcat (root, directory, NULL);
  g_autoptr (GDir) dir = g_dir_open (whole, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    g_ptr_array_add (names, g_strdup (name));
  g_ptr_array_sort (names, compare_names);
  return names;
}

static void
look_at_others (const VapPlaces *places, const VapLink *link, VapPart *part,
                GPtrArray *others)
{
  g_autoptr (GPtrArray) names = list_names (places->root, link->directory);

  for (guint i = 0; i < names->len; i++) {
    const char *name = names->pdata[i];

    if (g_str_equal (name, link->name))
      continue;
    g_ptr_array_add (others, g_build_filename (link->directory, name, NULL));
    if (link->rival == NULL || part->state != VAP_PART_ACTIVE ||
        !g_str_has_prefix (name, link->rival) || strcmp (name, link->name) > 0)
      continue;
    part->state = VAP_PART_SHADOWED;
    part->detail = g_strdup_printf (_ ("%s comes before it and is asked instead"), name);
  }
}

void
vap_link_look (const VapPlaces *places, const VapLink *link, VapPart *part,
               GPtrArray *others)
{
  g_autofree char *path = link_path (link);
  g_autofree char *whole = g_strconcat (places->root, path, NULL);
  g_autofree char *target = g_file_read_link (whole, NULL);

  if (target != NULL) {
    look_at_target (places, link, target, part);
  } else if (g_file_test (whole, G_FILE_TEST_EXISTS)) {
    part->state = VAP_PART_FOREIGN;
    part->detail = g_strdup (_ ("it is no link, so not virt-ap's, and stays so"));
  }
  look_at_others (places, link, part, others);
  part->path = g_steal_pointer (&path);
}

static gboolean
fail (const char *path, GError **error)
{
  g_set_error (error, VAP_ERROR, VAP_ERROR_FAILED, _ ("Cannot change %s: %s"), path,
               g_strerror (errno));
  return FALSE;
}

gboolean
vap_link_enable (const VapPlaces *places, const VapLink *link, GError **error)
{
  g_autofree char *path = link_path (link);
  g_autofree char *whole = g_strconcat (places->root, path, NULL);
  g_autofree char *temporary = g_strconcat (whole, ".new", NULL);
  g_autofree char *wanted = wanted_target (places, link);
  g_autofree char *target = g_file_read_link (whole, NULL);

  if (target != NULL ? !leads_to_us (places, link, target) || g_str_equal (target, wanted)
                     : g_file_test (whole, G_FILE_TEST_EXISTS))
    return TRUE;
  if (!vap_setup_make_directory (places->root, link->directory, error))
    return FALSE;
  unlink (temporary);
  if (symlink (wanted, temporary) != 0 || rename (temporary, whole) != 0)
    return fail (whole, error);
  return TRUE;
}

gboolean
vap_link_disable (const VapPlaces *places, const VapLink *link, GError **error)
{
  g_autofree char *path = link_path (link);
  g_autofree char *whole = g_strconcat (places->root, path, NULL);
  g_autofree char *target = g_file_read_link (whole, NULL);

  if (target == NULL || !leads_to_us (places, link, target))
    return TRUE;
  return unlink (whole) == 0 || fail (whole, error);
}
