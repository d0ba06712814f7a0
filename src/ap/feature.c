/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The table of AP CPU features.
 * Source: QEMU target/s390x/cpu_features_def.h.inc (names, facility bits),
 * cpu_models.c check_consistency() (what needs what), the release notes of QEMU 3.1,
 * 4.1 and 9.1 (since when); Linux
 * drivers/s390/crypto/ap_bus.c for what a guest does without one.
 */
#include "ap/feature.h"

#include "config.h"

#include <glib/gi18n-lib.h>

static const VapFeature features[VAP_N_FEATURES] = {
  [VAP_FEATURE_AP] = {
    .id = VAP_FEATURE_AP,
    .name = "ap",
    .description = N_ ("AP instructions installed"),
    .facility = -1,
    .uv_feature = -1,
    .needs = VAP_FEATURE_NONE,
    .removable = TRUE,
    .qemu_since = "3.1",
    .without = N_ ("no AP device can be plugged: QEMU has no AP bus"),
  },
  [VAP_FEATURE_APQCI] = {
    .id = VAP_FEATURE_APQCI,
    .name = "apqci",
    .description = N_ ("Query AP Configuration Information, PQAP(QCI)"),
    .facility = 12,
    .uv_feature = -1,
    .needs = VAP_FEATURE_AP,
    .removable = TRUE,
    .qemu_since = "3.1",
    .without = N_ ("a Linux guest uses only queues of the domains 0000 to 000f"),
  },
  [VAP_FEATURE_APFT] = {
    .id = VAP_FEATURE_APFT,
    .name = "apft",
    .description = N_ ("AP Facilities Test, PQAP(TAPQ) with the T bit"),
    .facility = 15,
    .uv_feature = -1,
    .needs = VAP_FEATURE_AP,
    .removable = TRUE,
    .qemu_since = "3.1",
    .without = N_ ("a Linux guest sees no AP device at all"),
  },
  [VAP_FEATURE_APQI] = {
    .id = VAP_FEATURE_APQI,
    .name = "apqi",
    .description = N_ ("AP-queue interruption control, PQAP(AQIC)"),
    .facility = 65,
    .uv_feature = -1,
    .needs = VAP_FEATURE_AP,
    .removable = TRUE,
    .qemu_since = "4.1",
    .without = N_ ("the guest polls its queues instead of taking interrupts"),
  },
  [VAP_FEATURE_APXA] = {
    .id = VAP_FEATURE_APXA,
    .name = "apxa",
    .description = N_ ("AP extended addressing: adapters and domains to 255"),
    .facility = -1,
    .uv_feature = -1,
    .needs = VAP_FEATURE_AP,
    .removable = FALSE,
    .qemu_since = NULL,
    .without = N_ ("adapters end at 63 and domains at 15"),
  },
  [VAP_FEATURE_APPV] = {
    .id = VAP_FEATURE_APPV,
    .name = "appv",
    .description = N_ ("AP for secure-execution guests"),
    .facility = -1,
    .uv_feature = 4,
    .needs = VAP_FEATURE_AP,
    .removable = TRUE,
    .qemu_since = "9.1",
    .without = N_ ("a secure-execution guest gets no AP"),
  },
  [VAP_FEATURE_APPVI] = {
    .id = VAP_FEATURE_APPVI,
    .name = "appvi",
    .description = N_ ("AP interruption for secure-execution guests"),
    .facility = -1,
    .uv_feature = 5,
    .needs = VAP_FEATURE_APPV,
    .removable = TRUE,
    .qemu_since = "9.1",
    .without = N_ ("a secure-execution guest polls its queues"),
  },
};

const VapFeature *
vap_feature_get (VapFeatureId id)
{
  return &features[id];
}

const VapFeature *
vap_feature_find (const char *name)
{
  for (guint i = 0; i < VAP_N_FEATURES; i++) {
    if (g_str_equal (features[i].name, name))
      return &features[i];
  }

  return NULL;
}
