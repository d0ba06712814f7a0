/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The AP CPU features, one row a feature.
 * Source: QEMU target/s390x/cpu_features_def.h.inc, cpu_models.c; Linux
 * arch/s390/include/asm/ap.h, arch/s390/kvm/kvm-s390.c
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum {
  VAP_FEATURE_AP,
  VAP_FEATURE_APQCI,
  VAP_FEATURE_APFT,
  VAP_FEATURE_APQI,
  VAP_FEATURE_APXA,
  VAP_FEATURE_APPV,
  VAP_FEATURE_APPVI,
  VAP_N_FEATURES,
  VAP_FEATURE_NONE = -1,
} VapFeatureId;

typedef struct {
  VapFeatureId id;
  const char *name;         /* in domain XML, and QEMU's property if it has one */
  const char *description;
  gint facility;            /* STFLE bit, -1 without one */
  gint uv_feature;          /* ultravisor guest feature bit, -1 without one */
  VapFeatureId needs;       /* the feature that must be on with it, or NONE */
  gboolean removable;       /* FALSE: a guest with AP sees it whatever is asked */
  const char *qemu_since;   /* the first QEMU with the property, NULL: none yet */
  const char *without;      /* what happens to a guest without it */
} VapFeature;

/* @id: 0 to VAP_N_FEATURES - 1 */
const VapFeature *vap_feature_get (VapFeatureId id);
/* exact, case-sensitive; NULL for what is no AP feature */
const VapFeature *vap_feature_find (const char *name);

G_END_DECLS
