/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What was undone a moment ago.  A call that a libvirt daemon has taken cannot be called
 * back: when the one who made it was killed, and its change undone, the daemon may still
 * run mdevctl for it.  So each device whose change went through a daemon and was undone
 * has a file below VAP_UNDONE_DIR for some time, and the callout refuses what comes late.
 */
#include "config.h"

#include "change/undone.h"

#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* Longer than a daemon takes to begin with a call, unless all of its threads wait. */
#define SECONDS 30

static char *
undone_path (const char *root, const char *uuid)
{
  return g_strconcat (root, VAP_UNDONE_DIR "/", uuid, NULL);
}

void
vap_undone_note (const char *root, const char *uuid)
{
  g_autofree char *path = undone_path (root, uuid);
  g_autofree char *dir = g_path_get_dirname (path);

  if (g_mkdir_with_parents (dir, 0755) < 0 || !g_file_set_contents (path, "", 0, NULL))
    g_debug ("'%s' is not noted as undone", uuid);
}

void
vap_undone_forget (const char *root, const char *uuid)
{
  g_autofree char *path = undone_path (root, uuid);

  if (unlink (path) < 0)
    g_debug ("'%s' was not noted as undone", uuid);
}

gboolean
vap_undone_recently (const char *root, const char *uuid)
{
  g_autofree char *path = undone_path (root, uuid);
  struct stat info;

  return lstat (path, &info) == 0 && S_ISREG (info.st_mode) &&
         info.st_uid == geteuid () && time (NULL) - info.st_mtime < SECONDS;
}
