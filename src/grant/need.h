/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A profile as a grant's need; private to grant/. */
#pragma once

#include "grant/choice.h"
#include "plan/profile.h"

G_BEGIN_DECLS

/**
 * vap_grant_need_find:
 * @profiles: (out) (transfer full): what @need points into
 *
 * Returns: FALSE with %VAP_ERROR_MALFORMED when there is no such profile, or one cannot be
 *   read
 */
gboolean vap_grant_need_find (const char *root, const char *name, VapProfiles **profiles,
                              VapGrantNeed *need,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
