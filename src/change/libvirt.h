/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Changes through other programs, for the steps of change/.  Not installed. */
#pragma once

#include "change/step.h"

G_BEGIN_DECLS

/* where the program of that name is: beside the program that runs where it was built, or
 * where it is installed; free with g_free() */
char *vap_libvirt_program (const char *name);

/**
 * vap_libvirt_tell:
 * @connect: the daemon's URI
 * @operation: one of tell-libvirt's
 * @name: (nullable): the device or guest it is about
 * @document: (nullable): XML
 *
 * Returns: FALSE with %VAP_ERROR_FAILED, with what libvirt said, or with
 *   %VAP_ERROR_BUSY when it did not answer in time
 */
gboolean vap_libvirt_tell (const VapStep *step, const char *connect,
                           const char *operation, const char *name, const char *document,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * vap_libvirt_or_mdevctl:
 * @operation: tell-libvirt's, with @xml if it takes a document
 * @subcommand: mdevctl's, with @json if it takes a definition
 *
 * Makes the change to the step's device where the step has "connect" through libvirt, and
 * else through mdevctl; also when libvirt is busy, since its threads may be waiting for
 * the lock that this transaction holds.
 */
gboolean vap_libvirt_or_mdevctl (const VapStep *step, const char *operation,
                                 const char *xml, const char *subcommand,
                                 const char *json,
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* whether a daemon takes connections on this machine; below another root none does */
gboolean vap_libvirt_listens (const char *root);

/* mdevctl SUBCOMMAND --uuid=@uuid, with @json as its definition if there is one */
gboolean vap_mdevctl_run (const VapStep *step, const char *subcommand, const char *uuid,
                          const char *json, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* virsh's command that attaches a device to a guest, or detaches it, with the device's XML;
 * NULL without a @device (nullable).  Free with g_free(). */
char *vap_plug_command (const char *connect, const char *verb, const char *guest,
                        const char *device, const char *option);

/* "echo 'TEXT' | COMMAND", on one line, as a shell takes it; of XML the quotes become
 * double ones.  Free with g_free(). */
char *vap_shell_pipe (const char *text, const char *command);

G_END_DECLS
