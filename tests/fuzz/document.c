/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The host document: what is read can be written, and is then the same for ever. */
#include "fuzz.h"

#include <string.h>

#include "check/check.h"
#include "host/document.h"

static void
judge_own (const VapHost *host)
{
  for (guint i = 0; i < host->guests->len && i < 8; i++) {
    const VapHostGuest *guest = host->guests->pdata[i];
    const VapGuest *reading = guest->running != NULL ? guest->running : guest->defined;
    g_autoptr (VapFindings) findings
        = reading != NULL
              ? vap_check_guest (host, host->record->qemu, reading, VAP_ACTION_START)
              : NULL;

    g_assert_true (reading == NULL || findings != NULL);
  }
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (VapHost) host = vap_host_from_json ((const char *)data, size, &error);
  g_autoptr (VapHost) again = NULL;
  g_autofree char *first = NULL;
  g_autofree char *second = NULL;

  fuzz_check_error (host != NULL, error);
  if (host == NULL)
    return 0;
  judge_own (host);
  first = vap_host_to_json (host, NULL);
  again = vap_host_from_json (first, strlen (first), &error);
  g_assert_no_error (error);
  second = vap_host_to_json (again, NULL);
  g_assert_cmpstr (first, ==, second);
  return 0;
}
