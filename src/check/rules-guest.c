/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The rules of a guest's crypto devices: whether libvirt and QEMU would take them,
 * and whether the guest would see them.  check.c runs them.
 */
#include "check/rules.h"

#include "config.h"

#include <glib/gi18n-lib.h>
#include <string.h>

char *
vap_rule_shell_word (const char *word)
{
  static const char plain[] = G_CSET_a_2_z G_CSET_A_2_Z G_CSET_DIGITS "/._-+@:";

  if (word[0] != '\0' && word[0] != '-' && strspn (word, plain) == strlen (word))
    return g_strdup (word);

  return g_shell_quote (word);
}

static const VapGuestDevice *
device_at (const VapGuestQuestion *question, guint i)
{
  return question->devices->pdata[i];
}

/* the device in a sentence; libvirt refuses one without a UUID by itself */
static const char *
device_name (const VapGuestDevice *device)
{
  return device->uuid != NULL ? device->uuid : "";
}

static gboolean
same_device (const VapGuestDevice *a, const VapGuestDevice *b)
{
  return a->uuid != NULL && b->uuid != NULL && g_ascii_strcasecmp (a->uuid, b->uuid) == 0;
}

/* whether the device stands further up already, so that it was judged there */
static gboolean
is_repeated (const VapGuestQuestion *question, guint i)
{
  for (guint j = 0; j < i; j++)
    if (same_device (device_at (question, j), device_at (question, i)))
      return TRUE;

  return FALSE;
}

/* QEMU has the device vfio-ap in its s390x emulator alone (hw/vfio/meson.build,
 * CONFIG_VFIO_AP) */
void
vap_rule_arch_mismatch (const VapGuestQuestion *question)
{
  if (question->is_s390x || question->devices->len == 0)
    return;

  vap_findings_take (
      question->findings, "arch-mismatch", VAP_SEVERITY_ERROR, question->name,
      g_strdup_printf (_ ("crypto device %s is for s390x guests only, and guest '%s' is "
                          "none"),
                       device_name (device_at (question, 0)), question->name),
      g_strdup (
          _ ("remove the <hostdev>, or set in <os>: <type arch='s390x'>hvm</type>")));
}

/* libvirt src/qemu/qemu_validate.c, qemuValidateDomainMdevDefVFIOAP(); EPERM from
 * vfio_ap_mdev_set_kvm() (vfio_ap_ops.c) */
void
vap_rule_device_duplicate (const VapGuestQuestion *question)
{
  const VapGuestDevice *first, *second;
  char *message;

  if (question->devices->len < 2)
    return;

  first = device_at (question, 0);
  second = device_at (question, 1);
  if (same_device (first, second))
    message = g_strdup_printf (_ ("guest '%s' has the crypto device %s twice"),
                               question->name, device_name (first));
  else
    message = g_strdup_printf (
        _ ("guest '%s' has %u crypto devices, among them %s and %s, but can have one"),
        question->name, question->devices->len, device_name (first),
        device_name (second));
  vap_findings_take (
      question->findings, "device-duplicate", VAP_SEVERITY_ERROR, question->name, message,
      g_strdup (
          _ ("keep one <hostdev>, and put all adapters and domains in its matrix")));
}

/* libvirt src/conf/domain_conf.c, virDomainHostdevSubsysMediatedDevDefParseXML() */
void
vap_rule_device_uuid_malformed (const VapGuestQuestion *question)
{
  for (guint i = 0; i < question->devices->len; i++) {
    const char *uuid = device_at (question, i)->uuid;
    char canonical[37];

    if (uuid == NULL || vap_uuid_canonical (uuid, canonical))
      continue;
    vap_findings_take (
        question->findings, "uuid-malformed", VAP_SEVERITY_ERROR, uuid,
        g_strdup_printf (_ ("'%s' is no UUID"), uuid),
        g_strdup (_ ("see the devices with: virsh nodedev-list --cap mdev --all")));
  }
}

/* libvirt src/util/virmdev.c, virMediatedDeviceCheckModel(), compares the model with the
 * device's own, when the guest starts */
void
vap_rule_device_type (const VapGuestQuestion *question)
{
  for (guint i = 0; i < question->devices->len; i++) {
    const char *uuid = device_at (question, i)->uuid;

    if (!vap_host_has_other_mdev (question->host, uuid) || is_repeated (question, i))
      continue;
    vap_findings_take (
        question->findings, "device-type", VAP_SEVERITY_ERROR, uuid,
        g_strdup_printf (
            _ ("device %s is no AP matrix, so model vfio-ap does not fit it"), uuid),
        g_strdup (_ ("see what there is with: virsh nodedev-list --cap mdev --all")));
  }
}

/* as above; OpenStack Nova writes vfio-pci for every mediated device */
void
vap_rule_device_model (const VapGuestQuestion *question)
{
  for (guint i = 0; i < question->devices->len; i++) {
    const VapGuestDevice *device = device_at (question, i);

    if (g_strcmp0 (device->model, "vfio-ap") == 0)
      continue;
    vap_findings_take (
        question->findings, "device-model", VAP_SEVERITY_ERROR, device_name (device),
        g_strdup_printf (
            _ ("device %s is an AP matrix, which takes model vfio-ap, not %s"),
            device_name (device), device->model != NULL ? device->model : "''"),
        g_strdup (_ ("write: <hostdev mode='subsystem' type='mdev' model='vfio-ap'>")));
  }
}

/* libvirt src/qemu/qemu_validate.c, qemuValidateDomainMdevDefVFIOAP(); QEMU's vfio-ap has
 * no bootindex (hw/vfio/ap.c, vfio_ap_properties[]) */
void
vap_rule_device_boot_order (const VapGuestQuestion *question)
{
  for (guint i = 0; i < question->devices->len; i++) {
    const VapGuestDevice *device = device_at (question, i);

    if (device->boot_order == NULL)
      continue;
    vap_findings_take (
        question->findings, "device-boot-order", VAP_SEVERITY_ERROR, device_name (device),
        g_strdup_printf (_ ("guest '%s' cannot boot from the crypto device %s"),
                         question->name, device_name (device)),
        g_strdup_printf (_ ("remove <boot order='%s'/> from its <hostdev>"),
                         device->boot_order));
  }
}

/* libvirt src/util/virmdev.c, virMediatedDeviceNew(): "mediated device not found" */
void
vap_rule_device_unknown (const VapGuestQuestion *question)
{
  for (guint i = 0; i < question->devices->len; i++) {
    const char *uuid = device_at (question, i)->uuid;

    char canonical[37];

    if (uuid == NULL || !vap_uuid_canonical (uuid, canonical) ||
        vap_host_find_device (question->host, uuid) != NULL ||
        vap_host_has_other_mdev (question->host, uuid) || is_repeated (question, i))
      continue;
    vap_findings_take (
        question->findings, "device-unknown", VAP_SEVERITY_ERROR, uuid,
        g_strdup_printf (
            _ ("there is no device %s on this host, neither active nor defined"), uuid),
        g_strdup (_ ("see the devices with: virsh nodedev-list --cap mdev --all")));
  }
}

/* as for an unknown one: libvirt starts no mediated device for a guest.  What is only
 * defined may start in time. */
void
vap_rule_device_inactive (const VapGuestQuestion *question)
{
  VapSeverity severity =
      vap_action_is_now (question->action) ? VAP_SEVERITY_ERROR : VAP_SEVERITY_WARNING;

  for (guint i = 0; i < question->devices->len; i++) {
    const VapGuestDevice *device = device_at (question, i);
    const VapHostDevice *known = vap_host_find_device (question->host, device->uuid);
    g_autofree char *node = NULL;

    if (known == NULL || known->active || is_repeated (question, i))
      continue;
    node = vap_device_node_name (known->uuid);
    vap_findings_take (
        question->findings, "device-inactive", severity, known->uuid,
        g_strdup_printf (_ ("device %s is defined but not active"), known->uuid),
        g_strdup_printf (_ ("start it with: virsh nodedev-start %s"), node));
  }
}

/* the guest as libvirt knows it already, NULL for a new one */
static const VapHostGuest *
known_guest (const VapGuestQuestion *question)
{
  const VapHostGuest *known = vap_host_find_guest (question->host, question->guest->uuid);

  /* without a UUID of its own a definition means the guest of its name */
  if (known == NULL && question->guest->uuid == NULL)
    known = vap_host_find_guest (question->host, question->guest->name);
  return known;
}

static void
report_device_in_use (const VapGuestQuestion *question, const char *uuid,
                      const VapHostGuest *holder, gboolean running, VapSeverity severity)
{
  g_autofree char *word = vap_rule_shell_word (holder->name);
  const char *message = running ? _ ("device %s belongs to guest '%s', which is running")
                                : _ ("device %s belongs to guest '%s', which is defined");
  const char *hint =
      running
          ? _ ("choose another device, or stop that guest with: virsh shutdown %s")
          : _ ("choose another device, or take it from that guest with: virsh edit %s");

  vap_findings_take (question->findings, "device-in-use", severity, uuid,
                     g_strdup_printf (message, uuid, holder->name),
                     g_strdup_printf (hint, word));
}

/* libvirt src/hypervisor/virhostdev.c, virHostdevPrepareMediatedDevices(), refuses
 * a device in use only when the guest starts.  Two definitions may have shared a
 * device before we came: each of the two may still start, with a warning. */
void
vap_rule_device_in_use (const VapGuestQuestion *question)
{
  const VapHostGuest *self = known_guest (question);
  gboolean starts_as_defined =
      question->action == VAP_ACTION_START && self != NULL && self->defined != NULL;

  for (guint i = 0; i < question->devices->len; i++) {
    const char *uuid = device_at (question, i)->uuid;
    const VapHostGuest *holder;
    gboolean running = FALSE;

    if (uuid == NULL || is_repeated (question, i))
      continue;
    holder =
        vap_host_holder (question->host, uuid,
                         self != NULL ? self->uuid : question->guest->uuid, &running);
    if (holder != NULL)
      report_device_in_use (question, uuid, holder, running,
                            starts_as_defined && !running ? VAP_SEVERITY_WARNING
                                                          : VAP_SEVERITY_ERROR);
  }
}

/* mdevctl would not read such a definition either (src/mdev.rs, load_from_json()) */
void
vap_rule_device_unreadable (const VapGuestQuestion *question)
{
  for (guint i = 0; i < question->devices->len; i++) {
    const char *uuid = device_at (question, i)->uuid;
    const VapHostDevice *known = vap_host_find_device (question->host, uuid);

    if (known == NULL || known->problem == NULL || is_repeated (question, i))
      continue;
    vap_rule_take_problem (question->findings, known);
  }
}

/* A device's own problems are in the list too; they concern who uses it. */
static gboolean
is_of_a_device (const VapHost *host, const char *problem)
{
  for (guint i = 0; i < host->devices->len; i++) {
    const VapHostDevice *device = host->devices->pdata[i];

    if (g_strcmp0 (device->problem, problem) == 0)
      return TRUE;
  }
  return FALSE;
}

/* What was not read may hold the device too. */
void
vap_rule_host_incomplete (const VapGuestQuestion *question)
{
  const GPtrArray *problems = question->host->problems;

  for (guint i = 0; question->devices->len > 0 && i < problems->len; i++) {
    const char *problem = problems->pdata[i];

    if (is_of_a_device (question->host, problem))
      continue;
    vap_findings_take (question->findings, "host-incomplete", VAP_SEVERITY_WARNING,
                       question->name, g_strdup (problem), NULL);
  }
}
