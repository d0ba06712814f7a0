/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * mount(2) and its kin with errors that name the place, for namespace.c and
 * libvirt.c.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* a file system without a device, such as "tmpfs"; @options may be NULL */
gboolean lab_mount (const char *type, const char *target, gulong flags,
                    const char *options, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* @source shows at @target too, which must exist */
gboolean lab_mount_bind (const char *source, const char *target,
                         GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* mkdir -p, or an error that names the directory */
gboolean lab_make_directory (const char *path, guint mode,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* the file's content as given, with the mode */
gboolean lab_write_file (const char *path, const char *content, guint mode,
                         GError **error) G_GNUC_WARN_UNUSED_RESULT;

gboolean lab_make_link (const char *target, const char *path,
                        GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
