/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The FUSE file system that shows a model as /sys, with the manners of sysfs (Linux
 * fs/kernfs): an attribute's content is made at the first read, permission bits hold
 * for root too, nothing can be created.  An inode number says which LabNode it is; what
 * the kernel may keep of names and contents is fs-cache.c's business.
 */
#include "config.h"
#include "fs.h"
#include "fs-cache.h"
#include "fs-cpu.h"

#include <errno.h>
#include <gio/gio.h>
#include <glib/gi18n.h>
#include <string.h>

/* The kernel may keep a node's mode and size, and names, until it is told to forget. */
#define KEEP_SECONDS 86400.0

/* What a file handle stands for; a file whose content the kernel keeps has none. */
typedef struct {
  GString *content; /* of a file: made by the last read at offset 0 */
  GArray *entries;  /* of a directory: FsEntry, from the last reading from its start */
  gboolean holds;   /* of a file: lab_model_open() */
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

static int
fill_stat (Fs *fs, fuse_ino_t inode, struct stat *attributes)
{
  LabNode node = lab_cache_node (inode);
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
  /* sysfs says a page of every file; but what the kernel keeps ends where its size says
   */
  if (type != LAB_NODE_DIRECTORY)
    attributes->st_size = (off_t) lab_cache_size (fs->cache, inode);
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
  connection->want |= connection->capable & FUSE_CAP_CACHE_SYMLINKS;
  if (fs->ready)
    fs->ready (fs->user_data);
}

static void
on_lookup (fuse_req_t request, fuse_ino_t parent, const char *name)
{
  Fs *fs = fs_of (request);
  struct fuse_entry_param entry = { 0 };
  LabNode node;
  gboolean keep;
  int code = lab_model_lookup (fs->model, parent, name, &node);

  if (code != 0) {
    fuse_reply_err (request, code);
    return;
  }
  entry.ino = lab_cache_enter (fs->cache, parent, name, node, &keep);
  entry.attr_timeout = KEEP_SECONDS;
  entry.entry_timeout = keep ? KEEP_SECONDS : 0;
  code = fill_stat (fs, entry.ino, &entry.attr);
  if (code == 0 && fuse_reply_entry (request, &entry) == 0)
    return;
  lab_cache_forget (fs->cache, entry.ino, 1);
  if (code != 0)
    fuse_reply_err (request, code);
}

static void
on_forget (fuse_req_t request, fuse_ino_t inode, uint64_t lookups)
{
  lab_cache_forget (fs_of (request)->cache, inode, lookups);
  fuse_reply_none (request);
}

static void
on_forget_multi (fuse_req_t request, size_t count, struct fuse_forget_data *forgets)
{
  for (size_t i = 0; i < count; i++)
    lab_cache_forget (fs_of (request)->cache, forgets[i].ino, forgets[i].nlookup);
  fuse_reply_none (request);
}

/* With an open file it is a read that asks, because it must not rely on the old size. */
static void
on_getattr (fuse_req_t request, fuse_ino_t inode, struct fuse_file_info *info)
{
  struct stat attributes;
  int code = fill_stat (fs_of (request), inode, &attributes);

  if (code != 0)
    fuse_reply_err (request, info ? ENODEV : code);
  else
    fuse_reply_attr (request, &attributes, KEEP_SECONDS);
}

/* Modes, owners and times stay; a new size is what O_TRUNC and truncate() ask for, and
 * sysfs takes it without doing anything. */
static void
on_setattr (fuse_req_t request, fuse_ino_t inode, struct stat *attributes G_GNUC_UNUSED,
            int to_set G_GNUC_UNUSED, struct fuse_file_info *info)
{
  on_getattr (request, inode, info);
}

static void
on_readlink (fuse_req_t request, fuse_ino_t inode)
{
  g_autoptr (GString) target = g_string_new (NULL);
  int code = lab_cache_read (fs_of (request)->cache, inode, target);

  if (code != 0)
    fuse_reply_err (request, code);
  else
    fuse_reply_readlink (request, target->str);
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

static FsHandle *
new_handle (gboolean holds)
{
  FsHandle *handle = g_new0 (FsHandle, 1);

  handle->holds = holds;
  return handle;
}

static void
close_file (Fs *fs, fuse_ino_t inode, FsHandle *handle)
{
  if (!handle) {
    lab_cache_close (fs->cache, inode);
    return;
  }
  if (handle->holds)
    lab_cache_close_device (fs->cache, lab_cache_node (inode));
  handle_free (handle);
}

static void
on_open (fuse_req_t request, fuse_ino_t inode, struct fuse_file_info *info)
{
  Fs *fs = fs_of (request);
  gboolean writing = (info->flags & O_ACCMODE) != O_RDONLY;
  gboolean holds = FALSE;
  LabNodeType type;
  guint mode;
  int code = lab_model_stat (fs->model, lab_cache_node (inode), &type, &mode);

  lab_cpu_follow (&fs->cpu, fuse_req_ctx (request)->pid);
  if (code == 0)
    code = check_access (mode, info->flags);
  if (code == 0)
    code = lab_cache_open_device (fs->cache, lab_cache_node (inode), writing, &holds);
  if (code != 0) {
    fuse_reply_err (request, code);
    return;
  }
  info->keep_cache = !writing && lab_cache_open (fs->cache, inode);
  info->direct_io = !info->keep_cache;
  info->fh = info->direct_io ? (guintptr) new_handle (holds) : 0;
  if (fuse_reply_open (request, info) != 0)
    close_file (fs, inode, handle_of (info));
}

static void
on_release (fuse_req_t request, fuse_ino_t inode, struct fuse_file_info *info)
{
  close_file (fs_of (request), inode, handle_of (info));
  fuse_reply_err (request, 0);
}

/* seq_file's way: content is made anew when reading starts over */
static int
read_again (Fs *fs, fuse_ino_t inode, off_t offset, FsHandle *handle)
{
  if (offset != 0 && handle->content)
    return 0;
  if (!handle->content)
    handle->content = g_string_new (NULL);
  g_string_truncate (handle->content, 0);
  return lab_cache_read (fs->cache, inode, handle->content);
}

static void
on_read (fuse_req_t request, fuse_ino_t inode, size_t size, off_t offset,
         struct fuse_file_info *info)
{
  FsHandle kept = { 0 };
  FsHandle *handle = info->fh ? handle_of (info) : &kept;
  int code = read_again (fs_of (request), inode, offset, handle);
  gsize start;

  if (code != 0) {
    fuse_reply_err (request, code);
  } else {
    start = MIN ((gsize) offset, handle->content->len);
    fuse_reply_buf (request, handle->content->str + start,
                    MIN (size, handle->content->len - start));
  }
  if (kept.content)
    g_string_free (kept.content, TRUE);
}

/* kernfs_fop_write_iter(): no more than a page at once, and the offset is nothing */
static void
on_write (fuse_req_t request, fuse_ino_t inode, const char *text, size_t size,
          off_t offset G_GNUC_UNUSED, struct fuse_file_info *info G_GNUC_UNUSED)
{
  lab_cache_write (fs_of (request)->cache, request, lab_cache_node (inode), text,
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

static void
on_releasedir (fuse_req_t request, fuse_ino_t node G_GNUC_UNUSED,
               struct fuse_file_info *info)
{
  handle_free (handle_of (info));
  fuse_reply_err (request, 0);
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
  .forget = on_forget,
  .forget_multi = on_forget_multi,
  .getattr = on_getattr,
  .setattr = on_setattr,
  .readlink = on_readlink,
  .open = on_open,
  .read = on_read,
  .write = on_write,
  .release = on_release,
  .opendir = on_opendir,
  .readdir = on_readdir,
  .releasedir = on_releasedir,
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
