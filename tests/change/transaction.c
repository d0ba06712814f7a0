/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Transactions on a directory tree: all or nothing when a step fails, when a signal
 * comes, when the process is killed at any place, and what others see of one.
 */
#include "change/transaction.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "change/priv.h"
#include "change/steps.h"

#define APMASK "/sys/bus/ap/apmask"
#define RULE "/etc/udev/rules.d/41-ap.rules"
#define ONES "0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff\n"
#define WITHOUT_5 "0xfbffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
#define UUID "62177883-f1bb-47f0-914d-32a22e3a8801"

typedef struct {
  char *root;
} Place;

static char *
path_of (const Place *place, const char *path)
{
  return g_strconcat (place->root, path, NULL);
}

static void
put (const Place *place, const char *path, const char *content)
{
  g_autofree char *full = path_of (place, path);
  g_autofree char *dir = g_path_get_dirname (full);

  g_assert_cmpint (g_mkdir_with_parents (dir, 0755), ==, 0);
  g_assert_true (g_file_set_contents (full, content, -1, NULL));
}

static char *
get (const Place *place, const char *path)
{
  g_autofree char *full = path_of (place, path);
  char *content = NULL;

  if (!g_file_get_contents (full, &content, NULL, NULL))
    return NULL;
  return content;
}

static void
assert_content (const Place *place, const char *path, const char *wanted)
{
  g_autofree char *content = get (place, path);

  if (content != NULL && wanted != NULL)
    g_strchomp (content);
  if (wanted != NULL) {
    g_autofree char *chomped = g_strchomp (g_strdup (wanted));

    g_assert_cmpstr (content, ==, chomped);
  } else {
    g_assert_null (content);
  }
}

static gboolean
has (const Place *place, const char *path)
{
  g_autofree char *full = path_of (place, path);

  return g_file_test (full, G_FILE_TEST_EXISTS);
}

static void
place_set_up (Place *place, gconstpointer unused G_GNUC_UNUSED)
{
  place->root = g_dir_make_tmp ("virt-ap-change-XXXXXX", NULL);
  put (place, APMASK, ONES);
  put (place, "/sys/bus/ap/aqmask", ONES);
  put (place, "/etc/hostname", "z\n");
  put (place, "/run/lock/other", "");
}

static void
place_tear_down (Place *place, gconstpointer unused G_GNUC_UNUSED)
{
  const char *argv[] = { "rm", "-rf", place->root, NULL };

  g_assert_true (g_spawn_sync (NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL,
                               NULL, NULL, NULL, NULL));
  g_free (place->root);
}

static VapStep *
give_5 (void)
{
  VapMask none = { { 0 } }, five = { { 0 } };

  vap_mask_set (&five, 5);
  return vap_mask_step_new (VAP_APMASK, &none, &five);
}

/* cannot be done: the file is a directory */
static VapStep *
impossible (void)
{
  return vap_file_step_new ("/etc/udev", "x\n", 0644);
}

static VapTransaction *
begin (const Place *place)
{
  g_autoptr (GError) error = NULL;
  VapTransaction *transaction = vap_transaction_begin (place->root, "test", 1000, &error);

  g_assert_no_error (error);
  g_assert_nonnull (transaction);
  return transaction;
}

static void
assert_untouched (const Place *place)
{
  assert_content (place, APMASK, ONES);
  g_assert_false (has (place, "/etc/udev"));
  g_assert_false (has (place, VAP_JOURNAL_FILE));
  g_assert_false (has (place, "/run/lock/s390apconfig.lock"));
}

static void
test_commit (Place *place, gconstpointer unused G_GNUC_UNUSED)
{
  g_autoptr (GError) error = NULL;
  VapTransaction *transaction = begin (place);

  vap_transaction_add (transaction, give_5 ());
  vap_transaction_add (transaction, vap_file_step_new (RULE, "# rule\n", 0644));
  g_assert_true (vap_transaction_commit (transaction, &error));
  g_assert_no_error (error);
  g_assert_cmpint (vap_transaction_outcome (transaction, 0), ==, VAP_OUTCOME_DONE);
  vap_transaction_free (transaction);
  assert_content (place, APMASK, WITHOUT_5);
  assert_content (place, RULE, "# rule\n");
  g_assert_false (has (place, VAP_JOURNAL_FILE));
  g_assert_false (has (place, "/run/lock/s390apconfig.lock"));
}

static void
test_failing_step (Place *place, gconstpointer unused G_GNUC_UNUSED)
{
  g_autoptr (GError) error = NULL;
  VapTransaction *transaction = begin (place);

  vap_transaction_add (transaction, give_5 ());
  vap_transaction_add (transaction, vap_file_step_new (RULE, "# rule\n", 0644));
  vap_transaction_add (transaction, impossible ());
  g_assert_false (vap_transaction_commit (transaction, &error));
  g_assert_error (error, VAP_ERROR, VAP_ERROR_FAILED);
  g_assert_nonnull (strstr (error->message, "everything is as it was before"));
  g_assert_nonnull (strstr (error->message, "/etc/udev"));
  g_assert_cmpint (vap_transaction_outcome (transaction, 0), ==, VAP_OUTCOME_UNDONE);
  g_assert_cmpint (vap_transaction_outcome (transaction, 2), ==, VAP_OUTCOME_PLANNED);
  vap_transaction_free (transaction);
  assert_untouched (place);
}

static void
test_apply_then_free (Place *place, gconstpointer unused G_GNUC_UNUSED)
{
  g_autoptr (GError) error = NULL;
  VapTransaction *transaction = begin (place);

  vap_transaction_add (transaction, give_5 ());
  g_assert_true (vap_transaction_apply (transaction, &error));
  vap_transaction_add (transaction, vap_file_step_new (RULE, "# rule\n", 0644));
  g_assert_true (vap_transaction_apply (transaction, &error));
  assert_content (place, APMASK, WITHOUT_5);
  g_assert_true (has (place, VAP_JOURNAL_FILE));
  vap_transaction_free (transaction);
  assert_untouched (place);
}

/* as another kind would do it */
static VapStep *
give_5_as (const VapStepKind *kind)
{
  g_autoptr (VapStep) plain = give_5 ();
  g_autoptr (GVariant) texts = g_variant_ref_sink (vap_step_to_variant (plain));
  const char *key, *value;
  GVariantIter iter;
  VapStep *step;

  step = vap_step_new (kind, NULL, NULL);
  g_variant_iter_init (&iter, texts);
  while (g_variant_iter_next (&iter, "{&s&s}", &key, &value))
    vap_step_set (step, key, value);
  return step;
}

static void
test_final (Place *place, gconstpointer unused G_GNUC_UNUSED)
{
  g_autoptr (GError) error = NULL;
  VapTransaction *transaction = begin (place);
  VapStepKind final = vap_mask_kind;

  final.flags |= VAP_STEP_FINAL;
  vap_transaction_add (transaction, vap_file_step_new (RULE, "# rule\n", 0644));
  vap_transaction_add (transaction, give_5_as (&final));
  vap_transaction_add (transaction, impossible ());
  g_assert_false (vap_transaction_commit (transaction, &error));
  g_assert_error (error, VAP_ERROR, VAP_ERROR_HALF_DONE);
  g_assert_nonnull (strstr (error->message, "what was done before stays"));
  g_assert_cmpint (vap_transaction_outcome (transaction, 0), ==, VAP_OUTCOME_DONE);
  g_assert_cmpint (vap_transaction_outcome (transaction, 2), ==, VAP_OUTCOME_STUCK);
  vap_transaction_free (transaction);
  assert_content (place, APMASK, WITHOUT_5);
  assert_content (place, RULE, "# rule\n");
  g_assert_true (has (place, VAP_JOURNAL_FILE));
}

/* It would go on for a minute. */
static gboolean
run_long (const VapStep *step, GError **error)
{
  const char *const argv[] = { "sh", "-c", "echo progress 1 4; exec sleep 60", NULL };

  return vap_step_run_long (step, argv, NULL, 60, error);
}

static void
end_at_75 (const VapTransaction *transaction, guint index G_GNUC_UNUSED,
           gboolean undoing, gpointer user_data)
{
  guint *heard = user_data;

  if (undoing || vap_transaction_percent (transaction) < 0)
    return;
  g_assert_cmpint (vap_transaction_percent (transaction), ==, 75);
  if ((*heard)++ == 0)
    raise (SIGTERM);
}

static void
test_long (Place *place, gconstpointer unused G_GNUC_UNUSED)
{
  g_autoptr (GError) error = NULL;
  VapTransaction *transaction;
  VapStepKind slow = vap_mask_kind;
  guint heard = 0;
  sigset_t term, before, pending;
  int number;

  sigemptyset (&term);
  sigaddset (&term, SIGTERM);
  sigprocmask (SIG_BLOCK, &term, &before);
  transaction = begin (place);
  slow.apply = run_long;
  vap_transaction_add (transaction, give_5_as (&slow));
  vap_transaction_set_progress (transaction, end_at_75, &heard);
  g_assert_false (vap_transaction_commit (transaction, &error));
  g_assert_nonnull (strstr (error->message, "everything is as it was before"));
  g_assert_cmpuint (heard, >, 0);
  vap_transaction_free (transaction);
  assert_untouched (place);
  sigpending (&pending);
  g_assert_cmpint (sigismember (&pending, SIGTERM), ==, 1);
  sigwait (&term, &number);
  sigprocmask (SIG_SETMASK, &before, NULL);
}

static gboolean
never_right (const VapTransaction *transaction G_GNUC_UNUSED,
             gpointer user_data, GError **error)
{
  const Place *place = user_data;

  assert_content (place, APMASK, WITHOUT_5);
  g_set_error (error, VAP_ERROR, VAP_ERROR_FAILED, "not what was wanted");
  return FALSE;
}

static void
test_check (Place *place, gconstpointer unused G_GNUC_UNUSED)
{
  g_autoptr (GError) error = NULL;
  VapTransaction *transaction = begin (place);

  vap_transaction_add (transaction, give_5 ());
  vap_transaction_set_check (transaction, never_right, place);
  g_assert_false (vap_transaction_commit (transaction, &error));
  g_assert_nonnull (strstr (error->message, "not what was wanted"));
  vap_transaction_free (transaction);
  assert_untouched (place);
}

/* killed between the last step and the end of the commit: nothing to undo */
static gboolean
kill_here (const VapTransaction *transaction G_GNUC_UNUSED,
           gpointer user_data G_GNUC_UNUSED, GError **error G_GNUC_UNUSED)
{
  return raise (SIGKILL) == 0;
}

static void
test_completed (Place *place, gconstpointer unused G_GNUC_UNUSED)
{
  pid_t child = fork ();
  int status;

  if (child == 0) {
    VapTransaction *transaction = begin (place);

    vap_transaction_add (transaction, give_5 ());
    vap_transaction_set_check (transaction, kill_here, NULL);
    _exit (vap_transaction_commit (transaction, NULL));
  }
  g_assert_cmpint (waitpid (child, &status, 0), ==, child);
  g_assert_true (WIFSIGNALED (status));
  vap_transaction_free (begin (place));
  assert_content (place, APMASK, WITHOUT_5);
  g_assert_false (has (place, VAP_JOURNAL_FILE));
}

static void
test_signal (Place *place, gconstpointer unused G_GNUC_UNUSED)
{
  pid_t child = fork ();
  int status;

  if (child == 0) {
    VapTransaction *transaction = begin (place);

    vap_transaction_add (transaction, give_5 ());
    g_assert_true (vap_transaction_apply (transaction, NULL));
    raise (SIGTERM);
    vap_transaction_add (transaction, vap_file_step_new (RULE, "# rule\n", 0644));
    g_assert_false (vap_transaction_commit (transaction, NULL));
    vap_transaction_free (transaction); /* the signal is delivered here */
    _exit (1);
  }
  g_assert_cmpint (waitpid (child, &status, 0), ==, child);
  g_assert_true (WIFSIGNALED (status) && WTERMSIG (status) == SIGTERM);
  assert_untouched (place);
}

/* a process that is killed after its steps and before the commit */
static void
leave_interrupted (const Place *place, VapStep *first, VapStep *second)
{
  pid_t child = fork ();
  int status;

  if (child == 0) {
    VapTransaction *transaction = begin (place);

    vap_transaction_add (transaction, first);
    if (second != NULL)
      vap_transaction_add (transaction, second);
    g_assert_true (vap_transaction_apply (transaction, NULL));
    raise (SIGKILL);
  }
  vap_step_free (first);
  vap_step_free (second);
  g_assert_cmpint (waitpid (child, &status, 0), ==, child);
  g_assert_true (has (place, VAP_JOURNAL_FILE));
}

static void
test_next_rolls_back (Place *place, gconstpointer unused G_GNUC_UNUSED)
{
  VapTransaction *transaction;

  leave_interrupted (place, give_5 (), vap_file_step_new (RULE, "# rule\n", 0644));
  assert_content (place, APMASK, WITHOUT_5);
  transaction = begin (place);
  g_assert_nonnull (strstr (vap_transaction_recovered (transaction), "'test'"));
  vap_transaction_free (transaction);
  assert_untouched (place);
}

static void
test_resume (Place *place, gconstpointer unused G_GNUC_UNUSED)
{
  VapTransaction *found = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_true (vap_transaction_resume (place->root, 1000, &found, &error));
  g_assert_null (found);

  leave_interrupted (place, give_5 (), vap_file_step_new (RULE, "# rule\n", 0644));
  g_assert_true (vap_transaction_resume (place->root, 1000, &found, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (vap_transaction_n_steps (found), ==, 2);
  vap_transaction_free (found); /* undecided: it stays */
  g_assert_true (has (place, VAP_JOURNAL_FILE));
  assert_content (place, APMASK, WITHOUT_5);

  put (place, APMASK, ONES); /* completing does what is missing */
  g_assert_true (vap_transaction_resume (place->root, 1000, &found, &error));
  g_assert_true (vap_transaction_commit (found, &error));
  g_assert_no_error (error);
  vap_transaction_free (found);
  assert_content (place, APMASK, WITHOUT_5);
  assert_content (place, RULE, "# rule\n");
  g_assert_false (has (place, VAP_JOURNAL_FILE));
}

/* bits that someone else has changed since stay as they are */
static void
test_others_bits (Place *place, gconstpointer unused G_GNUC_UNUSED)
{
  leave_interrupted (place, give_5 (), NULL);
  put (place, APMASK,
       "0xf9ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff\n");
  vap_transaction_free (begin (place));
  assert_content (place, APMASK,
                  "0xfdffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff");
}

static void
test_stuck (Place *place, gconstpointer unused G_GNUC_UNUSED)
{
  VapTransaction *transaction, *found = NULL;
  g_autoptr (GError) error = NULL;

  leave_interrupted (place, give_5 (), vap_file_step_new (RULE, "# rule\n", 0644));
  put (place, RULE, "# someone else's\n");
  transaction = vap_transaction_begin (place->root, "next", 1000, &error);
  g_assert_error (error, VAP_ERROR, VAP_ERROR_HALF_DONE);
  g_assert_null (transaction);
  g_assert_nonnull (strstr (error->message, "someone else has changed"));
  g_clear_error (&error);

  g_assert_true (vap_transaction_resume (place->root, 1000, &found, &error));
  g_assert_false (vap_transaction_roll_back (found, &error));
  g_assert_error (error, VAP_ERROR, VAP_ERROR_HALF_DONE);
  g_assert_cmpint (vap_transaction_outcome (found, 1), ==, VAP_OUTCOME_STUCK);
  g_assert_nonnull (vap_transaction_problem (found, 1));
  g_clear_error (&error);
  g_assert_true (vap_transaction_forget (found, &error));
  vap_transaction_free (found);
  assert_content (place, RULE, "# someone else's\n");
  vap_transaction_free (begin (place));
}

static gboolean
has_line (const char *journal, const char *beginning)
{
  const char *line = strstr (journal, beginning);

  return line != NULL && strchr (line, '\n') != NULL;
}

/* lengths the journal can have had when the machine stopped */
static void
test_cut_journal (Place *place, gconstpointer unused G_GNUC_UNUSED)
{
  g_autofree char *journal = NULL;
  g_autofree char *path = path_of (place, VAP_JOURNAL_FILE);
  g_autofree char *rule = path_of (place, RULE);
  gsize length;

  leave_interrupted (place, give_5 (), vap_file_step_new (RULE, "# rule\n", 0644));
  journal = get (place, VAP_JOURNAL_FILE);
  length = strlen (journal);
  for (gsize cut = 0; cut <= length; cut++) {
    g_autofree char *head = g_strndup (journal, cut);
    gboolean at_end = journal[cut] == '\n' || (cut > 0 && journal[cut - 1] == '\n');

    if (!at_end && cut % 251 != 0)
      continue;
    /* nothing is done before its line is whole */
    put (place, APMASK, has_line (head, "('begin', '0'") ? WITHOUT_5 "\n" : ONES);
    put (place, RULE, "# rule\n");
    if (!has_line (head, "('begin', '1'"))
      g_assert_cmpint (g_remove (rule), ==, 0);
    g_assert_true (g_file_set_contents (path, head, -1, NULL));
    g_assert_cmpint (g_chmod (path, 0600), ==, 0);
    vap_transaction_free (begin (place));
    assert_content (place, APMASK, ONES);
    g_assert_false (has (place, RULE));
    g_assert_false (has (place, VAP_JOURNAL_FILE));
  }
}

static void
test_distrusted_journal (Place *place, gconstpointer unused G_GNUC_UNUSED)
{
  g_autofree char *path = path_of (place, VAP_JOURNAL_FILE);
  g_autoptr (GError) error = NULL;

  leave_interrupted (place, give_5 (), NULL);
  g_assert_cmpint (g_chmod (path, 0666), ==, 0);
  g_assert_null (vap_transaction_begin (place->root, "next", 1000, &error));
  g_assert_error (error, VAP_ERROR, VAP_ERROR_UNREADABLE);
  g_assert_cmpint (g_chmod (path, 0600), ==, 0);
  vap_transaction_free (begin (place));
  assert_untouched (place);
}

static void
test_lock_wait (Place *place, gconstpointer unused G_GNUC_UNUSED)
{
  g_autofree char *number = g_strdup_printf ("%d\n", (int)getppid ());
  g_autoptr (GError) error = NULL;

  put (place, "/run/lock/s390apconfig.lock", number);
  g_assert_null (vap_transaction_begin (place->root, "late", 100, &error));
  g_assert_error (error, VAP_ERROR, VAP_ERROR_BUSY);
  assert_content (place, APMASK, ONES);
}

/* after a restart of the machine */
static void
test_rebooted (Place *place, gconstpointer unused G_GNUC_UNUSED)
{
  g_autofree char *journal = NULL;
  g_autofree char *other = NULL;
  g_autofree char *path = path_of (place, VAP_JOURNAL_FILE);
  g_autofree char *boot = vap_boot_id ();
  g_auto (GStrv) parts = NULL;

  leave_interrupted (place, give_5 (), vap_file_step_new (RULE, "# rule\n", 0644));
  journal = get (place, VAP_JOURNAL_FILE);
  parts = g_strsplit (journal, boot, 2);
  g_assert_cmpuint (g_strv_length (parts), ==, 2);
  other = g_strjoinv ("another-start", parts);
  g_assert_true (g_file_set_contents (path, other, -1, NULL));
  g_assert_cmpint (g_chmod (path, 0600), ==, 0);
  put (place, APMASK, ONES); /* the kernel's state at the start */
  vap_transaction_free (begin (place));
  assert_untouched (place);
}

/* A kind that runs a program and fails if that fails. */

static gboolean
program_apply (const VapStep *step, GError **error)
{
  const char *argv[] = { "sh", "-c", vap_step_get (step, "script"), NULL };
  g_autofree char *output = NULL;

  if (!vap_step_run (step, argv, vap_step_get (step, "input"), 10, &output, error))
    return FALSE;
  g_assert_cmpstr (output, ==, vap_step_get (step, "output"));
  return TRUE;
}

static gboolean
program_look (const VapStep *step G_GNUC_UNUSED, VapStepState *state,
              GError **error G_GNUC_UNUSED)
{
  *state = VAP_STEP_BEFORE;
  return TRUE;
}

static char *
program_describe (const VapStep *step G_GNUC_UNUSED)
{
  return g_strdup ("Run a program");
}

static const VapStepKind program_kind = {
  .name = "test-program",
  .flags = VAP_STEP_PROGRAM,
  .apply = program_apply,
  .revert = program_apply,
  .look = program_look,
  .describe = program_describe,
};

static void
test_program (Place *place, gconstpointer unused G_GNUC_UNUSED)
{
  g_autofree char *large = g_strnfill (300000, 'x');
  VapTransaction *transaction = begin (place);
  g_autoptr (GError) error = NULL;

  vap_transaction_add (transaction, vap_step_new (&program_kind, "script", "cat", "input",
                                                  large, "output", large, NULL));
  g_assert_true (vap_transaction_commit (transaction, &error));
  g_assert_no_error (error);
  vap_transaction_free (transaction);

  transaction = begin (place);
  vap_transaction_add (transaction,
                       vap_step_new (&program_kind, "script", "echo no way >&2; exit 3",
                                     "output", "", NULL));
  g_assert_false (vap_transaction_commit (transaction, &error));
  g_assert_nonnull (strstr (error->message, "no way"));
  vap_transaction_free (transaction);
  assert_untouched (place);
}

static void
test_covers (Place *place, gconstpointer unused G_GNUC_UNUSED)
{
  VapTransaction *transaction = begin (place);
  pid_t parent = getpid (), child;
  int status;

  vap_transaction_add (transaction, vap_step_new (&program_kind, "script", ":", "output",
                                                  "", "uuid", UUID, NULL));
  g_assert_false (vap_transaction_covers (place->root, parent, UUID, parent));
  g_assert_true (vap_transaction_apply (transaction, NULL));
  child = fork ();
  if (child == 0) {
    gboolean right = vap_transaction_covers (place->root, parent, UUID, getpid ());
    gboolean wrong =
        vap_transaction_covers (place->root, getpid (), UUID, getpid ()) ||
        vap_transaction_covers (place->root, 0, UUID, getpid ()) ||
        vap_transaction_covers (place->root, parent, "62177883-f1bb-47f0-914d-000000000000",
                                getpid ());
    g_autofree char *path = path_of (place, VAP_JOURNAL_FILE);

    if (!right || wrong)
      _exit (1);
    g_chmod (path, 0666); /* now anyone can have written it */
    _exit (vap_transaction_covers (place->root, parent, UUID, getpid ()) ? 2 : 0);
  }
  g_assert_cmpint (waitpid (child, &status, 0), ==, child);
  g_assert_cmpint (status, ==, 0);
  vap_transaction_free (transaction);
  g_assert_false (vap_transaction_covers (place->root, parent, UUID, parent));
}

static gboolean
is_covered (const Place *place)
{
  pid_t parent = getpid (), child = fork ();
  int status;

  if (child == 0)
    _exit (vap_transaction_covers (place->root, parent, UUID, getpid ()) ? 1 : 0);
  g_assert_cmpint (waitpid (child, &status, 0), ==, child);
  return status != 0;
}

static gboolean
covered_then_wrong (const VapTransaction *transaction G_GNUC_UNUSED, gpointer user_data,
                    GError **error)
{
  g_assert_true (is_covered (user_data));
  g_set_error (error, VAP_ERROR, VAP_ERROR_FAILED, "not what was wanted");
  return FALSE;
}

static void
tell_that_nothing_is_covered (const VapTransaction *transaction G_GNUC_UNUSED,
                              guint index G_GNUC_UNUSED, gboolean undoing,
                              gpointer user_data)
{
  g_assert_true (!undoing || !is_covered (user_data));
}

/* what is run to complete a change may pass, and nothing while it is being undone */
static void
test_covers_resumed (Place *place, gconstpointer unused G_GNUC_UNUSED)
{
  VapStep *about_device = vap_file_step_new (RULE, "# rule\n", 0644);
  VapTransaction *found = NULL;
  g_autoptr (GError) error = NULL;

  vap_step_set (about_device, "uuid", UUID);
  leave_interrupted (place, give_5 (), about_device);
  g_assert_true (vap_transaction_resume (place->root, 1000, &found, &error));
  g_assert_false (is_covered (place));
  vap_transaction_set_check (found, covered_then_wrong, place);
  vap_transaction_set_progress (found, tell_that_nothing_is_covered, place);
  g_assert_false (vap_transaction_commit (found, &error));
  g_assert_error (error, VAP_ERROR, VAP_ERROR_FAILED);
  vap_transaction_free (found);
  assert_untouched (place);
}

/* the door undoes what takes no program, and leaves the rest to repair */
static void
test_recover_plain (Place *place, gconstpointer unused G_GNUC_UNUSED)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (vap_transaction_recover_plain (place->root, &error));
  leave_interrupted (place, give_5 (), NULL);
  g_assert_true (vap_transaction_recover_plain (place->root, &error));
  g_assert_no_error (error);
  assert_content (place, APMASK, ONES);
}

static void
test_dry (Place *place, gconstpointer unused G_GNUC_UNUSED)
{
  VapTransaction *dry = vap_transaction_new_dry (place->root, "dry");
  g_autofree char *command = NULL;
  g_autofree char *what = NULL;

  vap_transaction_add (dry, give_5 ());
  command = vap_mask_kind.command (vap_transaction_step (dry, 0));
  what = vap_mask_kind.describe (vap_transaction_step (dry, 0));
  g_assert_cmpstr (command, ==, "echo -0x5 > /sys/bus/ap/apmask");
  g_assert_cmpstr (what, ==, "Clear in apmask: 05");
  vap_transaction_free (dry);
  assert_untouched (place);
}

int
main (int argc, char **argv)
{
  static const struct {
    const char *name;
    void (*run) (Place *place, gconstpointer unused);
  } tests[] = {
    { "/transaction/commit", test_commit },
    { "/transaction/failing-step", test_failing_step },
    { "/transaction/apply-then-free", test_apply_then_free },
    { "/transaction/final", test_final },
    { "/transaction/long", test_long },
    { "/transaction/check", test_check },
    { "/transaction/completed", test_completed },
    { "/transaction/signal", test_signal },
    { "/transaction/next-rolls-back", test_next_rolls_back },
    { "/transaction/resume", test_resume },
    { "/transaction/others-bits", test_others_bits },
    { "/transaction/stuck", test_stuck },
    { "/transaction/cut-journal", test_cut_journal },
    { "/transaction/distrusted-journal", test_distrusted_journal },
    { "/transaction/lock-wait", test_lock_wait },
    { "/transaction/rebooted", test_rebooted },
    { "/transaction/program", test_program },
    { "/transaction/covers", test_covers },
    { "/transaction/covers-resumed", test_covers_resumed },
    { "/transaction/recover-plain", test_recover_plain },
    { "/transaction/dry", test_dry },
  };

  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (tests); i++)
    g_test_add (tests[i].name, Place, NULL, place_set_up, tests[i].run, place_tear_down);
  return g_test_run ();
}
