/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where the programs are that virt-ap runs, each of which alone loads a large library.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * program_find:
 * @name: "ask-libvirt"
 * @built: (nullable): where it is built, seen from tools/ in the build tree; NULL for
 *   beside virt-ap
 *
 * Returns: (transfer full): where it was built together with this program, or where it
 *   is installed; free with g_free()
 */
char *program_find (const char *name, const char *built);

G_END_DECLS
