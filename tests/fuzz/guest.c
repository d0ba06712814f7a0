/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A domain XML, read and rewritten both ways: what a rewritten document says is
 * what the first one said.  Its tree is libxml2's but for what nobody asks for.
 */
#include "fuzz.h"

#include <string.h>

#include "ap/glance.h"
#include "guest/rewrite.h"
#include "whole.h"

static const char *const names[] = { "apxa", "apft", NULL };

static void
check_same (const VapGuest *guest, const char *rewritten)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (VapGuest) again = vap_guest_parse (rewritten, strlen (rewritten), &error);

  g_assert_no_error (error);
  g_assert_cmpstr (again->name, ==, guest->name);
  g_assert_cmpuint (again->devices->len, ==, guest->devices->len);
  g_assert_cmpint (again->cpu_mode, ==, guest->cpu_mode);
  for (guint i = 0; names[i] != NULL; i++) {
    const VapCpuFeature *before = vap_guest_feature (guest, names[i]);
    const VapCpuFeature *after = vap_guest_feature (again, names[i]);

    g_assert_true ((before == NULL) == (after == NULL));
    if (before != NULL)
      g_assert_cmpint (before->policy, ==, after->policy);
  }
}

static void
rewrite (const VapGuest *guest, const char *xml, gsize length)
{
  g_autoptr (GError) hide_error = NULL;
  g_autoptr (GError) show_error = NULL;
  g_autofree char *hidden = vap_rewrite_hide_features (xml, length, names, &hide_error);
  g_autofree char *shown = vap_rewrite_show_features (xml, length, &show_error);

  fuzz_check_error (hidden != NULL, hide_error);
  fuzz_check_error (shown != NULL, show_error);
  if (guest == NULL)
    return;
  if (hidden != NULL)
    check_same (guest, hidden);
  if (shown != NULL)
    check_same (guest, shown);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  const char *xml = (const char *)data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GError) device_error = NULL;
  g_autoptr (VapGuest) guest = vap_guest_parse (xml, size, &error);
  g_autoptr (VapGuestDevice) device = NULL;
  gboolean parsed;

  fuzz_check_error (guest != NULL, error);
  parsed = vap_guest_device_parse (xml, size, &device, &device_error);
  fuzz_check_error (parsed, device_error);
  if ((guest != NULL && vap_guest_concerns_ap (guest)) || device != NULL)
    g_assert_true (vap_glance_may_concern_ap (data, size));
  rewrite (guest, xml, size);
  assert_as_whole (xml, size);
  return 0;
}
