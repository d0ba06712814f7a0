/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Between the files of virt-ap plan. */
#pragma once

#include "options.h"
#include "plan/plan.h"

G_BEGIN_DECLS

/* a plan for people: the picture of the host as it will be, who gets what, the steps,
 * and why not the rest */
void plan_add_text (Output *output, const VapHost *host, const VapPlan *plan);

/**
 * plan_fleet:
 * @hosts: (array zero-terminated=1): documents of hosts, and directories of them
 *
 * Says which host could take which need.  Returns: the exit status
 */
int plan_fleet (const Options *options, char **hosts, const VapNeeds *needs);

G_END_DECLS
