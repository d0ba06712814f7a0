/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The host as it will be when a plan was carried out, to be shown and judged before.
 */
#include "plan/plan.h"

static void
take_queues (VapHost *host, const VapPlanReserve *reserve)
{
  if (reserve->method == VAP_RESERVE_NONE)
    return;
  host->apmask = reserve->apmask;
  host->aqmask = reserve->aqmask;
  for (guint adapter = 0; adapter < VAP_MASK_BITS; adapter++)
    host->vfio_bound.domains[adapter] = vap_mask_or (&host->vfio_bound.domains[adapter],
                                                     &reserve->queues.domains[adapter]);
}

VapHost *
vap_plan_expected (const VapHost *host, const VapPlan *plan)
{
  VapHost *expected = NULL;

  for (guint i = 0; i < plan->guests->len; i++) {
    const VapPlanGuest *guest = g_ptr_array_index (plan->guests, i);
    const VapHostDevice *device;
    g_autoptr (VapHost) before = expected;

    if (guest->action == VAP_PLAN_UNMET) {
      expected = g_steal_pointer (&before);
      continue;
    }
    device = vap_host_find_device (host, guest->uuid);
    expected =
        vap_host_with_device (before != NULL ? before : host, guest->uuid, &guest->matrix,
                              device != NULL ? device->definition : NULL);
  }
  if (expected == NULL)
    return vap_host_ref ((VapHost *) host);
  /* a copy that nobody else has seen yet */
  take_queues (expected, &plan->reserve);
  return expected;
}
