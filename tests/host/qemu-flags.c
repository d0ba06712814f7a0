/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tests of the AP arguments for QEMU. */
#include "host/qemu-flags.h"

#include "support.h"

#include <string.h>

static const char *const old_qemu[] = { "ap", "apqci", "apft", "apqi", NULL };
static const char *const new_qemu[]
    = { "ap", "apqci", "apft", "apqi", "apxa", "appv", "appvi", NULL };

static void
assert_cpu (const char *const *properties, const char *type, const char *cpu,
            const char *expected, const char *expected_missing)
{
  g_autofree char *xml = g_strdup_printf (
      "<domain type='%s'><name>g</name><metadata><v:crypto xmlns:v='" VAP_METADATA_NS
      "'><v:feature name='apxa' policy='require'/></v:crypto></metadata>%s</domain>",
      type, cpu);
  g_autoptr (GError) error = NULL;
  g_autoptr (VapGuest) guest = vap_guest_parse (xml, strlen (xml), &error);
  g_autoptr (VapHost) host = host_of ("cpuinfo\n" Z16);
  g_autoptr (VapQemu) qemu = vap_qemu_new ("/q", "7.2.0", properties);
  g_autoptr (GPtrArray) missing = g_ptr_array_new ();
  g_autofree char *argument = NULL;
  g_autofree char *names = NULL;

  g_assert_no_error (error);
  argument = vap_qemu_cpu_argument (qemu, host, guest, missing);
  g_assert_cmpstr (argument, ==, expected);
  g_ptr_array_add (missing, NULL);
  names = g_strjoinv (",", (char **)missing->pdata);
  g_assert_cmpstr (names, ==, expected_missing);
}

#define F(policy, name) "<feature policy='" policy "' name='" name "'/>"
#define MODEL "<cpu mode='custom'><model>gen15a-base</model>"

static void
test_cpu (void)
{
  assert_cpu (old_qemu, "kvm",
              MODEL F ("require", "ap") F ("force", "apft") F ("disable", "apqi")
                  F ("forbid", "apqci") "</cpu>",
              "gen15a-base,ap=on,apft=on,apqi=off,apqci=off", "");
  /* features that are not AP's are left out */
  assert_cpu (old_qemu, "kvm", MODEL F ("require", "vx") F ("require", "ap") "</cpu>",
              "gen15a-base,ap=on", "");
  assert_cpu (old_qemu, "kvm", MODEL F ("optional", "ap") F ("optional", "appv") "</cpu>",
              "gen15a-base,ap=on", "");
}

static void
test_properties (void)
{
  const char *all
      = MODEL F ("require", "apxa") F ("require", "appv") F ("disable", "appvi") "</cpu>";

  /* apxa comes with ap; an appvi that is off is not there either */
  assert_cpu (old_qemu, "kvm", all, "gen15a-base", "appv");
  assert_cpu (new_qemu, "kvm", all, "gen15a-base,apxa=on,appv=on,appvi=off", "");
  /* from our metadata, which QEMU never saw */
  assert_cpu (new_qemu, "kvm", MODEL "</cpu>", "gen15a-base,apxa=on", "");
}

static void
test_modes (void)
{
  assert_cpu (old_qemu, "kvm", "", "host", "");
  assert_cpu (old_qemu, "qemu", "", "qemu", "");
  assert_cpu (old_qemu, "kvm", "<cpu mode='host-model'>" F ("disable", "ap") "</cpu>",
              "host,ap=off", "");
  assert_cpu (old_qemu, "qemu", "<cpu mode='host-model'/>", "max", "");
  assert_cpu (old_qemu, "kvm", "<cpu mode='host-passthrough'/>", "host", "");
  assert_cpu (old_qemu, "kvm", "<cpu mode='maximum'/>", "max", "");
  assert_cpu (old_qemu, "kvm", "<cpu mode='custom'/>", "host", "");
}

static void
test_syntax (void)
{
  static const struct {
    const char *version;
    VapSyntax syntax;
  } cases[] = {
    { "2.12.0", VAP_SYNTAX_OLD }, { "6.1.9", VAP_SYNTAX_OLD },
    { "6.2.0", VAP_SYNTAX_JSON }, { "7.0.0", VAP_SYNTAX_JSON },
    { "11.1", VAP_SYNTAX_JSON },  { "", VAP_SYNTAX_OLD },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (VapQemu) qemu = vap_qemu_new ("/q", cases[i].version, old_qemu);

    g_assert_cmpint (vap_qemu_syntax (qemu), ==, cases[i].syntax);
  }
}

static void
test_device (void)
{
  g_autofree char *old = vap_qemu_device_argument (A_UUID, 0, VAP_SYNTAX_OLD);
  g_autofree char *json = vap_qemu_device_argument (A_UUID, 1, VAP_SYNTAX_JSON);

  g_assert_cmpstr (old, ==, "vfio-ap,id=hostdev0,sysfsdev=/sys/bus/mdev/devices/" A_UUID);
  g_assert_cmpstr (json, ==,
                   "{\"driver\":\"vfio-ap\",\"id\":\"hostdev1\","
                   "\"sysfsdev\":\"/sys/bus/mdev/devices/" A_UUID "\"}");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/qemu-flags/cpu", test_cpu);
  g_test_add_func ("/qemu-flags/properties", test_properties);
  g_test_add_func ("/qemu-flags/modes", test_modes);
  g_test_add_func ("/qemu-flags/syntax", test_syntax);
  g_test_add_func ("/qemu-flags/device", test_device);
  return g_test_run ();
}
