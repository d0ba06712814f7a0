/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which AP features a guest has, by CPU mode, policy and type, for all of their
 * combinations: seen through the rules that hang on it.
 */
#include "check/check.h"

#include <string.h>

#define DEVICE "62177883-f1bb-47f0-914d-32a22e3a8801"

/* What a guest starts out with, before it names a feature. */
static const struct {
  const char *cpu;
  gboolean host; /* under KVM; TCG has no AP to start out with */
} modes[] = {
  { "%s", TRUE },
  { "<cpu>%s</cpu>", TRUE },
  { "<cpu mode='custom'><model>gen16a</model>%s</cpu>", FALSE },
  { "<cpu mode='custom'><model>gen16a-base</model>%s</cpu>", FALSE },
  { "<cpu mode='custom'><model>host</model>%s</cpu>", TRUE },
  { "<cpu mode='custom'><model>max</model>%s</cpu>", TRUE },
  { "<cpu mode='custom'><model>qemu</model>%s</cpu>", FALSE },
  { "<cpu><model>gen16a</model>%s</cpu>", FALSE },
  { "<cpu mode='host-model'>%s</cpu>", TRUE },
  { "<cpu mode='host-passthrough'>%s</cpu>", TRUE },
  { "<cpu mode='maximum'>%s</cpu>", TRUE },
};

typedef enum {
  STARTS, /* as the guest starts out */
  HAS,
  HAS_NOT,
  AS_HOST,
} Outcome;

static const struct {
  const char *policy; /* NULL: the feature is not named */
  Outcome outcome;
} policies[] = {
  { NULL, STARTS },        { "force", HAS },       { "require", HAS },
  { "optional", AS_HOST }, { "disable", HAS_NOT }, { "forbid", HAS_NOT },
};

static void
free_device (gpointer data)
{
  VapHostDevice *device = data;

  g_free (device->uuid);
  g_free (device);
}

static VapHost *
new_host (gboolean has_ap)
{
  VapHost *host = g_new0 (VapHost, 1);
  VapHostDevice *device = g_new0 (VapHostDevice, 1);

  host->root = g_strdup ("");
  host->facilities_known = TRUE;
  host->has_ap_bus = has_ap;
  host->facilities[12] = host->facilities[15] = host->facilities[65] = has_ap;
  host->qci = VAP_QCI_APXA;
  host->qci_known = TRUE;
  device->uuid = g_strdup (DEVICE);
  device->active = TRUE;
  host->devices = g_ptr_array_new_with_free_func (free_device);
  g_ptr_array_add (host->devices, device);
  host->cards = g_ptr_array_new ();
  host->guests = g_ptr_array_new ();
  host->problems = g_ptr_array_new ();
  host->ref_count = 1;
  return host;
}

static VapGuest *
new_guest (const char *type, const char *cpu, const char *policy)
{
  g_autofree char *feature
      = policy == NULL ? g_strdup ("")
                       : g_strdup_printf ("<feature policy='%s' name='ap'/>", policy);
  g_auto (GStrv) parts = g_strsplit (cpu, "%s", 2);
  g_autofree char *filled = g_strjoinv (feature, parts);
  g_autofree char *xml = g_strdup_printf (
      "<domain type='%s'><name>a</name><os><type arch='s390x'>hvm</type></os>%s"
      "<devices><hostdev mode='subsystem' type='mdev' model='vfio-ap'><source>"
      "<address uuid='" DEVICE "'/></source></hostdev></devices></domain>",
      type, filled);
  g_autoptr (GError) error = NULL;
  VapGuest *guest = vap_guest_parse (xml, strlen (xml), &error);

  g_assert_no_error (error);
  return guest;
}

static gboolean
lacks_ap (const VapHost *host, const VapGuest *guest)
{
  g_autoptr (VapFindings) findings
      = vap_check_guest (host, NULL, guest, VAP_ACTION_DEFINE);

  for (guint i = 0; i < findings->list->len; i++) {
    const VapFinding *finding = findings->list->pdata[i];

    if (g_str_equal (finding->info->id, "ap-off"))
      return TRUE;
  }
  return FALSE;
}

static gboolean
is_expected (Outcome outcome, gboolean starts, gboolean host_has)
{
  switch (outcome) {
  case STARTS:
    return starts && host_has;
  case HAS:
    return TRUE;
  case AS_HOST:
    return host_has;
  case HAS_NOT:
  default:
    return FALSE;
  }
}

static void
check_one (const VapHost *host, const char *type, guint mode, guint policy)
{
  /* a <feature> stands nowhere but in <cpu> */
  gboolean no_cpu = g_str_equal (modes[mode].cpu, "%s");
  g_autoptr (VapGuest) guest
      = new_guest (type, modes[mode].cpu, no_cpu ? NULL : policies[policy].policy);
  gboolean starts = modes[mode].host && g_str_equal (type, "kvm");
  Outcome outcome = no_cpu ? STARTS : policies[policy].outcome;

  if (lacks_ap (host, guest) == is_expected (outcome, starts, host->has_ap_bus)) {
    g_test_message ("type %s, %s, policy %s", type, modes[mode].cpu,
                    policies[policy].policy != NULL ? policies[policy].policy : "none");
    g_test_fail ();
  }
}

static void
test_modes (void)
{
  static const char *const types[] = { "kvm", "qemu" };

  for (guint has_ap = 0; has_ap <= 1; has_ap++) {
    g_autoptr (VapHost) host = new_host (has_ap);

    for (guint type = 0; type < G_N_ELEMENTS (types); type++)
      for (guint mode = 0; mode < G_N_ELEMENTS (modes); mode++)
        for (guint policy = 0; policy < G_N_ELEMENTS (policies); policy++)
          check_one (host, types[type], mode, policy);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/check/cpu/modes-and-policies", test_modes);
  return g_test_run ();
}
