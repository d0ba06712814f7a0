/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A first look at a message that carries XML, before anyone parses it: most guests and
 * devices have nothing to do with AP, and their calls should cost no more than the way.
 * Used by the gate.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What is longer is not looked through: the judge reads it while the gate relays on. */
#define VAP_GLANCE_MAX (256u * 1024)

/**
 * vap_glance_may_concern_ap:
 * @bytes: of any kind, with XML somewhere among them
 *
 * Returns: FALSE only when no XML among @bytes can bring a mediated device, an AP CPU
 *   feature or virt-ap's metadata, however it is written; a test and a fuzzer hold it to
 *   what the parser finds
 */
gboolean vap_glance_may_concern_ap (const guint8 *bytes, gsize length);

G_END_DECLS
