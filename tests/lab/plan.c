/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Random hosts and needs: a plan's steps, written one after the other into the model of
 * the drivers, are all taken; each guest then gets what the plan says; and the judge has
 * nothing against any of it.  The seed is printed first; with --seed=SEED the same come
 * again.  VIRT_AP_THOROUGH=1 makes many more.
 */
#include "by-hand.h"
#include "check/check.h"
#include "plan/plan.h"

#include <string.h>

#define GUESTS 4u

/* the planner is mostly tables on the stack, which sanitizers watch at a price */
#ifdef __SANITIZE_ADDRESS__
#define PLANS 100
#else
#define PLANS 400
#endif

/* numbers are drawn from few, so that matrices meet */
static const guint pool[] = { 0, 4, 5, 15, 16, 63, 71, 171 };

static VapMask
random_mask (GRand *rand, gint of_ten)
{
  return random_mask_of (rand, pool, G_N_ELEMENTS (pool), of_ten);
}

static VapMask
random_bus_mask (GRand *rand)
{
  VapMask all = vap_mask_up_to (VAP_MASK_BITS - 1);
  VapMask some = random_mask (rand, 4);

  return one_in (rand, 2) ? all : vap_mask_minus (&all, &some);
}

static LabMachine *
random_machine (GRand *rand)
{
  static const LabMode modes[] = { LAB_MODE_CCA, LAB_MODE_EP11, LAB_MODE_ACCELERATOR };
  LabMachine *machine = lab_machine_new_default ();
  VapMask cards = random_mask (rand, 5);
  VapMask domains = random_mask (rand, 5);

  machine->kernel = (LabKernel)g_rand_int_range (rand, 0, LAB_KERNEL_7_2 + 1);
  machine->vfio_ap_loaded = TRUE;
  machine->apmask = random_bus_mask (rand);
  machine->aqmask = random_bus_mask (rand);
  machine->usage_domains = machine->control_domains = domains;
  g_array_set_size (machine->cards, 0);
  VAP_MASK_FOREACH (&cards, adapter) {
    LabCard card = { .id = (guint8)adapter,
                     .hwtype = (guint)g_rand_int_range (rand, 10, 15),
                     .mode = modes[g_rand_int_range (rand, 0, 3)],
                     .config = !one_in (rand, 8),
                     .online = TRUE };

    g_array_append_val (machine->cards, card);
  }
  return machine;
}

/* a queue to vfio_ap, as virt-ap reserve does it with driver_override; an errno value */
static int
override (LabModel *model, guint adapter, guint domain)
{
  VapQueue queue = { (guint8)adapter, (guint8)domain };
  g_autofree char *name = queue_name (queue);
  g_autofree char *path = override_path (queue);
  int code = store (model, path, "vfio_ap");

  if (code != 0)
    return code;
  store (model, "bus/ap/drivers/cex4queue/unbind", name);
  return store (model, "bus/ap/drivers/vfio_ap/bind", name);
}

static void
override_some (GRand *rand, LabModel *model)
{
  g_autofree VapQueueSet *queues = g_new0 (VapQueueSet, 1);

  list_queues (model, "bus/ap/devices", queues);
  for (guint adapter = 0; adapter < VAP_MASK_BITS; adapter++)
    VAP_MASK_FOREACH (&queues->domains[adapter], domain)
      if (one_in (rand, 3))
        override (model, adapter, (guint)domain);
}

static void
add_cards (VapHost *host, const LabMachine *machine)
{
  host->adapters = (VapMask){ 0 };
  for (guint i = 0; i < machine->cards->len; i++) {
    const LabCard *known = &g_array_index (machine->cards, LabCard, i);
    VapCard *card = g_new0 (VapCard, 1);

    card->id = known->id;
    card->hwtype = known->hwtype;
    card->mode = known->mode == LAB_MODE_CCA    ? VAP_CARD_MODE_CCA
                 : known->mode == LAB_MODE_EP11 ? VAP_CARD_MODE_EP11
                                                : VAP_CARD_MODE_ACCELERATOR;
    card->config = known->config;
    card->online = known->online;
    vap_mask_set (&host->adapters, card->id);
    g_ptr_array_add (host->cards, card);
  }
}

static VapHost *
read_host_with_cards (const LabMachine *machine, LabModel *model)
{
  VapHost *host = read_host (machine, model);

  host->usage_domains = machine->usage_domains;
  host->control_domains = machine->control_domains;
  add_cards (host, machine);
  return host;
}

static gint
compare_devices (gconstpointer a, gconstpointer b)
{
  return strcmp ((*(VapHostDevice *const *)a)->uuid, (*(VapHostDevice *const *)b)->uuid);
}

/* devices of some guests, with as much of a random matrix as the model lets them have */
static void
add_devices (GRand *rand, LabModel *model, VapHost *host)
{
  static const char *const names[] = { "g0", "g1", "g2", "other" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
    VapMask adapters = random_mask (rand, 4);
    VapMask domains = random_mask (rand, 4);
    char uuid[37];

    if (!one_in (rand, 3))
      continue;
    vap_plan_device_uuid (names[i], 0, uuid);
    add_device (model, host, uuid, &adapters, &domains);
  }
  g_ptr_array_sort (host->devices, compare_devices);
}

static VapNeeds *
random_needs (GRand *rand)
{
  static const char *const modes[] = { "CCA", "EP11", "A;C" };
  g_autoptr (GString) text = g_string_new (NULL);
  g_autoptr (GError) error = NULL;
  VapNeeds *needs = vap_needs_new ();

  for (guint i = 0; i < GUESTS; i++) {
    g_string_append_printf (text, "[guest g%u]\nqueues=%d\n", i,
                            g_rand_int_range (rand, 1, 7));
    if (one_in (rand, 3))
      g_string_append_printf (text, "mode=%s\n", modes[g_rand_int_range (rand, 0, 3)]);
    if (one_in (rand, 4))
      g_string_append_printf (text, "away-from=g%u\n", (i + 1) % GUESTS);
    if (one_in (rand, 3))
      g_string_append (text, "control-domains=none\n");
  }
  g_assert_true (vap_needs_add_text (needs, text->str, text->len, &error));
  g_assert_no_error (error);
  for (guint i = 0; i < GUESTS; i++)
    g_assert_true (vap_need_complete (needs->guests->pdata[i], NULL, &error));
  return needs;
}

static void
write_all (LabModel *model, const char *uuid, const char *name, const VapMask *mask)
{
  VAP_MASK_FOREACH (mask, bit)
    g_assert_cmpint (store_number (model, uuid, name, bit), ==, 0);
}

/* one after the other, as mdevctl writes: first what goes, then what comes */
static void
change (LabModel *model, const char *uuid, const VapMatrix *from, const VapMatrix *to)
{
  static const struct {
    const char *assign, *unassign;
  } names[] = { { "assign_adapter", "unassign_adapter" },
                { "assign_domain", "unassign_domain" },
                { "assign_control_domain", "unassign_control_domain" } };
  const VapMask *const old[] = { &from->adapters, &from->domains, &from->control_domains };
  const VapMask *const new[] = { &to->adapters, &to->domains, &to->control_domains };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
    VapMask goes = vap_mask_minus (old[i], new[i]);

    write_all (model, uuid, names[i].unassign, &goes);
  }
  for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
    VapMask comes = vap_mask_minus (new[i], old[i]);

    write_all (model, uuid, names[i].assign, &comes);
  }
}

static void
reserve (LabModel *model, const VapPlanReserve *plan)
{
  char mask[VAP_MASK_TEXT_SIZE];

  if (plan->method == VAP_RESERVE_OVERRIDE) {
    for (guint adapter = 0; adapter < VAP_MASK_BITS; adapter++)
      VAP_MASK_FOREACH (&plan->queues.domains[adapter], domain)
        g_assert_cmpint (override (model, adapter, (guint)domain), ==, 0);
    return;
  }
  vap_mask_format (&plan->apmask, mask);
  g_assert_cmpint (store (model, "bus/ap/apmask", mask), ==, 0);
  vap_mask_format (&plan->aqmask, mask);
  g_assert_cmpint (store (model, "bus/ap/aqmask", mask), ==, 0);
}

static void
carry_out (LabModel *model, const VapPlan *plan)
{
  VapMatrix now[GUESTS] = { 0 };

  for (guint i = 0; i < plan->guests->len; i++)
    now[i] = ((VapPlanGuest *)plan->guests->pdata[i])->before;
  for (guint i = 0; i < plan->steps->len; i++) {
    const VapPlanStep *step = &g_array_index (plan->steps, VapPlanStep, i);
    const VapPlanGuest *guest = plan->guests->pdata[step->guest];

    if (step->kind == VAP_PLAN_STEP_RESERVE) {
      reserve (model, &plan->reserve);
      continue;
    }
    if (step->kind == VAP_PLAN_STEP_CREATE)
      g_assert_cmpint (store (model, CREATE, guest->uuid), ==, 0);
    change (model, guest->uuid, &now[step->guest], &step->matrix);
    now[step->guest] = step->matrix;
  }
}

/* the guest gets each queue of its matrix, and no other; of one that was there before,
 * as many as it needs */
static void
check_guest_matrix (LabModel *model, const VapPlanGuest *guest, const VapNeed *need)
{
  g_autofree char *path = g_strconcat (MATRIX, guest->uuid, "/guest_matrix", NULL);
  g_autoptr (GString) content = g_string_new (NULL);
  g_auto (GStrv) lines = NULL;
  guint count = 0;
  LabNode node;

  if (guest->action == VAP_PLAN_UNMET || lab_model_resolve (model, path, &node) != 0)
    return;
  g_assert_cmpint (lab_model_read (model, node, content), ==, 0);
  lines = g_strsplit (content->str, "\n", -1);
  for (guint i = 0; lines[i] != NULL; i++) {
    VapQueue queue;

    if (!vap_queue_parse (lines[i], &queue))
      continue;
    g_assert_true (vap_matrix_has_queue (&guest->matrix, queue));
    count++;
  }
  if (guest->action == VAP_PLAN_KEEP)
    g_assert_cmpuint (count, >=, need->queues);
  else
    g_assert_cmpuint (count, ==, vap_matrix_count_queues (&guest->matrix));
}

static VapDevice *
definition_of (const VapPlanGuest *guest)
{
  char adapters[VAP_MASK_TEXT_SIZE], domains[VAP_MASK_TEXT_SIZE],
      control[VAP_MASK_TEXT_SIZE];
  g_autofree char *json = NULL;
  g_autoptr (GError) error = NULL;
  VapDevice *device;

  vap_mask_format (&guest->matrix.adapters, adapters);
  vap_mask_format (&guest->matrix.domains, domains);
  vap_mask_format (&guest->matrix.control_domains, control);
  json = g_strdup_printf ("{\"mdev_type\":\"" VAP_DEVICE_TYPE "\",\"start\":\"manual\","
                          "\"attrs\":[{\"ap_config\":\"%s,%s,%s\"}]}",
                          adapters, domains, control);
  device = vap_device_parse_mdevctl (json, strlen (json), guest->uuid, VAP_DEVICE_PARENT,
                                     &error);
  g_assert_no_error (error);
  return device;
}

/* nothing worse than a note, for each guest on the host as it will be */
static void
check_judgement (const VapHost *host, const VapPlan *plan)
{
  g_autoptr (VapHost) expected = vap_plan_expected (host, plan);

  if (expected == host)
    return;
  expected->has_ap_config = TRUE;
  for (guint i = 0; i < plan->guests->len; i++) {
    const VapPlanGuest *guest = plan->guests->pdata[i];
    g_autoptr (VapDevice) device = NULL;
    g_autoptr (VapFindings) findings = NULL;

    if (guest->action == VAP_PLAN_UNMET || guest->action == VAP_PLAN_KEEP)
      continue;
    device = definition_of (guest);
    findings = vap_check_device (expected, device, VAP_ACTION_MODIFY_LIVE);
    if (vap_findings_count (findings, VAP_SEVERITY_ERROR)
            + vap_findings_count (findings, VAP_SEVERITY_WARNING)
        > 0) {
      g_autofree char *text = vap_findings_to_text (findings, VAP_SEVERITY_NOTE);

      g_error ("%s", text);
    }
  }
}

typedef struct {
  guint plans, steps, reserved, overridden, changed;
} Tally;

static void
run_one (GRand *rand, Tally *tally)
{
  g_autoptr (LabMachine) machine = random_machine (rand);
  g_autoptr (LabModel) model = lab_model_new (machine, NULL, NULL, NULL);
  g_autoptr (VapNeeds) needs = random_needs (rand);
  VapPlanOptions options = { one_in (rand, 3), 60 };
  g_autoptr (VapPlan) plan = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (VapHost) host = NULL;

  if (one_in (rand, 2))
    override_some (rand, model);
  host = read_host_with_cards (machine, model);
  add_devices (rand, model, host);
  plan = vap_plan_make (host, needs, &options, &error);
  g_assert_no_error (error);
  check_judgement (host, plan);
  carry_out (model, plan);
  for (guint i = 0; i < plan->guests->len; i++)
    check_guest_matrix (model, plan->guests->pdata[i], needs->guests->pdata[i]);
  tally->plans++;
  tally->steps += plan->steps->len;
  tally->reserved += plan->reserve.method == VAP_RESERVE_MASKS;
  tally->overridden += plan->reserve.method == VAP_RESERVE_OVERRIDE;
  tally->changed += plan->score.changed > 0;
}

static void
test_random (void)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (g_test_rand_int_range (0, G_MAXINT32));
  guint count = g_getenv ("VIRT_AP_THOROUGH") != NULL ? 20000 : PLANS;
  Tally tally = { 0 };

  for (guint i = 0; i < count; i++)
    run_one (rand, &tally);
  g_test_message ("%u plans, %u steps; %u reserve by masks, %u by driver_override, %u "
                  "change devices",
                  tally.plans, tally.steps, tally.reserved, tally.overridden,
                  tally.changed);
  /* few say little of how often something comes up */
  if (count < 400)
    return;
  g_assert_cmpuint (tally.steps, >, count);
  g_assert_cmpuint (tally.reserved, >, count / 20);
  g_assert_cmpuint (tally.overridden, >, 0);
  g_assert_cmpuint (tally.changed, >, count / 50);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/plan/model/random", test_random);
  return g_test_run ();
}
