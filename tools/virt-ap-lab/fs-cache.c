/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The kernel's page cache over the simulated sysfs, kept true.
 *
 * To make the kernel forget a page waits for the page's lock, and a reader who waits
 * for its READ holds that.  So a thread of its own does it, while the one that serves
 * goes on serving.
 */
#include "fs-cache.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

/* Every write compares the contents kept with the new ones; beyond so many, a file is
 * read through. */
#define MOST_KEPT 1024u

struct _LabCache {
  LabModel *model;
  struct fuse_session *session;
  GHashTable *kept; /* LabNode: what the kernel may have of it, NULL when it is gone */
  GAsyncQueue *writes;
  GThread *thread;
  gint pending; /* atomic: writes that the thread has not answered yet */
};

/* a write that was done and is not answered yet */
typedef struct {
  fuse_req_t request; /* NULL: the thread has to end */
  int code;
  gsize length;
  GArray *changed;   /* LabNode */
  GPtrArray *events; /* char ** */
} Write;

static void
write_free (Write *write)
{
  if (write->changed)
    g_array_unref (write->changed);
  if (write->events)
    g_ptr_array_unref (write->events);
  g_free (write);
}

static void
answer (LabCache *cache, Write *write)
{
  for (guint i = 0; i < write->changed->len; i++)
    fuse_lowlevel_notify_inval_inode (cache->session,
                                      g_array_index (write->changed, LabNode, i), 0, 0);
  for (guint i = 0; i < write->events->len; i++)
    lab_model_send_event (cache->model, write->events->pdata[i]);
  if (write->code != 0)
    fuse_reply_err (write->request, write->code);
  else
    fuse_reply_write (write->request, write->length);
  write_free (write);
}

static gpointer
answer_writes (gpointer data)
{
  LabCache *cache = data;

  for (;;) {
    Write *write = g_async_queue_pop (cache->writes);

    if (!write->request) {
      write_free (write);
      return NULL;
    }
    answer (cache, write);
    g_atomic_int_dec_and_test (&cache->pending);
  }
}

/* NULL: the node is nothing now */
static char *
content_of (LabCache *cache, LabNode node)
{
  g_autoptr (GString) content = g_string_new (NULL);

  if (lab_model_read (cache->model, node, content) != 0)
    return NULL;
  return g_string_free (g_steal_pointer (&content), FALSE);
}

/* the kept nodes whose content is another one now */
static GArray *
find_changed (LabCache *cache)
{
  GArray *changed = g_array_new (FALSE, FALSE, sizeof (LabNode));
  GHashTableIter iter;
  gpointer key, kept;

  g_hash_table_iter_init (&iter, cache->kept);
  while (g_hash_table_iter_next (&iter, &key, &kept)) {
    LabNode node = *(LabNode *) key;
    g_autofree char *content = content_of (cache, node);

    if (g_strcmp0 (content, kept) == 0)
      continue;
    g_array_append_val (changed, node);
    g_hash_table_iter_replace (&iter, g_steal_pointer (&content));
  }
  return changed;
}

/* The thread is none of those that signals end. */
static GThread *
start_thread (LabCache *cache)
{
  sigset_t all, before;
  GThread *thread;

  sigfillset (&all);
  pthread_sigmask (SIG_SETMASK, &all, &before);
  thread = g_thread_new ("lab-cache", answer_writes, cache);
  pthread_sigmask (SIG_SETMASK, &before, NULL);
  return thread;
}

LabCache *
lab_cache_new (LabModel *model, struct fuse_session *session)
{
  LabCache *cache = g_new0 (LabCache, 1);

  cache->model = model;
  cache->session = session;
  cache->kept = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, g_free);
  cache->writes = g_async_queue_new ();
  cache->thread = start_thread (cache);
  return cache;
}

void
lab_cache_free (LabCache *cache)
{
  if (!cache)
    return;
  g_async_queue_push (cache->writes, g_new0 (Write, 1));
  g_thread_join (cache->thread);
  g_async_queue_unref (cache->writes);
  g_hash_table_unref (cache->kept);
  g_free (cache);
}

gboolean
lab_cache_admit (LabCache *cache, LabNode node)
{
  if (g_hash_table_contains (cache->kept, &node))
    return TRUE;
  if (!lab_model_is_fixed (cache->model, node) ||
      g_hash_table_size (cache->kept) >= MOST_KEPT)
    return FALSE;
  g_hash_table_insert (cache->kept, g_memdup2 (&node, sizeof node),
                       content_of (cache, node));
  return TRUE;
}

void
lab_cache_write (LabCache *cache, fuse_req_t request, LabNode node, const char *text,
                 gsize length)
{
  Write *write = g_new0 (Write, 1);

  write->request = request;
  write->length = length;
  lab_model_hold_events (cache->model);
  write->code = lab_model_write (cache->model, node, text, length);
  write->events = lab_model_take_events (cache->model);
  write->changed = find_changed (cache);
  /* one that has nothing to wait for need not change threads; but events stay in order */
  if (write->changed->len == 0 && g_atomic_int_get (&cache->pending) == 0) {
    answer (cache, write);
    return;
  }
  g_atomic_int_inc (&cache->pending);
  g_async_queue_push (cache->writes, write);
}
