/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A plan as a JSON document, for `virt-ap plan --json`; plan-parse.c reads it back.
 * schemas/plan.schema.json describes it.
 */
#include "plan/plan-priv.h"

#include "json/writer.h"

static void
add_string (VapJson *json, const char *name, const char *value)
{
  vap_json_name (json, name);
  vap_json_string (json, value);
}

static void
add_uint (VapJson *json, const char *name, guint value)
{
  vap_json_name (json, name);
  vap_json_int (json, value);
}

static void
add_bool (VapJson *json, const char *name, gboolean value)
{
  vap_json_name (json, name);
  vap_json_bool (json, value);
}

static void
add_bits (VapJson *json, const char *name, const VapMask *mask)
{
  char text[VAP_MASK_TEXT_SIZE];

  vap_mask_format (mask, text);
  add_string (json, name, text);
}

static void
add_numbers (VapJson *json, const char *name, const VapMask *mask)
{
  vap_json_name (json, name);
  vap_json_begin_array (json);
  VAP_MASK_FOREACH (mask, bit) {
    vap_json_int (json, bit);
  }
  vap_json_end_array (json);
}

static void
add_matrix (VapJson *json, const char *name, const VapMatrix *matrix)
{
  vap_json_name (json, name);
  vap_json_begin_object (json);
  add_numbers (json, "adapters", &matrix->adapters);
  add_numbers (json, "domains", &matrix->domains);
  add_numbers (json, "control_domains", &matrix->control_domains);
  vap_json_end_object (json);
}

static void
add_score (VapJson *json, const char *name, const VapPlanScore *score)
{
  vap_json_name (json, name);
  vap_json_begin_object (json);
  add_uint (json, "met", score->met);
  add_uint (json, "adapters", score->adapters);
  add_uint (json, "changed", score->changed);
  add_uint (json, "taken", score->taken);
  vap_json_end_object (json);
}

static void
add_reserve (VapJson *json, const VapPlanReserve *reserve)
{
  vap_json_name (json, "reserve");
  vap_json_begin_object (json);
  add_string (json, "method", vap_reserve_method_names[reserve->method]);
  add_bits (json, "apmask", &reserve->apmask);
  add_bits (json, "aqmask", &reserve->aqmask);
  vap_json_name (json, "queues");
  vap_json_begin_array (json);
  for (guint adapter = 0; adapter < VAP_MASK_BITS; adapter++) {
    if (vap_mask_is_empty (&reserve->queues.domains[adapter]))
      continue;
    vap_json_begin_object (json);
    add_uint (json, "adapter", adapter);
    add_numbers (json, "domains", &reserve->queues.domains[adapter]);
    vap_json_end_object (json);
  }
  vap_json_end_array (json);
  vap_json_end_object (json);
}

static void
add_guest (VapJson *json, const VapPlanGuest *guest)
{
  vap_json_begin_object (json);
  add_string (json, "guest", guest->guest);
  add_string (json, "uuid", guest->uuid);
  add_string (json, "action", vap_plan_action_to_string (guest->action));
  add_matrix (json, "matrix", &guest->matrix);
  if (guest->has_before) {
    add_matrix (json, "before", &guest->before);
  } else {
    vap_json_name (json, "before");
    vap_json_null (json);
  }
  add_bool (json, "active", guest->is_active);
  add_bool (json, "defined", guest->is_defined);
  add_string (json, "reason", guest->reason);
  vap_json_end_object (json);
}

static void
add_step (VapJson *json, const VapPlan *plan, const VapPlanStep *step)
{
  const VapPlanGuest *guest = g_ptr_array_index (plan->guests, step->guest);

  vap_json_begin_object (json);
  add_string (json, "step", vap_plan_step_to_string (step->kind));
  if (step->kind != VAP_PLAN_STEP_RESERVE) {
    add_string (json, "guest", guest->guest);
    add_string (json, "uuid", guest->uuid);
    add_matrix (json, "matrix", &step->matrix);
  }
  vap_json_end_object (json);
}

static void
add_conflict (VapJson *json, const VapPlanConflict *conflict)
{
  vap_json_begin_object (json);
  vap_json_name (json, "guests");
  vap_json_begin_array (json);
  for (guint i = 0; conflict->guests[i] != NULL; i++)
    vap_json_string (json, conflict->guests[i]);
  vap_json_end_array (json);
  add_bool (json, "smallest", conflict->is_smallest);
  add_string (json, "reason", conflict->reason);
  vap_json_end_object (json);
}

static void
add_lists (VapJson *json, const VapPlan *plan)
{
  vap_json_name (json, "guests");
  vap_json_begin_array (json);
  for (guint i = 0; i < plan->guests->len; i++)
    add_guest (json, g_ptr_array_index (plan->guests, i));
  vap_json_end_array (json);
  vap_json_name (json, "steps");
  vap_json_begin_array (json);
  for (guint i = 0; i < plan->steps->len; i++)
    add_step (json, plan, &g_array_index (plan->steps, VapPlanStep, i));
  vap_json_end_array (json);
  vap_json_name (json, "conflicts");
  vap_json_begin_array (json);
  for (guint i = 0; i < plan->conflicts->len; i++)
    add_conflict (json, g_ptr_array_index (plan->conflicts, i));
  vap_json_end_array (json);
}

char *
vap_plan_to_json (const VapPlan *plan)
{
  g_autoptr (VapJson) json = vap_json_new ();

  vap_json_begin_object (json);
  add_string (json, "format", VAP_PLAN_FORMAT);
  add_uint (json, "version", VAP_PLAN_VERSION);
  vap_json_name (json, "host");
  vap_json_begin_object (json);
  add_bits (json, "apmask", &plan->apmask);
  add_bits (json, "aqmask", &plan->aqmask);
  vap_json_end_object (json);
  add_score (json, "score", &plan->score);
  add_score (json, "bound", &plan->bound);
  add_bool (json, "optimal", plan->is_optimal);
  add_bool (json, "stopped", plan->is_stopped);
  add_bool (json, "by_clock", plan->is_by_clock);
  add_reserve (json, &plan->reserve);
  add_lists (json, plan);
  vap_json_end_object (json);
  return vap_json_to_text (json, TRUE);
}
