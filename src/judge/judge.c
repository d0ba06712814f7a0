/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A question from beginning to end: parse, read the snapshot, ask QEMU, judge.
 * Called by the doors and the command line, which differ in their protocols only.
 */
#include "judge/judge.h"

#include "config.h"
#include "guest/rewrite.h"

#include <glib/gi18n-lib.h>
#include <string.h>

static VapVerdict *
verdict_take (VapFindings *findings)
{
  VapVerdict *verdict = g_new0 (VapVerdict, 1);

  verdict->findings = findings;
  return verdict;
}

void
vap_verdict_free (VapVerdict *verdict)
{
  if (verdict == NULL)
    return;

  vap_findings_free (verdict->findings);
  g_free (verdict->rewritten);
  g_free (verdict);
}

/* NULL when there is nothing to ask or no answer: the rules tell the two apart */
static VapQemu *
ask_qemu (const VapHost *host, const VapGuest *guest)
{
  g_autoptr (GError) error = NULL;
  VapQemu *qemu;

  if (!vap_check_wants_qemu (host, guest))
    return NULL;

  qemu = vap_qemu_ask (guest->emulator, &error);
  if (qemu == NULL)
    g_info ("%s", error->message);
  return qemu;
}

VapVerdict *
vap_judge_domain_xml (const char *root, const char *xml, gsize length, VapAction action,
                      GError **error)
{
  g_autoptr (VapGuest) guest = vap_guest_parse (xml, length, error);
  g_autoptr (VapHost) host = NULL;
  g_autoptr (VapQemu) qemu = NULL;
  g_autoptr (VapVerdict) verdict = NULL;
  g_autofree const char **hidden = NULL;

  if (guest == NULL)
    return NULL;
  if (!vap_guest_concerns_ap (guest))
    return verdict_take (vap_findings_new ());

  host = vap_host_read (root, error);
  if (host == NULL)
    return NULL;

  qemu = ask_qemu (host, guest);
  verdict = verdict_take (vap_check_guest (host, qemu, guest, action));
  hidden = vap_check_hidden_features (guest, qemu);
  if (hidden[0] != NULL && !vap_findings_refuse (verdict->findings)) {
    verdict->rewritten = vap_rewrite_hide_features (xml, length, hidden, error);
    if (verdict->rewritten == NULL)
      return NULL;
  }
  return g_steal_pointer (&verdict);
}

/* A guest that this user may not read.  Its CPU is taken for the host's, which has
 * all that a device needs, so that only the device is judged. */
static VapGuest *
stand_in (const char *name, const char *uuid, GError **error)
{
  g_autofree char *xml = g_markup_printf_escaped (
      "<domain type='kvm'><name>%s</name><uuid>%s</uuid>"
      "<os><type arch='s390x'>hvm</type></os><cpu mode='host-passthrough'/></domain>",
      name, uuid);

  return vap_guest_parse (xml, strlen (xml), error);
}

static void
add_guest_unread (VapFindings *findings, const char *name)
{
  vap_findings_take (
      findings, "host-incomplete", VAP_SEVERITY_WARNING, name,
      g_strdup_printf (
          _ ("guest '%s' could not be read, so only its new device was judged"), name),
      g_strdup (_ ("ask again as root to have everything compared")));
}

VapVerdict *
vap_judge_attach_xml (const char *root, const char *guest_name, const char *guest_uuid,
                      const char *xml, gsize length, GError **error)
{
  g_autoptr (VapGuestDevice) device = NULL;
  g_autoptr (VapHost) host = NULL;
  g_autoptr (VapGuest) before = NULL;
  g_autoptr (VapGuest) after = NULL;
  g_autoptr (VapQemu) qemu = NULL;
  const VapHostGuest *known;
  VapVerdict *verdict;
  gboolean running;

  if (!vap_guest_device_parse (xml, length, &device, error))
    return NULL;
  if (device == NULL)
    return verdict_take (vap_findings_new ());

  host = vap_host_read (root, error);
  if (host == NULL)
    return NULL;
  /* another mediated device is nothing to refuse for what the guest has already */
  if (!vap_host_is_matrix (host, device))
    return verdict_take (vap_findings_new ());

  known = vap_host_find_guest (host, guest_uuid);
  running = known != NULL && known->running != NULL;
  if (known != NULL)
    before = vap_guest_ref (running ? known->running : known->defined);
  else
    before = stand_in (guest_name, guest_uuid, error);
  if (before == NULL)
    return NULL;

  after = vap_guest_with_device (before, device);
  qemu = ask_qemu (host, after);
  verdict = verdict_take (vap_check_guest (
      host, qemu, after, running ? VAP_ACTION_START : VAP_ACTION_DEFINE));
  if (known == NULL)
    add_guest_unread (verdict->findings, guest_name);
  return verdict;
}

static VapVerdict *
judge_device (const char *root, const VapDevice *device, VapAction action, GError **error)
{
  g_autoptr (VapHost) host = NULL;

  if (!vap_device_is_matrix (device))
    return verdict_take (vap_findings_new ());

  host = vap_host_read (root, error);
  if (host == NULL)
    return NULL;

  return verdict_take (vap_check_device (host, device, action));
}

VapVerdict *
vap_judge_device_xml (const char *root, const char *xml, gsize length, VapAction action,
                      GError **error)
{
  g_autoptr (VapDevice) device = vap_device_parse_xml (xml, length, error);

  return device != NULL ? judge_device (root, device, action, error) : NULL;
}

VapVerdict *
vap_judge_mdevctl (const char *root, const char *json, gsize length, const char *uuid,
                   const char *parent, VapAction action, GError **error)
{
  g_autoptr (VapDevice) device
      = vap_device_parse_mdevctl (json, length, uuid, parent, error);

  return device != NULL ? judge_device (root, device, action, error) : NULL;
}
