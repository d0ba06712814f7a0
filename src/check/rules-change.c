/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The rules of a change to a device that is there already: what it does to the guests
 * that have it.  Who changes a device puts them two hosts, as it is and as it would be.
 */
#include "check/check.h"
#include "check/guest-view.h"
#include "config.h"

#include <glib/gi18n-lib.h>

/* so many queues are named one by one */
#define QUEUES_NAMED 8u

static gboolean
is_active (const VapHost *host, const char *uuid)
{
  const VapHostDevice *device = vap_host_find_device (host, uuid);

  return device != NULL && device->active;
}

static gboolean
has_device (const VapGuest *guest, const char *uuid)
{
  for (guint i = 0; guest != NULL && i < guest->devices->len; i++) {
    const VapGuestDevice *device = g_ptr_array_index (guest->devices, i);

    if (g_strcmp0 (device->uuid, uuid) == 0)
      return TRUE;
  }
  return FALSE;
}

/* A device that is open is not removed before it is closed, and who asked for its removal
 * waits as long (Linux drivers/vfio/vfio_main.c, vfio_unregister_group_dev()) */
static void
rule_device_held (const VapHostGuest *guest, const char *uuid, VapFindings *findings)
{
  vap_findings_take (
      findings, "device-held", VAP_SEVERITY_ERROR, uuid,
      g_strdup_printf (_ ("device %s cannot be stopped: guest '%s' runs with it"), uuid,
                       guest->name),
      g_strdup_printf (_ ("stop the guest first: virsh shutdown %s"), guest->name));
}

/* libvirt src/hypervisor/virhostdev.c, virHostdevPrepareMediatedDevices(): a guest does
 * not start without its device */
static void
rule_device_needed (const VapHostGuest *guest, const char *uuid, VapFindings *findings)
{
  vap_findings_take (
      findings, "device-needed", VAP_SEVERITY_WARNING, uuid,
      g_strdup_printf (_ ("guest '%s' is defined with device %s and does not start "
                          "without it"),
                       guest->name, uuid),
      g_strdup_printf (_ ("remove the <hostdev> of the device: virsh edit %s"),
                       guest->name));
}

static gboolean
is_usable (const VapGuestView *view, guint adapter, guint domain)
{
  const VapQueue queue = { (guint8) adapter, (guint8) domain };

  return vap_matrix_has_queue (&view->usable, queue);
}

/* "05.0004, 05.0047 and 3 more"; NULL for none */
static char *
list_lost (const VapGuestView *before, const VapGuestView *after)
{
  g_autoptr (GString) list = g_string_new (NULL);
  guint count = 0;

  VAP_MASK_FOREACH (&before->usable.adapters, adapter)
    VAP_MASK_FOREACH (&before->usable.domains, domain) {
      const VapQueue queue = { (guint8) adapter, (guint8) domain };
      char text[VAP_QUEUE_TEXT_SIZE];

      if (is_usable (after, (guint) adapter, (guint) domain) || ++count > QUEUES_NAMED)
        continue;
      vap_queue_format (queue, text);
      g_string_append_printf (list, "%s%s", list->len > 0 ? ", " : "", text);
    }
  if (count == 0)
    return NULL;
  if (count > QUEUES_NAMED)
    return g_strdup_printf (
        ngettext ("%s and %u more", "%s and %u more", count - QUEUES_NAMED), list->str,
        count - QUEUES_NAMED);
  return g_string_free (g_steal_pointer (&list), FALSE);
}

static void
rule_guest_loses (const VapHost *before, const VapHost *after, const VapHostGuest *guest,
                  VapFindings *findings)
{
  g_autoptr (VapGuestView) view = vap_guest_view_new (before, guest->running);
  g_autoptr (VapGuestView) left = vap_guest_view_new (after, guest->running);
  g_autofree char *lost = list_lost (view, left);

  if (lost != NULL)
    vap_findings_take (findings, "guest-loses", VAP_SEVERITY_WARNING, guest->name,
                       g_strdup_printf (_ ("guest '%s' loses queues while it runs: %s"),
                                        guest->name, lost),
                       NULL);
}

VapFindings *
vap_check_device_change (const VapHost *before, const VapHost *after, const char *uuid)
{
  VapFindings *findings = vap_findings_new ();
  gboolean stops = is_active (before, uuid) && !is_active (after, uuid);
  gboolean goes = vap_host_find_device (before, uuid) != NULL &&
                  vap_host_find_device (after, uuid) == NULL;

  for (guint i = 0; i < before->guests->len; i++) {
    const VapHostGuest *guest = g_ptr_array_index (before->guests, i);

    if (has_device (guest->running, uuid) && stops)
      rule_device_held (guest, uuid, findings);
    else if (has_device (guest->running, uuid) && is_active (after, uuid))
      rule_guest_loses (before, after, guest, findings);
    if (has_device (guest->defined, uuid) && (stops || goes))
      rule_device_needed (guest, uuid, findings);
  }
  return findings;
}
