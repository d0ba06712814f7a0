/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The kinds of steps there are, so that a journal can be read back.
 */
#include "change/priv.h"

static const VapStepKind *const kinds[] = {
  &vap_bind_kind,          &vap_hotplug_kind, &vap_definition_kind,
  &vap_device_kind,        &vap_file_kind,    &vap_guest_kind,
  &vap_hand_over_kind,     &vap_mask_kind,    &vap_migrate_kind,
  &vap_override_kind,      &vap_plug_kind,    &vap_target_definition_kind,
  &vap_target_device_kind, &vap_unplug_kind,
};

const VapStepKind *
vap_step_kind_find (const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++) {
    if (g_str_equal (kinds[i]->name, name))
      return kinds[i];
  }
  return NULL;
}
