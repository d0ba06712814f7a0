/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Random hosts and definitions: the judge finds an error exactly when the model of the
 * drivers refuses the definition, written attribute by attribute as mdevctl does, and
 * the errno is one that its findings name.  The seed is printed first; with
 * --seed=SEED the same hosts come again.  VIRT_AP_PAIRS says how many pairs.
 */
#include "by-hand.h"
#include "check/check.h"

#include <errno.h>
#include <string.h>

#ifdef __SANITIZE_ADDRESS__
#define PAIRS 10000u
#else
#define PAIRS 100000u
#endif
#define PAIRS_PER_HOST 100u
#define MAX_OTHERS 4u

#define OWN "62177883-f1bb-47f0-914d-32a22e3a8800"

/* numbers are drawn from few, so that matrices meet */
static const guint pool[] = { 0, 4, 5, 15, 16, 63, 64, 71, 171, 255 };

static VapMask
random_mask (GRand *rand, gint of_ten)
{
  return random_mask_of (rand, pool, G_N_ELEMENTS (pool), of_ten);
}

static VapMask
random_bus_mask (GRand *rand)
{
  return one_in (rand, 3) ? vap_mask_up_to (VAP_MASK_BITS - 1) : random_mask (rand, 4);
}

static VapMask
up_to (const VapMask *mask, guint max)
{
  VapMask possible = vap_mask_up_to (max);

  return vap_mask_and (mask, &possible);
}

static LabMachine *
random_machine (GRand *rand)
{
  LabMachine *machine = lab_machine_new_default ();
  VapMask cards = random_mask (rand, 4);
  VapMask domains = random_mask (rand, 5);

  machine->kernel = (LabKernel)g_rand_int_range (rand, 0, LAB_KERNEL_7_2 + 1);
  machine->vfio_ap_loaded = !one_in (rand, 20);
  machine->apmask = random_bus_mask (rand);
  machine->aqmask = random_bus_mask (rand);
  if (one_in (rand, 4)) {
    machine->qci = VAP_QCI_APSC;
    machine->max_adapter_id = 63;
    machine->max_domain_id = 15;
  }
  machine->usage_domains = up_to (&domains, machine->max_domain_id);
  machine->control_domains = machine->usage_domains;
  cards = up_to (&cards, machine->max_adapter_id);
  g_array_set_size (machine->cards, 0);
  VAP_MASK_FOREACH (&cards, adapter) {
    LabCard card = { .id = (guint8)adapter,
                     .hwtype = (guint)g_rand_int_range (rand, 9, 15),
                     .mode = LAB_MODE_CCA,
                     .config = !one_in (rand, 5),
                     .online = TRUE };

    g_array_append_val (machine->cards, card);
  }
  return machine;
}

/* gives some queues to vfio_ap by driver_override, where kernel and masks let it */
static void
override_some (GRand *rand, LabModel *model)
{
  g_autofree VapQueueSet *queues = g_new0 (VapQueueSet, 1);

  list_queues (model, "bus/ap/devices", queues);
  for (guint adapter = 0; adapter < VAP_MASK_BITS; adapter++)
    VAP_MASK_FOREACH (&queues->domains[adapter], domain) {
      VapQueue queue = { (guint8)adapter, (guint8)domain };
      g_autofree char *name = queue_name (queue);
      g_autofree char *path = override_path (queue);

      if (one_in (rand, 2) || store (model, path, "vfio_ap") != 0 || one_in (rand, 5))
        continue;
      store (model, "bus/ap/drivers/cex4queue/unbind", name);
      if (!one_in (rand, 5))
        store (model, "bus/ap/drivers/vfio_ap/bind", name);
    }
}

/* other devices, with as much of a random matrix as the model lets them have */
static void
add_others (GRand *rand, LabModel *model, VapHost *host)
{
  guint others = (guint)g_rand_int_range (rand, 0, MAX_OTHERS + 1);

  for (guint i = 1; host->has_vfio_ap && i <= others; i++) {
    g_autofree char *uuid = g_strdup_printf ("62177883-f1bb-47f0-914d-%012x", i);
    VapMask adapters = random_mask (rand, 3);
    VapMask domains = random_mask (rand, 3);

    add_device (model, host, uuid, &adapters, &domains);
  }
}

static char *
random_number (GRand *rand, guint number)
{
  if (one_in (rand, 400))
    return g_strdup (one_in (rand, 2) ? "ab" : "");
  if (one_in (rand, 400))
    number += 256;
  return g_strdup_printf (g_rand_boolean (rand) ? "%u" : "0x%x", number);
}

static void
append_assigns (GPtrArray *lines, GRand *rand, const char *name, const VapMask *mask)
{
  VAP_MASK_FOREACH (mask, bit) {
    g_autofree char *number = random_number (rand, (guint)bit);

    g_ptr_array_insert (lines, g_rand_int_range (rand, 0, (gint)lines->len + 1),
                        g_strdup_printf ("{\"%s\":\"%s\"}", name, number));
  }
}

static char *
config_line (const VapMatrix *matrix)
{
  char adapters[VAP_MASK_TEXT_SIZE], domains[VAP_MASK_TEXT_SIZE],
      control[VAP_MASK_TEXT_SIZE];

  vap_mask_format (&matrix->adapters, adapters);
  vap_mask_format (&matrix->domains, domains);
  vap_mask_format (&matrix->control_domains, control);
  return g_strdup_printf ("{\"ap_config\":\"%s,%s,%s\"}", adapters, domains, control);
}

static VapDevice *
random_device (GRand *rand)
{
  VapMatrix matrix = { .adapters = random_mask (rand, 2),
                       .domains = random_mask (rand, 2),
                       .control_domains = random_mask (rand, 1) };
  g_autoptr (GPtrArray) lines = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GError) error = NULL;
  g_autofree char *attributes = NULL;
  g_autofree char *json = NULL;
  VapDevice *device;

  if (one_in (rand, 5)) {
    g_ptr_array_add (lines, config_line (&matrix));
  } else {
    append_assigns (lines, rand, "assign_adapter", &matrix.adapters);
    append_assigns (lines, rand, "assign_domain", &matrix.domains);
    append_assigns (lines, rand, "assign_control_domain", &matrix.control_domains);
  }
  g_ptr_array_add (lines, NULL);
  attributes = g_strjoinv (",", (char **)lines->pdata);
  json = g_strdup_printf ("{\"mdev_type\":\"" VAP_DEVICE_TYPE
                          "\",\"start\":\"manual\",\"attrs\":[%s]}",
                          attributes);
  device = vap_device_parse_mdevctl (json, strlen (json), OWN, VAP_DEVICE_PARENT, &error);
  g_assert_no_error (error);
  return device;
}

/* as mdevctl starts a device; the first errno ends it, and the device */
static int
start (LabModel *model, const VapDevice *device)
{
  int code = store (model, CREATE, OWN);

  if (code != 0)
    return code;
  for (guint i = 0; code == 0 && i < device->attributes->len; i++) {
    const VapAttribute *attribute = device->attributes->pdata[i];

    code = store_attribute (model, OWN, attribute->name, attribute->value);
  }
  g_assert_cmpint (store (model, MATRIX OWN "/remove", "1"), ==, 0);
  return code;
}

static const char *
errno_name (int code)
{
  static const struct {
    int code;
    const char *name;
  } names[] = {
    { EINVAL, "EINVAL" },
    { ENODEV, "ENODEV" },
    { ENOENT, "ENOENT" },
    { EADDRINUSE, "EADDRINUSE" },
    { EADDRNOTAVAIL, "EADDRNOTAVAIL" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    if (names[i].code == code)
      return names[i].name;
  return "";
}

static gboolean
is_named (const VapFindings *findings, int code)
{
  for (guint i = 0; i < findings->list->len; i++) {
    const VapFinding *finding = findings->list->pdata[i];

    if (finding->severity == VAP_SEVERITY_ERROR
        && g_strcmp0 (finding->info->errno_name, errno_name (code)) == 0)
      return TRUE;
  }
  return FALSE;
}

static gboolean
compare_pair (GRand *rand, LabModel *model, const VapHost *host)
{
  g_autoptr (VapDevice) device = random_device (rand);
  g_autoptr (VapFindings) findings = vap_check_device (host, device, VAP_ACTION_START);
  int code = start (model, device);

  if (vap_findings_refuse (findings) != (code != 0)
      || (code != 0 && !is_named (findings, code))) {
    g_autofree char *text = vap_findings_to_text (findings, VAP_SEVERITY_NOTE);

    for (guint i = 0; i < device->attributes->len; i++) {
      const VapAttribute *attribute = device->attributes->pdata[i];

      g_test_message ("%s=%s", attribute->name, attribute->value);
    }
    g_test_message ("the drivers answer %s, the judge:\n%s", g_strerror (code), text);
    g_test_fail ();
  }
  return code != 0;
}

static guint
count_pairs (void)
{
  const char *text = g_getenv ("VIRT_AP_PAIRS");

  return text != NULL ? (guint)g_ascii_strtoull (text, NULL, 10) : PAIRS;
}

static void
test_pairs (void)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (g_test_rand_int_range (0, G_MAXINT32));
  guint pairs = count_pairs ();
  guint refused = 0;

  for (guint done = 0; done < pairs && !g_test_failed (); done += PAIRS_PER_HOST) {
    g_autoptr (LabMachine) machine = random_machine (rand);
    g_autoptr (LabModel) model = lab_model_new (machine, NULL, NULL, NULL);
    g_autoptr (VapHost) host = NULL;

    if (one_in (rand, 2))
      override_some (rand, model);
    host = read_host (machine, model);
    add_others (rand, model, host);
    for (guint i = 0; i < PAIRS_PER_HOST && !g_test_failed (); i++)
      refused += compare_pair (rand, model, host);
  }

  if (g_test_failed ())
    return;
  /* both answers must have come up often, or the comparison says little */
  g_test_message ("%u of %u refused", refused, pairs);
  g_assert_cmpuint (refused, >, pairs / 10);
  g_assert_cmpuint (refused, <, pairs - pairs / 10);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/lab/property/kernel", test_pairs);
  return g_test_run ();
}
