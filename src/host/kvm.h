/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What KVM on this machine lets a guest have of AP, by its own word: ioctls on a
 * virtual machine of /dev/kvm, on s390x only.
 */
#pragma once

#include "ap/error.h"
#include "ap/feature.h"

G_BEGIN_DECLS

/* What KVM answers, as it answers: KVM_S390_VM_CPU_MACHINE's list and mask of
 * facilities, 64 a word, bit 0 the highest (Linux
 * arch/s390/include/uapi/asm/kvm.h). */
#define VAP_KVM_FACILITY_WORDS 256u

typedef struct {
  gboolean apie; /* KVM_S390_VM_CRYPTO_ENABLE_APIE can be set */
  guint64 facility_list[VAP_KVM_FACILITY_WORDS];
  guint64 facility_mask[VAP_KVM_FACILITY_WORDS];
  guint64 uv_features; /* KVM_S390_VM_CPU_MACHINE_UV_FEAT_GUEST, 0 before Linux 6.6 */
} VapKvm;

/**
 * vap_kvm_ask:
 *
 * Returns: (transfer full): free with g_free(); NULL with %VAP_ERROR_UNREADABLE
 *   on another machine than s390x, or where /dev/kvm cannot be opened, or
 *   %VAP_ERROR_FAILED
 */
VapKvm *vap_kvm_ask (GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* whether KVM can give the feature; one that is not removable follows from ap */
gboolean vap_kvm_has_feature (const VapKvm *kvm, VapFeatureId feature);

G_END_DECLS
