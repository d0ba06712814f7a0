/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is kept of a file is found as long as the file is the same, and not one change
 * longer; an attribute of the real sysfs is read anew each time, and one whose device is
 * gone is not read any more.
 */
#include "keep/keep.h"

#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <glib/gstdio.h>

/* a tmpfs of every Linux: what is in /tmp may be of any kind */
#define PLACE "/dev/shm"

typedef struct {
  char *dir;
  char *file;
} Place;

static void
place_clear (Place *place)
{
  g_remove (place->file);
  g_rmdir (place->dir);
  g_free (place->dir);
  g_free (place->file);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Place, place_clear)

static void
write_text (const char *path, const char *text)
{
  gint fd = open (path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

  g_assert_cmpint (fd, >=, 0);
  g_assert_cmpint (write (fd, text, strlen (text)), ==, (gssize)strlen (text));
  close (fd);
}

static gboolean
place_make (Place *place)
{
  place->dir = g_strdup (PLACE "/virt-ap-keep-XXXXXX");
  if (g_mkdtemp (place->dir) == NULL) {
    g_test_skip ("no " PLACE " to write in");
    return FALSE;
  }
  place->file = g_build_filename (place->dir, "file", NULL);
  write_text (place->file, "one");
  return TRUE;
}

/* Keeps @value of @path, once the path has not changed for a while. */
static void
keep (const char *path, const char *value)
{
  VapKeepMark mark;

  for (guint i = 0; i < 200; i++) {
    if (g_strcmp0 (vap_kept_find (path, &mark), value) == 0)
      return;
    g_assert_true (mark.known);
    vap_kept_add (path, &mark, g_strdup (value), g_free);
    g_usleep (10 * 1000);
  }
  g_error ("%s was never kept", path);
}

static void
assert_gone (const char *path)
{
  VapKeepMark mark;

  g_assert_null (vap_kept_find (path, &mark));
}

static void
test_settles (void)
{
  g_auto (Place) place = { NULL, NULL };
  VapKeepMark mark;

  if (!place_make (&place))
    return;
  g_assert_null (vap_kept_find (place.file, &mark));
  vap_kept_add (place.file, &mark, g_strdup ("too early"), g_free);
  assert_gone (place.file);
  keep (place.file, "value");
}

static void
test_changes (void)
{
  g_auto (Place) place = { NULL, NULL };
  g_autofree char *other = NULL;
  VapKeepMark mark;

  if (!place_make (&place))
    return;
  /* in place, with the same size */
  keep (place.file, "one");
  write_text (place.file, "two");
  assert_gone (place.file);
  /* by another of the same size */
  keep (place.file, "two");
  other = g_build_filename (place.dir, "other", NULL);
  write_text (other, "six");
  g_assert_cmpint (g_rename (other, place.file), ==, 0);
  assert_gone (place.file);
  /* only who may read it */
  keep (place.file, "six");
  g_assert_cmpint (g_chmod (place.file, 0640), ==, 0);
  assert_gone (place.file);
  /* by nothing, and by a link to what it was */
  keep (place.file, "six");
  g_assert_cmpint (g_rename (place.file, other), ==, 0);
  g_assert_null (vap_kept_find (place.file, &mark));
  g_assert_true (mark.absent);
  g_assert_cmpint (symlink (other, place.file), ==, 0);
  g_assert_null (vap_kept_find (place.file, &mark));
  g_assert_false (mark.absent || mark.known);
  g_remove (other);
}

static void
test_directory (void)
{
  g_auto (Place) place = { NULL, NULL };
  g_autofree char *other = NULL;

  if (!place_make (&place))
    return;
  other = g_build_filename (place.dir, "other", NULL);
  keep (place.dir, "file");
  g_assert_cmpint (g_rename (place.file, other), ==, 0);
  assert_gone (place.dir);
  keep (place.dir, "other");
  write_text (place.file, "new");
  assert_gone (place.dir);
  keep (place.dir, "both");
  g_remove (other);
  assert_gone (place.dir);
}

/* Written while it was read: what was read is not what there is. */
static void
test_changes_meanwhile (void)
{
  g_auto (Place) place = { NULL, NULL };
  VapKeepMark mark;

  if (!place_make (&place))
    return;
  g_usleep (200 * 1000);
  g_assert_null (vap_kept_find (place.file, &mark));
  write_text (place.file, "two");
  vap_kept_add (place.file, &mark, g_strdup ("one"), g_free);
  assert_gone (place.file);
}

/* procfs says nothing of changes by its times */
static void
test_untold (void)
{
  VapKeepMark mark;

  g_usleep (200 * 1000);
  g_assert_null (vap_kept_find ("/proc/uptime", &mark));
  vap_kept_add ("/proc/uptime", &mark, g_strdup ("0"), g_free);
  assert_gone ("/proc/uptime");
}

static gint
read_mtu (const char *path)
{
  char text[4097];
  gssize got = vap_kept_read (path, text, sizeof text - 1);

  if (got < 0)
    return -1;
  text[got] = '\0';
  return atoi (text);
}

static gboolean
run (const char *command)
{
  return system (command) == 0;
}

/* In a network of its own, whose sysfs is at @at; 77 where that cannot be made. */
static int
watch_device (const char *at)
{
  g_autofree char *path = g_strconcat (at, "/class/net/vapkeep/mtu", NULL);
  const char *add = "ip link add vapkeep type veth 2>/dev/null";
  gint fd;

  if (unshare (CLONE_NEWNET | CLONE_NEWNS) != 0
      || mount (NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0
      || mount ("sysfs", at, "sysfs", 0, NULL) != 0 || !run (add)
      || !run ("ip link set vapkeep mtu 1400"))
    return 77;
  fd = open (path, O_RDONLY | O_CLOEXEC);
  if (fd < 0 || !vap_kept_take (path, fd) || read_mtu (path) != 1400)
    return 1;
  if (!run ("ip link set vapkeep mtu 1300") || read_mtu (path) != 1300)
    return 2;
  /* another of the same name is another */
  if (!run ("ip link del vapkeep") || !run (add) || read_mtu (path) != -1)
    return 3;
  /* and the path is free for it */
  fd = open (path, O_RDONLY | O_CLOEXEC);
  if (fd < 0 || !vap_kept_take (path, fd) || read_mtu (path) != 1500)
    return 4;
  return 0;
}

static void
test_attribute (void)
{
  g_autofree char *at = g_dir_make_tmp ("virt-ap-keep-XXXXXX", NULL);
  pid_t child = fork ();
  int status;

  if (child == 0)
    _exit (watch_device (at));
  g_assert_cmpint (waitpid (child, &status, 0), ==, child);
  g_rmdir (at);
  g_assert_true (WIFEXITED (status));
  if (WEXITSTATUS (status) == 77)
    g_test_skip ("cannot make a network device of its own (not root?)");
  else
    g_assert_cmpint (WEXITSTATUS (status), ==, 0);
}

/* what is no attribute is not kept open */
static void
test_no_attribute (void)
{
  gint fd = open ("/proc/uptime", O_RDONLY | O_CLOEXEC);
  char byte;

  g_assert_false (vap_kept_take ("/proc/uptime", fd));
  g_assert_cmpint (vap_kept_read ("/proc/uptime", &byte, 1), ==, -1);
  g_assert_cmpint (close (fd), ==, 0);
}

/* who did not ask for it keeps nothing */
static void
test_not_asked (void)
{
  VapKeepMark mark;

  g_assert_null (vap_kept_find ("/", &mark));
  g_assert_false (mark.known || mark.absent);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  test_not_asked ();
  vap_keep_files ();
  g_test_add_func ("/keep/settles", test_settles);
  g_test_add_func ("/keep/changes", test_changes);
  g_test_add_func ("/keep/changes-meanwhile", test_changes_meanwhile);
  g_test_add_func ("/keep/directory", test_directory);
  g_test_add_func ("/keep/untold", test_untold);
  g_test_add_func ("/keep/attribute", test_attribute);
  g_test_add_func ("/keep/no-attribute", test_no_attribute);
  return g_test_run ();
}
