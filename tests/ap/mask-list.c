/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tests of sets of numbers as a user writes them. */
#include "ap/mask.h"

#include <string.h>

typedef struct {
  const char *before; /* as a list */
  const char *text;
  const char *after; /* decimal; NULL when refused */
} Case;

static const Case cases[] = {
  { "none", "5", "5" },
  { "none", "5,6", "5,6" },
  { "none", "4,0xab", "4,171" },
  { "none", "0XAB", "171" },
  { "none", "0-255", "0-255" },
  { "none", "0x10-0x12,3", "3,16-18" },
  { "none", "7,7,7", "7" },
  { "none", "05,0004,00", "0,4,5" },
  { "1,2", "5", "5" },
  { "1,2", "none", "none" },
  { "5,6", "+7,-5", "6,7" },
  { "5,6", "+7-9,-8", "5-7,9" },
  { "5,6", "-5-6", "none" },
  { "5,6", "-0x5,+0x5", "5,6" },
  { "5,6", "+5", "5,6" },
  { "5", "", NULL },
  { "5", ",", NULL },
  { "5", "5,", NULL },
  { "5", ",5", NULL },
  { "5", "5;6", NULL },
  { "5", "5 ,6", NULL },
  { "5", "256", NULL },
  { "5", "0x100", NULL },
  { "5", "99999999999999999999", NULL },
  { "5", "0x", NULL },
  { "5", "ab", NULL },
  { "5", "6-5", NULL },
  { "5", "6-", NULL },
  { "5", "5-6-7", NULL },
  { "5", "+", NULL },
  { "5", "+7,5", NULL },
  { "5", "7,-5", NULL },
  { "5", "++7", NULL },
  { "5", "010", NULL },
  { "5", "0047", NULL },
  { "5", "08", NULL },
  { "5", "0o5", NULL },
  { "5", "None", NULL },
  { "5", "05.0047", NULL },
};

static VapMask
mask_of (const char *list)
{
  VapMask mask = { 0 };
  g_autoptr (GError) error = NULL;
  gboolean parsed = vap_mask_parse_list (list, &mask, &error);

  g_assert_no_error (error);
  g_assert_true (parsed);
  return mask;
}

static void
test_change (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    VapMask mask = mask_of (cases[i].before);
    VapMask before = mask;
    g_autoptr (GError) error = NULL;
    gboolean changed = vap_mask_change (&mask, cases[i].text, &error);
    g_autofree char *after = vap_mask_to_numbers (&mask);

    g_test_message ("%s changed by %s", cases[i].before, cases[i].text);
    if (cases[i].after == NULL) {
      g_assert_error (error, VAP_ERROR, VAP_ERROR_MALFORMED);
      g_assert_nonnull (strstr (error->message, cases[i].text));
      g_assert_true (vap_mask_equal (&mask, &before));
    } else {
      g_assert_no_error (error);
      g_assert_cmpstr (after, ==, cases[i].after);
    }
    g_assert_true (changed == (cases[i].after != NULL));
  }
}

/* without a set to change, signs are refused */
static void
test_parse (void)
{
  VapMask mask = { 0 };
  g_autoptr (GError) error = NULL;

  g_assert_false (vap_mask_parse_list ("+7", &mask, &error));
  g_assert_error (error, VAP_ERROR, VAP_ERROR_MALFORMED);
  g_assert_true (vap_mask_is_empty (&mask));
}

/* what is written can be read */
static void
test_round (void)
{
  for (guint i = 0; i < 1000; i++) {
    VapMask mask = { 0 }, again;
    guint density = (guint) g_test_rand_int_range (1, 40);
    g_autofree char *text = NULL;

    for (guint bit = 0; bit < VAP_MASK_BITS; bit++)
      if (g_test_rand_int_range (0, (gint) density) == 0)
        vap_mask_set (&mask, bit);
    text = vap_mask_to_numbers (&mask);
    again = mask_of (text);
    g_assert_true (vap_mask_equal (&mask, &again));
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/mask-list/change", test_change);
  g_test_add_func ("/mask-list/parse", test_parse);
  g_test_add_func ("/mask-list/round", test_round);
  return g_test_run ();
}
