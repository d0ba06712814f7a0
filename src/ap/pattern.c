/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading and writing patterns of queues; see pattern.h. */
#include "config.h"

#include "ap/pattern.h"

#include <glib/gi18n-lib.h>
#include <string.h>

/* One of the two sides of the dot. */
typedef struct {
  const VapMask *there;
  guint digits;
  const char *absent; /* a sentence that takes the number */
} Side;

/* "5", "05", "0x5", "0047" */
static gboolean
parse_number (const char *text, guint *number)
{
  guint64 value;

  if (g_str_has_prefix (text, "0x"))
    text += 2;
  if (strlen (text) > 4 ||
      !g_ascii_string_to_unsigned (text, 16, 0, VAP_MASK_BITS - 1, &value, NULL))
    return FALSE;
  *number = (guint) value;
  return TRUE;
}

static gboolean
parse_range (const char *text, guint *first, guint *last)
{
  g_auto (GStrv) ends = g_strsplit (text, "-", 2);

  if (ends[0] == NULL || !parse_number (ends[0], first))
    return FALSE;
  *last = *first;
  return ends[1] == NULL || (parse_number (ends[1], last) && *first <= *last);
}

static gboolean
add_range (const Side *side, guint first, guint last, VapMask *mask, GError **error)
{
  gboolean any = FALSE;

  for (guint bit = first; bit <= last; bit++) {
    if (!vap_mask_test (side->there, bit))
      continue;
    vap_mask_set (mask, bit);
    any = TRUE;
  }
  if (!any)
    g_set_error (error, VAP_ERROR, VAP_ERROR_UNREADABLE, _ (side->absent),
                 (int) side->digits, first);
  return any;
}

static gboolean
fail_pattern (const char *pattern, GError **error)
{
  g_set_error (error, VAP_ERROR, VAP_ERROR_MALFORMED,
               _ ("'%s' is not a pattern of queues, such as 05.0047, 06.* or 05-07.0004"),
               pattern);
  return FALSE;
}

static gboolean
parse_side (const char *text, const Side *side, const char *pattern, VapMask *mask,
            GError **error)
{
  g_auto (GStrv) parts = g_strsplit (text, ",", -1);

  if (g_str_equal (text, "*")) {
    *mask = *side->there;
    return TRUE;
  }
  if (parts[0] == NULL)
    return fail_pattern (pattern, error);
  for (guint i = 0; parts[i] != NULL; i++) {
    guint first, last;

    if (!parse_range (parts[i], &first, &last))
      return fail_pattern (pattern, error);
    if (!add_range (side, first, last, mask, error))
      return FALSE;
  }
  return TRUE;
}

gboolean
vap_queue_set_add_pattern (const char *text, const VapMask *adapters,
                           const VapMask *domains, VapQueueSet *queues, GError **error)
{
  const Side rows = { adapters, 2,
                      N_ ("adapter %0*x is not in this host's configuration") };
  const Side columns = { domains, 4,
                         N_ ("usage domain %0*x is not in this host's configuration") };
  g_auto (GStrv) sides = g_strsplit (text, ".", -1);
  VapMask row_mask = { { 0 } }, column_mask = { { 0 } };

  if (g_strv_length (sides) != 2)
    return fail_pattern (text, error);
  if (!parse_side (sides[0], &rows, text, &row_mask, error) ||
      !parse_side (sides[1], &columns, text, &column_mask, error))
    return FALSE;
  VAP_MASK_FOREACH (&row_mask, adapter) {
    queues->domains[adapter] = vap_mask_or (&queues->domains[adapter], &column_mask);
  }
  return TRUE;
}

static void
append_side (GString *text, const VapMask *mask, const VapMask *all, int digits)
{
  gsize start = text->len;

  if (vap_mask_equal (mask, all) && vap_mask_count (all) > 1) {
    g_string_append_c (text, '*');
    return;
  }
  for (gint first = vap_mask_next (mask, 0), last; first >= 0;
       first = vap_mask_next (mask, (guint) last + 1)) {
    last = first;
    while (vap_mask_test (mask, (guint) last + 1))
      last++;
    g_string_append_printf (text, "%s%0*x", text->len > start ? "," : "", digits,
                            (guint) first);
    if (last > first)
      g_string_append_printf (text, "-%0*x", digits, (guint) last);
  }
}

char *
vap_queue_pattern_text (const VapMask *adapters, const VapMask *domains,
                        const VapMask *all_adapters, const VapMask *all_domains)
{
  GString *text = g_string_new (NULL);

  append_side (text, adapters, all_adapters, 2);
  g_string_append_c (text, '.');
  append_side (text, domains, all_domains, 4);
  return g_string_free (text, FALSE);
}
