/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The documents that `virt-ap check` takes: read with a limit, told apart by how
 * they begin.
 */
#pragma once

#include "ap/error.h"

G_BEGIN_DECLS

typedef enum {
  DOCUMENT_UNKNOWN,
  DOCUMENT_DOMAIN,      /* domain XML, also inside a status or snapshot */
  DOCUMENT_NODE_DEVICE, /* node-device XML */
  DOCUMENT_MDEVCTL,     /* mdevctl's JSON */
} DocumentKind;

/**
 * document_read:
 * @file: its name, "-" for standard input
 *
 * Never reads more than a little above VAP_XML_MAX: what is larger is refused,
 * also when it has no end.
 *
 * Returns: (transfer full): its @length bytes and a NUL; NULL with
 *   %VAP_ERROR_UNREADABLE or %VAP_ERROR_TOO_LARGE; the caller names the file
 */
char *document_read (const char *file, gsize *length,
                     GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* by the first brace or the first element; whether the rest is well formed is
 * for the parser to say */
DocumentKind document_kind (const char *text);

G_END_DECLS
