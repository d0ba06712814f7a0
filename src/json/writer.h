/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * VapJson: a JSON document written from its beginning to its end, so that the code
 * reads as the document does.  jansson makes the text.
 */
#pragma once

#include <jansson.h>

#include <glib.h>

G_BEGIN_DECLS

typedef struct _VapJson VapJson;

VapJson *vap_json_new (void);
void vap_json_free (VapJson *json);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VapJson, vap_json_free)

/* the name of the member that comes next; only in an object, before every value */
void vap_json_name (VapJson *json, const char *name);

void vap_json_begin_object (VapJson *json);
void vap_json_end_object (VapJson *json);
void vap_json_begin_array (VapJson *json);
void vap_json_end_array (VapJson *json);

/* @value: NULL gives null; bytes that are no UTF-8 become U+FFFD */
void vap_json_string (VapJson *json, const char *value);
void vap_json_int (VapJson *json, gint64 value);
void vap_json_double (VapJson *json, double value);
void vap_json_bool (VapJson *json, gboolean value);
void vap_json_null (VapJson *json);
/* a value that was read or made elsewhere; takes a reference of its own */
void vap_json_value (VapJson *json, json_t *value);

/**
 * vap_json_to_text:
 * @pretty: two spaces a level, one member a line; else all on one line
 *
 * What was begun must have ended.
 *
 * Returns: (transfer full): without a newline at the end; free with g_free()
 */
char *vap_json_to_text (const VapJson *json, gboolean pretty) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
