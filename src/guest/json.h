/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The strict way to read JSON from strangers.  Private to guest/. */
#pragma once

#include <json-glib/json-glib.h>

#include "ap/error.h"

G_BEGIN_DECLS

/* No honest mdevctl definition comes near it. */
#define VAP_JSON_MAX (1024u * 1024)

/**
 * vap_json_parse:
 * @json: UTF-8, need not end in NUL
 *
 * Takes JSON as RFC 8259 has it and no more: json-glib itself would let comments,
 * assignments, a second document and any depth pass.  Two members of one name
 * are refused, since readers differ in which one counts.
 *
 * Returns: (transfer full): the root; NULL with %VAP_ERROR_MALFORMED or
 *   %VAP_ERROR_TOO_LARGE
 */
JsonNode *vap_json_parse (const char *json, gsize length,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
