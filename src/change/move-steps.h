/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The steps of a guest's move to another host; see move.h.  What they look at and change
 * is what two libvirt daemons tell and do, the one here and the one there: there is no
 * other way to the target.  Not installed.
 */
#pragma once

#include "ap/matrix.h"
#include "change/step.h"
#include "guest/guest.h"

G_BEGIN_DECLS

/* The keys that all of them have. */
#define VAP_MOVE_SOURCE "source"   /* the URI of the daemon here */
#define VAP_MOVE_TARGET "target"   /* and of the one there */
#define VAP_MOVE_GUEST "guest"     /* UUID */
#define VAP_MOVE_NAME "name"       /* of the guest, for people */
#define VAP_MOVE_OWN "own"         /* UUID of the device here; none without crypto */
#define VAP_MOVE_DEVICE "device"   /* and of the one there */
#define VAP_MOVE_MATRIX "matrix"   /* that it has there, as ap_config */
#define VAP_MOVE_SECONDS "seconds" /* what the unplugging and the migration may take */
#define VAP_MOVE_URI "migrate-uri" /* where QEMU sends the guest to */
#define VAP_MOVE_BANDWIDTH "bandwidth"   /* MiB/s */
#define VAP_MOVE_UNSAFE "unsafe"         /* libvirt asks no more questions */
#define VAP_MOVE_AUTOSTART "autostart"   /* the device starts with the machine */
#define VAP_MOVE_PERSISTENT "persistent" /* the guest has a definition here */

/* move-libvirt.c: what a daemon tells */

/**
 * vap_move_run:
 * @uri: the daemon
 * @operation: tell-libvirt's or move-libvirt's
 * @words: (nullable): NULL-terminated, after the operation
 * @seconds: how long it may take
 *
 * Returns: FALSE with %VAP_ERROR_FAILED, naming the daemon
 */
gboolean vap_move_run (const VapStep *step, const char *uri, const char *operation,
                       const char *const *words, const char *document, guint seconds,
                       char **output, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* for what may take minutes, see vap_step_run_long() */
gboolean vap_move_run_long (const VapStep *step, const char *uri, const char *operation,
                            const char *const *words, const char *document, guint seconds,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* for a change to a device or a guest that has no words but its name */
gboolean vap_move_tell (const VapStep *step, const char *uri, const char *operation,
                        const char *name, const char *document,
                        GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* A guest on one side. */
typedef struct {
  gboolean known;      /* to the daemon */
  gboolean namesake;   /* it is not, but another one of its name is */
  gboolean live;       /* it runs, or was paused by somebody */
  gboolean waiting;    /* a migration has paused it: it was handed over, or not yet */
  gboolean persistent; /* it has a definition */
  gboolean job;        /* a migration or the like is under way */
  VapGuest *guest;     /* as it runs, NULL when it does not */
} VapMoveGuest;

void vap_move_guest_clear (VapMoveGuest *guest);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (VapMoveGuest, vap_move_guest_clear)

/* @side: VAP_MOVE_SOURCE or VAP_MOVE_TARGET */
gboolean vap_move_find_guest (const VapStep *step, const char *side, VapMoveGuest *guest,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* whether the target has no guest of this UUID or name; FALSE with the reason */
gboolean vap_move_check_free (const VapStep *step,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* whether the guest, as it runs, has the device of key @device */
gboolean vap_move_has_device (const VapStep *step, const VapMoveGuest *guest,
                              const char *device);

/* The device on the target. */
typedef struct {
  gboolean active;
  gboolean persistent;
  gboolean as_wanted; /* it has the step's matrix */
} VapMoveDevice;

gboolean vap_move_find_device (const VapStep *step, VapMoveDevice *device,
                               GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* whether the device is active on the target and has the step's matrix; FALSE with the
 * reason */
gboolean vap_move_check_device (const VapStep *step,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* whether the driver there passes all of the matrix on to a guest: each of its queues is
 * there and bound to vfio_ap.  FALSE with the reason. */
gboolean vap_move_check_queues (const VapStep *step,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* FALSE for a step without a matrix */
gboolean vap_move_matrix (const VapStep *step, VapMatrix *matrix);

/* texts of a step whose kind becomes another; with the keys above */
VapStep *vap_move_step_new (const VapStepKind *kind, const VapStep *move);

G_END_DECLS
