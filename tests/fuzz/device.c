/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The XML of a node device, and the matrix that it asks for. */
#include "fuzz.h"

#include "ap/glance.h"
#include "guest/device.h"

static void
count_fault (const VapAttribute *attribute, VapAttributeFault fault, gpointer user_data)
{
  guint *faults = user_data;

  g_assert_nonnull (attribute->name);
  g_assert_cmpint (fault, !=, VAP_ATTRIBUTE_OK);
  ++*faults;
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (VapDevice) device = vap_device_parse_xml ((const char *)data, size, &error);
  VapMatrix matrix;
  guint faults = 0;

  fuzz_check_error (device != NULL, error);
  if (device == NULL)
    return 0;
  vap_device_matrix (device, &matrix, count_fault, &faults);
  g_assert_cmpuint (faults, <=, device->attributes->len);
  if (vap_device_is_matrix (device))
    g_assert_true (vap_glance_may_concern_ap (data, size));
  return 0;
}
