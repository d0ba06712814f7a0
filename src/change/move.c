/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A guest's move to another host, turned into steps; see move.h. */
#include "config.h"

#include "change/move.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "change/device-steps.h"
#include "change/devices.h"
#include "change/move-steps.h"
#include "change/priv.h"

static char *
number_text (guint number)
{
  return number > 0 ? g_strdup_printf ("%u", number) : NULL;
}

/* Made from @own, so that a dry run and the move itself agree; in the form of those that
 * are made from names (RFC 9562, version 5). */
static char *
derive_uuid (const char *own, const char *target, guint attempt)
{
  g_autofree char *seed = g_strdup_printf ("%s %s %u", own, target, attempt);
  g_autofree char *hash = g_compute_checksum_for_string (G_CHECKSUM_SHA1, seed, -1);

  return g_strdup_printf ("%.8s-%.4s-5%.3s-8%.3s-%.12s", hash, hash + 8, hash + 13,
                          hash + 17, hash + 20);
}

static gboolean
is_free (const VapHost *there, const char *uuid)
{
  return vap_host_find_device (there, uuid) == NULL &&
         !vap_host_has_other_mdev (there, uuid);
}

/* Its UUID there: that of one that is ready, or its own where that is free. */
static char *
choose_uuid (const VapHost *there, const VapMovePlan *plan, const char *own,
             const char *target)
{
  char *uuid = g_strdup (plan->device != NULL ? plan->device : own);

  for (guint attempt = 0; plan->device == NULL && !is_free (there, uuid); attempt++) {
    g_free (uuid);
    uuid = derive_uuid (own, target, attempt);
  }
  return uuid;
}

/* what all steps have; a step of a kind of its own, which is never added */
static VapStep *
common_texts (const VapHostGuest *guest, const VapMoveWay *way)
{
  g_autofree char *seconds = number_text (way->seconds);
  g_autofree char *bandwidth = number_text (way->bandwidth);

  return vap_step_new (&vap_migrate_kind, VAP_MOVE_SOURCE, way->source, VAP_MOVE_TARGET,
                       way->target, VAP_MOVE_GUEST, guest->uuid, VAP_MOVE_NAME,
                       guest->name, VAP_MOVE_SECONDS, seconds, VAP_MOVE_URI,
                       way->migrate_uri, VAP_MOVE_BANDWIDTH, bandwidth, VAP_MOVE_UNSAFE,
                       way->unsafe ? "yes" : NULL, VAP_MOVE_PERSISTENT,
                       guest->defined != NULL ? "yes" : NULL, NULL);
}

static void
set_device (VapStep *move, const VapHostDevice *own, const VapHost *there,
            const VapMovePlan *plan)
{
  g_autofree char *device =
      choose_uuid (there, plan, own->uuid, vap_step_get (move, VAP_MOVE_TARGET));
  const VapHostDevice *ready = vap_host_find_device (there, device);
  const VapMatrix *has = ready != NULL && ready->active ? &ready->matrix
                         : ready != NULL                ? &ready->defined_matrix
                                                        : &plan->matrix;
  g_autofree char *matrix = vap_matrix_to_ap_config (has);

  vap_step_set (move, VAP_MOVE_OWN, own->uuid);
  vap_step_set (move, VAP_MOVE_DEVICE, device);
  vap_step_set (move, VAP_MOVE_MATRIX, matrix);
  if (own->definition != NULL && own->definition->autostart)
    vap_step_set (move, VAP_MOVE_AUTOSTART, "yes");
}

/* FALSE for a device that the target has already, so that it is not made and not removed
 * again either */
static gboolean
is_needed (const VapHost *there, const VapStep *move, gboolean definition)
{
  const VapHostDevice *device =
      vap_host_find_device (there, vap_step_get (move, VAP_MOVE_DEVICE));

  return device == NULL || !(definition ? device->definition != NULL : device->active);
}

static void
add (VapTransaction *transaction, const VapStepKind *kind, const VapStep *move)
{
  vap_transaction_add (transaction, vap_move_step_new (kind, move));
}

static void
add_target_steps (VapTransaction *transaction, const VapStep *move, const VapHost *there,
                  gboolean start)
{
  gboolean ready = !is_needed (there, move, FALSE);

  /* one that is active without a definition stays so */
  if (!ready && is_needed (there, move, TRUE))
    add (transaction, &vap_target_definition_kind, move);
  if (start && !ready)
    add (transaction, &vap_target_device_kind, move);
}

/* the target with the matrix that the steps make there */
static VapHost *
target_after (const VapHost *there, const VapStep *move, gboolean start, GError **error)
{
  const char *uuid = vap_step_get (move, VAP_MOVE_DEVICE);
  const VapHostDevice *device = vap_host_find_device (there, uuid);
  g_autoptr (VapDevice) definition = NULL;
  g_autofree char *json = NULL;
  VapMatrix matrix;

  if (!vap_move_matrix (move, &matrix))
    return NULL;
  json = vap_device_format_mdevctl (
      &matrix, vap_step_get (move, VAP_MOVE_AUTOSTART) != NULL, VAP_DEVICE_FORM_NUMBERS);
  definition =
      vap_device_parse_mdevctl (json, strlen (json), uuid, VAP_DEVICE_PARENT, error);
  if (definition == NULL)
    return NULL;
  return vap_host_with_device (
      there, uuid, start || (device != NULL && device->active) ? &matrix : NULL,
      definition);
}

static VapHost *
free_source (VapTransaction *transaction, const VapHost *host, const VapHostDevice *own,
             const VapMoveWay *way)
{
  if (own->active)
    vap_transaction_add (transaction,
                         vap_device_step_new (own->uuid, NULL, TRUE, way->source));
  if (own->definition != NULL)
    vap_transaction_add (
        transaction, vap_definition_step_new (own->uuid, NULL, FALSE, TRUE, way->source));
  return vap_host_with_device (host, own->uuid, NULL, NULL);
}

/* whether its stored definition has an AP matrix other than @own, NULL for none */
static gboolean
stores_another (const VapHost *host, const VapHostGuest *guest, const VapHostDevice *own)
{
  for (guint i = 0; guest->defined != NULL && i < guest->defined->devices->len; i++) {
    const VapGuestDevice *device = g_ptr_array_index (guest->defined->devices, i);

    if (vap_host_is_matrix (host, device) &&
        (own == NULL || g_strcmp0 (device->uuid, own->uuid) != 0))
      return TRUE;
  }
  return FALSE;
}

static VapHost *
fail_stored (const VapHostGuest *guest, GError **error)
{
  g_set_error (
      error, VAP_ERROR, VAP_ERROR_FAILED,
      _ ("guest '%s' has another AP matrix in its definition than it runs with, or "
         "one that is not there; bring the two in line first"),
      guest->name);
  return NULL;
}

static VapHost *
fail_device (const VapHostGuest *guest, GError **error)
{
  g_set_error (error, VAP_ERROR, VAP_ERROR_FAILED,
               _ ("guest '%s' has a device that cannot move with it: it passes no queue "
                  "on to the guest; take it from the guest first"),
               guest->name);
  return NULL;
}

VapHost *
vap_move_add_steps (VapTransaction *transaction, const VapHost *host,
                    const VapHost *there, const VapHostGuest *guest,
                    const VapMovePlan *plan, const VapMoveWay *way, VapHost **there_after,
                    GError **error)
{
  g_autoptr (VapStep) move = common_texts (guest, way);
  gboolean runs = guest->running != NULL;
  const VapHostDevice *own = vap_devices_find (host, guest->name, NULL);

  *there_after = NULL;
  if (stores_another (host, guest, own))
    return fail_stored (guest, error);
  if (own == NULL) {
    add (transaction, runs ? &vap_migrate_kind : &vap_hand_over_kind, move);
    return vap_host_with_device (host, "", NULL, NULL); /* as it is */
  }
  if (!plan->wanted)
    return fail_device (guest, error);
  set_device (move, own, there, plan);
  *there_after = target_after (there, move, runs || own->active, error);
  if (*there_after == NULL)
    return NULL;
  add_target_steps (transaction, move, there, runs || own->active);
  if (!runs) {
    add (transaction, &vap_hand_over_kind, move);
  } else {
    add (transaction, &vap_unplug_kind, move);
    add (transaction, &vap_migrate_kind, move);
    add (transaction, &vap_plug_kind, move);
  }
  return free_source (transaction, host, own, way);
}
