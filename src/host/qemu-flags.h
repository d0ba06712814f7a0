/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The AP part of a QEMU command line, for people who run QEMU without libvirt: the
 * arguments of -cpu and -device for a binary's own properties.
 */
#pragma once

#include "host/host.h"
#include "host/qemu.h"

G_BEGIN_DECLS

typedef enum {
  VAP_SYNTAX_OLD,  /* vfio-ap,id=hostdev0,sysfsdev=… */
  VAP_SYNTAX_JSON, /* {"driver":"vfio-ap","id":"hostdev0","sysfsdev":"…"} */
} VapSyntax;

/* the one that libvirt would take for it: JSON from QEMU 6.2 on (libvirt
 * src/qemu/qemu_capabilities.c, QEMU_CAPS_DEVICE_JSON) */
VapSyntax vap_qemu_syntax (const VapQemu *qemu);

/**
 * vap_qemu_cpu_argument:
 * @missing: (element-type utf8): gets the names of the features that the guest must
 *   have and @qemu has no property for, static strings
 *
 * The CPU's model and the guest's AP features, in their order in the domain XML,
 * and no other features.  A feature that comes with ap is left out when @qemu has
 * no property for it, as is one that is off.
 *
 * Returns: (transfer full): "gen15a-base,ap=on,apft=on"; free with g_free()
 */
char *vap_qemu_cpu_argument (const VapQemu *qemu, const VapHost *host,
                             const VapGuest *guest, GPtrArray *missing);

/* @uuid: canonical; @index: the how many-th device of the guest it is, from 0.  Free
 * with g_free(). */
char *vap_qemu_device_argument (const char *uuid, guint index, VapSyntax syntax);

G_END_DECLS
