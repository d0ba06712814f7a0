/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * `virt-ap caps --json`, as schemas/caps.schema.json has it.
 */
#include "config.h"

#include "caps.h"

#include <glib/gi18n.h>

#include "json.h"

static const char *const answer_names[] = { "no", "yes", "not-asked", "none" };

static void
add_capability_json (JsonBuilder *builder, const VapCapability *capability)
{
  gboolean lost = capability->lost_at < VAP_N_LAYERS;

  json_builder_set_member_name (builder, "layers");
  json_builder_begin_object (builder);
  for (guint i = 0; i < VAP_N_LAYERS; i++)
    json_add_string (builder, caps_layers[i].key, answer_names[capability->layers[i]]);
  json_builder_end_object (builder);
  json_add_string (builder, "guest",
                   capability->guest == VAP_ANSWER_NOT_ASKED
                       ? "unknown"
                       : answer_names[capability->guest]);
  json_add_string (builder, "lost_at",
                   lost ? caps_layers[capability->lost_at].key : NULL);
}

static void
add_features_json (JsonBuilder *builder, const VapLayerFacts *learnt)
{
  json_builder_set_member_name (builder, "features");
  json_builder_begin_array (builder);
  for (guint id = 0; id < VAP_N_FEATURES; id++) {
    const VapFeature *feature = vap_feature_get ((VapFeatureId) id);
    VapCapability capability = vap_layers_feature (learnt, feature->id);

    json_builder_begin_object (builder);
    json_add_string (builder, "name", feature->name);
    json_add_string (builder, "description", _ (feature->description));
    json_add_string (builder, "without", _ (feature->without));
    json_add_string (builder, "needs",
                     feature->needs != VAP_FEATURE_NONE
                         ? vap_feature_get (feature->needs)->name
                         : NULL);
    json_add_bool (builder, "removable", feature->removable);
    add_capability_json (builder, &capability);
    json_builder_end_object (builder);
  }
  json_builder_end_array (builder);
}

static void
add_functions_json (JsonBuilder *builder, const VapLayerFacts *learnt)
{
  json_builder_set_member_name (builder, "pqap");
  json_builder_begin_array (builder);
  for (const VapPqapFunction *function = vap_pqap_functions (); function->name != NULL;
       function++) {
    VapCapability capability = vap_layers_function (learnt, function);

    json_builder_begin_object (builder);
    json_add_uint (builder, "fc", function->fc);
    json_add_string (builder, "name", function->name);
    json_add_string (builder, "description", _ (function->description));
    json_add_string (builder, "needs", vap_feature_get (function->needs)->name);
    json_add_string (builder, "needs_qci", vap_qci_name (function->needs_qci));
    add_capability_json (builder, &capability);
    json_builder_end_object (builder);
  }
  json_builder_end_array (builder);
}

static void
add_sources_json (JsonBuilder *builder, const CapsFacts *facts)
{
  const VapQemu *qemu = facts->qemu;
  const VapRemote *remote = facts->remote;

  json_builder_set_member_name (builder, "kvm");
  json_builder_begin_object (builder);
  json_add_string (builder, "problem", facts->kvm_problem);
  json_builder_end_object (builder);
  json_builder_set_member_name (builder, "qemu");
  json_builder_begin_object (builder);
  json_add_string (builder, "binary", qemu != NULL ? qemu->binary : NULL);
  json_add_string (builder, "version", qemu != NULL ? qemu->version : NULL);
  json_add_string (builder, "problem", facts->qemu_problem);
  json_builder_end_object (builder);
  json_builder_set_member_name (builder, "libvirt");
  json_builder_begin_object (builder);
  json_add_string (builder, "uri", remote != NULL ? remote->uri : NULL);
  json_add_string (builder, "version", remote != NULL ? remote->library : NULL);
  json_add_string (builder, "hypervisor", remote != NULL ? remote->hypervisor : NULL);
  json_add_string (builder, "emulator", remote != NULL ? remote->emulator : NULL);
  json_add_string (builder, "host_model", remote != NULL ? remote->model : NULL);
  json_add_string (builder, "problem",
                   remote != NULL ? remote->model_problem : facts->libvirt_problem);
  json_builder_end_object (builder);
}

void
caps_add_json (Output *output, const CapsFacts *facts)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  VapLayerFacts learnt = caps_layer_facts (facts);

  json_builder_begin_object (builder);
  json_add_string (builder, "machine", facts->host != NULL ? facts->host->machine : NULL);
  add_sources_json (builder, facts);
  add_features_json (builder, &learnt);
  add_functions_json (builder, &learnt);
  json_builder_end_object (builder);
  output_json (output, builder);
}
