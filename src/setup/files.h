/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Files and directories as setup needs them: whole or not at all, and the directories
 * remembered that were made.  Private to setup/.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* where made directories are remembered, one a line; it is there only as long as one is */
#define VAP_SETUP_MEMORY "/var/lib/virt-ap/setup"

/* (transfer full): NULL without @error when there is no such file */
char *vap_setup_read (const char *root, const char *path,
                      GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * vap_setup_write:
 *
 * In the place of the file that is there, with its owner and mode, or a new one of mode
 * 0644.  Below a root no symbolic link is followed.
 */
gboolean vap_setup_write (const char *root, const char *path, const char *text,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* makes what is missing of a directory, and remembers it */
gboolean vap_setup_make_directory (const char *root, const char *path,
                                   GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* removes the directories that were made and are empty now, and forgets them */
gboolean vap_setup_remove_directories (const char *root,
                                       GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
