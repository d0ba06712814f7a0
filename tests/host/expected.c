/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tests of snapshots with one thing different. */
#include "support.h"

#include <string.h>

#define JSON "{\"mdev_type\":\"vfio_ap-passthrough\",\"start\":\"auto\","                 \
             "\"attrs\":[{\"assign_adapter\":\"6\"},{\"assign_domain\":\"0x47\"}]}"

static VapDevice *
new_definition (const char *uuid)
{
  g_autoptr (GError) error = NULL;
  VapDevice *device
      = vap_device_parse_mdevctl (JSON, strlen (JSON), uuid, "matrix", &error);

  g_assert_no_error (error);
  return device;
}

static void
test_device (void)
{
  g_autoptr (VapHost) host = host_of (Z16 " apmask=-5\ndevice " A_UUID
                                          " adapters=5 domains=4\n");
  g_autoptr (VapDevice) definition = new_definition (B_UUID);
  VapMatrix matrix = { 0 };
  g_autoptr (VapHost) more = NULL;
  g_autoptr (VapHost) other = NULL;
  g_autoptr (VapHost) fewer = NULL;
  const VapHostDevice *device;

  vap_mask_set (&matrix.adapters, 5);
  vap_mask_set (&matrix.domains, 0x47);
  more = vap_host_with_device (host, B_UUID, &matrix, definition);
  g_assert_cmpuint (host->devices->len, ==, 1);
  g_assert_cmpuint (more->devices->len, ==, 2);
  device = vap_host_find_device (more, B_UUID);
  g_assert_true (device->active);
  g_assert_true (vap_matrix_equal (&device->matrix, &matrix));
  assert_numbers (&device->defined_matrix.adapters, 2, "06");
  assert_numbers (&device->defined_matrix.domains, 4, "0047");
  device = vap_host_find_device (more, A_UUID);
  assert_numbers (&device->matrix.domains, 4, "0004");
  g_assert_true (vap_mask_equal (&more->apmask, &host->apmask));
  g_assert_cmpuint (more->cards->len, ==, host->cards->len);

  other = vap_host_with_device (more, A_UUID, &matrix, NULL);
  g_assert_cmpuint (other->devices->len, ==, 2);
  g_assert_cmpstr (((VapHostDevice *) other->devices->pdata[0])->uuid, ==, A_UUID);
  device = vap_host_find_device (other, A_UUID);
  assert_numbers (&device->matrix.domains, 4, "0047");

  fewer = vap_host_with_device (other, A_UUID, NULL, NULL);
  g_assert_null (vap_host_find_device (fewer, A_UUID));
  g_assert_cmpuint (fewer->devices->len, ==, 1);
}

static void
test_guest (void)
{
  g_autoptr (VapHost) host = host_of ("guest web1 uuid=11111111-2222-3333-4444-"
                                      "555555555501 state=both\n"
                                      "guest web2 uuid=11111111-2222-3333-4444-"
                                      "555555555502\n");
  const char *xml = "<domain type='kvm'><name>web1</name><title>new</title></domain>";
  g_autoptr (GError) error = NULL;
  g_autoptr (VapGuest) guest = vap_guest_parse (xml, strlen (xml), &error);
  g_autoptr (VapHost) other = NULL;

  g_assert_no_error (error);
  other = vap_host_with_guest (host, guest);
  g_assert_true (vap_host_find_guest (other, "web1")->defined == guest);
  g_assert_nonnull (vap_host_find_guest (other, "web1")->running);
  g_assert_true (vap_host_find_guest (other, "web2")->defined
                 == vap_host_find_guest (host, "web2")->defined);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/host/expected/device", test_device);
  g_test_add_func ("/host/expected/guest", test_guest);
  return g_test_run ();
}
