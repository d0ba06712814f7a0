/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Thousands of small random hosts and needs: the plan is as good as the best that trying
 * everything finds, says that it is, and is one that the rules of the judge take.  The
 * seed is printed first; with --seed=SEED the same come again.  VIRT_AP_THOROUGH=1 runs
 * many more.
 */
#include "brute.h"

#include <string.h>

/* both the planner and the comparison are mostly tables on the stack, which sanitizers
 * watch at a price */
#ifdef __SANITIZE_ADDRESS__
#define PLANS 400
#else
#define PLANS 1500
#endif

static gboolean
one_in (GRand *rand, gint n)
{
  return g_rand_int_range (rand, 0, n) == 0;
}

static void
free_device (gpointer data)
{
  VapHostDevice *device = data;

  g_free (device->uuid);
  g_free (device);
}

static void
free_card (gpointer data)
{
  g_free (((VapCard *)data)->type);
  g_free (data);
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

static void
add_cards (VapHost *host, GRand *rand, guint n)
{
  static const VapCardMode modes[]
      = { VAP_CARD_MODE_CCA, VAP_CARD_MODE_CCA, VAP_CARD_MODE_EP11,
          VAP_CARD_MODE_ACCELERATOR };

  for (guint i = 0; i < n; i++) {
    VapCard *card = g_new0 (VapCard, 1);

    card->id = (guint8)(5 + 3 * i);
    card->hwtype = (guint)g_rand_int_range (rand, one_in (rand, 8) ? 9 : 12, 15);
    card->mode = modes[g_rand_int_range (rand, 0, one_in (rand, 2) ? 1 : 4)];
    card->config = !one_in (rand, 12);
    card->online = TRUE;
    g_ptr_array_add (host->cards, card);
    vap_mask_set (&host->adapters, card->id);
  }
}

/* ones, but some of these numbers; they are the guests' */
static void
random_masks (VapHost *host, GRand *rand)
{
  gint often = g_rand_int_range (rand, 1, 5);

  host->apmask = host->aqmask = vap_mask_up_to (VAP_MASK_BITS - 1);
  if (one_in (rand, 4))
    return;
  VAP_MASK_FOREACH (&host->adapters, adapter)
    if (one_in (rand, often))
      vap_mask_clear (&host->apmask, (guint)adapter);
  VAP_MASK_FOREACH (&host->usage_domains, domain)
    if (one_in (rand, 3))
      vap_mask_clear (&host->aqmask, (guint)domain);
}

static void
add_queues (VapHost *host, GRand *rand, guint n_domains)
{
  gint holes = one_in (rand, 3) ? 6 : 1000;

  for (guint d = 0; d < n_domains; d++)
    vap_mask_set (&host->usage_domains, d == 0 ? 4 : 70 + d);
  host->control_domains = host->usage_domains;
  random_masks (host, rand);
  host->override_in_use = one_in (rand, 4);
  if (host->override_in_use)
    host->apmask = host->aqmask = vap_mask_up_to (VAP_MASK_BITS - 1);
  VAP_MASK_FOREACH (&host->adapters, adapter)
    VAP_MASK_FOREACH (&host->usage_domains, domain) {
      VapQueue queue = { (guint8)adapter, (guint8)domain };
      gboolean vfio = !vap_mask_test (&host->apmask, queue.adapter)
                      || !vap_mask_test (&host->aqmask, queue.domain);

      if (one_in (rand, holes))
        continue;
      vap_queue_set_add (&host->queues, queue);
      if (host->override_in_use)
        vfio = one_in (rand, 2);
      if (vfio && !one_in (rand, 20))
        vap_queue_set_add (&host->vfio_bound, queue);
    }
}

/* a device of a guest, of queues that are vfio_ap's and in no other */
static void
add_device (VapHost *host, GRand *rand, const char *guest)
{
  VapHostDevice *device;
  VapMatrix matrix = { 0 };
  char uuid[37];

  VAP_MASK_FOREACH (&host->adapters, adapter)
    if (one_in (rand, 2))
      vap_mask_set (&matrix.adapters, (guint)adapter);
  VAP_MASK_FOREACH (&host->usage_domains, domain)
    if (one_in (rand, 2))
      vap_mask_set (&matrix.domains, (guint)domain);
  VAP_MASK_FOREACH (&matrix.adapters, adapter)
    if (!vap_mask_is_empty (&matrix.domains)) {
      VapMask unbound = vap_mask_minus (&matrix.domains, &host->vfio_bound.domains[adapter]);

      if (!vap_mask_is_empty (&unbound))
        return;
    }
  for (guint i = 0; i < host->devices->len; i++)
    if (vap_matrix_overlap (&((VapHostDevice *)host->devices->pdata[i])->matrix, &matrix,
                            NULL))
      return;
  vap_plan_device_uuid (guest, 0, uuid);
  device = g_new0 (VapHostDevice, 1);
  device->uuid = g_strdup (uuid);
  device->active = TRUE;
  device->matrix = matrix;
  device->matrix.control_domains = matrix.domains;
  g_ptr_array_add (host->devices, device);
}

static VapHost *
random_host (GRand *rand, guint most)
{
  VapHost *host = g_new0 (VapHost, 1);

  host->root = g_strdup ("");
  host->has_ap_bus = host->has_vfio_ap = host->has_ap_config = TRUE;
  host->qci_known = TRUE;
  host->qci = VAP_QCI_APXA;
  host->max_adapter_id = host->max_domain_id = 255;
  host->devices = g_ptr_array_new_with_free_func (free_device);
  host->guests = g_ptr_array_new ();
  host->cards = g_ptr_array_new_with_free_func (free_card);
  add_cards (host, rand, (guint)g_rand_int_range (rand, 1, (gint)most + 1));
  add_queues (host, rand, (guint)g_rand_int_range (rand, 1, (gint)most + 1));
  for (guint i = 0; i < 5; i++) {
    static const char *const names[] = { "g0", "g1", "g2", "g3", "other" };

    if (one_in (rand, 4))
      add_device (host, rand, names[i]);
  }
  return host;
}

static void
name_numbers (GString *text, GRand *rand, const char *key, const VapMask *mask)
{
  g_autoptr (GString) list = g_string_new (NULL);

  VAP_MASK_FOREACH (mask, n)
    if (one_in (rand, 2))
      g_string_append_printf (list, "%d;", n);
  if (list->len > 0)
    g_string_append_printf (text, "%s=%s\n", key, list->str);
}

static void
random_need (GString *text, GRand *rand, const VapHost *host, guint i)
{
  static const char *const modes[] = { "CCA", "EP11", "A;C" };

  g_string_append_printf (text, "[guest g%u]\nqueues=%d\n", i,
                          g_rand_int_range (rand, 1, one_in (rand, 3) ? 7 : 4));
  if (one_in (rand, 4))
    g_string_append_printf (text, "spread=%d\n", g_rand_int_range (rand, 1, 4));
  if (one_in (rand, 4))
    g_string_append_printf (text, "mode=%s\n", modes[g_rand_int_range (rand, 0, 3)]);
  if (one_in (rand, 8))
    g_string_append (text, "min-generation=CEX7\n");
  if (one_in (rand, 8))
    g_string_append (text, "card=CEX6;CEX8\n");
  if (one_in (rand, 4))
    g_string_append_printf (text, "away-from=%s\n",
                            one_in (rand, 4)   ? "other"
                            : one_in (rand, 2) ? (i == 0 ? "g1" : "g0")
                                               : (i == 2 ? "g3" : "g2"));
  if (one_in (rand, 8))
    name_numbers (text, rand, "adapters", &host->adapters);
  if (one_in (rand, 8))
    name_numbers (text, rand, "domains", &host->usage_domains);
}

/* NULL when they contradict themselves */
static VapNeeds *
random_needs (GRand *rand, const VapHost *host, guint n)
{
  g_autoptr (GString) text = g_string_new (NULL);
  VapNeeds *needs = vap_needs_new ();
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < n; i++)
    random_need (text, rand, host, i);
  g_assert_true (vap_needs_add_text (needs, text->str, text->len, &error));
  g_assert_no_error (error);
  for (guint i = 0; i < n; i++)
    if (!vap_need_complete (needs->guests->pdata[i], NULL, NULL)) {
      vap_needs_free (needs);
      return NULL;
    }
  if (one_in (rand, 3))
    VAP_MASK_FOREACH (&host->adapters, adapter)
      VAP_MASK_FOREACH (&host->usage_domains, domain)
        if (one_in (rand, 6))
          vap_mask_set (&needs->keep.domains[adapter], (guint)domain);
  return needs;
}

typedef struct {
  guint plans, met_all, unmet, changed, taken, conflicts, smallest, proven;
} Tally;

static void
show (const VapHost *host, const VapNeeds *needs, const VapPlan *plan,
      const VapPlanScore *best)
{
  g_autofree char *json = vap_plan_to_json (plan);

  g_printerr ("best: %u %u %u %u, plan: %u %u %u %u, bound: %u %u %u %u\n", best->met,
              best->adapters, best->changed, best->taken, plan->score.met,
              plan->score.adapters, plan->score.changed, plan->score.taken,
              plan->bound.met, plan->bound.adapters, plan->bound.changed,
              plan->bound.taken);
  for (guint i = 0; i < host->cards->len; i++) {
    const VapCard *card = host->cards->pdata[i];
    g_autofree char *queues = vap_mask_to_list (&host->queues.domains[card->id], 4);
    g_autofree char *bound = vap_mask_to_list (&host->vfio_bound.domains[card->id], 4);

    g_printerr ("card %02x hwtype %u mode %c config %d: %s; vfio_ap: %s; kept %u\n",
                card->id, card->hwtype, card->mode, card->config, queues, bound,
                vap_mask_count (&needs->keep.domains[card->id]));
  }
  for (guint i = 0; i < needs->guests->len; i++) {
    const VapNeed *need = needs->guests->pdata[i];

    g_printerr ("%s: %u queues, spread %u, modes %x, said %x, away %s\n", need->name,
                need->queues, need->spread, need->modes, need->said,
                need->away != NULL ? need->away[0] : "-");
  }
  g_printerr ("override %d\n%s\n", host->override_in_use, json);
}

/* the conflict is one: with the named guests alone, not all are met */
static void
check_conflict (const VapHost *host, const VapNeeds *needs,
                const VapPlanConflict *conflict, gboolean rearrange, guint size)
{
  g_autoptr (VapNeeds) some = vap_needs_new ();
  VapPlanScore best;

  some->keep = needs->keep;
  for (guint i = 0; i < needs->guests->len; i++) {
    const VapNeed *need = needs->guests->pdata[i];

    if (g_strv_contains ((const char *const *)conflict->guests, need->name))
      g_ptr_array_add (some->guests, vap_need_copy (need));
    else if (need->away != NULL)
      return; /* what others demand is no longer known below */
  }
  best = brute_force (host, some, rearrange);
  g_assert_cmpuint (best.met, <, size);
}

static void
compare (GRand *rand, Tally *tally, guint most, guint guests)
{
  VapHost *host = random_host (rand, most);
  g_autoptr (VapNeeds) needs = random_needs (rand, host, guests);
  VapPlanOptions options = { one_in (rand, 3), 60 };
  g_autoptr (VapPlan) plan = NULL;
  g_autoptr (VapPlan) again = NULL;
  g_autoptr (GError) error = NULL;
  VapPlanScore best;

  if (needs == NULL) {
    free_host (host);
    return;
  }
  plan = vap_plan_make (host, needs, &options, &error);
  g_assert_no_error (error);
  best = brute_force (host, needs, options.rearrange);
  if (memcmp (&best, &plan->score, sizeof best) != 0
      || memcmp (&best, &plan->bound, sizeof best) != 0 || !plan->is_optimal) {
    show (host, needs, plan, &best);
    g_error ("the plan is not the best, or does not know it");
  }
  check_plan (host, needs, plan, options.rearrange);
  tally->plans++;
  tally->met_all += plan->score.met == guests;
  tally->unmet += plan->score.met < guests;
  tally->changed += plan->score.changed > 0;
  tally->taken += plan->score.taken > 0;
  for (guint i = 0; i < plan->conflicts->len; i++) {
    const VapPlanConflict *conflict = plan->conflicts->pdata[i];
    guint size = g_strv_length (conflict->guests);

    tally->conflicts++;
    tally->smallest += conflict->is_smallest;
    check_conflict (host, needs, conflict, options.rearrange, size);
  }
  if (plan->score.met < guests)
    g_assert_cmpuint (plan->conflicts->len, >, 0);
  again = vap_plan_make (host, needs, &options, NULL);
  {
    g_autofree char *first = vap_plan_to_json (plan);
    g_autofree char *second = vap_plan_to_json (again);

    g_assert_cmpstr (first, ==, second);
  }
  free_host (host);
}

static void
test_random (void)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (g_test_rand_int_range (0, G_MAXINT32));
  guint count = g_getenv ("VIRT_AP_THOROUGH") != NULL ? 60000 : PLANS;
  Tally tally = { 0 };

  for (guint i = 0; i < count; i++) {
    guint guests = 1 + i % 4;

    compare (rand, &tally, guests < 4 ? 4 : 3, guests);
  }
  g_test_message ("%u plans: %u meet all, %u do not, %u change, %u take, %u conflicts of "
                  "which %u are the smallest",
                  tally.plans, tally.met_all, tally.unmet, tally.changed, tally.taken,
                  tally.conflicts, tally.smallest);
  /* few say little of how often something comes up */
  if (count < 1000)
    return;
  g_assert_cmpuint (tally.met_all, >, count / 10);
  g_assert_cmpuint (tally.unmet, >, count / 10);
  g_assert_cmpuint (tally.changed, >, count / 100);
  g_assert_cmpuint (tally.taken, >, count / 10);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/plan/exact/random", test_random);
  return g_test_run ();
}
