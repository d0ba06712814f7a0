/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What another process's journal says: a transaction that was interrupted, or one that
 * is under way; see transaction.h.
 */
#include "config.h"

#include "change/transaction-private.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define WAIT_DELAY_US 20000

/* how long libvirtd may take from a call to its mdevctl */
#define SETTLE_US 300000

/* A door's caller waits, and may itself be what an interrupted change still runs. */
#define PLAIN_PATIENCE_MS 5000u

static const char *
line_text (const VapJournalLine *line, const char *key)
{
  const char *value = NULL;

  return g_variant_lookup (line->texts, key, "&s", &value) ? value : "";
}

static gboolean
is_head (const VapJournalLine *line)
{
  return g_str_equal (line->word, VAP_JOURNAL_HEAD) &&
         g_str_equal (line->name, VAP_JOURNAL_FORMAT);
}

/* the process of a `program` line still runs */
static gboolean
still_runs (const VapJournalLine *line)
{
  guint64 pid;
  g_autofree char *start = NULL;

  if (!g_ascii_string_to_unsigned (line->name, 10, 1, G_MAXINT, &pid, NULL))
    return FALSE;
  start = vap_process_start ((pid_t) pid);
  return g_strcmp0 (start, line_text (line, "start")) == 0;
}

static const char *
begun_uuid (const VapJournalLine *line)
{
  return g_str_equal (line->word, VAP_JOURNAL_BEGIN) ? line_text (line, "uuid") : "";
}

static gboolean
has_uuid (const GPtrArray *lines)
{
  for (guint i = 0; i < lines->len; i++) {
    if (*begun_uuid (g_ptr_array_index (lines, i)) != '\0')
      return TRUE;
  }
  return FALSE;
}

/* whether @words has the device of a step that was begun */
static gboolean
names_uuid (const GPtrArray *lines, const char *words)
{
  for (guint i = 0; i < lines->len; i++) {
    const char *uuid = begun_uuid (g_ptr_array_index (lines, i));

    if (*uuid != '\0' && strstr (words, uuid) != NULL)
      return TRUE;
  }
  return FALSE;
}

/* mdevctl, started by libvirtd for a step of these: it may not have come to the callout
 * yet, which would have noted it.  Its number, 0 for none. */
static guint
find_mdevctl (const GPtrArray *lines)
{
  g_autoptr (GDir) proc = g_dir_open ("/proc", 0, NULL);
  const char *name;

  while (proc != NULL && (name = g_dir_read_name (proc)) != NULL) {
    guint64 pid;
    g_autofree char *path = g_build_filename ("/proc", name, "cmdline", NULL);
    g_autofree char *words = NULL;
    gsize length;

    if (!g_ascii_string_to_unsigned (name, 10, 1, G_MAXINT, &pid, NULL) ||
        !g_file_get_contents (path, &words, &length, NULL) || length == 0)
      continue;
    if (!g_str_has_suffix (words, "mdevctl"))
      continue;
    for (gsize i = 0; i < length; i++)
      words[i] = words[i] == '\0' ? ' ' : words[i];
    if (names_uuid (lines, words))
      return (guint) pid;
  }
  return 0;
}

/* the process that still works for one of these lines, 0 for none */
static guint
find_worker (const GPtrArray *lines)
{
  for (guint i = 0; i < lines->len; i++) {
    const VapJournalLine *line = g_ptr_array_index (lines, i);

    if (g_str_equal (line->word, VAP_JOURNAL_PROGRAM) && still_runs (line))
      return (guint) g_ascii_strtoull (line->name, NULL, 10);
  }
  return find_mdevctl (lines);
}

/* @lines: of a transaction that goes no further.  A daemon that it asked may be about
 * to begin, so one look does not do where it has asked one. */
static gboolean
wait_for_programs (const GPtrArray *lines, guint patience_ms, GError **error)
{
  gint64 begin = g_get_monotonic_time ();
  gint64 deadline = begin + (gint64) patience_ms * 1000;
  gint64 settled = has_uuid (lines) ? begin + SETTLE_US : begin;
  guint pid;

  while ((pid = find_worker (lines)) != 0 || g_get_monotonic_time () < settled) {
    if (g_get_monotonic_time () > deadline) {
      g_set_error (error, VAP_ERROR, VAP_ERROR_BUSY,
                   _ ("process %u still works for an interrupted change"), pid);
      return FALSE;
    }
    g_usleep (WAIT_DELAY_US);
  }
  return TRUE;
}

gboolean
vap_transaction_await_programs (const VapTransaction *transaction, GError **error)
{
  g_autoptr (GPtrArray) lines = vap_journal_read (transaction->journal, error);

  return lines != NULL && wait_for_programs (lines, VAP_LOCK_PATIENCE_MS, error);
}

static gboolean
fail_line (const VapJournalLine *line, GError **error)
{
  g_set_error (error, VAP_ERROR, VAP_ERROR_MALFORMED,
               _ ("the journal has '%s %s' where it cannot be"), line->word, line->name);
  return FALSE;
}

static gboolean
take_begin (VapTransaction *found, const VapJournalLine *line, GError **error)
{
  guint64 index;
  VapEntry *entry;
  VapStep *step;

  if (found->entries->len == 0 ||
      !g_ascii_string_to_unsigned (line->name, 10, 0, found->entries->len - 1, &index,
                                   NULL))
    return fail_line (line, error);
  entry = vap_transaction_entry (found, (guint) index);
  step = vap_step_from_variant (vap_step_kind (entry->step)->name, line->texts,
                                found->root, error);
  if (step == NULL)
    return FALSE;
  vap_step_free (entry->step);
  entry->step = step;
  entry->begun = TRUE;
  return TRUE;
}

static gboolean
take_line (VapTransaction *found, const VapJournalLine *line, GError **error)
{
  VapStep *step;

  if (g_str_equal (line->word, VAP_JOURNAL_WHOLE))
    found->whole = TRUE;
  if (g_str_equal (line->word, VAP_JOURNAL_WHOLE) ||
      g_str_equal (line->word, VAP_JOURNAL_WAIT) ||
      g_str_equal (line->word, VAP_JOURNAL_SEIZED) ||
      g_str_equal (line->word, VAP_JOURNAL_RESUME) ||
      g_str_equal (line->word, VAP_JOURNAL_PROGRAM))
    return TRUE;
  if (g_str_equal (line->word, VAP_JOURNAL_BEGIN))
    return take_begin (found, line, error);
  if (!g_str_equal (line->word, VAP_JOURNAL_ADD))
    return fail_line (line, error);
  step = vap_step_from_variant (line->name, line->texts, found->root, error);
  if (step == NULL)
    return FALSE;
  vap_transaction_append (found, step, TRUE);
  return TRUE;
}

/* (transfer full): NULL without an error for a journal in which nothing was begun */
static VapTransaction *
parse (const char *root, const GPtrArray *lines, GError **error)
{
  const VapJournalLine *head = lines->len > 0 ? g_ptr_array_index (lines, 0) : NULL;
  g_autoptr (VapTransaction) found = NULL;
  g_autofree char *boot = vap_boot_id ();
  gboolean begun = FALSE;

  if (head == NULL)
    return NULL;
  found = vap_transaction_new_bare (root, line_text (head, "title"));
  found->resumed = TRUE;
  if (!is_head (head)) {
    fail_line (head, error);
    return NULL;
  }
  found->rebooted = !g_str_equal (boot, line_text (head, "boot"));
  for (guint i = 1; i < lines->len; i++) {
    if (!take_line (found, g_ptr_array_index (lines, i), error))
      return NULL;
  }
  for (guint i = 0; i < found->entries->len; i++)
    begun = begun || vap_transaction_entry (found, i)->begun;
  return begun ? g_steal_pointer (&found) : NULL;
}

static GVariant *
no_texts (void)
{
  return g_variant_new_array (G_VARIANT_TYPE ("{ss}"), NULL, 0);
}

/* What the interrupted change still runs may need the lock that this process has by now,
 * so it is noted who waits. */
static gboolean
seize (int fd, guint patience_ms)
{
  g_autofree char *pid = g_strdup_printf ("%d", (int) getpid ());

  if (vap_journal_seize (fd, 0))
    return TRUE;
  if (!vap_journal_append (fd, VAP_JOURNAL_WAIT, pid, no_texts (), TRUE, NULL))
    g_debug ("it is not noted that process %s waits", pid);
  return vap_journal_seize (fd, patience_ms);
}

/* a journal in which nothing was begun is removed */
static gboolean
read_seized (const char *root, const char *path, int fd, guint patience_ms,
             VapTransaction **found, GError **error)
{
  g_autoptr (GPtrArray) lines = NULL;
  g_autoptr (GError) local = NULL;

  if (!seize (fd, patience_ms)) {
    g_set_error (error, VAP_ERROR, VAP_ERROR_BUSY,
                 _ ("a program of an interrupted change still has the journal '%s'"),
                 path);
    return FALSE;
  }
  lines = vap_journal_read (fd, error);
  if (lines == NULL || !wait_for_programs (lines, patience_ms, error) ||
      !vap_journal_append (fd, VAP_JOURNAL_SEIZED, "", no_texts (), FALSE, error))
    return FALSE;
  *found = parse (root, lines, &local);
  if (local != NULL) {
    g_propagate_prefixed_error (error, g_steal_pointer (&local), "%s: ", path);
    return FALSE;
  }
  if (*found == NULL)
    return vap_journal_remove (path, error);
  return TRUE;
}

gboolean
vap_transaction_read_journal (const char *root, guint patience_ms, VapTransaction **found,
                              GError **error)
{
  g_autofree char *path = g_strconcat (root, VAP_JOURNAL_FILE, NULL);
  int fd;

  *found = NULL;
  if (!vap_journal_open (path, &fd, error))
    return FALSE;
  if (fd < 0)
    return TRUE;
  if (!read_seized (root, path, fd, patience_ms, found, error)) {
    close (fd);
    return FALSE;
  }
  if (*found == NULL) {
    close (fd);
    return TRUE;
  }
  (*found)->journal = fd;
  (*found)->seized = TRUE;
  for (guint i = 0; i < (*found)->entries->len; i++)
    vap_step_set_journal (vap_transaction_entry (*found, i)->step, fd);
  return TRUE;
}

/* Whether the lock is held for this transaction: by itself, by who does the rest of it,
 * or by who waits to finish it.  While it is being undone nobody does anything for it. */
static gboolean
is_locked_for (const GPtrArray *lines, pid_t holder)
{
  g_autofree char *pid = g_strdup_printf ("%d", (int) holder);
  const VapJournalLine *head = lines->len > 0 ? g_ptr_array_index (lines, 0) : NULL;
  gboolean seized = FALSE;
  gboolean ours;

  if (head == NULL || !is_head (head))
    return FALSE;
  ours = g_str_equal (line_text (head, "pid"), pid);
  for (guint i = 1; i < lines->len; i++) {
    const VapJournalLine *line = g_ptr_array_index (lines, i);
    gboolean resumed = g_str_equal (line->word, VAP_JOURNAL_RESUME);

    seized = (seized && !resumed) || g_str_equal (line->word, VAP_JOURNAL_SEIZED);
    if ((resumed || g_str_equal (line->word, VAP_JOURNAL_WAIT)) &&
        g_str_equal (line->name, pid))
      ours = TRUE;
  }
  return ours && !seized;
}

/* whether it has begun a step about @uuid */
static gboolean
is_about (const GPtrArray *lines, const char *uuid)
{
  for (guint i = 1; i < lines->len; i++) {
    const VapJournalLine *line = g_ptr_array_index (lines, i);

    if (g_str_equal (line->word, VAP_JOURNAL_BEGIN) &&
        g_str_equal (line_text (line, "uuid"), uuid))
      return TRUE;
  }
  return FALSE;
}

/* Without the note it would only matter if the transaction were killed while this
 * mdevctl runs; waiting for the lock instead would be certain to fail. */
static void
note_program (int fd, pid_t mdevctl)
{
  g_autofree char *pid = g_strdup_printf ("%d", (int) mdevctl);
  g_autofree char *start = vap_process_start (mdevctl);
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE ("a{ss}"));
  g_variant_builder_add (&builder, "{ss}", "start", start != NULL ? start : "");
  if (!vap_journal_append (fd, VAP_JOURNAL_PROGRAM, pid, g_variant_builder_end (&builder),
                           TRUE, NULL))
    g_debug ("the journal does not know of process %s", pid);
}

gboolean
vap_transaction_covers (const char *root, pid_t holder, const char *uuid, pid_t mdevctl)
{
  g_autofree char *path = g_strconcat (root, VAP_JOURNAL_FILE, NULL);
  g_autoptr (GPtrArray) lines = NULL;
  g_autoptr (GError) error = NULL;
  gboolean covered;
  int fd;

  if (holder <= 0 || !vap_journal_open (path, &fd, &error) || fd < 0)
    return FALSE;
  /* if we can have the mark, its writer has not */
  covered = flock (fd, LOCK_SH | LOCK_NB) < 0 && errno == EWOULDBLOCK;
  lines = covered ? vap_journal_read (fd, &error) : NULL;
  covered = lines != NULL && is_locked_for (lines, holder) && is_about (lines, uuid);
  if (covered)
    note_program (fd, mdevctl);
  close (fd);
  return covered;
}

gboolean
vap_transaction_is_orphan (const char *root, const char *uuid)
{
  g_autofree char *path = g_strconcat (root, VAP_JOURNAL_FILE, NULL);
  g_autoptr (GPtrArray) lines = NULL;
  g_autoptr (GError) error = NULL;
  int fd;

  if (!vap_journal_open (path, &fd, &error) || fd < 0)
    return FALSE;
  lines = vap_journal_read (fd, &error);
  close (fd);
  return lines != NULL && is_about (lines, uuid);
}

static gboolean
needs_program (const VapTransaction *transaction)
{
  for (guint i = 0; i < transaction->entries->len; i++) {
    const VapEntry *entry = vap_transaction_entry (transaction, i);

    if (entry->begun && (vap_step_kind (entry->step)->flags & VAP_STEP_PROGRAM))
      return TRUE;
  }
  return FALSE;
}

gboolean
vap_transaction_recover_plain (const char *root, GError **error)
{
  g_autoptr (VapTransaction) found = NULL;
  gboolean completed;

  if (!vap_transaction_read_journal (root, PLAIN_PATIENCE_MS, &found, error))
    return FALSE;
  if (found == NULL)
    return TRUE;
  if (!needs_program (found))
    return vap_transaction_finish (found, &completed, error);
  g_set_error (
      error, VAP_ERROR, VAP_ERROR_HALF_DONE,
      _ ("'%s' was interrupted and has to be repaired first; run: virt-ap repair"),
      found->title);
  return FALSE;
}
