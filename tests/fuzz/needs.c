/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Files of needs, as key files and as JSON: what is understood can be planned for, on a
 * small host, and the plan can be written and read.
 */
#include "fuzz.h"

#include <string.h>

#include "plan/plan.h"
#include "plan/profile.h"

#define ADAPTERS 4u
#define DOMAINS 6u
/* seconds' work: a fuzzer is to see many plans, and also such as are stopped */
#define SECONDS 0.002

/* one for all inputs; half of its queues are the host's */
static VapHost *
make_host (void)
{
  VapHost *host = g_new0 (VapHost, 1);

  host->root = g_strdup ("");
  host->has_ap_bus = host->has_vfio_ap = host->has_ap_config = TRUE;
  host->max_adapter_id = host->max_domain_id = 255;
  host->devices = g_ptr_array_new ();
  host->guests = g_ptr_array_new ();
  host->cards = g_ptr_array_new ();
  host->adapters = vap_mask_up_to (ADAPTERS - 1);
  host->usage_domains = host->control_domains = vap_mask_up_to (DOMAINS - 1);
  host->apmask = vap_mask_up_to (ADAPTERS / 2 - 1);
  host->aqmask = vap_mask_up_to (255);
  for (guint a = 0; a < ADAPTERS; a++) {
    VapCard *card = g_new0 (VapCard, 1);

    card->id = (guint8)a;
    card->hwtype = 11 + a;
    card->mode = (VapCardMode)(a % 3);
    card->config = TRUE;
    g_ptr_array_add (host->cards, card);
    host->queues.domains[a] = host->usage_domains;
    if (a >= ADAPTERS / 2)
      host->vfio_bound.domains[a] = host->usage_domains;
  }
  return host;
}

static void
check_plan (const VapNeeds *needs, gboolean rearrange)
{
  static VapHost *host;
  const VapPlanOptions options = { rearrange, SECONDS };
  g_autoptr (GError) error = NULL;
  g_autoptr (VapPlan) plan = NULL;
  g_autoptr (VapPlan) again = NULL;
  g_autofree char *first = NULL;
  g_autofree char *second = NULL;

  host = host != NULL ? host : make_host ();
  plan = vap_plan_make (host, needs, &options, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (plan->guests->len, ==, needs->guests->len);
  first = vap_plan_to_json (plan);
  again = vap_plan_parse (first, strlen (first), &error);
  g_assert_no_error (error);
  second = vap_plan_to_json (again);
  g_assert_cmpstr (first, ==, second);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autoptr (VapNeeds) needs = vap_needs_new ();
  g_autoptr (VapProfiles) profiles = vap_profiles_new ();
  g_autoptr (GError) error = NULL;
  gboolean good = vap_needs_add_text (needs, (const char *)data, size, &error);

  fuzz_check_error (good, error);
  if (!good)
    return 0;
  good = vap_needs_complete (needs, profiles, &error);
  fuzz_check_error (good, error);
  if (good)
    check_plan (needs, size % 2 == 1);
  return 0;
}
