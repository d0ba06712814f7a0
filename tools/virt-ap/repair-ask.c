/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Deciding what to do about drift; see repair-ask.h.
 */
#include "config.h"

#include "repair-ask.h"

#include <glib/gi18n.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "check/drift.h"
#include "command.h"
#include "findings.h"
#include "options.h"
#include "text.h"

/* An --answer, "ID=CHOICE" or "ID:SUBJECT=CHOICE". */
typedef struct {
  const char *text; /* as it was given */
  char *id;
  char *subject; /* NULL: for all */
  char *slug;
  gboolean used;
} Answer;

static void
answer_free (gpointer data)
{
  Answer *answer = data;

  g_free (answer->id);
  g_free (answer->subject);
  g_free (answer->slug);
  g_free (answer);
}

static void
decision_free (gpointer data)
{
  Decision *decision = data;

  g_free (decision->id);
  g_free (decision->subject);
  g_free (decision);
}

static void
question_free (gpointer data)
{
  Question *question = data;

  g_free (question->id);
  g_free (question->subject);
  g_free (question->message);
  g_free (question);
}

void
decisions_free (Decisions *decisions)
{
  if (decisions == NULL)
    return;
  g_ptr_array_unref (decisions->decisions);
  g_ptr_array_unref (decisions->questions);
  vap_findings_free (decisions->refused);
  g_free (decisions);
}

static Decisions *
decisions_new (void)
{
  Decisions *decisions = g_new0 (Decisions, 1);

  decisions->decisions = g_ptr_array_new_with_free_func (decision_free);
  decisions->questions = g_ptr_array_new_with_free_func (question_free);
  decisions->refused = vap_findings_new ();
  return decisions;
}

/* the masks are the host's, whichever queue a finding names */
static const char *
subject_of (const VapFinding *finding)
{
  return g_str_equal (finding->info->id, "mask-drift") ||
                 g_str_equal (finding->info->id, "queue-unbound")
             ? NULL
             : finding->subject;
}

const VapFinding *
decision_find (const Decision *decision, const VapFindings *findings)
{
  for (guint i = 0; i < findings->list->len; i++) {
    const VapFinding *finding = g_ptr_array_index (findings->list, i);

    if (g_str_equal (finding->info->id, decision->id) &&
        g_strcmp0 (subject_of (finding), decision->subject) == 0)
      return finding;
  }
  return NULL;
}

char *
question_answer (const Question *question, const VapMendChoice *choice)
{
  return question->subject != NULL
             ? g_strdup_printf ("%s:%s=%s", question->id, question->subject, choice->slug)
             : g_strdup_printf ("%s=%s", question->id, choice->slug);
}

/* FALSE after telling */
static gboolean
parse_answer (const char *text, GPtrArray *answers)
{
  const char *equals = strrchr (text, '=');
  g_autofree char *name =
      equals != NULL ? g_strndup (text, (gsize) (equals - text)) : NULL;
  g_auto (GStrv) parts = name != NULL ? g_strsplit (name, ":", 2) : NULL;
  Answer *answer;

  if (parts == NULL || parts[0] == NULL || !vap_finding_exists (parts[0])) {
    options_usage_error ("repair",
                         _ ("--answer takes FINDING=CHOICE or "
                            "FINDING:SUBJECT=CHOICE, not '%s'"),
                         text);
    return FALSE;
  }
  answer = g_new0 (Answer, 1);
  answer->text = text;
  answer->id = g_strdup (parts[0]);
  answer->subject = g_strdup (parts[1]);
  answer->slug = g_strdup (equals + 1);
  g_ptr_array_add (answers, answer);
  return TRUE;
}

static gboolean
parse_answers (char **texts, GPtrArray *answers)
{
  for (guint i = 0; texts != NULL && texts[i] != NULL; i++)
    if (!parse_answer (texts[i], answers))
      return FALSE;
  return TRUE;
}

/* What the loop below works on. */
typedef struct {
  const Repair *repair;
  VapHost *host; /* as the decisions so far make it */
  GPtrArray *answers;
  GHashTable *seen; /* of findings that were dealt with */
  gboolean may_ask;
  gboolean is_wrong; /* an --answer that this finding does not have was told */
  Decisions *decisions;
} Deciding;

static char *
key_of (const VapFinding *finding)
{
  const char *subject = subject_of (finding);

  return subject != NULL
             ? g_strjoin ("\n", finding->info->id, subject, finding->message, NULL)
             : g_strdup (finding->info->id);
}

static const char *
tell_wrong_answer (Deciding *deciding, const Answer *answer, const VapMendOffer *offer)
{
  g_autoptr (GString) list = g_string_new (NULL);

  for (guint i = 0; i < offer->n_choices; i++)
    g_string_append_printf (list, "%s%s", i > 0 ? ", " : "", offer->choices[i].slug);
  deciding->is_wrong = TRUE;
  options_usage_error ("repair", _ ("'%s' is no answer to %s, which takes: %s"),
                       answer->slug, answer->id, list->str);
  return NULL;
}

/* (nullable): the choice that an --answer makes */
static const char *
find_answer (Deciding *deciding, const VapFinding *finding, const VapMendOffer *offer)
{
  for (guint i = 0; i < deciding->answers->len; i++) {
    Answer *answer = g_ptr_array_index (deciding->answers, i);

    if (!g_str_equal (answer->id, finding->info->id) ||
        (answer->subject != NULL && g_strcmp0 (answer->subject, finding->subject) != 0))
      continue;
    answer->used = TRUE;
    for (guint j = 0; j < offer->n_choices; j++)
      if (g_str_equal (offer->choices[j].slug, answer->slug))
        return offer->choices[j].slug;
    return tell_wrong_answer (deciding, answer, offer);
  }
  return NULL;
}

/* a line of standard input; FALSE at its end */
static gboolean
read_line (char *line, gsize size)
{
  if (fgets (line, (int) size, stdin) == NULL)
    return FALSE;
  g_strstrip (line);
  return TRUE;
}

/* (nullable): what the user chooses; nothing is the last choice, to leave it */
static const char *
ask_which (const VapFinding *finding, const VapMendOffer *offer)
{
  g_autofree char *message = text_escape (finding->message);
  guint leave = offer->n_choices + 1;
  char line[64];

  fprintf (stderr, "%s[%s]: %s\n", vap_severity_to_string (finding->severity),
           finding->info->id, message);
  for (guint i = 0; i < offer->n_choices; i++)
    fprintf (stderr, "  %u  %s\n", i + 1, offer->choices[i].sentence);
  fprintf (stderr, "  %u  %s\n", leave, _ ("leave it as it is"));
  for (;;) {
    guint64 number = 0;

    fprintf (stderr, _ ("Which? [%u] "), leave);
    if (!read_line (line, sizeof line) || *line == '\0')
      return NULL;
    if (g_ascii_string_to_unsigned (line, 10, 1, leave, &number, NULL))
      return number < leave ? offer->choices[number - 1].slug : NULL;
    fprintf (stderr, _ ("A number from 1 to %u, please.\n"), leave);
  }
}

/* what comes with the choice: whether to go on where it is a warning */
static gboolean
confirm (const VapFindings *findings)
{
  g_autofree char *text = vap_findings_to_text (findings, VAP_SEVERITY_WARNING);
  char line[64];

  if (*text == '\0')
    return TRUE;
  fprintf (stderr, "%s", text);
  if (vap_findings_refuse (findings)) {
    fprintf (stderr, "%s\n", _ ("So it is left as it is."));
    return FALSE;
  }
  fprintf (stderr, "%s", _ ("Go on? [y/N] "));
  return read_line (line, sizeof line) && g_ascii_tolower (line[0]) == 'y';
}

/* @asked: the user at the terminal chose it.  What is refused is not decided, and does
 * not keep the rest from being mended. */
static void
try_choice (Deciding *deciding, const VapFinding *finding, const char *slug,
            gboolean asked)
{
  g_autoptr (VapTransaction) dry = vap_transaction_new_dry (deciding->repair->root, "");
  g_autoptr (VapFindings) found = vap_findings_new ();
  g_autoptr (GError) error = NULL;
  g_autoptr (VapHost) after = vap_mend (dry, deciding->host, finding, slug,
                                        deciding->repair->connect, found, &error);
  Decision *decision;

  if (after == NULL) {
    report ("%s: %s", finding->info->id, error->message);
    deciding->decisions->failed = TRUE;
    return;
  }
  if (asked && !confirm (found))
    return;
  if (vap_findings_refuse (found)) {
    findings_copy (deciding->decisions->refused, found);
    return;
  }
  decision = g_new (Decision, 1);
  *decision =
      (Decision){ g_strdup (finding->info->id), g_strdup (subject_of (finding)), slug };
  g_ptr_array_add (deciding->decisions->decisions, decision);
  vap_host_unref (deciding->host);
  deciding->host = g_steal_pointer (&after);
}

static void
keep_question (Deciding *deciding, const VapFinding *finding, const VapMendOffer *offer)
{
  Question *question = g_new (Question, 1);

  *question = (Question){ g_strdup (finding->info->id), g_strdup (subject_of (finding)),
                          g_strdup (finding->message), *offer };
  g_ptr_array_add (deciding->decisions->questions, question);
}

static void
decide (Deciding *deciding, const VapFinding *finding)
{
  VapMendOffer offer = vap_mend_offer (deciding->host, finding);
  const char *slug;

  if (offer.n_choices == 0)
    return;
  slug = offer.is_clear ? offer.choices[0].slug : find_answer (deciding, finding, &offer);
  if (deciding->is_wrong)
    return;
  if (slug != NULL) {
    try_choice (deciding, finding, slug, FALSE);
    return;
  }
  if (!deciding->may_ask) {
    keep_question (deciding, finding, &offer);
    return;
  }
  slug = ask_which (finding, &offer);
  if (slug != NULL)
    try_choice (deciding, finding, slug, TRUE);
}

/* (nullable): one that was not dealt with; first what is about the whole host, which
 * settles most of the rest */
static const VapFinding *
find_next (const Deciding *deciding, const VapFindings *findings)
{
  const VapFinding *first = NULL;

  for (guint i = 0; i < findings->list->len; i++) {
    const VapFinding *finding = g_ptr_array_index (findings->list, i);
    g_autofree char *key = key_of (finding);

    if (g_hash_table_contains (deciding->seen, key))
      continue;
    if (subject_of (finding) == NULL)
      return finding;
    first = first != NULL ? first : finding;
  }
  return first;
}

/* FALSE when there is no finding any more that was not dealt with */
static gboolean
decide_next (Deciding *deciding)
{
  g_autoptr (VapFindings) findings = vap_check_drift (deciding->host);
  const VapFinding *finding = find_next (deciding, findings);

  if (finding == NULL)
    return FALSE;
  g_hash_table_add (deciding->seen, key_of (finding));
  decide (deciding, finding);
  return !deciding->is_wrong;
}

/* what an answer to another question has settled is asked no more */
static void
drop_settled (Deciding *deciding)
{
  g_autoptr (VapFindings) findings = vap_check_drift (deciding->host);
  GPtrArray *questions = deciding->decisions->questions;

  for (guint i = questions->len; i-- > 0;) {
    const Question *question = g_ptr_array_index (questions, i);
    const Decision same = { question->id, question->subject, NULL };

    if (decision_find (&same, findings) == NULL)
      g_ptr_array_remove_index (questions, i);
  }
}

static void
tell_unused (const GPtrArray *answers)
{
  for (guint i = 0; i < answers->len; i++) {
    const Answer *answer = g_ptr_array_index (answers, i);

    if (!answer->used)
      report (_ ("--answer %s: there is no such finding now"), answer->text);
  }
}

Decisions *
decisions_make (const Repair *repair, const VapHost *host)
{
  g_autoptr (GPtrArray) answers = g_ptr_array_new_with_free_func (answer_free);
  g_autoptr (GHashTable) seen =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (Decisions) decisions = decisions_new ();
  Deciding deciding = {
    .repair = repair,
    .host = vap_host_ref ((VapHost *) host),
    .answers = answers,
    .seen = seen,
    .may_ask = !repair->dry_run && repair->json == NULL && isatty (STDIN_FILENO) == 1 &&
               isatty (STDERR_FILENO) == 1,
    .decisions = decisions,
  };

  if (!parse_answers (repair->answers, answers))
    deciding.is_wrong = TRUE;
  while (!deciding.is_wrong && decide_next (&deciding))
    ;
  drop_settled (&deciding);
  vap_host_unref (deciding.host);
  if (deciding.is_wrong)
    return NULL;
  tell_unused (answers);
  return g_steal_pointer (&decisions);
}
