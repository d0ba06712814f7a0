/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The lock that everyone takes who changes AP settings: s390-tools' ap-check and
 * chzdev, our transactions and our callout.  It is a file, made by link(2), that holds
 * the number of the process it belongs to; a transaction takes it for itself, the
 * callout for mdevctl, its parent.
 * Source: s390-tools libutil/util_lockfile.c, libap/ap.c (ap_get_lock_callout())
 */
#pragma once

#include <glib.h>
#include <sys/types.h>

G_BEGIN_DECLS

/* As long as s390-tools waits: AP_LOCK_RETRIES (3,000) times AP_LOCK_DELAY_US (30 ms),
 * include/lib/ap.h */
#define VAP_LOCK_PATIENCE_MS 90000u

/* below @root ("" for this machine); free with g_free() */
char *vap_lock_path (const char *root);

/**
 * vap_lock_take:
 * @owner: the process the lock shall belong to; TRUE at once if it has it already
 *
 * A lock whose process is gone is taken over.
 *
 * Returns: FALSE with %VAP_ERROR_BUSY when another process kept it for @patience_ms,
 *   %VAP_ERROR_FAILED when @owner ended meanwhile, or a signal came that asks to end and
 *   is held back, and %VAP_ERROR_UNREADABLE when what is
 *   at @path is not such a lock, or none can be made
 */
gboolean vap_lock_take (const char *path, pid_t owner, guint patience_ms,
                        GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * vap_lock_release:
 *
 * Removes the lock if @owner has it; another's, or none, is left alone.
 */
gboolean vap_lock_release (const char *path, pid_t owner,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* the living process that has the lock; 0 when it is free, void, or no such lock */
pid_t vap_lock_holder (const char *path);

G_END_DECLS
