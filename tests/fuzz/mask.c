/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The small texts: masks, ap_config, queues, numbers of attributes, UUIDs.  What
 * was taken and printed again is taken as the same.
 */
#include "fuzz.h"

#include "guest/device.h"

static void
try_mask (const char *text, guint digits)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *list = NULL;
  VapMask mask, again;
  char printed[VAP_MASK_TEXT_SIZE];
  gboolean taken = vap_mask_parse (text, digits, &mask, &error);

  fuzz_check_error (taken, error);
  if (!taken)
    return;
  vap_mask_format (&mask, printed);
  g_assert_true (vap_mask_parse (printed, 64, &again, NULL));
  g_assert_true (vap_mask_equal (&mask, &again));
  list = vap_mask_to_list (&mask, 4);
  g_assert_true ((*list == '\0') == vap_mask_is_empty (&mask));
}

static void
try_ap_config (const char *text)
{
  g_autoptr (GError) error = NULL;
  VapMatrix matrix;
  gboolean taken = vap_matrix_parse_ap_config (text, &matrix, &error);

  fuzz_check_error (taken, error);
  if (taken)
    g_assert_cmpuint (vap_matrix_count_queues (&matrix), ==,
                      vap_mask_count (&matrix.adapters)
                          * vap_mask_count (&matrix.domains));
}

static void
try_queue (const char *text)
{
  VapQueue queue;
  char printed[VAP_QUEUE_TEXT_SIZE];

  if (!vap_queue_parse (text, &queue))
    return;
  vap_queue_format (queue, printed);
  g_assert_true (g_ascii_strcasecmp (printed, text) == 0);
}

static void
try_uuid (const char *text)
{
  char uuid[37], again[37];

  if (vap_uuid_canonical_libvirt (text, uuid)) {
    g_assert_true (vap_uuid_canonical (uuid, again));
    g_assert_cmpstr (uuid, ==, again);
  }
  if (vap_uuid_canonical (text, uuid)) {
    g_assert_true (vap_uuid_canonical_libvirt (text, again));
    g_assert_cmpstr (uuid, ==, again);
  }
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autofree char *text = g_strndup ((const char *)data, size);
  VapAttribute attribute = { (char *)"ap_config", text };
  g_autoptr (GPtrArray) attributes = g_ptr_array_new ();
  VapDevice device = { .attributes = attributes };
  VapMatrix matrix;
  gulong number;

  try_mask (text, 0);
  try_mask (text, 64);
  try_ap_config (text);
  try_queue (text);
  try_uuid (text);
  (void)vap_attribute_parse_number (text, &number);
  (void)vap_attribute_find (text);
  g_ptr_array_add (attributes, &attribute);
  vap_device_matrix (&device, &matrix, NULL, NULL);
  return 0;
}
