/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Changes to AP matrices, judged and turned into steps; see devices.h.
 */
#include "config.h"

#include "change/devices.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "change/device-steps.h"
#include "change/findings.h"
#include "change/guests.h"

static VapDevice *
new_definition (const char *uuid, const VapMatrix *matrix, gboolean autostart,
                GError **error)
{
  g_autofree char *json =
      vap_device_format_mdevctl (matrix, autostart, VAP_DEVICE_FORM_NUMBERS);

  return vap_device_parse_mdevctl (json, strlen (json), uuid, VAP_DEVICE_PARENT, error);
}

VapHost *
vap_devices_create (VapTransaction *transaction, const VapHost *host,
                    const VapNewDevice *device, VapFindings *findings, GError **error)
{
  g_autoptr (VapDevice) definition =
      new_definition (device->uuid, &device->matrix, device->autostart, error);
  g_autoptr (VapHost) after = NULL;

  if (definition == NULL)
    return NULL;
  if (device->start)
    vap_findings_add_new (findings,
                          vap_check_device (host, definition, VAP_ACTION_START));
  if (device->define)
    vap_findings_add_new (findings,
                          vap_check_device (host, definition, VAP_ACTION_DEFINE));
  if (device->define)
    vap_transaction_add (
        transaction, vap_definition_step_new (device->uuid, &device->matrix,
                                              device->autostart, FALSE, device->connect));
  if (device->start)
    vap_transaction_add (transaction, vap_device_step_new (device->uuid, &device->matrix,
                                                           FALSE, device->connect));
  after =
      vap_host_with_device (host, device->uuid, device->start ? &device->matrix : NULL,
                            device->define ? definition : NULL);
  if (device->guest == NULL)
    return g_steal_pointer (&after);
  /* what is not active can only be in a definition */
  return vap_guests_attach (
      transaction, after,
      &(VapGuestChange){ device->guest, device->uuid, device->guest_live,
                         device->guest_stored || !device->start, device->connect },
      findings, error);
}

/* FALSE with @error: the caller has to know what it is about */
static const VapHostDevice *
find_known (const VapHost *host, const char *uuid, GError **error)
{
  const VapHostDevice *device = vap_host_find_device (host, uuid);

  if (device == NULL)
    g_set_error (error, VAP_ERROR, VAP_ERROR_FAILED, _ ("there is no AP matrix %s"),
                 uuid);
  else if (device->problem != NULL)
    g_set_error (error, VAP_ERROR, VAP_ERROR_UNREADABLE, "%s", device->problem);
  else
    return device;
  return NULL;
}

VapHost *
vap_devices_start (VapTransaction *transaction, const VapHost *host, const char *uuid,
                   const char *connect, VapFindings *findings, GError **error)
{
  const VapHostDevice *device = find_known (host, uuid, error);

  if (device == NULL)
    return NULL;
  if (device->definition == NULL) {
    g_set_error (error, VAP_ERROR, VAP_ERROR_FAILED,
                 _ ("device %s is active, and has no definition to start it from"), uuid);
    return NULL;
  }
  if (device->active)
    return vap_host_with_device (host, uuid, &device->matrix, device->definition);
  vap_findings_add_new (findings,
                        vap_check_device (host, device->definition, VAP_ACTION_START));
  vap_transaction_add (
      transaction, vap_device_step_new (uuid, &device->defined_matrix, FALSE, connect));
  return vap_host_with_device (host, uuid, &device->defined_matrix, device->definition);
}

VapHost *
vap_devices_stop (VapTransaction *transaction, const VapHost *host, const char *uuid,
                  gboolean undefine, const char *connect, VapFindings *findings,
                  GError **error)
{
  const VapHostDevice *device = vap_host_find_device (host, uuid);
  g_autoptr (VapHost) after = NULL;

  if (device == NULL) {
    g_set_error (error, VAP_ERROR, VAP_ERROR_FAILED, _ ("there is no AP matrix %s"),
                 uuid);
    return NULL;
  }
  after = vap_host_with_device (host, uuid, NULL, undefine ? NULL : device->definition);
  vap_findings_add_new (findings, vap_check_device_change (host, after, uuid));
  if (device->active)
    vap_transaction_add (transaction, vap_device_step_new (uuid, NULL, TRUE, connect));
  if (device->definition != NULL && undefine)
    vap_transaction_add (transaction,
                         vap_definition_step_new (uuid, NULL, FALSE, TRUE, connect));
  return g_steal_pointer (&after);
}

static gboolean
change_matrix (const VapDeviceChange *change, const VapMatrix *from, VapMatrix *to,
               GError **error)
{
  *to = *from;
  return (change->adapters == NULL ||
          vap_mask_change (&to->adapters, change->adapters, error)) &&
         (change->domains == NULL ||
          vap_mask_change (&to->domains, change->domains, error)) &&
         (change->control_domains == NULL ||
          vap_mask_change (&to->control_domains, change->control_domains, error));
}

/* What there is to be changed: the active device, the definition, or both. */
static gboolean
choose_parts (const VapHostDevice *device, const VapDeviceChange *change, gboolean *live,
              gboolean *stored, GError **error)
{
  gboolean any = !change->live && !change->stored;

  *live = (any || change->live) && device->active;
  *stored = (any || change->stored) && device->definition != NULL;
  if (change->live && !device->active)
    g_set_error (error, VAP_ERROR, VAP_ERROR_FAILED, _ ("device %s is not active"),
                 device->uuid);
  else if (change->stored && device->definition == NULL)
    g_set_error (error, VAP_ERROR, VAP_ERROR_FAILED, _ ("device %s has no definition"),
                 device->uuid);
  else
    return TRUE;
  return FALSE;
}

static gboolean
judge_part (const VapHost *host, const char *uuid, const VapMatrix *matrix,
            gboolean autostart, VapAction action, VapDevice **definition,
            VapFindings *findings, GError **error)
{
  g_autoptr (VapDevice) wanted = new_definition (uuid, matrix, autostart, error);

  if (wanted == NULL)
    return FALSE;
  vap_findings_add_new (findings, vap_check_device (host, wanted, action));
  if (definition != NULL)
    *definition = g_steal_pointer (&wanted);
  return TRUE;
}

/* @active, @defined: what they become, NULL to leave them */
static VapHost *
set_matrices (VapTransaction *transaction, const VapHost *host,
              const VapHostDevice *device, const VapMatrix *active,
              const VapMatrix *defined, const char *connect, VapFindings *findings,
              GError **error)
{
  const VapMatrix *before = device->active ? &device->matrix : NULL;
  gboolean autostart = device->definition != NULL && device->definition->autostart;
  g_autoptr (VapDevice) definition = NULL;
  g_autoptr (VapHost) after = NULL;

  if (active != NULL && !judge_part (host, device->uuid, active, FALSE,
                                     VAP_ACTION_MODIFY_LIVE, NULL, findings, error))
    return NULL;
  if (defined != NULL && !judge_part (host, device->uuid, defined, autostart,
                                      VAP_ACTION_MODIFY, &definition, findings, error))
    return NULL;
  after = vap_host_with_device (host, device->uuid, active != NULL ? active : before,
                                defined != NULL ? definition : device->definition);
  vap_findings_add_new (findings, vap_check_device_change (host, after, device->uuid));
  if (defined != NULL)
    vap_transaction_add (transaction, vap_definition_step_new (device->uuid, defined,
                                                               autostart, TRUE, connect));
  if (active != NULL)
    vap_transaction_add (transaction,
                         vap_device_step_new (device->uuid, active, TRUE, connect));
  return g_steal_pointer (&after);
}

VapHost *
vap_devices_modify (VapTransaction *transaction, const VapHost *host,
                    const VapDeviceChange *change, const char *connect,
                    VapFindings *findings, GError **error)
{
  const VapHostDevice *device = find_known (host, change->uuid, error);
  VapMatrix active, defined;
  gboolean live, stored;

  if (device == NULL || !choose_parts (device, change, &live, &stored, error) ||
      !change_matrix (change, &device->matrix, &active, error) ||
      !change_matrix (change, &device->defined_matrix, &defined, error))
    return NULL;
  live = live && !vap_matrix_equal (&active, &device->matrix);
  stored = stored && !vap_matrix_equal (&defined, &device->defined_matrix);
  return set_matrices (transaction, host, device, live ? &active : NULL,
                       stored ? &defined : NULL, connect, findings, error);
}

VapHost *
vap_devices_set_matrix (VapTransaction *transaction, const VapHost *host,
                        const char *uuid, const VapMatrix *matrix, const char *connect,
                        VapFindings *findings, GError **error)
{
  const VapHostDevice *device = find_known (host, uuid, error);
  gboolean live, stored;

  if (device == NULL)
    return NULL;
  live = device->active && !vap_matrix_equal (&device->matrix, matrix);
  stored =
      device->definition != NULL && !vap_matrix_equal (&device->defined_matrix, matrix);
  return set_matrices (transaction, host, device, live ? matrix : NULL,
                       stored ? matrix : NULL, connect, findings, error);
}

VapHost *
vap_devices_set_active (VapTransaction *transaction, const VapHost *host,
                        const char *uuid, const VapMatrix *matrix, const char *connect,
                        VapFindings *findings, GError **error)
{
  const VapHostDevice *device = find_known (host, uuid, error);

  if (device == NULL)
    return NULL;
  return set_matrices (transaction, host, device, matrix, NULL, connect, findings, error);
}

VapHost *
vap_devices_set_stored (VapTransaction *transaction, const VapHost *host,
                        const char *uuid, const VapMatrix *matrix, gboolean autostart,
                        const char *connect, VapFindings *findings, GError **error)
{
  const VapHostDevice *device = find_known (host, uuid, error);
  gboolean replaces = device != NULL && device->definition != NULL;
  g_autoptr (VapDevice) definition = NULL;

  if (device == NULL)
    return NULL;
  /* of the same matrix nothing is new but when it starts */
  if (replaces && vap_matrix_equal (matrix, &device->defined_matrix))
    definition = new_definition (uuid, matrix, autostart, error);
  else if (!judge_part (host, uuid, matrix, autostart,
                        replaces ? VAP_ACTION_MODIFY : VAP_ACTION_DEFINE, &definition,
                        findings, error))
    return NULL;
  if (definition == NULL)
    return NULL;
  vap_transaction_add (
      transaction, vap_definition_step_new (uuid, matrix, autostart, replaces, connect));
  return vap_host_with_device (host, uuid, device->active ? &device->matrix : NULL,
                               definition);
}

/* the one AP matrix of a guest, as it runs or else as it is defined; NULL without one or
 * with several */
static const VapHostDevice *
matrix_of_guest (const VapHost *host, const VapHostGuest *known)
{
  const VapGuest *guest = known->running != NULL ? known->running : known->defined;
  const VapHostDevice *found = NULL;

  for (guint i = 0; guest != NULL && i < guest->devices->len; i++) {
    const VapGuestDevice *device = g_ptr_array_index (guest->devices, i);
    const VapHostDevice *matrix = vap_host_find_device (host, device->uuid);

    if (matrix != NULL && found != NULL)
      return NULL;
    found = matrix != NULL ? matrix : found;
  }
  return found;
}

const VapHostDevice *
vap_devices_find (const VapHost *host, const char *name, GError **error)
{
  const VapHostDevice *device = vap_host_find_device (host, name);
  const VapHostGuest *guest = vap_host_find_guest (host, name);

  for (guint i = 0; device == NULL && i < host->devices->len; i++) {
    const VapHostDevice *candidate = g_ptr_array_index (host->devices, i);
    g_autofree char *node = vap_device_node_name (candidate->uuid);

    if (g_str_equal (node, name))
      device = candidate;
  }
  if (device == NULL && guest != NULL)
    device = matrix_of_guest (host, guest);
  if (device == NULL)
    g_set_error (error, VAP_ERROR, VAP_ERROR_FAILED,
                 _ ("'%s' is no AP matrix of this host, and no guest that has one"),
                 name);
  return device;
}
