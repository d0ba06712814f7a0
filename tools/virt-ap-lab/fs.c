/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The FUSE file system that shows a model as /sys, with the manners of sysfs (Linux
 * fs/kernfs): an attribute's content is made at the first read, permission bits hold
 * for root too, nothing can be created.  An inode number is a LabNode, so there is no
 * table of inodes, and the kernel is told not to keep the entries of devices that come
 * and go.  What it may keep of the contents is fs-cache.c's business.
 */
#include "config.h"
#include "fs.h"
#include "fs-cache.h"
#include "fs-cpu.h"

#include <errno.h>
#include <gio/gio.h>
#include <glib/gi18n.h>
#include <string.h>

/* The kernel may keep a node's mode and size, and the entry of a node that stays. */
#define KEEP_SECONDS 86400.0

/* What a file handle stands for. */
typedef struct {
  GString *content; /* of a file: made by the last read at offset 0 */
  GArray *entries;  /* of a directory: FsEntry, from the last reading from its start */
} FsHandle;

typedef struct {
  LabNode node;
  LabNodeType type;
  char name[40];
} FsEntry;

typedef struct {
  LabModel *model;
  LabCache *cache;
  struct timespec started;
  void (*ready) (gpointer user_data);
  gpointer user_data;
  LabCpu cpu;
} Fs;

static Fs *
fs_of (fuse_req_t request)
{
  return fuse_req_userdata (request);
}

static void
handle_free (FsHandle *handle)
{
  if (handle->content)
    g_string_free (handle->content, TRUE);
  if (handle->entries)
    g_array_unref (handle->entries);
  g_free (handle);
}

static FsHandle *
handle_of (struct fuse_file_info *info)
{
  return (FsHandle *) (guintptr) info->fh;
}

/* sysfs says a page of every file; but where the kernel keeps a content, that ends where
 * its size says. */
static off_t
size_of (Fs *fs, LabNode node)
{
  g_autoptr (GString) content = NULL;

  if (!lab_model_is_fixed (fs->model, node))
    return LAB_PAGE_SIZE;
  content = g_string_new (NULL);
  return lab_model_read (fs->model, node, content) == 0 ? (off_t) content->len
                                                        : LAB_PAGE_SIZE;
}

static int
fill_stat (Fs *fs, LabNode node, struct stat *attributes)
{
  LabNodeType type;
  guint mode;
  int code = lab_model_stat (fs->model, node, &type, &mode);

  if (code != 0)
    return code;
  memset (attributes, 0, sizeof *attributes);
  attributes->st_ino = node;
  attributes->st_nlink = 1;
  attributes->st_blksize = LAB_PAGE_SIZE;
  attributes->st_mode = mode | (type == LAB_NODE_DIRECTORY ? S_IFDIR
                                : type == LAB_NODE_LINK    ? S_IFLNK
                                                           : S_IFREG);
  if (type == LAB_NODE_FILE)
    attributes->st_size = size_of (fs, node);
  attributes->st_atim = attributes->st_mtim = attributes->st_ctim = fs->started;
  return 0;
}

static void
on_init (void *user_data, struct fuse_conn_info *connection)
{
  Fs *fs = user_data;

  /* an open that truncates would make the size 0 for those who read at the time */
  connection->want &= ~FUSE_CAP_ATOMIC_O_TRUNC;
  /* contents change when fs-cache.c says so, and not when a size or time does */
  connection->want &= ~FUSE_CAP_AUTO_INVAL_DATA;
  if (fs->ready)
    fs->ready (fs->user_data);
}

static void
on_lookup (fuse_req_t request, fuse_ino_t parent, const char *name)
{
  struct fuse_entry_param entry = { 0 };
  LabNode node;
  int code = lab_model_lookup (fs_of (request)->model, parent, name, &node);

  if (code == 0)
    code = fill_stat (fs_of (request), node, &entry.attr);
  entry.ino = node;
  entry.attr_timeout = KEEP_SECONDS;
  if (lab_model_is_permanent (node))
    entry.entry_timeout = KEEP_SECONDS;
  if (code != 0)
    fuse_reply_err (request, code);
  else
    fuse_reply_entry (request, &entry);
}

/* With an open file it is a read that asks, because it must not rely on the old size. */
static void
on_getattr (fuse_req_t request, fuse_ino_t node, struct fuse_file_info *info)
{
  struct stat attributes;
  int code = fill_stat (fs_of (request), node, &attributes);

  if (code != 0)
    fuse_reply_err (request, info ? ENODEV : code);
  else
    fuse_reply_attr (request, &attributes, KEEP_SECONDS);
}

/* Modes, owners and times stay; a new size is what O_TRUNC and truncate() ask for, and
 * sysfs takes it without doing anything. */
static void
on_setattr (fuse_req_t request, fuse_ino_t node, struct stat *attributes G_GNUC_UNUSED,
            int to_set G_GNUC_UNUSED, struct fuse_file_info *info)
{
  on_getattr (request, node, info);
}

static void
on_readlink (fuse_req_t request, fuse_ino_t node)
{
  g_autofree char *target = NULL;
  int code = lab_model_readlink (fs_of (request)->model, node, &target);

  if (code != 0)
    fuse_reply_err (request, code);
  else
    fuse_reply_readlink (request, target);
}

/* kernfs_fop_open(): what nobody may read or write, root may not either */
static int
check_access (guint mode, int flags)
{
  int access = flags & O_ACCMODE;

  if (access != O_WRONLY && (mode & 0444) == 0)
    return EACCES;
  if (access != O_RDONLY && (mode & 0222) == 0)
    return EACCES;
  return 0;
}

static void
on_open (fuse_req_t request, fuse_ino_t node, struct fuse_file_info *info)
{
  LabNodeType type;
  guint mode;
  int code = lab_model_stat (fs_of (request)->model, node, &type, &mode);

  lab_cpu_follow (&fs_of (request)->cpu, fuse_req_ctx (request)->pid);
  if (code == 0)
    code = check_access (mode, info->flags);
  if (code != 0) {
    fuse_reply_err (request, code);
    return;
  }
  info->fh = (guintptr) g_new0 (FsHandle, 1);
  info->keep_cache = (info->flags & O_ACCMODE) == O_RDONLY &&
                     lab_cache_admit (fs_of (request)->cache, node);
  info->direct_io = !info->keep_cache;
  if (fuse_reply_open (request, info) != 0)
    handle_free (handle_of (info));
}

static void
on_release (fuse_req_t request, fuse_ino_t node G_GNUC_UNUSED,
            struct fuse_file_info *info)
{
  handle_free (handle_of (info));
  fuse_reply_err (request, 0);
}

/* seq_file's way: content is made anew when reading starts over */
static void
on_read (fuse_req_t request, fuse_ino_t node, size_t size, off_t offset,
         struct fuse_file_info *info)
{
  FsHandle *handle = handle_of (info);
  gsize start = (gsize) offset;

  if (start == 0 || !handle->content) {
    int code;

    if (!handle->content)
      handle->content = g_string_new (NULL);
    g_string_truncate (handle->content, 0);
    code = lab_model_read (fs_of (request)->model, node, handle->content);
    if (code != 0) {
      fuse_reply_err (request, code);
      return;
    }
  }
  start = MIN (start, handle->content->len);
  fuse_reply_buf (request, handle->content->str + start,
                  MIN (size, handle->content->len - start));
}

/* kernfs_fop_write_iter(): no more than a page at once, and the offset is nothing */
static void
on_write (fuse_req_t request, fuse_ino_t node, const char *text, size_t size,
          off_t offset G_GNUC_UNUSED, struct fuse_file_info *info G_GNUC_UNUSED)
{
  lab_cache_write (fs_of (request)->cache, request, node, text,
                   MIN (size, LAB_PAGE_SIZE));
}

static void
add_entry (const char *name, LabNode node, LabNodeType type, gpointer user_data)
{
  FsEntry entry = { .node = node, .type = type };

  g_strlcpy (entry.name, name, sizeof entry.name);
  g_array_append_val ((GArray *) user_data, entry);
}

static void
on_opendir (fuse_req_t request, fuse_ino_t node G_GNUC_UNUSED,
            struct fuse_file_info *info)
{
  info->fh = (guintptr) g_new0 (FsHandle, 1);
  if (fuse_reply_open (request, info) != 0)
    handle_free (handle_of (info));
}

static int
read_entries (Fs *fs, LabNode node, FsHandle *handle)
{
  if (handle->entries)
    g_array_unref (handle->entries);
  handle->entries = g_array_new (FALSE, FALSE, sizeof (FsEntry));
  add_entry (".", node, LAB_NODE_DIRECTORY, handle->entries);
  add_entry ("..", LAB_NODE_ROOT, LAB_NODE_DIRECTORY, handle->entries);
  return lab_model_list (fs->model, node, add_entry, handle->entries);
}

/* An entry's offset is its place in the array that the handle holds. */
static void
on_readdir (fuse_req_t request, fuse_ino_t node, size_t size, off_t offset,
            struct fuse_file_info *info)
{
  static const mode_t modes[] = {
    [LAB_NODE_DIRECTORY] = S_IFDIR, [LAB_NODE_FILE] = S_IFREG, [LAB_NODE_LINK] = S_IFLNK
  };
  FsHandle *handle = handle_of (info);
  g_autofree char *buffer = g_malloc (size);
  gsize used = 0;

  if (offset == 0 || !handle->entries) {
    int code = read_entries (fs_of (request), node, handle);

    if (code != 0) {
      fuse_reply_err (request, code);
      return;
    }
  }
  for (guint i = (guint) offset; i < handle->entries->len; i++) {
    const FsEntry *entry = &g_array_index (handle->entries, FsEntry, i);
    struct stat attributes = { .st_ino = entry->node, .st_mode = modes[entry->type] };
    gsize length = fuse_add_direntry (request, buffer + used, size - used, entry->name,
                                      &attributes, i + 1);

    if (length > size - used)
      break;
    used += length;
  }
  fuse_reply_buf (request, buffer, used);
}

static void
on_statfs (fuse_req_t request, fuse_ino_t node G_GNUC_UNUSED)
{
  struct statvfs statistics = { .f_bsize = LAB_PAGE_SIZE,
                                .f_frsize = LAB_PAGE_SIZE,
                                .f_namemax = 255 };

  fuse_reply_statfs (request, &statistics);
}

/* open() with O_CREAT of what is not there: sysfs has no create, so EACCES */
static void
on_create (fuse_req_t request, fuse_ino_t parent G_GNUC_UNUSED,
           const char *name G_GNUC_UNUSED, mode_t mode G_GNUC_UNUSED,
           struct fuse_file_info *info G_GNUC_UNUSED)
{
  fuse_reply_err (request, EACCES);
}

static void
on_mknod (fuse_req_t request, fuse_ino_t parent G_GNUC_UNUSED,
          const char *name G_GNUC_UNUSED, mode_t mode G_GNUC_UNUSED,
          dev_t device G_GNUC_UNUSED)
{
  fuse_reply_err (request, EPERM);
}

static void
on_mkdir (fuse_req_t request, fuse_ino_t parent G_GNUC_UNUSED,
          const char *name G_GNUC_UNUSED, mode_t mode G_GNUC_UNUSED)
{
  fuse_reply_err (request, EPERM);
}

static void
on_unlink (fuse_req_t request, fuse_ino_t parent G_GNUC_UNUSED,
           const char *name G_GNUC_UNUSED)
{
  fuse_reply_err (request, EPERM);
}

static const struct fuse_lowlevel_ops operations = {
  .init = on_init,
  .lookup = on_lookup,
  .getattr = on_getattr,
  .setattr = on_setattr,
  .readlink = on_readlink,
  .open = on_open,
  .read = on_read,
  .write = on_write,
  .release = on_release,
  .opendir = on_opendir,
  .readdir = on_readdir,
  .releasedir = on_release,
  .statfs = on_statfs,
  .create = on_create,
  .mknod = on_mknod,
  .mkdir = on_mkdir,
  .unlink = on_unlink,
  .rmdir = on_unlink,
};

gboolean
lab_fs_serve (LabModel *model, const char *mountpoint, void (*ready) (gpointer user_data),
              gpointer user_data, GError **error)
{
  char *argv[] = { (char *) "virt-ap-lab", (char *) "-o",
                   (char *) "fsname=sysfs,subtype=virt-ap-lab,allow_other,"
                            "default_permissions",
                   NULL };
  struct fuse_args arguments = FUSE_ARGS_INIT (3, argv);
  Fs fs = { .model = model, .ready = ready, .user_data = user_data };
  struct fuse_session *session;

  clock_gettime (CLOCK_REALTIME, &fs.started);
  session = fuse_session_new (&arguments, &operations, sizeof operations, &fs);
  fuse_opt_free_args (&arguments);
  if (!session || fuse_set_signal_handlers (session) != 0 ||
      fuse_session_mount (session, mountpoint) != 0) {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_FAILED,
                 _ ("cannot mount the simulated sysfs at %s: is /dev/fuse there?"),
                 mountpoint);
    if (session)
      fuse_session_destroy (session);
    return FALSE;
  }
  fs.cache = lab_cache_new (model, session);
  fuse_session_loop (session);
  fuse_session_unmount (session);
  lab_cache_free (fs.cache);
  fuse_remove_signal_handlers (session);
  fuse_session_destroy (session);
  return TRUE;
}
