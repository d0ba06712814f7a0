/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A plan's document: written, read back, and refused when someone broke it. */
#include "plan/plan.h"

#include <string.h>

#define MASK "0x" "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"

static const char document[]
    = "{\"format\":\"virt-ap plan\",\"version\":1,\"host\":{\"apmask\":\"" MASK
      "\",\"aqmask\":\"" MASK "\"},"
      "\"score\":{\"met\":1,\"adapters\":2,\"changed\":0,\"taken\":2},"
      "\"bound\":{\"met\":1,\"adapters\":2,\"changed\":0,\"taken\":2},"
      "\"optimal\":true,\"stopped\":false,"
      "\"reserve\":{\"method\":\"masks\",\"apmask\":\"" MASK "\",\"aqmask\":\"" MASK "\","
      "\"queues\":[{\"adapter\":5,\"domains\":[4,71]}]},"
      "\"guests\":[{\"guest\":\"web1\",\"uuid\":\"62177883-f1bb-47f0-914d-32a22e3a8801\","
      "\"action\":\"create\",\"matrix\":{\"adapters\":[5],\"domains\":[4,71],"
      "\"control_domains\":[4]},\"before\":null,\"active\":false,\"defined\":false,"
      "\"reason\":\"because\"},"
      "{\"guest\":\"web2\",\"uuid\":null,\"action\":\"unmet\",\"matrix\":{\"adapters\":[],"
      "\"domains\":[],\"control_domains\":[]},\"before\":null,\"active\":false,"
      "\"defined\":false,\"reason\":null}],"
      "\"steps\":[{\"step\":\"reserve\"},{\"step\":\"create\",\"guest\":\"web1\","
      "\"uuid\":\"62177883-f1bb-47f0-914d-32a22e3a8801\",\"matrix\":{\"adapters\":[5],"
      "\"domains\":[4,71],\"control_domains\":[4]}}],"
      "\"conflicts\":[{\"guests\":[\"web2\"],\"smallest\":true,\"reason\":\"none\"}]}";

static void
check (const VapPlan *plan)
{
  const VapPlanGuest *guest = plan->guests->pdata[0];
  const VapPlanConflict *conflict = plan->conflicts->pdata[0];
  const VapPlanStep *step = &g_array_index (plan->steps, VapPlanStep, 1);

  g_assert_cmpuint (plan->score.taken, ==, 2);
  g_assert_cmpuint (plan->bound.adapters, ==, 2);
  g_assert_true (plan->is_optimal);
  g_assert_cmpint (plan->reserve.method, ==, VAP_RESERVE_MASKS);
  g_assert_cmpuint (plan->reserve.n_queues, ==, 2);
  g_assert_cmpstr (guest->guest, ==, "web1");
  g_assert_cmpint (guest->action, ==, VAP_PLAN_CREATE);
  g_assert_true (vap_mask_test (&guest->matrix.domains, 71));
  g_assert_false (guest->has_before);
  g_assert_cmpuint (plan->guests->len, ==, 2);
  g_assert_cmpuint (plan->steps->len, ==, 2);
  g_assert_cmpint (step->kind, ==, VAP_PLAN_STEP_CREATE);
  g_assert_cmpuint (step->guest, ==, 0);
  g_assert_true (vap_matrix_equal (&step->matrix, &guest->matrix));
  g_assert_cmpstr (conflict->guests[0], ==, "web2");
  g_assert_true (conflict->is_smallest);
}

static void
test_round (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (VapPlan) plan = vap_plan_parse (document, strlen (document), &error);
  g_autoptr (VapPlan) again = NULL;
  g_autofree char *text = NULL;
  g_autofree char *second = NULL;

  g_assert_no_error (error);
  check (plan);
  text = vap_plan_to_json (plan);
  again = vap_plan_parse (text, strlen (text), &error);
  g_assert_no_error (error);
  check (again);
  second = vap_plan_to_json (again);
  g_assert_cmpstr (text, ==, second);
}

static void
test_broken (void)
{
  static const struct {
    const char *old, *new, *message;
  } cases[] = {
    { "virt-ap plan", "virt-ap", "no plan of virt-ap" },
    { "\"version\":1", "\"version\":2", "version 2" },
    { "\"version\":1", "\"version\":\"1\"", "version: a number" },
    { "\"method\":\"masks\"", "\"method\":\"magic\"", "method" },
    { "\"adapter\":5", "\"adapter\":256", "adapter" },
    { "[4,71]", "[4,256]", "domains: numbers from 0 to 255" },
    { "[4,71]", "[4,-1]", "domains: numbers from 0 to 255" },
    { "8801\",\"action", "880\",\"action", "guests[0]: uuid" },
    { "\"action\":\"create\"", "\"action\":\"destroy\"", "guests[0]: action" },
    { "\"before\":null", "\"before\":5", "before" },
    { "\"guest\":\"web1\",\"uuid\":\"6", "\"guest\":\"web1\",\"uuid\":\"7", "steps[1]" },
    { "\"optimal\":true", "\"optimal\":1", "optimal" },
    { "\"guests\":[\"web2\"]", "\"guests\":[2]", "conflicts[0]: guests" },
    { "\"steps\":[", "\"stairs\":[", "steps: a list" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    const char *at = strstr (document, cases[i].old);
    g_autofree char *text = NULL;
    g_autoptr (GError) error = NULL;

    g_assert_nonnull (at);
    text = g_strdup_printf ("%.*s%s%s", (int)(at - document), document, cases[i].new,
                            at + strlen (cases[i].old));
    g_assert_null (vap_plan_parse (text, strlen (text), &error));
    g_assert_error (error, VAP_ERROR, VAP_ERROR_MALFORMED);
    if (strstr (error->message, cases[i].message) == NULL)
      g_error ("'%s' is not in '%s'", cases[i].message, error->message);
  }
}

/* the same on every host and in every version: the name of a device must not change */
static void
test_uuid (void)
{
  char uuid[37];

  vap_plan_device_uuid ("web1", 0, uuid);
  g_assert_cmpstr (uuid, ==, "5f92affc-007f-5988-ab51-3d83f41ebcc7");
  vap_plan_device_uuid ("web1", 1, uuid);
  g_assert_cmpstr (uuid, ==, "29866480-0891-5d7f-8ad0-f4409ca17e90");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/plan/document/round", test_round);
  g_test_add_func ("/plan/document/broken", test_broken);
  g_test_add_func ("/plan/document/uuid", test_uuid);
  return g_test_run ();
}
