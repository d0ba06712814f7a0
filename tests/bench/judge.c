/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How long the judge takes, in microseconds of CPU time for one judgement of a matrix
 * and one of a guest with a device, for a small host and for the largest one (256
 * adapters, 256 domains), with 10, 100 and 1,000 mediated devices.  Parsing and reading
 * the host are not in it.  The time should grow with the devices, not with the queues.
 */
#include "check/check.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define ROUNDS 2000u

static double
cpu_microseconds (void)
{
  struct timespec now;

  clock_gettime (CLOCK_PROCESS_CPUTIME_ID, &now);
  return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static void
device_free (gpointer data)
{
  VapHostDevice *device = data;

  g_free (device->uuid);
  g_free (device);
}

/* A host whose queues all are vfio_ap's; each device holds adapters of its own
 * share of domains, so that none shares a queue with another. */
static VapHost *
host_new (guint adapters, guint domains, guint devices)
{
  VapHost *host = g_new0 (VapHost, 1);

  host->root = g_strdup ("");
  host->facilities_known = host->has_ap_bus = host->qci_known = TRUE;
  host->has_vfio_ap = host->has_ap_config = TRUE;
  host->facilities[12] = host->facilities[15] = host->facilities[65] = 1;
  host->qci = VAP_QCI_APSC | VAP_QCI_APXA;
  host->max_adapter_id = host->max_domain_id = 255;
  host->adapters = vap_mask_up_to (adapters - 1);
  host->usage_domains = host->control_domains = vap_mask_up_to (domains - 1);
  for (guint adapter = 0; adapter < adapters; adapter++)
    host->queues.domains[adapter] = host->vfio_bound.domains[adapter]
        = host->usage_domains;

  host->cards = g_ptr_array_new ();
  host->guests = g_ptr_array_new ();
  host->problems = g_ptr_array_new ();
  host->devices = g_ptr_array_new_with_free_func (device_free);
  for (guint n = 0; n < devices; n++) {
    VapHostDevice *device = g_new0 (VapHostDevice, 1);

    device->uuid = g_strdup_printf ("62177883-f1bb-47f0-914d-%012x", n);
    device->active = TRUE;
    vap_mask_set (&device->matrix.adapters, n % (adapters - 1));
    vap_mask_set (&device->matrix.domains, n / (adapters - 1) % (domains - 1));
    device->matrix.control_domains = device->matrix.domains;
    g_ptr_array_add (host->devices, device);
  }

  host->ref_count = 1;
  return host;
}

/* Asks for the last adapter with every domain: nobody has it. */
static VapDevice *
request_new (guint adapters, guint domains)
{
  g_autoptr (GString) xml
      = g_string_new ("<device><parent>ap_matrix</parent><capability type='mdev'>"
                      "<type id='vfio_ap-passthrough'/>"
                      "<uuid>62177883-f1bb-47f0-914d-ffffffffffff</uuid>");
  g_autoptr (GError) error = NULL;
  VapDevice *device;

  g_string_append_printf (xml, "<attr name='assign_adapter' value='%u'/>", adapters - 1);
  for (guint domain = 0; domain < domains; domain++)
    g_string_append_printf (xml,
                            "<attr name='assign_domain' value='%u'/>"
                            "<attr name='assign_control_domain' value='%u'/>",
                            domain, domain);
  g_string_append (xml, "</capability></device>");

  device = vap_device_parse_xml (xml->str, xml->len, &error);
  if (!device)
    fprintf (stderr, "%s\n", error->message);
  return device;
}

/* A guest that asks for all features and the last device of @host. */
static VapGuest *
guest_new (const VapHost *host)
{
  const VapHostDevice *last = g_ptr_array_index (host->devices, host->devices->len - 1);
  g_autofree char *xml = g_strdup_printf (
      "<domain type='kvm'><name>bench</name><os><type arch='s390x'>hvm</type></os>"
      "<cpu mode='custom'><model>gen16a-base</model><feature name='ap'/>"
      "<feature name='apqci'/><feature name='apft'/><feature name='apqi'/></cpu>"
      "<devices><hostdev mode='subsystem' type='mdev' model='vfio-ap'><source>"
      "<address uuid='%s'/></source></hostdev></devices></domain>",
      last->uuid);
  g_autoptr (GError) error = NULL;
  VapGuest *guest = vap_guest_parse (xml, strlen (xml), &error);

  if (!guest)
    fprintf (stderr, "%s\n", error->message);
  return guest;
}

/* FALSE when there is a finding: then it was not the usual case that was measured */
static gboolean
take_clean (VapFindings *findings)
{
  g_autoptr (VapFindings) owned = findings;
  g_autofree char *text = NULL;

  if (owned->list->len == 0)
    return TRUE;
  text = vap_findings_to_text (owned, VAP_SEVERITY_NOTE);
  fprintf (stderr, "the benchmark's request was not clean:\n%s", text);
  return FALSE;
}

static gboolean
measure (guint adapters, guint domains, guint devices)
{
  static const char *const features[] = { "ap", "apqci", "apft", "apqi", NULL };
  g_autoptr (VapHost) host = host_new (adapters, domains, devices);
  g_autoptr (VapDevice) request = request_new (adapters, domains);
  g_autoptr (VapGuest) guest = guest_new (host);
  g_autoptr (VapQemu) qemu = vap_qemu_new ("qemu", "0", features);
  double start = cpu_microseconds ();
  double between;

  for (guint round = 0; round < ROUNDS; round++)
    if (!take_clean (vap_check_device (host, request, VAP_ACTION_START)))
      return FALSE;
  between = cpu_microseconds ();
  for (guint round = 0; round < ROUNDS; round++)
    if (!take_clean (vap_check_guest (host, qemu, guest, VAP_ACTION_START)))
      return FALSE;

  printf ("%6u queues, %5u devices: matrix %8.2f us, guest %8.2f us\n",
          adapters * domains, devices, (between - start) / ROUNDS,
          (cpu_microseconds () - between) / ROUNDS);
  return TRUE;
}

int
main (void)
{
  for (guint devices = 10; devices <= 1000; devices *= 10)
    if (!measure (16, 85, devices) || !measure (256, 256, devices))
      return 1;

  return 0;
}
