/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The judge: builds a question from snapshot and request and puts it through
 * every rule.  The tables here are all the rules there are, in the order in which
 * their findings are read.
 */
#include "check/rules.h"

#include <string.h>

static const VapDeviceRule device_rules[] = {
  vap_rule_uuid_malformed,      vap_rule_uuid_taken,
  vap_rule_type_wrong,          vap_rule_parent_wrong,
  vap_rule_driver_missing,      vap_rule_attributes,
  vap_rule_ap_config,           vap_rule_out_of_range,
  vap_rule_matrix_empty,        vap_rule_usage_domain_missing,
  vap_rule_queue_host_owned,    vap_rule_mask_blocked,
  vap_rule_queue_in_use,        vap_rule_queue_claimed,
  vap_rule_others_unreadable,   vap_rule_absent,
  vap_rule_adapter_unsupported, vap_rule_adapter_offline,
  vap_rule_adapter_filtered,    vap_rule_control_domain_missing,
};

static const VapGuestRule guest_rules[] = {
  vap_rule_arch_mismatch,
  vap_rule_device_duplicate,
  vap_rule_device_uuid_malformed,
  vap_rule_device_unknown,
  vap_rule_device_type,
  vap_rule_device_model,
  vap_rule_device_boot_order,
  vap_rule_device_inactive,
  vap_rule_device_in_use,
  vap_rule_ap_off,
  vap_rule_apft_off,
  vap_rule_apqci_off,
  vap_rule_apqi_off,
  vap_rule_secure_guest_ap,
  vap_rule_device_unreadable,
  vap_rule_host_incomplete,
};

/* only for s390x: elsewhere a feature of the same name is another one */
static const VapGuestRule cpu_rules[] = {
  vap_rule_feature_unknown,       vap_rule_feature_missing,   vap_rule_feature_needs,
  vap_rule_feature_not_removable, vap_rule_feature_redundant, vap_rule_qemu_not_asked,
};

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
    guest_rules[i](&question);
  for (guint i = 0; question.is_s390x && i < G_N_ELEMENTS (cpu_rules); i++)
    cpu_rules[i](&question);

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
    device_rules[i](&question);

  return question.findings;
}
