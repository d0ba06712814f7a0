/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * `virt-ap guest-view --json`, as schemas/guest-view.schema.json has it.
 */
#include "config.h"

#include "guest-view.h"

#include <glib/gi18n.h>

#include "ap/pqap.h"
#include "json.h"

static void
add_device_json (VapJson *json, const VapGuestView *view)
{
  vap_json_name (json, "device");
  if (view->device_uuid == NULL) {
    vap_json_null (json);
    return;
  }
  vap_json_begin_object (json);
  json_add_string (json, "uuid", view->device_uuid);
  json_add_bool (json, "known", view->device != NULL);
  json_add_bool (json, "active", view->device != NULL && view->device->active);
  json_add_matrix (json, "matrix", view->device != NULL ? &view->matrix : NULL);
  json_add_matrix (json, "passed", view->device != NULL ? &view->passed : NULL);
  vap_json_end_object (json);
}

static void
add_losses_json (VapJson *json, const VapGuestView *view)
{
  vap_json_name (json, "missing");
  vap_json_begin_array (json);
  for (guint i = 0; i < view->losses->len; i++) {
    const VapViewLoss *loss = &g_array_index (view->losses, VapViewLoss, i);

    vap_json_begin_object (json);
    json_add_string (json, "reason", vap_view_reason_id (loss->reason));
    json_add_string (json, "text", _ (vap_view_reason_to_string (loss->reason)));
    json_add_uint (json, "count", vap_matrix_count_queues (&loss->queues));
    json_add_mask (json, "adapters", &loss->queues.adapters);
    json_add_mask (json, "domains", &loss->queues.domains);
    json_add_mask (json, "unbound_domains", &loss->unbound);
    vap_json_end_object (json);
  }
  vap_json_end_array (json);
}

static void
add_calls_json (VapJson *json, const GuestViewShown *shown)
{
  vap_json_name (json, "pqap");
  vap_json_begin_array (json);
  for (guint i = 0; i < shown->calls->len; i++) {
    const VapPqapCall *call = &g_array_index (shown->calls, VapPqapCall, i);
    const VapPqapDecision *decision = vap_pqap_decide (&shown->view->pqap, call);
    const VapPqapFunction *function = vap_pqap_function_find (call->fc);
    char name[VAP_QUEUE_TEXT_SIZE];

    vap_queue_format (call->queue, name);
    vap_json_begin_object (json);
    json_add_uint (json, "fc", call->fc);
    json_add_string (json, "name", function != NULL ? function->name : NULL);
    json_add_string (json, "queue", name);
    json_add_bool (json, "t_bit", call->t_bit);
    json_add_bool (json, "reserved_bits", call->reserved_bits);
    json_add_bool (json, "problem_state", call->problem_state);
    json_add_bool (json, "has_queue",
                   vap_matrix_has_queue (&shown->view->passed, call->queue));
    json_add_string (json, "outcome", vap_pqap_outcome_id (decision->outcome));
    json_add_string (json, "reason", _ (decision->reason));
    vap_json_end_object (json);
  }
  vap_json_end_array (json);
}

void
guest_view_add_json (Output *output, const GuestViewShown *shown)
{
  g_autoptr (VapJson) json = vap_json_new ();
  const VapGuestView *view = shown->view;

  vap_json_begin_object (json);
  vap_json_name (json, "guest");
  vap_json_begin_object (json);
  json_add_string (json, "name", shown->operand->name);
  json_add_string (json, "uuid", shown->operand->guest->uuid);
  json_add_string (json, "state", shown->operand->state);
  vap_json_end_object (json);
  add_device_json (json, view);
  vap_json_name (json, "features");
  vap_json_begin_object (json);
  for (guint id = 0; id < VAP_N_FEATURES; id++)
    json_add_bool (json, vap_feature_get ((VapFeatureId) id)->name, view->features[id]);
  vap_json_end_object (json);
  json_add_uint (json, "queues", vap_matrix_count_queues (&view->usable));
  json_add_matrix (json, "matrix", &view->usable);
  json_add_mask (json, "deconfigured_adapters", &view->deconfigured);
  json_add_bool (json, "interrupts", view->interrupts);
  add_losses_json (json, view);
  add_calls_json (json, shown);
  vap_json_end_object (json);
  output_json (output, json);
}
