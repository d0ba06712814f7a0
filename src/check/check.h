/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The judge: facts in, findings out.  No I/O, no state.  Every rule adds its
 * findings and none stops another.
 */
#pragma once

#include "check/finding.h"
#include "host/host.h"
#include "host/qemu.h"

G_BEGIN_DECLS

typedef enum {
  VAP_ACTION_DEFINE,      /* stored, may become right before it starts */
  VAP_ACTION_START,       /* must be right now */
  VAP_ACTION_MODIFY,      /* as DEFINE, of a device that is defined already */
  VAP_ACTION_MODIFY_LIVE, /* as START, of a device that is active already */
} VapAction;

/* whether what is asked must be right now, or may still become right */
static inline gboolean
vap_action_is_now (VapAction action)
{
  return action == VAP_ACTION_START || action == VAP_ACTION_MODIFY_LIVE;
}

/**
 * vap_check_guest:
 * @qemu: (nullable): NULL when QEMU could not be asked, which is a finding of
 *   its own where it matters
 *
 * Returns: (transfer full): free with vap_findings_free()
 */
VapFindings *vap_check_guest (const VapHost *host, const VapQemu *qemu,
                              const VapGuest *guest, VapAction action);

/**
 * vap_check_guest_facts:
 * @guest: (nullable): NULL for any guest
 *
 * Returns: VapFacts, or'ed: what vap_check_guest() and vap_check_missing_features() look
 *   at, so that who asks about this guest alone need not read more; of the mediated
 *   devices those that it names
 */
guint vap_check_guest_facts (const VapGuest *guest);

/* the same for vap_check_device(), which looks at all devices */
guint vap_check_device_facts (void);

/* whether vap_check_guest() would make use of a VapQemu: asking costs a process */
gboolean vap_check_wants_qemu (const VapHost *host, const VapGuest *guest);

/**
 * vap_check_device:
 *
 * Judges the definition, the start or a change of an AP matrix; a device that is
 * none gives no findings.
 */
VapFindings *vap_check_device (const VapHost *host, const VapDevice *device,
                               VapAction action);

/**
 * vap_check_hidden_features:
 *
 * Returns: (transfer container): NULL-terminated names (static strings) of the AP
 *   features that the guest asks for in <cpu> and that this QEMU has no property
 *   for, so that they must not reach its command line; free with g_free()
 */
const char **vap_check_hidden_features (const VapGuest *guest, const VapQemu *qemu);

/**
 * vap_check_missing_features:
 *
 * Returns: (transfer container): NULL-terminated names (static strings) of ap, apqci,
 *   apft and apqi, those that the guest has a crypto device for, does not have and does
 *   not name, and that this host has; free with g_free()
 */
const char **vap_check_missing_features (const VapHost *host, const VapGuest *guest);

/**
 * vap_check_device_change:
 * @before: the host as it is
 * @after: the host as it would be: vap_host_with_device()
 * @uuid: the device that is changed, stopped or removed, canonical
 *
 * Judges what the change does to the guests that have the device; the device itself is
 * judged by vap_check_device().
 */
VapFindings *vap_check_device_change (const VapHost *before, const VapHost *after,
                                      const char *uuid);

/**
 * vap_check_plug:
 * @host: with the device
 * @qemu: (nullable): as for vap_check_guest()
 * @guest: one that runs without the device
 * @uuid: canonical
 * @must: it is an error when the guest cannot get it now, else a warning
 * @possible: (out): whether it can get it while it runs
 *
 * Judges a device that is plugged into a running guest.  A CPU feature that it would need
 * is none that it can get before it is started anew.
 *
 * Returns: (transfer full): free with vap_findings_free()
 */
VapFindings *vap_check_plug (const VapHost *host, const VapQemu *qemu,
                             const VapHostGuest *guest, const char *uuid, gboolean must,
                             gboolean *possible) G_GNUC_WARN_UNUSED_RESULT;

/* (transfer full): what a guest loses that runs with the device and shall go on without */
VapFindings *vap_check_unplug (const VapHost *host, const VapHostGuest *guest,
                               const char *uuid) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
