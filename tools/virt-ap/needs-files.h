/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The operand NEEDS of virt-ap plan: files with needs, and the profiles they name.
 */
#pragma once

#include "plan/profile.h"

G_BEGIN_DECLS

#define NEEDS_DIR "/etc/virt-ap/needs.d"

/**
 * needs_read:
 * @root: (nullable): in front of /etc
 * @files: (array zero-terminated=1): "-" is standard input; none: *.conf in NEEDS_DIR
 *
 * Returns: (transfer full): complete needs; NULL with @error, which names the file
 */
VapNeeds *needs_read (const char *root, char **files,
                      GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
