/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The calls that can bring a crypto device or an AP CPU feature into a guest, or make,
 * change or start an AP matrix: what to ask the judge about each, and how its verdict becomes an
 * answer of libvirt's.  The filter of relay.c.
 */
#pragma once

#include "gate/relay.h"

G_BEGIN_DECLS

/* VapFilter's wants() and judge(); the user data is the root directory, a string */
gboolean vap_calls_wants (const VapRpcHeader *header);
void vap_calls_judge (const VapRpcHeader *header, const guint8 *frame, VapAnswer *answer,
                      gpointer root);

/* libvirt's name of an intercepted call, NULL for another; tests compare the table */
const char *vap_calls_name (guint32 procedure);

G_END_DECLS
