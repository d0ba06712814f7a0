/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How the readers build a VapDevice.  Private to guest/. */
#pragma once

#include "guest/device.h"

G_BEGIN_DECLS

VapDevice *vap_device_new (void);

/* takes both */
void vap_device_take_attribute (VapDevice *device, char *name, char *value);

G_END_DECLS
