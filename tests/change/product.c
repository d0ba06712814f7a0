/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What masks can say: every move of a small host against trying all masks, and the
 * nearest move against trying all others.
 */
#include "change/product.h"

#include <string.h>

#include "ap/pattern.h"

/* adapters 5 to 7, domains 1, 4 and ab: 64 pairs of masks, 512 sets of queues */
#define N 3u
static const guint rows[N] = { 5, 6, 7 };
static const guint columns[N] = { 1, 4, 0xab };

static VapProduct
product_of (guint row_bits, guint column_bits)
{
  VapProduct product = { .apmask = vap_mask_up_to (255), .aqmask = vap_mask_up_to (255) };

  for (guint i = 0; i < N; i++) {
    vap_mask_set (&product.adapters, rows[i]);
    vap_mask_set (&product.domains, columns[i]);
    if (!(row_bits & (1u << i)))
      vap_mask_clear (&product.apmask, rows[i]);
    if (!(column_bits & (1u << i)))
      vap_mask_clear (&product.aqmask, columns[i]);
  }
  return product;
}

/* nine bits, a queue each */
static void
set_of (guint bits, VapQueueSet *queues)
{
  memset (queues, 0, sizeof *queues);
  for (guint i = 0; i < N * N; i++)
    if (bits & (1u << i))
      vap_queue_set_add (queues, (VapQueue){ (guint8)rows[i / N], (guint8)columns[i % N] });
}

static guint
bits_of (const VapQueueSet *queues)
{
  guint bits = 0;

  for (guint i = 0; i < N * N; i++)
    if (vap_queue_set_test (queues,
                            (VapQueue){ (guint8)rows[i / N], (guint8)columns[i % N] }))
      bits |= 1u << i;
  return bits;
}

static guint
host_bits (const VapProduct *product)
{
  g_autofree VapQueueSet *queues = g_new (VapQueueSet, 1);

  vap_product_hosts (product, queues);
  return bits_of (queues);
}

/* what the host has with each pair of masks */
static guint every[1u << (2 * N)];

static void
fill_every (void)
{
  for (guint masks = 0; masks < G_N_ELEMENTS (every); masks++) {
    VapProduct product = product_of (masks & 7u, masks >> N);

    every[masks] = host_bits (&product);
  }
}

static gboolean
is_expressible (guint wanted)
{
  for (guint masks = 0; masks < G_N_ELEMENTS (every); masks++) {
    if (every[masks] == wanted)
      return TRUE;
  }
  return FALSE;
}

/* how many queues the cheapest move has that has all of @wanted; what is the host's */
static guint
cheapest (guint has, guint wanted, gboolean to_host)
{
  guint best = G_MAXUINT;

  for (guint masks = 0; masks < G_N_ELEMENTS (every); masks++) {
    guint then = every[masks];
    guint moved = then ^ has;
    gboolean right = to_host ? (then & has) == has && (then & wanted) == wanted
                             : (then & has) == then && (then & wanted) == 0;

    if (right)
      best = MIN (best, (guint)__builtin_popcount (moved));
  }
  return best;
}

static void
check_one (const VapProduct *before, guint bits, gboolean to_host)
{
  g_autofree VapQueueSet *queues = g_new (VapQueueSet, 1);
  g_autofree VapQueueSet *more = g_new (VapQueueSet, 1);
  guint has = host_bits (before);
  guint wanted = to_host ? has | bits : has & ~bits;
  guint needed;
  VapProduct result;
  VapMask adapters, domains;

  set_of (bits, queues);
  g_assert_cmpint (vap_product_move (before, queues, to_host, &result), ==,
                   is_expressible (wanted));
  if (is_expressible (wanted)) {
    g_assert_cmpuint (host_bits (&result), ==, wanted);
    return;
  }
  vap_product_nearest (before, queues, to_host, more, &adapters, &domains);
  needed = to_host ? bits : bits & has;
  g_assert_cmpuint (bits_of (more) & needed, ==, needed);
  g_assert_true (vap_product_move (before, more, to_host, &result));
  g_assert_cmpuint ((guint)__builtin_popcount (host_bits (&result) ^ has), ==,
                    cheapest (has, bits, to_host));
}

static void
test_all (void)
{
  fill_every ();
  for (guint masks = 0; masks < 1u << (2 * N); masks++) {
    VapProduct before = product_of (masks & 7u, masks >> N);
    for (guint bits = 0; bits < 1u << (N * N); bits++) {
      check_one (&before, bits, TRUE);
      check_one (&before, bits, FALSE);
    }
  }
}

/* bits that there are no queues for stay, and so do all when nothing moves */
static void
test_untouched (void)
{
  g_autofree VapQueueSet *queues = g_new (VapQueueSet, 1);
  VapProduct before = product_of (7, 7), result;

  vap_mask_clear (&before.apmask, 200);
  set_of (0, queues);
  g_assert_true (vap_product_move (&before, queues, FALSE, &result));
  g_assert_cmpmem (&result, sizeof result, &before, sizeof before);
  set_of (0777, queues);
  g_assert_true (vap_product_move (&before, queues, FALSE, &result));
  g_assert_cmpuint (host_bits (&result), ==, 0);
  g_assert_false (vap_mask_test (&result.apmask, 200));
  g_assert_true (vap_mask_test (&result.apmask, 201));
  g_assert_true (vap_mask_equal (&result.aqmask, &before.aqmask)); /* one is enough */
}

static const struct {
  const char *pattern;
  guint bits;       /* as for set_of(); */
  const char *fault; /* or part of the message */
} patterns[] = {
  { "05.0004", 1u << 1, NULL },
  { "5.4", 1u << 1, NULL },
  { "0x5.0x4", 1u << 1, NULL },
  { "05.*", 7u, NULL },
  { "*.00ab", (1u << 2) | (1u << 5) | (1u << 8), NULL },
  { "*.*", 0777u, NULL },
  { "05-06.0001,00AB", (1u << 0) | (1u << 2) | (1u << 3) | (1u << 5), NULL },
  { "00-ff.4", (1u << 1) | (1u << 4) | (1u << 7), NULL },
  { "08.0004", 0, "adapter 08 is not" },
  { "05.0005", 0, "usage domain 0005 is not" },
  { "08-0a.*", 0, "adapter 08 is not" },
  { "", 0, "not a pattern" },
  { "05", 0, "not a pattern" },
  { "05.", 0, "not a pattern" },
  { ".4", 0, "not a pattern" },
  { "05.4.1", 0, "not a pattern" },
  { "05,.4", 0, "not a pattern" },
  { "06-05.4", 0, "not a pattern" },
  { "05-.4", 0, "not a pattern" },
  { "100.4", 0, "not a pattern" },
  { "05.zz", 0, "not a pattern" },
  { "-5.4", 0, "not a pattern" },
  { "5 .4", 0, "not a pattern" },
  { "**.4", 0, "not a pattern" },
};

static void
test_patterns (void)
{
  const VapProduct product = product_of (7, 7);

  for (gsize i = 0; i < G_N_ELEMENTS (patterns); i++) {
    g_autofree VapQueueSet *queues = g_new0 (VapQueueSet, 1);
    g_autoptr (GError) error = NULL;
    gboolean good = vap_queue_set_add_pattern (patterns[i].pattern, &product.adapters,
                                               &product.domains, queues, &error);

    g_test_message ("%s", patterns[i].pattern);
    g_assert_cmpint (good, ==, patterns[i].fault == NULL);
    g_assert_cmpuint (bits_of (queues), ==, patterns[i].bits);
    if (!good)
      g_assert_nonnull (strstr (error->message, patterns[i].fault));
  }
}

static void
test_pattern_text (void)
{
  const VapProduct product = product_of (7, 7);
  VapMask some = { { 0 } };
  g_autofree char *all = vap_queue_pattern_text (&product.adapters, &product.domains,
                                                 &product.adapters, &product.domains);
  g_autofree char *part = NULL;

  g_assert_cmpstr (all, ==, "*.*");
  vap_mask_set (&some, 5);
  vap_mask_set (&some, 6);
  vap_mask_set (&some, 0xab);
  part = vap_queue_pattern_text (&some, &some, &product.adapters, &product.domains);
  g_assert_cmpstr (part, ==, "05-06,ab.0005-0006,00ab");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/product/all", test_all);
  g_test_add_func ("/product/untouched", test_untouched);
  g_test_add_func ("/pattern/parse", test_patterns);
  g_test_add_func ("/pattern/text", test_pattern_text);
  return g_test_run ();
}
