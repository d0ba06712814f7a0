/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where the planner stops: by work that is counted, so that what it finds is the same every
 * time, and by the clock only far behind that.
 */
#include "plan/plan.h"
#include "plan/profile.h"
#include "plan/work.h"

#include <string.h>

#define ADAPTERS 16u
#define DOMAINS 85u
#define GUESTS 40u

static VapHost *
make_host (void)
{
  VapHost *host = g_new0 (VapHost, 1);

  host->root = g_strdup ("");
  host->has_ap_bus = host->has_vfio_ap = host->has_ap_config = TRUE;
  host->max_adapter_id = host->max_domain_id = 255;
  host->devices = g_ptr_array_new ();
  host->guests = g_ptr_array_new ();
  host->cards = g_ptr_array_new_with_free_func (g_free);
  host->adapters = vap_mask_up_to (ADAPTERS - 1);
  host->usage_domains = host->control_domains = vap_mask_up_to (DOMAINS - 1);
  host->apmask = host->aqmask = vap_mask_up_to (255);
  for (guint a = 0; a < ADAPTERS; a++) {
    VapCard *card = g_new0 (VapCard, 1);

    card->id = (guint8)a;
    card->hwtype = 14;
    card->mode = VAP_CARD_MODE_CCA;
    card->config = TRUE;
    g_ptr_array_add (host->cards, card);
    host->queues.domains[a] = host->usage_domains;
  }
  return host;
}

static void
free_host (VapHost *host)
{
  g_ptr_array_unref (host->devices);
  g_ptr_array_unref (host->guests);
  g_ptr_array_unref (host->cards);
  g_free (host->root);
  g_free (host);
}

/* more than there is */
static VapNeeds *
make_needs (void)
{
  g_autoptr (GString) text = g_string_new (NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (VapProfiles) profiles = vap_profiles_new ();
  VapNeeds *needs = vap_needs_new ();

  for (guint i = 0; i < GUESTS; i++)
    g_string_append_printf (text, "[guest guest%u]\nqueues=%u\n", i, 11 + i * 37 % 60);
  g_assert_true (vap_needs_add_text (needs, text->str, text->len, &error));
  g_assert_true (vap_needs_complete (needs, profiles, &error));
  return needs;
}

static char *
plan_text (const VapHost *host, const VapNeeds *needs, double seconds)
{
  const VapPlanOptions options = { FALSE, seconds };
  g_autoptr (VapPlan) plan = vap_plan_make (host, needs, &options, NULL);

  g_assert_nonnull (plan);
  g_assert_true (plan->is_stopped);
  g_assert_false (plan->is_by_clock);
  return vap_plan_to_json (plan);
}

static void
test_same (void)
{
  static const double seconds[] = { 1e-9, 0.02, 0.05 };
  VapHost *host = make_host ();
  g_autoptr (VapNeeds) needs = make_needs ();

  for (guint i = 0; i < G_N_ELEMENTS (seconds); i++) {
    g_autofree char *first = plan_text (host, needs, seconds[i]);
    g_autofree char *second = plan_text (host, needs, seconds[i]);

    g_assert_cmpstr (first, ==, second);
  }
  free_host (host);
}

static void
test_limits (void)
{
  gint64 now = g_get_monotonic_time ();
  Work by_work = { .limit = 10, .deadline = now - 1 };
  Work by_clock = { .limit = 10, .deadline = now - 1 };
  Work neither = { .limit = 10, .deadline = G_MAXINT64 };

  work_add (&by_work, 11);
  g_assert_true (work_is_over (&by_work));
  g_assert_false (by_work.by_clock);
  g_assert_true (work_is_over (&by_clock));
  g_assert_true (by_clock.by_clock);
  /* it stays over, also when more is allowed */
  by_clock.limit = 1000;
  by_clock.deadline = G_MAXINT64;
  g_assert_true (work_is_over (&by_clock));
  work_add (&neither, 10);
  g_assert_false (work_is_over (&neither));
  g_assert_false (work_is_over (NULL));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/plan/work/same", test_same);
  g_test_add_func ("/plan/work/limits", test_limits);
  return g_test_run ();
}
