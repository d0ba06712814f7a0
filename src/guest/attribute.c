/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The attributes of an AP matrix that mdevctl writes, with the values read as
 * the driver's store functions read them (drivers/s390/crypto/vfio_ap_ops.c).
 * Used by vap_device_matrix() and the rules.
 */
#include "guest/attribute.h"

#include <string.h>

/* in the order of VapAttributeId */
static const char *const names[VAP_N_ATTRIBUTES] = {
  "assign_adapter",   "assign_domain",   "assign_control_domain",
  "unassign_adapter", "unassign_domain", "unassign_control_domain",
  "ap_config",
};

VapAttributeId
vap_attribute_find (const char *name)
{
  for (guint i = 0; i < VAP_N_ATTRIBUTES; i++)
    if (g_strcmp0 (name, names[i]) == 0)
      return (VapAttributeId) i;
  return VAP_ATTRIBUTE_UNKNOWN;
}

const char *
vap_attribute_names (void)
{
  return "assign_adapter, assign_domain, assign_control_domain, unassign_adapter, "
         "unassign_domain, unassign_control_domain, ap_config";
}

/* lib/kstrtox.c, _parse_integer_fixup_radix(): "0x" counts only before a digit */
static guint
take_radix (const char **text)
{
  const char *s = *text;

  if (s[0] != '0')
    return 10;
  if ((s[1] != 'x' && s[1] != 'X') || !g_ascii_isxdigit (s[2]))
    return 8;
  *text += 2;
  return 16;
}

/* lib/kstrtox.c, kstrtoull(): one '+', no white space in front, no '-' */
gboolean
vap_attribute_parse_number (const char *value, gulong *number)
{
  gulong result = 0;
  const char *digits;
  guint radix;

  if (value == NULL)
    return FALSE;
  if (*value == '+')
    value++;
  radix = take_radix (&value);

  for (digits = value; g_ascii_isxdigit (*value); value++) {
    guint digit = (guint) g_ascii_xdigit_value (*value);

    if (digit >= radix || result > (G_MAXULONG - digit) / radix)
      return FALSE;
    result = result * radix + digit;
  }
  if (value == digits)
    return FALSE;
  if (*value == '\n')
    value++;
  if (*value != '\0')
    return FALSE;
  *number = result;
  return TRUE;
}

/* ap_bus.c, ap_hex2bitmap(): "0x", "x" or nothing, then up to 64 digits from the
 * left; no digit at all is an empty mask */
static gboolean
parse_mask (const char *text, gsize length, VapMask *mask)
{
  const char *end = text + length;
  guint bit = 0;

  *mask = (VapMask){ { 0 } };
  if (length >= 2 && text[0] == '0' && text[1] == 'x')
    text++;
  if (text < end && *text == 'x')
    text++;

  for (; text < end; text++, bit += 4) {
    gint digit = g_ascii_xdigit_value (*text);

    if (digit < 0 || bit >= VAP_MASK_BITS)
      return FALSE;
    for (guint i = 0; i < 4; i++)
      if (digit & (8 >> i))
        vap_mask_set (mask, bit + i);
  }
  return TRUE;
}

/* ap_config_store(): the first 201 bytes, cut at commas and newlines; what comes
 * after the third mask is not looked at.  "0x06,0x08" lacks the third one and is
 * EINVAL, unless a comma or newline follows: then it is there, and empty. */
gboolean
vap_attribute_parse_config (const char *value, VapMatrix *matrix)
{
  VapMatrix result;
  VapMask *const masks[] = { &result.adapters, &result.domains, &result.control_domains };
  g_autofree char *config = g_strndup (value, 3 * (VAP_MASK_BITS / 4 + 3));
  const char *rest = config;

  for (guint i = 0; i < G_N_ELEMENTS (masks); i++) {
    gsize length;

    if (rest == NULL)
      return FALSE;
    length = strcspn (rest, ",\n");
    if (!parse_mask (rest, length, masks[i]))
      return FALSE;
    rest = rest[length] != '\0' ? rest + length + 1 : NULL;
  }
  *matrix = result;
  return TRUE;
}
