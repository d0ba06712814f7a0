/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * VapGuest and its parts: lifetime, copies and questions.  guest-xml.c makes
 * them; check/ and the doors read them.
 */
#include "guest/guest-private.h"

#include <string.h>

/* in the order of VapPolicy; libvirt's src/conf/cpu_conf.c, virCPUFeaturePolicy */
static const char *const policies[] = { "force", "require", "optional", "disable",
                                        "forbid" };

/* in the order of VapCpuMode; likewise, virCPUMode */
static const char *const cpu_modes[] = { "none", "custom", "host-model",
                                         "host-passthrough", "maximum" };

const char *
vap_policy_to_string (VapPolicy policy)
{
  return policies[policy];
}

gboolean
vap_policy_from_string (const char *text, VapPolicy *policy)
{
  for (guint i = 0; i < G_N_ELEMENTS (policies); i++)
    if (strcmp (policies[i], text) == 0) {
      *policy = (VapPolicy) i;
      return TRUE;
    }
  return FALSE;
}

const char *
vap_cpu_mode_to_string (VapCpuMode mode)
{
  return cpu_modes[mode];
}

gboolean
vap_cpu_mode_from_string (const char *text, VapCpuMode *mode)
{
  for (guint i = VAP_CPU_MODE_CUSTOM; i < G_N_ELEMENTS (cpu_modes); i++)
    if (strcmp (cpu_modes[i], text) == 0) {
      *mode = (VapCpuMode) i;
      return TRUE;
    }
  return FALSE;
}

static void
cpu_feature_free (gpointer data)
{
  VapCpuFeature *feature = data;

  g_free (feature->name);
  g_free (feature);
}

void
vap_guest_take_feature (VapGuest *guest, char *name, VapPolicy policy,
                        gboolean from_metadata)
{
  VapCpuFeature *feature = g_new0 (VapCpuFeature, 1);

  feature->name = name;
  feature->policy = policy;
  feature->from_metadata = from_metadata;
  g_ptr_array_add (guest->features, feature);
}

void
vap_guest_device_free (VapGuestDevice *device)
{
  if (device == NULL)
    return;
  g_free (device->uuid);
  g_free (device->model);
  g_free (device->boot_order);
  g_free (device);
}

VapGuestDevice *
vap_guest_device_copy (const VapGuestDevice *device)
{
  VapGuestDevice *copy = g_new0 (VapGuestDevice, 1);

  copy->uuid = g_strdup (device->uuid);
  copy->model = g_strdup (device->model);
  copy->boot_order = g_strdup (device->boot_order);
  return copy;
}

VapGuest *
vap_guest_new (void)
{
  VapGuest *guest = g_new0 (VapGuest, 1);

  guest->features = g_ptr_array_new_with_free_func (cpu_feature_free);
  guest->devices =
      g_ptr_array_new_with_free_func ((GDestroyNotify) vap_guest_device_free);
  guest->ref_count = 1;
  return guest;
}

VapGuest *
vap_guest_ref (VapGuest *guest)
{
  g_atomic_int_inc (&guest->ref_count);
  return guest;
}

void
vap_guest_unref (VapGuest *guest)
{
  if (guest == NULL || !g_atomic_int_dec_and_test (&guest->ref_count))
    return;
  g_free (guest->name);
  g_free (guest->uuid);
  g_free (guest->type);
  g_free (guest->arch);
  g_free (guest->machine);
  g_free (guest->emulator);
  g_free (guest->cpu_model);
  g_ptr_array_unref (guest->features);
  g_ptr_array_unref (guest->devices);
  g_free (guest);
}

/* all but the devices */
static VapGuest *
copy_without_devices (const VapGuest *guest)
{
  VapGuest *copy = vap_guest_new ();

  copy->name = g_strdup (guest->name);
  copy->uuid = g_strdup (guest->uuid);
  copy->type = g_strdup (guest->type);
  copy->arch = g_strdup (guest->arch);
  copy->machine = g_strdup (guest->machine);
  copy->emulator = g_strdup (guest->emulator);
  copy->cpu_mode = guest->cpu_mode;
  copy->cpu_model = g_strdup (guest->cpu_model);
  copy->secure = guest->secure;
  for (guint i = 0; i < guest->features->len; i++) {
    const VapCpuFeature *feature = g_ptr_array_index (guest->features, i);

    vap_guest_take_feature (copy, g_strdup (feature->name), feature->policy,
                            feature->from_metadata);
  }
  return copy;
}

VapGuest *
vap_guest_with_device (const VapGuest *guest, const VapGuestDevice *device)
{
  VapGuest *copy = copy_without_devices (guest);

  for (guint i = 0; i < guest->devices->len; i++)
    g_ptr_array_add (copy->devices,
                     vap_guest_device_copy (g_ptr_array_index (guest->devices, i)));
  g_ptr_array_add (copy->devices, vap_guest_device_copy (device));
  return copy;
}

VapGuest *
vap_guest_without_device (const VapGuest *guest, const char *uuid)
{
  VapGuest *copy = copy_without_devices (guest);

  for (guint i = 0; i < guest->devices->len; i++) {
    const VapGuestDevice *device = g_ptr_array_index (guest->devices, i);

    if (g_strcmp0 (device->uuid, uuid) != 0)
      g_ptr_array_add (copy->devices, vap_guest_device_copy (device));
  }
  return copy;
}

gboolean
vap_guest_has_device (const VapGuest *guest, const char *uuid)
{
  for (guint i = 0; i < guest->devices->len; i++) {
    const VapGuestDevice *device = g_ptr_array_index (guest->devices, i);

    if (g_strcmp0 (device->uuid, uuid) == 0)
      return TRUE;
  }
  return FALSE;
}

const VapCpuFeature *
vap_guest_feature (const VapGuest *guest, const char *name)
{
  for (guint i = guest->features->len; i > 0; i--) {
    const VapCpuFeature *feature = g_ptr_array_index (guest->features, i - 1);

    if (strcmp (feature->name, name) == 0)
      return feature;
  }
  return NULL;
}

static gboolean
feature_concerns_ap (const VapGuest *guest, const VapCpuFeature *feature)
{
  if (feature->from_metadata)
    return TRUE;
  if (guest->arch == NULL)
    return vap_feature_find (feature->name) != NULL;
  return strcmp (guest->arch, "s390x") == 0 && g_str_has_prefix (feature->name, "ap");
}

static gboolean
device_concerns_ap (const VapGuest *guest, const VapGuestDevice *device)
{
  if (g_strcmp0 (device->model, "vfio-ap") == 0)
    return TRUE;
  if (guest->arch != NULL && strcmp (guest->arch, "s390x") != 0)
    return FALSE;
  return g_strcmp0 (device->model, "vfio-ccw") != 0;
}

gboolean
vap_guest_concerns_ap (const VapGuest *guest)
{
  for (guint i = 0; i < guest->features->len; i++)
    if (feature_concerns_ap (guest, g_ptr_array_index (guest->features, i)))
      return TRUE;
  for (guint i = 0; i < guest->devices->len; i++)
    if (device_concerns_ap (guest, g_ptr_array_index (guest->devices, i)))
      return TRUE;
  return FALSE;
}
