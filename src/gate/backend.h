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
 * VapBackend:
 * @path: of the socket
 * @directory: (nullable): where it is, when it is a user's own daemon's
 * @daemon: (nullable): the program to start when nobody listens there
 */
typedef struct {
  char *path;
  char *directory;
  char *daemon;
} VapBackend;

/**
 * vap_backend_choose:
 * @backend: (out caller-allocates):
 * @uri: (nullable): of CONNECT_OPEN, without the transport
 * @read_only: whether the client wants no more than to look
 * @user: who asks; root has no daemons of its own
 */
void vap_backend_choose (VapBackend *backend, const char *uri, gboolean read_only,
                         uid_t user);

/**
 * vap_backend_is_guess:
 *
 * Whether @path is what a client guesses of a machine that it cannot look at, be it the
 * system's socket or a user's: libvirtd's (remote_sockets.c, remoteGetUNIXSocket()).  What
 * there really is can be looked up here, as virt-ssh-helper does.
 */
gboolean vap_backend_is_guess (const char *path);

void vap_backend_clear (VapBackend *backend);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (VapBackend, vap_backend_clear)

/**
 * vap_backend_uri:
 * @uri: (nullable): of CONNECT_OPEN
 * @socket: what was connected to
 *
 * Returns: (transfer full): a URI that leads another client of the same user to the same
 *   daemon and driver, without the gate
 */
char *vap_backend_uri (const char *uri, const char *socket, uid_t user);

/**
 * vap_backend_connect:
 *
 * Starts @daemon first where that is needed, and waits for it, 10 s at most.
 *
 * Returns: a connected socket, close-on-exec; -1 with @error, which names the path and
 *   the reason
 */
gint vap_backend_connect (const VapBackend *backend,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
