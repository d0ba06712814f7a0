/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Members of a JSON object, one line each.  Key names are part of the interface:
 * schemas/ has them.
 */
#pragma once

#include "ap/matrix.h"
#include "json/writer.h"

G_BEGIN_DECLS

/* @value: NULL gives null; bytes that are no UTF-8 become U+FFFD */
void json_add_string (VapJson *json, const char *name, const char *value);
void json_add_uint (VapJson *json, const char *name, guint value);
void json_add_bool (VapJson *json, const char *name, gboolean value);
/* an array of the numbers in @mask */
void json_add_mask (VapJson *json, const char *name, const VapMask *mask);
/* @matrix: NULL gives null */
void json_add_matrix (VapJson *json, const char *name, const VapMatrix *matrix);

G_END_DECLS
