/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The callout's answers to `get`: what goes to standard output, as JSON. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * report_attributes:
 *
 * The attributes that make an active device what it is now, decimal, as mdevctl
 * stores and lists them and libvirt shows them: [{"assign_adapter":"5"},…].  No lock
 * is taken: `mdevctl list`, which libvirt runs at every udev event, must not wait
 * for a writer.
 *
 * Returns: (transfer full): NULL with an error also for a device that is not active
 *   or cannot be read whole: half a definition must not be stored
 */
char *report_attributes (const char *root, const char *uuid,
                         GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * report_capabilities:
 * @offer: what mdevctl can, {"provides":{"version":…,"actions":[…],"events":[…]}}
 *
 * Returns: (transfer full): {"supports":{…}}, the part of it that this callout
 *   serves
 */
char *report_capabilities (const char *offer, gsize length,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
