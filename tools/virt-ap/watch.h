/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where a host tells that something has changed: udev's events, the directories of mdevctl,
 * libvirt and udev's rules, and libvirt's own events.  None of them says what; the caller
 * reads the host again.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct _Watch Watch;

typedef enum {
  WATCH_EVENT,            /* something may have changed */
  WATCH_LIBVIRT_THERE,    /* libvirt's events come */
  WATCH_LIBVIRT_GONE,     /* they don't any more, and it is tried again */
} WatchNews;

typedef void (*WatchFunc) (WatchNews news, gpointer user_data);

/**
 * watch_new:
 * @root: (nullable): of the directories
 * @uri: (nullable): of the libvirt daemon to follow
 *
 * Calls @func from the default main context.  A source that cannot be had is done without.
 */
Watch *watch_new (const char *root, const char *uri, WatchFunc func, gpointer user_data);
void watch_free (Watch *watch);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Watch, watch_free)

/* watch-udev.c: a socket for udev's events, -1 when there can be none */
int udev_open (void);
/* reads what has come; whether one of them concerns AP, or some were lost */
gboolean udev_receive (int fd);

G_END_DECLS
