/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A directory that is watched, so that one look tells which of the files in it have
 * changed, were there thousands: for a process that keeps files (keep.h).  What was made
 * of the files is the caller's to keep; host/guests.c does.
 *
 * inotify(7) has an event for each change by the time the call that made it returns: who
 * was told of a change by whoever made it finds it here.  Of writing through a mapping
 * there is none, but nobody writes such files so.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct VapWatch VapWatch;

/**
 * vap_watch_new:
 * @path: of a directory; a symbolic link is none
 * @suffix: of the names in it that matter
 *
 * From now on changes tell; what is read after this is current.
 *
 * Returns: (transfer full) (nullable): NULL when changes would not be told: this process
 *   keeps no files, the directory is in a file system whose files change elsewhere, or
 * may not be read, the system has no more watches
 */
VapWatch *vap_watch_new (const char *path, const char *suffix);

/* takes in what has happened by now in all watched directories */
void vap_watch_look (void);

/**
 * vap_watch_take:
 * @names: a set of char *, which it owns: gets those of the files that have come, gone or
 *   changed since the last time and till vap_watch_look() was called
 *
 * Returns: FALSE when that is not known, since too much has happened or @watch's path
 * leads to another directory or to none: then @watch is of no more use
 */
gboolean vap_watch_take (VapWatch *watch, GHashTable *names) G_GNUC_WARN_UNUSED_RESULT;

void vap_watch_free (VapWatch *watch);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VapWatch, vap_watch_free)

/* whether anything is watched, so that the system keeps events for this process */
gboolean vap_watch_is_on (void);

/* Ends all watches: each of them has to be asked once more, and is of no more use. */
void vap_watch_rest (void);

G_END_DECLS
