/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a plan is made of: lifetime, names, and the UUIDs of new devices.  planner.c
 * fills plans, plan-json.c and plan-parse.c write and read them.
 */
#include "plan/plan-priv.h"

#include <string.h>

const char *const vap_reserve_method_names[] = {
  [VAP_RESERVE_NONE] = "none",
  [VAP_RESERVE_MASKS] = "masks",
  [VAP_RESERVE_OVERRIDE] = "driver_override",
};

const char *const vap_plan_action_names[] = {
  [VAP_PLAN_KEEP] = "keep",
  [VAP_PLAN_CREATE] = "create",
  [VAP_PLAN_CHANGE] = "change",
  [VAP_PLAN_UNMET] = "unmet",
};

const char *const vap_plan_step_names[] = {
  [VAP_PLAN_STEP_SHRINK] = "shrink",
  [VAP_PLAN_STEP_RESERVE] = "reserve",
  [VAP_PLAN_STEP_CHANGE] = "change",
  [VAP_PLAN_STEP_CREATE] = "create",
};

const char *
vap_plan_action_to_string (VapPlanAction action)
{
  return vap_plan_action_names[action];
}

const char *
vap_plan_step_to_string (VapPlanStepKind kind)
{
  return vap_plan_step_names[kind];
}

VapPlan *
vap_plan_new (void)
{
  VapPlan *plan = g_new0 (VapPlan, 1);

  plan->guests = g_ptr_array_new_with_free_func ((GDestroyNotify) vap_plan_guest_free);
  plan->steps = g_array_new (FALSE, TRUE, sizeof (VapPlanStep));
  plan->conflicts =
      g_ptr_array_new_with_free_func ((GDestroyNotify) vap_plan_conflict_free);
  return plan;
}

void
vap_plan_free (VapPlan *plan)
{
  g_ptr_array_unref (plan->guests);
  g_array_unref (plan->steps);
  g_ptr_array_unref (plan->conflicts);
  g_free (plan);
}

void
vap_plan_guest_free (VapPlanGuest *guest)
{
  g_free (guest->guest);
  g_free (guest->uuid);
  g_free (guest->reason);
  g_free (guest);
}

void
vap_plan_conflict_free (VapPlanConflict *conflict)
{
  g_strfreev (conflict->guests);
  g_free (conflict->reason);
  g_free (conflict);
}

/* RFC 9562, version 5: the SHA-1 of a namespace and a name.  The namespace is version 5
 * of VAP_METADATA_NS in the namespace of URLs. */
void
vap_plan_device_uuid (const char *guest, guint turn, char uuid[37])
{
  static const guint8 space[16] = { 0xd5, 0xff, 0xac, 0xda, 0x8e, 0xf3, 0x5f, 0x84,
                                    0x99, 0x1e, 0x2f, 0xee, 0xc3, 0x64, 0x1a, 0x7b };
  g_autoptr (GChecksum) sum = g_checksum_new (G_CHECKSUM_SHA1);
  g_autofree char *number = turn > 0 ? g_strdup_printf ("/%u", turn) : g_strdup ("");
  guint8 d[20];
  gsize length = sizeof d;

  g_checksum_update (sum, space, sizeof space);
  g_checksum_update (sum, (const guchar *) guest, (gssize) strlen (guest));
  g_checksum_update (sum, (const guchar *) number, (gssize) strlen (number));
  g_checksum_get_digest (sum, d, &length);
  d[6] = (guint8) ((d[6] & 0x0f) | 0x50);
  d[8] = (guint8) ((d[8] & 0x3f) | 0x80);
  g_snprintf (uuid, 37,
              "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x",
              d[0], d[1], d[2], d[3], d[4], d[5], d[6], d[7], d[8], d[9], d[10], d[11],
              d[12], d[13], d[14], d[15]);
}
