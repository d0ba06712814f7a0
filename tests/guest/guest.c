/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What can be asked of a VapGuest, and devices on their own. */
#include "guest/guest.h"

#include <string.h>

#include "guest/device.h"
#include "guest/rewrite.h"

static VapGuest *
parse (const char *xml)
{
  g_autoptr (GError) error = NULL;
  VapGuest *guest = vap_guest_parse (xml, strlen (xml), &error);

  g_assert_no_error (error);
  g_assert_nonnull (guest);
  return guest;
}

static void
test_names (void)
{
  g_assert_cmpstr (vap_policy_to_string (VAP_POLICY_FORCE), ==, "force");
  g_assert_cmpstr (vap_policy_to_string (VAP_POLICY_FORBID), ==, "forbid");
  g_assert_cmpstr (vap_cpu_mode_to_string (VAP_CPU_MODE_NONE), ==, "none");
  g_assert_cmpstr (vap_cpu_mode_to_string (VAP_CPU_MODE_MAXIMUM), ==, "maximum");
}

static void
test_feature (void)
{
  g_autoptr (VapGuest) guest
      = parse ("<domain><cpu mode='host-model'><feature name='ap'/>"
               "<feature name='apft' policy='disable'/></cpu></domain>");

  g_assert_true (vap_policy_wants (vap_guest_feature (guest, "ap")->policy));
  g_assert_true (vap_policy_rejects (vap_guest_feature (guest, "apft")->policy));
  g_assert_null (vap_guest_feature (guest, "apqci"));
}

static void
test_device (void)
{
  static const char xml[]
      = "<hostdev mode='subsystem' type='mdev' model='vfio-ap'><source>"
        "<address uuid='62177883F1BB-47f0-914d-32a22e3a8801'/></source></hostdev>";
  static const char disk[] = "<disk type='file' device='disk'/>";
  static const char pci[] = "<hostdev mode='subsystem' type='pci'/>";
  static const char cut[] = "<hostdev mode='subsystem'";
  g_autoptr (VapGuestDevice) device = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_true (vap_guest_device_parse (disk, strlen (disk), &device, &error));
  g_assert_null (device);
  g_assert_true (vap_guest_device_parse (pci, strlen (pci), &device, &error));
  g_assert_null (device);
  g_assert_false (vap_guest_device_parse (cut, strlen (cut), &device, &error));
  g_assert_error (error, VAP_ERROR, VAP_ERROR_MALFORMED);
  g_clear_error (&error);

  g_assert_true (vap_guest_device_parse (xml, strlen (xml), &device, &error));
  g_assert_no_error (error);
  g_assert_cmpstr (device->uuid, ==, "62177883-f1bb-47f0-914d-32a22e3a8801");
  g_assert_cmpstr (device->model, ==, "vfio-ap");
  g_assert_null (device->boot_order);
}

static void
test_with_device (void)
{
  g_autoptr (VapGuest) guest
      = parse ("<domain type='kvm'><name>a</name><uuid>1</uuid>"
               "<os><type arch='s390x' machine='m'>hvm</type></os>"
               "<cpu mode='custom'><model>z15</model><feature name='ap'/></cpu>"
               "<launchSecurity type='s390-pv'/><devices><emulator>/q</emulator>"
               "<hostdev type='mdev' model='vfio-ccw'/></devices></domain>");
  VapGuestDevice device = { (char *)"u", (char *)"vfio-ap", NULL };
  g_autoptr (VapGuest) other = vap_guest_with_device (guest, &device);
  g_autoptr (VapGuest) same = vap_guest_ref (other);
  const VapGuestDevice *last;

  g_assert_true (same == other);
  g_assert_cmpuint (guest->devices->len, ==, 1);
  g_assert_cmpuint (other->devices->len, ==, 2);
  last = g_ptr_array_index (other->devices, 1);
  g_assert_cmpstr (last->uuid, ==, "u");
  g_assert_cmpstr (last->model, ==, "vfio-ap");
  g_assert_cmpstr (other->name, ==, "a");
  g_assert_cmpstr (other->uuid, ==, "1");
  g_assert_cmpstr (other->type, ==, "kvm");
  g_assert_cmpstr (other->arch, ==, "s390x");
  g_assert_cmpstr (other->machine, ==, "m");
  g_assert_cmpstr (other->emulator, ==, "/q");
  g_assert_cmpint (other->cpu_mode, ==, VAP_CPU_MODE_CUSTOM);
  g_assert_cmpstr (other->cpu_model, ==, "z15");
  g_assert_true (other->secure);
  g_assert_nonnull (vap_guest_feature (other, "ap"));
  g_assert_true (vap_guest_concerns_ap (other));
}

static void
test_matrix_of_mdevctl (void)
{
  static const char json[] = "{\"mdev_type\":\"vfio_ap-passthrough\"}";
  g_autoptr (GError) error = NULL;
  g_autoptr (VapDevice) device
      = vap_device_parse_mdevctl (json, strlen (json), NULL, NULL, &error);
  g_autoptr (VapDevice) again = NULL;
  VapMatrix matrix;

  g_assert_no_error (error);
  again = vap_device_ref (device);
  g_assert_null (again->uuid);
  g_assert_null (again->parent);
  g_assert_true (vap_device_is_matrix (again));
  vap_device_matrix (again, &matrix, NULL, NULL);
  g_assert_cmpuint (vap_matrix_count_queues (&matrix), ==, 0);
}

/* the model's value, wherever and however it is written; nothing else */
static void
test_set_models (void)
{
#define UUID "62177883-f1bb-47f0-914d-32a22e3a8801"
#define SOURCE "<source><address uuid='" UUID "'/></source></hostdev>"
  static const char *const uuids[] = { UUID, NULL };
  static const struct {
    const char *before;
    const char *after;
  } rows[] = {
    { "<hostdev mode='subsystem' type='mdev' model='vfio-pci'>" SOURCE,
      "<hostdev mode='subsystem' type='mdev' model='vfio-ap'>" SOURCE },
    { "<hostdev  model = \"vfio-pci\"\n type='mdev' >" SOURCE,
      "<hostdev  model = \"vfio-ap\"\n type='mdev' >" SOURCE },
    { "<hostdev display=\" model='x'\" model='&#118;fio-pci' type='mdev'>" SOURCE,
      "<hostdev display=\" model='x'\" model='vfio-ap' type='mdev'>" SOURCE },
    { "<hostdev x:model='a' xmlns:x='u' model='vfio-pci' type='mdev'>" SOURCE,
      "<hostdev x:model='a' xmlns:x='u' model='vfio-ap' type='mdev'>" SOURCE },
    { "<hostdev type='mdev'>" SOURCE, NULL },
    { "<hostdev type='mdev' model='vfio-ccw'>" SOURCE, NULL },
    { "<hostdev type='pci' model='vfio-pci'>" SOURCE, NULL },
    { "<hostdev type='mdev' model='vfio-pci'><source>"
      "<address uuid='62177883-f1bb-47f0-914d-32a22e3a8802'/></source></hostdev>",
      NULL },
    { "<hostdev type='mdev' model='vfio-pci'/>", NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    const char *before = rows[i].before;
    g_autoptr (GError) error = NULL;
    g_autofree char *alone
        = vap_rewrite_set_models (before, strlen (before), uuids, &error);
    g_autofree char *domain = g_strdup_printf (
        "<domain><name>a</name><devices>%s</devices></domain>", before);
    g_autofree char *mended
        = vap_rewrite_set_models (domain, strlen (domain), uuids, &error);

    g_assert_no_error (error);
    g_assert_cmpstr (alone, ==, rows[i].after != NULL ? rows[i].after : before);
    if (rows[i].after == NULL) {
      g_assert_cmpstr (mended, ==, domain);
      continue;
    }
    g_assert_nonnull (strstr (mended, rows[i].after));
    g_assert_nonnull (strstr (mended, "<virt-ap:changed device='" UUID "' "
                                      "what='model' from='vfio-pci' to='vfio-ap'/>"));
  }
#undef SOURCE
#undef UUID
}

/* our metadata is there already, with a prefix of its own, or none */
static void
test_set_models_metadata (void)
{
#define UUID "62177883-f1bb-47f0-914d-32a22e3a8801"
  static const char *const uuids[] = { UUID, NULL };
  static const struct {
    const char *crypto;
    const char *entry;
  } rows[] = {
    { "<metadata><crypto xmlns='urn:virt-ap:domain:1.0'><feature name='apxa'/></crypto>"
      "</metadata>",
      "<feature name='apxa'/><changed device=" },
    { "<metadata><z:crypto xmlns:z='urn:virt-ap:domain:1.0'/></metadata>",
      "<z:changed device=" },
    { "<metadata><other xmlns='u'/></metadata>", "<virt-ap:changed device=" },
    { "", "<virt-ap:changed device=" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autoptr (GError) error = NULL;
    g_autofree char *xml = g_strdup_printf (
        "<domain><name>a</name>%s<devices><hostdev type='mdev' model='vfio-pci'><source>"
        "<address uuid='" UUID "'/></source></hostdev></devices></domain>",
        rows[i].crypto);
    g_autofree char *mended = vap_rewrite_set_models (xml, strlen (xml), uuids, &error);
    g_autofree char *shown = NULL;
    g_autoptr (VapGuest) guest = NULL;

    g_assert_no_error (error);
    g_assert_nonnull (strstr (mended, rows[i].entry));
    guest = parse (mended);
    g_assert_cmpstr (((VapGuestDevice *)guest->devices->pdata[0])->model, ==, "vfio-ap");
    /* what was changed stays told when the features go */
    shown = vap_rewrite_show_features (mended, strlen (mended), &error);
    g_assert_no_error (error);
    g_assert_nonnull (strstr (shown, "changed device="));
  }
#undef UUID
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/guest/names", test_names);
  g_test_add_func ("/guest/feature", test_feature);
  g_test_add_func ("/guest/device", test_device);
  g_test_add_func ("/guest/with-device", test_with_device);
  g_test_add_func ("/guest/mdevctl", test_matrix_of_mdevctl);
  g_test_add_func ("/guest/guest/set-models", test_set_models);
  g_test_add_func ("/guest/guest/set-models/metadata", test_set_models_metadata);
  return g_test_run ();
}
