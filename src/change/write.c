/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One write to an attribute of sysfs, and reading it back.
 */
#include "config.h"

#include "change/priv.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <string.h>
#include <unistd.h>

/* sysfs shows a page */
#define ATTR_MAX 65536u

gboolean
vap_attr_write (const char *root, const char *path, const char *text, int *errno_out,
                GError **error)
{
  g_autofree char *full = g_strconcat (root, path, NULL);
  gssize length = (gssize) strlen (text);
  int fd = open (full, O_WRONLY | O_CLOEXEC | O_NOCTTY);
  gssize written = -1;

  errno = fd < 0 ? errno : 0;
  if (fd >= 0)
    written = write (fd, text, (gsize) length);
  *errno_out = written == length ? 0 : errno != 0 ? errno : EIO;
  if (fd >= 0)
    close (fd);
  if (*errno_out == 0)
    return TRUE;
  g_set_error (error, VAP_ERROR, VAP_ERROR_FAILED, _ ("cannot write '%s': %s"), full,
               g_strerror (*errno_out));
  return FALSE;
}

gboolean
vap_attr_read (const char *root, const char *path, char **text, GError **error)
{
  g_autofree char *full = g_strconcat (root, path, NULL);
  int fd = open (full, O_RDONLY | O_CLOEXEC | O_NOCTTY);
  g_autofree char *buffer = NULL;
  gsize length = 0;
  gssize n = 1;

  *text = NULL;
  if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
    return TRUE;
  buffer = g_malloc0 (ATTR_MAX + 1);
  while (fd >= 0 && n > 0 && length < ATTR_MAX) {
    n = read (fd, buffer + length, ATTR_MAX - length);
    length += n > 0 ? (gsize) n : 0;
  }
  if (fd < 0 || n < 0)
    g_set_error (error, VAP_ERROR, VAP_ERROR_UNREADABLE, _ ("cannot read '%s': %s"), full,
                 g_strerror (errno));
  if (fd >= 0)
    close (fd);
  if (fd < 0 || n < 0)
    return FALSE;
  if (length > 0 && buffer[length - 1] == '\n')
    buffer[length - 1] = '\0';
  *text = g_steal_pointer (&buffer);
  return TRUE;
}
