/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is common to steps of all kinds: their texts, and how they run a program; see
 * step.h.
 */
#include "config.h"

#include "change/priv.h"

#include <glib/gi18n-lib.h>
#include <stdio.h>
#include <string.h>

#include "run/run.h"

struct _VapStep {
  const VapStepKind *kind;
  char *root;
  GHashTable *texts;
  int journal; /* -1 without one */
  VapStepListener listener;
  gpointer listener_data;
};

static VapStep *
step_new (const VapStepKind *kind, const char *root)
{
  VapStep *step = g_new0 (VapStep, 1);

  step->kind = kind;
  step->root = g_strdup (root);
  step->texts = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  step->journal = -1;
  return step;
}

VapStep *
vap_step_new (const VapStepKind *kind, const char *first_key, ...)
{
  VapStep *step = step_new (kind, "");
  va_list rest;

  va_start (rest, first_key);
  for (const char *key = first_key; key != NULL; key = va_arg (rest, const char *))
    vap_step_set (step, key, va_arg (rest, const char *));
  va_end (rest);
  return step;
}

void
vap_step_free (VapStep *step)
{
  if (step == NULL)
    return;
  g_hash_table_unref (step->texts);
  g_free (step->root);
  g_free (step);
}

const VapStepKind *
vap_step_kind (const VapStep *step)
{
  return step->kind;
}

const char *
vap_step_get (const VapStep *step, const char *key)
{
  return g_hash_table_lookup (step->texts, key);
}

void
vap_step_set (VapStep *step, const char *key, const char *value)
{
  if (value != NULL)
    g_hash_table_insert (step->texts, g_strdup (key), g_strdup (value));
  else
    g_hash_table_remove (step->texts, key);
}

const char *
vap_step_root (const VapStep *step)
{
  return step->root;
}

void
vap_step_set_root (VapStep *step, const char *root)
{
  g_free (step->root);
  step->root = g_strdup (root);
}

int
vap_step_journal (const VapStep *step)
{
  return step->journal;
}

void
vap_step_set_journal (VapStep *step, int fd)
{
  step->journal = fd;
}

void
vap_step_set_listener (VapStep *step, VapStepListener listener, gpointer user_data)
{
  step->listener = listener;
  step->listener_data = user_data;
}

static gint
compare_texts (gconstpointer a, gconstpointer b)
{
  return strcmp (a, b);
}

GVariant *
vap_step_to_variant (const VapStep *step)
{
  g_autoptr (GList) keys =
      g_list_sort (g_hash_table_get_keys (step->texts), compare_texts);
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE ("a{ss}"));
  for (const GList *key = keys; key != NULL; key = key->next)
    g_variant_builder_add (&builder, "{ss}", key->data, vap_step_get (step, key->data));
  return g_variant_builder_end (&builder);
}

VapStep *
vap_step_from_variant (const char *kind, GVariant *texts, const char *root,
                       GError **error)
{
  const VapStepKind *found = vap_step_kind_find (kind);
  const char *key, *value;
  GVariantIter iter;
  VapStep *step;

  if (found == NULL) {
    g_set_error (error, VAP_ERROR, VAP_ERROR_MALFORMED,
                 _ ("there is no step of the kind '%s'"), kind);
    return NULL;
  }
  step = step_new (found, root);
  g_variant_iter_init (&iter, texts);
  while (g_variant_iter_next (&iter, "{&s&s}", &key, &value))
    vap_step_set (step, key, value);
  return step;
}

static gboolean
fail_run (const char *program, guint seconds, const VapRun *run, GError **error)
{
  g_autoptr (GError) reason = NULL;

  if (run->late)
    g_set_error (error, VAP_ERROR, VAP_ERROR_FAILED,
                 _ ("%s did not end within %u seconds"), program, seconds);
  else if (!g_spawn_check_wait_status (run->wait_status, &reason))
    g_set_error (error, VAP_ERROR, VAP_ERROR_FAILED, _ ("%s: %s"), program,
                 *run->complaint != '\0' ? run->complaint : reason->message);
  return FALSE;
}

static gboolean
run_watched (const VapStep *step, const char *const *argv, const char *input,
             guint seconds, VapRunWatch watch, char **output, GError **error)
{
  g_auto (VapRun) run = { 0 };

  if (!vap_run_watched (argv, input, input != NULL ? strlen (input) : 0, seconds * 1000,
                        vap_step_journal (step), watch, (gpointer) step, &run, error))
    return FALSE;
  if (!vap_run_was_good (&run))
    return fail_run (argv[0], seconds, &run, error);
  if (output != NULL)
    *output = g_steal_pointer (&run.out);
  return TRUE;
}

gboolean
vap_step_run (const VapStep *step, const char *const *argv, const char *input,
              guint seconds, char **output, GError **error)
{
  return run_watched (step, argv, input, seconds, NULL, output, error);
}

/* what the last whole line of progress in @tail says */
static gboolean
find_progress (const char *tail, guint *percent)
{
  g_auto (GStrv) lines = g_strsplit (tail, "\n", -1);
  guint64 left, total;

  for (guint i = g_strv_length (lines); i > 1; i--) {
    if (sscanf (lines[i - 2], "progress %" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT, &left,
                &total) != 2 ||
        total == 0 || left > total)
      continue;
    *percent = (guint) ((total - left) * 100 / total);
    return TRUE;
  }
  return FALSE;
}

static int
watch_long (const char *tail, gpointer user_data)
{
  const VapStep *step = user_data;
  guint percent;

  if (step->listener != NULL && find_progress (tail, &percent))
    step->listener (percent, step->listener_data);
  return vap_step_is_asked_to_end () ? SIGTERM : 0;
}

gboolean
vap_step_run_long (const VapStep *step, const char *const *argv, const char *input,
                   guint seconds, GError **error)
{
  return run_watched (step, argv, input, seconds, watch_long, NULL, error);
}

sigset_t
vap_step_ending_signals (void)
{
  sigset_t set;

  sigemptyset (&set);
  sigaddset (&set, SIGINT);
  sigaddset (&set, SIGTERM);
  sigaddset (&set, SIGHUP);
  return set;
}

gboolean
vap_step_is_asked_to_end (void)
{
  sigset_t pending;

  if (sigpending (&pending) < 0)
    return FALSE;
  return sigismember (&pending, SIGINT) > 0 || sigismember (&pending, SIGTERM) > 0 ||
         sigismember (&pending, SIGHUP) > 0;
}
