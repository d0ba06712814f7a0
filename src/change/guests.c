/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * AP matrices for guests and back, judged and turned into steps; see guests.h.
 */
#include "config.h"

#include "change/guests.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "change/device-steps.h"
#include "change/findings.h"
#include "guest/rewrite.h"
#include "host/qemu.h"

/* What is asked, found on a host. */
typedef struct {
  const VapGuestChange *change;
  const VapHostGuest *guest;
  gboolean live;
  gboolean stored;
  const char *old; /* the device whose place it takes, NULL for none */
} Attach;

/* One of the two sides of a guest, what is stored or what runs: adds its steps.
 * Returns: (transfer full): the host as it would be; NULL with @error */
typedef VapHost *(*SideFunc) (VapTransaction *transaction, const VapHost *host,
                              const Attach *attach, VapFindings *findings,
                              GError **error);

static VapGuest *
with_matrix (const VapGuest *guest, const char *uuid)
{
  VapGuestDevice device = { .uuid = (char *) uuid, .model = (char *) "vfio-ap" };

  return vap_guest_with_device (guest, &device);
}

static VapQemu *
ask_qemu (const VapHost *host, const VapGuest *guest)
{
  return vap_check_wants_qemu (host, guest) ? vap_qemu_ask (guest->emulator, NULL) : NULL;
}

static gboolean
fail_unknown (const VapGuestChange *change, const char *sentence, GError **error)
{
  g_set_error (error, VAP_ERROR, VAP_ERROR_FAILED, sentence, change->guest);
  return FALSE;
}

/* which parts of the guest are meant, and whether there are these */
static gboolean
find (const VapHost *host, const VapGuestChange *change, Attach *attach, GError **error)
{
  const VapHostGuest *guest = vap_host_find_guest (host, change->guest);
  gboolean any = !change->live && !change->stored;

  *attach = (Attach){ .change = change, .guest = guest };
  if (guest == NULL)
    return fail_unknown (change, _ ("libvirt has no guest '%s'"), error);
  attach->live = (any || change->live) && guest->running != NULL;
  attach->stored = (any || change->stored) && guest->defined != NULL;
  if (change->live && guest->running == NULL)
    return fail_unknown (change, _ ("guest '%s' does not run"), error);
  if (change->stored && guest->defined == NULL)
    return fail_unknown (change, _ ("libvirt has no definition of a guest '%s'"), error);
  if (change->connect == NULL)
    return fail_unknown (
        change,
        _ ("guest '%s' can be changed only through libvirt, and there is no daemon to go "
           "through"),
        error);
  return TRUE;
}

/* The guest as it becomes, judged; @xml is what it becomes then. */
static VapGuest *
judge_guest (const VapHost *host, const char *xml, VapFindings *findings, GError **error)
{
  g_autoptr (VapGuest) guest = vap_guest_parse (xml, strlen (xml), error);
  g_autoptr (VapQemu) qemu = NULL;

  if (guest == NULL)
    return NULL;
  qemu = ask_qemu (host, guest);
  vap_findings_add_new (findings, vap_check_guest (host, qemu, guest, VAP_ACTION_DEFINE));
  return g_steal_pointer (&guest);
}

/* (transfer full): @host with the definition @xml, for which a step is added if it is
 * another than @before; @features: NULL-terminated, or NULL */
static VapHost *
set_definition (VapTransaction *transaction, const VapHost *host, const Attach *attach,
                const char *before, const char *xml, const char *old,
                const char *const *features, VapFindings *findings, GError **error)
{
  const VapGuestChange *change = attach->change;
  g_autoptr (VapGuest) after = judge_guest (host, xml, findings, error);
  g_autofree char *list = features != NULL ? g_strjoinv (", ", (char **) features) : NULL;

  if (after == NULL)
    return NULL;
  if (!g_str_equal (before, xml))
    vap_transaction_add (transaction, vap_guest_replace_step_new (
                                          attach->guest->name, xml, old, change->uuid,
                                          list != NULL && *list != '\0' ? list : NULL,
                                          change->connect));
  return vap_host_with_guest (host, after);
}

static VapHost *
store (VapTransaction *transaction, const VapHost *host, const Attach *attach,
       VapFindings *findings, GError **error)
{
  const char *uuid = attach->change->uuid;
  const char *old = attach->old;
  g_autofree char *xml =
      vap_guest_definition_read (host->root, attach->guest->name, error);
  g_autoptr (VapGuest) before =
      xml != NULL ? vap_guest_parse (xml, strlen (xml), error) : NULL;
  g_autofree const char **names = NULL;
  g_autoptr (VapGuest) wanted = NULL;
  g_autofree char *base = NULL;
  g_autofree char *changed = NULL;

  if (before == NULL)
    return NULL;
  base = old != NULL ? vap_rewrite_replace_device (xml, strlen (xml), old, uuid, error)
                     : g_strdup (xml);
  if (base == NULL)
    return NULL;
  wanted = vap_guest_has_device (before, uuid) ? vap_guest_ref (before)
                                               : with_matrix (before, uuid);
  names = vap_check_missing_features (host, wanted);
  changed = vap_rewrite_add_device (base, strlen (base), uuid, names, error);
  if (changed == NULL)
    return NULL;
  return set_definition (transaction, host, attach, xml, changed, old, names, findings,
                         error);
}

/* what is refused, or warned of, is said; then the step is there only if it can be */
static VapHost *
plug (VapTransaction *transaction, const VapHost *host, const Attach *attach,
      VapFindings *findings, G_GNUC_UNUSED GError **error)
{
  const VapGuestChange *change = attach->change;
  const VapHostGuest *guest = attach->guest;
  g_autoptr (VapGuest) with = NULL;
  g_autoptr (VapQemu) qemu = NULL;
  gboolean possible;

  if (vap_guest_has_device (guest->running, change->uuid))
    return vap_host_ref ((VapHost *) host);
  with = with_matrix (guest->running, change->uuid);
  qemu = ask_qemu (host, with);
  vap_findings_add_new (findings,
                        vap_check_plug (host, qemu, guest, change->uuid,
                                        change->live || !attach->stored, &possible));
  if (!possible)
    return vap_host_ref ((VapHost *) host);
  vap_transaction_add (transaction,
                       vap_hotplug_step_new (guest->name, guest->uuid, change->uuid, TRUE,
                                             change->connect));
  return vap_host_with_running (host, with);
}

static VapHost *
take_stored (VapTransaction *transaction, const VapHost *host, const Attach *attach,
             G_GNUC_UNUSED VapFindings *findings, GError **error)
{
  const VapGuestChange *change = attach->change;
  g_autofree char *xml =
      vap_guest_definition_read (host->root, attach->guest->name, error);
  g_autofree char *changed =
      xml != NULL ? vap_rewrite_remove_device (xml, strlen (xml), change->uuid, error)
                  : NULL;
  g_autoptr (VapGuest) after =
      changed != NULL ? vap_guest_parse (changed, strlen (changed), error) : NULL;

  if (after == NULL)
    return NULL;
  if (!g_str_equal (xml, changed))
    vap_transaction_add (transaction, vap_guest_replace_step_new (
                                          attach->guest->name, changed, change->uuid,
                                          NULL, NULL, change->connect));
  return vap_host_with_guest (host, after);
}

static VapHost *
unplug (VapTransaction *transaction, const VapHost *host, const Attach *attach,
        VapFindings *findings, G_GNUC_UNUSED GError **error)
{
  const VapGuestChange *change = attach->change;
  const VapHostGuest *guest = attach->guest;
  g_autoptr (VapGuest) without = NULL;

  if (!vap_guest_has_device (guest->running, change->uuid))
    return vap_host_ref ((VapHost *) host);
  vap_findings_add_new (findings, vap_check_unplug (host, guest, change->uuid));
  vap_transaction_add (transaction,
                       vap_hotplug_step_new (guest->name, guest->uuid, change->uuid,
                                             FALSE, change->connect));
  without = vap_guest_without_device (guest->running, change->uuid);
  return vap_host_with_running (host, without);
}

/* first what is stored, then what runs, as far as they are meant */
static VapHost *
change_sides (VapTransaction *transaction, const VapHost *host,
              const VapGuestChange *change, SideFunc change_stored,
              SideFunc change_running, VapFindings *findings, GError **error)
{
  g_autoptr (VapHost) after = NULL;
  Attach attach;

  if (!find (host, change, &attach, error))
    return NULL;
  if (attach.stored)
    after = change_stored (transaction, host, &attach, findings, error);
  else
    after = vap_host_ref ((VapHost *) host);
  if (after == NULL || !attach.live)
    return g_steal_pointer (&after);
  attach.guest = vap_host_find_guest (after, change->guest);
  return change_running (transaction, after, &attach, findings, error);
}

VapHost *
vap_guests_attach (VapTransaction *transaction, const VapHost *host,
                   const VapGuestChange *change, VapFindings *findings, GError **error)
{
  return change_sides (transaction, host, change, store, plug, findings, error);
}

VapHost *
vap_guests_detach (VapTransaction *transaction, const VapHost *host,
                   const VapGuestChange *change, VapFindings *findings, GError **error)
{
  return change_sides (transaction, host, change, take_stored, unplug, findings, error);
}

VapHost *
vap_guests_replace_stored (VapTransaction *transaction, const VapHost *host,
                           const VapGuestChange *change, const char *old,
                           VapFindings *findings, GError **error)
{
  Attach attach;

  if (!find (host, change, &attach, error))
    return NULL;
  attach.old = old;
  return store (transaction, host, &attach, findings, error);
}
