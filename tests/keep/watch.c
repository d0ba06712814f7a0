/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What has changed in a watched directory is told by the names of the files, each once and
 * by the time the change is done; when that cannot be told, it is said so.
 */
#include "keep/watch.h"

#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "keep/keep.h"

/* a tmpfs of every Linux: what is in /tmp may be of any kind */
#define PLACE "/dev/shm"

/* more than the system keeps for one reader (fs.inotify.max_queued_events) */
#define TOO_MANY_MAX (1u << 20)

typedef struct {
  char *dir;
  VapWatch *watch;
} Fixture;

static char *
in (const Fixture *fixture, const char *name)
{
  return g_build_filename (fixture->dir, name, NULL);
}

static void
write_file (const Fixture *fixture, const char *name, const char *text)
{
  g_autofree char *path = in (fixture, name);

  g_assert_true (g_file_set_contents_full (path, text, -1, G_FILE_SET_CONTENTS_NONE, 0600,
                                           NULL));
}

static void
move (const Fixture *fixture, const char *from, const char *to)
{
  g_autofree char *old = in (fixture, from);
  g_autofree char *new = in (fixture, to);

  g_assert_cmpint (g_rename (old, new), ==, 0);
}

static void
remove_file (const Fixture *fixture, const char *name)
{
  g_autofree char *path = in (fixture, name);

  g_assert_cmpint (g_remove (path), ==, 0);
}

static void
set_up (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  fixture->dir = g_strdup (PLACE "/virt-ap-watch-XXXXXX");
  g_assert_nonnull (g_mkdtemp (fixture->dir));
  write_file (fixture, "a.xml", "one");
  fixture->watch = vap_watch_new (fixture->dir, ".xml");
  g_assert_nonnull (fixture->watch);
}

static void
tear_down (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autofree char *command = g_strconcat ("rm -rf ", fixture->dir, NULL);

  vap_watch_free (fixture->watch);
  g_assert_cmpint (system (command), ==, 0);
  g_free (fixture->dir);
}

static gint
compare (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *)a, *(const char *const *)b);
}

/* (nullable): the names, sorted, with blanks between; NULL when it is not known */
static char *
changes (VapWatch *watch)
{
  g_autoptr (GHashTable) taken = g_hash_table_new_full (g_str_hash, g_str_equal, g_free,
                                                        NULL);
  g_autoptr (GPtrArray) names = NULL;
  GHashTableIter iter;
  gpointer name;

  vap_watch_look ();
  if (!vap_watch_take (watch, taken))
    return NULL;
  names = g_ptr_array_new ();
  g_hash_table_iter_init (&iter, taken);
  while (g_hash_table_iter_next (&iter, &name, NULL))
    g_ptr_array_add (names, name);
  g_ptr_array_sort (names, compare);
  g_ptr_array_add (names, NULL);
  return g_strjoinv (" ", (char **)names->pdata);
}

static void
assert_changes (VapWatch *watch, const char *expected)
{
  g_autofree char *found = changes (watch);

  g_assert_cmpstr (found, ==, expected);
}

static void
test_names (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autofree char *path = in (fixture, "a.xml");
  gint fd;

  assert_changes (fixture->watch, "");
  write_file (fixture, "b.xml", "two");
  write_file (fixture, "b.xml", "three");
  assert_changes (fixture->watch, "b.xml");
  assert_changes (fixture->watch, "");
  /* as libvirt writes a file */
  write_file (fixture, "a.xml.new", "four");
  assert_changes (fixture->watch, "");
  move (fixture, "a.xml.new", "a.xml");
  assert_changes (fixture->watch, "a.xml");
  move (fixture, "a.xml", "c.xml");
  remove_file (fixture, "b.xml");
  assert_changes (fixture->watch, "a.xml b.xml c.xml");
  move (fixture, "c.xml", "a.xml");
  assert_changes (fixture->watch, "a.xml c.xml");
  g_assert_cmpint (g_chmod (path, 0640), ==, 0);
  assert_changes (fixture->watch, "a.xml");
  /* in place, and before who writes has closed it */
  fd = open (path, O_WRONLY | O_CLOEXEC);
  g_assert_cmpint (pwrite (fd, "5", 1, 0), ==, 1);
  assert_changes (fixture->watch, "a.xml");
  g_assert_cmpint (ftruncate (fd, 1), ==, 0);
  assert_changes (fixture->watch, "a.xml");
  close (fd);
}

/* what is read after vap_watch_new() and before the first look may have changed since */
static void
test_begin (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (VapWatch) other = vap_watch_new (fixture->dir, ".xml");

  write_file (fixture, "b.xml", "two");
  assert_changes (other, "b.xml");
  /* of two watches of one directory each is told, whichever ends first */
  assert_changes (fixture->watch, "b.xml");
  g_clear_pointer (&other, vap_watch_free);
  write_file (fixture, "c.xml", "three");
  assert_changes (fixture->watch, "c.xml");
}

static void
test_other_directory (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autofree char *away = g_strconcat (fixture->dir, "-away", NULL);

  g_assert_cmpint (g_rename (fixture->dir, away), ==, 0);
  assert_changes (fixture->watch, NULL);
  g_assert_cmpint (g_mkdir (fixture->dir, 0700), ==, 0);
  assert_changes (fixture->watch, NULL);
  g_assert_cmpint (g_rmdir (fixture->dir), ==, 0);
  g_assert_cmpint (g_rename (away, fixture->dir), ==, 0);
  /* what happened meanwhile elsewhere is not known */
  assert_changes (fixture->watch, NULL);
}

/* In a mount namespace of its own; 77 where that cannot be made. */
static int
mount_over (const Fixture *fixture)
{
  g_autofree char *found = NULL;

  if (unshare (CLONE_NEWNS) != 0
      || mount (NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0
      || mount ("tmpfs", fixture->dir, "tmpfs", 0, NULL) != 0)
    return 77;
  found = changes (fixture->watch);
  return found == NULL ? 0 : 1;
}

static void
test_mounted_over (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  pid_t child = fork ();
  int status;

  if (child == 0)
    _exit (mount_over (fixture));
  g_assert_cmpint (waitpid (child, &status, 0), ==, child);
  g_assert_true (WIFEXITED (status));
  if (WEXITSTATUS (status) == 77)
    g_test_skip ("cannot mount anything (not root?)");
  else
    g_assert_cmpint (WEXITSTATUS (status), ==, 0);
}

/* more than one reading takes in */
static void
test_many (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (GString) names = g_string_new ("a.xml");

  write_file (fixture, "a.xml", "two");
  for (guint i = 100; i < 200; i++) {
    g_autofree char *name = g_strdup_printf ("b-%u-%0*u.xml", i, (gint)(i % 90), i);

    write_file (fixture, name, "one");
    g_string_append_printf (names, " %s", name);
  }
  assert_changes (fixture->watch, names->str);
  assert_changes (fixture->watch, "");
}

static guint
most_events (void)
{
  g_autofree char *text = NULL;

  if (!g_file_get_contents ("/proc/sys/fs/inotify/max_queued_events", &text, NULL, NULL))
    return TOO_MANY_MAX;
  return (guint)g_ascii_strtoull (text, NULL, 10);
}

static void
test_too_many (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  guint most = most_events ();
  g_autofree char *a = in (fixture, "a.xml");
  g_autofree char *b = in (fixture, "b.xml");

  if (most >= TOO_MANY_MAX) {
    g_test_skip ("the system keeps too many events to have it lose some");
    return;
  }
  /* each renaming is two events; the same ones in a row are one */
  for (guint i = 0; i <= most / 2; i++) {
    g_assert_cmpint (g_rename (i % 2 == 0 ? a : b, i % 2 == 0 ? b : a), ==, 0);
  }
  assert_changes (fixture->watch, NULL);
}

static void
test_rest (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_assert_true (vap_watch_is_on ());
  vap_watch_rest ();
  g_assert_false (vap_watch_is_on ());
  assert_changes (fixture->watch, NULL);
  g_clear_pointer (&fixture->watch, vap_watch_free);
  fixture->watch = vap_watch_new (fixture->dir, ".xml");
  write_file (fixture, "b.xml", "two");
  assert_changes (fixture->watch, "b.xml");
}

static void
test_none (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autofree char *file = in (fixture, "a.xml");
  g_autofree char *link = in (fixture, "link");
  g_autofree char *nothing = in (fixture, "nothing");

  g_assert_null (vap_watch_new (file, ".xml"));
  g_assert_null (vap_watch_new (nothing, ".xml"));
  g_assert_cmpint (symlink (fixture->dir, link), ==, 0);
  g_assert_null (vap_watch_new (link, ".xml"));
  /* procfs tells of no change */
  g_assert_null (vap_watch_new ("/proc/sys", ".xml"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  /* who keeps no files watches none */
  g_assert_null (vap_watch_new (PLACE, ".xml"));
  if (g_access (PLACE, W_OK) != 0) {
    g_print ("1..0 # SKIP no " PLACE " to write in\n");
    return 0;
  }
  vap_keep_files ();
#define ADD(name, test) g_test_add (name, Fixture, NULL, set_up, test, tear_down)
  ADD ("/watch/names", test_names);
  ADD ("/watch/begin", test_begin);
  ADD ("/watch/other-directory", test_other_directory);
  ADD ("/watch/mounted-over", test_mounted_over);
  ADD ("/watch/many", test_many);
  ADD ("/watch/too-many", test_too_many);
  ADD ("/watch/rest", test_rest);
  ADD ("/watch/none", test_none);
  return g_test_run ();
}
