/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Between the files that make, write and read plans.  Private to plan/. */
#pragma once

#include "plan/plan.h"

G_BEGIN_DECLS

#define VAP_PLAN_FORMAT "virt-ap plan"
/* 1,000 guests on 65,536 queues take about 2 MB. */
#define VAP_PLAN_MAX (64u * 1024 * 1024)

/* by VapReserveMethod, VapPlanAction and VapPlanStepKind; part of the format */
extern const char *const vap_reserve_method_names[3];
extern const char *const vap_plan_action_names[VAP_N_PLAN_ACTIONS];
extern const char *const vap_plan_step_names[VAP_N_PLAN_STEPS];

VapPlan *vap_plan_new (void);
void vap_plan_guest_free (VapPlanGuest *guest);
void vap_plan_conflict_free (VapPlanConflict *conflict);

G_END_DECLS
