/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The udev rule in which chzdev keeps apmask and aqmask: what the masks become at
 * the next start of the machine.
 * Source: s390-tools zdev/src/ap.c, which writes it; udev(7) for the syntax
 */
#include "config.h"

#include "host/priv.h"

#include <string.h>

#include <glib/gi18n-lib.h>

#define UDEV_RULE "/etc/udev/rules.d/41-ap.rules"

/* One KEY OPERATOR "VALUE" of a rule. */
typedef struct {
  char *key;
  char *value;
  gboolean assigns; /* "=" or ":=", not a comparison or an addition */
} Entry;

static void
entry_clear (Entry *entry)
{
  g_clear_pointer (&entry->key, g_free);
  g_clear_pointer (&entry->value, g_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Entry, entry_clear)

static gsize
operator_length (const char *at)
{
  if (*at == '=')
    return at[1] == '=' ? 2 : 1;
  return *at != '\0' && strchr ("!+-:", *at) != NULL && at[1] == '=' ? 2 : 0;
}

/* a key's attribute, in braces, may hold any character of an operator */
static gsize
key_length (const char *text)
{
  gsize length = strcspn (text, "{=!+-:\", \t");

  if (text[length] == '{')
    length += strcspn (text + length, "}");
  return text[length] == '}' ? length + 1 : length;
}

/* the entry at *@at, which moves behind it; FALSE when there is none */
static gboolean
parse_entry (const char **at, Entry *entry)
{
  const char *text = *at;
  gsize key = key_length (text);
  const char *sign = text + key + strspn (text + key, " \t");
  gsize length = operator_length (sign);
  const char *value = sign + length + strspn (sign + length, " \t");
  const char *end;

  if (key == 0 || length == 0 || *value != '"')
    return FALSE;
  end = strchr (++value, '"');
  if (end == NULL)
    return FALSE;
  entry->key = g_strndup (text, key);
  entry->value = g_strndup (value, (gsize) (end - value));
  entry->assigns = length == 1 || *sign == ':';
  *at = end + 1;
  return TRUE;
}

static gboolean
take_entry (const Entry *entry, VapPersistentMasks *masks, GError **error)
{
  if (!entry->assigns)
    return TRUE;
  if (g_str_equal (entry->key, "ATTR{../../bus/ap/apmask}")) {
    masks->has_apmask = TRUE;
    return vap_mask_parse (entry->value, 0, &masks->apmask, error);
  }
  if (g_str_equal (entry->key, "ATTR{../../bus/ap/aqmask}")) {
    masks->has_aqmask = TRUE;
    return vap_mask_parse (entry->value, 0, &masks->aqmask, error);
  }
  return TRUE;
}

static gboolean
parse_line (const char *line, VapPersistentMasks *masks, GError **error)
{
  const char *at = line + strspn (line, " \t");

  if (*at == '#')
    return TRUE;
  while (*(at += strspn (at, ", \t\r")) != '\0') {
    g_auto (Entry) entry = { NULL, NULL, FALSE };

    if (!parse_entry (&at, &entry)) {
      g_autofree char *excerpt = vap_excerpt (at);

      g_set_error (error, VAP_ERROR, VAP_ERROR_MALFORMED, _ ("'%s' is not KEY=\"value\""),
                   excerpt);
      return FALSE;
    }
    if (!take_entry (&entry, masks, error))
      return FALSE;
  }
  return TRUE;
}

gboolean
vap_udev_rule_parse (const char *text, VapPersistentMasks *masks, GError **error)
{
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);

  memset (masks, 0, sizeof *masks);
  for (guint i = 0; lines[i] != NULL; i++) {
    if (parse_line (lines[i], masks, error))
      continue;
    memset (masks, 0, sizeof *masks);
    /* Translators: a line's number, before the reason */
    g_prefix_error (error, _ ("line %u: "), i + 1);
    return FALSE;
  }
  return TRUE;
}

void
vap_host_read_udev_rule (VapHost *host)
{
  g_autofree char *text = NULL;
  g_autoptr (GError) error = NULL;
  VapReadStatus status = vap_sysfs_read (host->root, UDEV_RULE, &text, &error);

  if (status == VAP_READ_ABSENT)
    return;
  if (status == VAP_READ_DONE && vap_udev_rule_parse (text, &host->persistent, &error))
    return;
  if (status == VAP_READ_DONE)
    g_prefix_error (&error, "%s%s: ", host->root, UDEV_RULE);
  vap_host_take_problem (host, g_strdup (error->message));
}

char *
vap_host_read_udev_rule_text (const char *root)
{
  g_autofree char *text = NULL;
  gsize length = 0;

  if (vap_file_read (root, UDEV_RULE, VAP_FILE_MAX, &text, &length, NULL) !=
          VAP_READ_DONE ||
      !g_utf8_validate_len (text, length, NULL))
    return NULL;
  return g_steal_pointer (&text);
}
