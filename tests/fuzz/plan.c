/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Plan documents: what is read can be written, and is then the same for ever; what it
 * would make of a host can be told, whatever is in it.
 */
#include "fuzz.h"

#include <string.h>

#include "plan/plan.h"

static void
check_expected (const VapPlan *plan)
{
  static VapHost *host;
  g_autoptr (VapHost) expected = NULL;

  if (host == NULL) {
    host = g_new0 (VapHost, 1);
    host->root = g_strdup ("");
    host->has_ap_bus = TRUE;
    host->cards = g_ptr_array_new ();
    host->devices = g_ptr_array_new ();
    host->guests = g_ptr_array_new ();
  }
  expected = vap_plan_expected (host, plan);
  g_assert_nonnull (expected);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (VapPlan) plan = vap_plan_parse ((const char *)data, size, &error);
  g_autoptr (VapPlan) again = NULL;
  g_autofree char *first = NULL;
  g_autofree char *second = NULL;

  fuzz_check_error (plan != NULL, error);
  if (plan == NULL)
    return 0;
  check_expected (plan);
  first = vap_plan_to_json (plan);
  again = vap_plan_parse (first, strlen (first), &error);
  g_assert_no_error (error);
  second = vap_plan_to_json (again);
  g_assert_cmpstr (first, ==, second);
  return 0;
}
