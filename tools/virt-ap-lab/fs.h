/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The FUSE file system that shows a model as /sys.  Runs in a process of its
 * own until it is unmounted or killed.  The model is one thread's; the other one only
 * sends its events, one at a time (fs-cache.c).
 */
#pragma once

#include "model.h"

G_BEGIN_DECLS

/**
 * lab_fs_serve:
 * @model: (transfer none)
 * @mountpoint: where; a directory in this process's own mount namespace
 * @ready: called once the file system is mounted and will answer
 *
 * Device nodes below /dev/vfio are made and removed by the model's owner through
 * the model's callbacks, udev events are sent by it likewise.
 *
 * Returns: when the file system was unmounted or SIGTERM came; FALSE with @error
 *   when it could not be mounted
 */
gboolean lab_fs_serve (LabModel *model, const char *mountpoint,
                       void (*ready) (gpointer user_data), gpointer user_data,
                       GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
