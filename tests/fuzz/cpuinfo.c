/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* /proc/cpuinfo. */
#include "fuzz.h"

#include "host/priv.h"

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autofree char *text = g_strndup ((const char *)data, size);
  g_autoptr (GError) error = NULL;
  VapHost host = { .root = (char *)"" };
  gboolean parsed = vap_cpuinfo_parse (&host, text, &error);

  fuzz_check_error (parsed, error);
  for (guint i = 0; i < G_N_ELEMENTS (host.facilities); i++)
    g_assert_cmpuint (host.facilities[i], <=, 1);
  g_free (host.machine);
  return 0;
}
