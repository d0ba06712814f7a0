/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The journal of a transaction: a file of lines, each a GVariant as text, that only
 * grows.  A line is one write(2) and is on the disk before what it announces is done.
 * Used by transaction.c alone.
 */
#include "config.h"

#include "change/priv.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINE_TYPE "(ssa{ss})"

/* contents of small files are in it, twice */
#define JOURNAL_MAX (16u * 1024 * 1024)

#define SEIZE_DELAY_US 20000

void
vap_journal_line_free (VapJournalLine *line)
{
  g_free (line->word);
  g_free (line->name);
  g_variant_unref (line->texts);
  g_free (line);
}

static gboolean
fail_errno (GError **error, const char *format, const char *path)
{
  g_set_error (error, VAP_ERROR, VAP_ERROR_UNREADABLE, format, path, g_strerror (errno));
  return FALSE;
}

gboolean
vap_sync_dir_of (const char *path, GError **error)
{
  g_autofree char *dir = g_path_get_dirname (path);
  int fd = open (dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  gboolean synced = fd >= 0 && fsync (fd) == 0;

  if (!synced)
    fail_errno (error, _ ("cannot put the directory '%s' on the disk: %s"), dir);
  if (fd >= 0)
    close (fd);
  return synced;
}

/* with the directory's own entry on the disk */
static gboolean
make_dir (const char *path, GError **error)
{
  g_autofree char *dir = g_path_get_dirname (path);

  if (g_file_test (dir, G_FILE_TEST_IS_DIR))
    return TRUE;
  if (g_mkdir_with_parents (dir, 0755) < 0)
    return fail_errno (error, _ ("cannot make the directory '%s': %s"), dir);
  return vap_sync_dir_of (dir, error);
}

int
vap_journal_create (const char *path, GError **error)
{
  int fd;

  if (!make_dir (path, error))
    return -1;
  fd = open (path, O_RDWR | O_CREAT | O_EXCL | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (fd < 0) {
    fail_errno (error, _ ("cannot make the journal '%s': %s"), path);
    return -1;
  }
  if (flock (fd, LOCK_EX | LOCK_NB) == 0 && vap_sync_dir_of (path, error))
    return fd;
  if (error != NULL && *error == NULL)
    fail_errno (error, _ ("cannot make the journal '%s': %s"), path);
  unlink (path);
  close (fd);
  return -1;
}

static gboolean
is_trusted (const struct stat *info)
{
  return (info->st_uid == 0 || info->st_uid == geteuid ()) &&
         (info->st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

gboolean
vap_journal_open (const char *path, int *fd, GError **error)
{
  g_autofree char *dir = g_path_get_dirname (path);
  struct stat file, above;

  *fd = open (path, O_RDWR | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  if (*fd < 0 && (errno == ENOENT || errno == ENOTDIR))
    return TRUE;
  if (*fd < 0 || fstat (*fd, &file) < 0 || stat (dir, &above) < 0) {
    fail_errno (error, _ ("cannot open the journal '%s': %s"), path);
  } else if (!S_ISREG (file.st_mode) || !is_trusted (&file) || !is_trusted (&above)) {
    g_set_error (
        error, VAP_ERROR, VAP_ERROR_UNREADABLE,
        _ ("the journal '%s' can have been written by others than root; find out "
           "who made it, and remove it"),
        path);
  } else {
    return TRUE;
  }
  if (*fd >= 0)
    close (*fd);
  *fd = -1;
  return FALSE;
}

gboolean
vap_journal_seize (int fd, guint patience_ms)
{
  gint64 deadline = g_get_monotonic_time () + (gint64) patience_ms * 1000;

  while (flock (fd, LOCK_EX | LOCK_NB) < 0) {
    if (g_get_monotonic_time () > deadline)
      return FALSE;
    g_usleep (SEIZE_DELAY_US);
  }
  return TRUE;
}

gboolean
vap_journal_sync (int fd, GError **error)
{
  if (fdatasync (fd) == 0)
    return TRUE;
  return fail_errno (error, _ ("cannot put the journal on the disk%s: %s"), "");
}

gboolean
vap_journal_append (int fd, const char *word, const char *name, GVariant *texts,
                    gboolean lazily, GError **error)
{
  g_autoptr (GVariant) line =
      g_variant_ref_sink (g_variant_new ("(ss@a{ss})", word, name, texts));
  g_autofree char *text = g_variant_print (line, FALSE);
  g_autofree char *whole = g_strconcat (text, "\n", NULL);
  gssize length = (gssize) strlen (whole);
  off_t before = lseek (fd, 0, SEEK_END);
  gssize written;

  errno = 0;
  written = write (fd, whole, (gsize) length);
  if (written == length && (lazily || vap_journal_sync (fd, error)))
    return TRUE;
  if (written != length) {
    errno = errno != 0 ? errno : ENOSPC;
    fail_errno (error, _ ("cannot write the journal%s: %s"), "");
  }
  /* what follows must not continue a cut line; nothing helps when this fails too */
  if (before < 0 || ftruncate (fd, before) < 0)
    g_debug ("the journal keeps a cut line");
  return FALSE;
}

static char *
read_all (int fd, gsize *length, GError **error)
{
  g_autofree char *text = NULL;
  struct stat info;
  gsize done = 0;
  gssize n = 1;

  if (fstat (fd, &info) < 0 || info.st_size > (off_t) JOURNAL_MAX) {
    g_set_error (error, VAP_ERROR, VAP_ERROR_TOO_LARGE,
                 _ ("the journal has more than %u bytes"), JOURNAL_MAX);
    return NULL;
  }
  text = g_malloc0 ((gsize) info.st_size + 1);
  while (done < (gsize) info.st_size && n > 0) {
    n = pread (fd, text + done, (gsize) info.st_size - done, (off_t) done);
    done += n > 0 ? (gsize) n : 0;
  }
  if (n < 0) {
    fail_errno (error, _ ("cannot read the journal%s: %s"), "");
    return NULL;
  }
  *length = done;
  return g_steal_pointer (&text);
}

static VapJournalLine *
parse_line (const char *text, guint number, GError **error)
{
  g_autoptr (GError) reason = NULL;
  g_autoptr (GVariant) variant =
      g_variant_parse (G_VARIANT_TYPE (LINE_TYPE), text, NULL, NULL, &reason);
  VapJournalLine *line;

  if (variant == NULL) {
    g_set_error (error, VAP_ERROR, VAP_ERROR_MALFORMED,
                 _ ("line %u of the journal cannot be understood: %s"), number,
                 reason->message);
    return NULL;
  }
  line = g_new0 (VapJournalLine, 1);
  g_variant_get (variant, "(ss@a{ss})", &line->word, &line->name, &line->texts);
  return line;
}

GPtrArray *
vap_journal_read (int fd, GError **error)
{
  g_autoptr (GPtrArray) lines =
      g_ptr_array_new_with_free_func ((GDestroyNotify) vap_journal_line_free);
  gsize length = 0;
  g_autofree char *text = read_all (fd, &length, error);
  char *at = text;
  char *end;

  if (text == NULL)
    return NULL;
  while ((end = memchr (at, '\n', length - (gsize) (at - text))) != NULL) {
    VapJournalLine *line;

    *end = '\0';
    line = parse_line (at, lines->len + 1, error);
    if (line == NULL)
      return NULL;
    g_ptr_array_add (lines, line);
    at = end + 1;
  }
  return g_steal_pointer (&lines);
}

gboolean
vap_journal_remove (const char *path, GError **error)
{
  if (unlink (path) < 0 && errno != ENOENT)
    return fail_errno (error, _ ("cannot remove the journal '%s': %s"), path);
  /* If this fails, the journal may be there again after a power failure, and the change
   * is then undone: all or nothing still, so it is no failure now. */
  if (!vap_sync_dir_of (path, NULL))
    g_debug ("the journal's removal is not on the disk yet");
  return TRUE;
}
