/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Work done through a libvirt daemon, here or elsewhere, with the rights of the user who
 * runs this: what guests it has, and AP matrices made and taken away as any client of
 * libvirt's would.  The program tell-libvirt, which alone links libvirt, speaks to it.
 * Used by grant/.
 */
#pragma once

#include "guest/device.h"
#include "guest/guest.h"

G_BEGIN_DECLS

/* How long a daemon may take for what is asked at once, in milliseconds. */
#define VAP_DAEMON_PATIENCE_MS 60000u

/**
 * VapDaemon:
 * @uri: libvirt's, not through the gate
 * @kept: a descriptor that is kept open till the daemon is done with what was asked, also
 *   when this process ends before; -1 for none
 */
typedef struct {
  const char *uri;
  gint kept;
} VapDaemon;

/**
 * VapDaemonGuest: @running and @defined are there for a running guest that is also
 * defined; one of them always is.
 */
typedef struct {
  char *name;
  char *uuid; /* canonical */
  VapGuest *running;
  VapGuest *defined;
} VapDaemonGuest;

/* whether the guest has the device, now or when it starts */
gboolean vap_daemon_guest_has (const VapDaemonGuest *guest, const char *device);

/**
 * vap_daemon_guests:
 *
 * Returns: (transfer full) (element-type VapDaemonGuest): by UUID; NULL with
 *   %VAP_ERROR_FAILED, or %VAP_ERROR_MALFORMED when a guest cannot be read
 */
GPtrArray *vap_daemon_guests (const VapDaemon *daemon,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* (transfer none): NULL when there is none of that UUID */
const VapDaemonGuest *vap_daemon_find_guest (GPtrArray *guests, const char *uuid);

/**
 * vap_daemon_make_device:
 * @uuid: canonical
 *
 * Defines the matrix, has it started with the host, and starts it.  Nothing of it is left
 * after an error, unless the daemon itself went away.
 *
 * Returns: FALSE with %VAP_ERROR_FAILED and libvirt's own words
 */
gboolean vap_daemon_make_device (const VapDaemon *daemon, const char *uuid,
                                 const VapMatrix *matrix,
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* starts a device that is defined; one that is active is right already */
gboolean vap_daemon_start_device (const VapDaemon *daemon, const char *uuid,
                                  GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* stops the device and forgets its definition; what is not there is gone already */
gboolean vap_daemon_drop_device (const VapDaemon *daemon, const char *uuid,
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* libvirt's XML of a new matrix; free with g_free() */
char *vap_daemon_device_xml (const char *uuid, const VapMatrix *matrix);

/**
 * vap_daemon_parse_guests:
 * @text: tell-libvirt's answer to "guests"
 *
 * For vap_daemon_guests() and its tests.
 */
GPtrArray *vap_daemon_parse_guests (const char *text, gsize length,
                                    GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
