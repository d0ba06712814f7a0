/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a reading stood on holds as long as all of it is so, and not one change longer; of
 * what cannot be looked at again there is no evidence.
 */
#include "keep/evidence.h"

#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "keep/keep.h"

/* a tmpfs of every Linux: what is in /tmp may be of any kind */
#define PLACE "/dev/shm"

/* @file is in @dir, where nothing has the name of @nothing */
typedef struct {
  char *dir;
  char *file;
  char *nothing;
} Fixture;

static void
write_text (const char *path, const char *text)
{
  gint fd = open (path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

  g_assert_cmpint (fd, >=, 0);
  g_assert_cmpint (write (fd, text, strlen (text)), ==, (gssize)strlen (text));
  close (fd);
}

static void
set_up (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  fixture->dir = g_strdup (PLACE "/virt-ap-evidence-XXXXXX");
  g_assert_nonnull (g_mkdtemp (fixture->dir));
  fixture->file = g_build_filename (fixture->dir, "file", NULL);
  fixture->nothing = g_build_filename (fixture->dir, "nothing", NULL);
  write_text (fixture->file, "one");
}

static void
tear_down (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_remove (fixture->file);
  g_remove (fixture->nothing);
  g_assert_cmpint (g_rmdir (fixture->dir), ==, 0);
  g_free (fixture->dir);
  g_free (fixture->file);
  g_free (fixture->nothing);
}

/* finds it, or keeps it for the next time, as a reader does */
static void
look (const char *path)
{
  VapKeepMark mark;

  if (vap_kept_find (path, &mark) == NULL && mark.known)
    vap_kept_add (path, &mark, g_strdup ("what was made of it"), g_free);
}

/* what a reading of all stands on, once they have not changed for a while */
static VapEvidence *
evidence_of (const char *const *paths)
{
  for (guint i = 0; i < 200; i++) {
    VapEvidence *evidence;

    vap_evidence_begin ();
    for (const char *const *path = paths; *path != NULL; path++)
      look (*path);
    evidence = vap_evidence_end ();
    if (evidence != NULL)
      return evidence;
    g_usleep (10 * 1000);
  }
  g_error ("there never was evidence of %s", paths[0]);
}

static VapEvidence *
evidence_of_all (const Fixture *fixture)
{
  return evidence_of (
      (const char *const[]){ fixture->file, fixture->dir, fixture->nothing, NULL });
}

static VapEvidence *
evidence_of_one (const char *path)
{
  return evidence_of ((const char *const[]){ path, NULL });
}

static void
test_holds (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (VapEvidence) evidence = evidence_of_all (fixture);

  g_assert_true (vap_evidence_holds (evidence));
  g_assert_true (vap_evidence_holds (evidence));
}

static void
test_file_written (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (VapEvidence) evidence = evidence_of_one (fixture->file);

  write_text (fixture->file, "two");
  g_assert_false (vap_evidence_holds (evidence));
  /* nor with what there was once more */
  write_text (fixture->file, "one");
  g_assert_false (vap_evidence_holds (evidence));
}

/* by another of the same size, by a link to what it was, by nothing */
static void
test_file_replaced (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (VapEvidence) evidence = evidence_of_one (fixture->file);
  g_autoptr (VapEvidence) of_other = NULL;

  write_text (fixture->nothing, "two");
  g_assert_cmpint (g_rename (fixture->nothing, fixture->file), ==, 0);
  g_assert_false (vap_evidence_holds (evidence));
  of_other = evidence_of_one (fixture->file);
  g_assert_true (vap_evidence_holds (of_other));
  g_assert_cmpint (g_rename (fixture->file, fixture->nothing), ==, 0);
  g_assert_false (vap_evidence_holds (of_other));
  g_assert_cmpint (symlink (fixture->nothing, fixture->file), ==, 0);
  g_assert_false (vap_evidence_holds (of_other));
}

static void
test_directory (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (VapEvidence) evidence = evidence_of_one (fixture->dir);

  write_text (fixture->nothing, "two");
  g_assert_false (vap_evidence_holds (evidence));
}

static void
test_nothing (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autofree char *below = g_build_filename (fixture->nothing, "below", NULL);
  g_autoptr (VapEvidence) evidence = evidence_of_one (fixture->nothing);
  g_autoptr (VapEvidence) of_below = evidence_of_one (below);

  g_assert_true (vap_evidence_holds (evidence));
  /* of a file's, too, there is nothing below */
  write_text (fixture->nothing, "two");
  g_assert_false (vap_evidence_holds (evidence));
  g_assert_true (vap_evidence_holds (of_below));
  g_assert_cmpint (g_remove (fixture->nothing), ==, 0);
  g_assert_true (vap_evidence_holds (evidence));
  /* a link to nothing is not nothing */
  g_assert_cmpint (symlink (below, fixture->nothing), ==, 0);
  g_assert_false (vap_evidence_holds (evidence));
}

/* each counts, wherever it is among the others */
static void
test_each (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (VapEvidence) before = evidence_of_all (fixture);
  g_autoptr (VapEvidence) after = NULL;

  g_assert_cmpint (g_chmod (fixture->file, 0640), ==, 0);
  g_assert_false (vap_evidence_holds (before));
  after = evidence_of_all (fixture);
  g_assert_true (vap_evidence_holds (after));
  write_text (fixture->nothing, "two");
  g_assert_false (vap_evidence_holds (after));
}

/* what was not kept before, what is of no kind to be kept, and what its reader doubts */
static void
test_doubt (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  vap_evidence_begin ();
  look (fixture->file);
  look (fixture->nothing);
  g_assert_null (vap_evidence_end ());

  vap_evidence_begin ();
  look ("/proc/uptime");
  g_assert_null (vap_evidence_end ());

  vap_evidence_free (evidence_of_one (fixture->file));
  vap_evidence_begin ();
  look (fixture->file);
  vap_evidence_doubt ();
  look (fixture->file);
  g_assert_null (vap_evidence_end ());
}

/* what was noted for nobody is in nobody's way */
static void
test_not_ended (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (VapEvidence) evidence = NULL;

  vap_evidence_free (evidence_of_one (fixture->file));
  vap_evidence_begin ();
  look (fixture->nothing);
  vap_evidence_begin ();
  look (fixture->file);
  evidence = vap_evidence_end ();
  g_assert_nonnull (evidence);
  g_assert_null (vap_evidence_end ());
  look (fixture->nothing);
  write_text (fixture->nothing, "two");
  g_assert_true (vap_evidence_holds (evidence));
}

static gboolean
run (const char *command)
{
  return system (command) == 0;
}

static VapEvidence *
evidence_of_attribute (const char *path)
{
  char text[VAP_ATTRIBUTE_ROOM];

  vap_evidence_begin ();
  return vap_kept_read (path, text, sizeof text) >= 0 ? vap_evidence_end () : NULL;
}

static gboolean
open_attribute (const char *path)
{
  gint fd = open (path, O_RDONLY | O_CLOEXEC);

  return fd >= 0 && vap_kept_take (path, fd);
}

/* In a network of its own, whose sysfs is at @at; 77 where that cannot be made. */
static int
watch_device (const char *at)
{
  g_autofree char *path = g_strconcat (at, "/class/net/vapkeep/mtu", NULL);
  const char *add = "ip link add vapkeep type veth 2>/dev/null";
  VapEvidence *evidence;

  if (unshare (CLONE_NEWNET | CLONE_NEWNS) != 0
      || mount (NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0
      || mount ("sysfs", at, "sysfs", 0, NULL) != 0 || !run (add)
      || !run ("ip link set vapkeep mtu 1400"))
    return 77;
  if (!open_attribute (path) || (evidence = evidence_of_attribute (path)) == NULL
      || !vap_evidence_holds (evidence))
    return 1;
  /* another value of the same length, then one that begins with it, then the same again */
  if (!run ("ip link set vapkeep mtu 1300") || vap_evidence_holds (evidence)
      || !run ("ip link set vapkeep mtu 14000") || vap_evidence_holds (evidence)
      || !run ("ip link set vapkeep mtu 1400") || !vap_evidence_holds (evidence))
    return 2;
  /* gone, and there is one like it */
  if (!run ("ip link del vapkeep") || vap_evidence_holds (evidence) || !run (add)
      || !run ("ip link set vapkeep mtu 1400") || vap_evidence_holds (evidence))
    return 3;
  vap_evidence_free (evidence);
  if (!open_attribute (path) || (evidence = evidence_of_attribute (path)) == NULL
      || !vap_evidence_holds (evidence))
    return 4;
  vap_evidence_free (evidence);
  return 0;
}

static void
test_attribute (void)
{
  g_autofree char *at = g_dir_make_tmp ("virt-ap-evidence-XXXXXX", NULL);
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

/* who keeps nothing has no evidence */
static void
test_not_asked (void)
{
  vap_evidence_begin ();
  look (PLACE);
  look (PLACE "/virt-ap-nothing");
  g_assert_null (vap_evidence_end ());
}

#define ADD(name, function)                                                              \
  g_test_add ("/evidence/" name, Fixture, NULL, set_up, function, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  test_not_asked ();
  vap_keep_files ();
  ADD ("holds", test_holds);
  ADD ("file-written", test_file_written);
  ADD ("file-replaced", test_file_replaced);
  ADD ("directory", test_directory);
  ADD ("nothing", test_nothing);
  ADD ("each", test_each);
  ADD ("doubt", test_doubt);
  ADD ("not-ended", test_not_ended);
  g_test_add_func ("/evidence/attribute", test_attribute);
  return g_test_run ();
}
