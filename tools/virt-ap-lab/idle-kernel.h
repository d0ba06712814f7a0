/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A kernel for guests that need do nothing but run.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* where it is in the lab, for <kernel> in domain XML */
#define LAB_IDLE_KERNEL "/run/virt-ap-lab/idle-kernel"

gboolean lab_idle_kernel_write (GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
