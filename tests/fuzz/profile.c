/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files of profiles: what is understood can be found by its name, and used by a need. */
#include "fuzz.h"

#include <string.h>

#include "plan/profile.h"

static void
check_profile (const VapProfiles *profiles, const VapProfile *profile)
{
  g_autoptr (VapNeeds) needs = vap_needs_new ();
  g_autoptr (GError) error = NULL;
  VapNeed *need = vap_need_copy (profile->need);

  g_assert_true (vap_profiles_find (profiles, profile->name) == profile);
  g_free (need->name);
  need->name = g_strdup ("guest");
  g_ptr_array_add (needs->guests, need);
  fuzz_check_error (vap_needs_complete (needs, profiles, &error), error);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autoptr (VapProfiles) profiles = vap_profiles_new ();
  g_autoptr (GError) error = NULL;
  gboolean good
      = vap_profiles_add_text (profiles, (const char *)data, size, "fuzz.conf", &error);

  fuzz_check_error (good, error);
  for (guint i = 0; good && i < profiles->list->len; i++)
    check_profile (profiles, g_ptr_array_index (profiles->list, i));
  return 0;
}
