/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Changing an active matrix, for the callout's `live modify`. */
#pragma once

#include "ap/matrix.h"

G_BEGIN_DECLS

/**
 * live_apply:
 * @root: see vap_host_read()
 * @uuid: canonical
 *
 * Makes the active device have @matrix, in one write to ap_config, so all of it or
 * nothing, and reads it back.
 *
 * Returns: FALSE with %VAP_ERROR_FAILED when the driver has no ap_config or refuses
 */
gboolean live_apply (const char *root, const char *uuid, const VapMatrix *matrix,
                     GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
