/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Steps about AP matrices and the guests that have them.  Forward they go through libvirt
 * or mdevctl, so that everyone who listens there hears of it; back they write to sysfs
 * and to files themselves, so that a daemon that died in between cannot keep a change
 * from being undone.
 */
#pragma once

#include "ap/matrix.h"
#include "change/step.h"

G_BEGIN_DECLS

/**
 * vap_device_step_new:
 * @uuid: canonical
 * @matrix: (nullable): what the active device shall hold; NULL: it shall not be active
 * @live: whether it is active now; only for what people are shown
 * @connect: (nullable): the URI of the libvirt daemon that makes or removes it, NULL for
 *   mdevctl
 *
 * With a driver that has ap_config the matrix is written in one piece.  A device that is
 * active already is changed in sysfs, under its guest if it has one.
 */
VapStep *vap_device_step_new (const char *uuid, const VapMatrix *matrix, gboolean live,
                              const char *connect);

/**
 * vap_definition_step_new:
 * @matrix: (nullable): what mdevctl's definition shall have; NULL: there shall be none
 * @autostart: whether udev starts it with the machine
 * @replaces: whether there is one now; only for what people are shown
 * @connect: as above
 *
 * A definition that is there already is replaced in its file, whole, since mdevctl before
 * 1.3 can only change it attribute by attribute.
 */
VapStep *vap_definition_step_new (const char *uuid, const VapMatrix *matrix,
                                  gboolean autostart, gboolean replaces,
                                  const char *connect);

/**
 * vap_guest_step_new:
 * @guest: the name of a defined guest
 * @xml: its new definition, domain XML, at most 256 KiB
 * @device: the UUID of the crypto device that it gets, for people
 * @features: (nullable): the CPU features that it gets, "ap, apft", for people
 * @connect: the URI of the libvirt daemon
 */
VapStep *vap_guest_step_new (const char *guest, const char *xml, const char *device,
                             const char *features, const char *connect);

/* likewise, with a device that it no longer has: @old (nullable), for people; without
 * @device (nullable) nothing comes in its place */
VapStep *vap_guest_replace_step_new (const char *guest, const char *xml, const char *old,
                                     const char *device, const char *features,
                                     const char *connect);

/**
 * vap_hotplug_step_new:
 * @guest: the name of a running guest
 * @guest_uuid: its UUID
 * @device: the UUID of an active AP matrix, canonical
 * @plug: FALSE to take it away
 * @connect: the URI of the libvirt daemon
 *
 * Changes what runs alone, not the definition.
 */
VapStep *vap_hotplug_step_new (const char *guest, const char *guest_uuid, const char *device,
                            gboolean plug, const char *connect);

/* the definition of a guest, as libvirt keeps it: domain XML; free with g_free() */
char *vap_guest_definition_read (const char *root, const char *guest,
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* whether @uri is of a QEMU daemon on this machine, "qemu:///system" for one: a
 * transaction changes this machine alone */
gboolean vap_connect_is_local (const char *uri);

G_END_DECLS
