/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The lock file of AP settings; see lock.h.  /run/lock may be writable by everyone,
 * so nothing found there is followed, trusted or waited for that root did not make.
 */
#include "config.h"

#include "change/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ap/error.h"
#include "change/priv.h"

#define LOCK_FILE "/run/lock/s390apconfig.lock"

/* Between two looks, as in libap (AP_LOCK_DELAY_US, AP_LOCK_VARIANCE_US): the spread
 * keeps those who wait from coming all at once. */
#define DELAY_US 30000
#define DELAY_SPREAD_US 3000

/* A lock without a process number is given up after two minutes, as in
 * util_lockfile.c (WAITPID). */
#define NAMELESS_SECONDS 120

typedef enum {
  LOCK_FREE,
  LOCK_OURS,
  LOCK_HELD,
  LOCK_STALE,
} LockState;

/* What a look at the lock file showed. */
typedef struct {
  LockState state;
  int fd;       /* the file looked at, -1 without one */
  pid_t holder; /* 0 when the file names none */
} LockLook;

static void
lock_look_clear (LockLook *look)
{
  if (look->fd >= 0)
    close (look->fd);
  look->fd = -1;
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (LockLook, lock_look_clear)

char *
vap_lock_path (const char *root)
{
  return g_strconcat (root, LOCK_FILE, NULL);
}

/* @format: a sentence that takes @path and the reason, which is errno */
static gboolean
fail_errno (GError **error, const char *format, const char *path)
{
  g_set_error (error, VAP_ERROR, VAP_ERROR_UNREADABLE, format, path, g_strerror (errno));
  return FALSE;
}

static gboolean
process_exists (pid_t pid)
{
  return kill (pid, 0) == 0 || errno != ESRCH;
}

/* 0 unless @text is a process number and a newline */
static pid_t
parse_holder (const char *text)
{
  char *end = NULL;
  guint64 number = g_ascii_isdigit (*text) ? g_ascii_strtoull (text, &end, 10) : 0;

  if (number == 0 || number > G_MAXINT || !g_str_equal (end, "\n"))
    return 0;
  return (pid_t) number;
}

/* whether the file is one that a keeper of this lock can have made */
static gboolean
check_kind (const char *path, const struct stat *info, GError **error)
{
  if (!S_ISREG (info->st_mode)) {
    g_set_error (error, VAP_ERROR, VAP_ERROR_UNREADABLE,
                 _ ("The lock '%s' is not a regular file; find out who made it, and "
                    "remove it"),
                 path);
    return FALSE;
  }
  if (info->st_uid != 0 && info->st_uid != geteuid ()) {
    g_set_error (error, VAP_ERROR, VAP_ERROR_UNREADABLE,
                 _ ("The lock '%s' was made by user %u, not by root; find out why, and "
                    "remove it"),
                 path, (guint) info->st_uid);
    return FALSE;
  }
  return TRUE;
}

static gboolean
lock_look (const char *path, pid_t owner, LockLook *look, GError **error)
{
  struct stat info;
  char text[40] = "";

  look->fd = open (path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  if (look->fd < 0 && errno == ENOENT) {
    look->state = LOCK_FREE;
    return TRUE;
  }
  if (look->fd < 0 && errno == ELOOP) {
    info = (struct stat){ .st_mode = S_IFLNK };
    return check_kind (path, &info, error);
  }
  if (look->fd < 0 || fstat (look->fd, &info) < 0)
    return fail_errno (error, _ ("Cannot read the lock '%s': %s"), path);
  if (!check_kind (path, &info, error))
    return FALSE;
  if (read (look->fd, text, sizeof text - 1) < 0)
    return fail_errno (error, _ ("Cannot read the lock '%s': %s"), path);

  look->holder = parse_holder (text);
  if (look->holder == 0)
    look->state = time (NULL) > info.st_mtime + NAMELESS_SECONDS ? LOCK_STALE : LOCK_HELD;
  else if (look->holder == owner)
    look->state = LOCK_OURS;
  else
    look->state = process_exists (look->holder) ? LOCK_HELD : LOCK_STALE;
  return TRUE;
}

/*
 * Between reading a stale lock and removing it, someone else may have done the same
 * and made a new one.  So the stale file itself is locked, and removed only while it
 * is still the one at @path.
 */
static gboolean
remove_stale (const char *path, LockLook *look, GError **error)
{
  struct stat seen, there;

  if (flock (look->fd, LOCK_EX | LOCK_NB) < 0) {
    look->state = LOCK_HELD; /* by another who is about to remove it */
    return TRUE;
  }
  if (fstat (look->fd, &seen) < 0 || lstat (path, &there) < 0)
    return TRUE;
  if (seen.st_dev != there.st_dev || seen.st_ino != there.st_ino)
    return TRUE;
  if (unlink (path) < 0 && errno != ENOENT)
    return fail_errno (error, _ ("Cannot remove the abandoned lock '%s': %s"), path);
  return TRUE;
}

/* a new file that can be linked to @path: without a name, so that it is gone with a
 * process that is killed; else, where the file system knows no such files, with @name
 * beside it */
static int
open_candidate (const char *path, char **name, GError **error)
{
  g_autofree char *directory = g_path_get_dirname (path);
  int fd;

  /* at boot, udev can be earlier than what makes /run/lock */
  if (mkdir (directory, 0755) < 0 && errno != EEXIST) {
    fail_errno (error, _ ("Cannot make the directory of the lock '%s': %s"), path);
    return -1;
  }
  fd = open (directory, O_RDWR | O_TMPFILE | O_CLOEXEC, 0644);
  if (fd >= 0)
    return fd;
  *name = g_strconcat (path, ".XXXXXX", NULL);
  fd = g_mkstemp_full (*name, O_RDWR | O_CLOEXEC, 0644);
  if (fd >= 0)
    return fd;
  fail_errno (error, _ ("Cannot make the lock '%s': %s"), path);
  g_clear_pointer (name, g_free);
  return -1;
}

static gboolean
write_owner (int fd, const char *path, pid_t owner, GError **error)
{
  char text[16];
  int length = g_snprintf (text, sizeof text, "%d\n", (int) owner);

  if (fchmod (fd, 0644) == 0 && write (fd, text, (gsize) length) == length)
    return TRUE;
  return fail_errno (error, _ ("Cannot write the lock '%s': %s"), path);
}

/* open(2), O_TMPFILE: how a file without a name gets one */
static gboolean
link_candidate (int fd, const char *name, const char *path)
{
  g_autofree char *itself = g_strdup_printf ("/proc/self/fd/%d", fd);

  if (name != NULL)
    return link (name, path) == 0;
  return linkat (AT_FDCWD, itself, AT_FDCWD, path, AT_SYMLINK_FOLLOW) == 0;
}

/* FALSE without an error when another was faster */
static gboolean
try_to_link (const char *path, pid_t owner, GError **error)
{
  g_autofree char *name = NULL;
  int fd = open_candidate (path, &name, error);
  gboolean linked = FALSE;

  if (fd < 0)
    return FALSE;
  if (write_owner (fd, path, owner, error)) {
    linked = link_candidate (fd, name, path);
    if (!linked && errno != EEXIST)
      fail_errno (error, _ ("Cannot make the lock '%s': %s"), path);
  }
  close (fd);
  if (name != NULL)
    unlink (name);
  return linked;
}

static gboolean
fail_held (const char *path, pid_t holder, guint patience_ms, GError **error)
{
  g_autofree char *file = g_strdup_printf ("/proc/%d/comm", (int) holder);
  g_autofree char *program = NULL;

  if (holder == 0)
    g_set_error (error, VAP_ERROR, VAP_ERROR_BUSY,
                 _ ("The lock '%s' names no process; find out who made it, and remove "
                    "it"),
                 path);
  else if (!g_file_get_contents (file, &program, NULL, NULL))
    g_set_error (error, VAP_ERROR, VAP_ERROR_BUSY,
                 _ ("Process %d has kept the lock '%s' for longer than %.1f seconds"),
                 (int) holder, path, patience_ms / 1000.0);
  else
    g_set_error (
        error, VAP_ERROR, VAP_ERROR_BUSY,
        _ ("Process %d (%s) has kept the lock '%s' for longer than %.1f seconds"),
        (int) holder, g_strchomp (program), path, patience_ms / 1000.0);
  return FALSE;
}

/* one look, and what follows from it; @taken tells whether the lock is ours now */
static gboolean
take_step (const char *path, pid_t owner, LockLook *look, gboolean *taken, GError **error)
{
  g_autoptr (GError) local = NULL;

  if (!lock_look (path, owner, look, error))
    return FALSE;
  if (look->state == LOCK_STALE)
    return remove_stale (path, look, error);
  if (look->state == LOCK_OURS)
    *taken = TRUE;
  if (look->state != LOCK_FREE)
    return TRUE;
  *taken = try_to_link (path, owner, &local);
  if (local) {
    g_propagate_error (error, g_steal_pointer (&local));
    return FALSE;
  }
  return TRUE;
}

gboolean
vap_lock_take (const char *path, pid_t owner, guint patience_ms, GError **error)
{
  gint64 deadline = g_get_monotonic_time () + (gint64) patience_ms * 1000;
  gboolean taken = FALSE;

  while (process_exists (owner)) {
    g_auto (LockLook) look = { .fd = -1 };

    if (!take_step (path, owner, &look, &taken, error))
      return FALSE;
    if (taken && process_exists (owner))
      return TRUE;
    if (taken)
      break;
    if (g_get_monotonic_time () > deadline)
      return fail_held (path, look.holder, patience_ms, error);
    if (vap_step_is_asked_to_end ()) {
      g_set_error (error, VAP_ERROR, VAP_ERROR_FAILED, _ ("a signal asked to end"));
      return FALSE;
    }
    if (look.state == LOCK_HELD)
      g_usleep (DELAY_US + (gulong) g_random_int_range (0, DELAY_SPREAD_US));
  }
  if (taken && !vap_lock_release (path, owner, error))
    return FALSE;
  g_set_error (error, VAP_ERROR, VAP_ERROR_FAILED,
               _ ("Process %d, for which the lock '%s' was to be taken, has ended"),
               (int) owner, path);
  return FALSE;
}

gboolean
vap_lock_release (const char *path, pid_t owner, GError **error)
{
  g_auto (LockLook) look = { .fd = -1 };

  if (!lock_look (path, owner, &look, error))
    return FALSE;
  if (look.state == LOCK_OURS && unlink (path) < 0 && errno != ENOENT)
    return fail_errno (error, _ ("Cannot remove the lock '%s': %s"), path);
  return TRUE;
}

pid_t
vap_lock_holder (const char *path)
{
  g_auto (LockLook) look = { .fd = -1 };
  g_autoptr (GError) error = NULL;

  if (!lock_look (path, 0, &look, &error) || look.state != LOCK_HELD)
    return 0;
  return look.holder;
}
