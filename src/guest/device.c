/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * VapDevice: lifetime, and the matrix that its attributes make.  device-xml.c
 * and mdevctl.c make them; host/ and check/ read them.
 */
#include "guest/device-private.h"

#include "guest/attribute.h"

static void
attribute_free (gpointer data)
{
  VapAttribute *attribute = data;

  g_free (attribute->name);
  g_free (attribute->value);
  g_free (attribute);
}

VapDevice *
vap_device_new (void)
{
  VapDevice *device = g_new0 (VapDevice, 1);

  device->attributes = g_ptr_array_new_with_free_func (attribute_free);
  device->ref_count = 1;
  return device;
}

void
vap_device_take_attribute (VapDevice *device, char *name, char *value)
{
  VapAttribute *attribute = g_new0 (VapAttribute, 1);

  attribute->name = name;
  attribute->value = value;
  g_ptr_array_add (device->attributes, attribute);
}

VapDevice *
vap_device_ref (VapDevice *device)
{
  g_atomic_int_inc (&device->ref_count);
  return device;
}

void
vap_device_unref (VapDevice *device)
{
  if (device == NULL || !g_atomic_int_dec_and_test (&device->ref_count))
    return;
  g_free (device->name);
  g_free (device->parent);
  g_free (device->type);
  g_free (device->uuid);
  g_ptr_array_unref (device->attributes);
  g_free (device);
}

gboolean
vap_device_is_matrix (const VapDevice *device)
{
  return device->is_mdev && (g_strcmp0 (device->type, VAP_DEVICE_TYPE) == 0 ||
                             g_strcmp0 (device->parent, VAP_DEVICE_PARENT_LIBVIRT) == 0 ||
                             g_strcmp0 (device->parent, VAP_DEVICE_PARENT) == 0);
}

/* What a number written to an attribute does: sets or clears a bit of one mask. */
typedef struct {
  gsize mask; /* offset in VapMatrix */
  gboolean set;
} MaskStore;

static const MaskStore stores[] = {
  [VAP_ATTRIBUTE_ASSIGN_ADAPTER] = { G_STRUCT_OFFSET (VapMatrix, adapters), TRUE },
  [VAP_ATTRIBUTE_ASSIGN_DOMAIN] = { G_STRUCT_OFFSET (VapMatrix, domains), TRUE },
  [VAP_ATTRIBUTE_ASSIGN_CONTROL_DOMAIN] = { G_STRUCT_OFFSET (VapMatrix, control_domains),
                                            TRUE },
  [VAP_ATTRIBUTE_UNASSIGN_ADAPTER] = { G_STRUCT_OFFSET (VapMatrix, adapters), FALSE },
  [VAP_ATTRIBUTE_UNASSIGN_DOMAIN] = { G_STRUCT_OFFSET (VapMatrix, domains), FALSE },
  [VAP_ATTRIBUTE_UNASSIGN_CONTROL_DOMAIN] = { G_STRUCT_OFFSET (VapMatrix,
                                                               control_domains),
                                              FALSE },
};

static VapAttributeFault
store (const VapAttribute *attribute, VapMatrix *matrix)
{
  VapAttributeId id = vap_attribute_find (attribute->name);
  VapMask *mask;
  gulong number;

  if (id == VAP_ATTRIBUTE_UNKNOWN)
    return VAP_ATTRIBUTE_BAD_NAME;
  if (id == VAP_ATTRIBUTE_AP_CONFIG)
    return vap_attribute_parse_config (attribute->value, matrix)
               ? VAP_ATTRIBUTE_OK
               : VAP_ATTRIBUTE_BAD_VALUE;
  if (!vap_attribute_parse_number (attribute->value, &number))
    return VAP_ATTRIBUTE_BAD_VALUE;
  if (number >= VAP_MASK_BITS)
    return VAP_ATTRIBUTE_OUT_OF_RANGE;

  mask = G_STRUCT_MEMBER_P (matrix, stores[id].mask);
  if (stores[id].set)
    vap_mask_set (mask, (guint) number);
  else
    vap_mask_clear (mask, (guint) number);
  return VAP_ATTRIBUTE_OK;
}

void
vap_device_matrix (const VapDevice *device, VapMatrix *matrix, VapAttributeFaultFunc func,
                   gpointer user_data)
{
  *matrix = (VapMatrix){ .adapters = { { 0 } } };
  for (guint i = 0; i < device->attributes->len; i++) {
    const VapAttribute *attribute = g_ptr_array_index (device->attributes, i);
    VapAttributeFault fault = store (attribute, matrix);

    if (fault != VAP_ATTRIBUTE_OK && func != NULL)
      func (attribute, fault, user_data);
  }
}
