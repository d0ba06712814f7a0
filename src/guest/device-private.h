/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How the readers build a VapDevice.  Private to guest/ and host/. */
#pragma once

#include "guest/device.h"
#include "json/json.h"

G_BEGIN_DECLS

VapDevice *vap_device_new (void);

/* takes both */
void vap_device_take_attribute (VapDevice *device, char *name, char *value);

/* vap_device_parse_mdevctl() of what is JSON already */
VapDevice *vap_device_from_mdevctl (const json_t *definition, const char *uuid,
                                    const char *parent, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
