/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The lock of AP settings: races, abandoned locks, and what must not be one. */
#include "change/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utime.h>

#include "ap/error.h"

#define RACERS 50

typedef struct {
  char *root;
  char *directory; /* where the lock is */
  char *path;
} Place;

static void
place_set_up (Place *place, gconstpointer unused G_GNUC_UNUSED)
{
  place->root = g_dir_make_tmp ("virt-ap-lock-XXXXXX", NULL);
  place->directory = g_build_filename (place->root, "run", "lock", NULL);
  place->path = vap_lock_path (place->root);
  g_assert_cmpint (g_mkdir_with_parents (place->directory, 0755), ==, 0);
}

static void
place_tear_down (Place *place, gconstpointer unused G_GNUC_UNUSED)
{
  g_autofree char *run = g_path_get_dirname (place->directory);

  g_remove (place->path);
  /* only an empty one can be removed: nothing may be left beside the lock */
  g_assert_cmpint (g_rmdir (place->directory), ==, 0);
  g_assert_cmpint (g_rmdir (run), ==, 0);
  g_assert_cmpint (g_rmdir (place->root), ==, 0);
  g_free (place->path);
  g_free (place->directory);
  g_free (place->root);
}

static void
write_lock (const Place *place, const char *content)
{
  g_assert_true (g_file_set_contents (place->path, content, -1, NULL));
}

static void
assert_content (const Place *place, pid_t owner)
{
  g_autofree char *expected = g_strdup_printf ("%d\n", (int)owner);
  g_autofree char *content = NULL;

  g_assert_true (g_file_get_contents (place->path, &content, NULL, NULL));
  g_assert_cmpstr (content, ==, expected);
}

static void
assert_taken (const Place *place, pid_t owner)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (vap_lock_take (place->path, owner, 1000, &error));
  g_assert_no_error (error);
  assert_content (place, owner);
}

static void
assert_refused (const Place *place, pid_t owner, guint patience_ms, int code,
                const char *told)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (vap_lock_take (place->path, owner, patience_ms, &error));
  g_assert_error (error, VAP_ERROR, code);
  g_assert_nonnull (strstr (error->message, told));
  g_assert_nonnull (strstr (error->message, place->path));
}

/* a number that was a process's and is no more */
static pid_t
ended_process (void)
{
  pid_t pid = fork ();

  if (pid == 0)
    _exit (0);
  g_assert_cmpint (pid, >, 0);
  g_assert_cmpint (waitpid (pid, NULL, 0), ==, pid);
  return pid;
}

/* a process that lives until it is killed */
static pid_t
living_process (void)
{
  pid_t pid = fork ();

  while (pid == 0)
    pause ();
  g_assert_cmpint (pid, >, 0);
  return pid;
}

static void
end_process (pid_t pid)
{
  g_assert_cmpint (kill (pid, SIGKILL), ==, 0);
  g_assert_cmpint (waitpid (pid, NULL, 0), ==, pid);
}

static void
test_take_and_release (Place *place, gconstpointer unused G_GNUC_UNUSED)
{
  g_autoptr (GError) error = NULL;
  GStatBuf info;

  assert_taken (place, getpid ());
  g_assert_cmpint (g_stat (place->path, &info), ==, 0);
  g_assert_cmpuint (info.st_mode & 07777, ==, 0644); /* others read who has it */
  g_assert_cmpuint (info.st_nlink, ==, 1);

  assert_taken (place, getpid ()); /* it is ours already */
  g_assert_true (vap_lock_release (place->path, getpid (), &error));
  g_assert_false (g_file_test (place->path, G_FILE_TEST_EXISTS));
  g_assert_true (vap_lock_release (place->path, getpid (), &error));
  g_assert_no_error (error);
}

static void
test_directory_missing (Place *place, gconstpointer unused G_GNUC_UNUSED)
{
  g_assert_cmpint (g_rmdir (place->directory), ==, 0);
  assert_taken (place, getpid ());
}

static void
test_release_of_another (Place *place, gconstpointer unused G_GNUC_UNUSED)
{
  g_autoptr (GError) error = NULL;

  write_lock (place, "1\n");
  g_assert_true (vap_lock_release (place->path, getpid (), &error));
  g_assert_no_error (error);
  assert_content (place, 1);
}

static void
test_held (Place *place, gconstpointer unused G_GNUC_UNUSED)
{
  pid_t holder = living_process ();
  g_autofree char *number = g_strdup_printf ("%d (", (int)holder);
  gint64 begin = g_get_monotonic_time ();

  assert_taken (place, holder);
  assert_refused (place, getpid (), 200, VAP_ERROR_BUSY, number);
  g_assert_cmpint (g_get_monotonic_time () - begin, >=, 200 * 1000);
  g_assert_cmpint (g_get_monotonic_time () - begin, <, 5000 * 1000);
  assert_content (place, holder);
  end_process (holder);
}

static void
test_wait_for_end (Place *place, gconstpointer unused G_GNUC_UNUSED)
{
  pid_t helper = fork ();
  g_autoptr (GError) error = NULL;

  if (helper == 0) {
    gboolean taken = vap_lock_take (place->path, getpid (), 0, NULL);

    g_usleep (150 * 1000);
    _exit (taken && vap_lock_release (place->path, getpid (), NULL) ? 0 : 1);
  }
  while (!g_file_test (place->path, G_FILE_TEST_EXISTS))
    g_usleep (1000);
  g_assert_true (vap_lock_take (place->path, getpid (), 5000, &error));
  g_assert_no_error (error);
  g_assert_cmpint (waitpid (helper, NULL, 0), ==, helper);
}

static void
test_stale (Place *place, gconstpointer unused G_GNUC_UNUSED)
{
  g_autofree char *content = g_strdup_printf ("%d\n", (int)ended_process ());

  write_lock (place, content);
  assert_taken (place, getpid ());
}

static void
test_nameless (Place *place, gconstpointer unused G_GNUC_UNUSED)
{
  static const char *const contents[] = {
    "",   "\n",   "0\n",  "-1\n",         "abc\n",
    "12", "1x\n", " 1\n", "4294967297\n", "11111111111111111111111111111111111111111111\n"
  };
  struct utimbuf old = { .modtime = time (NULL) - 121 };

  for (gsize i = 0; i < G_N_ELEMENTS (contents); i++) {
    write_lock (place, contents[i]);
    assert_refused (place, getpid (), 0, VAP_ERROR_BUSY, "names no process");
  }
  /* nobody takes two minutes to write a number */
  g_assert_cmpint (utime (place->path, &old), ==, 0);
  assert_taken (place, getpid ());
}

static void
test_symbolic_link (Place *place, gconstpointer unused G_GNUC_UNUSED)
{
  g_autofree char *target = g_build_filename (place->root, "target", NULL);

  g_assert_true (g_file_set_contents (target, "precious", -1, NULL));
  g_assert_cmpint (symlink (target, place->path), ==, 0);
  assert_refused (place, getpid (), 0, VAP_ERROR_UNREADABLE, "not a regular file");
  g_assert_cmpint (g_remove (place->path), ==, 0);

  /* one that leads nowhere must not be filled by us */
  g_assert_cmpint (g_remove (target), ==, 0);
  g_assert_cmpint (symlink (target, place->path), ==, 0);
  assert_refused (place, getpid (), 0, VAP_ERROR_UNREADABLE, "not a regular file");
  g_assert_false (g_file_test (target, G_FILE_TEST_EXISTS));
}

static void
test_other_kinds (Place *place, gconstpointer unused G_GNUC_UNUSED)
{
  g_assert_cmpint (mkfifo (place->path, 0644), ==, 0);
  assert_refused (place, getpid (), 0, VAP_ERROR_UNREADABLE, "not a regular file");
  g_assert_cmpint (g_remove (place->path), ==, 0);

  g_assert_cmpint (g_mkdir (place->path, 0755), ==, 0);
  assert_refused (place, getpid (), 0, VAP_ERROR_UNREADABLE, "not a regular file");
}

static void
test_foreign_owner (Place *place, gconstpointer unused G_GNUC_UNUSED)
{
  if (geteuid () != 0) {
    g_test_skip ("only root can make another user's file");
    return;
  }
  write_lock (place, "1\n");
  g_assert_cmpint (chown (place->path, 65534, 65534), ==, 0);
  assert_refused (place, getpid (), 0, VAP_ERROR_UNREADABLE, "user 65534");
}

static void
test_no_directory (Place *place, gconstpointer unused G_GNUC_UNUSED)
{
  g_assert_cmpint (g_rmdir (place->directory), ==, 0);
  g_assert_true (g_file_set_contents (place->directory, "", -1, NULL));
  assert_refused (place, getpid (), 0, VAP_ERROR_UNREADABLE, "Cannot");
  g_assert_cmpint (g_remove (place->directory), ==, 0);
  g_assert_cmpint (g_mkdir (place->directory, 0755), ==, 0);
}

static void
test_unwritable_directory (Place *place, gconstpointer unused G_GNUC_UNUSED)
{
  gboolean root = geteuid () == 0; /* who can write everywhere */

  g_assert_cmpint (g_chmod (place->root, 0755), ==, 0);
  g_assert_cmpint (g_chmod (place->directory, 0555), ==, 0);
  g_assert_cmpint (seteuid (root ? 65534 : geteuid ()), ==, 0);
  assert_refused (place, getpid (), 0, VAP_ERROR_UNREADABLE, "Cannot make");
  g_assert_cmpint (seteuid (root ? 0 : geteuid ()), ==, 0);
  g_assert_cmpint (g_chmod (place->directory, 0755), ==, 0);
}

static void
test_owner_ended (Place *place, gconstpointer unused G_GNUC_UNUSED)
{
  assert_refused (place, ended_process (), 0, VAP_ERROR_FAILED, "has ended");
  g_assert_false (g_file_test (place->path, G_FILE_TEST_EXISTS));
}

/* one of many: waits for the start, then is alone inside, or exits with 1; @release:
 * FALSE to end with the lock, so that the next has to take it over */
static void
race (const Place *place, int start, gboolean release)
{
  g_autofree char *inside = g_build_filename (place->root, "inside", NULL);
  char byte;
  int fd;

  if (read (start, &byte, 1) != 0)
    _exit (2);
  if (!vap_lock_take (place->path, getpid (), 60000, NULL))
    _exit (3);
  fd = open (inside, O_CREAT | O_EXCL | O_WRONLY, 0600);
  if (fd < 0)
    _exit (1);
  g_usleep (500);
  if (close (fd) < 0 || unlink (inside) < 0)
    _exit (1);
  _exit (release && !vap_lock_release (place->path, getpid (), NULL) ? 4 : 0);
}

static void
run_race (const Place *place, gboolean release)
{
  int start[2];

  g_assert_cmpint (pipe (start), ==, 0);
  for (int i = 0; i < RACERS; i++) {
    pid_t racer = fork ();

    g_assert_cmpint (racer, >=, 0);
    if (racer == 0) {
      close (start[1]);
      race (place, start[0], release);
    }
  }
  close (start[0]);
  close (start[1]); /* go */
  for (int i = 0; i < RACERS; i++) {
    int status = -1;

    g_assert_cmpint (waitpid (-1, &status, 0), >, 0);
    g_assert_cmpint (status, ==, 0);
  }
}

static void
test_race (Place *place, gconstpointer unused G_GNUC_UNUSED)
{
  run_race (place, TRUE);
  g_assert_false (g_file_test (place->path, G_FILE_TEST_EXISTS));
}

/* each finds the lock of one that ended, together with others: one may take it over */
static void
test_race_stale (Place *place, gconstpointer unused G_GNUC_UNUSED)
{
  g_autofree char *content = g_strdup_printf ("%d\n", (int)ended_process ());

  write_lock (place, content);
  for (int round = 0; round < 4; round++)
    run_race (place, FALSE);
}

int
main (int argc, char **argv)
{
  static const struct {
    const char *name;
    void (*run) (Place *place, gconstpointer unused);
  } tests[] = {
    { "/lock/take-and-release", test_take_and_release },
    { "/lock/directory-missing", test_directory_missing },
    { "/lock/release-of-another", test_release_of_another },
    { "/lock/held", test_held },
    { "/lock/wait-for-end", test_wait_for_end },
    { "/lock/stale", test_stale },
    { "/lock/nameless", test_nameless },
    { "/lock/symbolic-link", test_symbolic_link },
    { "/lock/other-kinds", test_other_kinds },
    { "/lock/foreign-owner", test_foreign_owner },
    { "/lock/no-directory", test_no_directory },
    { "/lock/unwritable-directory", test_unwritable_directory },
    { "/lock/owner-ended", test_owner_ended },
    { "/lock/race", test_race },
    { "/lock/race-stale", test_race_stale },
  };

  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (tests); i++)
    g_test_add (tests[i].name, Place, NULL, place_set_up, tests[i].run, place_tear_down);
  return g_test_run ();
}
