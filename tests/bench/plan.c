/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How long a plan takes and how near to the best it is proven to be, for hosts of
 * several sizes and needs of several kinds, all from fixed seeds.
 */
#include "plan/profile.h"
#include "plan/plan.h"

#include <string.h>

typedef struct {
  const char *name;
  guint adapters, domains, guests;
  guint queues;     /* a guest's, at most */
  guint modes;      /* different cards */
  gboolean host;    /* all queues are the host's at first */
  gboolean override;
  guint away;       /* each nth guest keeps away from the one before */
  gboolean rearrange; /* half of the guests run, on few adapters each */
  gint64 limit_ms;  /* the goal */
} Case;

static const Case cases[] = {
  { "16 x 85, 60 guests, all fit", 16, 85, 60, 16, 1, TRUE, FALSE, 0, FALSE, 1000 },
  { "three kinds of cards", 16, 85, 60, 12, 3, TRUE, FALSE, 0, FALSE, 1000 },
  { "all are the guests' already", 16, 85, 60, 20, 3, FALSE, FALSE, 0, FALSE, 1000 },
  { "more than there is", 16, 85, 60, 60, 1, TRUE, FALSE, 0, FALSE, 1000 },
  { "more than there is, three kinds", 16, 85, 60, 60, 3, TRUE, FALSE, 0, FALSE, 1000 },
  { "some keep away from others", 16, 85, 60, 8, 1, TRUE, FALSE, 6, FALSE, 1000 },
  { "driver_override", 16, 85, 60, 16, 3, TRUE, TRUE, 0, FALSE, 1000 },
  { "rearranged", 16, 85, 60, 16, 1, FALSE, FALSE, 0, TRUE, 1000 },
  { "256 x 256, 1,000 guests", 256, 256, 1000, 32, 1, TRUE, FALSE, 0, FALSE, 10000 },
  { "three kinds of cards", 256, 256, 1000, 48, 3, TRUE, FALSE, 0, FALSE, 10000 },
  { "more than there is", 256, 256, 1000, 200, 1, TRUE, FALSE, 0, FALSE, 10000 },
  { "driver_override", 256, 256, 1000, 48, 3, TRUE, TRUE, 0, FALSE, 10000 },
  { "some keep away from others", 256, 256, 1000, 32, 3, TRUE, FALSE, 10, FALSE, 10000 },
  { "rearranged", 256, 256, 1000, 32, 1, FALSE, FALSE, 0, TRUE, 10000 },
};

static void
add_device (VapHost *host, guint i, const VapMatrix *matrix)
{
  g_autofree char *name = g_strdup_printf ("guest%u", i);
  VapHostDevice *device = g_new0 (VapHostDevice, 1);
  char uuid[37];

  vap_plan_device_uuid (name, 0, uuid);
  device->uuid = g_strdup (uuid);
  device->active = TRUE;
  device->matrix = *matrix;
  g_ptr_array_add (host->devices, device);
}

static VapHost *
make_host (const Case *it)
{
  static const VapCardMode modes[]
      = { VAP_CARD_MODE_CCA, VAP_CARD_MODE_EP11, VAP_CARD_MODE_ACCELERATOR };
  VapHost *host = g_new0 (VapHost, 1);

  host->root = g_strdup ("");
  host->has_ap_bus = host->has_vfio_ap = host->has_ap_config = TRUE;
  host->max_adapter_id = host->max_domain_id = 255;
  host->devices = g_ptr_array_new ();
  host->guests = g_ptr_array_new ();
  host->cards = g_ptr_array_new ();
  host->adapters = vap_mask_up_to (it->adapters - 1);
  host->usage_domains = host->control_domains = vap_mask_up_to (it->domains - 1);
  host->override_in_use = it->override;
  if (it->host)
    host->apmask = host->aqmask = vap_mask_up_to (255);
  for (guint a = 0; a < it->adapters; a++) {
    VapCard *card = g_new0 (VapCard, 1);

    card->id = (guint8)a;
    card->hwtype = 14;
    card->mode = modes[a * it->modes / it->adapters];
    card->config = TRUE;
    g_ptr_array_add (host->cards, card);
    host->queues.domains[a] = host->usage_domains;
    if (!it->host)
      host->vfio_bound.domains[a] = host->usage_domains;
  }
  return host;
}

/* every second guest runs, on two adapters or one */
static void
add_running (VapHost *host, const Case *it)
{
  for (guint i = 0; i < it->guests / 2; i++) {
    VapMatrix matrix = { 0 };

    vap_mask_set (&matrix.adapters, 2 * i % it->adapters);
    vap_mask_set (&matrix.adapters, (2 * i + 1) % it->adapters);
    vap_mask_set (&matrix.domains, i * 2 / it->adapters % it->domains);
    add_device (host, 2 * i, &matrix);
  }
}

static VapNeeds *
make_needs (const Case *it)
{
  static const char *const modes[] = { "CCA", "EP11", "accelerator" };
  g_autoptr (GRand) rand = g_rand_new_with_seed (1);
  g_autoptr (GString) text = g_string_new (NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (VapProfiles) profiles = vap_profiles_new ();
  VapNeeds *needs = vap_needs_new ();

  for (guint i = 0; i < it->guests; i++) {
    g_string_append_printf (text, "[guest guest%u]\nqueues=%d\n", i,
                            g_rand_int_range (rand, 1, (gint)it->queues + 1));
    if (it->modes > 1)
      g_string_append_printf (text, "mode=%s\n",
                              modes[g_rand_int_range (rand, 0, (gint)it->modes)]);
    if (it->away > 0 && i > 0 && i % it->away == 0)
      g_string_append_printf (text, "away-from=guest%u\n", i - 1);
  }
  g_assert_true (vap_needs_add_text (needs, text->str, text->len, &error));
  g_assert_true (vap_needs_complete (needs, profiles, &error));
  return needs;
}

static void
measure (const Case *it)
{
  VapHost *host = make_host (it);
  g_autoptr (VapNeeds) needs = make_needs (it);
  VapPlanOptions options = { it->rearrange, (double)it->limit_ms / 1000 };
  g_autoptr (VapPlan) plan = NULL;
  gint64 start;

  if (it->rearrange)
    add_running (host, it);
  start = g_get_monotonic_time ();
  plan = vap_plan_make (host, needs, &options, NULL);
  g_print ("%-32s %6.0f ms (goal %" G_GINT64_FORMAT "): met %u of %u (bound %u), "
           "adapters %u (%u), changed %u (%u), taken %u (%u)%s, conflicts %u\n",
           it->name, (double)(g_get_monotonic_time () - start) / 1000, it->limit_ms,
           plan->score.met, it->guests, plan->bound.met, plan->score.adapters,
           plan->bound.adapters, plan->score.changed, plan->bound.changed,
           plan->score.taken, plan->bound.taken,
           plan->is_optimal ? ", optimal" : plan->is_stopped ? ", stopped" : "",
           plan->conflicts->len);
}

int
main (int argc, char **argv)
{
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    if (argc < 2 || i == (guint)g_ascii_strtoull (argv[1], NULL, 10))
      measure (&cases[i]);
  return 0;
}
