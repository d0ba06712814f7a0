/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A matrix for a guest whose flavor asks for one: OpenStack Nova defines a guest, and the
 * gate puts a crypto device in that fits the profile, made through libvirt with the rights
 * of the user who connects.  A hard reboot, which undefines a guest and defines it again,
 * finds its own matrix; a deletion gives it back.  Used by gate-judge.
 *
 * Why through a connection of its own, and not by calls put into the client's stream: a
 * fault there would garble what libvirt and its client say to each other, and the
 * client's serial numbers are its own.  The connection goes to the same socket, as the
 * same user.
 */
#pragma once

#include "config/settings.h"
#include "grant/choice.h"

G_BEGIN_DECLS

/**
 * VapGrantPlace:
 * @root: (nullable): see vap_host_read()
 * @uri: of the daemon, not through the gate
 * @config: whose flavors stand for profiles where Nova tells no extra specs
 * @fault: (nullable): why @config is not what was configured
 */
typedef struct {
  const char *root;
  const char *uri;
  const VapConfig *config;
  const GError *fault;
} VapGrantPlace;

/* Of a guest that must not be defined, since it would lack the crypto that its flavor
 * asks for; there is one code, 0. */
#define VAP_GRANT_ERROR (vap_grant_error_quark ())
GQuark vap_grant_error_quark (void);

/**
 * vap_grant_to_guest:
 * @xml: of a domain that is being defined
 * @rewritten: (out) (transfer full): the same with the device; NULL when the guest gets
 *   none: it is none of Nova's, or its flavor asks for nothing
 * @note: (out) (transfer full): one sentence for a log, when @rewritten is there
 *
 * Returns: FALSE with %VAP_GRANT_ERROR for a flavor or a profile that is wrong, when this
 *   host has nothing to grant, or when that cannot be found out
 */
gboolean vap_grant_to_guest (const VapGrantPlace *place, const char *xml, gsize length,
                             char **rewritten, char **note,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * vap_grant_release:
 * @guest_uuid: canonical; it is being undefined
 * @released: (out): whether it had a grant
 *
 * Nothing is taken away yet: Nova may define it again at once.
 */
gboolean vap_grant_release (const char *root, const char *guest_uuid, gboolean *released,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * vap_grant_sweep:
 * @seconds: (out): till there may be something to take away again; 0 for never
 *
 * Takes away what no guest has come back for: a matrix that was made for it goes, one that
 * was prepared is free again.
 */
gboolean vap_grant_sweep (const VapGrantPlace *place, guint *seconds,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
