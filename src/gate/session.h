/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A user's own daemon: where it listens, and its start when it does not run, as libvirt's
 * client does both.  Used by backend.c.
 */
#pragma once

#include <sys/types.h>

#include <glib.h>

G_BEGIN_DECLS

/* its directory of sockets; free with g_free() */
char *vap_session_directory (uid_t user);

/**
 * vap_session_program:
 * @name: what the names of the daemon's sockets begin with: "virtqemud", "libvirt"
 *
 * Returns: (transfer full) (nullable): NULL when it is not installed
 */
char *vap_session_program (const char *name);

/**
 * vap_session_start:
 *
 * Starts @program in the background, as a child of nobody here; it ends by itself when
 * it was not used for two minutes.
 */
void vap_session_start (const char *program, const char *directory);

G_END_DECLS
