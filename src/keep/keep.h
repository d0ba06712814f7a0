/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What was made of a file, kept as long as the file is the same: for a process that puts
 * many questions, which asks for it by vap_keep_files().  Others keep nothing, and here
 * is nothing to find.  Used wherever files are read, by config/ and host/.
 *
 * Nothing is taken on trust: a file of a file system that tells each change of it is
 * looked at by one lstat(), an attribute of sysfs is read again by one pread(), and what
 * is of neither kind is not kept.
 */
#pragma once

#include <glib.h>
#include <sys/stat.h>

G_BEGIN_DECLS

/* What tells a file from another, and from itself before it was replaced or written; of a
 * directory, before an entry came, went or was renamed. */
typedef struct {
  dev_t device;
  ino_t inode;
  off_t size;
  struct timespec modified;
  struct timespec changed;
} VapIdentity;

VapIdentity vap_identity_of (const struct stat *status);
gboolean vap_identity_equal (const VapIdentity *a, const VapIdentity *b);

/* from now on this process keeps what it can */
void vap_keep_files (void);
gboolean vap_keep_is_on (void);

/* How a file was before it was read; zero where nothing is to be kept of it. */
typedef struct {
  VapIdentity identity;
  gboolean known;
  gboolean absent;   /* it was not there */
  gboolean constant; /* to be set by who knows that the file never says anything else,
                        whatever file system it is in */
} VapKeepMark;

/**
 * vap_kept_find:
 * @path: of a file or a directory; a symbolic link is nothing that is kept
 * @mark: (out): for vap_kept_add(), when nothing was found
 *
 * Returns: (transfer none): what was kept of it, if it is still the same; NULL else.
 *   It may go with the next vap_kept_add()
 */
gpointer vap_kept_find (const char *path, VapKeepMark *mark);

/**
 * vap_kept_add:
 * @mark: how the file was before @value was made of it: what changes while it is read
 *   makes no difference but that it is read again
 * @value: (transfer full): nothing in it may change any more
 * @free: (nullable): frees @value
 *
 * Keeps @value, or frees it: a file that has changed a moment ago may change again
 * without its times telling.
 */
void vap_kept_add (const char *path, const VapKeepMark *mark, gpointer value,
                   GDestroyNotify free);

/* An attribute of sysfs is never longer than a page (PAGE_SIZE, fs/sysfs/file.c; 64 KiB
 * elsewhere than on s390x are no matter: what is longer is read another way), and one byte
 * more shows that it is all. */
#define VAP_ATTRIBUTE_ROOM (4096u + 1)

/**
 * vap_kept_read:
 * @path: of an attribute of sysfs
 * @bytes: room for @size, more than an attribute can have: VAP_ATTRIBUTE_ROOM
 *
 * An attribute whose file was kept open, written anew by its driver, in one call.
 *
 * Returns: how many bytes; -1 when it is not open, or what it belonged to is gone: then
 *   @path is to be opened
 */
gssize vap_kept_read (const char *path, char *bytes, gsize size);

/* takes @fd, of which a read has succeeded, if it is an attribute of sysfs and there is
 * room; else it stays the caller's to close */
gboolean vap_kept_take (const char *path, gint fd);

G_END_DECLS
