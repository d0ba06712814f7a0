/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A program that is run for its answer: what it says, how it ends, and its time. */
#include "run/run.h"

#include <string.h>

static gboolean
run_shell (const char *script, const char *input, guint milliseconds, VapRun *run,
           GError **error)
{
  const char *const arguments[] = { "sh", "-c", script, NULL };

  return vap_run (arguments, input, input != NULL ? strlen (input) : 0, milliseconds, run,
                  error);
}

static void
test_answer (void)
{
  g_auto (VapRun) run = { 0 };
  g_autoptr (GError) error = NULL;

  g_assert_true (run_shell ("cat; echo ' why ' >&2; exit 3", "in\n", 0, &run, &error));
  g_assert_cmpstr (run.out, ==, "in\n");
  g_assert_cmpuint (run.out_length, ==, 3);
  g_assert_cmpstr (run.complaint, ==, "why");
  g_assert_false (run.late);
  g_assert_false (vap_run_was_good (&run));
}

/* more than a pipe holds, in both directions at once */
static void
test_large (void)
{
  g_auto (VapRun) run = { 0 };
  g_autoptr (GError) error = NULL;
  g_autofree char *input = g_strnfill (3000000, 'x');

  g_assert_true (run_shell ("cat", input, 60000, &run, &error));
  g_assert_cmpuint (run.out_length, ==, 3000000);
  g_assert_true (vap_run_was_good (&run));
}

static void
test_unread_input (void)
{
  g_auto (VapRun) run = { 0 };
  g_autoptr (GError) error = NULL;
  g_autofree char *input = g_strnfill (3000000, 'x');

  g_assert_true (run_shell ("exec <&-; echo enough", input, 60000, &run, &error));
  g_assert_cmpstr (run.out, ==, "enough\n");
  g_assert_true (vap_run_was_good (&run));
}

static void
test_late (void)
{
  static const char *const scripts[] = { "exec sleep 1000", "exec >&- 2>&-; exec sleep 1000" };

  for (guint i = 0; i < G_N_ELEMENTS (scripts); i++) {
    g_auto (VapRun) run = { 0 };
    g_autoptr (GError) error = NULL;

    g_assert_true (run_shell (scripts[i], NULL, 50, &run, &error));
    g_assert_true (run.late);
    g_assert_false (vap_run_was_good (&run));
  }
}

static void
test_absent (void)
{
  const char *const arguments[] = { "/nowhere/such-a-program", NULL };
  g_auto (VapRun) run = { 0 };
  g_autoptr (GError) error = NULL;

  g_assert_false (vap_run (arguments, NULL, 0, 0, &run, &error));
  g_assert_error (error, VAP_ERROR, VAP_ERROR_FAILED);
  g_assert_nonnull (strstr (error->message, "such-a-program"));
}

static void
test_killed (void)
{
  g_auto (VapRun) run = { 0 };
  g_autoptr (GError) error = NULL;

  g_assert_true (run_shell ("kill -9 $$", NULL, 0, &run, &error));
  g_assert_false (run.late);
  g_assert_false (vap_run_was_good (&run));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/run/answer", test_answer);
  g_test_add_func ("/run/large", test_large);
  g_test_add_func ("/run/unread-input", test_unread_input);
  g_test_add_func ("/run/late", test_late);
  g_test_add_func ("/run/absent", test_absent);
  g_test_add_func ("/run/killed", test_killed);
  return g_test_run ();
}
