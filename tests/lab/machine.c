/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Machine files, the lists on the command line, and /proc/cpuinfo of the machines.
 */
#include "ap/pqap.h"
#include "tools/virt-ap-lab/machine.h"

#include <glib/gstdio.h>
#include <string.h>

static LabMachine *
load_shipped (const char *name)
{
  g_autofree char *file = g_strconcat (name, ".machine", NULL);
  g_autofree char *path = g_build_filename (g_getenv ("MACHINES"), file, NULL);
  g_autoptr (GError) error = NULL;
  LabMachine *machine = lab_machine_load (path, &error);

  g_assert_no_error (error);
  g_assert_nonnull (machine);
  g_assert_cmpstr (machine->name, ==, name);
  return machine;
}

static LabMachine *
load_text (const char *text, GError **error)
{
  g_autofree char *path = NULL;
  gint fd = g_file_open_tmp ("machine-XXXXXX", &path, NULL);
  LabMachine *machine;

  g_assert_cmpint (fd, >=, 0);
  g_close (fd, NULL);
  g_assert_true (g_file_set_contents (path, text, -1, NULL));
  machine = lab_machine_load (path, error);
  if (machine == NULL && error != NULL)
    g_assert_true (g_str_has_prefix ((*error)->message, path));
  g_unlink (path);
  return machine;
}

static void
assert_refused (const char *text, const char *part)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (load_text (text, &error));
  g_assert_nonnull (error);
  if (strstr (error->message, part) == NULL)
    g_error ("'%s' does not have '%s'", error->message, part);
}

static void
test_default (void)
{
  g_autoptr (LabMachine) machine = lab_machine_new_default ();
  g_autoptr (LabMachine) shipped = load_shipped ("z16");
  g_autofree char *cpuinfo = lab_machine_cpuinfo (machine);
  g_autofree char *shipped_cpuinfo = lab_machine_cpuinfo (shipped);

  g_assert_cmpuint (machine->cards->len, ==, 3);
  g_assert_cmpuint (vap_mask_count (&machine->usage_domains), ==, 4);
  g_assert_true (vap_mask_equal (&machine->usage_domains, &machine->control_domains));
  g_assert_cmpuint (machine->max_domain_id, ==, 255);
  g_assert_true (machine->has_ap && machine->vfio_ap_loaded && machine->interrupts);
  g_assert_cmpuint (shipped->cards->len, ==, 3);
  for (guint i = 0; i < 3; i++) {
    const LabCard *card = &g_array_index (machine->cards, LabCard, i);
    const LabCard *same = &g_array_index (shipped->cards, LabCard, i);

    g_assert_cmpuint (card->id, ==, same->id);
    g_assert_cmpuint (card->hwtype, ==, same->hwtype);
    g_assert_cmpint (card->mode, ==, same->mode);
  }
  g_assert_true (vap_mask_equal (&machine->usage_domains, &shipped->usage_domains));
  g_assert_cmpstr (cpuinfo, ==, shipped_cpuinfo);
}

static void
test_cpuinfo (void)
{
  g_autoptr (LabMachine) machine = lab_machine_new_default ();
  g_autofree char *cpuinfo = lab_machine_cpuinfo (machine);

  g_assert_true (g_str_has_prefix (cpuinfo, "vendor_id       : IBM/S390\n"
                                            "# processors    : "));
  g_assert_nonnull (strstr (cpuinfo, "\nfacilities      : 0 1 2 3 4 6 "));
  g_assert_nonnull (strstr (cpuinfo, " 12 14 15 16 "));
  g_assert_nonnull (strstr (cpuinfo, " 64 65 69 "));
  g_assert_nonnull (strstr (cpuinfo, " machine = 3931\n"));
}

static void
test_shipped (void)
{
  static const struct {
    const char *name;
    guint cards;
    guint domains;
    guint qci;
    guint max_adapter;
    gboolean apft;
    gboolean ap;
    gboolean vfio_ap;
  } rows[] = {
    { "z13", 2, 2, VAP_QCI_APSC, 63, TRUE, TRUE, TRUE },
    { "z14", 3, 4, VAP_QCI_APSC | VAP_QCI_APXA, 255, TRUE, TRUE, TRUE },
    { "z16", 3, 4, VAP_QCI_APSC | VAP_QCI_APXA, 255, TRUE, TRUE, TRUE },
    { "z17", 3, 4, VAP_QCI_APSC | VAP_QCI_APXA, 255, TRUE, TRUE, TRUE },
    { "z17-override", 3, 4, VAP_QCI_APSC | VAP_QCI_APXA, 255, TRUE, TRUE, TRUE },
    { "lpar-z16", 16, 85, VAP_QCI_APSC | VAP_QCI_APXA, 255, TRUE, TRUE, TRUE },
    { "maximum", 256, 256, VAP_QCI_APSC | VAP_QCI_APXA, 255, TRUE, TRUE, TRUE },
    { "no-ap", 0, 0, VAP_QCI_APSC | VAP_QCI_APXA, 255, FALSE, FALSE, TRUE },
    { "no-vfio-ap", 3, 4, VAP_QCI_APSC | VAP_QCI_APXA, 255, TRUE, TRUE, FALSE },
    { "no-apft", 3, 4, VAP_QCI_APSC | VAP_QCI_APXA, 255, FALSE, TRUE, TRUE },
    { "no-apqi", 3, 4, VAP_QCI_APSC | VAP_QCI_APXA, 255, TRUE, TRUE, TRUE },
    { "se-guest", 2, 2, VAP_QCI_APSC | VAP_QCI_APXA | VAP_QCI_APSB, 255, TRUE, TRUE,
      FALSE },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autoptr (LabMachine) machine = load_shipped (rows[i].name);

    g_test_message ("%s", rows[i].name);
    g_assert_cmpuint (machine->cards->len, ==, rows[i].cards);
    g_assert_cmpuint (vap_mask_count (&machine->usage_domains), ==, rows[i].domains);
    g_assert_cmphex (machine->qci, ==, rows[i].qci);
    g_assert_cmpuint (machine->max_adapter_id, ==, rows[i].max_adapter);
    g_assert_cmpint (machine->facilities[15], ==, rows[i].apft);
    g_assert_cmpint (machine->has_ap, ==, rows[i].ap);
    g_assert_cmpint (machine->vfio_ap_loaded, ==, rows[i].vfio_ap);
  }
}

static void
test_every_key (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (LabMachine) machine = load_text (
      "[adapter 05]\nconfig=false\nonline=false\n"
      "[ap]\ncontrol-domains=0-3,ff\nusage-domains=4\nadapters=05:13:4,06:13:2\n"
      "interrupts=false\nmax-adapter-id=63\nmax-domain-id=255\napmask=0x0f\n"
      "aqmask=0xffffffff\nvfio-ap-loaded=false\ninstalled=true\nfeatures=APSC APXA QACT\n"
      "[adapter 06]\ncheckstop=true\n"
      "[machine]\nfacilities=-15\nkernel=6.12\ntype=8561\nname=mine\n"
      "[udev]\nrule=ATTR{../../bus/ap/apmask}=\"0x00\"\n"
      "[definitions]\n62177883-f1bb-47f0-914d-32a22e3a8801={\"mdev_type\":\"x\"}\n",
      &error);
  g_autoptr (LabMachine) copy = NULL;
  const LabDefinition *definition;
  const LabCard *cards;

  g_assert_no_error (error);
  copy = lab_machine_copy (machine);
  cards = (const LabCard *) copy->cards->data;
  g_assert_cmpstr (copy->name, ==, "mine");
  g_assert_cmpstr (copy->type, ==, "8561");
  g_assert_cmpint (copy->kernel, ==, LAB_KERNEL_6_12);
  g_assert_false (copy->facilities[15]);
  g_assert_true (copy->facilities[12]);
  g_assert_false (copy->interrupts || copy->vfio_ap_loaded);
  g_assert_cmpuint (copy->max_adapter_id, ==, 63);
  g_assert_cmphex (copy->qci, ==, VAP_QCI_APSC | VAP_QCI_APXA | VAP_QCI_QACT);
  g_assert_cmpuint (vap_mask_count (&copy->control_domains), ==, 5);
  g_assert_cmpuint (vap_mask_count (&copy->usage_domains), ==, 1);
  g_assert_cmpuint (vap_mask_count (&copy->apmask), ==, 4);
  g_assert_cmpuint (vap_mask_count (&copy->aqmask), ==, 32);
  g_assert_true (!cards[0].config && !cards[0].online && !cards[0].checkstop);
  g_assert_true (cards[1].config && cards[1].online && cards[1].checkstop);
  g_assert_cmpstr (copy->udev_rule, ==, "ATTR{../../bus/ap/apmask}=\"0x00\"\n");
  g_assert_cmpuint (copy->definitions->len, ==, 1);
  definition = copy->definitions->pdata[0];
  g_assert_cmpstr (definition->json, ==, "{\"mdev_type\":\"x\"}");
}

/* They are read last, in the file's order, and follow the machine's copy. */
static void
test_bindings (void)
{
  static const LabBinding expected[] = {
    { 0x0a, 0x47, LAB_BIND_VFIO_AP },
    { 0x05, 0x04, LAB_BIND_NONE },
    { 0x06, 0xff, LAB_BIND_HOST },
  };
  g_autoptr (GError) error = NULL;
  g_autoptr (LabMachine) machine = load_text (
      "[bindings]\n0A.0047 = vfio_ap\n05.0004=none\n06.00ff=cex4queue\n", &error);
  g_autoptr (LabMachine) copy = NULL;

  g_assert_no_error (error);
  copy = lab_machine_copy (machine);
  g_array_set_size (machine->bindings, 0);
  g_assert_cmpuint (copy->bindings->len, ==, G_N_ELEMENTS (expected));
  for (guint i = 0; i < copy->bindings->len; i++) {
    const LabBinding *binding = &g_array_index (copy->bindings, LabBinding, i);

    g_assert_cmphex (binding->adapter, ==, expected[i].adapter);
    g_assert_cmphex (binding->domain, ==, expected[i].domain);
    g_assert_cmpint (binding->to, ==, expected[i].to);
  }
  /* as after --kernel on the command line */
  g_assert_true (lab_machine_validate (copy, NULL));
  g_assert_true (lab_machine_set_kernel (copy, "6.12", NULL));
  g_assert_false (lab_machine_validate (copy, &error));
  g_assert_true (g_str_has_prefix (error->message, "[bindings] 0a.0047: "));
}

/* Of a queue, of an adapter, or none; and what a card has no room for is refused. */
static void
test_master_keys (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (LabMachine) machine = load_text (
      "[master-keys]\n05=aes=0x4C61620000010099 asym=-\n05.0047=aes=-\n", &error);
  const GArray *keys;
  guint aes = 1, apka = 4, asym = 7;

  g_assert_no_error (error);
  keys = machine->master_keys;
  g_assert_cmpstr (lab_master_key_types[aes].label, ==, "AES CUR");
  g_assert_cmpstr (lab_master_key_find (keys, 5, 4, aes)->pattern, ==, "4c61620000010099");
  g_assert_cmpstr (lab_master_key_find (keys, 5, 0x47, aes)->pattern, ==, "");
  g_assert_cmpstr (lab_master_key_find (keys, 5, 0x47, asym)->pattern, ==, "");
  g_assert_null (lab_master_key_find (keys, 5, 4, apka));
  g_assert_null (lab_master_key_find (keys, 6, 4, aes));

  assert_refused ("[master-keys]\nx=aes=-\n", "[master-keys] x: this is neither");
  assert_refused ("[master-keys]\n05=aes=12\n", "'12' is no verification pattern");
  assert_refused ("[master-keys]\n05=des=-\n", "'des' is no master key");
  assert_refused ("[master-keys]\n05=aes\n", "'aes' is no master key");
  assert_refused ("[master-keys]\n05=wk=-\n", "has no key wk");
  assert_refused ("[master-keys]\n0a=aes=-\n", "has no key aes");
  assert_refused ("[master-keys]\n07=aes=-\n", "the machine has no such adapter");
}

/* What the masks allow needs no driver_override. */
static void
test_bindings_by_masks (void)
{
  static const char *const kernels[] = { "6.1", "6.12", "7.2" };

  for (gsize i = 0; i < G_N_ELEMENTS (kernels); i++) {
    g_autofree char *start = g_strdup_printf ("[machine]\nkernel=%s\n[ap]\naqmask=0x08\n"
                                              "[bindings]\n",
                                              kernels[i]);
    g_autofree char *good = g_strconcat (
        start, "05.0004=cex4queue\n05.0047=vfio_ap\n06.0004=none\n06.0047=none\n", NULL);
    g_autofree char *host = g_strconcat (start, "05.0047=cex4queue\n", NULL);
    g_autofree char *vfio = g_strconcat (start, "05.0004=vfio_ap\n", NULL);
    g_autoptr (GError) error = NULL;
    g_autoptr (LabMachine) machine = load_text (good, &error);

    g_assert_no_error (error);
    g_assert_cmpuint (machine->bindings->len, ==, 4);
    assert_refused (host,
                    "[bindings] 05.0047: the masks give the queue to another driver");
    assert_refused (vfio, i < 2 ? "this kernel has no driver_override"
                                : "driver_override needs masks that are all ones");
  }
}

static void
test_refused_bindings (void)
{
  assert_refused ("[bindings]\n05.0004=vfio-ap\n", "[bindings] 05.0004: 'vfio-ap'");
  assert_refused ("[bindings]\n05.0004=\n", "[bindings] 05.0004: ''");
  assert_refused ("[bindings]\n5.4=none\n", "[bindings] 5.4: this is no queue");
  assert_refused ("[bindings]\n05.0104=none\n", "[bindings] 05.0104: this is no queue");
  assert_refused ("[bindings]\n0a.0004=none\n0A.0004=none\n", "[bindings] 0A.0004: ");
  assert_refused ("[bindings]\n07.0004=none\n", "[bindings] 07.0004: the machine has no");
  assert_refused ("[bindings]\n05.0005=vfio_ap\n",
                  "[bindings] 05.0005: the machine has no");
  assert_refused ("[machine]\nfacilities=-15\n[bindings]\n05.0004=none\n",
                  "[bindings] 05.0004: the machine has no");
  assert_refused ("[machine]\nfacilities=-12\n[bindings]\n05.0047=none\n",
                  "[bindings] 05.0047: the machine has no");
  assert_refused ("[ap]\nvfio-ap-loaded=false\n[bindings]\n05.0004=vfio_ap\n",
                  "[bindings] 05.0004: vfio_ap is not loaded");
  assert_refused ("[ap]\nadapters=05:9:4\n[bindings]\n05.0004=vfio_ap\n",
                  "[bindings] 05.0004: only a queue of a CEX4 to CEX8 adapter");
  assert_refused ("[machine]\nkernel=6.12\n[bindings]\n05.0004=vfio_ap\n",
                  "[bindings] 05.0004: the masks give the queue to another driver");
}

static void
test_refused_files (void)
{
  assert_refused ("[machine\n", "");
  assert_refused ("[hardware]\ncards=-\n", "[hardware]");
  assert_refused ("[machine]\ntpye=3931\n", "[machine] has no key tpye");
  assert_refused ("[machine]\ntype=1234\n", "[machine] type: '1234'");
  assert_refused ("[machine]\nkernel=5.4\n", "[machine] kernel: '5.4'");
  assert_refused ("[machine]\nfacilities=1 -2\n", "[machine] facilities: '-2'");
  assert_refused ("[machine]\nfacilities=512\n", "[machine] facilities: '512'");
  assert_refused ("[ap]\ninstalled=yes\n", "[ap] installed: 'yes'");
  assert_refused ("[ap]\nfeatures=APXY\n", "[ap] features: 'APXY'");
  assert_refused ("[ap]\nadapters=05:13\n", "[ap] adapters: '05:13'");
  assert_refused ("[ap]\nusage-domains=100\n", "[ap] usage-domains: '100'");
  assert_refused ("[ap]\nmax-domain-id=256\n", "[ap] max-domain-id: ");
  assert_refused ("[ap]\napmask=0xg\n", "[ap] apmask: ");
  assert_refused ("[ap]\nfeatures=APSC\n", "AP domain 47 is above");
  assert_refused ("[ap]\nfeatures=APSC\nadapters=40:13:4\nusage-domains=1\n",
                  "adapter 40 is above");
  assert_refused ("[adapter 07]\nconfig=false\n", "[adapter 07]");
  assert_refused ("[adapter 05]\nmode=4\n", "[adapter 05] has no key mode");
  assert_refused ("[adapter 05]\nonline=1\n", "[adapter 05] online: '1'");
  assert_refused ("[definitions]\nnot-a-uuid={}\n", "not-a-uuid");
}

static void
test_unreadable_file (void)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (lab_machine_load ("/nonexistent/x.machine", &error));
  g_assert_error (error, G_FILE_ERROR, G_FILE_ERROR_NOENT);
  g_assert_true (g_str_has_prefix (error->message, "/nonexistent/x.machine: "));
}

static void
test_cards (void)
{
  static const char *const refused[] = { "",         " ",        "5",
                                         "5:13",     "5:13:3",   "5:13:8",
                                         "5:0:1",    "100:13:4", "g:13:4",
                                         "5:13:4,",  "5:13:4:1", "5:13:4,5:13:4",
                                         "6-5:13:4", "0x5:13:4", "5:13:4 ,6:13:4x" };
  GArray *cards = NULL;

  g_assert_true (lab_machine_parse_cards ("0b:9:1,5:13:4,06:14:2", &cards, NULL));
  g_assert_cmpuint (cards->len, ==, 3);
  g_assert_cmpuint (g_array_index (cards, LabCard, 0).id, ==, 5);
  g_assert_cmpuint (g_array_index (cards, LabCard, 1).hwtype, ==, 14);
  g_assert_cmpuint (g_array_index (cards, LabCard, 2).mode, ==, LAB_MODE_ACCELERATOR);
  g_assert_true (g_array_index (cards, LabCard, 2).config);
  g_array_unref (cards);

  g_assert_true (lab_machine_parse_cards ("-", &cards, NULL));
  g_assert_cmpuint (cards->len, ==, 0);
  g_array_unref (cards);

  for (gsize i = 0; i < G_N_ELEMENTS (refused); i++) {
    g_autoptr (GError) error = NULL;

    g_assert_false (lab_machine_parse_cards (refused[i], &cards, &error));
    g_assert_error (error, VAP_ERROR, VAP_ERROR_MALFORMED);
  }
}

static void
test_domains (void)
{
  static const char *const refused[] = { "",   "100", "4,",  ",4", "4 5",
                                         "-1", "+4",  "0x4", "b-a" };
  VapMask domains;

  g_assert_true (lab_machine_parse_domains ("4,47,AB,ff\n", &domains, NULL));
  g_assert_cmpuint (vap_mask_count (&domains), ==, 4);
  g_assert_true (vap_mask_test (&domains, 0xab));
  g_assert_true (lab_machine_parse_domains ("-", &domains, NULL));
  g_assert_true (vap_mask_is_empty (&domains));
  g_assert_true (lab_machine_parse_domains ("0-ff", &domains, NULL));
  g_assert_cmpuint (vap_mask_count (&domains), ==, 256);

  for (gsize i = 0; i < G_N_ELEMENTS (refused); i++) {
    g_autoptr (GError) error = NULL;

    g_assert_false (lab_machine_parse_domains (refused[i], &domains, &error));
    g_assert_error (error, VAP_ERROR, VAP_ERROR_MALFORMED);
    g_assert_cmpuint (vap_mask_count (&domains), ==, 256);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/lab/machine/default", test_default);
  g_test_add_func ("/lab/machine/cpuinfo", test_cpuinfo);
  g_test_add_func ("/lab/machine/shipped", test_shipped);
  g_test_add_func ("/lab/machine/every-key", test_every_key);
  g_test_add_func ("/lab/machine/bindings", test_bindings);
  g_test_add_func ("/lab/machine/master-keys", test_master_keys);
  g_test_add_func ("/lab/machine/bindings-by-masks", test_bindings_by_masks);
  g_test_add_func ("/lab/machine/refused-bindings", test_refused_bindings);
  g_test_add_func ("/lab/machine/refused-files", test_refused_files);
  g_test_add_func ("/lab/machine/unreadable-file", test_unreadable_file);
  g_test_add_func ("/lab/machine/cards", test_cards);
  g_test_add_func ("/lab/machine/domains", test_domains);
  return g_test_run ();
}
