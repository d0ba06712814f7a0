/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Members of a JSON object, one line each.  Key names are part of the interface:
 * schemas/ has them.
 */
#include "json.h"

void
json_add_string (VapJson *json, const char *name, const char *value)
{
  vap_json_name (json, name);
  vap_json_string (json, value);
}

void
json_add_uint (VapJson *json, const char *name, guint value)
{
  vap_json_name (json, name);
  vap_json_int (json, value);
}

void
json_add_bool (VapJson *json, const char *name, gboolean value)
{
  vap_json_name (json, name);
  vap_json_bool (json, value);
}

void
json_add_mask (VapJson *json, const char *name, const VapMask *mask)
{
  vap_json_name (json, name);
  vap_json_begin_array (json);
  VAP_MASK_FOREACH (mask, bit) {
    vap_json_int (json, bit);
  }
  vap_json_end_array (json);
}

void
json_add_matrix (VapJson *json, const char *name, const VapMatrix *matrix)
{
  vap_json_name (json, name);
  if (matrix == NULL) {
    vap_json_null (json);
    return;
  }
  vap_json_begin_object (json);
  json_add_mask (json, "adapters", &matrix->adapters);
  json_add_mask (json, "domains", &matrix->domains);
  json_add_mask (json, "control_domains", &matrix->control_domains);
  vap_json_end_object (json);
}
