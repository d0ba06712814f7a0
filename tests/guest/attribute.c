/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Numbers, masks and UUIDs as the kernel and libvirt read them. */
#include "guest/attribute.h"

#include <string.h>

static void
test_number (void)
{
  static const struct {
    const char *text;
    gulong number;
  } good[] = {
    { "0", 0 },
    { "5", 5 },
    { "255", 255 },
    { "256", 256 },
    { "007", 7 },
    { "010", 8 },
    { "0x47", 0x47 },
    { "0XaB", 0xab },
    { "+5", 5 },
    { "+0x10", 16 },
    { "5\n", 5 },
    { "0x0\n", 0 },
    { "00000000000000000000000000000005", 5 },
  };
  static const char *const bad[] = {
    "",
    "\n",
    "+",
    "-",
    "-1",
    "+-1",
    "++1",
    " 5",
    "5 ",
    "5\n\n",
    "0x",
    "0x\n",
    "0xg",
    "08",
    "0b1",
    "1_0",
    "5,6",
    "five",
    "5a",
    "\t5",
    "5\r\n",
    "x5",
    "0x10000000000000000",
    "18446744073709551616",
    "99999999999999999999999999",
    "02000000000000000000000",
    "0 x5",
    "5\nx",
  };
  gulong number = 42;

  for (guint i = 0; i < G_N_ELEMENTS (good); i++) {
    g_assert_true (vap_attribute_parse_number (good[i].text, &number));
    g_assert_cmpuint (number, ==, good[i].number);
  }
  number = 42;
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++) {
    g_test_message ("'%s'", bad[i]);
    g_assert_false (vap_attribute_parse_number (bad[i], &number));
    g_assert_cmpuint (number, ==, 42);
  }
  g_assert_false (vap_attribute_parse_number (NULL, &number));
}

static void
test_number_limit (void)
{
  g_autofree char *largest = g_strdup_printf ("%lu", G_MAXULONG);
  g_autofree char *hex = g_strdup_printf ("0x%lx", G_MAXULONG);
  g_autofree char *octal = g_strdup_printf ("0%lo", G_MAXULONG);
  gulong number;

  g_assert_true (vap_attribute_parse_number (largest, &number));
  g_assert_true (number == G_MAXULONG);
  g_assert_true (vap_attribute_parse_number (hex, &number));
  g_assert_true (number == G_MAXULONG);
  g_assert_true (vap_attribute_parse_number (octal, &number));
  g_assert_true (number == G_MAXULONG);
}

static void
check_mask (const VapMask *mask, const char *list)
{
  g_autofree char *text = vap_mask_to_list (mask, 2);

  g_assert_cmpstr (text, ==, list);
}

#define ZEROS60 "000000000000000000000000000000000000000000000000000000000000"

/* What the driver answered when it was tried, and what follows from its code. */
static void
test_config (void)
{
  static const struct {
    const char *text;
    const char *adapters, *domains, *control_domains;
  } good[] = {
    { "0x06,0x08,0x08", "05, 06", "04", "04" },
    { "06,08,08", "05, 06", "04", "04" },
    { "x06,0x08,x8", "05, 06", "04", "00" },
    { "0x06,0x08\n", "05, 06", "04", "" },
    { "0x06,0x08,", "05, 06", "04", "" },
    { "0x06,0x08,0x08,0x08", "05, 06", "04", "04" },
    { "0x06,0x08,0x08,junk", "05, 06", "04", "04" },
    { "0x06\n0x08\n0x08\n", "05, 06", "04", "04" },
    { "0x0,0xff,0x0", "", "00, 01, 02, 03, 04, 05, 06, 07", "" },
    { ",,", "", "", "" },
    { "0x,0x,0x", "", "", "" },
    { "0x" ZEROS60 "0001,0x" ZEROS60 "0002,0x" ZEROS60 "000F\n", "ff", "fe",
      "fc, fd, fe, ff" },
  };
  static const char *const bad[] = {
    "",
    "\n",
    "0x06",
    "0x06,0x08",
    "0x06,0x0g,0x08",
    "0X06,0x08,0x08",
    " 0x06,0x08,0x08",
    "0x06 ,0x08,0x08",
    "0x06,0x08,0x08 ",
    "0x06;0x08;0x08",
    "0x0x06,0,0",
    "-1,0,0",
    "0x" ZEROS60 "00001,0x0,0x0",
    "0x0,0x0,0x" ZEROS60 "00000",
  };
  VapMatrix matrix;
  VapMatrix before;

  for (guint i = 0; i < G_N_ELEMENTS (good); i++) {
    g_test_message ("'%s'", good[i].text);
    g_assert_true (vap_attribute_parse_config (good[i].text, &matrix));
    check_mask (&matrix.adapters, good[i].adapters);
    check_mask (&matrix.domains, good[i].domains);
    check_mask (&matrix.control_domains, good[i].control_domains);
  }
  before = matrix;
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++) {
    g_test_message ("'%s'", bad[i]);
    g_assert_false (vap_attribute_parse_config (bad[i], &matrix));
    g_assert_true (vap_matrix_equal (&matrix, &before));
  }
}

static void
test_names (void)
{
  g_auto (GStrv) names = g_strsplit (vap_attribute_names (), ", ", -1);

  g_assert_cmpuint (g_strv_length (names), ==, VAP_N_ATTRIBUTES);
  for (guint i = 0; i < VAP_N_ATTRIBUTES; i++)
    g_assert_cmpint (vap_attribute_find (names[i]), ==, i);
  g_assert_cmpint (vap_attribute_find ("assign_adaptor"), ==, VAP_ATTRIBUTE_UNKNOWN);
  g_assert_cmpint (vap_attribute_find ("Assign_adapter"), ==, VAP_ATTRIBUTE_UNKNOWN);
  g_assert_cmpint (vap_attribute_find ("../remove"), ==, VAP_ATTRIBUTE_UNKNOWN);
  g_assert_cmpint (vap_attribute_find (""), ==, VAP_ATTRIBUTE_UNKNOWN);
  g_assert_cmpint (vap_attribute_find (NULL), ==, VAP_ATTRIBUTE_UNKNOWN);
}

#define CANONICAL "62177883-f1bb-47f0-914d-32a22e3a8801"

static void
test_uuid (void)
{
  static const struct {
    const char *text;
    gboolean kernel, libvirt;
  } cases[] = {
    { CANONICAL, TRUE, TRUE },
    { "62177883-F1BB-47F0-914D-32A22E3A8801", TRUE, TRUE },
    { "62177883f1bb47f0914d32a22e3a8801", FALSE, TRUE },
    { " \n62177883 f1bb-47f0 - 914d--32a22e3a8801\t ", FALSE, TRUE },
    { "-62-17-78-83f1bb47f0914d32a22e3a8801", FALSE, TRUE },
    { "62177883-f1bb-47f0-914d-32a22e3a8801\n", FALSE, TRUE },
    { "62177883-f1bb-47f0-914d-32a22e3a8801-", FALSE, FALSE },
    { "6-2177883-f1bb-47f0-914d-32a22e3a8801", FALSE, FALSE },
    { "62177883-f1bb-47f0-914d-32a22e3a880", FALSE, FALSE },
    { "62177883-f1bb-47f0-914d-32a22e3a88011", FALSE, FALSE },
    { "62177883-f1bb-47f0-914d-32a22e3a880g", FALSE, FALSE },
    { "62177883\tf1bb-47f0-914d-32a22e3a8801", FALSE, FALSE },
    { "62177883_f1bb_47f0_914d_32a22e3a8801", FALSE, FALSE },
    { "{62177883-f1bb-47f0-914d-32a22e3a8801}", FALSE, FALSE },
    { "", FALSE, FALSE },
    { " ", FALSE, FALSE },
    { NULL, FALSE, FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    char kernel[37] = "";
    char libvirt[37] = "";

    g_test_message ("'%s'", cases[i].text != NULL ? cases[i].text : "(null)");
    g_assert_cmpint (vap_uuid_canonical (cases[i].text, kernel), ==, cases[i].kernel);
    g_assert_cmpstr (kernel, ==, cases[i].kernel ? CANONICAL : "");
    g_assert_cmpint (vap_uuid_canonical_libvirt (cases[i].text, libvirt), ==,
                     cases[i].libvirt);
    if (cases[i].libvirt)
      g_assert_cmpstr (libvirt, ==, CANONICAL);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/guest/attribute/number", test_number);
  g_test_add_func ("/guest/attribute/number-limit", test_number_limit);
  g_test_add_func ("/guest/attribute/ap-config", test_config);
  g_test_add_func ("/guest/attribute/names", test_names);
  g_test_add_func ("/guest/uuid", test_uuid);
  return g_test_run ();
}
