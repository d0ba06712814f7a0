/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tests of asking QEMU: emulators that misbehave, and the real one if it is here. */
#include "host/priv.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include <glib/gstdio.h>

#define GREETING                                                                         \
  "echo '{\"QMP\":{\"version\":{\"qemu\":{\"micro\":22,\"minor\":2,\"major\":7},"        \
  "\"package\":\"\"},\"capabilities\":[]}}'\n"
#define OK "echo '{\"return\":{},\"id\":\"capabilities\"}'\n"
#define ANSWER                                                                           \
  "echo '{\"return\":[{\"name\":\"ap\",\"type\":\"bool\"},{\"name\":\"apft\"}],"         \
  "\"id\":\"properties\"}'\n"

/* asks a shell script that plays QEMU; it and its file are gone afterwards */
static VapQemu *
ask_script (const char *body, guint milliseconds, GError **error)
{
  g_autofree char *dir = g_dir_make_tmp ("virt-ap-qemu-XXXXXX", NULL);
  g_autofree char *binary = g_build_filename (dir, "qemu-fake", NULL);
  g_autofree char *script = g_strconcat ("#!/bin/sh\n", body, NULL);
  VapQemu *qemu;

  g_assert_true (g_file_set_contents_full (binary, script, -1, G_FILE_SET_CONTENTS_NONE,
                                           0755, NULL));
  /* root asks as nobody, who must get at it */
  g_assert_cmpint (g_chmod (dir, 0755), ==, 0);
  qemu = vap_qemu_ask_within (binary, milliseconds, error);
  g_unlink (binary);
  g_rmdir (dir);
  /* no zombie, no process left */
  g_assert_cmpint (waitpid (-1, NULL, WNOHANG), ==, -1);
  g_assert_cmpint (errno, ==, ECHILD);
  return qemu;
}

static void
test_answer (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (VapQemu) qemu = ask_script ("read a; read b\n" GREETING OK
                                         "echo '{\"event\":\"X\"}'\n" ANSWER "sleep 60\n",
                                         5000, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (qemu->version, ==, "7.2.22");
  g_assert_true (g_str_has_suffix (qemu->binary, "/qemu-fake"));
  g_assert_true (vap_qemu_has_property (qemu, "ap"));
  g_assert_true (vap_qemu_has_property (qemu, "apft"));
  g_assert_false (vap_qemu_has_property (qemu, "apxa"));
}

static void
assert_fails (const char *body, guint milliseconds, const char *text)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (ask_script (body, milliseconds, &error));
  g_assert_error (error, VAP_ERROR, VAP_ERROR_FAILED);
  g_assert_nonnull (strstr (error->message, "/qemu-fake'"));
  if (strstr (error->message, text) == NULL)
    g_error ("'%s' does not say '%s'", error->message, text);
  g_assert_true (g_utf8_validate (error->message, -1, NULL));
}

/* the hook runs as root, and the binary's name is a guest's */
static void
test_never_root (void)
{
  assert_fails ("test $(id -u) -ne 0 && test $(id -g) -ne 0 && echo harmless >&2\n", 5000,
                "said: harmless");
}

static void
test_failures (void)
{
  assert_fails ("exit 0\n", 5000, "ended without an answer");
  assert_fails ("echo 'no KVM here' >&2; exit 1\n", 5000, "said: no KVM here");
  assert_fails ("kill -SEGV $$\n", 5000, "ended without an answer");
  assert_fails ("echo hello\n", 5000, "printed 'hello'");
  assert_fails ("echo '[]'\n", 5000, "printed '[]'");
  assert_fails ("printf '\\377\\033[2J\\n'\n", 5000, "is no QEMU");
  assert_fails (GREETING OK "exit 0\n", 5000, "ended without an answer");
  assert_fails (GREETING
                "echo '{\"error\":{\"class\":\"X\",\"desc\":\"no such type\"}}'\n",
                5000, "no such type");
  assert_fails (GREETING "echo '{\"error\":{\"desc\":7}}'\n", 5000, "does not know");
}

static void
test_hang (void)
{
  gint64 before = g_get_monotonic_time ();

  assert_fails (GREETING "sleep 60\n", 300, "within 300 ms");
  assert_fails ("sleep 60 & sleep 60\n", 300, "within 300 ms");
  assert_fails ("trap '' TERM HUP INT; while :; do sleep 1; done\n", 300,
                "within 300 ms");
  g_assert_cmpint (g_get_monotonic_time () - before, <, 10 * G_USEC_PER_SEC);
}

/* the last of a long complaint counts */
static void
test_complaint (void)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (ask_script ("head -c 300000 /dev/zero | tr '\\0' 'x' >&2\n"
                             "echo 'the reason' >&2; exit 1\n",
                             5000, &error));
  g_assert_error (error, VAP_ERROR, VAP_ERROR_FAILED);
  g_assert_nonnull (strstr (error->message, "the reason"));
  g_assert_cmpuint (strlen (error->message), <, 2000);
}

static void
test_flood (void)
{
  assert_fails ("yes | tr -d '\\n'\n", 20000, "printed more than");
  assert_fails ("yes '{\"event\":\"X\"}'\n", 20000, "printed more than");
}

/* a script that notes each time that it is asked */
static void
write_counting (const char *binary, const char *counter)
{
  g_autofree char *script = g_strdup_printf (
      "#!/bin/sh\necho >>'%s'\n" GREETING OK ANSWER "sleep 60\n", counter);

  g_assert_true (g_file_set_contents_full (binary, script, -1,
                                           G_FILE_SET_CONTENTS_CONSISTENT, 0755, NULL));
}

static void
assert_asked (const char *binary, const char *counter, gsize times)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (VapQemu) qemu = vap_qemu_ask (binary, &error);
  g_autofree char *lines = NULL;
  gsize n_lines;

  g_assert_no_error (error);
  g_assert_true (vap_qemu_has_property (qemu, "ap"));
  g_assert_true (g_file_get_contents (counter, &lines, &n_lines, NULL));
  g_assert_cmpuint (n_lines, ==, times);
}

/* in a process of its own: what it asks to keep, it keeps for good */
static void
keep_answers (const char *dir)
{
  g_autofree char *first = g_build_filename (dir, "first", NULL);
  g_autofree char *second = g_build_filename (dir, "second", NULL);
  g_autofree char *counter = g_build_filename (dir, "counter", NULL);

  g_assert_true (g_file_set_contents (counter, "", 0, NULL));
  g_assert_cmpint (g_chmod (counter, 0666), ==, 0);
  write_counting (first, counter);
  write_counting (second, counter);
  assert_asked (first, counter, 1);
  assert_asked (first, counter, 2); /* nothing is kept unless told */
  vap_qemu_keep_answers ();
  assert_asked (first, counter, 3);
  assert_asked (first, counter, 3);
  assert_asked (second, counter, 4);
  assert_asked (first, counter, 4);
  write_counting (first, counter); /* another file of the same name, size and content */
  assert_asked (first, counter, 5);
  assert_asked (first, counter, 5);
  g_assert_cmpint (g_chmod (second, 0755), ==, 0); /* as after any write: ctime */
  assert_asked (second, counter, 6);
  g_unlink (first);
  g_unlink (second);
  g_unlink (counter);
}

static void
test_kept (void)
{
  if (g_test_subprocess ()) {
    keep_answers (g_getenv ("VAP_TEST_DIR"));
    return;
  }
  g_autofree char *dir = g_dir_make_tmp ("virt-ap-qemu-XXXXXX", NULL);

  g_assert_cmpint (g_chmod (dir, 0755), ==, 0);
  g_setenv ("VAP_TEST_DIR", dir, TRUE);
  g_test_trap_subprocess (NULL, 0, G_TEST_SUBPROCESS_INHERIT_STDERR);
  g_test_trap_assert_passed ();
  g_assert_cmpint (g_rmdir (dir), ==, 0);
}

static void
test_not_there (void)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (vap_qemu_ask ("/nonexistent/qemu-system-s390x", &error));
  g_assert_error (error, VAP_ERROR, VAP_ERROR_UNREADABLE);
  g_assert_nonnull (strstr (error->message, "/nonexistent/qemu-system-s390x"));
  g_clear_error (&error);
  g_assert_null (vap_qemu_ask ("/", &error));
  g_assert_error (error, VAP_ERROR, VAP_ERROR_UNREADABLE);
}

static void
test_real (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (VapQemu) qemu = NULL;

  if (!g_file_test (VAP_QEMU_DEFAULT, G_FILE_TEST_IS_EXECUTABLE)) {
    g_test_skip (VAP_QEMU_DEFAULT " is not installed");
    return;
  }
  qemu = vap_qemu_ask (NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpint (g_ascii_strtoll (qemu->version, NULL, 10), >=, 3);
  g_assert_true (vap_qemu_has_property (qemu, "ap"));
  g_assert_true (vap_qemu_has_property (qemu, "apqci"));
  g_assert_true (vap_qemu_has_property (qemu, "apft"));
  g_assert_false (vap_qemu_has_property (qemu, "no-such-feature"));
}

static void
test_new (void)
{
  const char *const names[] = { "ap", "apxa", NULL };
  g_autoptr (VapQemu) qemu = vap_qemu_new ("/x/qemu", "12.0.0", names);
  g_autoptr (VapQemu) again = vap_qemu_ref (qemu);

  g_assert_true (vap_qemu_has_property (again, "apxa"));
  g_assert_false (vap_qemu_has_property (again, "apx"));
  g_assert_cmpstr (again->version, ==, "12.0.0");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/qemu/kept", test_kept);
  g_test_add_func ("/qemu/answer", test_answer);
  g_test_add_func ("/qemu/never-root", test_never_root);
  g_test_add_func ("/qemu/failures", test_failures);
  g_test_add_func ("/qemu/hang", test_hang);
  g_test_add_func ("/qemu/complaint", test_complaint);
  g_test_add_func ("/qemu/flood", test_flood);
  g_test_add_func ("/qemu/not-there", test_not_there);
  g_test_add_func ("/qemu/real", test_real);
  g_test_add_func ("/qemu/new", test_new);
  return g_test_run ();
}
