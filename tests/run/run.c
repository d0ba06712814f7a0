/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A program that is run for its answer: what it says, how it ends, and its time. */
#include "run/run.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

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

/* what it has started may go on, and has its output open */
static void
test_left_behind (void)
{
  const char *const arguments[] = { "sh", "-c", "sleep 1000 & echo $!", NULL };
  g_auto (VapRun) run = { 0 };
  g_autoptr (GError) error = NULL;

  g_assert_true (vap_run_keeping (arguments, NULL, 0, 60000, -1, &run, &error));
  g_assert_true (vap_run_was_good (&run));
  g_assert_cmpint (kill (atoi (run.out), SIGKILL), ==, 0);
}

static void
test_too_much (void)
{
  g_auto (VapRun) run = { 0 };
  g_autoptr (GError) error = NULL;

  g_assert_false (run_shell ("exec cat /dev/zero", NULL, 60000, &run, &error));
  g_assert_error (error, VAP_ERROR, VAP_ERROR_FAILED);
  g_assert_nonnull (strstr (error->message, "'sh' printed more than"));
}

/* a lock stays, and a signal that is held back here is not there */
static void
test_keeping (void)
{
  const char *const arguments[]
      = { "sh", "-c", "kill -TERM $$; echo not reached", NULL };
  const char *const holder[] = { "sh", "-c", "cat <&3; cut -d' ' -f5 /proc/$$/stat; echo $$", NULL };
  g_auto (VapRun) run = { 0 }, killed = { 0 };
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) numbers = NULL;
  sigset_t term, before;
  int fd = open ("/dev/null", O_RDONLY | O_CLOEXEC);

  g_assert_true (vap_run_keeping (holder, NULL, 0, 60000, fd, &run, &error));
  g_assert_true (vap_run_was_good (&run));
  numbers = g_strsplit (g_strstrip (run.out), "\n", 2);
  g_assert_cmpint (atoi (numbers[0]), ==, atoi (numbers[1]));
  close (fd);

  sigemptyset (&term);
  sigaddset (&term, SIGTERM);
  sigprocmask (SIG_BLOCK, &term, &before);
  g_assert_true (vap_run_keeping (arguments, NULL, 0, 60000, -1, &killed, &error));
  sigprocmask (SIG_SETMASK, &before, NULL);
  g_assert_cmpstr (killed.out, ==, "");
  g_assert_false (vap_run_was_good (&killed));
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
  g_test_add_func ("/run/left-behind", test_left_behind);
  g_test_add_func ("/run/too-much", test_too_much);
  g_test_add_func ("/run/keeping", test_keeping);
  return g_test_run ();
}
