/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* virt-ap.conf, which a user writes for the gate that runs as this user. */
#include "fuzz.h"

#include <string.h>

#include "config/settings.h"

static gboolean
knows (const char *id)
{
  return g_str_has_prefix (id, "ap");
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autoptr (VapConfig) config = vap_config_new ();
  g_autoptr (GError) error = NULL;
  gboolean merged
      = vap_config_merge (config, "F", (const char *)data, size, knows, &error);

  fuzz_check_error (merged, error);
  if (error != NULL)
    g_assert_true (g_str_has_prefix (error->message, "F:"));
  for (guint door = 0; door < VAP_N_DOORS; door++)
    g_assert_cmpint (vap_config_finding (config, door, "ap-off"), <=, VAP_OFF);
  g_assert_true (config->socket == NULL || *config->socket == '/');
  return 0;
}
