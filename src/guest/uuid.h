/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* UUIDs as the readers in guest/ keep them.  Private to guest/. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* (transfer full): the canonical form of what libvirt takes for a UUID, and
 * anything else as it is, for the judge to name; NULL for NULL */
char *vap_uuid_keep (const char *text);

G_END_DECLS
