/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Master key verification patterns: read, kept once for all queues that share a text,
 * as those of one domain on several cards do.
 */
#include "config.h"

#include "host/patterns.h"

#include <string.h>

#include "host/priv.h"

/* The driver writes ten short lines (zcrypt_cex4.c, cca_mkvps_show()). */
#define TEXT_MAX 4096u

struct _VapPatterns {
  GHashTable *texts;                                   /* set of char * */
  const char *by_queue[VAP_MASK_BITS * VAP_MASK_BITS]; /* one of @texts, or NULL */
};

static guint
number_of (VapQueue queue)
{
  return queue.adapter * VAP_MASK_BITS + queue.domain;
}

VapPatterns *
vap_patterns_new (void)
{
  VapPatterns *patterns = g_new0 (VapPatterns, 1);

  patterns->texts = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  return patterns;
}

void
vap_patterns_free (VapPatterns *patterns)
{
  if (patterns == NULL)
    return;
  g_hash_table_unref (patterns->texts);
  g_free (patterns);
}

void
vap_patterns_set (VapPatterns *patterns, VapQueue queue, const char *text)
{
  gpointer kept;

  if (!g_hash_table_lookup_extended (patterns->texts, text, &kept, NULL)) {
    kept = g_strdup (text);
    g_hash_table_add (patterns->texts, kept);
  }
  patterns->by_queue[number_of (queue)] = kept;
}

const char *
vap_patterns_get (const VapPatterns *patterns, VapQueue queue)
{
  return patterns->by_queue[number_of (queue)];
}

/* by text, then by queue; @a, @b: numbers of queues that have one */
static gint
compare_queues (gconstpointer a, gconstpointer b, gpointer user_data)
{
  const VapPatterns *patterns = user_data;
  guint first = *(const guint *) a, second = *(const guint *) b;
  gint order = strcmp (patterns->by_queue[first], patterns->by_queue[second]);

  return order != 0 ? order : (first > second) - (first < second);
}

void
vap_patterns_each (const VapPatterns *patterns, VapPatternFunc func, gpointer user_data)
{
  g_autoptr (GArray) numbers = g_array_new (FALSE, FALSE, sizeof (guint));
  g_autofree VapQueueSet *queues = g_new0 (VapQueueSet, 1);

  for (guint i = 0; i < G_N_ELEMENTS (patterns->by_queue); i++) {
    if (patterns->by_queue[i] != NULL)
      g_array_append_val (numbers, i);
  }
  g_array_sort_with_data (numbers, compare_queues, (gpointer) patterns);
  for (guint i = 0; i < numbers->len; i++) {
    guint number = g_array_index (numbers, guint, i);
    const char *text = patterns->by_queue[number];

    vap_queue_set_add (queues, (VapQueue){ (guint8) (number / VAP_MASK_BITS),
                                           (guint8) (number % VAP_MASK_BITS) });
    if (i + 1 < numbers->len &&
        patterns->by_queue[g_array_index (numbers, guint, i + 1)] == text)
      continue;
    func (text, queues, user_data);
    memset (queues, 0, sizeof *queues);
  }
}

static void
read_queue (VapPatterns *patterns, const char *root, VapQueue queue)
{
  char name[VAP_QUEUE_TEXT_SIZE];
  g_autofree char *path = NULL;
  g_autofree char *text = NULL;
  g_autoptr (GError) error = NULL;

  vap_queue_format (queue, name);
  path = g_strdup_printf ("/sys/bus/ap/devices/%s/mkvps", name);
  if (vap_sysfs_read (root, path, &text, &error) == VAP_READ_DONE && *text != '\0' &&
      strlen (text) <= TEXT_MAX)
    vap_patterns_set (patterns, queue, text);
  else if (error != NULL)
    g_info ("%s", error->message);
}

VapPatterns *
vap_patterns_read (const VapHost *host)
{
  VapPatterns *patterns = vap_patterns_new ();

  for (guint adapter = 0; adapter < VAP_MASK_BITS; adapter++) {
    VAP_MASK_FOREACH (&host->queues.domains[adapter], domain) {
      VapQueue queue = { (guint8) adapter, (guint8) domain };

      if (!vap_queue_set_test (&host->vfio_bound, queue))
        read_queue (patterns, host->root, queue);
    }
  }
  return patterns;
}
