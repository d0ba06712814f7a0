/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tests of reading what ask-libvirt prints. */
#include "host/remote.h"

#include <string.h>

static VapRemote *
parse (const char *json, GError **error)
{
  return vap_remote_parse (json, strlen (json), error);
}

static void
test_devices (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (VapRemote) remote = parse (
      "{\"uri\":\"qemu:///system\",\"hypervisor\":\"QEMU 9.2.0\",\"library\":\"11.0.0\","
      "\"devices\":[\"ap_card05\",\"ap_cardff\",\"ap_05_0047\",\"ap_05_00ab\",\"ap_"
      "matrix\","
      "\"ap_06_0147\",\"ap_card\",\"ap_\",\"css_0_0_0000\",7,null]}",
      &error);

  g_assert_no_error (error);
  g_assert_cmpstr (remote->uri, ==, "qemu:///system");
  g_assert_cmpstr (remote->hypervisor, ==, "QEMU 9.2.0");
  g_assert_cmpstr (remote->library, ==, "11.0.0");
  g_assert_true (remote->devices_told && remote->has_matrix && !remote->model_told);
  g_assert_cmpuint (remote->n_queues, ==, 2);
  g_assert_cmpuint (vap_mask_count (&remote->adapters), ==, 2);
  g_assert_true (vap_mask_test (&remote->adapters, 0xff));
  g_assert_cmpuint (vap_mask_count (&remote->domains), ==, 2);
  g_assert_true (vap_mask_test (&remote->domains, 0xab));
}

static void
test_host_model (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (VapRemote) remote = parse (
      "{\"capabilities\":\"<domainCapabilities><path>/usr/bin/qemu</path><cpu>"
      "<mode name='custom' supported='yes'><model usable='yes'>z14</model></mode>"
      "<mode name='host-model' supported='yes'><model fallback='forbid'>gen16a</model>"
      "<feature policy='require' name='ap'/><feature policy='disable' name='apqi'/>"
      "<feature name='apft'/></mode></cpu></domainCapabilities>\"}",
      &error);

  g_assert_no_error (error);
  g_assert_true (remote->model_told);
  g_assert_cmpstr (remote->model, ==, "gen16a");
  g_assert_cmpstr (remote->emulator, ==, "/usr/bin/qemu");
  g_assert_null (remote->machine);
  g_assert_true (vap_remote_has_feature (remote, "ap"));
  g_assert_false (vap_remote_has_feature (remote, "apqi"));
  g_assert_false (vap_remote_has_feature (remote, "apft"));
}

static void
test_not_told (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (VapRemote) remote = parse (
      "{\"devices_problem\":\"no driver\",\"capabilities_problem\":\"no KVM\"}", &error);
  g_autoptr (VapRemote) without
      = parse ("{\"capabilities\":\"<domainCapabilities><cpu><mode name='host-model' "
               "supported='no'/></cpu></domainCapabilities>\"}",
               NULL);

  g_assert_no_error (error);
  g_assert_false (remote->devices_told || remote->model_told);
  g_assert_cmpstr (remote->devices_problem, ==, "no driver");
  g_assert_cmpstr (remote->model_problem, ==, "no KVM");
  g_assert_false (without->model_told);
}

static void
test_wrong (void)
{
  static const char *const wrong[] = {
    "",
    "[]",
    "7",
    "{",
    "null",
    "{\"capabilities\":\"<domainCapabilities\"}",
    "{\"capabilities\":\"\"}",
  };

  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++) {
    g_autoptr (GError) error = NULL;

    g_assert_null (parse (wrong[i], &error));
    g_assert_true (error != NULL && error->domain == VAP_ERROR);
  }
}

/* what has another type is as if it were not there */
static void
test_types (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (VapRemote) remote
      = parse ("{\"uri\":7,\"devices\":\"ap_card05\",\"capabilities\":{}}", &error);

  g_assert_no_error (error);
  g_assert_null (remote->uri);
  g_assert_false (remote->devices_told);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/remote/devices", test_devices);
  g_test_add_func ("/remote/host-model", test_host_model);
  g_test_add_func ("/remote/not-told", test_not_told);
  g_test_add_func ("/remote/wrong", test_wrong);
  g_test_add_func ("/remote/types", test_types);
  return g_test_run ();
}
