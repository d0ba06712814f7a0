/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The kernel's dentry and page caches over the simulated sysfs, kept true.
 *
 * To make the kernel forget a page waits for the page's lock, and a reader who waits
 * for its READ holds that; a name is likewise under its folder's lock.  So a thread of
 * its own does it, while the one that serves goes on serving.
 *
 * Whoever is reading what changes reads on in the old inode, with the old content.  One
 * who keeps the file open is to read the new content next, so that inode must change:
 * after PATIENCE_MS, in which who only reads has closed it.  A size that the kernel knows
 * already is then still answered with the content that it is the size of.  (Several who
 * read the same kept-open file at the very moment of a change can still meet the size of
 * one and the content of the other; each read after the write is whole.)
 */
#include "fs-cache.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

/* Every write compares what is kept with what there is now; beyond so many, a name is
 * looked up each time, and a file is read through. */
#define MOST_KEPT 2048u

/* From a file's opening, until it is one that is kept open. */
#define PATIENCE_MS 20

/* the bits that LabNode leaves free (model-tree.c) */
#define VERSION_SHIFT 32u
#define VERSION_BITS ((LabNode) 0xffff << VERSION_SHIFT)

typedef enum {
  STEADY,
  HELD,  /* its content has changed, its readers may not know yet */
  FREED, /* they may, and the kernel is being told */
} State;

typedef struct {
  LabNode node;
  LabNode parent;
  char *name;
  guint64 lookups;
  gboolean current; /* the name still leads here */
  guint handles;    /* open files that the kernel reads from its pages */
  gint64 opened;    /* the last of them: monotonic time */
  char *content;    /* after the last write; NULL: none, or nothing to read */
  State state;
  char *before; /* the content of the size that the kernel knows, if that is another */
} Inode;

struct _LabCache {
  LabModel *model;
  struct fuse_session *session;
  GMutex lock;         /* of both tables; the model needs none */
  GCond closed;        /* an inode has no handles any more */
  GHashTable *inodes;  /* by number */
  GHashTable *current; /* by LabNode: the number of the inode that its name leads to */
  guint64 versions;
  GPtrArray *blocked; /* Write: those that wait for a device to be closed */
  GAsyncQueue *writes;
  GThread *thread;
  gint pending; /* atomic: writes that the thread has not answered yet */
};

/* what the kernel must forget */
typedef struct {
  fuse_ino_t inode;
  LabNode parent;
  char *name;       /* NULL: the name may stay */
  gboolean content; /* there are pages */
} Change;

/* a write that was done and is not answered yet */
typedef struct {
  fuse_req_t request; /* NULL: there is nobody to answer */
  gboolean last;      /* the thread has to end */
  LabNode node;
  int code;
  gsize length;
  GArray *changes;
  GPtrArray *events; /* char ** */
} Write;

static void
inode_free (gpointer data)
{
  Inode *inode = data;

  g_free (inode->name);
  g_free (inode->content);
  g_free (inode->before);
  g_free (inode);
}

static void
change_clear (gpointer data)
{
  g_free (((Change *) data)->name);
}

static void
write_free (gpointer data)
{
  Write *write = data;

  if (write->changes)
    g_array_unref (write->changes);
  if (write->events)
    g_ptr_array_unref (write->events);
  g_free (write);
}

LabNode
lab_cache_node (fuse_ino_t inode)
{
  return (LabNode) inode & ~VERSION_BITS;
}

static gboolean
is_versioned (fuse_ino_t inode)
{
  return ((LabNode) inode & VERSION_BITS) != 0;
}

static Inode *
find_inode (LabCache *cache, fuse_ino_t number)
{
  LabNode key = number;

  return g_hash_table_lookup (cache->inodes, &key);
}

/* until nobody but who keeps the file open has it open; FALSE: nobody has */
static gboolean
free_inode (LabCache *cache, fuse_ino_t number)
{
  Inode *inode;
  gboolean open = FALSE;

  g_mutex_lock (&cache->lock);
  while ((inode = find_inode (cache, number)) != NULL && inode->handles > 0 &&
         g_cond_wait_until (&cache->closed, &cache->lock,
                            inode->opened + PATIENCE_MS * G_TIME_SPAN_MILLISECOND))
    ;
  inode = find_inode (cache, number);
  if (inode && inode->handles > 0) {
    inode->state = FREED;
    open = TRUE;
  }
  g_mutex_unlock (&cache->lock);
  return open;
}

static void
settle_inode (LabCache *cache, fuse_ino_t number)
{
  Inode *inode;

  g_mutex_lock (&cache->lock);
  inode = find_inode (cache, number);
  if (inode) {
    inode->state = STEADY;
    g_clear_pointer (&inode->before, g_free);
  }
  g_mutex_unlock (&cache->lock);
}

static void
forget_in_kernel (LabCache *cache, const Change *change)
{
  if (change->name)
    fuse_lowlevel_notify_inval_entry (cache->session, change->parent, change->name,
                                      strlen (change->name));
  if (!change->content ||
      (is_versioned (change->inode) && !free_inode (cache, change->inode)))
    return;
  fuse_lowlevel_notify_inval_inode (cache->session, change->inode, 0, 0);
  settle_inode (cache, change->inode);
}

static void
answer (LabCache *cache, Write *write)
{
  for (guint i = 0; write->changes && i < write->changes->len; i++)
    forget_in_kernel (cache, &g_array_index (write->changes, Change, i));
  for (guint i = 0; write->events && i < write->events->len; i++)
    lab_model_send_event (cache->model, write->events->pdata[i]);
  if (write->request && write->code != 0)
    fuse_reply_err (write->request, write->code);
  else if (write->request)
    fuse_reply_write (write->request, write->length);
  write_free (write);
}

static gpointer
answer_writes (gpointer data)
{
  LabCache *cache = data;

  for (;;) {
    Write *write = g_async_queue_pop (cache->writes);

    if (write->last) {
      write_free (write);
      return NULL;
    }
    answer (cache, write);
    g_atomic_int_dec_and_test (&cache->pending);
  }
}

static int
read_node (LabCache *cache, LabNode node, GString *content)
{
  g_autofree char *target = NULL;

  if (lab_model_readlink (cache->model, node, &target) != 0)
    return lab_model_read (cache->model, node, content);
  g_string_append (content, target);
  return 0;
}

/* what is to be read at the node; NULL: nothing */
static char *
content_of (LabCache *cache, LabNode node)
{
  g_autoptr (GString) content = g_string_new (NULL);

  if (read_node (cache, node, content) != 0)
    return NULL;
  return g_string_free (g_steal_pointer (&content), FALSE);
}

static gboolean
is_there (LabCache *cache, LabNode node)
{
  LabNodeType type;
  guint mode;

  return lab_model_stat (cache->model, node, &type, &mode) == 0;
}

/* compares an inode with the model; @change: what the kernel must forget of it */
static gboolean
has_changed (LabCache *cache, fuse_ino_t number, Inode *inode, Change *change)
{
  g_autofree char *content = content_of (cache, inode->node);
  gboolean same = g_strcmp0 (content, inode->content) == 0;
  gboolean stays = is_there (cache, inode->node) && (same || !is_versioned (number));

  *change = (Change){ .inode = number, .parent = inode->parent, .content = !same };
  if (inode->current && !stays) {
    change->name = g_strdup (inode->name);
    inode->current = FALSE;
    g_hash_table_remove (cache->current, &inode->node);
  }
  if (!same) {
    if (is_versioned (number) && !inode->before) {
      inode->before = g_steal_pointer (&inode->content);
      inode->state = HELD;
    }
    g_free (inode->content);
    inode->content = g_steal_pointer (&content);
  }
  return change->name || change->content;
}

static GArray *
find_changes (LabCache *cache)
{
  GArray *changes = g_array_new (FALSE, FALSE, sizeof (Change));
  GHashTableIter iter;
  gpointer key, inode;
  Change change;

  g_array_set_clear_func (changes, change_clear);
  g_mutex_lock (&cache->lock);
  g_hash_table_iter_init (&iter, cache->inodes);
  while (g_hash_table_iter_next (&iter, &key, &inode))
    if (has_changed (cache, *(guint64 *) key, inode, &change))
      g_array_append_val (changes, change);
  g_mutex_unlock (&cache->lock);
  return changes;
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
  g_mutex_init (&cache->lock);
  g_cond_init (&cache->closed);
  cache->inodes = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, inode_free);
  cache->current = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, g_free);
  cache->blocked = g_ptr_array_new_with_free_func (write_free);
  cache->writes = g_async_queue_new ();
  cache->thread = start_thread (cache);
  return cache;
}

void
lab_cache_free (LabCache *cache)
{
  Write *last;

  if (!cache)
    return;
  last = g_new0 (Write, 1);
  last->last = TRUE;
  g_async_queue_push (cache->writes, last);
  g_thread_join (cache->thread);
  g_ptr_array_unref (cache->blocked);
  g_async_queue_unref (cache->writes);
  g_hash_table_unref (cache->current);
  g_hash_table_unref (cache->inodes);
  g_mutex_clear (&cache->lock);
  g_cond_clear (&cache->closed);
  g_free (cache);
}

/* one that is not in use: a number may have come round while its first file is open */
static LabNode
new_version (LabCache *cache, LabNode node)
{
  LabNode number;

  do {
    cache->versions = cache->versions % 0xffff + 1;
    number = node | cache->versions << VERSION_SHIFT;
  } while (g_hash_table_contains (cache->inodes, &number));
  return number;
}

static Inode *
add_inode (LabCache *cache, LabNode parent, const char *name, LabNode node,
           gboolean versioned)
{
  LabNode number = versioned ? new_version (cache, node) : node;
  Inode *inode = find_inode (cache, number);

  if (!inode) {
    inode = g_new0 (Inode, 1);
    inode->node = node;
    inode->parent = parent;
    inode->name = g_strdup (name);
    inode->content = content_of (cache, node);
    g_hash_table_insert (cache->inodes, g_memdup2 (&number, sizeof number), inode);
  }
  inode->current = TRUE;
  g_hash_table_insert (cache->current, g_memdup2 (&node, sizeof node),
                       g_memdup2 (&number, sizeof number));
  return inode;
}

/* of a folder, and of what can only be written, there is nothing to keep but the name */
static gboolean
has_content (LabCache *cache, LabNode node)
{
  LabNodeType type;
  guint mode;

  return lab_model_stat (cache->model, node, &type, &mode) == 0 &&
         type != LAB_NODE_DIRECTORY && (mode & 0444) != 0;
}

fuse_ino_t
lab_cache_enter (LabCache *cache, LabNode parent, const char *name, LabNode node,
                 gboolean *keep)
{
  gboolean content = has_content (cache, node);
  LabNode number = node;
  const LabNode *current;
  Inode *inode = NULL;

  *keep = TRUE;
  if (lab_model_is_permanent (node) && !content)
    return node;

  g_mutex_lock (&cache->lock);
  current = g_hash_table_lookup (cache->current, &node);
  if (!current && g_hash_table_size (cache->inodes) < MOST_KEPT) {
    add_inode (cache, parent, name, node,
               content && !lab_model_is_fixed (cache->model, node));
    current = g_hash_table_lookup (cache->current, &node);
  }
  if (current)
    number = *current;
  inode = find_inode (cache, number);
  if (inode)
    inode->lookups++;
  *keep = current != NULL;
  g_mutex_unlock (&cache->lock);
  return number;
}

void
lab_cache_forget (LabCache *cache, fuse_ino_t number, guint64 lookups)
{
  LabNode key = number;
  Inode *inode;

  g_mutex_lock (&cache->lock);
  inode = find_inode (cache, number);
  if (inode) {
    inode->lookups -= MIN (lookups, inode->lookups);
    if (inode->lookups == 0) {
      if (inode->current)
        g_hash_table_remove (cache->current, &inode->node);
      g_hash_table_remove (cache->inodes, &key);
    }
  }
  g_mutex_unlock (&cache->lock);
}

gboolean
lab_cache_open (LabCache *cache, fuse_ino_t number)
{
  Inode *inode;
  gboolean keep;

  g_mutex_lock (&cache->lock);
  inode = find_inode (cache, number);
  keep = inode && inode->current && inode->content;
  if (keep) {
    inode->handles++;
    inode->opened = g_get_monotonic_time ();
  }
  g_mutex_unlock (&cache->lock);
  return keep;
}

void
lab_cache_close (LabCache *cache, fuse_ino_t number)
{
  Inode *inode;

  g_mutex_lock (&cache->lock);
  inode = find_inode (cache, number);
  if (inode && --inode->handles == 0)
    g_cond_signal (&cache->closed);
  g_mutex_unlock (&cache->lock);
}

/* with the lock: what the kernel is to have of the inode, NULL for what the model says */
static const char *
kept_content (LabCache *cache, fuse_ino_t number, gboolean new_size)
{
  Inode *inode = find_inode (cache, number);

  if (!inode || !inode->before || inode->state == STEADY)
    return NULL;
  if (inode->state == FREED && new_size)
    g_clear_pointer (&inode->before, g_free);
  if (inode->state == FREED && inode->before && inode->content &&
      strlen (inode->before) == strlen (inode->content))
    return NULL;
  return inode->before;
}

static int
read_inode (LabCache *cache, fuse_ino_t number, gboolean new_size, GString *content)
{
  const char *kept;
  gboolean found;

  g_mutex_lock (&cache->lock);
  kept = kept_content (cache, number, new_size);
  found = kept != NULL;
  if (found)
    g_string_append (content, kept);
  g_mutex_unlock (&cache->lock);
  return found ? 0 : read_node (cache, lab_cache_node (number), content);
}

int
lab_cache_read (LabCache *cache, fuse_ino_t number, GString *content)
{
  return read_inode (cache, number, FALSE, content);
}

gsize
lab_cache_size (LabCache *cache, fuse_ino_t number)
{
  g_autoptr (GString) content = NULL;
  const Inode *inode;
  gboolean kept;

  g_mutex_lock (&cache->lock);
  inode = find_inode (cache, number);
  kept = inode && (inode->content || inode->before);
  g_mutex_unlock (&cache->lock);
  if (!kept)
    return LAB_PAGE_SIZE;
  content = g_string_new (NULL);
  return read_inode (cache, number, TRUE, content) == 0 ? content->len : LAB_PAGE_SIZE;
}

/* One that has nothing to wait for need not change threads; but events stay in order. */
static void
pass_on (LabCache *cache, Write *write)
{
  gboolean waits = write->changes && write->changes->len > 0;

  if (!waits && g_atomic_int_get (&cache->pending) == 0) {
    answer (cache, write);
    return;
  }
  g_atomic_int_inc (&cache->pending);
  g_async_queue_push (cache->writes, write);
}

static Write *
block (LabCache *cache, Write *write)
{
  Write *blocked = g_new0 (Write, 1);

  blocked->request = g_steal_pointer (&write->request);
  blocked->node = write->node;
  blocked->length = write->length;
  g_ptr_array_add (cache->blocked, blocked);
  return write;
}

void
lab_cache_write (LabCache *cache, fuse_req_t request, LabNode node, const char *text,
                 gsize length)
{
  Write *write = g_new0 (Write, 1);

  write->request = request;
  write->node = node;
  write->length = length;
  lab_model_hold_events (cache->model);
  write->code = lab_model_write (cache->model, node, text, length);
  write->events = lab_model_take_events (cache->model);
  write->changes = find_changes (cache);
  pass_on (cache, write->code == LAB_BLOCKED ? block (cache, write) : write);
}

int
lab_cache_open_device (LabCache *cache, LabNode node, gboolean writing, gboolean *holds)
{
  int code = lab_model_open (cache->model, node, writing, holds);
  Write *write;

  if (*holds) {
    write = g_new0 (Write, 1);
    write->changes = find_changes (cache);
    pass_on (cache, write);
  }
  return code;
}

static void
unblock (LabCache *cache)
{
  for (guint i = cache->blocked->len; i > 0; i--) {
    const Write *write = cache->blocked->pdata[i - 1];

    if (!lab_model_is_blocked (cache->model, write->node))
      pass_on (cache, g_ptr_array_steal_index (cache->blocked, i - 1));
  }
}

void
lab_cache_close_device (LabCache *cache, LabNode node)
{
  Write *write = g_new0 (Write, 1);

  lab_model_hold_events (cache->model);
  lab_model_close (cache->model, node);
  write->events = lab_model_take_events (cache->model);
  write->changes = find_changes (cache);
  pass_on (cache, write);
  unblock (cache);
}
