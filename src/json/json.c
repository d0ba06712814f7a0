/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reading JSON; see json.h.
 */
#include "config.h"

#include "json/json.h"

#include <glib/gi18n-lib.h>

static long
line_at (const char *text, const char *at)
{
  long line = 1;

  for (; text < at; text++)
    line += *text == '\n';
  return line;
}

static gboolean
check_bytes (const char *json, gsize length, gsize max, GError **error)
{
  const char *fault;

  if (length > max)
    g_set_error (error, VAP_ERROR, VAP_ERROR_TOO_LARGE,
                 _ ("JSON of %zu bytes is larger than the %zu bytes allowed"), length,
                 max);
  else if (length == 0)
    g_set_error (error, VAP_ERROR, VAP_ERROR_MALFORMED, _ ("JSON is empty"));
  else if (!g_utf8_validate_len (json, length, &fault))
    g_set_error (error, VAP_ERROR, VAP_ERROR_MALFORMED,
                 _ ("JSON line %ld: byte 0x%02x is not UTF-8 text"),
                 line_at (json, fault), (guint) (guint8) *fault);
  else
    return TRUE;
  return FALSE;
}

json_t *
vap_json_parse (const char *json, gsize length, gsize max, GError **error)
{
  json_error_t problem;
  json_t *root;

  if (!check_bytes (json, length, max, error))
    return NULL;
  root = json_loadb (json, length, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &problem);
  if (root == NULL) {
    /* it quotes the place byte by byte, so perhaps half a character */
    g_autofree char *reason = g_utf8_make_valid (problem.text, -1);

    g_set_error (error, VAP_ERROR, VAP_ERROR_MALFORMED, _ ("JSON line %d: %s"),
                 problem.line, reason);
  }
  return root;
}
