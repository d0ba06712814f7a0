/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Sets of numbers as a user writes them on a command line: "5,0x10-0x1f", and changes
 * to a set: "+7,-5".  The words are those that the attributes of the AP bus take for
 * changes to a mask (drivers/s390/crypto/ap_bus.c, modify_bitmap()).
 */
#include "ap/mask.h"

#include "config.h"

#include <glib/gi18n-lib.h>
#include <string.h>

/* One word of a list. */
typedef struct {
  char sign; /* '+', '-', or NUL without one */
  guint first, last;
} Word;

/*
 * The driver takes 010 for 8 (kstrtoul()), lszcrypt for 16, and people for 10.  So a
 * number with a leading zero is taken only where all three agree.
 */
static gboolean
is_ambiguous (const char *digits, gsize length)
{
  gsize zeros = strspn (digits, "0");

  if (digits[0] != '0' || length < 2)
    return FALSE;
  return length - MIN (zeros, length) > 1 ||
         (zeros < length && g_ascii_digit_value (digits[zeros]) > 7);
}

static gboolean
parse_number (const char **at, const char *list, guint *number, GError **error)
{
  gboolean is_hex = (*at)[0] == '0' && ((*at)[1] == 'x' || (*at)[1] == 'X');
  const char *digits = *at + (is_hex ? 2 : 0);
  gsize length = strspn (digits, is_hex ? "0123456789abcdefABCDEF" : "0123456789");
  g_autofree char *word = g_strndup (digits, length);
  gsize zeros = strspn (word, "0");
  guint64 value;

  if (length == 0) {
    g_set_error (error, VAP_ERROR, VAP_ERROR_MALFORMED,
                 _ ("'%s': a number is expected where '%s' stands"), list, *at);
    return FALSE;
  }
  if (!is_hex && is_ambiguous (digits, length)) {
    g_set_error (error, VAP_ERROR, VAP_ERROR_MALFORMED,
                 _ ("'%s': '%s' can be read as hexadecimal or decimal; write 0x%s or %s"),
                 list, word, word + zeros, word + zeros);
    return FALSE;
  }
  if (!g_ascii_string_to_unsigned (word, is_hex ? 16 : 10, 0, VAP_MASK_BITS - 1, &value,
                                   NULL)) {
    g_set_error (error, VAP_ERROR, VAP_ERROR_MALFORMED,
                 _ ("'%s': '%s%s' is above 255 (0xff)"), list, is_hex ? "0x" : "", word);
    return FALSE;
  }
  *number = (guint) value;
  *at = digits + length;
  return TRUE;
}

/* at the end of a word: "," and another, or nothing more */
static gboolean
pass_comma (const char **at, const char *list, GError **error)
{
  if (**at == '\0')
    return TRUE;
  if (**at != ',') {
    g_set_error (error, VAP_ERROR, VAP_ERROR_MALFORMED,
                 _ ("'%s': a comma is expected where '%s' stands"), list, *at);
    return FALSE;
  }
  (*at)++;
  if (**at == '\0') {
    g_set_error (error, VAP_ERROR, VAP_ERROR_MALFORMED,
                 _ ("'%s': nothing stands after the last comma"), list);
    return FALSE;
  }
  return TRUE;
}

static gboolean
parse_word (const char **at, const char *list, Word *word, GError **error)
{
  word->sign = '\0';
  if (**at == '+' || **at == '-')
    word->sign = *(*at)++;
  if (!parse_number (at, list, &word->first, error))
    return FALSE;
  word->last = word->first;
  if (**at == '-') {
    (*at)++;
    if (!parse_number (at, list, &word->last, error))
      return FALSE;
  }
  if (word->last < word->first) {
    g_set_error (error, VAP_ERROR, VAP_ERROR_MALFORMED,
                 _ ("'%s': the range %u-%u ends before it begins"), list, word->first,
                 word->last);
    return FALSE;
  }
  return pass_comma (at, list, error);
}

static void
apply_word (const Word *word, VapMask *mask)
{
  for (guint bit = word->first; bit <= word->last; bit++) {
    if (word->sign == '-')
      vap_mask_clear (mask, bit);
    else
      vap_mask_set (mask, bit);
  }
}

gboolean
vap_mask_parse_list (const char *text, VapMask *mask, GError **error)
{
  VapMask none = { 0 };

  if (*text == '+' || *text == '-') {
    g_set_error (error, VAP_ERROR, VAP_ERROR_MALFORMED,
                 _ ("'%s': a sign changes a set, and there is none to change here"),
                 text);
    return FALSE;
  }
  *mask = none;
  return vap_mask_change (mask, text, error);
}

gboolean
vap_mask_change (VapMask *mask, const char *text, GError **error)
{
  gboolean is_change = *text == '+' || *text == '-';
  VapMask changed = { 0 };

  if (is_change)
    changed = *mask;
  if (g_str_equal (text, VAP_MASK_LIST_NONE)) {
    *mask = changed;
    return TRUE;
  }
  if (*text == '\0') {
    g_set_error (error, VAP_ERROR, VAP_ERROR_MALFORMED,
                 _ ("an empty list of numbers; '%s' is the empty set"),
                 VAP_MASK_LIST_NONE);
    return FALSE;
  }
  for (const char *at = text; *at != '\0';) {
    Word word;

    if (!parse_word (&at, text, &word, error))
      return FALSE;
    if ((word.sign != '\0') != is_change) {
      g_set_error (error, VAP_ERROR, VAP_ERROR_MALFORMED,
                   _ ("'%s': either each number has a sign, which changes a set, or none "
                      "has"),
                   text);
      return FALSE;
    }
    apply_word (&word, &changed);
  }
  *mask = changed;
  return TRUE;
}

char *
vap_mask_to_numbers (const VapMask *mask)
{
  GString *list = g_string_new (NULL);

  for (gint first = vap_mask_next (mask, 0); first >= 0;) {
    gint last = first;

    while (vap_mask_test (mask, (guint) last + 1))
      last++;
    g_string_append_printf (list, "%s%d", list->len > 0 ? "," : "", first);
    if (last > first)
      g_string_append_printf (list, "%c%d", last > first + 1 ? '-' : ',', last);
    first = vap_mask_next (mask, (guint) last + 1);
  }
  if (list->len == 0)
    g_string_append (list, VAP_MASK_LIST_NONE);
  return g_string_free (list, FALSE);
}
