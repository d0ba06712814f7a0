/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The best plan for a small host, found by trying everything, from what the manual says
 * a plan is: shares no code with the planner but the reading of needs.
 */
#pragma once

#include "plan/plan.h"

G_BEGIN_DECLS

VapPlanScore brute_force (const VapHost *host, const VapNeeds *needs, gboolean rearrange);

/* ends the test when the plan's matrices are not as the needs, the host and each other
 * allow, or what it reserves cannot be so reserved */
void check_plan (const VapHost *host, const VapNeeds *needs, const VapPlan *plan,
                 gboolean rearrange);

G_END_DECLS
