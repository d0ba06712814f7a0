/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One guest's need met at once; see one.h.
 */
#include "config.h"

#include "apply/one.h"

#include <glib/gi18n-lib.h>

#include "change/reserve.h"
#include "plan/plan.h"

/* @may_reserve: FALSE for what is free alone */
static VapPlan *
make_plan (const VapHost *host, const VapNeed *need, gboolean may_reserve, GError **error)
{
  g_autoptr (VapNeeds) needs = vap_needs_new ();
  VapNeed *copy = vap_need_copy (need);

  g_ptr_array_add (needs->guests, copy);
  g_hash_table_add (needs->names, copy->name);
  for (guint i = 0; !may_reserve && i < VAP_MASK_BITS; i++)
    needs->keep.domains[i] = vap_mask_up_to (VAP_MASK_BITS - 1);
  return vap_plan_make (host, needs, NULL, error);
}

static const VapPlanGuest *
guest_of (const VapPlan *plan)
{
  return g_ptr_array_index (plan->guests, 0);
}

/* a plan in which the need is met */
static VapPlan *
find_plan (const VapHost *host, const VapNeed *need, GError **error)
{
  g_autoptr (VapPlan) plan = make_plan (host, need, FALSE, error);

  if (plan != NULL && guest_of (plan)->action == VAP_PLAN_UNMET) {
    vap_plan_free (plan);
    plan = make_plan (host, need, TRUE, error);
  }
  if (plan == NULL)
    return NULL;
  if (guest_of (plan)->has_before)
    g_set_error (error, VAP_ERROR, VAP_ERROR_FAILED,
                 _ ("guest '%s' has device %s already; change that one with: virt-ap "
                    "modify %s"),
                 guest_of (plan)->guest, guest_of (plan)->uuid, guest_of (plan)->uuid);
  else if (guest_of (plan)->action == VAP_PLAN_UNMET)
    g_set_error_literal (error, VAP_ERROR, VAP_ERROR_FAILED, guest_of (plan)->reason);
  else
    return g_steal_pointer (&plan);
  return NULL;
}

/* (transfer full): the host with what the plan reserves */
static VapHost *
reserve (VapTransaction *transaction, const VapHost *host, const VapPlan *plan,
         gboolean lasting, VapFindings *findings, GError **error)
{
  g_autoptr (VapReserve) reserve = NULL;

  if (plan->reserve.method == VAP_RESERVE_NONE)
    return vap_host_ref ((VapHost *) host);
  reserve = vap_reserve_plan (host, &plan->reserve.queues, FALSE,
                              lasting ? VAP_RESERVE_PERSISTENT : VAP_RESERVE_PLAIN,
                              findings, error);
  if (reserve == NULL)
    return NULL;
  if (!vap_findings_refuse (findings))
    vap_reserve_add_steps (reserve, host, transaction);
  return vap_host_ref (reserve->after);
}

VapHost *
vap_apply_one (VapTransaction *transaction, const VapHost *host, const VapNeed *need,
               VapNewDevice *device, VapFindings *findings, GError **error)
{
  g_autoptr (VapPlan) plan = find_plan (host, need, error);
  g_autoptr (VapHost) reserved =
      plan != NULL ? reserve (transaction, host, plan, device->define, findings, error)
                   : NULL;

  if (reserved == NULL)
    return NULL;
  device->matrix = guest_of (plan)->matrix;
  return vap_devices_create (transaction, reserved, device, findings, error);
}
