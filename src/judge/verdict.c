/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The verdict, what the configuration makes of it, and what it stands on: the parts of
 * the host that the rules look at, and QEMU.
 */
#include "config.h"

#include "judge/priv.h"

#include <glib/gi18n-lib.h>

#include "host/document.h"

VapVerdict *
vap_verdict_new (void)
{
  VapVerdict *verdict = g_new0 (VapVerdict, 1);

  verdict->findings = vap_findings_new ();
  verdict->notes = g_ptr_array_new_with_free_func (g_free);
  return verdict;
}

void
vap_verdict_free (VapVerdict *verdict)
{
  if (verdict == NULL)
    return;

  g_free (verdict->guest);
  g_free (verdict->device);
  vap_findings_free (verdict->findings);
  g_free (verdict->rewritten);
  g_ptr_array_unref (verdict->notes);
  g_clear_pointer (&verdict->host, vap_host_unref);
  g_clear_pointer (&verdict->judged, vap_guest_unref);
  g_free (verdict);
}

void
vap_verdict_set_findings (VapVerdict *verdict, VapFindings *findings)
{
  vap_findings_free (verdict->findings);
  verdict->findings = findings;
}

void
vap_verdict_concerns (VapVerdict *verdict, const char *guest, const char *device)
{
  verdict->concerned = TRUE;
  g_free (verdict->guest);
  verdict->guest = g_strdup (guest);
  g_free (verdict->device);
  verdict->device = g_strdup (device);
}

void
vap_verdict_enforce (VapVerdict *verdict, const VapConfig *config, VapDoor door)
{
  GPtrArray *list = verdict->findings->list;

  for (guint i = list->len; i-- > 0;) {
    VapFinding *finding = list->pdata[i];
    VapEnforcement set = vap_config_finding (config, door, finding->info->id);

    if (set == VAP_OFF) {
      g_ptr_array_remove_index (list, i);
    } else if (set == VAP_WARN && finding->severity == VAP_SEVERITY_ERROR) {
      finding->severity = VAP_SEVERITY_WARNING;
      verdict->lowered++;
    }
  }
  for (guint i = 0; verdict->concerned && i < config->notes->len; i++)
    g_ptr_array_add (verdict->notes, g_strdup (config->notes->pdata[i]));
  if (!verdict->stale || config->policy[door] == VAP_ENFORCE)
    return;
  verdict->stale = FALSE;
  verdict->lowered++;
  g_ptr_array_add (verdict->notes,
                   g_strdup_printf (_ ("guest '%s' asks for a CPU feature that its QEMU "
                                       "has no property for, so that QEMU will not "
                                       "start"),
                                    verdict->guest));
}

static VapDecision
decision_of (const VapVerdict *verdict, gboolean passed)
{
  if (!passed)
    return VAP_DECISION_REFUSED;
  return verdict->lowered > 0 ? VAP_DECISION_WARNED : VAP_DECISION_ACCEPTED;
}

VapRecord
vap_verdict_to_record (const VapVerdict *verdict, VapDoor door, const char *call,
                       gboolean passed)
{
  return (VapRecord){
    .door = door,
    .call = call,
    .guest = verdict->guest,
    .device = verdict->device,
    .decision = decision_of (verdict, passed),
    .passed = passed,
    .findings = verdict->findings,
    .notes = verdict->notes,
  };
}

VapHost *
vap_judge_read_for_guest (const char *root, GError **error)
{
  const VapScope scope = { .facts = vap_check_guest_facts (NULL) };

  return vap_host_read_scope (root, &scope, error);
}

VapHost *
vap_judge_read_for_device (const char *root, GError **error)
{
  const VapScope scope = { .facts = vap_check_device_facts () };

  return vap_host_read_scope (root, &scope, error);
}

VapQemu *
vap_judge_ask_qemu (const VapHost *host, const VapGuest *guest)
{
  g_autoptr (GError) error = NULL;
  VapQemu *qemu;

  if (!vap_check_wants_qemu (host, guest))
    return NULL;
  /* of a saved host its own emulator is known, or none: not this machine's */
  if (host->record != NULL)
    return host->record->qemu != NULL ? vap_qemu_ref (host->record->qemu) : NULL;

  qemu = vap_qemu_ask (guest->emulator, &error);
  if (qemu == NULL)
    g_info ("%s", error->message);
  return qemu;
}
