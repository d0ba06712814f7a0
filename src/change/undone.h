/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What was undone a moment ago, so that the callout refuses what a daemon still does for
 * it.  Not installed. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define VAP_UNDONE_DIR "/run/virt-ap/undone"

/* @uuid: of a device whose change went through a libvirt daemon and was undone; that it
 * cannot be noted is no reason not to undo it */
void vap_undone_note (const char *root, const char *uuid);
/* it is changed again on purpose */
void vap_undone_forget (const char *root, const char *uuid);
gboolean vap_undone_recently (const char *root, const char *uuid);

G_END_DECLS
