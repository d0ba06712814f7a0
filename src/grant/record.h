/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which matrix was granted to which guest, kept in a file for each grant below
 * /var/lib/virt-ap/grants, so that it outlives a guest that Nova undefines only to define
 * it again.  libvirt's own definitions say who uses a device; a record says whom it is
 * meant for when nobody does.
 */
#pragma once

#include "ap/error.h"

G_BEGIN_DECLS

#define VAP_GRANTS_DIR "/var/lib/virt-ap/grants"

/**
 * VapGrant:
 * @guest_uuid: canonical
 * @guest: its name, for people
 * @profile: what it was granted for
 * @device: canonical UUID of the matrix
 * @released: the guest was undefined since; till somebody needs the matrix it is kept
 * @touched: seconds since 1970: when it was granted, or released
 * @maker: (nullable): the process that has granted it, see vap_maker_self()
 * @abandoned: that process has ended; set by vap_grants_read()
 */
typedef struct {
  char *guest_uuid;
  char *guest;
  char *profile;
  char *device;
  gboolean released;
  gint64 touched;
  char *maker;
  gboolean abandoned;
} VapGrant;

VapGrant *vap_grant_new (const char *guest_uuid, const char *device);
void vap_grant_free (VapGrant *grant);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VapGrant, vap_grant_free)

/**
 * vap_grants_lock:
 * @root: (nullable): a directory in front of %VAP_GRANTS_DIR
 *
 * Whoever decides by the records, or changes them, holds it.  Waits for others, but not
 * for ever.
 *
 * Returns: a descriptor to close() when done; -1 with %VAP_ERROR_UNREADABLE, or
 *   %VAP_ERROR_FAILED when another held it for too long
 */
gint vap_grants_lock (const char *root, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * vap_grants_read:
 *
 * Returns: (transfer full) (element-type VapGrant): the longest untouched first; none
 *   when there is no such directory.  NULL with @error when a record cannot be
 *   understood: what it keeps would else be granted twice
 */
GPtrArray *vap_grants_read (const char *root, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* over an older one of this guest and device; on the disk when it returns */
gboolean vap_grants_write (const char *root, const VapGrant *grant,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* one that is not there is removed already */
gboolean vap_grants_remove (const char *root, const VapGrant *grant,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
