/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The operand NEEDS of virt-ap plan: files with needs, and the profiles they name.
 */
#include "config.h"

#include "needs-files.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

/* never much more than what may be: what has no end ends here too */
static gboolean
read_limited (int fd, GString *text)
{
  char buffer[65536];
  gssize got;

  do {
    got = read (fd, buffer, sizeof buffer);
    if (got > 0)
      g_string_append_len (text, buffer, got);
  } while ((got > 0 && text->len <= VAP_NEEDS_MAX) || (got < 0 && errno == EINTR));
  return got >= 0;
}

static gboolean
add_file (VapNeeds *needs, const char *file, GError **error)
{
  gboolean is_stdin = g_str_equal (file, "-");
  int fd = is_stdin ? STDIN_FILENO : g_open (file, O_RDONLY | O_CLOEXEC, 0);
  g_autoptr (GString) text = g_string_new (NULL);
  gboolean good = fd >= 0 && read_limited (fd, text);
  int read_errno = errno;

  if (fd >= 0 && !is_stdin)
    close (fd);
  if (!good) {
    g_set_error (error, VAP_ERROR, VAP_ERROR_UNREADABLE, _ ("'%s' cannot be read: %s"),
                 file, g_strerror (read_errno));
    return FALSE;
  }
  if (vap_needs_add_text (needs, text->str, text->len, error))
    return TRUE;
  g_prefix_error (error, "%s: ", file);
  return FALSE;
}

static gint
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (*(char *const *) a, *(char *const *) b);
}

static gboolean
add_directory (VapNeeds *needs, const char *root, GError **error)
{
  g_autofree char *path = g_strconcat (root != NULL ? root : "", NEEDS_DIR, NULL);
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  g_autoptr (GPtrArray) files = g_ptr_array_new_with_free_func (g_free);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL) {
    if (*name != '.' && g_str_has_suffix (name, ".conf"))
      g_ptr_array_add (files, g_build_filename (path, name, NULL));
  }
  if (files->len == 0) {
    g_set_error (error, VAP_ERROR, VAP_ERROR_UNREADABLE,
                 _ ("which needs? There are none in '%s'"), path);
    return FALSE;
  }
  g_ptr_array_sort (files, compare_names);
  for (guint i = 0; i < files->len; i++) {
    if (!add_file (needs, g_ptr_array_index (files, i), error))
      return FALSE;
  }
  return TRUE;
}

VapNeeds *
needs_read (const char *root, char **files, GError **error)
{
  g_autoptr (VapNeeds) needs = vap_needs_new ();
  g_autoptr (VapProfiles) profiles = NULL;

  if (files[0] == NULL && !add_directory (needs, root, error))
    return NULL;
  for (guint i = 0; files[i] != NULL; i++) {
    if (!add_file (needs, files[i], error))
      return NULL;
  }
  profiles = vap_profiles_read (root, error);
  if (profiles == NULL || !vap_needs_complete (needs, profiles, error))
    return NULL;
  return g_steal_pointer (&needs);
}
