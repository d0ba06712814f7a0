/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Starts the judge's process.  Used by main.c.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * vap_spawn_judge:
 * @root: (nullable): a string, see vap_host_read()
 *
 * The judge is the program gate-judge beside this one.  It ends when the socket is
 * closed, and when this process ends.
 *
 * Returns: a socket connected to it, non-blocking; -1 when it cannot be started
 */
gint vap_spawn_judge (gpointer root);

G_END_DECLS
