/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Putting a saved host's AP configuration back: first the rule and the masks, then the
 * devices on the queues that these give to guests, then the guests.
 */
#include "config.h"

#include "change/restore.h"

#include <glib/gi18n-lib.h>

#include "change/device-steps.h"
#include "change/rule-file.h"
#include "change/steps.h"
#include "host/document.h"

/* the rule as it was saved; without one this host's shall say nothing else than nothing
 */
static void
add_rule (VapTransaction *transaction, const VapHost *host, const VapHost *saved)
{
  const VapMask all = vap_mask_up_to (VAP_MASK_BITS - 1);
  const VapPersistentMasks ones = { TRUE, TRUE, all, all };
  g_autoptr (VapHostRecord) now = vap_host_record_new (host);
  g_autofree char *rule = g_strdup (saved->record->rule);

  if (rule == NULL && now->rule != NULL &&
      (host->persistent.has_apmask || host->persistent.has_aqmask))
    rule = vap_rule_file_edit (now->rule, &ones);
  if (rule != NULL && g_strcmp0 (now->rule, rule) != 0)
    vap_transaction_add (transaction, vap_file_step_new (VAP_RULE_FILE, rule, 0644));
}

static void
add_mask (VapTransaction *transaction, VapMaskName name, const VapMask *now,
          const VapMask *wanted)
{
  VapMask set = vap_mask_minus (wanted, now);
  VapMask clear = vap_mask_minus (now, wanted);

  if (!vap_mask_is_empty (&set) || !vap_mask_is_empty (&clear))
    vap_transaction_add (transaction, vap_mask_step_new (name, &set, &clear));
}

/* the queue devices of @host that change hands when they belong as on @saved */
static void
find_moved (const VapHost *host, const VapHost *saved, VapQueueSet *to_host,
            VapQueueSet *to_guests)
{
  for (guint adapter = 0; adapter < VAP_MASK_BITS; adapter++) {
    VAP_MASK_FOREACH (&host->queues.domains[adapter], domain) {
      VapQueue queue = { (guint8) adapter, (guint8) domain };
      VapQueueOwner now = vap_host_queue_owner (host, queue);
      VapQueueOwner then = vap_host_queue_owner (saved, queue);

      if (now != then)
        vap_queue_set_add (then == VAP_OWNER_HOST ? to_host : to_guests, queue);
    }
  }
}

/* A device that is here and whose queue shall be the host's: the kernel answers EBUSY
 * (ap_bus.c, apmask_commit(); vfio_ap_ops.c, vfio_ap_mdev_resource_in_use()). */
static void
judge_active (const VapHost *host, const VapQueueSet *to_host, VapFindings *findings)
{
  for (guint i = 0; i < host->devices->len; i++) {
    const VapHostDevice *device = host->devices->pdata[i];

    VAP_MASK_FOREACH (&device->matrix.adapters, adapter) {
      VapMask taken = vap_mask_and (&device->matrix.domains, &to_host->domains[adapter]);
      VapQueue queue = { (guint8) adapter, (guint8) vap_mask_next (&taken, 0) };
      char text[VAP_QUEUE_TEXT_SIZE];

      if (!device->active || vap_mask_is_empty (&taken))
        continue;
      vap_queue_format (queue, text);
      vap_findings_take (
          findings, "queue-in-use", VAP_SEVERITY_ERROR, text,
          g_strdup_printf (_ ("queue %s is to be the host's, but belongs to device %s"),
                           text, device->uuid),
          g_strdup_printf (_ ("remove the device first, with: virt-ap remove %s"),
                           device->uuid));
      break;
    }
  }
}

static void
add_overrides (VapTransaction *transaction, const VapQueueSet *queues, const char *driver)
{
  for (guint adapter = 0; adapter < VAP_MASK_BITS; adapter++) {
    VAP_MASK_FOREACH (&queues->domains[adapter], domain)
      vap_transaction_add (transaction,
                           vap_override_step_new (
                               (VapQueue){ (guint8) adapter, (guint8) domain }, driver));
  }
}

/* the queue devices of @host that are the guests' on @whose */
static void
find_guests_queues (const VapHost *host, const VapHost *whose, VapQueueSet *queues)
{
  for (guint adapter = 0; adapter < VAP_MASK_BITS; adapter++) {
    VAP_MASK_FOREACH (&host->queues.domains[adapter], domain) {
      VapQueue queue = { (guint8) adapter, (guint8) domain };

      if (vap_host_queue_owner (whose, queue) != VAP_OWNER_HOST)
        vap_queue_set_add (queues, queue);
    }
  }
}

/* The masks of @saved refuse to be written while an override is set, and the other way
 * round (Linux 7 ap_bus.c, apmask_store() and driver_override_store()).  So with the one
 * in the place of the other all queues of the guests are the host's for a moment. */
static void
add_owners (VapTransaction *transaction, const VapHost *host, const VapHost *saved,
            const VapQueueSet *to_host, const VapQueueSet *to_guests)
{
  g_autofree VapQueueSet *guests = g_new0 (VapQueueSet, 1);

  if (host->override_in_use && saved->override_in_use) {
    add_overrides (transaction, to_host, "");
    add_overrides (transaction, to_guests, "vfio_ap");
    return;
  }
  if (host->override_in_use)
    add_overrides (transaction, &host->vfio_bound, "");
  add_mask (transaction, VAP_APMASK, &host->apmask, &saved->apmask);
  add_mask (transaction, VAP_AQMASK, &host->aqmask, &saved->aqmask);
  find_guests_queues (host, saved, guests);
  if (saved->override_in_use)
    add_overrides (transaction, guests, "vfio_ap");
}

/* (transfer full): NULL with @error where this kernel cannot do what the saved one did */
VapHost *
vap_host_restore_owners (VapTransaction *transaction, const VapHost *host,
                         const VapHost *saved, VapFindings *findings, GError **error)
{
  g_autofree VapQueueSet *to_host = g_new0 (VapQueueSet, 1);
  g_autofree VapQueueSet *to_guests = g_new0 (VapQueueSet, 1);
  g_autofree VapQueueSet *lost = g_new0 (VapQueueSet, 1);
  g_autoptr (VapHost) given = NULL;

  if (saved->override_in_use && !host->has_driver_override) {
    g_set_error (error, VAP_ERROR, VAP_ERROR_FAILED,
                 _ ("the saved host gave queues to guests by driver_override, which this "
                    "kernel does not have"));
    return NULL;
  }
  find_moved (host, saved, to_host, to_guests);
  if (saved->override_in_use != host->override_in_use)
    find_guests_queues (host, host, lost);
  else
    *lost = *to_host;
  judge_active (host, lost, findings);
  add_owners (transaction, host, saved, to_host, to_guests);
  given = vap_host_with_queues (host, &saved->apmask, &saved->aqmask, to_guests, FALSE);
  return vap_host_with_queues (given, &saved->apmask, &saved->aqmask, to_host, TRUE);
}

static gboolean
is_defined_so (const VapHostDevice *now, const VapHostDevice *wanted)
{
  return now->definition != NULL &&
         vap_matrix_equal (&now->defined_matrix, &wanted->defined_matrix) &&
         now->definition->autostart == wanted->definition->autostart;
}

/* a guest of this host that is defined, and had the device when it was saved */
static const char *
guest_of (const VapHost *host, const VapHost *saved, const char *uuid)
{
  const VapHostGuest *then = vap_host_holder (saved, uuid, NULL, NULL);
  const VapHostGuest *now =
      then != NULL
          ? vap_host_find_guest (host, then->uuid != NULL ? then->uuid : then->name)
          : NULL;

  return now != NULL && now->defined != NULL ? now->name : NULL;
}

/* one that this host does not have at all; its active matrix is made, and stored as it
 * was defined */
static VapHost *
make_device (VapTransaction *transaction, const VapHost *host, const VapHost *saved,
             const VapHostDevice *device, const char *connect, VapFindings *findings,
             GError **error)
{
  gboolean is_split = device->active && device->definition != NULL &&
                      !vap_matrix_equal (&device->matrix, &device->defined_matrix);
  VapNewDevice new = {
    .uuid = device->uuid,
    .matrix = device->active ? device->matrix : device->defined_matrix,
    .define = device->definition != NULL && !is_split,
    .autostart = device->definition != NULL && device->definition->autostart,
    .start = device->active,
    .guest = connect != NULL ? guest_of (host, saved, device->uuid) : NULL,
    .connect = connect,
  };

  if (is_split)
    vap_transaction_add (transaction,
                         vap_definition_step_new (device->uuid, &device->defined_matrix,
                                                  new.autostart, FALSE, connect));
  return vap_devices_create (transaction, host, &new, findings, error);
}

/* one that this host has: it must be the same, but for a part that is missing */
static VapHost *
complete_device (VapTransaction *transaction, const VapHost *host,
                 const VapHostDevice *now, const VapHostDevice *wanted,
                 const char *connect, VapFindings *findings, GError **error)
{
  gboolean differs = (now->active && wanted->active &&
                      !vap_matrix_equal (&now->matrix, &wanted->matrix)) ||
                     (now->definition != NULL && wanted->definition != NULL &&
                      !is_defined_so (now, wanted));
  VapNewDevice part = { .uuid = wanted->uuid, .connect = connect };

  if (differs) {
    vap_findings_take (
        findings, "uuid-taken", VAP_SEVERITY_ERROR, wanted->uuid,
        g_strdup_printf (_ ("this host has another device %s"), wanted->uuid),
        g_strdup_printf (_ ("remove it first, with: virt-ap remove %s"), wanted->uuid));
    return vap_host_ref ((VapHost *) host);
  }
  if (wanted->definition != NULL && now->definition == NULL)
    vap_transaction_add (transaction, vap_definition_step_new (
                                          wanted->uuid, &wanted->defined_matrix,
                                          wanted->definition->autostart, FALSE, connect));
  if (!wanted->active || now->active)
    return vap_host_with_device (host, wanted->uuid, now->active ? &now->matrix : NULL,
                                 wanted->definition != NULL ? wanted->definition
                                                            : now->definition);
  part.matrix = wanted->matrix;
  part.start = TRUE;
  return vap_devices_create (transaction, host, &part, findings, error);
}

static VapHost *
restore_device (VapTransaction *transaction, const VapHost *host, const VapHost *saved,
                const VapHostDevice *device, const char *connect, VapFindings *findings,
                GError **error)
{
  const VapHostDevice *now = vap_host_find_device (host, device->uuid);

  if (now != NULL)
    return complete_device (transaction, host, now, device, connect, findings, error);
  return make_device (transaction, host, saved, device, connect, findings, error);
}

VapHost *
vap_host_restore (VapTransaction *transaction, const VapHost *host, const VapHost *saved,
                  const char *connect, VapFindings *findings, GError **error)
{
  g_autoptr (VapHost) owned =
      vap_host_restore_owners (transaction, host, saved, findings, error);
  g_autoptr (VapHost) after = NULL;

  if (owned == NULL)
    return NULL;
  add_rule (transaction, host, saved);
  after = vap_host_with_persistent (owned, &saved->persistent);
  for (guint i = 0; i < saved->devices->len; i++) {
    const VapHostDevice *device = saved->devices->pdata[i];
    VapHost *next;

    if (!device->active && device->definition == NULL)
      continue;
    next = restore_device (transaction, after, saved, device, connect, findings, error);
    if (next == NULL)
      return NULL;
    vap_host_unref (after);
    after = next;
  }
  return g_steal_pointer (&after);
}
