/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Guests in the host document: what the snapshot keeps of a domain XML, and no more.
 */
#include "config.h"

#include "host/document-priv.h"

#include <string.h>

#include <glib/gi18n-lib.h>

#include "guest/guest-private.h"
#include "host/priv.h"

static const VapField guest_fields[] = {
  VAP_FIELD (VapGuest, name, VAP_FIELD_STRING, 0),
  VAP_FIELD (VapGuest, uuid, VAP_FIELD_STRING, 0),
  VAP_FIELD (VapGuest, type, VAP_FIELD_STRING, 0),
  VAP_FIELD (VapGuest, arch, VAP_FIELD_STRING, 0),
  VAP_FIELD (VapGuest, machine, VAP_FIELD_STRING, 0),
  VAP_FIELD (VapGuest, emulator, VAP_FIELD_STRING, 0),
  VAP_FIELD (VapGuest, cpu_model, VAP_FIELD_STRING, 0),
  VAP_FIELD (VapGuest, secure, VAP_FIELD_BOOL, 0),
};

static const VapField device_fields[] = {
  VAP_FIELD (VapGuestDevice, uuid, VAP_FIELD_STRING, 0),
  VAP_FIELD (VapGuestDevice, model, VAP_FIELD_STRING, 0),
  VAP_FIELD (VapGuestDevice, boot_order, VAP_FIELD_STRING, 0),
};

static const VapField host_guest_fields[] = {
  VAP_FIELD (VapHostGuest, name, VAP_FIELD_STRING, 0),
  VAP_FIELD (VapHostGuest, uuid, VAP_FIELD_STRING, 0),
};

static const VapField feature_fields[] = {
  VAP_FIELD (VapCpuFeature, name, VAP_FIELD_STRING, 0),
  VAP_FIELD (VapCpuFeature, from_metadata, VAP_FIELD_BOOL, 0),
};

static const VapField host_fields[] = {
  VAP_FIELD (VapHost, guests_incomplete, VAP_FIELD_BOOL, 0),
};

static void
add_guest (VapJson *json, const char *name, const VapGuest *guest)
{
  if (guest == NULL) {
    vap_json_add_string (json, name, NULL);
    return;
  }
  vap_json_begin_object_named (json, name);
  vap_fields_add (json, guest_fields, G_N_ELEMENTS (guest_fields), guest);
  vap_json_add_string (json, "cpu_mode",
                       guest->cpu_mode == VAP_CPU_MODE_NONE
                           ? NULL
                           : vap_cpu_mode_to_string (guest->cpu_mode));
  vap_json_begin_array_named (json, "features");
  for (guint i = 0; i < guest->features->len; i++) {
    const VapCpuFeature *feature = guest->features->pdata[i];

    vap_json_begin_object (json);
    vap_fields_add (json, feature_fields, G_N_ELEMENTS (feature_fields), feature);
    vap_json_add_string (json, "policy", vap_policy_to_string (feature->policy));
    vap_json_end_object (json);
  }
  vap_json_end_array (json);
  vap_json_begin_array_named (json, "devices");
  for (guint i = 0; i < guest->devices->len; i++) {
    vap_json_begin_object (json);
    vap_fields_add (json, device_fields, G_N_ELEMENTS (device_fields),
                    guest->devices->pdata[i]);
    vap_json_end_object (json);
  }
  vap_json_end_array (json);
  vap_json_end_object (json);
}

void
vap_document_add_guests (VapJson *json, const VapHost *host)
{
  vap_json_begin_array_named (json, "guests");
  for (guint i = 0; i < host->guests->len; i++) {
    const VapHostGuest *guest = host->guests->pdata[i];

    vap_json_begin_object (json);
    vap_fields_add (json, host_guest_fields, G_N_ELEMENTS (host_guest_fields), guest);
    add_guest (json, "running", guest->running);
    add_guest (json, "defined", guest->defined);
    vap_json_end_object (json);
  }
  vap_json_end_array (json);
  vap_fields_add (json, host_fields, G_N_ELEMENTS (host_fields), host);
}

static gboolean
read_feature (const json_t *element, gpointer user_data, GError **error)
{
  VapCpuFeature feature = { 0 };
  g_autofree char *policy = NULL;

  if (!vap_fields_read (element, feature_fields, G_N_ELEMENTS (feature_fields), &feature,
                        error) ||
      !vap_json_read_string (element, "policy", &policy, error)) {
    g_free (feature.name);
    return FALSE;
  }
  if (feature.name == NULL || policy == NULL ||
      !vap_policy_from_string (policy, &feature.policy)) {
    g_set_error (error, VAP_ERROR, VAP_ERROR_MALFORMED,
                 _ ("'%s' is no policy of a CPU feature"), policy != NULL ? policy : "");
    g_free (feature.name);
    return FALSE;
  }
  vap_guest_take_feature (user_data, feature.name, feature.policy, feature.from_metadata);
  return TRUE;
}

static gboolean
read_guest_device (const json_t *element, gpointer user_data, GError **error)
{
  VapGuest *guest = user_data;
  VapGuestDevice *device = g_new0 (VapGuestDevice, 1);

  g_ptr_array_add (guest->devices, device);
  return vap_fields_read (element, device_fields, G_N_ELEMENTS (device_fields), device,
                          error);
}

static gboolean
read_cpu_mode (const json_t *object, VapGuest *guest, GError **error)
{
  g_autofree char *mode = NULL;

  if (!vap_json_read_string (object, "cpu_mode", &mode, error))
    return FALSE;
  if (mode == NULL || vap_cpu_mode_from_string (mode, &guest->cpu_mode))
    return TRUE;
  g_set_error (error, VAP_ERROR, VAP_ERROR_MALFORMED, _ ("'%s' is no CPU mode"), mode);
  return FALSE;
}

/* @guest: (out): stays NULL where there is none */
static gboolean
read_guest (const json_t *element, const char *name, VapGuest **guest, GError **error)
{
  const json_t *object;

  if (!vap_json_read_object (element, name, TRUE, &object, error))
    return FALSE;
  if (object == NULL)
    return TRUE;
  *guest = vap_guest_new ();
  if (vap_fields_read (object, guest_fields, G_N_ELEMENTS (guest_fields), *guest,
                       error) &&
      read_cpu_mode (object, *guest, error) &&
      vap_json_each (object, "features", read_feature, *guest, error) &&
      vap_json_each (object, "devices", read_guest_device, *guest, error))
    return TRUE;
  g_prefix_error (error, "%s: ", name);
  return FALSE;
}

static gboolean
check_identity (const VapHostGuest *guest, GError **error)
{
  char canonical[37];

  if (guest->name == NULL)
    g_set_error (error, VAP_ERROR, VAP_ERROR_MALFORMED, _ ("a guest has no name"));
  else if (guest->uuid != NULL && (!vap_uuid_canonical (guest->uuid, canonical) ||
                                   !g_str_equal (guest->uuid, canonical)))
    g_set_error (error, VAP_ERROR, VAP_ERROR_MALFORMED,
                 _ ("'%s' is no UUID in lower case"), guest->uuid);
  else
    return TRUE;
  return FALSE;
}

static gboolean
read_host_guest (const json_t *element, gpointer user_data, GError **error)
{
  GPtrArray *guests = user_data;
  VapHostGuest *guest = g_new0 (VapHostGuest, 1);

  g_ptr_array_add (guests, guest);
  return vap_fields_read (element, host_guest_fields, G_N_ELEMENTS (host_guest_fields),
                          guest, error) &&
         check_identity (guest, error) &&
         read_guest (element, "running", &guest->running, error) &&
         read_guest (element, "defined", &guest->defined, error);
}

gboolean
vap_document_read_guests (const json_t *root, VapHost *host, GError **error)
{
  if (!vap_fields_read (root, host_fields, G_N_ELEMENTS (host_fields), host, error) ||
      !vap_json_each (root, "guests", read_host_guest, host->guests, error))
    return FALSE;
  vap_host_sort_guests (host);
  return TRUE;
}
