/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A structure to the members of a JSON object and back, by a table: for the files of
 * the host document.  Not installed.
 */
#pragma once

#include "ap/mask.h"
#include "json/json.h"
#include "json/writer.h"

G_BEGIN_DECLS

typedef enum {
  VAP_FIELD_STRING, /* char *, null for NULL */
  VAP_FIELD_BOOL,   /* gboolean */
  VAP_FIELD_UINT,   /* guint, at most @max */
  VAP_FIELD_BYTE,   /* guint8 */
  VAP_FIELD_MASK,   /* VapMask, as sysfs has it without the zeros at its end */
} VapFieldType;

typedef struct {
  const char *name;
  VapFieldType type;
  gsize offset;
  guint max;
} VapField;

/* a row: MEMBER of STRUCT under its own name in JSON */
#define VAP_FIELD(struct_type, member, field_type, limit)                                \
  {                                                                                      \
    .name = #member, .type = (field_type), .offset = offsetof (struct_type, member),     \
    .max = (limit),                                                                      \
  }

void vap_fields_add (VapJson *json, const VapField *fields, guint n_fields,
                     gconstpointer source);

/* each field must be there; a string that @target has is freed.  %VAP_ERROR_MALFORMED
 * names the member */
gboolean vap_fields_read (const json_t *object, const VapField *fields, guint n_fields,
                          gpointer target, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* one member: @value NULL gives null */
void vap_json_add_string (VapJson *json, const char *name, const char *value);
void vap_json_add_mask (VapJson *json, const char *name, const VapMask *mask);
void vap_json_begin_object_named (VapJson *json, const char *name);
void vap_json_begin_array_named (VapJson *json, const char *name);

/* @value: (transfer full): NULL for null */
gboolean vap_json_read_string (const json_t *object, const char *name, char **value,
                               GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* @value: (transfer none) (nullable): NULL for null, which @optional allows */
gboolean vap_json_read_object (const json_t *object, const char *name, gboolean optional,
                               const json_t **value,
                               GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean vap_json_read_array (const json_t *object, const char *name, gboolean optional,
                              const json_t **value, GError **error) G_GNUC_WARN_UNUSED_RESULT;

typedef gboolean (*VapElementFunc) (const json_t *element, gpointer user_data,
                                    GError **error);

/* calls @func with each element of a list of objects, which must be there; an error
 * tells which element */
gboolean vap_json_each (const json_t *object, const char *name, VapElementFunc func,
                        gpointer user_data, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
