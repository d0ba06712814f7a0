/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A door as a symbolic link in a directory of scripts; private to setup/. */
#pragma once

#include "setup/setup.h"

G_BEGIN_DECLS

/**
 * VapLink:
 * @directory: of the scripts, without the root
 * @name: that the link is to have there
 * @program: "hook" or "callout"
 * @rival: (nullable): the beginning of the name of who must not come before it
 */
typedef struct {
  const char *directory;
  const char *name;
  const char *program;
  const char *rival;
} VapLink;

/* sets state, path and detail; adds what else is in the directory to @others */
void vap_link_look (const VapPlaces *places, const VapLink *link, VapPart *part,
                    GPtrArray *others);

/* what is somebody else's stays */
gboolean vap_link_enable (const VapPlaces *places, const VapLink *link,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean vap_link_disable (const VapPlaces *places, const VapLink *link,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
