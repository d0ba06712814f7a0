/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Records of grants: written, read, removed, and broken ones never passed over. */
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "grant/maker.h"
#include "grant/record.h"
#include "guest/device.h"

#define GUEST "dfeb39a7-e2c8-5d06-a30c-ea0d40897d29"
#define DEVICE "62177883-f1bb-47f0-914d-32a22e3a8801"
#define OTHER "62177883-f1bb-47f0-914d-32a22e3a8802"

static char *root;

static char *
folder (void)
{
  return g_strconcat (root, VAP_GRANTS_DIR, NULL);
}

static void
write_one (const char *device, gint64 touched)
{
  g_autoptr (VapGrant) grant = vap_grant_new (GUEST, device);
  g_autoptr (GError) error = NULL;

  grant->guest = g_strdup ("a guest = [odd]\n");
  grant->profile = g_strdup ("signing");
  grant->touched = touched;
  g_assert_true (vap_grants_write (root, grant, &error));
  g_assert_no_error (error);
}

static GPtrArray *
read_all (void)
{
  g_autoptr (GError) error = NULL;
  GPtrArray *grants = vap_grants_read (root, &error);

  g_assert_no_error (error);
  return grants;
}

static void
test_none (void)
{
  g_autoptr (GPtrArray) grants = read_all ();

  g_assert_cmpuint (grants->len, ==, 0);
}

static void
test_round_trip (void)
{
  g_autofree char *path = folder ();
  g_autoptr (GPtrArray) grants = NULL;
  g_autoptr (GError) error = NULL;
  const VapGrant *grant;

  g_assert_cmpint (g_mkdir_with_parents (path, 0750), ==, 0);
  write_one (DEVICE, 200);
  write_one (OTHER, 100);
  write_one (DEVICE, 300);
  grants = read_all ();
  g_assert_cmpuint (grants->len, ==, 2);
  grant = grants->pdata[0];
  g_assert_cmpstr (grant->device, ==, OTHER);
  grant = grants->pdata[1];
  g_assert_cmpstr (grant->guest_uuid, ==, GUEST);
  g_assert_cmpstr (grant->device, ==, DEVICE);
  g_assert_cmpstr (grant->guest, ==, "a guest = [odd]\n");
  g_assert_cmpstr (grant->profile, ==, "signing");
  g_assert_false (grant->released);
  g_assert_cmpint (grant->touched, ==, 300);

  g_assert_true (vap_grants_remove (root, grant, &error));
  g_assert_true (vap_grants_remove (root, grant, &error));
  g_clear_pointer (&grants, g_ptr_array_unref);
  grants = read_all ();
  g_assert_cmpuint (grants->len, ==, 1);
}

/* What cannot be understood may stand for a matrix: nothing is granted then. */
static void
test_broken (void)
{
  static const char *const texts[] = {
    "",
    "[grant]\nprofile=a\n",
    "[grant]\nprofile=a\nreleased=perhaps\ntouched=1\n",
    "[grant]\nprofile=a\nreleased=false\ntouched=soon\n",
    "\xff\xfe",
  };
  g_autofree char *path = g_strconcat (root, VAP_GRANTS_DIR "/" GUEST "." DEVICE, NULL);

  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++) {
    g_autoptr (GError) error = NULL;

    g_assert_true (g_file_set_contents (path, texts[i], -1, NULL));
    g_assert_null (vap_grants_read (root, &error));
    g_assert_error (error, VAP_ERROR, VAP_ERROR_MALFORMED);
    g_assert_nonnull (strstr (error->message, DEVICE));
  }
  g_assert_cmpint (g_unlink (path), ==, 0);
}

/* Other files there are none of ours. */
static void
test_others (void)
{
  g_autofree char *lost = g_strconcat (root, VAP_GRANTS_DIR "/lost+found", NULL);
  g_autofree char *half =
      g_strconcat (root, VAP_GRANTS_DIR "/" GUEST "." DEVICE ".ABCDEF", NULL);
  g_autoptr (GPtrArray) grants = NULL;

  g_assert_true (g_file_set_contents (lost, "x", -1, NULL));
  g_assert_true (g_file_set_contents (half, "x", -1, NULL));
  grants = read_all ();
  g_assert_cmpuint (grants->len, ==, 1);
}

/* A record tells whether the process that made it is still there. */
static void
test_maker (void)
{
  static const char *const nobody[] = { NULL, "", "1", "1 2", "0 1 pid:[1]", "x y z", "-5 1 z" };
  g_autofree char *self = vap_maker_self ();
  g_auto (GStrv) words = NULL;
  g_autofree char *another = NULL, *elsewhere = NULL, *theirs = NULL;
  char text[200];
  ssize_t length;
  int ends[2];

  g_assert_nonnull (self);
  g_assert_false (vap_maker_is_gone (self));
  for (gsize i = 0; i < G_N_ELEMENTS (nobody); i++)
    g_assert_false (vap_maker_is_gone (nobody[i]));
  /* the PID has come again; and one of another namespace, of which nothing is known */
  words = g_strsplit (self, " ", -1);
  another = g_strdup_printf ("%s 1%s %s", words[0], words[1], words[2]);
  g_assert_true (vap_maker_is_gone (another));
  elsewhere = g_strdup_printf ("%s 1%s pid:[1]", words[0], words[1]);
  g_assert_false (vap_maker_is_gone (elsewhere));

  g_assert_cmpint (pipe (ends), ==, 0);
  pid_t child = fork ();
  if (child == 0) {
    char *own = vap_maker_self ();

    _exit (write (ends[1], own, strlen (own)) < 0);
  }
  length = read (ends[0], text, sizeof text - 1);
  g_assert_cmpint (length, >, 0);
  theirs = g_strndup (text, (gsize) length);
  g_assert_cmpint (waitpid (child, NULL, 0), ==, child);
  g_assert_true (vap_maker_is_gone (theirs));
  close (ends[0]);
  close (ends[1]);
}

static void
test_abandoned (void)
{
  g_autoptr (VapGrant) grant = vap_grant_new (GUEST, DEVICE);
  g_autoptr (GError) error = NULL;

  grant->profile = g_strdup ("signing");
  for (guint gone = 0; gone < 2; gone++) {
    g_autoptr (GPtrArray) grants = NULL;
    const VapGrant *back;

    g_free (grant->maker);
    grant->maker = vap_maker_self ();
    if (gone)
      /* an earlier process of this PID */
      grant->maker[strcspn (grant->maker, " ") + 1] ^= 1;
    g_assert_true (vap_grants_write (root, grant, &error));
    grants = read_all ();
    back = grants->pdata[0];
    g_assert_cmpstr (back->device, ==, DEVICE);
    g_assert_cmpstr (back->maker, ==, grant->maker);
    g_assert_cmpint (back->abandoned, ==, gone);
  }
  g_assert_true (vap_grants_remove (root, grant, &error));
}

/* Two processes never hold it at once, and one that dies gives it back. */
static void
test_lock (void)
{
  g_autoptr (GError) error = NULL;
  gint fd = vap_grants_lock (root, &error);
  int ready[2], status;
  char byte;

  g_assert_no_error (error);
  g_assert_cmpint (fd, >=, 0);
  g_assert_cmpint (pipe (ready), ==, 0);
  pid_t child = fork ();
  if (child == 0) {
    g_autoptr (GError) reason = NULL;

    /* what was inherited is the same lock */
    close (fd);
    if (write (ready[1], "1", 1) != 1 || vap_grants_lock (root, &reason) < 0 ||
        write (ready[1], "2", 1) != 1)
      _exit (1);
    _exit (0);
  }
  g_assert_cmpint (read (ready[0], &byte, 1), ==, 1);
  g_assert_cmpint (waitpid (child, &status, WNOHANG), ==, 0);
  close (fd);
  g_assert_cmpint (read (ready[0], &byte, 1), ==, 1);
  g_assert_cmpint (byte, ==, '2');
  g_assert_cmpint (waitpid (child, &status, 0), ==, child);
  g_assert_cmpint (status, ==, 0);
  fd = vap_grants_lock (root, &error);
  g_assert_cmpint (fd, >=, 0);
  close (fd);
  close (ready[0]);
  close (ready[1]);
}

static void
test_names (void)
{
  char first[37], second[37];

  vap_uuid_name_granted (first);
  vap_uuid_name_granted (second);
  g_assert_cmpstr (first, !=, second);
  g_assert_cmpuint (strlen (first), ==, 36);
  g_assert_true (vap_uuid_is_granted (first));
  g_assert_false (vap_uuid_is_granted (DEVICE));
  g_assert_false (vap_uuid_is_granted ("76617067-"));
  first[14] = '4';
  g_assert_false (vap_uuid_is_granted (first));
}

static void
test_no_folder (void)
{
  g_autoptr (GError) error = NULL;

  if (geteuid () == 0) {
    gint fd = vap_grants_lock ("/proc/self", &error);

    g_assert_cmpint (fd, ==, -1);
  } else {
    g_assert_cmpint (vap_grants_lock ("/nowhere", &error), ==, -1);
  }
  g_assert_error (error, VAP_ERROR, VAP_ERROR_UNREADABLE);
  g_assert_nonnull (strstr (error->message, VAP_GRANTS_DIR));
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  int status;

  g_test_init (&argc, &argv, NULL);
  root = g_dir_make_tmp ("grants.XXXXXX", &error);
  g_assert_no_error (error);
  g_test_add_func ("/grant/record/none", test_none);
  g_test_add_func ("/grant/record/round-trip", test_round_trip);
  g_test_add_func ("/grant/record/broken", test_broken);
  g_test_add_func ("/grant/record/others", test_others);
  g_test_add_func ("/grant/record/maker", test_maker);
  g_test_add_func ("/grant/record/lock", test_lock);
  g_test_add_func ("/grant/record/names", test_names);
  g_test_add_func ("/grant/record/no-folder", test_no_folder);
  g_test_add_func ("/grant/record/abandoned", test_abandoned);
  status = g_test_run ();
  const char *const clean[] = { "rm", "-rf", root, NULL };
  g_spawn_sync (NULL, (char **) clean, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL,
                NULL, NULL);
  g_free (root);
  return status;
}
