/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Random hosts and matrices: the rules, which work on masks, must say what the
 * driver's own way says, queue by queue.  And they must say it fast.
 */
#include "check/check.h"

#include <string.h>
#include <time.h>

#define PAIRS 10000
#define MAX_DEVICES 6
#define OWN "62177883-f1bb-47f0-914d-32a22e3a8800"

/* numbers are drawn from few, so that matrices meet */
static const guint pool[] = { 0, 4, 5, 15, 16, 63, 64, 71, 171, 255 };

static VapMask
random_mask (GRand *rand, guint of_ten)
{
  VapMask mask = { 0 };

  for (guint i = 0; i < G_N_ELEMENTS (pool); i++)
    if ((guint)g_rand_int_range (rand, 0, 10) < of_ten)
      vap_mask_set (&mask, pool[i]);
  return mask;
}

static void
free_device (gpointer data)
{
  VapHostDevice *device = data;

  g_free (device->uuid);
  g_free (device);
}

static void
add_device (VapHost *host, guint number, gboolean active, VapMatrix matrix)
{
  VapHostDevice *device = g_new0 (VapHostDevice, 1);

  device->uuid = g_strdup_printf ("62177883-f1bb-47f0-914d-%012x", number);
  device->active = active;
  device->matrix = matrix;
  g_ptr_array_add (host->devices, device);
}

/* only what the rules of a device look at; freed by free_host() */
static VapHost *
new_host (void)
{
  VapHost *host = g_new0 (VapHost, 1);

  host->root = g_strdup ("");
  host->has_ap_bus = TRUE;
  host->has_vfio_ap = TRUE;
  host->has_ap_config = TRUE;
  host->qci_known = TRUE;
  host->qci = VAP_QCI_APXA;
  host->max_adapter_id = 255;
  host->max_domain_id = 255;
  host->devices = g_ptr_array_new_with_free_func (free_device);
  host->guests = g_ptr_array_new ();
  host->problems = g_ptr_array_new ();
  host->cards = g_ptr_array_new ();
  return host;
}

static void
free_host (VapHost *host)
{
  g_ptr_array_unref (host->devices);
  g_ptr_array_unref (host->guests);
  g_ptr_array_unref (host->problems);
  g_ptr_array_unref (host->cards);
  g_free (host->root);
  g_free (host);
}

static VapHost *
random_host (GRand *rand)
{
  VapHost *host = new_host ();
  guint devices = (guint)g_rand_int_range (rand, 0, MAX_DEVICES);

  if (g_rand_int_range (rand, 0, 4) == 0) {
    host->qci = 0;
    host->max_adapter_id = 63;
    host->max_domain_id = 15;
  }
  host->apmask = random_mask (rand, 2);
  host->aqmask = random_mask (rand, 4);
  for (guint i = 0; i < devices; i++)
    add_device (host, i, g_rand_boolean (rand),
                (VapMatrix){ .adapters = random_mask (rand, 2),
                             .domains = random_mask (rand, 2),
                             .control_domains = random_mask (rand, 5) });
  return host;
}

static void
append_attributes (GString *json, GRand *rand, const char *name, const VapMask *mask)
{
  VAP_MASK_FOREACH (mask, bit)
    g_string_append_printf (
        json, g_rand_boolean (rand) ? "{\"%s\":\"%d\"}," : "{\"%s\":\"0x%x\"},", name,
        bit);
}

static VapDevice *
device_of_matrix (GRand *rand, const VapMatrix *matrix)
{
  g_autoptr (GString) json = g_string_new ("{\"mdev_type\":\"" VAP_DEVICE_TYPE
                                           "\",\"start\":\"manual\",\"attrs\":[");
  g_autoptr (GError) error = NULL;
  VapDevice *device;

  append_attributes (json, rand, "assign_adapter", &matrix->adapters);
  append_attributes (json, rand, "assign_domain", &matrix->domains);
  append_attributes (json, rand, "assign_control_domain", &matrix->control_domains);
  if (json->str[json->len - 1] == ',')
    g_string_truncate (json, json->len - 1);
  g_string_append (json, "]}");

  device
      = vap_device_parse_mdevctl (json->str, json->len, OWN, VAP_DEVICE_PARENT, &error);
  g_assert_no_error (error);
  return device;
}

/* What the driver answers for one queue, in the words of vfio_ap_ops.c: the mask
 * bits one by one, and every other matrix that has both numbers. */
typedef struct {
  gboolean host_owned;
  guint devices_hit; /* a bit each */
} Oracle;

static Oracle
ask_oracle (const VapHost *host, const VapMatrix *matrix)
{
  Oracle oracle = { 0 };

  for (guint adapter = 0; adapter < 256; adapter++)
    for (guint domain = 0; vap_mask_test (&matrix->adapters, adapter) && domain < 256;
         domain++) {
      if (!vap_mask_test (&matrix->domains, domain))
        continue;
      if (vap_mask_test (&host->apmask, adapter) && vap_mask_test (&host->aqmask, domain))
        oracle.host_owned = TRUE;
      for (guint i = 0; i < host->devices->len; i++) {
        const VapHostDevice *other = host->devices->pdata[i];

        if (other->active && strcmp (other->uuid, OWN) != 0
            && vap_mask_test (&other->matrix.adapters, adapter)
            && vap_mask_test (&other->matrix.domains, domain))
          oracle.devices_hit |= 1u << i;
      }
    }
  return oracle;
}

static gboolean
any_above (const VapMask *mask, guint max)
{
  for (guint bit = max + 1; bit < 256; bit++)
    if (vap_mask_test (mask, bit))
      return TRUE;
  return FALSE;
}

static guint
count_id (const VapFindings *findings, const char *id)
{
  guint count = 0;

  for (guint i = 0; i < findings->list->len; i++) {
    const VapFinding *finding = findings->list->pdata[i];

    count += strcmp (finding->info->id, id) == 0;
  }
  return count;
}

static guint
count_bits (guint bits)
{
  guint count = 0;

  for (; bits != 0; bits &= bits - 1)
    count++;
  return count;
}

static void
compare_pair (GRand *rand, guint *refused)
{
  VapHost *host = random_host (rand);
  VapMatrix matrix = { .adapters = random_mask (rand, 2),
                       .domains = random_mask (rand, 3),
                       .control_domains = random_mask (rand, 2) };
  g_autoptr (VapDevice) device = device_of_matrix (rand, &matrix);
  g_autoptr (VapFindings) findings = vap_check_device (
      host, device, g_rand_boolean (rand) ? VAP_ACTION_MODIFY : VAP_ACTION_MODIFY_LIVE);
  Oracle oracle = ask_oracle (host, &matrix);
  guint adapters = any_above (&matrix.adapters, host->max_adapter_id);
  guint domains = any_above (&matrix.domains, host->max_domain_id);
  guint control = any_above (&matrix.control_domains, host->max_domain_id);
  guint hit = count_bits (oracle.devices_hit);

  g_assert_cmpuint (count_id (findings, "adapter-out-of-range"), ==, adapters);
  g_assert_cmpuint (count_id (findings, "domain-out-of-range"), ==, domains);
  g_assert_cmpuint (count_id (findings, "control-domain-out-of-range"), ==, control);
  g_assert_cmpuint (count_id (findings, "queue-host-owned"), ==, oracle.host_owned);
  g_assert_cmpuint (count_id (findings, "queue-in-use"), ==, hit);
  g_assert_cmpuint (vap_findings_count (findings, VAP_SEVERITY_ERROR), ==,
                    adapters + domains + control + oracle.host_owned + hit);
  *refused += vap_findings_refuse (findings);
  free_host (host);
}

static void
test_pairs (void)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (g_test_rand_int_range (0, G_MAXINT32));
  guint refused = 0;

  for (guint i = 0; i < PAIRS; i++)
    compare_pair (rand, &refused);

  /* both answers must have come up often, or the comparison says little */
  g_test_message ("%u of %u refused", refused, PAIRS);
  g_assert_cmpuint (refused, >, PAIRS / 10);
  g_assert_cmpuint (refused, <, PAIRS - PAIRS / 10);
}

static double
cpu_seconds (void)
{
  struct timespec now;

  clock_gettime (CLOCK_PROCESS_CPUTIME_ID, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* 1,000 devices on the architecture's 65,536 queues, and one more that wants all
 * the queues of one adapter: the goal is 1 ms, a sanitizer gets ten times that */
static void
test_speed (void)
{
  VapHost *host = new_host ();
  g_autoptr (GRand) rand = g_rand_new_with_seed (1);
  VapMatrix wanted
      = { .domains = vap_mask_up_to (255), .control_domains = vap_mask_up_to (255) };
  g_autoptr (VapDevice) device = NULL;
  double start, each;

  host->adapters = host->usage_domains = host->control_domains = vap_mask_up_to (255);
  for (guint i = 0; i < VAP_MASK_BITS; i++)
    host->queues.domains[i] = host->vfio_bound.domains[i] = host->usage_domains;
  for (guint i = 0; i < 1000; i++) {
    VapMatrix matrix = { 0 };

    vap_mask_set (&matrix.adapters, i % 255);
    vap_mask_set (&matrix.domains, i / 4);
    add_device (host, i, TRUE, matrix);
  }
  vap_mask_set (&wanted.adapters, 255);
  device = device_of_matrix (rand, &wanted);

  start = cpu_seconds ();
  for (guint i = 0; i < 100; i++) {
    g_autoptr (VapFindings) findings = vap_check_device (host, device, VAP_ACTION_START);

    g_assert_cmpuint (findings->list->len, ==, 0);
  }
  each = (cpu_seconds () - start) / 100;
  g_test_message ("%.0f us a judgement", each * 1e6);
  g_assert_cmpfloat (each, <, 0.01);
  free_host (host);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/check/property/oracle", test_pairs);
  g_test_add_func ("/check/property/speed", test_speed);
  return g_test_run ();
}
