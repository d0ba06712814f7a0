/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The verdict, and QEMU's part in it.
 */
#include "judge/priv.h"

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

  vap_findings_free (verdict->findings);
  g_free (verdict->rewritten);
  g_ptr_array_unref (verdict->notes);
  g_free (verdict);
}

void
vap_verdict_set_findings (VapVerdict *verdict, VapFindings *findings)
{
  vap_findings_free (verdict->findings);
  verdict->findings = findings;
}

VapQemu *
vap_judge_ask_qemu (const VapHost *host, const VapGuest *guest)
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
