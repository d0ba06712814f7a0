/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The host document: there and back, and what is no document. */
#include "host/document.h"

#include <string.h>

#include "support.h"

#define GUEST_UUID "11111111-2222-4333-8444-555555555501"

static const char *const hosts[] = {
  "",
  "cpuinfo\n",
  Z16 "\ncpuinfo\n",
  Z16 " apmask=-5 aqmask=-4,-0x47 features=-\ncpuinfo facilities=1\n",
  "ap-bus cards=00-07:13:4,ff:14:2 udoms=0-12,ff vfio=03.0004,ff.00ff\n",
  "ap-bus cards=05:13:4,06:10:1 udoms=4,47 features=absent vfio=unloaded\n",
  Z16 " apmask=-5,-6\ncpuinfo\n"
      "sys/firmware/uv/query/feature_indications = 0c00000000000000\n"
      "device " A_UUID " adapters=5,6 domains=4,ab control=4\n"
      "definition " A_UUID " adapters=5,6 domains=4,ab control=4 start=auto\n"
      "definition " B_UUID " adapters=5 domains=ff\n"
      "etc/mdevctl.d/matrix/62177883-f1bb-47f0-914d-32a22e3a8803 = {\n"
      "etc/mdevctl.d/0000:00:02.0/62177883-f1bb-47f0-914d-32a22e3a8804 = {}\n"
      "etc/udev/rules.d/41-ap.rules = ATTR{../../bus/ap/apmask}=\"0xf9\"\n"
      "guest web1 uuid=" GUEST_UUID " state=both devices=" A_UUID " features=ap,apft\n"
      "guest db2 uuid=11111111-2222-4333-8444-555555555502\n",
};

static VapHost *
parse (const char *json)
{
  g_autoptr (GError) error = NULL;
  VapHost *host = vap_host_from_json (json, strlen (json), &error);

  g_assert_no_error (error);
  return host;
}

static void
assert_same (const VapHost *host, const VapHost *other)
{
  g_assert_cmpstr (host->machine, ==, other->machine);
  g_assert_cmpmem (host->facilities, sizeof host->facilities, other->facilities,
                   sizeof other->facilities);
  g_assert_cmpint (host->facilities_known, ==, other->facilities_known);
  g_assert_cmpuint (host->uv_features, ==, other->uv_features);
  g_assert_cmpuint (host->qci, ==, other->qci);
  g_assert_cmpint (host->has_ap_bus, ==, other->has_ap_bus);
  g_assert_cmpint (host->has_vfio_ap, ==, other->has_vfio_ap);
  g_assert_cmpint (host->override_in_use, ==, other->override_in_use);
  g_assert_true (vap_mask_equal (&host->apmask, &other->apmask));
  g_assert_true (vap_mask_equal (&host->persistent.apmask, &other->persistent.apmask));
  g_assert_cmpmem (&host->queues, sizeof host->queues, &other->queues,
                   sizeof other->queues);
  g_assert_cmpmem (&host->vfio_bound, sizeof host->vfio_bound, &other->vfio_bound,
                   sizeof other->vfio_bound);
  g_assert_cmpuint (host->cards->len, ==, other->cards->len);
  g_assert_cmpuint (host->devices->len, ==, other->devices->len);
  g_assert_cmpuint (host->other_mdevs->len, ==, other->other_mdevs->len);
  g_assert_cmpuint (host->guests->len, ==, other->guests->len);
  g_assert_cmpuint (host->problems->len, ==, other->problems->len);
  for (guint i = 0; i < host->devices->len; i++) {
    const VapHostDevice *device = host->devices->pdata[i];
    const VapHostDevice *its = other->devices->pdata[i];

    g_assert_true (vap_matrix_equal (&device->matrix, &its->matrix));
    g_assert_true (vap_matrix_equal (&device->defined_matrix, &its->defined_matrix));
    g_assert_cmpint (device->definition != NULL, ==, its->definition != NULL);
  }
}

static void
test_there_and_back (gconstpointer data)
{
  g_autoptr (VapTestTree) dir = vap_test_tree_new (data);
  g_autoptr (VapHost) host = vap_host_read (dir, NULL);
  g_autoptr (VapHostRecord) record = vap_host_record_new (host);
  g_autofree char *json = vap_host_to_json (host, record);
  g_autoptr (VapHost) back = parse (json);
  g_autofree char *again = vap_host_to_json (back, NULL);
  g_autofree char *file = g_build_filename (dir, "host.json", NULL);
  g_autoptr (VapHost) loaded = NULL;
  g_autoptr (GError) error = NULL;

  assert_same (host, back);
  g_assert_cmpstr (json, ==, again);
  g_assert_cmpstr (back->record->time, ==, record->time);
  g_assert_cmpstr (back->record->rule, ==, record->rule);

  g_assert_true (g_file_set_contents (file, json, -1, NULL));
  loaded = vap_host_read (file, &error);
  g_assert_no_error (error);
  assert_same (host, loaded);
  g_assert_cmpstr (loaded->root, ==, file);
}

/* of 65,536 queues the document grows with what differs, not with their number */
static void
test_small (void)
{
  g_autoptr (VapHost) host = host_of ("ap-bus cards=05:13:4 udoms=4\n");
  g_autofree char *json = NULL;

  for (guint adapter = 0; adapter < VAP_MASK_BITS; adapter++) {
    host->queues.domains[adapter] = vap_mask_up_to (VAP_MASK_BITS - 1);
    host->vfio_bound.domains[adapter] = vap_mask_up_to (adapter % 3);
  }
  json = vap_host_to_json (host, NULL);
  g_assert_cmpuint (strlen (json), <, 3000);
}

/* nothing that is not asked for: no emulator, no patterns */
static void
test_record (void)
{
  static const char *const properties[] = { "ap", "apft", "type", NULL };
  g_autoptr (VapTestTree) dir = vap_test_tree_new (
      Z16 " aqmask=-4\nsys/bus/ap/devices/\nproc/sys/kernel/hostname = lpar7\n"
          "proc/sys/kernel/osrelease = 6.12.0\n"
          "remove sys/bus/ap/devices/05.0047\nsys/bus/ap/devices/05.0047/mkvps = A 1\n"
          "remove sys/bus/ap/devices/06.0047\nsys/bus/ap/devices/06.0047/mkvps = A 1\n"
          "remove sys/bus/ap/devices/06.00ab\nsys/bus/ap/devices/06.00ab/mkvps = B 2\n"
          "remove sys/bus/ap/devices/06.0004\nsys/bus/ap/devices/06.0004/mkvps = C 3\n");
  g_autoptr (VapHost) host = vap_host_read (dir, NULL);
  g_autoptr (VapHostRecord) record = vap_host_record_new (host);
  g_autofree char *without = vap_host_to_json (host, record);
  g_autoptr (VapHost) plain = parse (without);
  g_autofree char *with = NULL;
  g_autoptr (VapHost) back = NULL;

  g_assert_null (plain->record->qemu);
  g_assert_null (plain->record->patterns);
  record->qemu = vap_qemu_new ("/usr/bin/qemu", "7.2", properties);
  record->patterns = vap_patterns_read (host);
  with = vap_host_to_json (host, record);
  back = parse (with);
  g_assert_cmpstr (back->record->name, ==, "lpar7");
  g_assert_cmpstr (back->record->kernel, ==, "6.12.0");
  g_assert_cmpstr (back->record->qemu->version, ==, "7.2");
  g_assert_true (vap_qemu_has_property (back->record->qemu, "apft"));
  g_assert_false (vap_qemu_has_property (back->record->qemu, "appv"));
  g_assert_cmpstr (vap_patterns_get (back->record->patterns, (VapQueue){ 5, 0x47 }), ==,
                   "A 1");
  g_assert_cmpstr (vap_patterns_get (back->record->patterns, (VapQueue){ 6, 0xab }), ==,
                   "B 2");
  /* without the attribute, and vfio_ap's */
  g_assert_null (vap_patterns_get (back->record->patterns, (VapQueue){ 5, 0xab }));
  g_assert_null (vap_patterns_get (back->record->patterns, (VapQueue){ 6, 4 }));
}

/* A document with OLD made NEW is refused, and the message has TEXT. */
typedef struct {
  const char *old;
  const char *new;
  const char *text;
} Mistake;

static const Mistake mistakes[] = {
  { "\"virt-ap-host\": 1", "\"virt-ap-host\": 2", "version 2" },
  { "\"virt-ap-host\": 1", "\"virt-ap-host\": \"1\"", "no host document" },
  { "\"virt-ap-host\": 1", "\"other\": 1", "no host document" },
  { "\"machine\"", "\"machin\"", "'machine' is missing" },
  { "\"apmask\": \"0xf9", "\"apmask\": \"0xg9", "'apmask': " },
  { "\"interrupts\": true", "\"interrupts\": 1", "'interrupts' should be true or false" },
  { "\"max_domain_id\": 255", "\"max_domain_id\": 256", "from 0 to 255" },
  { "\"max_domain_id\": 255", "\"max_domain_id\": -1", "from 0 to 255" },
  { "\"max_domain_id\": 255", "\"max_domain_id\": 1.5", "from 0 to 255" },
  { "\"adapter\": 6", "\"adapter\": 5", "cards, element 2: card 05" },
  { "\"adapter\": 6", "\"adapter\": 300", "'adapter' should be" },
  { "8802\"", "8801\"", "devices, element 2: '" A_UUID "' is there twice" },
  { "\"uuid\": \"" B_UUID, "\"uuid\": \"../../etc", "is no UUID" },
  { "\"uuid\": \"" GUEST_UUID, "\"uuid\": \"X1111111", "is no UUID" },
  { "\"name\": \"web1\"", "\"name\": null", "guest has no name" },
  { "\"policy\": \"require\"", "\"policy\": \"perhaps\"", "'perhaps' is no policy" },
  { "\"cpu_mode\": \"", "\"cpu_mode\": \"un", "is no CPU mode" },
  { "\"start\": \"auto\"", "\"start\": 7", "'start' is a number" },
  { "\"facilities\": \"0", "\"facilities\": \"512", "from 0 to 511" },
  { "\"uv_features\": \"0x", "\"uv_features\": \"", "hexadecimal" },
  { "\"problems\": [", "\"problems\": [ 5,", "list of strings" },
  { "\"devices\": [", "\"devices\": [ null,", "devices, element 1: " },
  { "\"qemu\": null", "\"qemu\": []", "'qemu' should be an object" },
  { "\"mkvps\": null", "\"mkvps\": [ {} ]", "mkvps, element 1: 'text' is missing" },
};

static char *
document_of (const char *description)
{
  g_autoptr (VapHost) host = host_of (description);

  return vap_host_to_json (host, NULL);
}

static void
test_mistakes (void)
{
  g_autofree char *good = document_of (hosts[G_N_ELEMENTS (hosts) - 1]);

  for (guint i = 0; i < G_N_ELEMENTS (mistakes); i++) {
    const char *at = strstr (good, mistakes[i].old);
    g_autofree char *bad = NULL;
    g_autoptr (GError) error = NULL;

    if (at == NULL)
      g_error ("no '%s' in %s", mistakes[i].old, good);
    bad = g_strdup_printf ("%.*s%s%s", (int)(at - good), good, mistakes[i].new,
                           at + strlen (mistakes[i].old));
    g_assert_null (vap_host_from_json (bad, strlen (bad), &error));
    g_assert_error (error, VAP_ERROR, VAP_ERROR_MALFORMED);
    if (strstr (error->message, mistakes[i].text) == NULL)
      g_error ("%s: '%s' does not say '%s'", mistakes[i].new, error->message,
               mistakes[i].text);
  }
}

/* cut anywhere it is an error, and none that ends the program */
static void
test_cut (void)
{
  g_autofree char *good = document_of (hosts[G_N_ELEMENTS (hosts) - 1]);
  gsize length = strlen (good);

  for (gsize cut = 0; cut < length - 1; cut += 7) {
    g_autoptr (GError) error = NULL;

    g_assert_null (vap_host_from_json (good, cut, &error));
    g_assert_nonnull (error);
  }
}

/* a later virt-ap may say more */
static void
test_more_members (void)
{
  g_autofree char *good = document_of (Z16 "\n");
  g_autofree char *more
      = g_strconcat ("{\"weather\": \"fine\",", strchr (good, '{') + 1, NULL);
  g_autoptr (VapHost) host = parse (more);

  g_assert_cmpuint (host->cards->len, ==, 2);
}

static void
test_files (void)
{
  g_autoptr (VapTestTree) dir = vap_test_tree_new ("other.json = {}\n");
  g_autofree char *none = g_build_filename (dir, "none.json", NULL);
  g_autofree char *other = g_build_filename (dir, "other.json", NULL);
  g_autoptr (GError) error = NULL;

  g_assert_null (vap_host_load (none, &error));
  g_assert_error (error, VAP_ERROR, VAP_ERROR_UNREADABLE);
  g_clear_error (&error);
  g_assert_null (vap_host_read (other, &error));
  g_assert_error (error, VAP_ERROR, VAP_ERROR_MALFORMED);
  g_assert_nonnull (strstr (error->message, "other.json"));
}

int
main (int argc, char **argv)
{
  g_setenv ("LC_ALL", "C", TRUE);
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (hosts); i++) {
    g_autofree char *path = g_strdup_printf ("/host/document/there-and-back/%u", i);

    g_test_add_data_func (path, hosts[i], test_there_and_back);
  }
  g_test_add_func ("/host/document/small", test_small);
  g_test_add_func ("/host/document/record", test_record);
  g_test_add_func ("/host/document/mistakes", test_mistakes);
  g_test_add_func ("/host/document/cut", test_cut);
  g_test_add_func ("/host/document/more-members", test_more_members);
  g_test_add_func ("/host/document/files", test_files);
  return g_test_run ();
}
