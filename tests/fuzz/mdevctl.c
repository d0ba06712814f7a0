/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A definition of mdevctl, and the matrix that it asks for. */
#include "fuzz.h"

#include "guest/device.h"

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (VapDevice) device = NULL;
  VapMatrix matrix;

  device = vap_device_parse_mdevctl ((const char *)data, size,
                                     "62177883-f1bb-47f0-914d-32a22e3a8801",
                                     VAP_DEVICE_PARENT, &error);
  fuzz_check_error (device != NULL, error);
  if (device != NULL)
    vap_device_matrix (device, &matrix, NULL, NULL);
  return 0;
}
