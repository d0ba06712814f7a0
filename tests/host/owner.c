/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tests of whose a queue is: the masks on whole matrices against queue by queue. */
#include "support.h"

static void
assert_owned_as_asked (const VapHost *host, const VapMatrix *matrix)
{
  g_autofree VapQueueSet *owned = g_new (VapQueueSet, 1);
  gboolean any = vap_host_owned_by_host (host, matrix, owned);
  gboolean expected_any = FALSE;

  for (guint adapter = 0; adapter < VAP_MASK_BITS; adapter++) {
    for (guint domain = 0; domain < VAP_MASK_BITS; domain++) {
      VapQueue queue = { (guint8)adapter, (guint8)domain };
      gboolean expected = vap_matrix_has_queue (matrix, queue)
                          && vap_host_queue_owner (host, queue) == VAP_OWNER_HOST;

      g_assert_cmpint (vap_queue_set_test (owned, queue), ==, expected);
      expected_any = expected_any || expected;
    }
  }
  g_assert_cmpint (any, ==, expected_any);
  g_assert_cmpint (vap_host_owned_by_host (host, matrix, NULL), ==, any);
}

static VapMask
random_mask (void)
{
  VapMask mask = { 0 };

  for (gint n = g_test_rand_int_range (0, 12); n > 0; n--)
    vap_mask_set (&mask, (guint)g_test_rand_int_range (0, VAP_MASK_BITS));
  return mask;
}

static void
test_random (void)
{
  g_autoptr (VapHost) host = host_of (Z16 "\n");

  for (guint i = 0; i < 40; i++) {
    VapMatrix matrix = { .adapters = random_mask (), .domains = random_mask () };
    VapMask nobody = random_mask ();

    host->apmask = vap_mask_minus (&host->apmask, &nobody);
    nobody = random_mask ();
    host->aqmask = vap_mask_minus (&host->aqmask, &nobody);
    assert_owned_as_asked (host, &matrix);
  }
}

static void
test_override (void)
{
  g_autoptr (VapHost) host = host_of (Z16 " vfio=05.0004,05.0047,06.0004\n");
  VapMatrix matrix = { 0 };

  vap_mask_set (&matrix.adapters, 5);
  vap_mask_set (&matrix.domains, 4);
  vap_mask_set (&matrix.domains, 0x47);
  assert_owned_as_asked (host, &matrix);
  g_assert_false (vap_host_owned_by_host (host, &matrix, NULL));
  vap_mask_set (&matrix.adapters, 6);
  assert_owned_as_asked (host, &matrix);
  g_assert_true (vap_host_owned_by_host (host, &matrix, NULL));
}

/* one adapter alone makes no queue, so the host owns none */
static void
test_half_matrix (void)
{
  g_autoptr (VapHost) host = host_of (Z16 "\n");
  VapMatrix matrix = { 0 };

  vap_mask_set (&matrix.adapters, 5);
  g_assert_false (vap_host_owned_by_host (host, &matrix, NULL));
  vap_mask_set (&matrix.domains, 4);
  g_assert_true (vap_host_owned_by_host (host, &matrix, NULL));
}

/* the masks speak for queues that are not there, too */
static void
test_absent_queue (void)
{
  g_autoptr (VapHost) host = host_of (Z16 " apmask=-0xc8\n");

  g_assert_cmpint (vap_host_queue_owner (host, (VapQueue){ 0xc8, 1 }), ==,
                   VAP_OWNER_VFIO);
  g_assert_cmpint (vap_host_queue_owner (host, (VapQueue){ 0xc9, 1 }), ==,
                   VAP_OWNER_HOST);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/owner/random", test_random);
  g_test_add_func ("/owner/override", test_override);
  g_test_add_func ("/owner/half-matrix", test_half_matrix);
  g_test_add_func ("/owner/absent-queue", test_absent_queue);
  return g_test_run ();
}
