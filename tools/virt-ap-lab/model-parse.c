/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Numbers and masks as the kernel's own parsers take them, with all that they
 * let pass: what a write to sysfs means hangs on it.
 */
#include "model-private.h"

#include <string.h>

/* lib/kstrtox.c, _parse_integer_fixup_radix() with base 0 */
static guint
take_radix (const char **text)
{
  if ((*text)[0] != '0')
    return 10;
  if (g_ascii_tolower ((*text)[1]) == 'x' && g_ascii_isxdigit ((*text)[2])) {
    *text += 2;
    return 16;
  }
  return 8;
}

/* Takes digits as long as there are any; wraps around as simple_strtoul() does. */
static gulong
take_digits (const char **text, guint radix, gboolean *overflow)
{
  gulong value = 0;
  gint digit;

  for (; (digit = g_ascii_xdigit_value (**text)) >= 0 && (guint) digit < radix; ++*text) {
    if (value > (G_MAXULONG - (gulong) digit) / radix)
      *overflow = TRUE;
    value = value * radix + (gulong) digit;
  }
  return value;
}

/* kstrtoul (text, 0): a leading plus and one trailing newline are allowed */
int
lab_parse_ulong (const char *text, gulong *value)
{
  gboolean overflow = FALSE;
  const char *digits;
  guint radix;

  if (*text == '+')
    text++;
  radix = take_radix (&text);
  digits = text;
  *value = take_digits (&text, radix, &overflow);
  if (text == digits)
    return EINVAL;
  if (overflow)
    return ERANGE;
  if (*text == '\n')
    text++;
  return *text ? EINVAL : 0;
}

/* sscanf (text, "%d\n") with base 10, "%i\n" with base 0: white space before it and
 * anything after it are allowed */
int
lab_parse_int (const char *text, guint base, gint low, gint high, gint *value)
{
  char *end;
  gint64 number;

  errno = 0;
  number = g_ascii_strtoll (text, &end, base);
  if (end == text || errno || number < low || number > high)
    return EINVAL;
  *value = (gint) number;
  return 0;
}

/* sscanf (text, "%llu\n"), which wraps around */
int
lab_parse_leading (const char *text, gulong *value)
{
  gboolean overflow;
  const char *digits = text + strspn (text, " \t\n\v\f\r");

  if (!g_ascii_isdigit (*digits))
    return EINVAL;
  *value = take_digits (&digits, 10, &overflow);
  return 0;
}

/* kstrtobool() */
int
lab_parse_bool (const char *text, gboolean *value)
{
  if (*text && strchr ("yYtT1", *text))
    *value = TRUE;
  else if (*text && strchr ("nNfF0", *text))
    *value = FALSE;
  else if (g_ascii_strncasecmp (text, "on", 2) == 0)
    *value = TRUE;
  else if (g_ascii_strncasecmp (text, "of", 2) == 0)
    *value = FALSE;
  else
    return EINVAL;
  return 0;
}

/* sysfs_streq(): a trailing newline does not count */
gboolean
lab_text_is (const char *text, const char *word)
{
  gsize length = strlen (word);

  return strncmp (text, word, length) == 0 &&
         (text[length] == '\0' || strcmp (text + length, "\n") == 0);
}

/* ap_bus.c, ap_hex2bitmap(): left-aligned, any number of digits, also none */
int
lab_parse_hex_mask (const char *text, VapMask *mask)
{
  guint bit = 0;

  memset (mask, 0, sizeof *mask);
  if (text[0] == '0' && text[1] == 'x')
    text++;
  if (*text == 'x')
    text++;
  for (; g_ascii_isxdigit (*text) && bit < VAP_MASK_BITS; text++, bit += 4) {
    guint digit = (guint) g_ascii_xdigit_value (*text);

    for (guint n = 0; n < 4; n++) {
      if (digit & (0x8u >> n))
        vap_mask_set (mask, bit + n);
    }
  }
  if (*text == '\n')
    text++;
  return *text ? EINVAL : 0;
}

/* simple_strtoul (text, &text, 0), for a bit number */
static int
take_bit (const char **text, gulong *bit)
{
  gboolean overflow = FALSE;
  const char *start;
  guint radix = take_radix (text);

  start = *text;
  *bit = take_digits (text, radix, &overflow);
  return *text == start || *bit >= VAP_MASK_BITS ? EINVAL : 0;
}

/* ap_bus.c, modify_bitmap(): "+5,-0x10-0x12" */
static int
modify_mask (const char *text, VapMask *mask)
{
  while (*text) {
    char sign = *text++;
    gulong first, last;

    if ((sign != '+' && sign != '-') || take_bit (&text, &first) != 0)
      return EINVAL;
    last = first;
    if (*text == '-') {
      text++;
      if (take_bit (&text, &last) != 0 || first > last)
        return EINVAL;
    }
    for (gulong bit = first; bit <= last; bit++) {
      if (sign == '+')
        vap_mask_set (mask, (guint) bit);
      else
        vap_mask_clear (mask, (guint) bit);
    }
    text += strspn (text, ",\n");
  }
  return 0;
}

/* ap_bus.c, ap_parse_bitmap_str() */
int
lab_parse_mask (const char *text, const VapMask *old, VapMask *mask)
{
  if (*text != '+' && *text != '-')
    return lab_parse_hex_mask (text, mask);
  *mask = *old;
  return modify_mask (text, mask);
}
