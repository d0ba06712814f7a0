/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Set algebra on 256-bit AP masks, and their text in sysfs.  Works byte by byte,
 * so that the order of bytes in a machine word never matters.
 */
#include "ap/mask.h"

#include "config.h"

#include <glib/gi18n-lib.h>
#include <string.h>

VapMask
vap_mask_up_to (guint last)
{
  VapMask mask = { 0 };

  for (guint bit = 0; bit <= MIN (last, VAP_MASK_BITS - 1); bit++)
    vap_mask_set (&mask, bit);

  return mask;
}

VapMask
vap_mask_and (const VapMask *a, const VapMask *b)
{
  VapMask mask;

  for (guint i = 0; i < VAP_MASK_BYTES; i++)
    mask.bytes[i] = a->bytes[i] & b->bytes[i];

  return mask;
}

VapMask
vap_mask_or (const VapMask *a, const VapMask *b)
{
  VapMask mask;

  for (guint i = 0; i < VAP_MASK_BYTES; i++)
    mask.bytes[i] = a->bytes[i] | b->bytes[i];

  return mask;
}

VapMask
vap_mask_minus (const VapMask *a, const VapMask *b)
{
  VapMask mask;

  for (guint i = 0; i < VAP_MASK_BYTES; i++)
    mask.bytes[i] = a->bytes[i] & (guint8) ~b->bytes[i];

  return mask;
}

gboolean
vap_mask_equal (const VapMask *a, const VapMask *b)
{
  return memcmp (a->bytes, b->bytes, VAP_MASK_BYTES) == 0;
}

gboolean
vap_mask_is_empty (const VapMask *mask)
{
  static const VapMask empty;

  return vap_mask_equal (mask, &empty);
}

gboolean
vap_mask_intersects (const VapMask *a, const VapMask *b)
{
  for (guint i = 0; i < VAP_MASK_BYTES; i++) {
    if (a->bytes[i] & b->bytes[i])
      return TRUE;
  }

  return FALSE;
}

guint
vap_mask_count (const VapMask *mask)
{
  guint count = 0;

  for (guint i = 0; i < VAP_MASK_BYTES; i++)
    count += (guint) __builtin_popcount (mask->bytes[i]);

  return count;
}

gint
vap_mask_next (const VapMask *mask, guint from)
{
  for (guint bit = from; bit < VAP_MASK_BITS; bit++) {
    /* the rest of an empty byte is passed over in one step */
    if ((guint8) (mask->bytes[bit / 8] << (bit % 8)) == 0)
      bit |= 7;
    else if (vap_mask_test (mask, bit))
      return (gint) bit;
  }

  return -1;
}

/* Sets @mask from @digits hex digits, left-aligned; FALSE on another character. */
static gboolean
mask_from_hex (const char *hex, gsize digits, VapMask *mask)
{
  VapMask read = { 0 };

  for (gsize i = 0; i < digits; i++) {
    gint value = g_ascii_xdigit_value (hex[i]);

    if (value < 0)
      return FALSE;
    read.bytes[i / 2] |= (guint8) (i % 2 ? value : value << 4);
  }

  *mask = read;
  return TRUE;
}

gboolean
vap_mask_parse (const char *text, guint digits, VapMask *mask, GError **error)
{
  g_autofree char *word = g_strstrip (g_strdup (text));
  g_autofree char *shown = NULL;
  gsize length = strlen (word);

  if (g_str_has_prefix (word, "0x") && length > 2 && length <= 2 + 2 * VAP_MASK_BYTES &&
      (digits == 0 || length == 2 + digits) && mask_from_hex (word + 2, length - 2, mask))
    return TRUE;

  shown = g_strescape (word, NULL);
  if (strlen (shown) > 80)
    memcpy (shown + 77, "...", 4);
  if (digits)
    g_set_error (error, VAP_ERROR, VAP_ERROR_MALFORMED,
                 _ ("“%s” is not an AP mask: 0x and %u hexadecimal digits are expected"),
                 shown, digits);
  else
    g_set_error (
        error, VAP_ERROR, VAP_ERROR_MALFORMED,
        _ ("“%s” is not an AP mask: 0x and 1 to 64 hexadecimal digits are expected"),
        shown);

  return FALSE;
}

void
vap_mask_format (const VapMask *mask, char text[VAP_MASK_TEXT_SIZE])
{
  static const char digits[] = "0123456789abcdef";
  char *out = text;

  *out++ = '0';
  *out++ = 'x';
  for (guint i = 0; i < VAP_MASK_BYTES; i++) {
    *out++ = digits[mask->bytes[i] >> 4];
    *out++ = digits[mask->bytes[i] & 15];
  }
  *out = '\0';
}

char *
vap_mask_to_list (const VapMask *mask, guint width)
{
  GString *list = g_string_new (NULL);

  VAP_MASK_FOREACH (mask, bit)
    g_string_append_printf (list, "%s%0*x", list->len ? ", " : "", (int) width,
                            (guint) bit);

  return g_string_free (list, FALSE);
}
