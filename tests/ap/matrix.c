/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tests of queue numbers and matrices. */
#include "ap/matrix.h"

static VapMatrix
matrix_of (guint adapter_a, guint adapter_b, guint domain_a, guint domain_b)
{
  VapMatrix matrix = { 0 };

  vap_mask_set (&matrix.adapters, adapter_a);
  vap_mask_set (&matrix.adapters, adapter_b);
  vap_mask_set (&matrix.domains, domain_a);
  vap_mask_set (&matrix.domains, domain_b);
  return matrix;
}

static void
test_queue_text (void)
{
  static const char *const bad[] = { "",         "05.047",   "5.0047",   "05:0047", "05.0147",
                                     "05.004g",  "05.00470", " 05.0047", "0x.0047", "05.-047" };
  VapQueue queue;
  char text[VAP_QUEUE_TEXT_SIZE];

  g_assert_true (vap_queue_parse ("fE.00aB", &queue));
  g_assert_cmphex (queue.adapter, ==, 0xfe);
  g_assert_cmphex (queue.domain, ==, 0xab);
  vap_queue_format (queue, text);
  g_assert_cmpstr (text, ==, "fe.00ab");

  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    g_assert_false (vap_queue_parse (bad[i], &queue));
}

static void
test_product (void)
{
  VapMatrix matrix = matrix_of (5, 6, 4, 0xab);
  VapQueue first;

  g_assert_cmpuint (vap_matrix_count_queues (&matrix), ==, 4);
  g_assert_true (vap_matrix_first_queue (&matrix, &first));
  g_assert_cmphex (first.adapter, ==, 5);
  g_assert_cmphex (first.domain, ==, 4);
  g_assert_true (vap_matrix_has_queue (&matrix, (VapQueue) { 6, 0xab }));
  g_assert_false (vap_matrix_has_queue (&matrix, (VapQueue) { 4, 0xab }));

  matrix.domains = (VapMask) { 0 };
  g_assert_cmpuint (vap_matrix_count_queues (&matrix), ==, 0);
  g_assert_false (vap_matrix_first_queue (&matrix, &first));
}

static void
test_overlap (void)
{
  VapMatrix a = matrix_of (5, 6, 4, 0xab), b = matrix_of (6, 7, 0xab, 0xff), shared;
  VapMatrix other_domains = matrix_of (5, 6, 1, 2);

  vap_mask_set (&a.control_domains, 1);
  vap_mask_set (&b.control_domains, 1);
  g_assert_true (vap_matrix_overlap (&a, &b, &shared));
  g_assert_cmpuint (vap_matrix_count_queues (&shared), ==, 1);
  g_assert_true (vap_matrix_has_queue (&shared, (VapQueue) { 6, 0xab }));
  g_assert_true (vap_mask_is_empty (&shared.control_domains));
  g_assert_false (vap_matrix_overlap (&a, &other_domains, NULL));
}

#define ZEROS "0000000000000000000000000000000000000000000000000000000000"

static void
test_ap_config (void)
{
  static const char *const bad[] = {
    "", "0x06" ZEROS "00", "0x06" ZEROS "00,0x08" ZEROS "00", "0x06,0x08,0x00",
    "0x06" ZEROS "0000,0x08" ZEROS "0000,0x00" ZEROS "0000,0x00" ZEROS "0000",
  };
  VapMatrix matrix;

  g_assert_true (vap_matrix_parse_ap_config (
      "0x0600" ZEROS "00,0x0800" ZEROS "00,0x8000" ZEROS "00\n", &matrix, NULL));
  g_assert_true (vap_mask_test (&matrix.adapters, 6));
  g_assert_true (vap_mask_test (&matrix.domains, 4));
  g_assert_true (vap_mask_test (&matrix.control_domains, 0));

  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++) {
    g_autoptr (GError) error = NULL;

    g_assert_false (vap_matrix_parse_ap_config (bad[i], &matrix, &error));
    g_assert_error (error, VAP_ERROR, VAP_ERROR_MALFORMED);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/matrix/queue-text", test_queue_text);
  g_test_add_func ("/matrix/product", test_product);
  g_test_add_func ("/matrix/overlap", test_overlap);
  g_test_add_func ("/matrix/ap-config", test_ap_config);
  return g_test_run ();
}
