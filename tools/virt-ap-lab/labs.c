/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "labs.h"

#include "message.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <glib/gi18n.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define GROUP "lab"
#define SUFFIX ".lab"
#define LOCK_TRIES 20u
#define LOCK_PAUSE_US 1000u

void
lab_kept_free (LabKept *kept)
{
  if (!kept)
    return;
  g_free (kept->name);
  g_free (kept->path);
  g_free (kept->log_path);
  g_free (kept->machine);
  g_free (kept->uri);
  if (kept->lock >= 0)
    close (kept->lock);
  if (kept->log >= 0)
    close (kept->log);
  g_free (kept);
}

gboolean
lab_kept_name_is_valid (const char *name)
{
  return g_regex_match_simple ("^[A-Za-z0-9][A-Za-z0-9-]{0,31}$", name,
                               G_REGEX_DOLLAR_ENDONLY, 0);
}

/* root's are in /run whatever the environment says */
static char *
make_path (const char *name, const char *suffix)
{
  const char *base = geteuid () == 0 ? "/run" : g_get_user_runtime_dir ();
  g_autofree char *file = g_strconcat (name, suffix, NULL);

  return g_build_filename (base, "virt-ap-labs", file, NULL);
}

static LabKept *
new_kept (const char *name)
{
  LabKept *kept = g_new0 (LabKept, 1);

  kept->name = g_strdup (name);
  /* now, since the name of this user may be another in the lab's namespace */
  kept->path = make_path (name, SUFFIX);
  kept->log_path = make_path (name, ".log");
  kept->lock = kept->log = -1;
  return kept;
}

/* whether @fd is still the file that @path names */
static gboolean
is_same_file (int fd, const char *path)
{
  struct stat open_file, named;

  return fstat (fd, &open_file) == 0 && stat (path, &named) == 0 &&
         open_file.st_ino == named.st_ino && open_file.st_dev == named.st_dev;
}

/* Who asks whether the lab runs holds the lock for a moment, too. */
static gboolean
lock_patiently (int fd)
{
  for (guint tries = 0; tries < LOCK_TRIES; tries++) {
    if (flock (fd, LOCK_EX | LOCK_NB) == 0)
      return TRUE;
    g_usleep (LOCK_PAUSE_US);
  }
  return FALSE;
}

/* one that a lab that has just been stopped took away is made again, as is its folder */
static int
open_locked (const char *path)
{
  g_autofree char *folder = g_path_get_dirname (path);

  for (;;) {
    int fd = open (path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

    if (fd < 0 && errno == ENOENT && g_mkdir_with_parents (folder, 0700) == 0)
      continue;
    if (fd < 0)
      return -1;
    if (!lock_patiently (fd)) {
      close (fd);
      errno = EWOULDBLOCK;
      return -1;
    }
    if (is_same_file (fd, path))
      return fd;
    close (fd);
  }
}

LabKept *
lab_kept_claim (const char *name, GError **error)
{
  g_autoptr (LabKept) kept = new_kept (name);

  kept->lock = open_locked (kept->path);
  if (kept->lock < 0 && errno == EWOULDBLOCK) {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_EXISTS,
                 _ ("a lab of the name %s is running already"), name);
    return NULL;
  }
  if (kept->lock >= 0)
    kept->log =
        open (kept->log_path, O_RDWR | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
  if (kept->log < 0 || ftruncate (kept->lock, 0) < 0) {
    lab_set_errno_error (error, _ ("cannot write %s"),
                         kept->lock < 0 ? kept->path : kept->log_path);
    return NULL;
  }
  return g_steal_pointer (&kept);
}

gboolean
lab_kept_write (const LabKept *kept, GError **error)
{
  g_autoptr (GKeyFile) file = g_key_file_new ();
  g_autofree char *text = NULL;
  gsize length;

  g_key_file_set_string (file, GROUP, "machine", kept->machine);
  if (kept->uri)
    g_key_file_set_string (file, GROUP, "uri", kept->uri);
  g_key_file_set_integer (file, GROUP, "init", kept->init);
  g_key_file_set_boolean (file, GROUP, "own-users", kept->own_users);
  text = g_key_file_to_data (file, &length, NULL);
  if (pwrite (kept->lock, text, length, 0) == (gssize) length)
    return TRUE;
  lab_set_errno_error (error, _ ("cannot write what is known of the lab %s"), kept->name);
  return FALSE;
}

LabKept *
lab_kept_find (const char *name, GError **error)
{
  g_autoptr (LabKept) kept = new_kept (name);
  g_autoptr (GKeyFile) file = g_key_file_new ();

  if (lab_kept_name_is_valid (name))
    kept->lock = open (kept->path, O_RDWR | O_CLOEXEC);
  if (kept->lock < 0) {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
                 _ ("there is no lab of the name %s"), name);
    return NULL;
  }
  kept->log = open (kept->log_path, O_RDONLY | O_CLOEXEC);
  /* what is missing is of a lab that never came up */
  g_key_file_load_from_file (file, kept->path, G_KEY_FILE_NONE, NULL);
  kept->machine = g_key_file_get_string (file, GROUP, "machine", NULL);
  kept->uri = g_key_file_get_string (file, GROUP, "uri", NULL);
  kept->init = g_key_file_get_integer (file, GROUP, "init", NULL);
  kept->own_users = g_key_file_get_boolean (file, GROUP, "own-users", NULL);
  return g_steal_pointer (&kept);
}

gboolean
lab_kept_is_running (const LabKept *kept)
{
  if (flock (kept->lock, LOCK_SH | LOCK_NB) < 0)
    return TRUE;
  flock (kept->lock, LOCK_UN);
  return FALSE;
}

char *
lab_kept_log (const LabKept *kept)
{
  g_autoptr (GString) text = g_string_new (NULL);
  char buffer[4096];
  gssize length;

  while (kept->log >= 0 &&
         (length = pread (kept->log, buffer, sizeof buffer, (off_t) text->len)) > 0)
    g_string_append_len (text, buffer, length);
  return g_string_free (g_steal_pointer (&text), FALSE);
}

char *
lab_kept_last_words (const LabKept *kept)
{
  g_autofree char *log = lab_kept_log (kept);
  const char *line;

  g_strchomp (log);
  line = strrchr (log, '\n');
  line = line ? line + 1 : log;
  /* the program's own name says nothing here */
  if (g_str_has_prefix (line, "virt-ap-lab: "))
    line += strlen ("virt-ap-lab: ");
  return g_strdup (line);
}

void
lab_kept_remove (const LabKept *kept)
{
  g_autofree char *folder = g_path_get_dirname (kept->path);

  unlink (kept->log_path);
  unlink (kept->path);
  /* stays as long as there are others */
  rmdir (folder);
}

static int
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (*(char *const *) a, *(char *const *) b);
}

char **
lab_kept_names (void)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  g_autofree char *folder = make_path ("", "");
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    if (g_str_has_suffix (name, SUFFIX))
      g_ptr_array_add (names, g_strndup (name, strlen (name) - strlen (SUFFIX)));
  g_ptr_array_sort (names, compare_names);
  g_ptr_array_add (names, NULL);
  return (char **) g_ptr_array_steal (names, NULL);
}
