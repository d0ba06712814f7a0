/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where the settings stand in a configuration file of libvirt's, read as libvirt itself
 * reads it (src/util/virconf.c).  Private to setup/.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum {
  VAP_SETTING_NUMBER,
  VAP_SETTING_STRING,
  VAP_SETTING_LIST,
} VapSettingKind;

/**
 * VapStatement: one NAME = VALUE; the offsets are into the text
 * @start: of the name
 * @value: where the value begins; of a list its '['
 * @end: after the value
 * @strings: char *: the string, or the strings of the list
 */
typedef struct {
  char *name;
  VapSettingKind kind;
  gsize start;
  gsize value;
  gsize end;
  GPtrArray *strings;
} VapStatement;

/**
 * vap_statements_read:
 * @path: for the message
 *
 * Returns: (transfer full): VapStatement, in their order; NULL with
 *   %VAP_ERROR_MALFORMED ("PATH:LINE: …") for what libvirt would not read either
 */
GPtrArray *vap_statements_read (const char *path, const char *text, gsize length,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* (transfer none): the first of that name, which is the one that counts for libvirt; NULL
 * without one */
const VapStatement *vap_statements_find (const GPtrArray *statements, const char *name);

G_END_DECLS
