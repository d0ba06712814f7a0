/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a process that is killed leaves behind: see outside.h.
 */
#include "outside.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * All of virt-ap-lab(1)'s own folders but /var/log, where only daemons and the audit log
 * write, and /dev, whose /dev/vfio follows /sys.  Other folders are the real machine's.
 */
static const char *const trees[] = {
  "/etc/libvirt",     "/etc/mdevctl.d",    "/etc/udev/rules.d", "/etc/virt-ap", "/run",
  "/var/lib/libvirt", "/var/lib/virt-ap", "/sys",              NULL,
};

/* the lab's works, and what /sys has of the real machine */
static const char *const others[] = { "/run/virt-ap-lab", "/sys/devices/system" };

/* FNV-1a, http://www.isthe.com/chongo/tech/comp/fnv/ */
static uint64_t
add (uint64_t hash, const void *bytes, size_t length)
{
  const unsigned char *at = bytes;

  for (size_t i = 0; i < length; i++)
    hash = (hash ^ at[i]) * UINT64_C (0x100000001b3);
  return hash;
}

/* with its length, so that no two files look like two others */
static uint64_t
add_content (uint64_t hash, const char *path)
{
  char buffer[16384];
  size_t length = 0;
  ssize_t n;
  int fd = open (path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

  while (fd >= 0 && (n = read (fd, buffer, sizeof buffer)) > 0) {
    hash = add (hash, buffer, (size_t)n);
    length += (size_t)n;
  }
  if (fd < 0)
    hash = add (hash, &errno, sizeof errno); /* an attribute that is only written */
  else
    close (fd);
  return add (hash, &length, sizeof length);
}

static uint64_t
add_link (uint64_t hash, const char *path)
{
  char target[4096];
  ssize_t length = readlink (path, target, sizeof target);

  return length > 0 ? add (hash, target, (size_t)length) : hash;
}

static uint64_t
add_entry (uint64_t hash, const FTSENT *entry)
{
  const struct stat *status = entry->fts_statp;

  hash = add (hash, entry->fts_path, entry->fts_pathlen + 1);
  hash = add (hash, &entry->fts_info, sizeof entry->fts_info);
  if (entry->fts_info == FTS_NS || entry->fts_info == FTS_ERR)
    return hash;
  hash = add (hash, &status->st_mode, sizeof status->st_mode);
  hash = add (hash, &status->st_uid, sizeof status->st_uid);
  hash = add (hash, &status->st_gid, sizeof status->st_gid);
  if (entry->fts_info == FTS_F)
    return add_content (hash, entry->fts_path);
  return entry->fts_info == FTS_SL ? add_link (hash, entry->fts_path) : hash;
}

static int
by_name (const FTSENT **a, const FTSENT **b)
{
  return strcmp ((*a)->fts_name, (*b)->fts_name);
}

static int
is_other (const char *path)
{
  for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
    if (strcmp (path, others[i]) == 0)
      return 1;
  return 0;
}

uint64_t
outside_digest (void)
{
  uint64_t hash = UINT64_C (0xcbf29ce484222325);
  FTS *walk = fts_open ((char *const *)trees, FTS_PHYSICAL | FTS_NOCHDIR, by_name);
  FTSENT *entry;

  while (walk != NULL && (entry = fts_read (walk)) != NULL) {
    if (is_other (entry->fts_path))
      fts_set (walk, entry, FTS_SKIP);
    else if (entry->fts_info != FTS_DP)
      hash = add_entry (hash, entry);
  }
  if (walk != NULL)
    fts_close (walk);
  return hash;
}

/* 0 for one that has ended, waited for or not */
static int
lives (long pid)
{
  char path[64], text[512] = "";
  const char *end;
  FILE *file;

  snprintf (path, sizeof path, "/proc/%ld/stat", pid);
  file = fopen (path, "re");
  if (file == NULL)
    return 0;
  if (fgets (text, sizeof text, file) == NULL)
    text[0] = '\0';
  fclose (file);
  end = strrchr (text, ')');
  return end != NULL && end[1] == ' ' && end[2] != 'Z' && end[2] != 'X';
}

long
outside_processes (long *pids, long max)
{
  DIR *proc = opendir ("/proc");
  const struct dirent *entry;
  long count = 0;

  while (proc != NULL && (entry = readdir (proc)) != NULL) {
    long pid = isdigit ((unsigned char)entry->d_name[0]) ? atol (entry->d_name) : 0;

    if (pid > 0 && count < max && lives (pid))
      pids[count++] = pid;
  }
  if (proc != NULL)
    closedir (proc);
  return count;
}
