/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where files of virt-ap's are, and which may be believed; private to config/ and audit/. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* ROOT/etc/virt-ap/virt-ap.conf; free with g_free() */
char *vap_config_system_path (const char *root);

/**
 * vap_own_path:
 * @variable: XDG_CONFIG_HOME or its like
 * @usual: what it is below the user's home where it is not set
 * @name: the file
 *
 * A file of the user who runs this process, below @root too.
 *
 * Returns: (transfer full) (nullable): NULL for root, and for a process that has more
 *   privilege than who started it: nothing is done then where another may write
 */
char *vap_own_path (const char *root, const char *variable, const char *usual,
                    const char *name);

/* the user's own configuration */
char *vap_config_user_path (const char *root);

/**
 * vap_config_load:
 * @own: the user's own: another user's file, and one that anybody may write, is passed over
 * @text: (out) (transfer full): NULL when there is no file, or it was passed over
 * @note: (out) (transfer full): why it was passed over
 *
 * Returns: FALSE with %VAP_ERROR_UNREADABLE or %VAP_ERROR_TOO_LARGE naming the file
 */
gboolean vap_config_load (const char *path, gboolean own, char **text, gsize *length,
                          char **note, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
