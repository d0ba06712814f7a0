/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The rules of what a guest's CPU makes of its crypto device: without an AP feature
 * QEMU does not take the device, or Linux in the guest does not see it, or sees a part
 * of it.  check.c runs them.
 */
#include "check/rules.h"

#include "config.h"

#include <glib/gi18n-lib.h>

/* The highest numbers that Linux uses without QCI (ap_bus.c, ap_max_adapter_id and
 * ap_max_domain_id, which only QCI raises). */
#define MAX_ADAPTER_BASIC 63u
#define MAX_DOMAIN_BASIC 15u

/* the device in a sentence; libvirt refuses one without a UUID by itself */
static const char *
first_device (const VapGuestQuestion *question)
{
  const VapGuestDevice *device = question->devices->pdata[0];

  return device->uuid != NULL ? device->uuid : "";
}

/* what to write for a feature that a device needs */
static char *
hint_feature (const VapGuestQuestion *question, VapFeatureId feature)
{
  const char *name = vap_feature_get (feature)->name;

  if (!vap_host_has_feature (question->host, feature))
    return g_strdup_printf (_ ("this host does not have '%s': remove the <hostdev>"),
                            name);

  return g_strdup_printf (_ ("add to <cpu>: <feature policy='require' name='%s'/>"),
                          name);
}

/* QEMU hw/s390x/ap-bridge.c, s390_init_ap(): without AP instructions no AP bus, and
 * vfio-ap can be plugged nowhere else */
void
vap_rule_ap_off (const VapGuestQuestion *question)
{
  if (!question->is_s390x || question->devices->len == 0 ||
      vap_rule_guest_has_feature (question, VAP_FEATURE_AP))
    return;

  vap_findings_take (
      question->findings, "ap-off", VAP_SEVERITY_ERROR, question->name,
      g_strdup_printf (
          _ ("guest '%s' has crypto device %s but no AP instructions (ap), so "
             "QEMU has no bus for it"),
          question->name, first_device (question)),
      hint_feature (question, VAP_FEATURE_AP));
}

/* In the guest, Linux asks TAPQ without the T bit (ap_bus.c, ap_apft_available())
 * and takes no queue whose type it cannot learn so (ap_queue_info()). */
void
vap_rule_apft_off (const VapGuestQuestion *question)
{
  if (!question->is_s390x || question->devices->len == 0 ||
      vap_rule_guest_has_feature (question, VAP_FEATURE_APFT))
    return;

  vap_findings_take (
      question->findings, "apft-off", VAP_SEVERITY_ERROR, question->name,
      g_strdup_printf (_ ("guest '%s' has crypto device %s but no AP facilities test "
                          "(apft), so Linux in it sees no AP device"),
                       question->name, first_device (question)),
      hint_feature (question, VAP_FEATURE_APFT));
}

/* What the first device has, or is to have; NULL when the host does not know it, or does
 * not know all of it. */
static const VapMatrix *
first_matrix (const VapGuestQuestion *question)
{
  const VapGuestDevice *device = question->devices->pdata[0];
  const VapHostDevice *known = vap_host_find_device (question->host, device->uuid);

  if (known == NULL)
    return NULL;
  return known->active ? &known->matrix : &known->defined_matrix;
}

static gboolean
can_use_device (const VapGuestQuestion *question)
{
  return question->is_s390x && question->devices->len > 0 &&
         vap_rule_guest_has_feature (question, VAP_FEATURE_AP) &&
         vap_rule_guest_has_feature (question, VAP_FEATURE_APFT);
}

static void
report_nothing_left (const VapGuestQuestion *question)
{
  vap_findings_take (
      question->findings, "apqci-off", VAP_SEVERITY_ERROR, question->name,
      g_strdup_printf (
          _ ("guest '%s' has no apqci, so Linux in it uses no queue of device "
             "%s: none has an adapter up to 3f and a domain up to 000f"),
          question->name, first_device (question)),
      hint_feature (question, VAP_FEATURE_APQCI));
}

static void
report_unused (const VapGuestQuestion *question, const char *message,
               const VapMask *unused, guint width)
{
  g_autofree char *list = vap_mask_to_list (unused, width);

  if (vap_mask_is_empty (unused))
    return;
  vap_findings_take (
      question->findings, "apqci-off", VAP_SEVERITY_WARNING, list,
      g_strdup_printf (message, question->name, first_device (question), list),
      hint_feature (question, VAP_FEATURE_APQCI));
}

/* Without QCI a guest's Linux knows neither its adapters nor its domains and tries the
 * lowest ones only. */
void
vap_rule_apqci_off (const VapGuestQuestion *question)
{
  VapMask adapters = vap_mask_up_to (MAX_ADAPTER_BASIC);
  VapMask domains = vap_mask_up_to (MAX_DOMAIN_BASIC);
  VapMask unused_adapters, unused_domains;
  const VapMatrix *matrix;

  if (!can_use_device (question) ||
      vap_rule_guest_has_feature (question, VAP_FEATURE_APQCI))
    return;
  matrix = first_matrix (question);
  if (matrix == NULL || vap_matrix_count_queues (matrix) == 0)
    return;

  if (!vap_mask_intersects (&matrix->adapters, &adapters) ||
      !vap_mask_intersects (&matrix->domains, &domains)) {
    report_nothing_left (question);
    return;
  }
  unused_domains = vap_mask_minus (&matrix->domains, &domains);
  unused_adapters = vap_mask_minus (&matrix->adapters, &adapters);
  report_unused (
      question,
      _ ("guest '%s' has no apqci, so Linux in it does not use these domains of "
         "device %s: %s"),
      &unused_domains, 4);
  report_unused (question,
                 _ ("guest '%s' has no apqci, so Linux in it does not use these adapters "
                    "of device %s: %s"),
                 &unused_adapters, 2);
}

/* without facility 65 ap_bus.c polls (ap_interrupts_available()) */
void
vap_rule_apqi_off (const VapGuestQuestion *question)
{
  if (!can_use_device (question) ||
      !vap_host_has_feature (question->host, VAP_FEATURE_APQI) ||
      vap_rule_guest_has_feature (question, VAP_FEATURE_APQI))
    return;

  vap_findings_take (
      question->findings, "apqi-off", VAP_SEVERITY_NOTE, question->name,
      g_strdup_printf (_ ("guest '%s' has no apqi, so it polls the queues of device %s "
                          "instead of taking interrupts"),
                       question->name, first_device (question)),
      hint_feature (question, VAP_FEATURE_APQI));
}

/* KVM has the ultravisor give a secure guest the AP instructions only with guest feature
 * 4 (Linux arch/s390/kvm/pv.c, kvm_s390_pv_init_vm()), which QEMU asks for by appv
 * (target/s390x/cpu_features_def.h.inc). */
void
vap_rule_secure_guest_ap (const VapGuestQuestion *question)
{
  if (!question->is_s390x || question->devices->len == 0 || !question->guest->secure ||
      vap_rule_guest_has_feature (question, VAP_FEATURE_APPV))
    return;

  vap_findings_take (
      question->findings, "secure-guest-ap", VAP_SEVERITY_ERROR, question->name,
      g_strdup_printf (
          _ ("guest '%s' is a secure-execution guest without appv, so it cannot "
             "use crypto device %s"),
          question->name, first_device (question)),
      hint_feature (question, VAP_FEATURE_APPV));
}
