/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where the daemon listens: the socket that libvirt's own client would choose, had
 * it been asked to connect without the gate.  Used by opening.c.
 */
#pragma once

#include <sys/types.h>

#include <glib.h>

G_BEGIN_DECLS

/**
 * vap_backend_socket:
 * @uri: (nullable): of CONNECT_OPEN, without the transport
 * @read_only: whether the client wants no more than to look
 * @user: who asks; root has no daemons of its own
 *
 * Returns: (transfer full): a path, free with g_free()
 */
char *vap_backend_socket (const char *uri, gboolean read_only, uid_t user);

/**
 * vap_backend_connect:
 *
 * Returns: a connected socket, close-on-exec; -1 with @error, which names @path and
 *   the reason
 */
gint vap_backend_connect (const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
