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
add_capability_json (VapJson *json, const VapCapability *capability)
{
  gboolean lost = capability->lost_at < VAP_N_LAYERS;

  vap_json_name (json, "layers");
  vap_json_begin_object (json);
  for (guint i = 0; i < VAP_N_LAYERS; i++)
    json_add_string (json, caps_layers[i].key, answer_names[capability->layers[i]]);
  vap_json_end_object (json);
  json_add_string (json, "guest",
                   capability->guest == VAP_ANSWER_NOT_ASKED
                       ? "unknown"
                       : answer_names[capability->guest]);
  json_add_string (json, "lost_at", lost ? caps_layers[capability->lost_at].key : NULL);
}

static void
add_features_json (VapJson *json, const VapLayerFacts *learnt)
{
  vap_json_name (json, "features");
  vap_json_begin_array (json);
  for (guint id = 0; id < VAP_N_FEATURES; id++) {
    const VapFeature *feature = vap_feature_get ((VapFeatureId) id);
    VapCapability capability = vap_layers_feature (learnt, feature->id);

    vap_json_begin_object (json);
    json_add_string (json, "name", feature->name);
    json_add_string (json, "description", _ (feature->description));
    json_add_string (json, "without", _ (feature->without));
    json_add_string (json, "needs",
                     feature->needs != VAP_FEATURE_NONE
                         ? vap_feature_get (feature->needs)->name
                         : NULL);
    json_add_bool (json, "removable", feature->removable);
    add_capability_json (json, &capability);
    vap_json_end_object (json);
  }
  vap_json_end_array (json);
}

static void
add_functions_json (VapJson *json, const VapLayerFacts *learnt)
{
  vap_json_name (json, "pqap");
  vap_json_begin_array (json);
  for (const VapPqapFunction *function = vap_pqap_functions (); function->name != NULL;
       function++) {
    VapCapability capability = vap_layers_function (learnt, function);

    vap_json_begin_object (json);
    json_add_uint (json, "fc", function->fc);
    json_add_string (json, "name", function->name);
    json_add_string (json, "description", _ (function->description));
    json_add_string (json, "needs", vap_feature_get (function->needs)->name);
    json_add_string (json, "needs_qci", vap_qci_name (function->needs_qci));
    add_capability_json (json, &capability);
    vap_json_end_object (json);
  }
  vap_json_end_array (json);
}

static void
add_sources_json (VapJson *json, const CapsFacts *facts)
{
  const VapQemu *qemu = facts->qemu;
  const VapRemote *remote = facts->remote;

  vap_json_name (json, "kvm");
  vap_json_begin_object (json);
  json_add_string (json, "problem", facts->kvm_problem);
  vap_json_end_object (json);
  vap_json_name (json, "qemu");
  vap_json_begin_object (json);
  json_add_string (json, "binary", qemu != NULL ? qemu->binary : NULL);
  json_add_string (json, "version", qemu != NULL ? qemu->version : NULL);
  json_add_string (json, "problem", facts->qemu_problem);
  vap_json_end_object (json);
  vap_json_name (json, "libvirt");
  vap_json_begin_object (json);
  json_add_string (json, "uri", remote != NULL ? remote->uri : NULL);
  json_add_string (json, "version", remote != NULL ? remote->library : NULL);
  json_add_string (json, "hypervisor", remote != NULL ? remote->hypervisor : NULL);
  json_add_string (json, "emulator", remote != NULL ? remote->emulator : NULL);
  json_add_string (json, "host_model", remote != NULL ? remote->model : NULL);
  json_add_string (json, "problem",
                   remote != NULL ? remote->model_problem : facts->libvirt_problem);
  vap_json_end_object (json);
}

void
caps_add_json (Output *output, const CapsFacts *facts)
{
  g_autoptr (VapJson) json = vap_json_new ();
  VapLayerFacts learnt = caps_layer_facts (facts);

  vap_json_begin_object (json);
  json_add_string (json, "machine", facts->host != NULL ? facts->host->machine : NULL);
  add_sources_json (json, facts);
  add_features_json (json, &learnt);
  add_functions_json (json, &learnt);
  vap_json_end_object (json);
  output_json (output, json);
}
