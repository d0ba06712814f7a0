/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The strict way to read JSON from strangers; what was read is jansson's value, to be
 * looked at with its own functions.  Everyone uses it.
 */
#pragma once

#include <jansson.h>

#include "ap/error.h"

G_BEGIN_DECLS

/* No honest mdevctl definition, and no answer of a program, comes near it. */
#define VAP_JSON_MAX (1024u * 1024)

/**
 * vap_json_parse:
 * @json: UTF-8, need not end in NUL
 * @max: bytes, more are too large
 *
 * Takes JSON as RFC 8259 has it and no more: one value, at most 2,048 levels deep,
 * without NUL in its strings.  Two members of one name are refused, since readers
 * differ in which one counts.
 *
 * Returns: (transfer full): the root, for a json_auto_t; NULL with
 *   %VAP_ERROR_MALFORMED, naming the line, or %VAP_ERROR_TOO_LARGE
 */
json_t *vap_json_parse (const char *json, gsize length, gsize max,
                        GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
