/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Drift mended; see mend.h.  The table says which finding can be mended how; each way is
 * one function.  What has no row here (definition-unreadable, matrix-truncated) is told
 * only, since what it should be is not known.
 */
#include "config.h"

#include "change/mend.h"

#include <glib/gi18n-lib.h>

#include "change/devices.h"
#include "change/guests.h"
#include "change/priv.h"
#include "change/reserve.h"
#include "change/restore.h"
#include "change/rule-file.h"
#include "change/steps.h"

/* What a way to mend works on. */
typedef struct {
  VapTransaction *transaction;
  const VapHost *host;
  const char *subject; /* of the finding: a device, a guest, a queue */
  const char *connect;
  VapFindings *findings;
} Mend;

static const VapHostDevice *
device_of (const VapHost *host, const char *uuid)
{
  return vap_host_find_device (host, uuid);
}

/* FALSE with @error: it was there when the finding was made */
static const VapHostDevice *
find_device (const Mend *mend, GError **error)
{
  const VapHostDevice *device = device_of (mend->host, mend->subject);

  if (device == NULL)
    g_set_error (error, VAP_ERROR, VAP_ERROR_FAILED, _ ("there is no AP matrix %s"),
                 mend->subject);
  return device;
}

static VapHost *
activate (const Mend *mend, GError **error)
{
  const VapHostDevice *device = find_device (mend, error);

  if (device == NULL)
    return NULL;
  return vap_devices_set_active (mend->transaction, mend->host, device->uuid,
                                 &device->defined_matrix, mend->connect, mend->findings,
                                 error);
}

static VapHost *
set_stored (const Mend *mend, const VapHostDevice *device, const VapMatrix *matrix,
            gboolean autostart, GError **error)
{
  return vap_devices_set_stored (mend->transaction, mend->host, device->uuid, matrix,
                                 autostart, mend->connect, mend->findings, error);
}

static VapHost *
store (const Mend *mend, GError **error)
{
  const VapHostDevice *device = find_device (mend, error);

  if (device == NULL)
    return NULL;
  return set_stored (mend, device, &device->matrix,
                     device->definition != NULL && device->definition->autostart, error);
}

static VapHost *
store_for_boot (const Mend *mend, GError **error)
{
  const VapHostDevice *device = find_device (mend, error);

  return device != NULL ? set_stored (mend, device, &device->matrix, TRUE, error) : NULL;
}

static VapHost *
start (const Mend *mend, GError **error)
{
  return vap_devices_start (mend->transaction, mend->host, mend->subject, mend->connect,
                            mend->findings, error);
}

static VapHost *
start_by_hand (const Mend *mend, GError **error)
{
  const VapHostDevice *device = find_device (mend, error);

  return device != NULL ? set_stored (mend, device, &device->defined_matrix, FALSE, error)
                        : NULL;
}

static VapHost *
remove_device (const Mend *mend, GError **error)
{
  return vap_devices_stop (mend->transaction, mend->host, mend->subject, TRUE,
                           mend->connect, mend->findings, error);
}

/* the first device before this one that is to start with a queue of it too */
static const VapHostDevice *
find_rival (const VapHost *host, const char *uuid)
{
  const VapHostDevice *device = device_of (host, uuid);

  for (guint i = 0; device != NULL && i < host->devices->len; i++) {
    const VapHostDevice *other = g_ptr_array_index (host->devices, i);

    if (other != device && other->definition != NULL && other->definition->autostart &&
        vap_matrix_overlap (&device->defined_matrix, &other->defined_matrix, NULL))
      return other;
  }
  return NULL;
}

static VapHost *
start_rival_by_hand (const Mend *mend, GError **error)
{
  const VapHostDevice *rival = find_rival (mend->host, mend->subject);

  if (rival == NULL)
    return vap_host_ref ((VapHost *) mend->host);
  return set_stored (mend, rival, &rival->defined_matrix, FALSE, error);
}

/* so that the next start makes what is now */
static VapHost *
store_masks (const Mend *mend, GError **error)
{
  const VapHost *host = mend->host;
  VapPersistentMasks masks = { TRUE, TRUE, host->apmask, host->aqmask };
  g_autofree char *text = NULL;
  g_autofree char *rule = NULL;

  if (!vap_attr_read (host->root, VAP_RULE_FILE, &text, error))
    return NULL;
  rule = vap_rule_file_edit (text, &masks);
  vap_transaction_add (mend->transaction, vap_file_step_new (VAP_RULE_FILE, rule, 0644));
  return vap_host_with_persistent (host, &masks);
}

/* what the next start would make, now: a host whose masks are those of the rule */
static VapHost *
activate_masks (const Mend *mend, GError **error)
{
  const VapHost *host = mend->host;
  VapMask all = vap_mask_up_to (VAP_MASK_BITS - 1);
  const VapPersistentMasks *rule = &host->persistent;
  const VapMask apmask = rule->has_apmask ? rule->apmask : all;
  const VapMask aqmask = rule->has_aqmask ? rule->aqmask : all;
  g_autofree VapQueueSet *every = g_new (VapQueueSet, 1);
  g_autoptr (VapHost) then = NULL;

  *every = host->queues;
  /* without an override the masks alone say whose a queue is */
  then = vap_host_with_queues (host, &apmask, &aqmask, every, TRUE);
  return vap_host_restore_owners (mend->transaction, host, then, mend->findings, error);
}

static void
add_matrix (const VapMatrix *matrix, VapQueueSet *queues)
{
  VAP_MASK_FOREACH (&matrix->adapters, adapter)
    queues->domains[adapter] = matrix->domains;
}

/* the device's queues for guests, now and at every start */
static VapHost *
reserve (const Mend *mend, GError **error)
{
  const VapHostDevice *device = find_device (mend, error);
  g_autofree VapQueueSet *queues = g_new0 (VapQueueSet, 1);
  g_autoptr (VapReserve) plan = NULL;

  if (device == NULL)
    return NULL;
  add_matrix (&device->defined_matrix, queues);
  plan = vap_reserve_plan (mend->host, queues, FALSE, VAP_RESERVE_PERSISTENT,
                           mend->findings, error);
  if (plan == NULL)
    return NULL;
  if (!vap_findings_refuse (mend->findings))
    vap_reserve_add_steps (plan, mend->host, mend->transaction);
  return vap_host_ref (plan->after);
}

static VapHost *
bind (const Mend *mend, GError **error G_GNUC_UNUSED)
{
  g_autofree VapQueueSet *unbound = g_new0 (VapQueueSet, 1);

  vap_drift_unbound (mend->host, unbound);
  for (guint adapter = 0; adapter < VAP_MASK_BITS; adapter++) {
    VAP_MASK_FOREACH (&unbound->domains[adapter], domain)
      vap_transaction_add (mend->transaction, vap_bind_step_new ((VapQueue){
                                                  (guint8) adapter, (guint8) domain }));
  }
  return vap_host_with_queues (mend->host, &mend->host->apmask, &mend->host->aqmask,
                               unbound, FALSE);
}

/* the devices that a guest runs with and is defined with; NULL for none */
static const VapHostGuest *
find_devices (const VapHost *host, const char *name, const char **running,
              const char **defined)
{
  const VapHostGuest *guest = vap_host_find_guest (host, name);

  *running = guest != NULL ? vap_drift_crypto_device (host, guest->running) : NULL;
  *defined = guest != NULL ? vap_drift_crypto_device (host, guest->defined) : NULL;
  return guest;
}

static VapGuestChange
change_of (const Mend *mend, const char *uuid, gboolean live)
{
  return (VapGuestChange){ .guest = mend->subject,
                           .uuid = uuid,
                           .live = live,
                           .stored = !live,
                           .connect = mend->connect };
}

static VapHost *
take_stored (const Mend *mend, GError **error)
{
  const char *running, *defined;
  VapGuestChange change;

  find_devices (mend->host, mend->subject, &running, &defined);
  change = change_of (mend, defined, FALSE);
  return vap_guests_detach (mend->transaction, mend->host, &change, mend->findings,
                            error);
}

static VapHost *
store_guest (const Mend *mend, GError **error)
{
  const char *running, *defined;
  VapGuestChange change;

  find_devices (mend->host, mend->subject, &running, &defined);
  if (running == NULL)
    return take_stored (mend, error);
  change = change_of (mend, running, FALSE);
  if (defined != NULL)
    return vap_guests_replace_stored (mend->transaction, mend->host, &change, defined,
                                      mend->findings, error);
  return vap_guests_attach (mend->transaction, mend->host, &change, mend->findings,
                            error);
}

static VapHost *
activate_guest (const Mend *mend, GError **error)
{
  const char *running, *defined;
  g_autoptr (VapHost) host = vap_host_ref ((VapHost *) mend->host);
  VapGuestChange change;

  find_devices (mend->host, mend->subject, &running, &defined);
  if (running != NULL) {
    change = change_of (mend, running, TRUE);
    vap_host_unref (host);
    host =
        vap_guests_detach (mend->transaction, mend->host, &change, mend->findings, error);
  }
  if (host == NULL || defined == NULL)
    return g_steal_pointer (&host);
  change = change_of (mend, defined, TRUE);
  return vap_guests_attach (mend->transaction, host, &change, mend->findings, error);
}

/* Which findings a row is for, besides their id. */
typedef gboolean (*IsForFunc) (const VapHost *host, const char *subject);

static gboolean
is_defined (const VapHost *host, const char *subject)
{
  const VapHostDevice *device = device_of (host, subject);

  return device != NULL && device->definition != NULL;
}

static gboolean
is_undefined (const VapHost *host, const char *subject)
{
  return !is_defined (host, subject);
}

static gboolean
is_needed (const VapHost *host, const char *subject)
{
  return vap_drift_defined_holder (host, subject) != NULL;
}

static gboolean
is_not_needed (const VapHost *host, const char *subject)
{
  return !is_needed (host, subject);
}

static gboolean
has_rival (const VapHost *host, const char *subject)
{
  return find_rival (host, subject) != NULL;
}

static gboolean
has_no_rival (const VapHost *host, const char *subject)
{
  return !has_rival (host, subject);
}

/* an override does not last, and chzdev's rule cannot say it */
static gboolean
has_lasting_masks (const VapHost *host, const char *subject G_GNUC_UNUSED)
{
  return !host->override_in_use;
}

static const struct {
  const char *id;
  IsForFunc is_for; /* NULL: for all */
  gboolean is_clear;
  VapMendChoice choice;
  VapHost *(*func) (const Mend *mend, GError **error);
} ways[] = {
  /* what was begun from a definition wants the rest of it */
  { "matrix-half-made",
    is_defined,
    TRUE,
    { "activate", N_ ("write the rest of its matrix") },
    activate },
  { "matrix-half-made",
    is_undefined,
    FALSE,
    { "remove", N_ ("remove it") },
    remove_device },
  { "matrix-drift",
    NULL,
    FALSE,
    { "activate", N_ ("give the active device the matrix that is defined") },
    activate },
  { "matrix-drift",
    NULL,
    FALSE,
    { "store", N_ ("define the matrix that is active") },
    store },
  { "device-not-started", NULL, FALSE, { "start", N_ ("start it now") }, start },
  { "device-not-started",
    NULL,
    FALSE,
    { "by-hand", N_ ("start it at boot no longer") },
    start_by_hand },
  /* a guest's definition counts on it, and libvirt starts no device for a guest */
  { "device-not-stored",
    is_needed,
    TRUE,
    { "store", N_ ("store it, and start it at boot") },
    store_for_boot },
  { "device-not-stored", is_not_needed, FALSE, { "store", N_ ("store it") }, store },
  { "device-not-stored",
    is_not_needed,
    FALSE,
    { "remove", N_ ("remove it") },
    remove_device },
  { "mask-drift",
    has_lasting_masks,
    FALSE,
    { "store", N_ ("keep the masks as they are now, in chzdev's rule") },
    store_masks },
  { "mask-drift",
    NULL,
    FALSE,
    { "activate", N_ ("give the queues now to whom the next start gives them") },
    activate_masks },
  { "autostart-blocked",
    has_no_rival,
    FALSE,
    { "reserve", N_ ("give its queues to guests, now and at every start") },
    reserve },
  { "autostart-blocked",
    NULL,
    FALSE,
    { "by-hand", N_ ("start it at boot no longer") },
    start_by_hand },
  { "autostart-blocked",
    has_rival,
    FALSE,
    { "other-by-hand", N_ ("start the other one at boot no longer") },
    start_rival_by_hand },
  /* the masks say it already; bound, it lets the other queues of its adapter through */
  { "queue-unbound", NULL, TRUE, { "bind", N_ ("bind the queues to vfio_ap") }, bind },
  { "guest-device-gone",
    NULL,
    FALSE,
    { "take", N_ ("take the device out of the guest's definition") },
    take_stored },
  { "guest-drift",
    NULL,
    FALSE,
    { "store", N_ ("define the guest as it runs") },
    store_guest },
  { "guest-drift",
    NULL,
    FALSE,
    { "activate", N_ ("change the running guest to what is defined") },
    activate_guest },
  /* it may be kept for a guest that is just being made, or rebooted; of one that is not
   * stored device-not-stored asks */
  { "device-orphan", is_defined, FALSE, { "remove", N_ ("remove it") }, remove_device },
  { "grant-left", NULL, FALSE, { "remove", N_ ("remove it") }, remove_device },
};

static gboolean
is_way (guint index, const VapHost *host, const VapFinding *finding)
{
  return g_str_equal (ways[index].id, finding->info->id) &&
         (ways[index].is_for == NULL || ways[index].is_for (host, finding->subject));
}

VapMendOffer
vap_mend_offer (const VapHost *host, const VapFinding *finding)
{
  VapMendOffer offer = { 0 };

  for (guint i = 0; i < G_N_ELEMENTS (ways) && offer.n_choices < VAP_MEND_CHOICES_MAX;
       i++) {
    if (!is_way (i, host, finding))
      continue;
    offer.is_clear = offer.is_clear || ways[i].is_clear;
    offer.choices[offer.n_choices++] =
        (VapMendChoice){ ways[i].choice.slug, _ (ways[i].choice.sentence) };
  }
  return offer;
}

VapHost *
vap_mend (VapTransaction *transaction, const VapHost *host, const VapFinding *finding,
          const char *slug, const char *connect, VapFindings *findings, GError **error)
{
  const Mend mend = { transaction, host, finding->subject, connect, findings };

  for (guint i = 0; i < G_N_ELEMENTS (ways); i++) {
    if (is_way (i, host, finding) && g_str_equal (ways[i].choice.slug, slug))
      return ways[i].func (&mend, error);
  }
  g_set_error (error, VAP_ERROR, VAP_ERROR_FAILED, _ ("nothing called '%s' mends %s"),
               slug, finding->info->id);
  return NULL;
}
