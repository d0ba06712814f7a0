/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Asking a libvirt daemon, through the program ask-libvirt.
 */
#pragma once

#include "host/remote.h"

G_BEGIN_DECLS

/**
 * libvirt_ask:
 * @seconds: how long to wait for it
 *
 * Returns: (transfer full): NULL with %VAP_ERROR_FAILED, naming the URI, when there
 *   is no connection, or no answer within that time
 */
VapRemote *libvirt_ask (const char *uri, guint seconds,
                        GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* the URI of this machine's daemon, or NULL with why it is not asked unbidden: only
 * root is never asked for a password */
const char *libvirt_local_uri (GError **error);

G_END_DECLS
