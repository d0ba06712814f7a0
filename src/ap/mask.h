/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * 256-bit AP masks: sets of adapter or of domain numbers.  Bit 0 is the most
 * significant bit of the first byte, as in the architecture and in sysfs, so a
 * mask is the same bytes on every machine.  Everyone uses these.
 */
#pragma once

#include "ap/error.h"

G_BEGIN_DECLS

#define VAP_MASK_BITS 256u
#define VAP_MASK_BYTES 32u

/* "0x", 64 digits, NUL */
#define VAP_MASK_TEXT_SIZE 67u

/**
 * VapMask: a set of numbers 0 to 255; a value type, empty when zeroed.
 */
typedef struct {
  guint8 bytes[VAP_MASK_BYTES];
} VapMask;

static inline gboolean
vap_mask_test (const VapMask *mask, guint bit)
{
  return bit < VAP_MASK_BITS && (mask->bytes[bit / 8] & (0x80u >> (bit % 8)));
}

static inline void
vap_mask_set (VapMask *mask, guint bit)
{
  if (bit < VAP_MASK_BITS)
    mask->bytes[bit / 8] |= 0x80u >> (bit % 8);
}

static inline void
vap_mask_clear (VapMask *mask, guint bit)
{
  if (bit < VAP_MASK_BITS)
    mask->bytes[bit / 8] &= (guint8) ~(0x80u >> (bit % 8));
}

/* a mask with the bits 0 to @last; @last 0 to 255, above is taken as 255 */
VapMask vap_mask_up_to (guint last);

VapMask vap_mask_and (const VapMask *a, const VapMask *b);
VapMask vap_mask_or (const VapMask *a, const VapMask *b);
/* what is in @a and not in @b */
VapMask vap_mask_minus (const VapMask *a, const VapMask *b);

gboolean vap_mask_equal (const VapMask *a, const VapMask *b);
gboolean vap_mask_is_empty (const VapMask *mask);
gboolean vap_mask_intersects (const VapMask *a, const VapMask *b);
guint vap_mask_count (const VapMask *mask);

/* the first bit that is set at @from or above it; -1 when there is none */
gint vap_mask_next (const VapMask *mask, guint from);

#define VAP_MASK_FOREACH(mask, bit)                                            \
  for (gint bit = vap_mask_next ((mask), 0); bit >= 0;                         \
       bit = vap_mask_next ((mask), (guint) bit + 1))

/**
 * vap_mask_parse:
 * @text: a mask as sysfs shows it; surrounding white space is allowed
 * @digits: how many hex digits are demanded after "0x": 64 for a mask that a
 *   kernel printed (a shorter one was cut off), 0 for 1 to 64, left-aligned as
 *   ap_bus.c's ap_hex2bitmap() takes it
 *
 * Returns: FALSE with %VAP_ERROR_MALFORMED, naming the text
 */
gboolean vap_mask_parse (const char *text, guint digits, VapMask *mask,
                         GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* "0x" and 64 digits */
void vap_mask_format (const VapMask *mask, char text[VAP_MASK_TEXT_SIZE]);

/* "05, 06" (width 2, adapters) or "0004, 00ab" (width 4, domains), as AP tools
 * show numbers; free with g_free() */
char *vap_mask_to_list (const VapMask *mask, guint width);

/* the empty set in a list that a user writes */
#define VAP_MASK_LIST_NONE "none"

/**
 * vap_mask_parse_list:
 * @text: "5,0xab,0x10-0x1f": numbers 0 to 255, decimal or hexadecimal with 0x, and
 *   ranges; or %VAP_MASK_LIST_NONE.  A leading zero is refused where the bases differ.
 *
 * Returns: FALSE with %VAP_ERROR_MALFORMED, naming the text; @mask is unchanged then
 */
gboolean vap_mask_parse_list (const char *text, VapMask *mask,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * vap_mask_change:
 * @text: as for vap_mask_parse_list(), which replaces the set, or with a sign before
 *   each number or range, "+7,-5,-0x10-0x1f", which adds to it and takes from it in
 *   that order
 */
gboolean vap_mask_change (VapMask *mask, const char *text,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* the set as vap_mask_parse_list() takes it: "5,7-9", decimal; free with g_free() */
char *vap_mask_to_numbers (const VapMask *mask);

G_END_DECLS
