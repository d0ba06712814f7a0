/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The line of progress; see progress.h.  A thread of its own draws it, since whoever does
 * the work may wait for another program all the while.
 */
#include "config.h"

#include "progress.h"

#include <glib/gi18n.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "text.h"

#define SILENT_US (G_USEC_PER_SEC)
#define BETWEEN_US (G_USEC_PER_SEC / 5)

/* "\r" and ECMA-48 EL: to the line's beginning, and all of it away */
#define CLEAR_LINE "\r\033[K"

struct _Progress {
  GThread *thread;
  GMutex mutex;
  GCond ended;
  gboolean ends;
  gboolean drawn;
  gint64 began;
  guint done, total;
  char *text;
};

/* with the mutex */
static void
draw (Progress *progress)
{
  guint seconds = (guint) ((g_get_monotonic_time () - progress->began) / G_USEC_PER_SEC);
  g_autofree char *line =
      progress->total > 0 ? g_strdup_printf (_ ("[%u/%u] %s (%u s)"), progress->done,
                                             progress->total, progress->text, seconds)
                          : g_strdup_printf (_ ("%s (%u s)"), progress->text, seconds);

  fprintf (stderr, CLEAR_LINE "%s", line);
  fflush (stderr);
  progress->drawn = TRUE;
}

static gpointer
run (gpointer data)
{
  Progress *progress = data;
  gint64 next = progress->began + SILENT_US;

  g_mutex_lock (&progress->mutex);
  while (!progress->ends) {
    if (g_cond_wait_until (&progress->ended, &progress->mutex, next))
      continue;
    draw (progress);
    next = g_get_monotonic_time () + BETWEEN_US;
  }
  g_mutex_unlock (&progress->mutex);
  return NULL;
}

Progress *
progress_new (const char *text)
{
  Progress *progress;
  sigset_t all, before;

  if (isatty (STDERR_FILENO) != 1)
    return NULL;
  progress = g_new0 (Progress, 1);
  g_mutex_init (&progress->mutex);
  g_cond_init (&progress->ended);
  progress->began = g_get_monotonic_time ();
  progress->text = text_escape (text);
  /* signals are for the thread that does the work */
  sigfillset (&all);
  pthread_sigmask (SIG_BLOCK, &all, &before);
  progress->thread = g_thread_new ("progress", run, progress);
  pthread_sigmask (SIG_SETMASK, &before, NULL);
  return progress;
}

void
progress_tell (Progress *progress, guint done, guint total, const char *text)
{
  if (progress == NULL)
    return;
  g_mutex_lock (&progress->mutex);
  g_free (progress->text);
  progress->text = text_escape (text);
  progress->done = done;
  progress->total = total;
  g_mutex_unlock (&progress->mutex);
}

void
progress_free (Progress *progress)
{
  if (progress == NULL)
    return;
  g_mutex_lock (&progress->mutex);
  progress->ends = TRUE;
  g_cond_signal (&progress->ended);
  g_mutex_unlock (&progress->mutex);
  g_thread_join (progress->thread);
  if (progress->drawn)
    fprintf (stderr, CLEAR_LINE);
  g_mutex_clear (&progress->mutex);
  g_cond_clear (&progress->ended);
  g_free (progress->text);
  g_free (progress);
}
