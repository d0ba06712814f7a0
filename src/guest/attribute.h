/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The value of ap_config.  Private to guest/. */
#pragma once

#include "guest/device.h"

G_BEGIN_DECLS

/* FALSE when the driver would answer EINVAL; @matrix is set whole or not at all */
gboolean vap_attribute_parse_config (const char *value, VapMatrix *matrix);

G_END_DECLS
