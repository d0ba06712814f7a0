/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tests of the tables: card types, CPU features, PQAP functions, QCI bits. */
#include "ap/card.h"
#include "ap/pqap.h"

#include <string.h>

static void
test_cards (void)
{
  guint last = VAP_CARD_HWTYPE_MIN - 1;

  for (const VapCardType *type = vap_card_types (); type->name; type++) {
    g_assert_cmpuint (type->hwtype, ==, last + 1);
    g_assert_true (vap_card_type_find (type->hwtype) == type);
    last = type->hwtype;
  }
  g_assert_cmpstr (vap_card_type_find (13)->name, ==, "CEX7");
  g_assert_null (vap_card_type_find (9));

  g_assert_cmpint (vap_card_mode_of ("CEX7C"), ==, VAP_CARD_MODE_CCA);
  g_assert_cmpint (vap_card_mode_of ("CEX10P"), ==, VAP_CARD_MODE_EP11);
  g_assert_cmpint (vap_card_mode_of ("CEX7"), ==, VAP_CARD_MODE_UNKNOWN);
  g_assert_cmpint (vap_card_mode_of ("PCICC"), ==, VAP_CARD_MODE_UNKNOWN);
  g_assert_cmpint (vap_card_mode_of (NULL), ==, VAP_CARD_MODE_UNKNOWN);
}

/* Facility bits as in facts and in QEMU's cpu_features_def.h.inc. */
static void
test_features (void)
{
  static const struct {
    const char *name;
    gint facility;
    const char *needs;
  } expected[] = {
    { "ap", -1, NULL },     { "apqci", 12, "ap" }, { "apft", 15, "ap" },    { "apqi", 65, "ap" },
    { "apxa", -1, "ap" },   { "appv", -1, "ap" },  { "appvi", -1, "appv" },
  };

  g_assert_cmpuint (G_N_ELEMENTS (expected), ==, VAP_N_FEATURES);
  for (gsize i = 0; i < G_N_ELEMENTS (expected); i++) {
    const VapFeature *feature = vap_feature_find (expected[i].name);

    g_assert_nonnull (feature);
    g_assert_true (vap_feature_get (feature->id) == feature);
    g_assert_cmpint (feature->facility, ==, expected[i].facility);
    g_assert_cmpstr (feature->needs == VAP_FEATURE_NONE ? NULL : vap_feature_get (feature->needs)->name,
                     ==, expected[i].needs);
    g_assert_cmpint (feature->removable, ==, strcmp (feature->name, "apxa") != 0);
  }
  g_assert_null (vap_feature_find ("AP"));
  g_assert_null (vap_feature_find ("apx"));
}

static void
test_pqap (void)
{
  guint8 codes[] = { 0, 1, 2, 3, 4, 5, 7, 8 };
  gsize n = 0;

  for (const VapPqapFunction *function = vap_pqap_functions (); function->name; function++) {
    g_assert_cmpuint (n, <, G_N_ELEMENTS (codes));
    g_assert_cmpuint (function->fc, ==, codes[n++]);
  }
  g_assert_cmpuint (n, ==, G_N_ELEMENTS (codes));
}

static void
test_qci (void)
{
  g_assert_cmphex (vap_qci_parse ("APSC APXA\n"), ==, VAP_QCI_APSC | VAP_QCI_APXA);
  g_assert_cmphex (vap_qci_parse ("-\n"), ==, 0);
  g_assert_cmphex (vap_qci_parse ("APXAS NEWBIT APSB"), ==, VAP_QCI_APSB);
  g_assert_cmpstr (vap_qci_name (VAP_QCI_RC8A), ==, "RC8A");
  g_assert_null (vap_qci_name (1u << 9));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/tables/cards", test_cards);
  g_test_add_func ("/tables/features", test_features);
  g_test_add_func ("/tables/pqap", test_pqap);
  g_test_add_func ("/tables/qci", test_qci);
  return g_test_run ();
}
