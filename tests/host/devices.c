/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tests of the snapshot's matrices: the kernel's and mdevctl's. */
#include "support.h"

#define DEVICE "sys/devices/vfio_ap/matrix/" A_UUID
#define DEFINITION "etc/mdevctl.d/matrix/" A_UUID
/* a kernel without ap_config */
#define OLD "\nremove " DEVICE "/ap_config\n"

static void
test_ap_config (void)
{
  g_autoptr (VapHost) host
      = host_of (Z16 "\ndevice " A_UUID " adapters=5,6 domains=4,ab control=4,47\n");
  const VapHostDevice *device = vap_host_find_device (host, A_UUID);

  g_assert_cmpuint (host->devices->len, ==, 1);
  g_assert_true (device->active);
  g_assert_false (device->truncated);
  g_assert_null (device->definition);
  g_assert_null (device->problem);
  assert_numbers (&device->matrix.adapters, 2, "05, 06");
  assert_numbers (&device->matrix.domains, 4, "0004, 00ab");
  assert_numbers (&device->matrix.control_domains, 4, "0004, 0047");
  g_assert_true (vap_host_find_device (host, "62177883-F1BB-47F0-914D-32A22E3A8801")
                 == device);
  g_assert_null (vap_host_find_device (host, B_UUID));
  g_assert_null (vap_host_find_device (host, "mdev"));
  g_assert_null (vap_host_find_device (host, NULL));
}

/* a kernel without ap_config gives the same matrix */
static void
test_matrix_file (void)
{
  static const struct {
    const char *assigned;
    const char *adapters;
    const char *domains;
    const char *control_domains;
  } cases[] = {
    { "adapters=5,6 domains=4,ab control=4,47", "05, 06", "0004, 00ab", "0004, 0047" },
    { "adapters=5,6", "05, 06", "", "" },
    { "domains=4,ab control=ff", "", "0004, 00ab", "00ff" },
    { "", "", "", "" },
    { "adapters=0,ff domains=0,ff", "00, ff", "0000, 00ff", "" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree char *description
        = g_strdup_printf (Z16 "\ndevice " A_UUID " %s" OLD, cases[i].assigned);
    g_autoptr (VapHost) host = host_of (description);
    const VapHostDevice *device = vap_host_find_device (host, A_UUID);

    g_assert_true (device->active);
    g_assert_false (device->truncated);
    g_assert_null (device->problem);
    assert_numbers (&device->matrix.adapters, 2, cases[i].adapters);
    assert_numbers (&device->matrix.domains, 4, cases[i].domains);
    assert_numbers (&device->matrix.control_domains, 4, cases[i].control_domains);
  }
}

/* one device alone, by the kernel's files, with and without ap_config */
static void
test_one_device (void)
{
  for (guint i = 0; i < 2; i++) {
    g_autofree char *description = g_strdup_printf (
        Z16 "\ndevice " A_UUID " adapters=5,6 domains=4 control=47\ndevice " B_UUID
            " adapters=a domains=4\n%s" DEFINITION " = {\n",
        i == 0 ? "" : "remove " DEVICE "/ap_config\n");
    g_autoptr (VapTestTree) dir = vap_test_tree_new (description);
    g_autoptr (GError) error = NULL;
    g_autoptr (VapHost) host
        = vap_host_read_device (dir, "62177883-F1BB-47F0-914D-32A22E3A8801", &error);
    g_autoptr (VapHost) without = vap_host_read_device (
        dir, "62177883-f1bb-47f0-914d-32a22e3a8800", &error);
    const VapHostDevice *device = vap_host_find_device (host, A_UUID);

    g_assert_no_error (error);
    g_assert_cmpuint (host->devices->len, ==, 1);
    g_assert_true (device->active);
    g_assert_null (device->definition);
    g_assert_null (device->problem);
    assert_numbers (&device->matrix.adapters, 2, "05, 06");
    assert_numbers (&device->matrix.control_domains, 4, "0047");
    g_assert_true (host->has_vfio_ap);
    g_assert_cmpuint (without->devices->len, ==, 0);
  }
}

/* 511 queues are the last that a page shows whole */
static void
test_truncated (void)
{
  g_autoptr (VapHost) whole
      = host_of (Z16 "\ndevice " A_UUID " adapters=0-1 domains=0-fe" OLD);
  g_autoptr (VapHost) cut
      = host_of (Z16 "\ndevice " A_UUID " adapters=0-2 domains=0-ff" OLD);
  g_autoptr (VapHost) with_config
      = host_of (Z16 "\ndevice " A_UUID " adapters=0-2 domains=0-ff\n");
  const VapHostDevice *device = vap_host_find_device (whole, A_UUID);

  g_assert_false (device->truncated);
  g_assert_cmpuint (vap_matrix_count_queues (&device->matrix), ==, 510);
  device = vap_host_find_device (cut, A_UUID);
  g_assert_true (device->truncated);
  assert_numbers (&device->matrix.adapters, 2, "00, 01");
  g_assert_cmpuint (count_problems (cut, "ends after 4095 bytes"), ==, 1);
  g_assert_nonnull (device->problem);
  device = vap_host_find_device (with_config, A_UUID);
  g_assert_false (device->truncated);
  g_assert_cmpuint (vap_matrix_count_queues (&device->matrix), ==, 768);
}

static void
test_broken_device (void)
{
  static const struct {
    const char *change;
    const char *named;
  } cases[] = {
    { DEVICE "/ap_config = 0xff", "/ap_config" },
    { DEVICE "/ap_config =", "/ap_config" },
    { DEVICE "/ap_config = \xff", "/ap_config' is not text" },
    { "remove " DEVICE "/ap_config\n" DEVICE "/matrix = 05.004", "'05.004'" },
    { "remove " DEVICE "/ap_config\n" DEVICE "/matrix = .", "'.'" },
    { "remove " DEVICE "/ap_config\n" DEVICE "/matrix = 05.0004.1", "'05.0004.1'" },
    { "remove " DEVICE "/ap_config\n" DEVICE "/matrix = 05.0100", "'05.0100'" },
    { "remove " DEVICE "/ap_config\n" DEVICE "/control_domains = 4", "'4'" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree char *description = g_strdup_printf (
        Z16 "\ndevice " A_UUID " adapters=5\ndevice " B_UUID " adapters=6\n%s\n",
        cases[i].change);
    g_autoptr (VapHost) host = host_of (description);
    const VapHostDevice *device = vap_host_find_device (host, A_UUID);

    g_assert_true (device->active);
    g_assert_nonnull (device->problem);
    g_assert_cmpuint (host->problems->len, ==, 1);
    g_assert_cmpuint (count_problems (host, cases[i].named), ==, 1);
    g_assert_null (vap_host_find_device (host, B_UUID)->problem);
  }
}

/* a device that goes while it is being read is not there */
static void
test_vanished_device (void)
{
  g_autoptr (VapHost) host = host_of (Z16 "\n" DEVICE "/\n");

  g_assert_cmpuint (host->devices->len, ==, 0);
  g_assert_cmpuint (host->problems->len, ==, 0);
}

static void
test_definitions (void)
{
  g_autoptr (VapHost) host
      = host_of (Z16 "\n"
                     "device " B_UUID " adapters=5 domains=4\n"
                     "definition " B_UUID " adapters=5 domains=4,47 start=auto\n"
                     "definition " A_UUID " adapters=6 domains=ff control=1\n");
  const VapHostDevice *device = g_ptr_array_index (host->devices, 0);

  g_assert_cmpuint (host->devices->len, ==, 2);
  g_assert_cmpstr (device->uuid, ==, A_UUID);
  g_assert_false (device->active);
  g_assert_false (device->definition->autostart);
  assert_numbers (&device->defined_matrix.adapters, 2, "06");
  assert_numbers (&device->defined_matrix.domains, 4, "00ff");
  assert_numbers (&device->defined_matrix.control_domains, 4, "0001");
  device = g_ptr_array_index (host->devices, 1);
  g_assert_true (device->active);
  g_assert_true (device->definition->autostart);
  assert_numbers (&device->matrix.domains, 4, "0004");
  assert_numbers (&device->defined_matrix.domains, 4, "0004, 0047");
  g_assert_cmpuint (host->problems->len, ==, 0);
}

static void
test_cut_definition (void)
{
  g_autoptr (VapHost) host
      = host_of (Z16 "\n"
                     "device " A_UUID " adapters=5 domains=4\n" DEFINITION " << END\n"
                     "{ \"mdev_type\": \"vfio_ap-passthrough\", \"att\n"
                     "END\n");
  const VapHostDevice *device = vap_host_find_device (host, A_UUID);

  g_assert_null (device->definition);
  g_assert_cmpuint (count_problems (host, DEFINITION), ==, 1);
  g_assert_nonnull (device->problem);
  /* the kernel's own is still known */
  g_assert_true (device->active);
  assert_numbers (&device->matrix.adapters, 2, "05");
}

static void
test_strange_definitions (void)
{
  g_autoptr (VapHost) host
      = host_of (Z16 "\n"
                     "definition " A_UUID " adapters=6 domains=ff\n"
                     "etc/mdevctl.d/matrix/." B_UUID ".swp = x\n"
                     "etc/mdevctl.d/matrix/" B_UUID "~ = x\n"
                     "etc/mdevctl.d/matrix/" B_UUID ".tmp = x\n"
                     "etc/mdevctl.d/matrix/readme = x\n"
                     "etc/mdevctl.d/matrix/" B_UUID " -> " A_UUID "\n"
                     "etc/mdevctl.d/0000:00:02.0/4711 = x\n");

  g_assert_cmpuint (host->problems->len, ==, 2);
  g_assert_cmpuint (count_problems (host, "readme' is passed over"), ==, 1);
  g_assert_cmpuint (count_problems (host, B_UUID "' is a symbolic link"), ==, 1);
  g_assert_nonnull (vap_host_find_device (host, A_UUID)->definition);
  g_assert_nonnull (vap_host_find_device (host, B_UUID)->problem);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/devices/ap-config", test_ap_config);
  g_test_add_func ("/devices/matrix-file", test_matrix_file);
  g_test_add_func ("/devices/one", test_one_device);
  g_test_add_func ("/devices/truncated", test_truncated);
  g_test_add_func ("/devices/broken", test_broken_device);
  g_test_add_func ("/devices/vanished", test_vanished_device);
  g_test_add_func ("/devices/definitions", test_definitions);
  g_test_add_func ("/devices/cut-definition", test_cut_definition);
  g_test_add_func ("/devices/strange-definitions", test_strange_definitions);
  return g_test_run ();
}
