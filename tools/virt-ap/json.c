/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Members of a JSON object, one line each.  Key names are part of the interface:
 * schemas/ has them.
 */
#include "json.h"

void
json_add_string (JsonBuilder *builder, const char *name, const char *value)
{
  json_builder_set_member_name (builder, name);
  if (value == NULL) {
    json_builder_add_null_value (builder);
  } else {
    g_autofree char *valid = g_utf8_make_valid (value, -1);

    json_builder_add_string_value (builder, valid);
  }
}

void
json_add_uint (JsonBuilder *builder, const char *name, guint value)
{
  json_builder_set_member_name (builder, name);
  json_builder_add_int_value (builder, value);
}

void
json_add_bool (JsonBuilder *builder, const char *name, gboolean value)
{
  json_builder_set_member_name (builder, name);
  json_builder_add_boolean_value (builder, value);
}

void
json_add_mask (JsonBuilder *builder, const char *name, const VapMask *mask)
{
  json_builder_set_member_name (builder, name);
  json_builder_begin_array (builder);
  VAP_MASK_FOREACH (mask, bit) {
    json_builder_add_int_value (builder, bit);
  }
  json_builder_end_array (builder);
}

void
json_add_matrix (JsonBuilder *builder, const char *name, const VapMatrix *matrix)
{
  json_builder_set_member_name (builder, name);
  if (matrix == NULL) {
    json_builder_add_null_value (builder);
    return;
  }
  json_builder_begin_object (builder);
  json_add_mask (builder, "adapters", &matrix->adapters);
  json_add_mask (builder, "domains", &matrix->domains);
  json_add_mask (builder, "control_domains", &matrix->control_domains);
  json_builder_end_object (builder);
}
