/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How the guests of a host are read from libvirt's files, each time (guests.c), or by a
 * process that keeps them (guests-known.c); not for other folders.
 * Source: libvirt src/qemu/qemu_driver.c, qemuStateInitialize() (stateDir, configDir)
 */
#pragma once

#include "host/priv.h"

G_BEGIN_DECLS

#define VAP_GUESTS_RUNNING "/run/libvirt/qemu"
#define VAP_GUESTS_DEFINED "/etc/libvirt/qemu"
#define VAP_GUEST_SUFFIX ".xml"

/* whether a file of this name in one of the two is of a guest */
gboolean vap_guest_is_file (const char *name);

/* (nullable): the name of the file that a guest's definition replaces; with it nothing is
 * known of who has the guest's UUID, so that it must have one of its own */
char *vap_guest_replaced_file (const VapGuest *defines);

/* (transfer full): NULL unless it was read and understood; @status tells how that went */
VapGuest *vap_guest_read (const char *root, const char *path, VapReadStatus *status,
                          GError **error);

/* A host's guests while they are listed. */
typedef struct VapGuestList VapGuestList;

/* takes @parsed; @file_name is what libvirt made of the guest's name */
void vap_guest_list_add (const VapGuestList *list, const char *file_name,
                         VapGuest *parsed, gboolean running);

/* what @fill adds, in its order, sorted then; @replaced: (nullable): see
 * vap_guest_replaced_file() */
void vap_guest_list_make (VapHost *host, void (*fill) (const VapGuestList *list),
                          const char *replaced);

/* FALSE when they have to be read; @defines: see VapScope */
gboolean vap_host_take_known_guests (VapHost *host, const VapGuest *defines);

/* takes them from the host, which has no list of them then */
void vap_host_clear_guests (VapHost *host);

G_END_DECLS
