/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * `virt-ap caps`: what its two forms, for people and for programs, share.
 */
#pragma once

#include "host/layers.h"
#include "output.h"

G_BEGIN_DECLS

/* What was asked, and why what could not be asked was not. */
typedef struct {
  VapHost *host;
  VapKvm *kvm;
  VapQemu *qemu;
  VapRemote *remote;
  char *kvm_problem;
  char *qemu_problem;
  char *libvirt_problem;
} CapsFacts;

/* a layer's key in JSON, and its name for people, translatable */
typedef struct {
  const char *key;
  const char *title;
} CapsLayer;

extern const CapsLayer caps_layers[VAP_N_LAYERS];

VapLayerFacts caps_layer_facts (const CapsFacts *facts);

void caps_add_text (Output *output, const CapsFacts *facts);
void caps_add_json (Output *output, const CapsFacts *facts);

G_END_DECLS
