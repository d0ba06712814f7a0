/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Each AP feature and each PQAP function through the layers between the machine
 * and a guest: who has it, who was not asked, and where it is lost.  Pure, for
 * `virt-ap caps`.
 */
#pragma once

#include "host/host.h"
#include "host/kvm.h"
#include "host/qemu.h"
#include "host/remote.h"

G_BEGIN_DECLS

/* from the machine upwards */
typedef enum {
  VAP_LAYER_MACHINE, /* facilities, QCI, ultravisor */
  VAP_LAYER_AP_BUS,
  VAP_LAYER_KVM,
  VAP_LAYER_QEMU,    /* CPU properties */
  VAP_LAYER_LIBVIRT, /* host-model */
  VAP_N_LAYERS,
} VapLayer;

typedef enum {
  VAP_ANSWER_NO,
  VAP_ANSWER_YES,
  VAP_ANSWER_NOT_ASKED, /* the layer could not be asked, or does not tell */
  VAP_ANSWER_NONE,      /* the layer has no say in it */
} VapAnswer;

/* What was learnt; NULL for what could not be asked.  @host is NULL for a host
 * that only a libvirt connection reaches. */
typedef struct {
  const VapHost *host;
  const VapKvm *kvm;
  const VapQemu *qemu;
  const VapRemote *remote;
} VapLayerFacts;

typedef struct {
  VapAnswer layers[VAP_N_LAYERS];
  VapAnswer guest;  /* never NONE; NOT_ASKED when what is known does not decide */
  VapLayer lost_at; /* the first layer without it, VAP_N_LAYERS for none */
} VapCapability;

/* A feature that needs another is lost where that one is. */
VapCapability vap_layers_feature (const VapLayerFacts *facts, VapFeatureId id);
VapCapability vap_layers_function (const VapLayerFacts *facts,
                                   const VapPqapFunction *function);

G_END_DECLS
