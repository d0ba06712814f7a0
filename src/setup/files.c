/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files for setup; see files.h. */
#include "config.h"

#include "setup/files.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ap/error.h"

/* more is no configuration of libvirt's (virconf.c, MAX_CONFIG_FILE_SIZE) */
#define FILE_MAX (10u * 1024 * 1024)

/* takes @message, which has what errno said */
static gboolean
fail (char *message, GError **error)
{
  g_autofree char *owned = message;

  g_set_error (error, VAP_ERROR, VAP_ERROR_FAILED, "%s", owned);
  return FALSE;
}

char *
vap_setup_read (const char *root, const char *path, GError **error)
{
  g_autofree char *whole = g_strconcat (root, path, NULL);
  g_autoptr (GError) reason = NULL;
  struct stat status;
  char *text = NULL;
  gsize length;

  if (stat (whole, &status) != 0 && errno == ENOENT)
    return NULL;
  if (!g_file_get_contents (whole, &text, &length, &reason)) {
    g_set_error (error, VAP_ERROR, VAP_ERROR_UNREADABLE, "%s", reason->message);
    return NULL;
  }
  if (length <= FILE_MAX && memchr (text, '\0', length) == NULL)
    return text;
  g_set_error (error, VAP_ERROR, VAP_ERROR_MALFORMED,
               _ ("%s is no configuration of libvirt's"), whole);
  g_free (text);
  return NULL;
}

/* the file itself, where a link leads to it; NULL with @error */
static char *
resolve (const char *root, const char *whole, GError **error)
{
  g_autofree char *real = NULL;

  if (!g_file_test (whole, G_FILE_TEST_IS_SYMLINK))
    return g_strdup (whole);
  if (*root != '\0') {
    g_set_error (error, VAP_ERROR, VAP_ERROR_FAILED,
                 _ ("%s is a symbolic link, which is not followed below a root"), whole);
    return NULL;
  }
  real = realpath (whole, NULL);
  if (real == NULL)
    fail (g_strdup_printf (_ ("Cannot follow %s: %s"), whole, g_strerror (errno)), error);
  return g_steal_pointer (&real);
}

static gboolean
write_temporary (gint fd, const char *file, const char *text)
{
  const gsize length = strlen (text);
  struct stat status;

  if (stat (file, &status) == 0) {
    if (fchown (fd, status.st_uid, status.st_gid) != 0 ||
        fchmod (fd, status.st_mode & 07777) != 0)
      return FALSE;
  } else if (fchmod (fd, 0644) != 0) {
    return FALSE;
  }
  for (gsize done = 0; done < length;) {
    gssize written = write (fd, text + done, length - done);

    if (written < 0 && errno != EINTR)
      return FALSE;
    done += written > 0 ? (gsize) written : 0;
  }
  return fsync (fd) == 0;
}

gboolean
vap_setup_write (const char *root, const char *path, const char *text, GError **error)
{
  g_autofree char *whole = g_strconcat (root, path, NULL);
  g_autofree char *file = resolve (root, whole, error);
  g_autofree char *temporary = NULL;
  gboolean written;
  gint fd;

  if (file == NULL)
    return FALSE;
  temporary = g_strconcat (file, ".virt-ap-XXXXXX", NULL);
  fd = g_mkstemp_full (temporary, O_WRONLY | O_CLOEXEC, 0600);
  if (fd < 0)
    return fail (g_strdup_printf (_ ("Cannot write %s: %s"), file, g_strerror (errno)),
                 error);
  written = write_temporary (fd, file, text);
  written = close (fd) == 0 && written && rename (temporary, file) == 0;
  if (!written) {
    fail (g_strdup_printf (_ ("Cannot write %s: %s"), file, g_strerror (errno)), error);
    unlink (temporary);
  }
  return written;
}

/* makes @path, whose parent is there; adds it to @made */
static gboolean
make_one (const char *root, const char *path, GPtrArray *made, GError **error)
{
  g_autofree char *whole = g_strconcat (root, path, NULL);

  if (mkdir (whole, 0755) == 0)
    g_ptr_array_add (made, g_strdup (path));
  else if (errno != EEXIST || !g_file_test (whole, G_FILE_TEST_IS_DIR))
    return fail (g_strdup_printf (_ ("Cannot make the directory %s: %s"), whole,
                                  g_strerror (errno)),
                 error);
  return TRUE;
}

static gboolean
make_all (const char *root, const char *path, GPtrArray *made, GError **error)
{
  for (const char *at = strchr (path + 1, '/'); at != NULL; at = strchr (at + 1, '/')) {
    g_autofree char *part = g_strndup (path, at - path);

    if (!make_one (root, part, made, error))
      return FALSE;
  }
  return make_one (root, path, made, error);
}

gboolean
vap_setup_make_directory (const char *root, const char *path, GError **error)
{
  g_autoptr (GPtrArray) made = g_ptr_array_new_with_free_func (g_free);
  g_autofree char *whole = g_strconcat (root, path, NULL);
  g_autofree char *memory = NULL;
  g_autofree char *directory = g_path_get_dirname (VAP_SETUP_MEMORY);
  g_autoptr (GString) text = g_string_new (NULL);

  if (g_file_test (whole, G_FILE_TEST_IS_DIR))
    return TRUE;
  /* remembered before anything is made in vain */
  if (!make_all (root, directory, made, error) || !make_all (root, path, made, error))
    return FALSE;
  memory = vap_setup_read (root, VAP_SETUP_MEMORY, NULL);
  g_string_append (text, memory != NULL ? memory : "");
  for (guint i = 0; i < made->len; i++)
    g_string_append_printf (text, "%s\n", (const char *) made->pdata[i]);
  return vap_setup_write (root, VAP_SETUP_MEMORY, text->str, error);
}

gboolean
vap_setup_remove_directories (const char *root, GError **error)
{
  g_autoptr (GError) reason = NULL;
  g_autofree char *text = vap_setup_read (root, VAP_SETUP_MEMORY, &reason);
  g_autofree char *memory = g_strconcat (root, VAP_SETUP_MEMORY, NULL);
  g_auto (GStrv) made = NULL;

  if (text == NULL && reason != NULL) {
    g_propagate_error (error, g_steal_pointer (&reason));
    return FALSE;
  }
  if (text == NULL)
    return TRUE;
  if (g_unlink (memory) != 0)
    return fail (g_strdup_printf (_ ("Cannot remove %s: %s"), memory, g_strerror (errno)),
                 error);
  made = g_strsplit (text, "\n", -1);
  for (guint i = g_strv_length (made); i-- > 0;) {
    g_autofree char *whole = g_strconcat (root, made[i], NULL);

    /* what has something in it now is somebody's */
    if (*made[i] == '/' && g_rmdir (whole) != 0 && errno != ENOTEMPTY &&
        errno != ENOENT && errno != EEXIST)
      return fail (
          g_strdup_printf (_ ("Cannot remove %s: %s"), whole, g_strerror (errno)), error);
  }
  return TRUE;
}
