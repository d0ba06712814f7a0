/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The process of a lab that stays on the real host: it makes process 1, and waits for
 * it.  main.c runs it in the foreground, keep.c in the background.
 */
#pragma once

#include "labs.h"
#include "options.h"

G_BEGIN_DECLS

/* whether this user may make a lab here */
gboolean lab_check_requirements (GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Makes the lab, waits for its end and exits as it ended.  @kept: is written when there
 * is a process 1; or NULL. */
G_NORETURN void lab_run (const LabOptions *options, LabKept *kept);

G_END_DECLS
