/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tests of 256-bit AP masks. */
#include "ap/mask.h"

#include <string.h>

static VapMask
mask_of (gsize n, const guint *bits)
{
  VapMask mask = { 0 };

  for (gsize i = 0; i < n; i++)
    vap_mask_set (&mask, bits[i]);

  return mask;
}

#define MASK(...)                                                              \
  mask_of (sizeof ((guint[]){ __VA_ARGS__ }) / sizeof (guint), (guint[]){ __VA_ARGS__ })

static void
assert_mask (const VapMask *mask, VapMask expected)
{
  g_assert_cmpmem (mask->bytes, VAP_MASK_BYTES, expected.bytes, VAP_MASK_BYTES);
}

static void
test_bit_order (void)
{
  VapMask mask = MASK (0, 7, 8, 255);

  g_assert_cmphex (mask.bytes[0], ==, 0x81);
  g_assert_cmphex (mask.bytes[1], ==, 0x80);
  g_assert_cmphex (mask.bytes[31], ==, 0x01);
  g_assert_true (vap_mask_test (&mask, 255));
  g_assert_false (vap_mask_test (&mask, 1));
  vap_mask_clear (&mask, 0);
  g_assert_cmphex (mask.bytes[0], ==, 0x01);
}

static void
test_out_of_range (void)
{
  VapMask mask = { 0 };

  vap_mask_set (&mask, 256);
  vap_mask_set (&mask, G_MAXUINT);
  g_assert_true (vap_mask_is_empty (&mask));
  vap_mask_clear (&mask, 256);
  g_assert_false (vap_mask_test (&mask, 256));
  g_assert_cmpint (vap_mask_next (&mask, 256), ==, -1);
}

static void
test_algebra (void)
{
  VapMask a = MASK (1, 5, 200), b = MASK (5, 6), both = vap_mask_and (&a, &b);
  VapMask either = vap_mask_or (&a, &b), rest = vap_mask_minus (&a, &b);
  VapMask low = vap_mask_up_to (15), all = vap_mask_up_to (4000);

  assert_mask (&both, MASK (5));
  assert_mask (&either, MASK (1, 5, 6, 200));
  assert_mask (&rest, MASK (1, 200));
  g_assert_true (vap_mask_intersects (&a, &b));
  g_assert_false (vap_mask_intersects (&rest, &b));
  g_assert_cmpuint (vap_mask_count (&low), ==, 16);
  g_assert_cmpuint (vap_mask_count (&all), ==, 256);
}

/* Walks every pair of neighbouring bits, where skipping bytes could go wrong. */
static void
test_next (void)
{
  for (guint i = 0; i < VAP_MASK_BITS; i++) {
    for (guint j = i + 1; j < VAP_MASK_BITS; j += 1 + j % 5) {
      VapMask mask = MASK (i, j);

      g_assert_cmpint (vap_mask_next (&mask, 0), ==, i);
      g_assert_cmpint (vap_mask_next (&mask, i), ==, i);
      g_assert_cmpint (vap_mask_next (&mask, i + 1), ==, j);
      g_assert_cmpint (vap_mask_next (&mask, j + 1), ==, -1);
    }
  }
}

static void
test_text (void)
{
  VapMask mask = MASK (5, 6, 0x47, 0xff), back;
  char text[VAP_MASK_TEXT_SIZE];
  g_autofree char *list = vap_mask_to_list (&mask, 4);

  vap_mask_format (&mask, text);
  g_assert_cmpstr (text, ==,
                   "0x0600000000000000010000000000000000000000000000000000000000000001");
  g_assert_true (vap_mask_parse (text, 64, &back, NULL));
  g_assert_true (vap_mask_equal (&mask, &back));
  g_assert_cmpstr (list, ==, "0005, 0006, 0047, 00ff");

  g_assert_true (vap_mask_parse (" 0xF8\n", 0, &back, NULL));
  assert_mask (&back, MASK (0, 1, 2, 3, 4));
  g_assert_true (vap_mask_parse ("0x1", 0, &back, NULL));
  assert_mask (&back, MASK (3));
}

static void
test_bad_text (void)
{
  static const struct {
    const char *text;
    guint digits;
  } bad[] = {
    { "", 0 },
    { "0x", 0 },
    { "ff", 0 },
    { "0xg0", 0 },
    { "0xf f", 0 },
    { "0xff", 64 },
    { "0x060000000000000001000000000000000000000000000000000000000000000", 64 },
    { "0x06000000000000000100000000000000000000000000000000000000000000010", 0 },
    { "0X06", 0 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++) {
    g_autoptr (GError) error = NULL;
    VapMask mask = MASK (9);

    g_assert_false (vap_mask_parse (bad[i].text, bad[i].digits, &mask, &error));
    g_assert_error (error, VAP_ERROR, VAP_ERROR_MALFORMED);
    g_assert_nonnull (strstr (error->message, bad[i].text));
    assert_mask (&mask, MASK (9));
  }
}

/* A binary file must not put control characters into a message, nor a huge one
 * a page of text. */
static void
test_hostile_text (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *huge = g_strnfill (100000, '\x1b');
  VapMask mask;

  g_assert_false (vap_mask_parse (huge, 0, &mask, &error));
  g_assert_null (strchr (error->message, '\x1b'));
  g_assert_cmpuint (strlen (error->message), <, 300);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/mask/bit-order", test_bit_order);
  g_test_add_func ("/mask/out-of-range", test_out_of_range);
  g_test_add_func ("/mask/algebra", test_algebra);
  g_test_add_func ("/mask/next", test_next);
  g_test_add_func ("/mask/text", test_text);
  g_test_add_func ("/mask/bad-text", test_bad_text);
  g_test_add_func ("/mask/hostile-text", test_hostile_text);
  return g_test_run ();
}
