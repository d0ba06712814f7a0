/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the files of keep/ share; not for other folders. */
#pragma once

#include "keep/keep.h"

G_BEGIN_DECLS

/* whether @path is in a file system that tells each change of it */
gboolean vap_keep_is_told (const char *path);

G_END_DECLS
