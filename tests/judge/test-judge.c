/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Whole questions: what is read and asked for them, what is passed on rewritten,
 * and when no judgement is possible.  The rules have their own tests in
 * tests/check.
 */
#include "judge/judge.h"
#include "tree.h"

#include <glib/gstdio.h>
#include <string.h>

#define DEVICE "62177883-f1bb-47f0-914d-32a22e3a8801"
#define OTHER "62177883-f1bb-47f0-914d-32a22e3a8802"
#define WEB1 "0f0f0f0f-0000-4000-8000-000000000001"

/* without interrupts, so that a guest need not ask for them */
static const char host_text[] = "ap-bus cards=05:13:4,06:13:2 udoms=4,47 apmask=-5,-6\n"
                                "cpuinfo facilities=0,1,12,15\n"
                                "device " DEVICE " adapters=5 domains=4\n"
                                "definition " OTHER " adapters=6 domains=4\n"
                                "guest web1 uuid=" WEB1 " state=running\n"
                                "guest web2 uuid=0f0f0f0f-0000-4000-8000-000000000002\n";

/* a host that cannot be read, so that whoever reads it is found out */
static const char broken_text[] = "ap-bus cards=05:13:4 udoms=4\n"
                                  "/sys/bus/ap/apmask = 0x12\n";
static const char broken_machine[] = "ap-bus cards=05:13:4 udoms=4\n"
                                     "/proc/cpuinfo << END\n"
                                     "vendor_id       : IBM/S390\n"
                                     "facilities      : twelve\n"
                                     "END\n";

static const char hostdev[] = "<hostdev mode='subsystem' type='mdev' model='vfio-ap'>"
                              "<source><address uuid='" DEVICE "'/></source></hostdev>";

/* An emulator that answers as QEMU does, and leaves the file "asked" beside it. */
static char *
make_emulator (const char *dir)
{
  char *path = g_build_filename (dir, "qemu", NULL);
  g_autofree char *script = g_strdup_printf (
      "#!/bin/sh\n"
      ": > '%s/asked'\n"
      "echo '{\"QMP\":{\"version\":{\"qemu\":{\"micro\":1,\"minor\":0,\"major\":8}}}}'\n"
      "echo '{\"return\":{},\"id\":\"capabilities\"}'\n"
      "echo "
      "'{\"return\":[{\"name\":\"ap\"},{\"name\":\"apft\"}],\"id\":\"properties\"}'\n",
      dir);

  g_assert_true (g_file_set_contents (path, script, -1, NULL));
  g_assert_cmpint (g_chmod (path, 0755), ==, 0);
  /* root asks as nobody, who must get at it and leave the trace */
  g_assert_cmpint (g_chmod (dir, 0777), ==, 0);
  return path;
}

static gboolean
was_asked (const char *dir)
{
  g_autofree char *path = g_build_filename (dir, "asked", NULL);

  return g_file_test (path, G_FILE_TEST_EXISTS);
}

static char *
guest_xml (const char *arch, const char *features, const char *devices,
           const char *emulator)
{
  return g_strdup_printf ("<domain type='kvm'>\n"
                          "  <name>new</name>\n"
                          "  <os><type arch='%s'>hvm</type></os>\n"
                          "  <cpu mode='custom'><model>gen16a</model>%s</cpu>\n"
                          "  <devices><emulator>%s</emulator>%s</devices>\n"
                          "</domain>\n",
                          arch, features, emulator, devices);
}

static char *
text_of (const VapVerdict *verdict)
{
  return vap_findings_to_text (verdict->findings, VAP_SEVERITY_NOTE);
}

static void
assert_verdict (const VapVerdict *verdict, const GError *error, const char *begins)
{
  g_autofree char *text = NULL;

  g_assert_no_error (error);
  text = text_of (verdict);
  if (begins[0] == '\0' ? text[0] != '\0' : !g_str_has_prefix (text, begins))
    g_error ("'%s' does not begin with '%s'", text, begins);
}

static void
test_guest_without_ap (void)
{
  g_autoptr (VapTestTree) root = vap_test_tree_new (broken_text);
  g_autofree char *emulator = make_emulator (root);
  g_autofree char *x86
      = guest_xml ("x86_64", "<feature name='vmx'/>", "<disk/>", emulator);
  g_autofree char *s390x = guest_xml ("s390x", "<feature name='vx'/>", "", emulator);
  const char *const guests[] = { x86, s390x };

  for (guint i = 0; i < G_N_ELEMENTS (guests); i++) {
    g_autoptr (GError) error = NULL;
    g_autoptr (VapVerdict) verdict = vap_judge_domain_xml (
        root, guests[i], strlen (guests[i]), VAP_ACTION_START, &error);

    assert_verdict (verdict, error, "");
    g_assert_null (verdict->rewritten);
  }
  g_assert_false (was_asked (root));
}

/* What the rules of a guest do not look at does not keep a door from judging it. */
static void
test_unreadable_parts (void)
{
  g_autoptr (VapTestTree) mask = vap_test_tree_new (broken_text);
  g_autoptr (VapTestTree) machine = vap_test_tree_new (broken_machine);
  g_autofree char *emulator = make_emulator (mask);
  g_autofree char *xml = guest_xml ("s390x", "<feature name='ap'/>", hostdev, emulator);
  g_autoptr (GError) error = NULL;
  g_autoptr (VapVerdict) guest =
      vap_judge_mended_xml (mask, xml, strlen (xml), 0, VAP_ACTION_DEFINE, &error);
  g_autoptr (VapVerdict) attached = NULL;

  assert_verdict (guest, error, "error[device-unknown]");
  attached = vap_judge_attach_xml (mask, "web1", WEB1, hostdev, strlen (hostdev), &error);
  assert_verdict (attached, error, "error[device-unknown]");

  g_assert_null (
      vap_judge_mended_xml (machine, xml, strlen (xml), 0, VAP_ACTION_DEFINE, &error));
  g_assert_error (error, VAP_ERROR, VAP_ERROR_MALFORMED);
  g_clear_error (&error);
  g_assert_null (
      vap_judge_attach_xml (machine, "web1", WEB1, hostdev, strlen (hostdev), &error));
  g_assert_error (error, VAP_ERROR, VAP_ERROR_MALFORMED);
}

static void
test_unreadable_host (void)
{
  g_autoptr (VapTestTree) root = vap_test_tree_new (broken_text);
  g_autofree char *emulator = make_emulator (root);
  g_autofree char *xml = guest_xml ("s390x", "<feature name='ap'/>", hostdev, emulator);
  g_autoptr (GError) error = NULL;

  g_assert_null (
      vap_judge_domain_xml (root, xml, strlen (xml), VAP_ACTION_DEFINE, &error));
  g_assert_error (error, VAP_ERROR, VAP_ERROR_MALFORMED);
  g_clear_error (&error);

  g_assert_null (vap_judge_mdevctl (root, "{\"mdev_type\":\"" VAP_DEVICE_TYPE "\"}", 37,
                                    DEVICE, VAP_DEVICE_PARENT, VAP_ACTION_START, &error));
  g_assert_error (error, VAP_ERROR, VAP_ERROR_MALFORMED);
}

static void
test_rewritten (void)
{
  static const char features[] = "<feature policy='require' name='ap'/>"
                                 "<feature policy='require' name='apft'/>"
                                 "<feature policy='require' name='apxa'/>";
  g_autoptr (VapTestTree) root = vap_test_tree_new (host_text);
  g_autofree char *emulator = make_emulator (root);
  g_autofree char *xml = guest_xml ("s390x", features, hostdev, emulator);
  g_autoptr (GError) error = NULL;
  g_autoptr (VapVerdict) verdict
      = vap_judge_domain_xml (root, xml, strlen (xml), VAP_ACTION_START, &error);
  g_autoptr (VapGuest) passed_on = NULL;

  assert_verdict (verdict, error, "");
  g_assert_true (was_asked (root));
  g_assert_nonnull (verdict->rewritten);
  passed_on = vap_guest_parse (verdict->rewritten, strlen (verdict->rewritten), &error);
  g_assert_no_error (error);
  g_assert_false (vap_guest_feature (passed_on, "ap")->from_metadata);
  g_assert_true (vap_guest_feature (passed_on, "apxa")->from_metadata);
  g_assert_cmpint (vap_guest_feature (passed_on, "apxa")->policy, ==, VAP_POLICY_REQUIRE);
}

/* nothing to hide, or refused */
static void
test_not_rewritten (void)
{
  static const struct {
    const char *features;
    const char *begins;
  } rows[] = {
    { "<feature name='ap'/><feature name='apft'/>", "" },
    { "<feature name='ap'/><feature name='apxa'/>", "error[apft-off]: " },
    { "<feature name='ap'/><feature name='apft'/>"
      "<feature policy='disable' name='apxa'/>",
      "error[feature-not-removable]: " },
    { "<feature name='ap'/><feature name='apft'/><feature name='apqx'/>",
      "error[feature-unknown]: QEMU 8.0.1 " },
  };
  g_autoptr (VapTestTree) root = vap_test_tree_new (host_text);
  g_autofree char *emulator = make_emulator (root);

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autofree char *xml = guest_xml ("s390x", rows[i].features, hostdev, emulator);
    g_autoptr (GError) error = NULL;
    g_autoptr (VapVerdict) verdict
        = vap_judge_domain_xml (root, xml, strlen (xml), VAP_ACTION_START, &error);

    assert_verdict (verdict, error, rows[i].begins);
    g_assert_true (verdict->rewritten == NULL || vap_findings_refuse (verdict->findings));
  }
}

/* without an answer the judgement goes on, and apxa must not reach QEMU either */
static void
test_qemu_not_there (void)
{
  static const char features[] = "<feature name='ap'/><feature name='apft'/>"
                                 "<feature name='apxa'/>";
  g_autoptr (VapTestTree) root = vap_test_tree_new (host_text);
  g_autofree char *xml = guest_xml ("s390x", features, hostdev, "/no/such/qemu");
  g_autoptr (GError) error = NULL;
  g_autoptr (VapVerdict) verdict
      = vap_judge_domain_xml (root, xml, strlen (xml), VAP_ACTION_START, &error);

  assert_verdict (verdict, error, "warning[qemu-not-asked]: ");
  g_assert_nonnull (verdict->rewritten);
  g_assert_null (strstr (verdict->rewritten, "<feature name='apxa'/>"));
}

static void
test_malformed (void)
{
  static const char *const bad[] = { "", "<domain", "<network/>", "\xff\xfe" };

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++) {
    g_autoptr (GError) domain_error = NULL;
    g_autoptr (GError) device_error = NULL;
    g_autoptr (GError) attach_error = NULL;
    g_autoptr (GError) json_error = NULL;
    gsize length = strlen (bad[i]);

    g_assert_null (
        vap_judge_domain_xml ("/", bad[i], length, VAP_ACTION_DEFINE, &domain_error));
    g_assert_error (domain_error, VAP_ERROR, VAP_ERROR_MALFORMED);
    g_assert_null (
        vap_judge_device_xml ("/", bad[i], length, VAP_ACTION_DEFINE, &device_error));
    g_assert_error (device_error, VAP_ERROR, VAP_ERROR_MALFORMED);
    g_assert_null (vap_judge_mdevctl ("/", bad[i], length, DEVICE, VAP_DEVICE_PARENT,
                                      VAP_ACTION_DEFINE, &json_error));
    g_assert_error (json_error, VAP_ERROR, VAP_ERROR_MALFORMED);

    if (g_str_equal (bad[i], "<network/>"))
      continue; /* well formed, and some other device as far as we know */
    g_assert_null (
        vap_judge_attach_xml ("/", "web1", WEB1, bad[i], length, &attach_error));
    g_assert_error (attach_error, VAP_ERROR, VAP_ERROR_MALFORMED);
  }
}

/* a device of a running guest must be there now, one of a defined guest later */
static void
test_attach (void)
{
  static const char inactive[] = "<hostdev mode='subsystem' type='mdev' model='vfio-ap'>"
                                 "<source><address uuid='" OTHER "'/></source></hostdev>";
  g_autoptr (VapTestTree) root = vap_test_tree_new (host_text);
  g_autoptr (GError) error = NULL;
  g_autoptr (VapVerdict) running = NULL;
  g_autoptr (VapVerdict) defined = NULL;
  g_autoptr (VapVerdict) unknown = NULL;

  running
      = vap_judge_attach_xml (root, "web1", WEB1, inactive, strlen (inactive), &error);
  assert_verdict (running, error, "error[device-inactive]: ");

  defined = vap_judge_attach_xml (root, "web2", "0f0f0f0f-0000-4000-8000-000000000002",
                                  inactive, strlen (inactive), &error);
  assert_verdict (defined, error, "error[ap-off]: guest 'web2' ");

  /* a name that must not be able to leave its place in an XML */
  unknown = vap_judge_attach_xml (root, "<&'\">", "0f0f0f0f-0000-4000-8000-000000000009",
                                  hostdev, strlen (hostdev), &error);
  assert_verdict (unknown, error, "warning[host-incomplete]: guest '<&'\">' could not ");
}

static void
test_devices (void)
{
  static const char json[]
      = "{\"mdev_type\":\"" VAP_DEVICE_TYPE "\",\"start\":\"manual\",\"attrs\":"
        "[{\"assign_adapter\":\"5\"},{\"assign_domain\":\"4\"},{\"assign_control_"
        "domain\":\"4\"}]}";
  static const char scsi[] = "<device><capability type='scsi'/></device>";
  g_autoptr (VapTestTree) root = vap_test_tree_new (host_text);
  g_autoptr (VapTestTree) broken = vap_test_tree_new (broken_text);
  g_autoptr (GError) error = NULL;
  g_autoptr (VapVerdict) own = NULL;
  g_autoptr (VapVerdict) other = NULL;
  g_autoptr (VapVerdict) not_ours = NULL;

  own = vap_judge_mdevctl (root, json, strlen (json), DEVICE, VAP_DEVICE_PARENT,
                           VAP_ACTION_MODIFY_LIVE, &error);
  assert_verdict (own, error, "");
  other = vap_judge_mdevctl (root, json, strlen (json), OTHER, VAP_DEVICE_PARENT,
                             VAP_ACTION_START, &error);
  assert_verdict (other, error, "error[queue-in-use]: queue 05.0004 ");
  /* a device of another kind is no reason to read the host */
  not_ours
      = vap_judge_device_xml (broken, scsi, strlen (scsi), VAP_ACTION_DEFINE, &error);
  assert_verdict (not_ours, error, "");
}

/* Nova's model becomes the right one, and all that was changed is told */
static void
test_mended (void)
{
  static const char nova[] = "<hostdev mode='subsystem' type='mdev' model='vfio-pci'>"
                             "<source><address uuid='" DEVICE "'/></source></hostdev>";
  static const char features[] = "<feature name='ap'/><feature name='apft'/>"
                                 "<feature name='apxa'/>";
  g_autoptr (VapTestTree) root = vap_test_tree_new (host_text);
  g_autofree char *emulator = make_emulator (root);
  g_autofree char *xml = guest_xml ("s390x", features, nova, emulator);
  g_autoptr (GError) error = NULL;
  g_autoptr (VapVerdict) verdict = NULL;
  g_autoptr (VapVerdict) translated = NULL;
  g_autoptr (VapVerdict) attached = NULL;
  g_autoptr (VapGuest) guest = NULL;

  verdict = vap_judge_mended_xml (root, xml, strlen (xml), VAP_MEND_MODELS,
                                  VAP_ACTION_START, &error);
  assert_verdict (verdict, error, "");
  g_assert_cmpuint (verdict->notes->len, ==, 1);
  g_assert_nonnull (strstr (verdict->notes->pdata[0], DEVICE));
  guest = vap_guest_parse (verdict->rewritten, strlen (verdict->rewritten), &error);
  g_assert_no_error (error);
  g_assert_cmpstr (((VapGuestDevice *)guest->devices->pdata[0])->model, ==, "vfio-ap");
  g_assert_true (vap_guest_feature (guest, "apxa")->from_metadata);
  g_assert_nonnull (strstr (verdict->rewritten,
                            "<virt-ap:changed device='" DEVICE "' what='model' "
                            "from='vfio-pci' to='vfio-ap'/>"));

  /* the second time there is nothing left to do */
  translated = vap_judge_translated_xml (root, xml, strlen (xml), VAP_MEND_MODELS,
                                         &error);
  g_assert_cmpstr (translated->rewritten, ==, verdict->rewritten);
  vap_verdict_free (g_steal_pointer (&translated));
  translated = vap_judge_translated_xml (root, verdict->rewritten,
                                         strlen (verdict->rewritten), VAP_MEND_MODELS,
                                         &error);
  g_assert_null (translated->rewritten);
  g_assert_cmpuint (translated->notes->len, ==, 0);

  attached = vap_judge_mended_attach (root, "<new>", "0f0f0f0f-0000-4000-8000-00000000000a",
                                      nova, strlen (nova), &error);
  g_assert_no_error (error);
  g_assert_nonnull (strstr (attached->rewritten, "model='vfio-ap'"));
  g_assert_cmpuint (attached->notes->len, ==, 1);
}

/* a device that is no AP matrix of this host keeps its model */
static void
test_not_mended (void)
{
  static const char gpu[] = "<hostdev mode='subsystem' type='mdev' model='vfio-pci'><source>"
                            "<address uuid='62177883-f1bb-47f0-914d-32a22e3affff'/>"
                            "</source></hostdev>";
  g_autoptr (VapTestTree) root = vap_test_tree_new (host_text);
  g_autofree char *xml = guest_xml ("s390x", "", gpu, "/no/such/qemu");
  g_autoptr (GError) error = NULL;
  g_autoptr (VapVerdict) verdict = NULL;
  g_autoptr (VapVerdict) attached = NULL;

  verdict = vap_judge_mended_xml (root, xml, strlen (xml), VAP_MEND_MODELS,
                                  VAP_ACTION_START, &error);
  assert_verdict (verdict, error, "");
  g_assert_null (verdict->rewritten);
  attached = vap_judge_mended_attach (root, "web1", WEB1, gpu, strlen (gpu), &error);
  assert_verdict (attached, error, "");
  g_assert_null (attached->rewritten);
}

static void
write_file (const char *root, const char *path, const char *text)
{
  g_autofree char *whole = g_build_filename (root, path, NULL);
  g_autofree char *dir = g_path_get_dirname (whole);

  g_assert_cmpint (g_mkdir_with_parents (dir, 0755), ==, 0);
  g_assert_true (g_file_set_contents (whole, text, -1, NULL));
}

/* what a call only names */
static void
test_stored_guest (void)
{
  g_autoptr (VapTestTree) root = vap_test_tree_new (host_text);
  g_autofree char *emulator = make_emulator (root);
  g_autofree char *bad = guest_xml ("s390x", "<feature name='ap'/>", hostdev, emulator);
  g_autofree char *stale
      = guest_xml ("s390x", "<feature name='ap'/><feature name='apxa'/>", "", emulator);
  g_auto (GStrv) parts = g_strsplit (bad, "<name>", 2);
  g_autofree char *named
      = g_strdup_printf ("%s<uuid>0f0f0f0f-0000-4000-8000-0000000000aa</uuid><name>%s",
                         parts[0], parts[1]);
  g_auto (GStrv) stale_parts = g_strsplit (stale, "<name>new", 2);
  g_autofree char *stale_named = g_strdup_printf (
      "%s<uuid>0f0f0f0f-0000-4000-8000-0000000000bb</uuid><name>stale%s", stale_parts[0],
      stale_parts[1]);
  g_autoptr (GError) error = NULL;
  g_autoptr (VapVerdict) refused = NULL;
  g_autoptr (VapVerdict) old = NULL;
  g_autoptr (VapVerdict) unknown = NULL;
  g_autoptr (VapVerdict) snapshot = NULL;
  g_autoptr (VapVerdict) escaping = NULL;
  g_autofree char *moment = g_strdup_printf ("<domainsnapshot>%s</domainsnapshot>", bad);

  write_file (root, "etc/libvirt/qemu/new.xml", named);
  write_file (root, "etc/libvirt/qemu/stale.xml", stale_named);
  write_file (root, "var/lib/libvirt/qemu/snapshot/new/one.xml", moment);

  refused = vap_judge_stored_guest (root, "new", "0f0f0f0f-0000-4000-8000-0000000000aa",
                                    &error);
  assert_verdict (refused, error, "error[apft-off]: ");
  old = vap_judge_stored_guest (root, "stale", "0f0f0f0f-0000-4000-8000-0000000000bb",
                                &error);
  g_assert_no_error (error);
  g_assert_true (old->stale);
  unknown = vap_judge_stored_guest (root, "?", "0f0f0f0f-0000-4000-8000-0000000000cc",
                                    &error);
  assert_verdict (unknown, error, "");
  g_assert_cmpuint (unknown->notes->len, ==, 1);

  snapshot = vap_judge_stored_snapshot (root, "new", "one", &error);
  assert_verdict (snapshot, error, "error[apft-off]: ");
  escaping = vap_judge_stored_snapshot (root, "..", "new/one", &error);
  assert_verdict (escaping, error, "");
  g_assert_cmpuint (escaping->notes->len, ==, 1);
}

static void
test_stored_device (void)
{
  static const struct {
    const char *name;
    const char *begins;
  } rows[] = {
    { "mdev_62177883_f1bb_47f0_914d_32a22e3a8803_matrix", "error[queue-in-use]: " },
    { "mdev_62177883_f1bb_47f0_914d_32a22e3a8803", "error[queue-in-use]: " },
    { "mdev_62177883_f1bb_47f0_914d_32a22e3affff_matrix", "" },
    { "mdev_62177883", "" },
    { "pci_0000_00_01_0", "" },
    { "", "" },
  };
  g_autofree char *text = g_strconcat (
      host_text,
      "definition 62177883-f1bb-47f0-914d-32a22e3a8803 adapters=5 domains=4\n", NULL);
  g_autoptr (VapTestTree) root = vap_test_tree_new (text);

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autoptr (GError) error = NULL;
    g_autoptr (VapVerdict) verdict = vap_judge_stored_device (root, rows[i].name, &error);

    assert_verdict (verdict, error, rows[i].begins);
  }
}

/* a device that is there already is no reason to refuse its own update */
static void
test_device_update (void)
{
  static const char format[]
      = "<device><parent>ap_matrix</parent><capability type='mdev'>"
        "<type id='vfio_ap-passthrough'/><uuid>" OTHER "</uuid>"
        "<attr name='assign_adapter' value='%u'/><attr name='assign_domain' value='4'/>"
        "<attr name='assign_control_domain' value='4'/></capability></device>";
  g_autofree char *own = g_strdup_printf (format, 6);
  g_autofree char *others = g_strdup_printf (format, 5);
  g_autofree char *text
      = g_strconcat (host_text, "device " OTHER " adapters=6 domains=4\n", NULL);
  const char *const hosts[] = { host_text, text };

  for (guint i = 0; i < G_N_ELEMENTS (hosts) * 2; i++) {
    g_autoptr (VapTestTree) root = vap_test_tree_new (hosts[i / 2]);
    gboolean only_stored = i % 2;
    g_autoptr (GError) error = NULL;
    g_autoptr (VapVerdict) good = NULL;
    g_autoptr (VapVerdict) bad = NULL;

    good = vap_judge_device_update (root, own, strlen (own), only_stored, &error);
    assert_verdict (good, error, "");
    bad = vap_judge_device_update (root, others, strlen (others), only_stored, &error);
    assert_verdict (bad, error, "error[queue-in-use]: ");
  }
}

static VapConfig *
config_of (const char *text)
{
  VapConfig *config = vap_config_new ();
  g_autoptr (GError) error = NULL;

  g_assert_true (vap_config_merge (config, "F", text, strlen (text), vap_finding_exists,
                                   &error));
  g_assert_no_error (error);
  return config;
}

/* the same guest under several configurations: apft-off and feature-missing are errors,
 * feature-needs and qemu-not-asked warnings */
static void
test_enforce (void)
{
  static const struct {
    const char *config;
    gboolean refuses;
    guint lowered;
    guint findings;
  } rows[] = {
    { "", TRUE, 0, 4 },
    { "[gate]\npolicy=warn\n", FALSE, 2, 4 },
    { "[hook]\npolicy=warn\n", TRUE, 0, 4 },
    { "[findings]\napft-off=off\n", TRUE, 0, 3 },
    { "[findings]\napft-off=off\nfeature-missing=off\n", FALSE, 0, 2 },
    { "[findings]\nfeature-needs=enforce\nqemu-not-asked=off\n", TRUE, 0, 3 },
    { "[gate]\npolicy=warn\n[gate-findings]\napft-off=enforce\n", TRUE, 1, 4 },
    { "[findings]\napft-off=warn\nfeature-missing=off\nfeature-needs=enforce\n", FALSE, 1,
      3 },
    { "[gate]\npolicy=off\n", FALSE, 0, 0 },
  };
  g_autoptr (VapTestTree) root = vap_test_tree_new (host_text);
  g_autofree char *xml = guest_xml (
      "s390x", "<feature name='ap'/><feature name='appvi'/>", hostdev, "/no/such/qemu");

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autoptr (GError) error = NULL;
    g_autoptr (VapConfig) config = config_of (rows[i].config);
    g_autoptr (VapVerdict) verdict
        = vap_judge_domain_xml (root, xml, strlen (xml), VAP_ACTION_DEFINE, &error);

    g_assert_no_error (error);
    vap_verdict_enforce (verdict, config, VAP_DOOR_GATE);
    g_assert_cmpuint (verdict->findings->list->len, ==, rows[i].findings);
    g_assert_cmpint (vap_findings_refuse (verdict->findings), ==, rows[i].refuses);
    g_assert_cmpuint (verdict->lowered, ==, rows[i].lowered);
    g_assert_true (verdict->concerned);
    g_assert_cmpstr (verdict->guest, ==, "new");
    g_assert_cmpstr (verdict->device, ==, DEVICE);
  }
}

/* a guest that lacks features gets those that the host has and it does not name */
static void
test_completed (void)
{
  static const struct {
    const char *features;
    const char *added; /* NULL: the document stays as it is */
  } rows[] = {
    { "", "ap, apqci, apft" },
    { "<feature name='ap'/>", "apqci, apft" },
    { "<feature name='ap'/><feature name='apqci'/><feature name='apft'/>", NULL },
    { "<feature name='ap'/><feature name='apft' policy='disable'/>", "apqci" },
    { "<feature name='ap' policy='forbid'/>", NULL },
    { "<feature name='ap'/><feature name='apqci' policy='optional'/>", "apft" },
  };
  g_autoptr (VapTestTree) root = vap_test_tree_new (host_text);

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autofree char *xml
        = guest_xml ("s390x", rows[i].features, hostdev, "/no/such/qemu");
    g_autofree char *plain = guest_xml ("s390x", rows[i].features, "", "/no/such/qemu");
    g_autoptr (GError) error = NULL;
    g_autoptr (VapVerdict) verdict = vap_judge_mended_xml (
        root, xml, strlen (xml), VAP_MEND_MODELS | VAP_MEND_FEATURES, VAP_ACTION_DEFINE,
        &error);
    g_autoptr (VapVerdict) unmended = vap_judge_mended_xml (
        root, xml, strlen (xml), VAP_MEND_MODELS, VAP_ACTION_DEFINE, &error);
    g_autoptr (VapVerdict) deviceless = vap_judge_mended_xml (
        root, plain, strlen (plain), VAP_MEND_FEATURES, VAP_ACTION_DEFINE, &error);
    g_autoptr (VapVerdict) again = NULL;

    g_assert_no_error (error);
    g_assert_null (unmended->rewritten);
    g_assert_null (deviceless->rewritten);
    if (rows[i].added == NULL) {
      g_assert_null (verdict->rewritten);
      g_assert_cmpuint (verdict->notes->len, ==, 0);
      continue;
    }
    g_assert_cmpuint (verdict->notes->len, ==, 1);
    g_assert_true (g_str_has_suffix (verdict->notes->pdata[0], rows[i].added));
    again = vap_judge_mended_xml (root, verdict->rewritten, strlen (verdict->rewritten),
                                  VAP_MEND_FEATURES, VAP_ACTION_DEFINE, &error);
    g_assert_null (again->rewritten);
  }
}

int
main (int argc, char **argv)
{
  g_setenv ("LC_ALL", "C", TRUE);
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/judge/guest-without-ap", test_guest_without_ap);
  g_test_add_func ("/judge/unreadable-host", test_unreadable_host);
  g_test_add_func ("/judge/unreadable-parts", test_unreadable_parts);
  g_test_add_func ("/judge/rewritten", test_rewritten);
  g_test_add_func ("/judge/not-rewritten", test_not_rewritten);
  g_test_add_func ("/judge/qemu-not-there", test_qemu_not_there);
  g_test_add_func ("/judge/malformed", test_malformed);
  g_test_add_func ("/judge/attach", test_attach);
  g_test_add_func ("/judge/devices", test_devices);
  g_test_add_func ("/judge/mended", test_mended);
  g_test_add_func ("/judge/not-mended", test_not_mended);
  g_test_add_func ("/judge/stored-guest", test_stored_guest);
  g_test_add_func ("/judge/stored-device", test_stored_device);
  g_test_add_func ("/judge/device-update", test_device_update);
  g_test_add_func ("/judge/enforce", test_enforce);
  g_test_add_func ("/judge/completed", test_completed);
  return g_test_run ();
}
