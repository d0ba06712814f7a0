/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Starts the judge's process.  Used by main.c.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* VapSpawn: @root: (nullable): see vap_host_read(); @uri: (nullable): of the daemon */
typedef struct {
  const char *root;
  const char *uri;
} VapSpawn;

/**
 * vap_spawn_judge:
 * @spawn: a VapSpawn
 *
 * The judge is the program gate-judge beside this one.  It ends when the socket is
 * closed, and when this process ends.
 *
 * Returns: a socket connected to it, non-blocking; -1 when it cannot be started
 */
gint vap_spawn_judge (gpointer spawn);

/**
 * vap_spawn_record:
 * @procedure: of the call whose judge ended
 * @passed: it had answered and the call had gone; else the call was refused
 * @spawn: a VapSpawn
 *
 * Has the same program keep a record of that, which nobody waits for.
 */
void vap_spawn_record (guint32 procedure, gboolean passed, gpointer spawn);

/**
 * vap_spawn_farewell:
 * @client: non-blocking
 *
 * Has a child send the last reply to the client as soon as this process, which is to end
 * then at once, has ended.  A client of libvirt's looks at its end of the connection
 * whether the process at the other has ended, and if it has not, kills it and sleeps for
 * 10 ms (src/util/virprocess.c, virProcessAbort()): so it finds that it has.
 */
void vap_spawn_farewell (gint client, const guint8 *reply, gsize length);

G_END_DECLS
