/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The kept files; see keep.h.  Why an attribute may stay open: each pread() at its
 * beginning has the driver write it anew (fs/seq_file.c, seq_read_iter(), resets at
 * position 0), and one whose device is gone answers ENODEV, were there another of the
 * same name (fs/kernfs/file.c, kernfs_seq_start()).  An open one keeps neither device nor
 * module.
 */
#include "config.h"

#include "keep/evidence.h"
#include "keep/priv.h"

#include <errno.h>
#include <linux/magic.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

/* Beyond that all begins anew: nobody's memory grows with what others do. */
#define KEPT_MAX 8192u
#define OPEN_MAX 128u

/* The times of a file system go by ticks, of 10 ms at most. */
#define SETTLED_NS (100 * G_GINT64_CONSTANT (1000000))

#ifndef XFS_SUPER_MAGIC
#define XFS_SUPER_MAGIC 0x58465342
#endif

/* Those that tell each change by a file's change time, which nobody can set: not those
 * whose files change elsewhere. */
static const guint32 telling[] = {
  EXT4_SUPER_MAGIC, XFS_SUPER_MAGIC,       BTRFS_SUPER_MAGIC,
  TMPFS_MAGIC,      OVERLAYFS_SUPER_MAGIC, F2FS_SUPER_MAGIC,
};

typedef struct {
  VapIdentity identity;
  gpointer value;
  GDestroyNotify free;
} Kept;

/* by path; NULL as long as nothing is to be kept */
static GHashTable *kept_files;
static GHashTable *open_files; /* to the descriptor */

VapIdentity
vap_identity_of (const struct stat *status)
{
  return (VapIdentity){ status->st_dev, status->st_ino, status->st_size, status->st_mtim,
                        status->st_ctim };
}

static gboolean
same_time (const struct timespec *a, const struct timespec *b)
{
  return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

gboolean
vap_identity_equal (const VapIdentity *a, const VapIdentity *b)
{
  return a->device == b->device && a->inode == b->inode && a->size == b->size &&
         same_time (&a->modified, &b->modified) && same_time (&a->changed, &b->changed);
}

static void
kept_free (gpointer data)
{
  Kept *kept = data;

  if (kept->free != NULL)
    kept->free (kept->value);
  g_free (kept);
}

static void
close_file (gpointer fd)
{
  close (GPOINTER_TO_INT (fd));
}

void
vap_keep_files (void)
{
  if (kept_files != NULL)
    return;
  kept_files = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, kept_free);
  open_files = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, close_file);
}

void
vap_keep_look (const char *path, VapKeepMark *mark)
{
  struct stat status;

  *mark = (VapKeepMark){ 0 };
  if (lstat (path, &status) != 0) {
    mark->absent = errno == ENOENT || errno == ENOTDIR;
  } else if (S_ISREG (status.st_mode) || S_ISDIR (status.st_mode)) {
    mark->known = TRUE;
    mark->identity = vap_identity_of (&status);
  }
}

/* NULL also when what was kept is of another */
static const Kept *
find_same (const char *path, const VapKeepMark *mark)
{
  const Kept *kept = mark->known ? g_hash_table_lookup (kept_files, path) : NULL;

  return kept != NULL && vap_identity_equal (&kept->identity, &mark->identity) ? kept
                                                                               : NULL;
}

gpointer
vap_kept_find (const char *path, VapKeepMark *mark)
{
  const Kept *kept;

  *mark = (VapKeepMark){ 0 };
  if (kept_files == NULL)
    return NULL;
  vap_keep_look (path, mark);
  kept = find_same (path, mark);
  if (kept != NULL || mark->absent)
    vap_evidence_note_status (path, mark);
  else
    vap_evidence_doubt ();
  return kept != NULL ? kept->value : NULL;
}

gboolean
vap_keep_is_on (void)
{
  return kept_files != NULL;
}

gboolean
vap_keep_is_told (const char *path)
{
  struct statfs system;

  if (statfs (path, &system) != 0)
    return FALSE;
  for (gsize i = 0; i < G_N_ELEMENTS (telling); i++)
    if ((guint32) system.f_type == telling[i])
      return TRUE;
  return FALSE;
}

/* whether its last change is so long ago that another would have another time */
static gboolean
is_settled (const VapIdentity *identity)
{
  struct timespec now;
  gint64 age;

  clock_gettime (CLOCK_REALTIME_COARSE, &now);
  age = (gint64) (now.tv_sec - identity->changed.tv_sec) * 1000000000 +
        (now.tv_nsec - identity->changed.tv_nsec);
  return age > SETTLED_NS;
}

void
vap_kept_add (const char *path, const VapKeepMark *mark, gpointer value,
              GDestroyNotify free)
{
  Kept *kept = g_new (Kept, 1);

  *kept = (Kept){ mark->identity, value, free };
  if (!mark->known || !is_settled (&mark->identity) ||
      !(mark->constant || vap_keep_is_told (path))) {
    kept_free (kept);
    return;
  }
  if (g_hash_table_size (kept_files) >= KEPT_MAX)
    g_hash_table_remove_all (kept_files);
  g_hash_table_replace (kept_files, g_strdup (path), kept);
}

gssize
vap_kept_read (const char *path, char *bytes, gsize size)
{
  gpointer fd;
  gssize got;

  if (open_files == NULL || !g_hash_table_lookup_extended (open_files, path, NULL, &fd))
    return -1;
  got = pread (GPOINTER_TO_INT (fd), bytes, size, 0);
  if (got >= 0 && (gsize) got < size)
    vap_evidence_note_bytes (path, bytes, (gsize) got);
  else
    vap_evidence_doubt ();
  if (got < 0)
    g_hash_table_remove (open_files, path);
  return got;
}

gboolean
vap_kept_take (const char *path, gint fd)
{
  struct statfs system;

  if (open_files == NULL || g_hash_table_size (open_files) >= OPEN_MAX ||
      fstatfs (fd, &system) != 0 || (guint32) system.f_type != SYSFS_MAGIC)
    return FALSE;
  g_hash_table_replace (open_files, g_strdup (path), GINT_TO_POINTER (fd));
  return TRUE;
}
