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
add_device_json (JsonBuilder *builder, const VapGuestView *view)
{
  json_builder_set_member_name (builder, "device");
  if (view->device_uuid == NULL) {
    json_builder_add_null_value (builder);
    return;
  }
  json_builder_begin_object (builder);
  json_add_string (builder, "uuid", view->device_uuid);
  json_add_bool (builder, "known", view->device != NULL);
  json_add_bool (builder, "active", view->device != NULL && view->device->active);
  json_add_matrix (builder, "matrix", view->device != NULL ? &view->matrix : NULL);
  json_add_matrix (builder, "passed", view->device != NULL ? &view->passed : NULL);
  json_builder_end_object (builder);
}

static void
add_losses_json (JsonBuilder *builder, const VapGuestView *view)
{
  json_builder_set_member_name (builder, "missing");
  json_builder_begin_array (builder);
  for (guint i = 0; i < view->losses->len; i++) {
    const VapViewLoss *loss = &g_array_index (view->losses, VapViewLoss, i);

    json_builder_begin_object (builder);
    json_add_string (builder, "reason", vap_view_reason_id (loss->reason));
    json_add_string (builder, "text", _ (vap_view_reason_to_string (loss->reason)));
    json_add_uint (builder, "count", vap_matrix_count_queues (&loss->queues));
    json_add_mask (builder, "adapters", &loss->queues.adapters);
    json_add_mask (builder, "domains", &loss->queues.domains);
    json_add_mask (builder, "unbound_domains", &loss->unbound);
    json_builder_end_object (builder);
  }
  json_builder_end_array (builder);
}

static void
add_calls_json (JsonBuilder *builder, const GuestViewShown *shown)
{
  json_builder_set_member_name (builder, "pqap");
  json_builder_begin_array (builder);
  for (guint i = 0; i < shown->calls->len; i++) {
    const VapPqapCall *call = &g_array_index (shown->calls, VapPqapCall, i);
    const VapPqapDecision *decision = vap_pqap_decide (&shown->view->pqap, call);
    const VapPqapFunction *function = vap_pqap_function_find (call->fc);
    char name[VAP_QUEUE_TEXT_SIZE];

    vap_queue_format (call->queue, name);
    json_builder_begin_object (builder);
    json_add_uint (builder, "fc", call->fc);
    json_add_string (builder, "name", function != NULL ? function->name : NULL);
    json_add_string (builder, "queue", name);
    json_add_bool (builder, "t_bit", call->t_bit);
    json_add_bool (builder, "reserved_bits", call->reserved_bits);
    json_add_bool (builder, "problem_state", call->problem_state);
    json_add_bool (builder, "has_queue",
                   vap_matrix_has_queue (&shown->view->passed, call->queue));
    json_add_string (builder, "outcome", vap_pqap_outcome_id (decision->outcome));
    json_add_string (builder, "reason", _ (decision->reason));
    json_builder_end_object (builder);
  }
  json_builder_end_array (builder);
}

void
guest_view_add_json (Output *output, const GuestViewShown *shown)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  const VapGuestView *view = shown->view;

  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "guest");
  json_builder_begin_object (builder);
  json_add_string (builder, "name", shown->operand->name);
  json_add_string (builder, "uuid", shown->operand->guest->uuid);
  json_add_string (builder, "state", shown->operand->state);
  json_builder_end_object (builder);
  add_device_json (builder, view);
  json_builder_set_member_name (builder, "features");
  json_builder_begin_object (builder);
  for (guint id = 0; id < VAP_N_FEATURES; id++)
    json_add_bool (builder, vap_feature_get ((VapFeatureId) id)->name,
                   view->features[id]);
  json_builder_end_object (builder);
  json_add_uint (builder, "queues", vap_matrix_count_queues (&view->usable));
  json_add_matrix (builder, "matrix", &view->usable);
  json_add_mask (builder, "deconfigured_adapters", &view->deconfigured);
  json_add_bool (builder, "interrupts", view->interrupts);
  add_losses_json (builder, view);
  add_calls_json (builder, shown);
  json_builder_end_object (builder);
  output_json (output, builder);
}
