/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The configuration's files; see place.h. */
#include "config.h"

#include "config/place.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <pwd.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ap/error.h"
#include "config/key-file.h"

#define NAME "virt-ap/virt-ap.conf"

char *
vap_config_system_path (const char *root)
{
  return g_strconcat (root != NULL ? root : "", "/etc/" NAME, NULL);
}

/* libvirt hands HOME on to the gate and XDG_CONFIG_HOME not (src/util/vircommand.c,
 * virCommandAddEnvPassCommon()) */
static char *
own_directory (const char *variable, const char *usual)
{
  const char *configured = g_getenv (variable);
  const char *home = g_getenv ("HOME");

  if (configured != NULL && *configured == '/')
    return g_strdup (configured);
  if (home == NULL || *home != '/') {
    const struct passwd *user = getpwuid (geteuid ());

    home = user != NULL ? user->pw_dir : NULL;
  }
  return home != NULL && *home == '/' ? g_build_filename (home, usual, NULL) : NULL;
}

char *
vap_own_path (const char *root, const char *variable, const char *usual, const char *name)
{
  g_autofree char *directory = NULL;

  if (geteuid () == 0 || getuid () != geteuid () || getauxval (AT_SECURE) != 0)
    return NULL;
  directory = own_directory (variable, usual);
  if (directory == NULL)
    return NULL;
  return g_strconcat (root != NULL ? root : "", directory, "/", name, NULL);
}

char *
vap_config_user_path (const char *root)
{
  return vap_own_path (root, "XDG_CONFIG_HOME", ".config", NAME);
}

static char *
distrust (const char *path, const struct stat *status)
{
  if (status->st_uid != geteuid () && status->st_uid != 0)
    return g_strdup_printf (_ ("%s is passed over: it belongs to another user"), path);
  if (status->st_mode & S_IWOTH)
    return g_strdup_printf (_ ("%s is passed over: everybody may write it"), path);
  return NULL;
}

static gboolean
read_whole (gint fd, const char *path, char **text, gsize *length, GError **error)
{
  g_autofree char *buffer = g_malloc (VAP_KEY_FILE_MAX + 1);
  gsize end = 0;
  gssize got;

  while ((got = read (fd, buffer + end, VAP_KEY_FILE_MAX + 1 - end)) != 0) {
    if (got < 0 && errno == EINTR)
      continue;
    if (got < 0) {
      g_set_error (error, VAP_ERROR, VAP_ERROR_UNREADABLE, _ ("Cannot read %s: %s"), path,
                   g_strerror (errno));
      return FALSE;
    }
    end += (gsize) got;
    if (end > VAP_KEY_FILE_MAX) {
      g_set_error (error, VAP_ERROR, VAP_ERROR_TOO_LARGE,
                   _ ("%s has more than %u bytes, so it is no configuration"), path,
                   VAP_KEY_FILE_MAX);
      return FALSE;
    }
  }
  *text = g_steal_pointer (&buffer);
  *length = end;
  return TRUE;
}

gboolean
vap_config_load (const char *path, gboolean own, char **text, gsize *length, char **note,
                 GError **error)
{
  /* a FIFO in its place must not make us wait */
  gint fd = open (path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  struct stat status;
  gboolean read;

  *text = *note = NULL;
  if (fd < 0 && (errno == ENOENT || errno == ENOTDIR || (own && errno == EACCES)))
    return TRUE;
  if (fd < 0 || fstat (fd, &status) != 0 || !S_ISREG (status.st_mode)) {
    g_set_error (error, VAP_ERROR, VAP_ERROR_UNREADABLE, _ ("Cannot read %s: %s"), path,
                 fd < 0 ? g_strerror (errno) : _ ("it is no regular file"));
    if (fd >= 0)
      close (fd);
    return FALSE;
  }
  if (own)
    *note = distrust (path, &status);
  read = *note != NULL || read_whole (fd, path, text, length, error);
  close (fd);
  return read;
}
