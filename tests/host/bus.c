/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tests of the snapshot's machine, AP bus and cards. */
#include "support.h"

#include <string.h>

static void
test_no_ap (void)
{
  g_autoptr (VapHost) host = host_of ("proc/cpuinfo << END\n"
                                      "processor\t: 0\n"
                                      "vendor_id\t: GenuineIntel\n"
                                      "facilities : 12\n"
                                      "END\n");

  g_assert_false (host->has_ap_bus);
  g_assert_false (host->has_vfio_ap);
  g_assert_false (host->facilities_known);
  g_assert_null (host->machine);
  g_assert_cmpuint (host->problems->len, ==, 0);
  g_assert_cmpint (vap_host_queue_owner (host, (VapQueue){ 5, 4 }), ==, VAP_OWNER_HOST);
  for (guint feature = 0; feature < VAP_N_FEATURES; feature++)
    g_assert_false (vap_host_has_feature (host, (VapFeatureId)feature));
}

static void
test_empty_root (void)
{
  g_autoptr (VapHost) host = host_of ("");

  g_assert_false (host->has_ap_bus);
  g_assert_cmpuint (host->guests->len + host->devices->len + host->cards->len, ==, 0);
  g_assert_cmpuint (host->problems->len, ==, 0);
}

static void
test_z16 (void)
{
  g_autoptr (VapHost) host
      = host_of (Z16 " cdoms=4,ab apmask=-5\n"
                     "cpuinfo facilities=0,1,12,15,65,511,512,9999\n");

  g_assert_true (host->has_ap_bus);
  g_assert_true (host->qci_known);
  g_assert_cmpuint (host->qci, ==, VAP_QCI_APSC | VAP_QCI_APXA);
  g_assert_true (host->interrupts);
  g_assert_cmpuint (host->max_adapter_id, ==, 255);
  g_assert_cmpuint (host->max_domain_id, ==, 255);
  assert_numbers (&host->adapters, 2, "05, 06");
  assert_numbers (&host->usage_domains, 4, "0004, 0047, 00ab, 00ff");
  assert_numbers (&host->control_domains, 4, "0004, 00ab");
  g_assert_false (vap_mask_test (&host->apmask, 5));
  g_assert_cmpuint (vap_mask_count (&host->apmask), ==, 255);
  g_assert_cmpuint (vap_mask_count (&host->aqmask), ==, 256);
  assert_numbers (&host->queues.domains[6], 4, "0004, 0047, 00ab, 00ff");
  assert_numbers (&host->vfio_bound.domains[5], 4, "0004, 0047, 00ab, 00ff");
  g_assert_true (vap_mask_is_empty (&host->vfio_bound.domains[6]));
  g_assert_false (host->override_in_use);
  g_assert_true (host->has_vfio_ap);
  g_assert_true (host->has_ap_config);
  g_assert_cmpstr (host->machine, ==, "3931");
  g_assert_true (host->facilities_known);
  g_assert_true (host->facilities[511]);
  g_assert_false (host->facilities[2]);
  g_assert_cmpuint (host->problems->len, ==, 0);
}

static void
test_cards (void)
{
  g_autoptr (VapHost) host = host_of ("ap-bus cards=0b:14:2,05:13:4,ff:10:1 udoms=4\n"
                                      "sys/devices/ap/card05/config = 0\n"
                                      "sys/devices/ap/card0b/chkstop = 1\n"
                                      "sys/devices/ap/card0b/online = 0\n"
                                      /* an older kernel's card */
                                      "remove sys/devices/ap/cardff/config\n"
                                      "remove sys/devices/ap/cardff/chkstop\n");
  const VapCard *card = g_ptr_array_index (host->cards, 0);

  g_assert_cmpuint (host->cards->len, ==, 3);
  g_assert_cmpuint (card->id, ==, 5);
  g_assert_cmpuint (card->hwtype, ==, 13);
  g_assert_cmpstr (card->type, ==, "CEX7C");
  g_assert_cmpint (card->mode, ==, VAP_CARD_MODE_CCA);
  g_assert_true (!card->config && !card->checkstop && card->online);
  card = g_ptr_array_index (host->cards, 1);
  g_assert_cmpuint (card->id, ==, 0x0b);
  g_assert_cmpint (card->mode, ==, VAP_CARD_MODE_EP11);
  g_assert_true (card->config && card->checkstop && !card->online);
  card = g_ptr_array_index (host->cards, 2);
  g_assert_cmpuint (card->id, ==, 0xff);
  g_assert_cmpint (card->mode, ==, VAP_CARD_MODE_ACCELERATOR);
  g_assert_true (card->config && !card->checkstop && card->online);
}

static void
test_broken_card (void)
{
  g_autoptr (VapHost) host = host_of (Z16 "\n"
                                          "sys/devices/ap/card05/hwtype = seven\n"
                                          "sys/devices/ap/card05/online =\n"
                                          "remove sys/devices/ap/card06\n");
  const VapCard *card = g_ptr_array_index (host->cards, 0);

  g_assert_cmpuint (host->problems->len, ==, 2);
  g_assert_cmpuint (count_problems (host, "card05/hwtype' should be a number"), ==, 1);
  g_assert_cmpuint (count_problems (host, "card05/online"), ==, 1);
  g_assert_cmpuint (card->hwtype, ==, 0);
  g_assert_cmpstr (card->type, ==, "CEX7C");
  card = g_ptr_array_index (host->cards, 1);
  g_assert_null (card->type);
}

/* a machine without QCI (ap_bus.c prints "not supported" for each mask) */
static void
test_no_qci (void)
{
  g_autoptr (VapHost) host = host_of ("ap-bus cards=05:10:4 udoms=4 features=-\n"
                                      "cpuinfo facilities=0,15,65\n");

  g_assert_true (host->qci_known);
  g_assert_cmpuint (host->qci, ==, 0);
  g_assert_cmpuint (host->max_adapter_id, ==, 63);
  g_assert_cmpuint (host->max_domain_id, ==, 15);
  g_assert_cmpuint (vap_mask_count (&host->adapters), ==, 64);
  g_assert_cmpuint (vap_mask_count (&host->control_domains), ==, 16);
  g_assert_true (vap_host_has_feature (host, VAP_FEATURE_AP));
  g_assert_false (vap_host_has_feature (host, VAP_FEATURE_APQCI));
  g_assert_true (vap_host_has_feature (host, VAP_FEATURE_APFT));
  g_assert_true (vap_host_has_feature (host, VAP_FEATURE_APQI));
  g_assert_false (vap_host_has_feature (host, VAP_FEATURE_APXA));
  g_assert_false (vap_host_has_feature (host, VAP_FEATURE_APPV));
}

/* QCI without any of the bits: features_show() prints nothing at all */
static void
test_empty_features (void)
{
  g_autoptr (VapHost) host = host_of (Z16 "\n"
                                          "sys/bus/ap/features =\n"
                                          "remove sys/bus/ap/ap_max_adapter_id\n"
                                          "remove sys/bus/ap/ap_max_domain_id\n");

  g_assert_true (host->qci_known);
  g_assert_cmpuint (host->qci, ==, 0);
  g_assert_cmpuint (host->max_adapter_id, ==, 63);
  g_assert_cmpuint (host->max_domain_id, ==, 15);
}

static void
test_old_kernels (void)
{
  static const struct {
    const char *change;
    guint max_adapter_id;
    guint max_domain_id;
    gboolean apxa;
  } cases[] = {
    { "", 255, 255, TRUE },
    { "remove sys/bus/ap/ap_max_adapter_id", 255, 255, TRUE },
    { "sys/bus/ap/ap_max_adapter_id = 63", 63, 255, FALSE },
    { "remove sys/bus/ap/ap_max_adapter_id\nsys/bus/ap/ap_max_domain_id = 15", 63, 15,
      FALSE },
    { "remove sys/bus/ap/ap_max_adapter_id\nsys/bus/ap/ap_max_domain_id = 84", 255, 84,
      TRUE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree char *description = g_strconcat (Z16 " features=absent\n"
                                                    "remove sys/bus/ap/ap_adapter_mask\n",
                                                cases[i].change, NULL);
    g_autoptr (VapHost) host = host_of (description);

    g_assert_false (host->qci_known);
    g_assert_cmpuint (host->max_adapter_id, ==, cases[i].max_adapter_id);
    g_assert_cmpuint (host->max_domain_id, ==, cases[i].max_domain_id);
    g_assert_cmpint (vap_host_has_feature (host, VAP_FEATURE_APXA), ==, cases[i].apxa);
    g_assert_cmpuint (vap_mask_count (&host->adapters), ==, cases[i].max_adapter_id + 1);
    assert_numbers (&host->usage_domains, 4, "0004, 0047, 00ab, 00ff");
  }
}

static void
test_secure_binding (void)
{
  g_autoptr (VapHost) host = host_of (Z16 " features=APSC,APXA,RC8A,APSB\n");

  g_assert_true (vap_host_has_feature (host, VAP_FEATURE_APPV));
  g_assert_true (vap_host_has_feature (host, VAP_FEATURE_APPVI));
}

static void
test_driver_not_loaded (void)
{
  g_autoptr (VapHost) host = host_of (Z16 " vfio=unloaded apmask=-5\n");

  g_assert_true (host->has_ap_bus);
  g_assert_false (host->has_vfio_ap);
  g_assert_true (vap_mask_is_empty (&host->vfio_bound.domains[5]));
}

static void
test_override (void)
{
  g_autoptr (VapHost) host = host_of (Z16 " vfio=05.0004\n");
  g_autoptr (VapHost) unbound = host_of (Z16 " apmask=-5 vfio=none\n");

  g_assert_true (host->override_in_use);
  g_assert_cmpint (vap_host_queue_owner (host, (VapQueue){ 5, 4 }), ==, VAP_OWNER_VFIO);
  g_assert_cmpint (vap_host_queue_owner (host, (VapQueue){ 5, 0x47 }), ==,
                   VAP_OWNER_HOST);
  /* the masks decide, whatever is bound */
  g_assert_false (unbound->override_in_use);
  g_assert_cmpint (vap_host_queue_owner (unbound, (VapQueue){ 5, 4 }), ==,
                   VAP_OWNER_VFIO);
}

#define DIGITS63 "0xfffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"

static void
test_broken_attributes (void)
{
  static const struct {
    const char *attribute;
    const char *content;
  } cases[] = {
    { "sys/bus/ap/apmask", DIGITS63 },
    { "sys/bus/ap/apmask", DIGITS63 "ff" },
    { "sys/bus/ap/apmask", DIGITS63 "g" },
    { "sys/bus/ap/apmask", "" },
    { "sys/bus/ap/aqmask", "0x" },
    { "sys/bus/ap/aqmask", "not" },
    { "sys/bus/ap/ap_adapter_mask", "0xff" },
    { "sys/bus/ap/ap_usage_domain_mask", "supported" },
    { "sys/bus/ap/ap_control_domain_mask", "" },
    { "sys/bus/ap/ap_max_adapter_id", "256" },
    { "sys/bus/ap/ap_max_adapter_id", "-1" },
    { "sys/bus/ap/ap_max_domain_id", "" },
    { "sys/bus/ap/ap_max_domain_id", "0x10" },
    { "sys/bus/ap/ap_interrupts", "maybe" },
    { "sys/bus/ap/features", "\xff\xfe" },
    { "sys/bus/ap/apmask", "\xff\xfe\x1b[2J" },
    { "sys/devices/vfio_ap/matrix/features", "\x80" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree char *description
        = g_strdup_printf (Z16 "\n%s = %s\n", cases[i].attribute, cases[i].content);

    assert_unreadable (description, VAP_ERROR_MALFORMED, cases[i].attribute);
  }
}

static void
test_strange_files (void)
{
  g_autofree char *large = g_strnfill (VAP_FILE_MAX, '0');
  g_autofree char *description
      = g_strdup_printf (Z16 "\nsys/bus/ap/apmask = 0x%s\n", large);

  assert_unreadable (description, VAP_ERROR_TOO_LARGE, "sys/bus/ap/apmask");
  assert_unreadable (Z16 "\nremove sys/bus/ap/apmask\nsys/bus/ap/apmask -> aqmask\n",
                     VAP_ERROR_UNREADABLE, "sys/bus/ap/apmask' is a symbolic link");
  assert_unreadable (Z16 "\nremove sys/bus/ap/apmask\nsys/bus/ap/apmask/\n",
                     VAP_ERROR_UNREADABLE, "sys/bus/ap/apmask' is not a regular file");
  assert_unreadable ("cpuinfo facilities=1,zwei\n", VAP_ERROR_MALFORMED, "zwei");
}

/* Z's facts come first, whatever number of processors follows */
static void
test_long_cpuinfo (void)
{
  g_autofree char *noise = g_strnfill (VAP_CPUINFO_MAX, 'x');
  g_autofree char *description = g_strdup_printf ("proc/cpuinfo << END\n"
                                                  "vendor_id       : IBM/S390\n"
                                                  "facilities      : 0 12\n"
                                                  "noise           : %s\n"
                                                  "END\n",
                                                  noise);
  g_autoptr (VapHost) host = host_of (description);

  g_assert_true (host->facilities_known);
  g_assert_true (host->facilities[12]);
  g_assert_null (host->machine);
}

/* what is no card and no queue does not count */
static void
test_strange_devices (void)
{
  g_autoptr (VapHost) host = host_of (Z16 "\n"
                                          "sys/bus/ap/devices/card5 -> x\n"
                                          "sys/bus/ap/devices/card100 -> x\n"
                                          "sys/bus/ap/devices/card-5 -> x\n"
                                          "sys/bus/ap/devices/05.0100 -> x\n"
                                          "sys/bus/ap/devices/5.0004 -> x\n"
                                          "sys/bus/ap/drivers/vfio_ap/module -> x\n");

  g_assert_cmpuint (host->cards->len, ==, 2);
  g_assert_cmpuint (vap_mask_count (&host->queues.domains[5]), ==, 4);
  g_assert_true (vap_mask_is_empty (&host->vfio_bound.domains[5]));
}

/* a mistyped root is no host without anything */
static void
test_no_root (void)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (vap_host_read ("/nonexistent/root", &error));
  g_assert_error (error, VAP_ERROR, VAP_ERROR_UNREADABLE);
  g_assert_nonnull (strstr (error->message, "'/nonexistent/root'"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/bus/no-ap", test_no_ap);
  g_test_add_func ("/bus/empty-root", test_empty_root);
  g_test_add_func ("/bus/z16", test_z16);
  g_test_add_func ("/bus/cards", test_cards);
  g_test_add_func ("/bus/broken-card", test_broken_card);
  g_test_add_func ("/bus/no-qci", test_no_qci);
  g_test_add_func ("/bus/empty-features", test_empty_features);
  g_test_add_func ("/bus/old-kernels", test_old_kernels);
  g_test_add_func ("/bus/secure-binding", test_secure_binding);
  g_test_add_func ("/bus/driver-not-loaded", test_driver_not_loaded);
  g_test_add_func ("/bus/override", test_override);
  g_test_add_func ("/bus/broken-attributes", test_broken_attributes);
  g_test_add_func ("/bus/strange-files", test_strange_files);
  g_test_add_func ("/bus/long-cpuinfo", test_long_cpuinfo);
  g_test_add_func ("/bus/strange-devices", test_strange_devices);
  g_test_add_func ("/bus/no-root", test_no_root);
  return g_test_run ();
}
