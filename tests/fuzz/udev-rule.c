/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* chzdev's udev rule. */
#include "fuzz.h"

#include "host/priv.h"

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autofree char *text = g_strndup ((const char *)data, size);
  g_autoptr (GError) error = NULL;
  VapPersistentMasks masks;
  gboolean parsed = vap_udev_rule_parse (text, &masks, &error);

  fuzz_check_error (parsed, error);
  if (!masks.has_apmask)
    g_assert_true (vap_mask_is_empty (&masks.apmask));
  if (!masks.has_aqmask)
    g_assert_true (vap_mask_is_empty (&masks.aqmask));
  return 0;
}
