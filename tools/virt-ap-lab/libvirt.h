/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libvirtd on the simulated host: its configuration, its daemons, and whether it
 * answers.  Called by init.c, for --libvirt.
 */
#pragma once

#include "options.h"

G_BEGIN_DECLS

#define LAB_LIBVIRTD_LOG "/var/log/libvirt/libvirtd.log"

/* an absolute path, or NULL with an error that names the program; free with g_free() */
char *lab_libvirt_find_daemon (const char *name, GError **error);

/* /etc/libvirt with the hook, and only the emulators that a Z host would have */
gboolean lab_libvirt_configure (const LabOptions *options,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* from now on libvirtd, in this process or one that it starts, does in vain what it could
 * not in earnest */
gboolean lab_libvirt_spare_privileges (void);

/* whether virtlogd has a socket yet */
gboolean lab_libvirt_virtlogd_is_up (void);

/* whether libvirtd answers a call on its socket; asks once, does not wait for long */
gboolean lab_libvirt_answers (void);

G_END_DECLS
