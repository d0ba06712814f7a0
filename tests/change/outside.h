/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a process that is killed leaves behind in virt-ap-lab: the simulated drivers, the
 * files, and the processes that go on.  For the stepper.
 */
#pragma once

#include <stdint.h>

/* of every file, link and folder of the lab's own: name, kind, mode, owner and content,
 * sysfs included; not of times */
uint64_t outside_digest (void);

/* the processes that there are, at most @max of them; what has ended and was not waited
 * for is none */
long outside_processes (long *pids, long max);
