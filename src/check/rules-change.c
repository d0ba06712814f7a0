/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The rules of a change to a device that is there already: what it does to the guests
 * that have it.  Who changes a device puts them two hosts, as it is and as it would be.
 */
#include "check/check.h"
#include "check/guest-view.h"
#include "check/rules.h"
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
  return guest != NULL && vap_guest_has_device (guest, uuid);
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

/* takes both views */
static void
compare_views (const VapHostGuest *guest, VapGuestView *before, VapGuestView *after,
               VapFindings *findings)
{
  g_autoptr (VapGuestView) view = before;
  g_autoptr (VapGuestView) left = after;
  g_autofree char *lost = list_lost (view, left);

  if (lost != NULL)
    vap_findings_take (findings, "guest-loses", VAP_SEVERITY_WARNING, guest->name,
                       g_strdup_printf (_ ("guest '%s' loses queues while it runs: %s"),
                                        guest->name, lost),
                       NULL);
}

static void
rule_guest_loses (const VapHost *before, const VapHost *after, const VapHostGuest *guest,
                  VapFindings *findings)
{
  compare_views (guest, vap_guest_view_new (before, guest->running),
                 vap_guest_view_new (after, guest->running), findings);
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

VapFindings *
vap_check_unplug (const VapHost *host, const VapHostGuest *guest, const char *uuid)
{
  g_autoptr (VapGuest) without = vap_guest_without_device (guest->running, uuid);
  VapFindings *findings = vap_findings_new ();

  compare_views (guest, vap_guest_view_new (host, guest->running),
                 vap_guest_view_new (host, without), findings);
  return findings;
}

/* what a guest cannot get while it runs (QEMU target/s390x/cpu_models.c,
 * s390_realize_cpu_model(), when a CPU is made) */
static gboolean
is_about_cpu (const VapFinding *finding)
{
  static const char *const ids[] = { "ap-off", "apft-off", "apqci-off", "apqi-off",
                                     NULL };

  return g_strv_contains (ids, finding->info->id);
}

static void
rule_guest_needs_start (const VapHostGuest *guest, const char *uuid, const char *features,
                        gboolean must, VapFindings *findings)
{
  g_autofree char *word = vap_rule_shell_word (guest->name);

  vap_findings_take (
      findings, "guest-needs-start", must ? VAP_SEVERITY_ERROR : VAP_SEVERITY_WARNING,
      guest->name,
      g_strdup_printf (
          _ ("guest '%s' runs without the CPU features %s, so it gets device "
             "%s only when it is started anew"),
          guest->name, features, uuid),
      must ? g_strdup_printf (_ ("store it with --config; then: virsh shutdown %s, virsh "
                                 "start %s"),
                              word, word)
           : g_strdup_printf (_ ("start it anew: virsh shutdown %s, virsh start %s"),
                              word, word));
}

VapFindings *
vap_check_plug (const VapHost *host, const VapQemu *qemu, const VapHostGuest *guest,
                const char *uuid, gboolean must, gboolean *possible)
{
  VapGuestDevice device = { .uuid = (char *) uuid, .model = (char *) "vfio-ap" };
  g_autoptr (VapGuest) with = vap_guest_with_device (guest->running, &device);
  g_autofree const char **missing = vap_check_missing_features (host, with);
  g_autofree char *list = g_strjoinv (", ", (char **) missing);
  g_autoptr (VapFindings) judged = vap_check_guest (host, qemu, with, VAP_ACTION_START);
  VapFindings *findings = vap_findings_new ();

  *possible = TRUE;
  for (guint i = 0; i < judged->list->len; i++) {
    const VapFinding *finding = g_ptr_array_index (judged->list, i);

    if (missing[0] != NULL && is_about_cpu (finding))
      *possible = *possible && finding->severity != VAP_SEVERITY_ERROR;
    else
      vap_findings_take (findings, finding->info->id, finding->severity, finding->subject,
                         g_strdup (finding->message), g_strdup (finding->hint));
  }
  if (!*possible)
    rule_guest_needs_start (guest, uuid, list, must, findings);
  return findings;
}
