/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "mounts.h"

#include "message.h"

#include <glib/gi18n.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

gboolean
lab_mount (const char *type, const char *target, gulong flags, const char *options,
           GError **error)
{
  if (mount (type, target, type, flags, options) == 0)
    return TRUE;
  lab_set_errno_error (error, _ ("cannot mount %s on %s"), type, target);
  return FALSE;
}

gboolean
lab_mount_bind (const char *source, const char *target, GError **error)
{
  if (mount (source, target, NULL, MS_BIND, NULL) == 0)
    return TRUE;
  lab_set_errno_error (error, _ ("cannot bind %s to %s"), source, target);
  return FALSE;
}

gboolean
lab_make_directory (const char *path, guint mode, GError **error)
{
  /* the second call is for the mode, which mkdir(2) narrows by the umask */
  if (g_mkdir_with_parents (path, 0755) == 0 && chmod (path, mode) == 0)
    return TRUE;
  lab_set_errno_error (error, _ ("cannot make the directory %s"), path);
  return FALSE;
}

gboolean
lab_write_file (const char *path, const char *content, guint mode, GError **error)
{
  return g_file_set_contents_full (path, content, -1, G_FILE_SET_CONTENTS_NONE,
                                   (int) mode, error);
}

gboolean
lab_make_link (const char *target, const char *path, GError **error)
{
  if (symlink (target, path) == 0)
    return TRUE;
  lab_set_errno_error (error, _ ("cannot make the link %s"), path);
  return FALSE;
}
