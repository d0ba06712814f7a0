/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Text for the terminal: names that cannot do harm, short lists of numbers.
 */
#include "text.h"

#include <string.h>

static gboolean
is_harmless (gunichar c)
{
  GUnicodeType type = g_unichar_type (c);

  return g_unichar_isprint (c) && type != G_UNICODE_LINE_SEPARATOR &&
         type != G_UNICODE_PARAGRAPH_SEPARATOR;
}

char *
text_escape (const char *text)
{
  g_autofree char *valid = g_utf8_make_valid (text, -1);
  GString *escaped = g_string_new (NULL);

  for (const char *p = valid; *p != '\0'; p = g_utf8_next_char (p)) {
    gunichar c = g_utf8_get_char (p);

    if (is_harmless (c))
      g_string_append_unichar (escaped, c);
    else if (c == '\n')
      g_string_append (escaped, "\\n");
    else if (c == '\t')
      g_string_append (escaped, "\\t");
    else
      g_string_append_printf (escaped, c < 0x100 ? "\\x%02x" : "\\u%04x", c);
  }
  return g_string_free (escaped, FALSE);
}

static guint
last_in_row (const VapMask *mask, guint first)
{
  while (vap_mask_test (mask, first + 1))
    first++;
  return first;
}

char *
text_ranges (const VapMask *mask, guint digits)
{
  GString *list = g_string_new (NULL);
  int width = (int) digits;

  for (gint bit = vap_mask_next (mask, 0); bit >= 0;) {
    guint first = (guint) bit;
    guint last = last_in_row (mask, first);

    /* two in a row are no range: "05, 06" is shorter to read */
    if (last - first < 2)
      last = first;
    if (list->len > 0)
      g_string_append (list, ", ");
    g_string_append_printf (list, "%0*x", width, first);
    if (last > first)
      g_string_append_printf (list, "-%0*x", width, last);
    bit = vap_mask_next (mask, last + 1);
  }
  return g_string_free (g_string_append (list, list->len > 0 ? "" : "-"), FALSE);
}

guint
text_distance (const char *a, const char *b)
{
  gsize length = strlen (b);
  g_autofree guint *row = g_new (guint, length + 1);

  for (gsize j = 0; j <= length; j++)
    row[j] = (guint) j;
  for (gsize i = 0; a[i] != '\0'; i++) {
    guint diagonal = row[0];

    row[0] = (guint) i + 1;
    for (gsize j = 0; j < length; j++) {
      guint replaced = diagonal + (a[i] != b[j]);

      diagonal = row[j + 1];
      row[j + 1] = MIN (replaced, MIN (row[j], row[j + 1]) + 1);
    }
  }
  return row[length];
}

char *
text_shell_word (const char *text)
{
  gboolean plain =
      *text != '\0' && strpbrk (text, " \t\n\"'\\$`&|;<>()*?[]{}~#!") == NULL;

  return plain ? g_strdup (text) : g_shell_quote (text);
}
