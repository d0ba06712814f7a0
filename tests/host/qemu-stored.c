/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What QEMU answered one process, the next one knows, as long as the binary is the same;
 * whatever is wrong with what was stored, it is asked.
 */
#include "host/priv.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <glib/gstdio.h>

typedef struct {
  char *dir;     /* with binaries and the counter */
  char *counter; /* a line each time that one was asked */
  char *store;   /* where the answers are */
} Fixture;

static const char *emulator; /* emulator.c */

static void
run (const char *format, ...)
{
  g_autofree char *command = NULL;
  va_list arguments;

  va_start (arguments, format);
  command = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  g_assert_cmpint (system (command), ==, 0);
}

static void
set_up (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  fixture->dir = g_dir_make_tmp ("virt-ap-stored-XXXXXX", NULL);
  fixture->counter = g_build_filename (fixture->dir, "counter", NULL);
  fixture->store = geteuid () == 0 ? g_strdup ("/run/virt-ap/qemu")
                                   : g_build_filename (g_get_user_cache_dir (), "virt-ap",
                                                       "qemu", NULL);
  /* root asks as nobody */
  run ("chmod 755 '%s' && : > '%s' && chmod 666 '%s'", fixture->dir, fixture->counter,
       fixture->counter);
  run ("cp '%s' '%s/qemu' && chmod 755 '%s/qemu'", emulator, fixture->dir, fixture->dir);
}

static void
tear_down (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  run ("rm -rf '%s' '%s'", fixture->dir, fixture->store);
  g_free (fixture->dir);
  g_free (fixture->counter);
  g_free (fixture->store);
}

static gsize
times_asked (const Fixture *fixture)
{
  g_autofree char *lines = NULL;
  gsize n;

  g_assert_true (g_file_get_contents (fixture->counter, &lines, &n, NULL));
  return n;
}

/* in the child: 0 when the answer is right */
static int
ask (const char *binary, gboolean keeps)
{
  g_autoptr (VapQemu) qemu = NULL;

  if (keeps)
    vap_qemu_keep_answers ();
  qemu = vap_qemu_ask (binary, NULL);
  return qemu != NULL && strcmp (qemu->version, "7.2.22") == 0 &&
                 g_str_equal (qemu->binary, binary) &&
                 g_hash_table_size (qemu->properties) == 2 &&
                 vap_qemu_has_property (qemu, "ap") && vap_qemu_has_property (qemu, "apft")
             ? 0
             : 1;
}

/* a process asks for the answer of @name, whereby the binary is asked @times */
static void
assert_asks (const Fixture *fixture, const char *name, gboolean keeps, gsize times)
{
  g_autofree char *binary = g_build_filename (fixture->dir, name, NULL);
  gsize before = times_asked (fixture);
  pid_t child = fork ();
  int status;

  if (child == 0)
    _exit (ask (binary, keeps));
  g_assert_cmpint (waitpid (child, &status, 0), ==, child);
  g_assert_true (WIFEXITED (status) && WEXITSTATUS (status) == 0);
  g_assert_cmpuint (times_asked (fixture) - before, ==, times);
}

static void
test_next_process (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  assert_asks (fixture, "qemu", TRUE, 1);
  assert_asks (fixture, "qemu", TRUE, 0);
  /* who keeps none, trusts none */
  assert_asks (fixture, "qemu", FALSE, 1);
  assert_asks (fixture, "qemu", TRUE, 0);
}

static void
test_other_binary (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  assert_asks (fixture, "qemu", TRUE, 1);
  run ("cp -p '%s/qemu' '%s/other'", fixture->dir, fixture->dir);
  assert_asks (fixture, "other", TRUE, 1);
  assert_asks (fixture, "qemu", TRUE, 0);
  /* another of the same name, size and content; then one that was touched */
  run ("cp -p '%s/qemu' '%s/new' && mv '%s/new' '%s/qemu'", fixture->dir, fixture->dir,
       fixture->dir, fixture->dir);
  assert_asks (fixture, "qemu", TRUE, 1);
  run ("chmod 755 '%s/qemu'", fixture->dir);
  assert_asks (fixture, "qemu", TRUE, 1);
  assert_asks (fixture, "qemu", TRUE, 0);
}

/* which may run another program the next time */
static void
test_script (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  run ("printf '#!/bin/sh\\nexec %s/qemu \"$@\"\\n' > '%s/script' && chmod 755 "
       "'%s/script'",
       fixture->dir, fixture->dir, fixture->dir);
  assert_asks (fixture, "script", TRUE, 1);
  assert_asks (fixture, "script", TRUE, 1);
}

/* the one file that there is */
static char *
stored_file (const Fixture *fixture)
{
  g_autoptr (GDir) dir = g_dir_open (fixture->store, 0, NULL);

  g_assert_nonnull (dir);
  return g_build_filename (fixture->store, g_dir_read_name (dir), NULL);
}

static void
test_damaged (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autofree char *file = NULL;
  g_autofree char *whole = NULL;
  gsize length;

  assert_asks (fixture, "qemu", TRUE, 1);
  file = stored_file (fixture);
  g_assert_true (g_file_get_contents (file, &whole, &length, NULL));
  /* cut anywhere; a cut between two properties would be a wrong answer, but a file is
   * written whole or not at all */
  for (gsize cut = 0; cut < length - strlen ("ap\napft\n"); cut += 9) {
    g_assert_true (g_file_set_contents (file, whole, (gssize)cut, NULL));
    assert_asks (fixture, "qemu", TRUE, 1);
    assert_asks (fixture, "qemu", TRUE, 0);
  }
  /* each byte of its head as another */
  for (gsize at = 0; at < length - strlen ("7.2.22\nap\napft\n"); at += 11) {
    whole[at] ^= 1;
    g_assert_true (g_file_set_contents (file, whole, (gssize)length, NULL));
    whole[at] ^= 1;
    assert_asks (fixture, "qemu", TRUE, 1);
  }
  run ("rm '%s' && mkdir '%s'", file, file);
  assert_asks (fixture, "qemu", TRUE, 1);
}

static void
test_not_ours (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autofree char *file = NULL;

  assert_asks (fixture, "qemu", TRUE, 1);
  file = stored_file (fixture);
  run ("mv '%s' '%s/away' && ln -s '%s/away' '%s'", file, fixture->dir, fixture->dir,
       file);
  assert_asks (fixture, "qemu", TRUE, 1);
  run ("chmod 777 '%s'", fixture->store);
  assert_asks (fixture, "qemu", TRUE, 1);
  assert_asks (fixture, "qemu", TRUE, 1);
}

static void
test_many (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  for (guint i = 0; i < 40; i++) {
    g_autofree char *name = g_strdup_printf ("q%u", i);

    run ("ln '%s/qemu' '%s/%s'", fixture->dir, fixture->dir, name);
    assert_asks (fixture, name, TRUE, 1);
  }
  run ("test $(ls '%s' | wc -l) -le 32", fixture->store);
  assert_asks (fixture, "q39", TRUE, 0);
}

/* where this test's answers are nobody else's; FALSE where that cannot be made */
static gboolean
take_own_place (char *cache)
{
  if (geteuid () != 0)
    return g_mkdtemp (cache) != NULL && g_setenv ("XDG_CACHE_HOME", cache, TRUE);
  return unshare (CLONE_NEWNS) == 0 &&
         mount (NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
         mount ("tmpfs", "/run", "tmpfs", 0, "mode=0755") == 0;
}

int
main (int argc, char **argv)
{
  char cache[] = "/tmp/virt-ap-cache-XXXXXX";
  int status;

  g_test_init (&argc, &argv, NULL);
  emulator = argv[1];
  if (!take_own_place (cache)) {
    g_print ("1..0 # SKIP cannot mount anything\n");
    return 0;
  }
#define ADD(name, test) g_test_add (name, Fixture, NULL, set_up, test, tear_down)
  ADD ("/qemu-stored/next-process", test_next_process);
  ADD ("/qemu-stored/other-binary", test_other_binary);
  ADD ("/qemu-stored/script", test_script);
  ADD ("/qemu-stored/damaged", test_damaged);
  ADD ("/qemu-stored/not-ours", test_not_ours);
  ADD ("/qemu-stored/many", test_many);
  status = g_test_run ();
  if (geteuid () != 0)
    run ("rm -rf '%s'", cache);
  return status;
}
