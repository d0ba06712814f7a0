/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The step that replaces, makes or removes a file; see steps.h.  The new content is put
 * on the disk under another name in the same directory, one that udev and mdevctl pass
 * over and that is always the same, so that undoing finds it.
 */
#include "config.h"

#include "change/steps.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "change/priv.h"

#define CONTENT_MAX (256u * 1024)

/* What is at a path. */
typedef struct {
  char *content; /* NULL: nothing */
  guint mode;
  guint uid, gid;
} Found;

static void
found_clear (Found *found)
{
  g_clear_pointer (&found->content, g_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Found, found_clear)

static gboolean
fail_errno (GError **error, const char *format, const char *path)
{
  g_set_error (error, VAP_ERROR, VAP_ERROR_FAILED, format, path, g_strerror (errno));
  return FALSE;
}

static char *
full_path (const VapStep *step)
{
  return g_strconcat (vap_step_root (step), vap_step_get (step, "path"), NULL);
}

/* where the new content is made ready */
static char *
new_path (const char *path)
{
  g_autofree char *dir = g_path_get_dirname (path);
  g_autofree char *name = g_path_get_basename (path);

  return g_strdup_printf ("%s/.%s.virt-ap", dir, name);
}

static gboolean
find (const char *path, Found *found, GError **error)
{
  struct stat info;
  gsize length;

  if (lstat (path, &info) < 0)
    return errno == ENOENT || errno == ENOTDIR ||
           fail_errno (error, _ ("cannot look at '%s': %s"), path);
  if (!S_ISREG (info.st_mode) || info.st_size > CONTENT_MAX) {
    g_set_error (
        error, VAP_ERROR, VAP_ERROR_FAILED,
        _ ("'%s' is not a regular file of at most %u bytes, so it is left alone"), path,
        CONTENT_MAX);
    return FALSE;
  }
  if (!g_file_get_contents (path, &found->content, &length, error))
    return FALSE;
  if (strlen (found->content) != length) {
    g_set_error (error, VAP_ERROR, VAP_ERROR_FAILED,
                 _ ("'%s' is not text, so it is left alone"), path);
    return FALSE;
  }
  found->mode = info.st_mode & 07777;
  found->uid = info.st_uid;
  found->gid = info.st_gid;
  return TRUE;
}

/* Texts of a step are UTF-8, those of a file need not be. */
static void
set_content (VapStep *step, const char *key, const char *content)
{
  g_autofree char *escaped = content != NULL ? g_strescape (content, NULL) : NULL;

  vap_step_set (step, key, escaped);
}

/* NULL for no file */
static char *
get_content (const VapStep *step, const char *key)
{
  const char *escaped = vap_step_get (step, key);

  return escaped != NULL ? g_strcompress (escaped) : NULL;
}

static guint
get_number (const VapStep *step, const char *key)
{
  const char *text = vap_step_get (step, key);

  return text != NULL ? (guint) g_ascii_strtoull (text, NULL, 8) : 0;
}

static void
set_number (VapStep *step, const char *key, guint number)
{
  g_autofree char *text = g_strdup_printf ("%o", number);

  vap_step_set (step, key, text);
}

static gboolean
write_synced (int fd, const Found *wanted)
{
  gsize length = strlen (wanted->content);

  for (gsize done = 0; done < length;) {
    gssize n = write (fd, wanted->content + done, length - done);

    if (n < 0)
      return FALSE;
    done += (gsize) n;
  }
  return fchown (fd, wanted->uid, wanted->gid) == 0 && fchmod (fd, wanted->mode) == 0 &&
         fsync (fd) == 0;
}

/* what is at @path becomes @wanted, atomically */
static gboolean
put (const char *path, const Found *wanted, GError **error)
{
  g_autofree char *ready = new_path (path);
  gboolean written;
  int fd;

  if (wanted->content == NULL) {
    if (unlink (path) < 0 && errno != ENOENT)
      return fail_errno (error, _ ("cannot remove '%s': %s"), path);
    return vap_sync_dir_of (path, error);
  }
  if (unlink (ready) < 0 && errno != ENOENT)
    return fail_errno (error, _ ("cannot replace '%s': %s"), path);
  fd = open (ready, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  written = fd >= 0 && write_synced (fd, wanted);
  if (!written)
    fail_errno (error, _ ("cannot write '%s': %s"), path);
  if (fd >= 0)
    close (fd);
  if (!written) {
    unlink (ready);
    return FALSE;
  }
  if (rename (ready, path) == 0)
    return vap_sync_dir_of (path, error);
  fail_errno (error, _ ("cannot replace '%s': %s"), path);
  unlink (ready);
  return FALSE;
}

/* the topmost directory of @path below the root that is not there; NULL when all are.
 * Free with g_free(). */
static char *
missing_dir (const VapStep *step, const char *path)
{
  g_autofree char *dir = g_path_get_dirname (path);
  char *missing = NULL;

  while (strlen (dir) > strlen (vap_step_root (step)) &&
         !g_file_test (dir, G_FILE_TEST_EXISTS)) {
    g_free (missing);
    missing = g_strdup (dir);
    g_free (dir);
    dir = g_path_get_dirname (missing);
  }
  return missing;
}

static gboolean
make_dirs (const VapStep *step, const char *path, GError **error)
{
  g_autofree char *dir = g_path_get_dirname (path);
  const char *first = vap_step_get (step, "made-dir");
  g_autofree char *topmost = g_strconcat (vap_step_root (step), first, NULL);

  if (first == NULL || g_file_test (dir, G_FILE_TEST_IS_DIR))
    return TRUE;
  if (g_mkdir_with_parents (dir, 0755) < 0)
    return fail_errno (error, _ ("cannot make the directory '%s': %s"), dir);
  return vap_sync_dir_of (topmost, error);
}

/* those we made, from below, unless someone has put something there */
static void
remove_dirs (const VapStep *step, const char *path)
{
  const char *first = vap_step_get (step, "made-dir");
  g_autofree char *topmost = g_strconcat (vap_step_root (step), first, NULL);
  g_autofree char *dir = g_path_get_dirname (path);

  while (first != NULL && g_str_has_prefix (dir, topmost)) {
    char *above = g_path_get_dirname (dir);

    if (rmdir (dir) < 0 && errno != ENOENT) {
      g_free (above);
      return;
    }
    g_free (dir);
    dir = above;
  }
}

/* a directory that we made and that nobody has used */
static gboolean
has_empty_dir (const VapStep *step, const char *path)
{
  g_autofree char *dir = g_path_get_dirname (path);
  g_autoptr (GDir) listing = NULL;

  if (vap_step_get (step, "made-dir") == NULL)
    return FALSE;
  while (strlen (dir) > strlen (vap_step_root (step)) &&
         !g_file_test (dir, G_FILE_TEST_EXISTS)) {
    char *above = g_path_get_dirname (dir);

    g_free (dir);
    dir = above;
  }
  if (!g_str_has_prefix (dir + strlen (vap_step_root (step)),
                         vap_step_get (step, "made-dir")))
    return FALSE;
  listing = g_dir_open (dir, 0, NULL);
  return listing != NULL && g_dir_read_name (listing) == NULL;
}

static gboolean
prepare (VapStep *step, GError **error)
{
  g_autofree char *path = full_path (step);
  g_autofree char *missing = missing_dir (step, path);
  g_auto (Found) before = { 0 };

  if (!find (path, &before, error))
    return FALSE;
  set_content (step, "before", before.content);
  set_number (step, "before-mode", before.mode);
  set_number (step, "before-uid", before.uid);
  set_number (step, "before-gid", before.gid);
  if (missing != NULL)
    vap_step_set (step, "made-dir", missing + strlen (vap_step_root (step)));
  return TRUE;
}

static gboolean
fail_changed (const char *path, GError **error)
{
  g_set_error (error, VAP_ERROR, VAP_ERROR_FAILED,
               _ ("someone else has changed '%s' since"), path);
  return FALSE;
}

static gboolean
apply (const VapStep *step, GError **error)
{
  g_autofree char *path = full_path (step);
  g_autofree char *before = get_content (step, "before");
  gboolean is_new = before == NULL;
  g_auto (Found) now = { 0 };
  g_auto (Found) wanted = {
    .content = get_content (step, "content"),
    .mode = get_number (step, is_new ? "mode" : "before-mode"),
    .uid = is_new ? geteuid () : get_number (step, "before-uid"),
    .gid = is_new ? getegid () : get_number (step, "before-gid"),
  };

  if (!find (path, &now, error))
    return FALSE;
  if (g_strcmp0 (now.content, wanted.content) != 0 &&
      g_strcmp0 (now.content, before) != 0)
    return fail_changed (path, error);
  return make_dirs (step, path, error) && put (path, &wanted, error);
}

static gboolean
revert (const VapStep *step, GError **error)
{
  g_autofree char *path = full_path (step);
  g_autofree char *ready = new_path (path);
  g_autofree char *content = get_content (step, "content");
  g_auto (Found) now = { 0 };
  g_auto (Found) before = {
    .content = get_content (step, "before"),
    .mode = get_number (step, "before-mode"),
    .uid = get_number (step, "before-uid"),
    .gid = get_number (step, "before-gid"),
  };

  if (!find (path, &now, error))
    return FALSE;
  if (unlink (ready) < 0 && errno != ENOENT && errno != ENOTDIR)
    return fail_errno (error, _ ("cannot remove '%s': %s"), ready);
  if (g_strcmp0 (now.content, before.content) != 0) {
    if (g_strcmp0 (now.content, content) != 0)
      return fail_changed (path, error);
    if (!put (path, &before, error))
      return FALSE;
  }
  remove_dirs (step, path);
  return TRUE;
}

static gboolean
look (const VapStep *step, VapStepState *state, GError **error)
{
  g_autofree char *path = full_path (step);
  g_autofree char *ready = new_path (path);
  g_autofree char *before = get_content (step, "before");
  g_autofree char *content = get_content (step, "content");
  g_auto (Found) now = { 0 };

  if (!find (path, &now, error))
    return FALSE;
  if (g_strcmp0 (now.content, before) == 0 && !has_empty_dir (step, path) &&
      !g_file_test (ready, G_FILE_TEST_EXISTS))
    *state = VAP_STEP_BEFORE;
  else if (g_strcmp0 (now.content, content) == 0)
    *state = VAP_STEP_AFTER;
  else
    *state = VAP_STEP_BETWEEN;
  return TRUE;
}

static char *
describe (const VapStep *step)
{
  const char *path = vap_step_get (step, "path");

  if (vap_step_get (step, "content") == NULL)
    return g_strdup_printf (_ ("Remove the file %s"), path);
  return g_strdup_printf (_ ("Write the file %s"), path);
}

/* one line, whatever the file has: a word of printf's for each of its lines */
static char *
command (const VapStep *step)
{
  g_autofree char *content = get_content (step, "content");
  g_autofree char *path = g_shell_quote (vap_step_get (step, "path"));
  g_auto (GStrv) lines = content != NULL ? g_strsplit (content, "\n", -1) : NULL;
  g_autoptr (GString) text = g_string_new ("printf '%s\\n'");

  if (content == NULL)
    return g_strdup_printf ("rm %s", path);
  for (guint i = 0; lines[i] != NULL; i++) {
    g_autofree char *quoted = g_shell_quote (lines[i]);

    if (lines[i + 1] != NULL || *lines[i] != '\0')
      g_string_append_printf (text, " %s", quoted);
  }
  g_string_append_printf (text, " > %s", path);
  return g_string_free (g_steal_pointer (&text), FALSE);
}

const VapStepKind vap_file_kind = {
  .name = "file",
  .prepare = prepare,
  .apply = apply,
  .revert = revert,
  .look = look,
  .describe = describe,
  .command = command,
};

VapStep *
vap_file_step_new (const char *path, const char *content, guint mode)
{
  VapStep *step = vap_step_new (&vap_file_kind, "path", path, NULL);

  set_content (step, "content", content);
  set_number (step, "mode", mode);
  return step;
}
