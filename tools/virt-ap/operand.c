/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The operand GUEST|FILE of several subcommands.
 */
#include "config.h"

#include "operand.h"

#include <glib/gi18n.h>
#include <string.h>

#include "document.h"

void
guest_operand_clear (GuestOperand *operand)
{
  g_clear_pointer (&operand->guest, vap_guest_unref);
  g_clear_pointer (&operand->name, g_free);
}

static gboolean
read_file (GuestOperand *operand, const char *file, GError **error)
{
  gsize length;
  g_autofree char *xml = document_read (file, &length, error);

  if (xml != NULL && document_kind (xml) != DOCUMENT_DOMAIN) {
    g_set_error (error, VAP_ERROR, VAP_ERROR_MALFORMED, _ ("it is no domain XML"));
    return FALSE;
  }
  if (xml != NULL)
    operand->guest = vap_guest_parse (xml, length, error);
  return operand->guest != NULL;
}

gboolean
guest_operand_read (GuestOperand *operand, const VapHost *host, const char *text,
                    GError **error)
{
  const VapHostGuest *known = vap_host_find_guest (host, text);
  gboolean is_file = g_str_equal (text, "-") || strchr (text, '/') != NULL ||
                     g_file_test (text, G_FILE_TEST_EXISTS);

  if (known != NULL) {
    gboolean running = known->running != NULL;

    operand->guest = vap_guest_ref (running ? known->running : known->defined);
    operand->state = running ? "running" : "defined";
    operand->name = g_strdup (known->name);
    return TRUE;
  }
  if (!is_file) {
    g_set_error (error, VAP_ERROR, VAP_ERROR_UNREADABLE,
                 _ ("neither a guest nor a file has the name '%s'"), text);
    return FALSE;
  }
  if (!read_file (operand, text, error)) {
    g_prefix_error (error, "%s: ", text);
    return FALSE;
  }
  operand->state = "file";
  operand->name = g_strdup (operand->guest->name != NULL ? operand->guest->name : text);
  return TRUE;
}
