/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the tests of host/ share. */
#include "support.h"

#include <string.h>

VapHost *
host_of (const char *description)
{
  g_autoptr (VapTestTree) dir = vap_test_tree_new (description);
  g_autoptr (GError) error = NULL;
  VapHost *host = vap_host_read (dir, &error);

  g_assert_no_error (error);
  g_assert_nonnull (host);
  return host;
}

void
assert_unreadable (const char *description, gint code, const char *text)
{
  g_autoptr (VapTestTree) dir = vap_test_tree_new (description);
  g_autoptr (GError) error = NULL;

  g_assert_null (vap_host_read (dir, &error));
  g_assert_error (error, VAP_ERROR, code);
  if (strstr (error->message, text) == NULL)
    g_error ("'%s' does not name '%s'", error->message, text);
  g_assert_true (g_utf8_validate (error->message, -1, NULL));
}

guint
count_problems (const VapHost *host, const char *text)
{
  guint count = 0;

  for (guint i = 0; i < host->problems->len; i++)
    count += strstr (g_ptr_array_index (host->problems, i), text) != NULL;
  return count;
}

void
assert_numbers (const VapMask *mask, guint width, const char *expected)
{
  g_autofree char *list = vap_mask_to_list (mask, width);

  g_assert_cmpstr (list, ==, expected);
}
