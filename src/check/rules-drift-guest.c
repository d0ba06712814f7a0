/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The rules of drift between guests and devices: what a guest is defined with and the
 * host does not have, what it runs with and is not defined with, and what no guest has.
 */
#include "config.h"

#include "check/drift.h"
#include "check/rules.h"

#include <glib/gi18n-lib.h>

const char *
vap_drift_crypto_device (const VapHost *host, const VapGuest *guest)
{
  for (guint i = 0; guest != NULL && i < guest->devices->len; i++) {
    const VapGuestDevice *device = guest->devices->pdata[i];

    if (vap_host_is_matrix (host, device))
      return device->uuid;
  }
  return NULL;
}

const VapHostGuest *
vap_drift_defined_holder (const VapHost *host, const char *uuid)
{
  for (guint i = 0; i < host->guests->len; i++) {
    const VapHostGuest *guest = host->guests->pdata[i];
    const char *device = vap_drift_crypto_device (host, guest->defined);

    if (device != NULL && g_ascii_strcasecmp (device, uuid) == 0)
      return guest;
  }
  return NULL;
}

void
vap_rule_guest_device_gone (const VapDriftQuestion *question)
{
  const VapHost *host = question->host;

  for (guint i = 0; i < host->guests->len; i++) {
    const VapHostGuest *guest = host->guests->pdata[i];
    const char *device = vap_drift_crypto_device (host, guest->defined);
    g_autofree char *word = vap_rule_shell_word (guest->name);

    if (device == NULL || vap_host_find_device (host, device) != NULL ||
        vap_host_has_other_mdev (host, device))
      continue;
    vap_findings_take (
        question->findings, "guest-device-gone", VAP_SEVERITY_ERROR, guest->name,
        g_strdup_printf (_ ("guest '%s' is defined with device %s, which this host does "
                            "not have"),
                         guest->name, device),
        g_strdup_printf (_ ("define the device again, or take it from the guest with: "
                            "virsh edit %s"),
                         word));
  }
}

static void
report_guest_drift (const VapDriftQuestion *question, const VapHostGuest *guest,
                    const char *running, const char *defined)
{
  g_autofree char *word = vap_rule_shell_word (guest->name);
  char *message;

  if (running == NULL)
    message = g_strdup_printf (
        _ ("guest '%s' runs without a crypto device, but is defined with %s"),
        guest->name, defined);
  else if (defined == NULL)
    message = g_strdup_printf (
        _ ("guest '%s' runs with device %s, but is defined without a crypto device"),
        guest->name, running);
  else
    message =
        g_strdup_printf (_ ("guest '%s' runs with device %s, but is defined with %s"),
                         guest->name, running, defined);
  vap_findings_take (
      question->findings, "guest-drift", VAP_SEVERITY_WARNING, guest->name, message,
      g_strdup_printf (
          _ ("keep one of them: virsh attach-device or detach-device %s FILE "
             "--config, or --live"),
          word));
}

/* libvirt changes only what runs with --live, and only what is stored with --config */
void
vap_rule_guest_drift (const VapDriftQuestion *question)
{
  const VapHost *host = question->host;

  for (guint i = 0; i < host->guests->len; i++) {
    const VapHostGuest *guest = host->guests->pdata[i];
    const char *now = vap_drift_crypto_device (host, guest->running);
    const char *stored = vap_drift_crypto_device (host, guest->defined);

    if (guest->running == NULL || guest->defined == NULL ||
        (now == NULL && stored == NULL) ||
        (now != NULL && stored != NULL && g_ascii_strcasecmp (now, stored) == 0))
      continue;
    report_guest_drift (question, guest, now, stored);
  }
}

/* Where not all of libvirt's files could be read, a guest may be unknown. */
void
vap_rule_device_orphan (const VapDriftQuestion *question)
{
  const VapHost *host = question->host;

  for (guint i = 0; !host->guests_incomplete && i < host->devices->len; i++) {
    const VapHostDevice *device = host->devices->pdata[i];
    g_autofree char *node = vap_device_node_name (device->uuid);
    guint count = vap_matrix_count_queues (device->active ? &device->matrix
                                                          : &device->defined_matrix);

    if (count == 0 || vap_uuid_is_granted (device->uuid) ||
        vap_host_holder (host, device->uuid, NULL, NULL) != NULL)
      continue;
    vap_findings_take (
        question->findings, "device-orphan", VAP_SEVERITY_NOTE, device->uuid,
        g_strdup_printf (_ ("device %s is in no guest (queues: %u)"), device->uuid,
                         count),
        device->active
            ? g_strdup_printf (
                  _ ("if it is not kept for one, free its queues with: virsh "
                     "nodedev-destroy %s"),
                  node)
            : g_strdup_printf (_ ("if it is not kept for one, remove it with: virsh "
                                  "nodedev-undefine %s"),
                               node));
  }
}

/* What a compute service that died has left; the gate takes it away at the next occasion
 * (grant/), and may be keeping it for a guest that is just being rebooted. */
void
vap_rule_grant_left (const VapDriftQuestion *question)
{
  const VapHost *host = question->host;

  for (guint i = 0; !host->guests_incomplete && i < host->devices->len; i++) {
    const VapHostDevice *device = host->devices->pdata[i];

    if (!vap_uuid_is_granted (device->uuid) ||
        vap_host_holder (host, device->uuid, NULL, NULL) != NULL)
      continue;
    vap_findings_take (
        question->findings, "grant-left", VAP_SEVERITY_WARNING, device->uuid,
        g_strdup_printf (_ ("device %s was made for a guest of OpenStack Nova's, and no "
                            "guest has it"),
                         device->uuid),
        g_strdup_printf (
            _ ("the gate takes it away when it next grants or gives back; at "
               "once with: virt-ap remove %s"),
            device->uuid));
  }
}
