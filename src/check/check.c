/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The judge: builds a question from snapshot and request and puts it through
 * every rule.  The tables here are all the rules there are, in the order in which
 * their findings are read, with what each looks at of the host.
 */
#include "check/rules.h"

#include <string.h>

#define FEATURES VAP_FACTS_FEATURES
#define BUS (VAP_FACTS_FEATURES | VAP_FACTS_BUS)
#define DRIVER VAP_FACTS_DRIVER
#define ACTIVE VAP_FACTS_ACTIVE
#define DEFINED VAP_FACTS_DEFINED
#define OTHERS VAP_FACTS_OTHERS
#define GUESTS VAP_FACTS_GUESTS

/* @facts: what the rule looks at of the host, VapFacts or'ed */
static const struct {
  VapDeviceRule rule;
  guint facts;
} device_rules[] = {
  { vap_rule_uuid_malformed, 0 },
  { vap_rule_uuid_taken, ACTIVE | DEFINED | OTHERS },
  { vap_rule_type_wrong, 0 },
  { vap_rule_parent_wrong, 0 },
  { vap_rule_driver_missing, FEATURES | DRIVER },
  { vap_rule_attributes, 0 },
  { vap_rule_ap_config, DRIVER },
  { vap_rule_out_of_range, BUS },
  { vap_rule_matrix_empty, 0 },
  { vap_rule_usage_domain_missing, 0 },
  { vap_rule_queue_host_owned, BUS },
  { vap_rule_mask_blocked, BUS },
  { vap_rule_queue_in_use, ACTIVE | DEFINED | GUESTS },
  { vap_rule_queue_claimed, ACTIVE | DEFINED | GUESTS },
  { vap_rule_others_unreadable, ACTIVE | DEFINED },
  { vap_rule_absent, BUS },
  { vap_rule_adapter_unsupported, BUS },
  { vap_rule_adapter_offline, BUS },
  { vap_rule_adapter_filtered, BUS | DRIVER },
  { vap_rule_control_domain_missing, 0 },
};

typedef struct {
  VapGuestRule rule;
  guint facts;
} GuestRule;

/* Those of a crypto device: without any mediated device there is nothing to find. */
static const GuestRule guest_rules[] = {
  { vap_rule_arch_mismatch, FEATURES },
  { vap_rule_device_duplicate, 0 },
  { vap_rule_device_uuid_malformed, 0 },
  { vap_rule_device_unknown, ACTIVE | DEFINED | OTHERS },
  { vap_rule_device_type, OTHERS },
  { vap_rule_device_model, 0 },
  { vap_rule_device_boot_order, 0 },
  { vap_rule_device_inactive, ACTIVE | DEFINED },
  { vap_rule_device_in_use, GUESTS },
  { vap_rule_ap_off, FEATURES },
  { vap_rule_apft_off, FEATURES },
  { vap_rule_apqci_off, FEATURES | ACTIVE | DEFINED },
  { vap_rule_apqi_off, FEATURES },
  { vap_rule_secure_guest_ap, FEATURES },
  { vap_rule_device_unreadable, ACTIVE | DEFINED },
  /* of what is read for the others */
  { vap_rule_host_incomplete, 0 },
};

/* only for s390x: elsewhere a feature of the same name is another one */
static const GuestRule cpu_rules[] = {
  { vap_rule_feature_unknown, 0 },          { vap_rule_feature_missing, FEATURES },
  { vap_rule_feature_needs, FEATURES },     { vap_rule_feature_not_removable, FEATURES },
  { vap_rule_feature_redundant, FEATURES }, { vap_rule_qemu_not_asked, 0 },
};

guint
vap_check_device_facts (void)
{
  guint facts = 0;

  for (gsize i = 0; i < G_N_ELEMENTS (device_rules); i++)
    facts |= device_rules[i].facts;
  return facts;
}

/* Which devices are AP matrices, and whether the guest is one for s390x, is asked of the
 * host for every rule. */
guint
vap_check_guest_facts (const VapGuest *guest)
{
  guint facts = FEATURES;

  for (gsize i = 0; i < G_N_ELEMENTS (cpu_rules); i++)
    facts |= cpu_rules[i].facts;
  if (guest != NULL && guest->devices->len == 0)
    return facts;
  facts |= ACTIVE | DEFINED;
  for (gsize i = 0; i < G_N_ELEMENTS (guest_rules); i++)
    facts |= guest_rules[i].facts;
  return facts;
}

/* A domain XML without an architecture is for the host's own (libvirt
 * src/conf/domain_conf.c, virDomainDefParseCaps()). */
static gboolean
guest_is_s390x (const VapHost *host, const VapGuest *guest)
{
  if (guest->arch == NULL)
    return host->has_ap_bus || host->facilities_known;

  return strcmp (guest->arch, "s390x") == 0;
}

/* Nova writes model='vfio-pci' for every mediated device, so that the model alone
 * does not tell: an AP matrix is also what the host knows as one. */
static GPtrArray *
ap_devices_of (const VapHost *host, const VapGuest *guest)
{
  GPtrArray *devices = g_ptr_array_new ();

  for (guint i = 0; i < guest->devices->len; i++) {
    VapGuestDevice *device = guest->devices->pdata[i];

    if (g_strcmp0 (device->model, "vfio-ap") == 0 ||
        vap_host_find_device (host, device->uuid) != NULL)
      g_ptr_array_add (devices, device);
  }
  return devices;
}

gboolean
vap_check_wants_qemu (const VapHost *host, const VapGuest *guest)
{
  return vap_guest_concerns_ap (guest) && guest_is_s390x (host, guest) &&
         vap_rule_guest_needs_qemu (guest);
}

/* without findings yet; the devices belong to @devices */
static VapGuestQuestion
question_of (const VapHost *host, const VapQemu *qemu, const VapGuest *guest,
             VapAction action, GPtrArray **devices)
{
  *devices = ap_devices_of (host, guest);
  return (VapGuestQuestion){
    .host = host,
    .qemu = qemu,
    .guest = guest,
    .name = guest->name != NULL ? guest->name : "",
    .is_s390x = guest_is_s390x (host, guest),
    .devices = *devices,
    .action = action,
  };
}

VapFindings *
vap_check_guest (const VapHost *host, const VapQemu *qemu, const VapGuest *guest,
                 VapAction action)
{
  g_autoptr (GPtrArray) devices = NULL;
  VapGuestQuestion question = question_of (host, qemu, guest, action, &devices);

  question.findings = vap_findings_new ();
  if (!vap_guest_concerns_ap (guest))
    return question.findings;

  for (guint i = 0; i < G_N_ELEMENTS (guest_rules); i++)
    guest_rules[i].rule (&question);
  for (guint i = 0; question.is_s390x && i < G_N_ELEMENTS (cpu_rules); i++)
    cpu_rules[i].rule (&question);

  return question.findings;
}

const char **
vap_check_missing_features (const VapHost *host, const VapGuest *guest)
{
  g_autoptr (GPtrArray) devices = NULL;
  VapGuestQuestion question =
      question_of (host, NULL, guest, VAP_ACTION_DEFINE, &devices);
  g_autoptr (GPtrArray) names = g_ptr_array_new ();

  if (question.is_s390x && devices->len > 0)
    vap_rule_missing_features (&question, names);
  g_ptr_array_add (names, NULL);
  return (const char **) g_ptr_array_free (g_steal_pointer (&names), FALSE);
}

VapFindings *
vap_check_device (const VapHost *host, const VapDevice *device, VapAction action)
{
  VapDeviceQuestion question = {
    .host = host,
    .device = device,
    .action = action,
    .findings = vap_findings_new (),
  };

  if (!vap_device_is_matrix (device))
    return question.findings;

  if (device->uuid == NULL || !vap_uuid_canonical (device->uuid, question.uuid))
    question.uuid[0] = '\0';
  vap_device_matrix (device, &question.matrix, NULL, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (device_rules); i++)
    device_rules[i].rule (&question);

  return question.findings;
}
