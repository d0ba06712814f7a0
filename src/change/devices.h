/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Changes to AP matrices and their guests, judged and turned into steps.  Each function
 * looks at a host, adds the steps to a transaction and what there is to say to a list of
 * findings, and returns the host as it would be then, on which the next one can build.
 * Nothing is changed before the transaction is committed, which nobody should do with
 * findings that refuse.  Used by the command line.
 */
#pragma once

#include "change/transaction.h"
#include "check/check.h"

G_BEGIN_DECLS

typedef struct {
  const char *uuid; /* canonical */
  VapMatrix matrix;
  gboolean define;     /* it is stored in a definition of mdevctl */
  gboolean autostart;  /* it starts with the machine; only with define */
  gboolean start;      /* it is active */
  const char *guest;   /* a guest that gets it, NULL for none */
  const char *connect; /* the URI of a local libvirt daemon, NULL for mdevctl */
  gboolean guest_live;   /* the guest gets it while it runs; guests.h */
  gboolean guest_stored; /* its definition gets it */
} VapNewDevice;

/**
 * vap_devices_create:
 * @host: as it is, read under the transaction's lock
 *
 * Returns: (transfer full): NULL with @error when it could not be judged: an unreadable
 *   or unknown guest, or one that needs a daemon and has none
 */
VapHost *vap_devices_create (VapTransaction *transaction, const VapHost *host,
                             const VapNewDevice *device, VapFindings *findings,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Starts a device that is defined. */
VapHost *vap_devices_start (VapTransaction *transaction, const VapHost *host,
                            const char *uuid, const char *connect, VapFindings *findings,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Stops a device if it is active, and with @undefine removes its definition if it has
 * one. */
VapHost *vap_devices_stop (VapTransaction *transaction, const VapHost *host,
                           const char *uuid, gboolean undefine, const char *connect,
                           VapFindings *findings,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;

typedef struct {
  const char *uuid;     /* canonical */
  const char *adapters; /* for vap_mask_change(), NULL to leave them */
  const char *domains;
  const char *control_domains;
  gboolean live;   /* the active device is changed */
  gboolean stored; /* its definition is */
} VapDeviceChange;

/* With neither live nor stored, both as far as there are both. */
VapHost *vap_devices_modify (VapTransaction *transaction, const VapHost *host,
                             const VapDeviceChange *change, const char *connect,
                             VapFindings *findings,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Gives a device this matrix, the active device and its definition as far as there are
 * both. */
VapHost *vap_devices_set_matrix (VapTransaction *transaction, const VapHost *host,
                                 const char *uuid, const VapMatrix *matrix,
                                 const char *connect, VapFindings *findings,
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Gives the active device this matrix, and leaves its definition. */
VapHost *vap_devices_set_active (VapTransaction *transaction, const VapHost *host,
                                 const char *uuid, const VapMatrix *matrix,
                                 const char *connect, VapFindings *findings,
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Stores this matrix as the device's definition, in the place of one that there is, and
 * leaves what is active. */
VapHost *vap_devices_set_stored (VapTransaction *transaction, const VapHost *host,
                                 const char *uuid, const VapMatrix *matrix,
                                 gboolean autostart, const char *connect,
                                 VapFindings *findings,
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * vap_devices_find:
 * @name: a UUID, or libvirt's name of a node device, or the name of a guest that has
 *   exactly one AP matrix
 *
 * Returns: (transfer none): NULL with %VAP_ERROR_FAILED
 */
const VapHostDevice *vap_devices_find (const VapHost *host, const char *name,
                                       GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
