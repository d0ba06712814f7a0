/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is written for mdevctl and libvirt reads the same again. */
#include <string.h>

#include "guest/device.h"

#define UUID "62177883-f1bb-47f0-914d-32a22e3a8801"

static VapMask
random_mask (void)
{
  VapMask mask = { 0 };
  gint density = g_test_rand_int_range (1, 60);

  for (guint bit = 0; bit < VAP_MASK_BITS; bit++)
    if (g_test_rand_int_range (0, density) == 0)
      vap_mask_set (&mask, bit);
  return mask;
}

static void
no_fault (const VapAttribute *attribute, VapAttributeFault fault, gpointer user_data)
{
  g_error ("%s=%s: fault %d%s", attribute->name, attribute->value, (int) fault,
           (const char *) user_data);
}

static void
check_matrix (const VapDevice *device, const VapMatrix *expected)
{
  VapMatrix matrix;

  vap_device_matrix (device, &matrix, no_fault, "");
  g_assert_true (vap_matrix_equal (&matrix, expected));
  g_assert_cmpstr (device->type, ==, VAP_DEVICE_TYPE);
  g_assert_cmpstr (device->uuid, ==, UUID);
}

static void
check_forms (const VapMatrix *matrix, gboolean autostart)
{
  static const VapDeviceForm forms[] = { VAP_DEVICE_FORM_NUMBERS,
                                         VAP_DEVICE_FORM_CONFIG };

  for (gsize i = 0; i < G_N_ELEMENTS (forms); i++) {
    g_autofree char *json = vap_device_format_mdevctl (matrix, autostart, forms[i]);
    g_autofree char *xml = vap_device_format_xml (UUID, matrix, forms[i]);
    g_autoptr (VapDevice) of_json = NULL;
    g_autoptr (VapDevice) of_xml = NULL;
    g_autoptr (GError) error = NULL;

    of_json = vap_device_parse_mdevctl (json, strlen (json), UUID, VAP_DEVICE_PARENT,
                                        &error);
    g_assert_no_error (error);
    g_assert_true (of_json->autostart == autostart);
    check_matrix (of_json, matrix);
    of_xml = vap_device_parse_xml (xml, strlen (xml), &error);
    g_assert_no_error (error);
    g_assert_cmpstr (of_xml->parent, ==, VAP_DEVICE_PARENT_LIBVIRT);
    check_matrix (of_xml, matrix);
  }
}

static void
test_round (void)
{
  VapMatrix empty = { 0 };

  check_forms (&empty, FALSE);
  for (guint i = 0; i < 100; i++) {
    VapMatrix matrix = { random_mask (), random_mask (), random_mask () };
    g_autofree char *config = vap_matrix_to_ap_config (&matrix);
    VapMatrix again;
    g_autoptr (GError) error = NULL;

    check_forms (&matrix, i % 2 == 0);
    g_assert_true (vap_matrix_parse_ap_config (config, &again, &error));
    g_assert_no_error (error);
    g_assert_true (vap_matrix_equal (&matrix, &again));
  }
}

static void
test_name (void)
{
  g_autofree char *name = vap_device_node_name (UUID);

  g_assert_cmpstr (name, ==, "mdev_62177883_f1bb_47f0_914d_32a22e3a8801_matrix");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/guest/format/round", test_round);
  g_test_add_func ("/guest/format/name", test_name);
  return g_test_run ();
}
