/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A plan carried out; see apply.h.  Each step is judged on the host that the steps before
 * it make.
 */
#include "config.h"

#include "apply/apply.h"

#include <glib/gi18n-lib.h>

#include "change/reserve.h"

typedef struct {
  VapTransaction *transaction;
  const VapPlan *plan;
  const char *connect;
  VapFindings *findings;
} Apply;

static gboolean
has_masks (const VapHost *host, const VapMask *apmask, const VapMask *aqmask)
{
  return vap_mask_equal (&host->apmask, apmask) && vap_mask_equal (&host->aqmask, aqmask);
}

/* A plan that was carried out already is for this host too. */
static gboolean
check_host (const VapHost *host, const VapPlan *plan, GError **error)
{
  const VapPlanReserve *reserve = &plan->reserve;

  if (has_masks (host, &plan->apmask, &plan->aqmask) ||
      (reserve->method == VAP_RESERVE_MASKS &&
       has_masks (host, &reserve->apmask, &reserve->aqmask)))
    return TRUE;
  g_set_error (error, VAP_ERROR, VAP_ERROR_FAILED,
               _ ("the plan was made while other queues were the host's; make a new one "
                  "with: virt-ap plan"));
  return FALSE;
}

/* @member: also of a plan that is about guests it does not have */
static const VapPlanGuest *
guest_of (const Apply *apply, const VapPlanStep *step, GError **error)
{
  const VapPlanGuest *guest = NULL;

  if (step->guest < apply->plan->guests->len)
    guest = g_ptr_array_index (apply->plan->guests, step->guest);
  if (guest != NULL && guest->uuid != NULL)
    return guest;
  g_set_error (error, VAP_ERROR, VAP_ERROR_MALFORMED,
               _ ("the plan has a step for a guest without a device"));
  return NULL;
}

static VapHost *
apply_reserve (const Apply *apply, const VapHost *host, GError **error)
{
  g_autoptr (VapReserve) reserve =
      vap_reserve_plan (host, &apply->plan->reserve.queues, FALSE, VAP_RESERVE_PERSISTENT,
                        apply->findings, error);

  if (reserve == NULL)
    return NULL;
  if (!vap_findings_refuse (apply->findings))
    vap_reserve_add_steps (reserve, host, apply->transaction);
  return vap_host_ref (reserve->after);
}

static VapHost *
apply_create (const Apply *apply, const VapHost *host, const VapPlanStep *step,
              GError **error)
{
  const VapPlanGuest *guest = guest_of (apply, step, error);
  const VapHostGuest *known;
  const VapHostDevice *there;
  VapNewDevice device = {
    .matrix = step->matrix,
    .define = TRUE,
    .autostart = TRUE,
    .start = TRUE,
    .connect = apply->connect,
  };

  if (guest == NULL)
    return NULL;
  there = vap_host_find_device (host, guest->uuid);
  if (there != NULL && there->active && vap_matrix_equal (&there->matrix, &step->matrix))
    return vap_host_with_device (host, there->uuid, &there->matrix, there->definition);
  known = vap_host_find_guest (host, guest->guest);
  device.uuid = guest->uuid;
  device.guest = known != NULL && known->defined != NULL ? known->name : NULL;
  return vap_devices_create (apply->transaction, host, &device, apply->findings, error);
}

static VapHost *
apply_step (const Apply *apply, const VapHost *host, const VapPlanStep *step,
            GError **error)
{
  const VapPlanGuest *guest;

  switch (step->kind) {
  case VAP_PLAN_STEP_RESERVE:
    return apply_reserve (apply, host, error);
  case VAP_PLAN_STEP_CREATE:
    return apply_create (apply, host, step, error);
  case VAP_PLAN_STEP_SHRINK:
  case VAP_PLAN_STEP_CHANGE:
  case VAP_N_PLAN_STEPS:
  default:
    guest = guest_of (apply, step, error);
    return guest != NULL ? vap_devices_set_matrix (apply->transaction, host, guest->uuid,
                                                   &step->matrix, apply->connect,
                                                   apply->findings, error)
                         : NULL;
  }
}

VapHost *
vap_apply_plan (VapTransaction *transaction, const VapHost *host, const VapPlan *plan,
                const char *connect, VapFindings *findings, GError **error)
{
  const Apply apply = { transaction, plan, connect, findings };
  g_autoptr (VapHost) now = vap_host_ref ((VapHost *) host);

  if (!check_host (host, plan, error))
    return NULL;
  for (guint i = 0; i < plan->steps->len; i++) {
    const VapPlanStep *step = &g_array_index (plan->steps, VapPlanStep, i);
    VapHost *next = apply_step (&apply, now, step, error);

    if (next == NULL)
      return NULL;
    vap_host_unref (now);
    now = next;
  }
  return g_steal_pointer (&now);
}
