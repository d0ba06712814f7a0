/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How the reader builds a VapGuest.  Private to guest/ and host/. */
#pragma once

#include "guest/guest.h"

G_BEGIN_DECLS

VapGuest *vap_guest_new (void);

/* takes @name */
void vap_guest_take_feature (VapGuest *guest, char *name, VapPolicy policy,
                             gboolean from_metadata);

gboolean vap_policy_from_string (const char *text, VapPolicy *policy);
/* one that may stand in <cpu mode=…>, so not NONE */
gboolean vap_cpu_mode_from_string (const char *text, VapCpuMode *mode);

G_END_DECLS
