/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The watched directories; see watch.h. */
#include "config.h"

#include "keep/watch.h"

#include "keep/priv.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

/* so many bytes of events are taken in at once */
#define EVENTS_ROOM 4096u
/* the longest, with its name's end and the filling up to the next */
#define EVENT_MAX (2 * sizeof (struct inotify_event) + NAME_MAX + 1)

#define CHANGES                                                                          \
  (IN_MODIFY | IN_ATTRIB | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO)
#define ONLY (IN_ONLYDIR | IN_DONT_FOLLOW)
#define GONE (IN_DELETE_SELF | IN_MOVE_SELF | IN_UNMOUNT | IN_IGNORED)

/*
 * @number: inotify's; one directory by two paths has one
 * @changed: set of names
 * @is_void: what has changed is not known any more
 */
struct VapWatch {
  char *path;
  char *suffix;
  gint number;
  dev_t device;
  ino_t inode;
  GHashTable *changed;
  gboolean is_void;
};

static GPtrArray *watches; /* all, none of them ours to free */
static gint events = -1;

static void
note (VapWatch *watch, const struct inotify_event *event)
{
  if (event->mask & GONE)
    watch->is_void = TRUE;
  else if (event->len > 0 && g_str_has_suffix (event->name, watch->suffix) &&
           !g_hash_table_contains (watch->changed, event->name))
    g_hash_table_add (watch->changed, g_strdup (event->name));
}

static void
take_event (const struct inotify_event *event)
{
  for (guint i = 0; i < watches->len; i++) {
    VapWatch *watch = watches->pdata[i];

    if (event->mask & IN_Q_OVERFLOW)
      watch->is_void = TRUE;
    else if (event->wd == watch->number)
      note (watch, event);
  }
}

static void
take_events_of (const char *bytes, gssize length)
{
  for (gssize at = 0; at < length;) {
    const struct inotify_event *event = (const void *) (bytes + at);

    take_event (event);
    at += (gssize) (sizeof *event + event->len);
  }
}

/* A reading that left room for one more has got all there were: inotify_read(), in
 * fs/notify/inotify/inotify_user.c, ends when there are no more, or the next has no room.
 */
static void
take_events (void)
{
  _Alignas(struct inotify_event) char bytes[EVENTS_ROOM];
  gssize got;

  do {
    got = read (events, bytes, sizeof bytes);
    take_events_of (bytes, got);
  } while (got > (gssize) (EVENTS_ROOM - EVENT_MAX) || (got < 0 && errno == EINTR));
}

static gboolean
is_there (const VapWatch *watch)
{
  struct stat status;

  return lstat (watch->path, &status) == 0 && status.st_dev == watch->device &&
         status.st_ino == watch->inode;
}

static gboolean
begin (void)
{
  if (watches == NULL)
    watches = g_ptr_array_new ();
  if (events < 0)
    events = inotify_init1 (IN_CLOEXEC | IN_NONBLOCK);
  return events >= 0;
}

VapWatch *
vap_watch_new (const char *path, const char *suffix)
{
  g_autoptr (VapWatch) watch = NULL;
  struct stat status;
  gint number;

  if (!vap_keep_is_on () || lstat (path, &status) != 0 || !S_ISDIR (status.st_mode) ||
      !vap_keep_is_told (path) || !begin ())
    return NULL;
  number = inotify_add_watch (events, path, CHANGES | GONE | ONLY);
  if (number < 0)
    return NULL;
  watch = g_new (VapWatch, 1);
  *watch = (VapWatch){ g_strdup (path),
                       g_strdup (suffix),
                       number,
                       status.st_dev,
                       status.st_ino,
                       g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL),
                       FALSE };
  g_ptr_array_add (watches, watch);
  /* what is watched must be what was looked at */
  return is_there (watch) ? g_steal_pointer (&watch) : NULL;
}

void
vap_watch_look (void)
{
  if (events >= 0)
    take_events ();
}

gboolean
vap_watch_take (VapWatch *watch, GHashTable *names)
{
  GHashTableIter iter;
  gpointer name;

  if (watch->is_void || !is_there (watch))
    return FALSE;
  g_hash_table_iter_init (&iter, watch->changed);
  while (g_hash_table_iter_next (&iter, &name, NULL)) {
    g_hash_table_iter_steal (&iter);
    g_hash_table_add (names, name);
  }
  return TRUE;
}

/* whether another has the same directory */
static gboolean
is_shared (gint number)
{
  for (guint i = 0; i < watches->len; i++) {
    const VapWatch *watch = watches->pdata[i];

    if (watch->number == number && !watch->is_void)
      return TRUE;
  }
  return FALSE;
}

void
vap_watch_free (VapWatch *watch)
{
  if (watch == NULL)
    return;
  g_ptr_array_remove_fast (watches, watch);
  if (events >= 0 && !watch->is_void && !is_shared (watch->number))
    inotify_rm_watch (events, watch->number);
  g_hash_table_unref (watch->changed);
  g_free (watch->path);
  g_free (watch->suffix);
  g_free (watch);
}

gboolean
vap_watch_is_on (void)
{
  return events >= 0;
}

void
vap_watch_rest (void)
{
  if (events < 0)
    return;
  close (events);
  events = -1;
  for (guint i = 0; i < watches->len; i++)
    ((VapWatch *) watches->pdata[i])->is_void = TRUE;
}
