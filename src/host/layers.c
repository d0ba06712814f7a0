/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The layers as a table: how each is asked, and what its yes implies.
 */
#include "config.h"

#include "host/layers.h"

/* the highest numbers without APXA (Linux drivers/s390/crypto/ap_bus.c) */
#define MAX_ADAPTER_BASIC 63u
#define MAX_DOMAIN_BASIC 15u

static VapAnswer
answer (gboolean yes)
{
  return yes ? VAP_ANSWER_YES : VAP_ANSWER_NO;
}

/* libvirt says nothing of QCI, but a number that only APXA has proves it */
static VapAnswer
ask_remote_machine (const VapRemote *remote, const VapFeature *feature)
{
  if (feature->id == VAP_FEATURE_APXA && remote != NULL &&
      (vap_mask_next (&remote->adapters, MAX_ADAPTER_BASIC + 1) >= 0 ||
       vap_mask_next (&remote->domains, MAX_DOMAIN_BASIC + 1) >= 0))
    return VAP_ANSWER_YES;
  return VAP_ANSWER_NOT_ASKED;
}

static VapAnswer
ask_machine (const VapLayerFacts *facts, const VapFeature *feature)
{
  if (feature->id == VAP_FEATURE_AP)
    return VAP_ANSWER_NONE;
  if (facts->host == NULL)
    return ask_remote_machine (facts->remote, feature);
  if (feature->facility >= 0 ? !facts->host->facilities_known : !facts->host->has_ap_bus)
    return VAP_ANSWER_NOT_ASKED;
  return answer (vap_host_has_feature (facts->host, feature->id));
}

/* interrupts have to be on besides; a remote host does not tell whether they are */
static VapAnswer
ask_ap_bus (const VapLayerFacts *facts, const VapFeature *feature)
{
  gboolean wants_interrupts = feature->id == VAP_FEATURE_APQI;

  if (facts->host != NULL)
    return answer (facts->host->has_ap_bus &&
                   (facts->host->interrupts || !wants_interrupts));
  if (facts->remote == NULL || wants_interrupts ||
      (!facts->remote->has_matrix && vap_mask_is_empty (&facts->remote->adapters)))
    return VAP_ANSWER_NOT_ASKED;
  return VAP_ANSWER_YES;
}

static VapAnswer
ask_kvm (const VapLayerFacts *facts, const VapFeature *feature)
{
  if (!feature->removable)
    return VAP_ANSWER_NONE;
  if (facts->kvm == NULL)
    return VAP_ANSWER_NOT_ASKED;
  return answer (vap_kvm_has_feature (facts->kvm, feature->id));
}

/* what comes with ap needs no property of its own */
static VapAnswer
ask_qemu (const VapLayerFacts *facts, const VapFeature *feature)
{
  if (facts->qemu != NULL && vap_qemu_has_property (facts->qemu, feature->name))
    return VAP_ANSWER_YES;
  if (!feature->removable)
    return VAP_ANSWER_NONE;
  if (facts->qemu != NULL)
    return VAP_ANSWER_NO;
  /* libvirt has its host-model from QEMU (query-cpu-model-expansion) */
  if (facts->remote != NULL && vap_remote_has_feature (facts->remote, feature->name))
    return VAP_ANSWER_YES;
  return VAP_ANSWER_NOT_ASKED;
}

static VapAnswer
ask_libvirt (const VapLayerFacts *facts, const VapFeature *feature)
{
  if (facts->remote != NULL && vap_remote_has_feature (facts->remote, feature->name))
    return VAP_ANSWER_YES;
  if (!feature->removable)
    return VAP_ANSWER_NONE;
  if (facts->remote == NULL || !facts->remote->model_told)
    return VAP_ANSWER_NOT_ASKED;
  return VAP_ANSWER_NO;
}

/* KVM gives only what the machine has, and libvirt's host-model has only what QEMU
 * and KVM give: their yes speaks for all below.  A layer that only confirms need
 * not be asked. */
static const struct {
  VapAnswer (*ask) (const VapLayerFacts *facts, const VapFeature *feature);
  gboolean speaks_for_lower;
  gboolean only_confirms;
} layers[VAP_N_LAYERS] = {
  [VAP_LAYER_MACHINE] = { ask_machine, FALSE, FALSE },
  [VAP_LAYER_AP_BUS] = { ask_ap_bus, FALSE, FALSE },
  [VAP_LAYER_KVM] = { ask_kvm, TRUE, TRUE },
  [VAP_LAYER_QEMU] = { ask_qemu, FALSE, FALSE },
  [VAP_LAYER_LIBVIRT] = { ask_libvirt, TRUE, TRUE },
};

/* from the top down, so that a yes has been seen before what it speaks for */
static void
conclude (VapCapability *capability, const VapCapability *needed)
{
  gboolean spoken_for = FALSE;

  capability->guest = needed != NULL ? needed->guest : VAP_ANSWER_YES;
  capability->lost_at = needed != NULL ? needed->lost_at : VAP_N_LAYERS;
  for (guint i = VAP_N_LAYERS; i-- > 0;) {
    VapAnswer said = capability->layers[i];

    if (said == VAP_ANSWER_NO)
      capability->lost_at = MIN (capability->lost_at, i);
    if (said == VAP_ANSWER_NOT_ASKED && !spoken_for && !layers[i].only_confirms)
      capability->guest = VAP_ANSWER_NOT_ASKED;
    spoken_for = spoken_for || (said == VAP_ANSWER_YES && layers[i].speaks_for_lower);
  }
  if (capability->lost_at < VAP_N_LAYERS)
    capability->guest = VAP_ANSWER_NO;
}

VapCapability
vap_layers_feature (const VapLayerFacts *facts, VapFeatureId id)
{
  const VapFeature *feature = vap_feature_get (id);
  VapCapability capability;

  for (guint i = 0; i < VAP_N_LAYERS; i++)
    capability.layers[i] = layers[i].ask (facts, feature);
  if (feature->needs != VAP_FEATURE_NONE) {
    /* no row of the table needs itself, so this ends */
    VapCapability needed = vap_layers_feature (facts, feature->needs);

    conclude (&capability, &needed);
  } else {
    conclude (&capability, NULL);
  }
  return capability;
}

/* what QCI has to say of a function besides its feature */
static VapAnswer
ask_qci (const VapLayerFacts *facts, const VapPqapFunction *function)
{
  if (function->needs_qci == 0)
    return VAP_ANSWER_NONE;
  if (facts->host == NULL || !facts->host->qci_known)
    return VAP_ANSWER_NOT_ASKED;
  return answer ((facts->host->qci & function->needs_qci) == function->needs_qci);
}

VapCapability
vap_layers_function (const VapLayerFacts *facts, const VapPqapFunction *function)
{
  VapCapability feature = vap_layers_feature (facts, function->needs);
  VapCapability capability = feature;
  VapAnswer qci = ask_qci (facts, function);

  /* the worse of the two: no, then not asked */
  if (qci == VAP_ANSWER_NO || (qci == VAP_ANSWER_NOT_ASKED &&
                               capability.layers[VAP_LAYER_MACHINE] != VAP_ANSWER_NO))
    capability.layers[VAP_LAYER_MACHINE] = qci;
  conclude (&capability, &feature);
  /* no other layer's yes speaks for a bit of QCI */
  if (qci == VAP_ANSWER_NOT_ASKED && capability.guest == VAP_ANSWER_YES)
    capability.guest = VAP_ANSWER_NOT_ASKED;
  return capability;
}
