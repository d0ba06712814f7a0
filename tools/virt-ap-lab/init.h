/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Process 1 of the lab.  It builds the simulated host, starts its daemons and
 * COMMAND, and reaps; when it ends, the kernel ends everything else in the lab.
 */
#pragma once

#include "options.h"

#include <signal.h>

G_BEGIN_DECLS

/**
 * lab_init_run:
 * @options: what to run
 * @caller_mask: the signal mask that COMMAND gets; all that it should hear of are
 *   blocked in the calling process
 *
 * Returns: COMMAND's exit status, 128 + n when signal n ended it, LAB_EXIT_FAILED
 *   when the lab failed and said so
 */
int lab_init_run (const LabOptions *options, const sigset_t *caller_mask);

G_END_DECLS
