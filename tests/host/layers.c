/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tests of the layers: who is asked, what a yes speaks for, where a feature is lost. */
#include "host/layers.h"

#include "support.h"

#include <string.h>

#define CPUINFO "cpuinfo machine=3931\n"

static const char *const old_qemu[] = { "ap", "apqci", "apft", "apqi", NULL };

/* "nyyy-": a letter a layer, then the result: n, y, ? for not asked, - for no say */
static void
assert_row (VapCapability capability, const char *expected, int lost_at)
{
  static const char letters[] = "ny?-";
  char row[VAP_N_LAYERS + 2] = { 0 };

  for (guint i = 0; i < VAP_N_LAYERS; i++)
    row[i] = letters[capability.layers[i]];
  row[VAP_N_LAYERS] = letters[capability.guest];
  g_assert_cmpstr (row, ==, expected);
  g_assert_cmpint ((int)capability.lost_at, ==, lost_at);
}

static void
assert_feature (const VapLayerFacts *facts, VapFeatureId id, const char *expected,
                int lost_at)
{
  assert_row (vap_layers_feature (facts, id), expected, lost_at);
}

static void
assert_function (const VapLayerFacts *facts, guint fc, const char *expected, int lost_at)
{
  assert_row (vap_layers_function (facts, vap_pqap_function_find (fc)), expected,
              lost_at);
}

static VapKvm *
make_kvm (gboolean apie, guint64 facilities)
{
  VapKvm *kvm = g_new0 (VapKvm, 1);

  kvm->apie = apie;
  kvm->facility_list[0] = kvm->facility_mask[0] = facilities;
  kvm->facility_list[1] = kvm->facility_mask[1] = G_GUINT64_CONSTANT (1) << (127 - 65);
  return kvm;
}

#define BIT(n) (G_GUINT64_CONSTANT (1) << (63 - (n)))

static VapRemote *
make_remote (const char *json)
{
  g_autoptr (GError) error = NULL;
  VapRemote *remote = vap_remote_parse (json, strlen (json), &error);

  g_assert_no_error (error);
  return remote;
}

/* as before libvirt and KVM were asked: neither is missed */
static void
test_host_and_qemu (void)
{
  g_autoptr (VapHost) host = host_of (CPUINFO Z16);
  g_autoptr (VapQemu) qemu = vap_qemu_new ("/q", "7.2.0", old_qemu);
  const VapLayerFacts facts = { .host = host, .qemu = qemu };

  assert_feature (&facts, VAP_FEATURE_AP, "-y?y?y", VAP_N_LAYERS);
  assert_feature (&facts, VAP_FEATURE_APFT, "yy?y?y", VAP_N_LAYERS);
  assert_feature (&facts, VAP_FEATURE_APQI, "yy?y?y", VAP_N_LAYERS);
  assert_feature (&facts, VAP_FEATURE_APXA, "yy---y", VAP_N_LAYERS);
  assert_feature (&facts, VAP_FEATURE_APPV, "ny?n?n", VAP_LAYER_MACHINE);
}

static void
test_lost_at (void)
{
  g_autoptr (VapHost) host = host_of (CPUINFO Z16);
  g_autoptr (VapHost) bare = host_of (CPUINFO);
  g_autoptr (VapHost) deaf = host_of (CPUINFO Z16 "\nsys/bus/ap/ap_interrupts = 0\n");
  g_autoptr (VapQemu) qemu = vap_qemu_new ("/q", "7.2.0", old_qemu + 1);
  g_autofree VapKvm *kvm = make_kvm (TRUE, BIT (12));
  VapLayerFacts facts = { .host = host, .kvm = kvm, .qemu = qemu };

  /* what needs ap is lost where ap is, unless it is lost before */
  assert_feature (&facts, VAP_FEATURE_AP, "-yyn?n", VAP_LAYER_QEMU);
  assert_feature (&facts, VAP_FEATURE_APQCI, "yyyy?n", VAP_LAYER_QEMU);
  assert_feature (&facts, VAP_FEATURE_APXA, "yy---n", VAP_LAYER_QEMU);
  assert_feature (&facts, VAP_FEATURE_APFT, "yyny?n", VAP_LAYER_KVM);
  assert_feature (&facts, VAP_FEATURE_APPVI, "nynn?n", VAP_LAYER_MACHINE);
  facts.host = bare;
  assert_feature (&facts, VAP_FEATURE_AP, "-nyn?n", VAP_LAYER_AP_BUS);
  assert_feature (&facts, VAP_FEATURE_APXA, "?n---n", VAP_LAYER_AP_BUS);
  facts.host = deaf;
  assert_feature (&facts, VAP_FEATURE_APQI, "ynyy?n", VAP_LAYER_AP_BUS);
}

static void
test_unknown (void)
{
  g_autoptr (VapHost) host = host_of (Z16);
  g_autoptr (VapQemu) qemu = vap_qemu_new ("/q", "7.2.0", old_qemu);
  g_autofree VapKvm *kvm = make_kvm (TRUE, BIT (12) | BIT (15));
  VapLayerFacts facts = { .host = host, .qemu = qemu };

  assert_feature (&facts, VAP_FEATURE_APFT, "?y?y??", VAP_N_LAYERS);
  facts.kvm = kvm; /* gives only what the machine has */
  assert_feature (&facts, VAP_FEATURE_APFT, "?yyy?y", VAP_N_LAYERS);
  facts.qemu = NULL;
  assert_feature (&facts, VAP_FEATURE_APFT, "?yy???", VAP_N_LAYERS);
}

#define DEVICES "\"devices\":[\"ap_card05\",\"ap_05_0047\",\"ap_matrix\"]"
#define HOST_MODEL                                                                       \
  "\"capabilities\":\"<domainCapabilities><path>/q</path><machine>m</machine><cpu>"      \
  "<mode name='host-model' supported='yes'><model>gen16a-base</model>"                   \
  "<feature policy='require' name='ap'/><feature policy='require' name='apft'/>"         \
  "<feature policy='disable' name='apqci'/></mode></cpu></domainCapabilities>\""

/* libvirt's host-model has what all layers below have */
static void
test_remote (void)
{
  g_autoptr (VapRemote) remote = make_remote ("{" DEVICES "," HOST_MODEL "}");
  const VapLayerFacts facts = { .remote = remote };

  assert_feature (&facts, VAP_FEATURE_AP, "-y?yyy", VAP_N_LAYERS);
  assert_feature (&facts, VAP_FEATURE_APFT, "?y?yyy", VAP_N_LAYERS);
  assert_feature (&facts, VAP_FEATURE_APQCI, "?y??nn", VAP_LAYER_LIBVIRT);
  assert_feature (&facts, VAP_FEATURE_APQI, "????nn", VAP_LAYER_LIBVIRT);
  /* the domain 0047 is above 000f */
  assert_feature (&facts, VAP_FEATURE_APXA, "yy---y", VAP_N_LAYERS);
}

static void
test_remote_silent (void)
{
  g_autoptr (VapRemote) devices = make_remote ("{" DEVICES "}");
  g_autoptr (VapRemote) nothing
      = make_remote ("{\"devices\":[\"ap_card00\",\"ap_00_0001\"]}");
  VapLayerFacts facts = { .remote = devices };

  assert_feature (&facts, VAP_FEATURE_AP, "-y????", VAP_N_LAYERS);
  assert_feature (&facts, VAP_FEATURE_APFT, "?y????", VAP_N_LAYERS);
  facts.remote = nothing;
  assert_feature (&facts, VAP_FEATURE_APXA, "?y---?", VAP_N_LAYERS);
  facts.remote = NULL;
  assert_feature (&facts, VAP_FEATURE_AP, "-?????", VAP_N_LAYERS);
}

static void
test_functions (void)
{
  g_autoptr (VapHost) host
      = host_of (CPUINFO "ap-bus cards=05:13:4 udoms=4 features=APSC,APXA,QACT\n");
  g_autoptr (VapHost) quiet
      = host_of (CPUINFO "ap-bus cards=05:13:4 udoms=4 features=absent\n");
  g_autoptr (VapQemu) qemu = vap_qemu_new ("/q", "7.2.0", old_qemu);
  VapLayerFacts facts = { .host = host, .qemu = qemu };

  assert_function (&facts, 0, "-y?y?y", VAP_N_LAYERS);
  assert_function (&facts, 3, "yy?y?y", VAP_N_LAYERS);
  assert_function (&facts, 5, "yy?y?y", VAP_N_LAYERS);
  assert_function (&facts, 7, "ny?y?n", VAP_LAYER_MACHINE);
  facts.host = quiet;
  assert_function (&facts, 4, "yy?y?y", VAP_N_LAYERS);
  assert_function (&facts, 5, "?y?y??", VAP_N_LAYERS);
}

/* every function follows its feature, whatever was asked */
static void
test_functions_follow (void)
{
  g_autoptr (VapHost) host = host_of (CPUINFO Z16);
  g_autoptr (VapQemu) qemu = vap_qemu_new ("/q", "7.2.0", old_qemu);
  g_autofree VapKvm *kvm = make_kvm (FALSE, BIT (12));

  for (guint asked = 0; asked < 8; asked++) {
    const VapLayerFacts facts = {
      .host = asked & 1 ? host : NULL,
      .kvm = asked & 2 ? kvm : NULL,
      .qemu = asked & 4 ? qemu : NULL,
    };

    for (const VapPqapFunction *row = vap_pqap_functions (); row->name != NULL; row++) {
      VapCapability function = vap_layers_function (&facts, row);
      VapCapability feature = vap_layers_feature (&facts, row->needs);

      g_assert_cmpint ((int)function.lost_at, <=, (int)feature.lost_at);
      if (function.guest == VAP_ANSWER_YES)
        g_assert_cmpint (feature.guest, ==, VAP_ANSWER_YES);
      g_assert_cmpint (function.guest == VAP_ANSWER_NO, ==,
                       function.lost_at < VAP_N_LAYERS);
    }
  }
}

static void
test_kvm (void)
{
  g_autofree VapKvm *kvm = make_kvm (TRUE, BIT (12) | BIT (15));

  g_assert_true (vap_kvm_has_feature (kvm, VAP_FEATURE_AP));
  g_assert_true (vap_kvm_has_feature (kvm, VAP_FEATURE_APQCI));
  g_assert_true (vap_kvm_has_feature (kvm, VAP_FEATURE_APQI));
  g_assert_false (vap_kvm_has_feature (kvm, VAP_FEATURE_APPV));
  kvm->facility_mask[0] = BIT (15); /* the machine has it, KVM lets no guest have it */
  g_assert_false (vap_kvm_has_feature (kvm, VAP_FEATURE_APQCI));
  g_assert_true (vap_kvm_has_feature (kvm, VAP_FEATURE_APFT));
  kvm->uv_features = BIT (4);
  g_assert_true (vap_kvm_has_feature (kvm, VAP_FEATURE_APPV));
  g_assert_false (vap_kvm_has_feature (kvm, VAP_FEATURE_APPVI));
}

static void
test_kvm_here (void)
{
#ifndef __s390x__
  g_autoptr (GError) error = NULL;

  g_assert_null (vap_kvm_ask (&error));
  g_assert_error (error, VAP_ERROR, VAP_ERROR_UNREADABLE);
#else
  g_test_skip ("what KVM answers here depends on the machine");
#endif
}

static void
test_ultravisor (void)
{
#define UV "sys/firmware/uv/query/feature_indications = "
#define APSB "ap-bus cards=05:13:4 udoms=4 features=APSC,APXA,APSB\n"
  g_autoptr (VapHost) untold = host_of (CPUINFO APSB);
  g_autoptr (VapHost) without = host_of (CPUINFO APSB UV "c000000000000000\n");
  g_autoptr (VapHost) with = host_of (CPUINFO APSB UV "c800000000000000\n");

  g_assert_true (vap_host_has_feature (untold, VAP_FEATURE_APPV));
  g_assert_false (vap_host_has_feature (without, VAP_FEATURE_APPV));
  g_assert_true (vap_host_has_feature (with, VAP_FEATURE_APPV));
  g_assert_false (vap_host_has_feature (with, VAP_FEATURE_APPVI));
  assert_unreadable (CPUINFO UV "x\n", VAP_ERROR_MALFORMED, "feature_indications");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/layers/host-and-qemu", test_host_and_qemu);
  g_test_add_func ("/layers/lost-at", test_lost_at);
  g_test_add_func ("/layers/unknown", test_unknown);
  g_test_add_func ("/layers/remote", test_remote);
  g_test_add_func ("/layers/remote-silent", test_remote_silent);
  g_test_add_func ("/layers/functions", test_functions);
  g_test_add_func ("/layers/functions-follow", test_functions_follow);
  g_test_add_func ("/layers/kvm", test_kvm);
  g_test_add_func ("/layers/kvm-here", test_kvm_here);
  g_test_add_func ("/layers/ultravisor", test_ultravisor);
  return g_test_run ();
}
