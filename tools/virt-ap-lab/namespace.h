/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The simulated host's own file tree, built by the lab's init in mount, network
 * and IPC namespaces that end with it.  /sys is served by fs.c; all the rest that
 * a host has of its own is here.
 */
#pragma once

#include "model.h"
#include "options.h"

G_BEGIN_DECLS

/* where the lab keeps what only it knows; gone with the lab */
#define LAB_PRIVATE_DIR "/run/virt-ap-lab"

/* the distribution's emulator, beneath a copy of the folders that it looks for from
 * where it lies; the lab's own is in its place */
#define LAB_EMULATOR "/usr/bin/qemu-system-s390x"
#define LAB_REAL_PREFIX LAB_PRIVATE_DIR "/usr"
#define LAB_REAL_EMULATOR LAB_REAL_PREFIX "/bin/qemu-system-s390x"

/* gives a user who is not root what making a lab takes, in a user namespace */
gboolean lab_namespace_allow (GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* whether a user who is not root made the lab, and is root in it alone */
gboolean lab_namespace_has_own_users (void);

/* leaves the caller's namespaces; the caller is the only process that is concerned */
gboolean lab_namespace_leave_host (const LabOptions *options,
                                   GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* leaves behind what would reach the real machine through its kernel */
void lab_namespace_drop_capabilities (void);

/* everything but /sys, which is an empty directory afterwards */
gboolean lab_namespace_build (const LabOptions *options,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* the real CPU and NUMA topology, read-only, into the /sys that fs.c serves; nothing
 * happens where that has no directory for it */
gboolean lab_namespace_show_topology (GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* a group's device node below /dev/vfio; fits LabGroupFunc */
void lab_namespace_set_group (guint group, const char *uuid, LabGroupState state,
                              gpointer user_data);

G_END_DECLS
