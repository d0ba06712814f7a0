/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Sets of 256 numbers in machine words, for the planner's inner loops alone; everyone
 * else has VapMask.  Private to plan/.
 */
#pragma once

#include "ap/mask.h"

G_BEGIN_DECLS

typedef struct {
  guint64 w[4]; /* number n is bit n % 64 of w[n / 64], on every machine */
} Bits;

static inline gboolean
bits_test (const Bits *a, guint n)
{
  return a->w[n / 64] >> (n % 64) & 1;
}

static inline void
bits_set (Bits *a, guint n)
{
  a->w[n / 64] |= G_GUINT64_CONSTANT (1) << (n % 64);
}

static inline void
bits_clear (Bits *a, guint n)
{
  a->w[n / 64] &= ~(G_GUINT64_CONSTANT (1) << (n % 64));
}

static inline Bits
bits_and (const Bits *a, const Bits *b)
{
  return (Bits){ { a->w[0] & b->w[0], a->w[1] & b->w[1], a->w[2] & b->w[2],
                   a->w[3] & b->w[3] } };
}

static inline Bits
bits_or (const Bits *a, const Bits *b)
{
  return (Bits){ { a->w[0] | b->w[0], a->w[1] | b->w[1], a->w[2] | b->w[2],
                   a->w[3] | b->w[3] } };
}

static inline Bits
bits_minus (const Bits *a, const Bits *b)
{
  return (Bits){ { a->w[0] & ~b->w[0], a->w[1] & ~b->w[1], a->w[2] & ~b->w[2],
                   a->w[3] & ~b->w[3] } };
}

/* x86-64 without options has no instruction for it, and gcc would call a function */
static inline guint
bits_count_word (guint64 x)
{
  x -= x >> 1 & G_GUINT64_CONSTANT (0x5555555555555555);
  x = (x & G_GUINT64_CONSTANT (0x3333333333333333)) +
      (x >> 2 & G_GUINT64_CONSTANT (0x3333333333333333));
  x = (x + (x >> 4)) & G_GUINT64_CONSTANT (0x0f0f0f0f0f0f0f0f);
  return (guint) (x * G_GUINT64_CONSTANT (0x0101010101010101) >> 56);
}

static inline guint
bits_count (const Bits *a)
{
  guint count = bits_count_word (a->w[0]);

  /* few hosts have more than 64 adapters or domains */
  if ((a->w[1] | a->w[2] | a->w[3]) != 0)
    count += bits_count_word (a->w[1]) + bits_count_word (a->w[2]) +
             bits_count_word (a->w[3]);
  return count;
}

static inline gboolean
bits_is_empty (const Bits *a)
{
  return (a->w[0] | a->w[1] | a->w[2] | a->w[3]) == 0;
}

static inline gboolean
bits_equal (const Bits *a, const Bits *b)
{
  return a->w[0] == b->w[0] && a->w[1] == b->w[1] && a->w[2] == b->w[2] &&
         a->w[3] == b->w[3];
}

static inline gboolean
bits_intersect (const Bits *a, const Bits *b)
{
  return ((a->w[0] & b->w[0]) | (a->w[1] & b->w[1]) | (a->w[2] & b->w[2]) |
          (a->w[3] & b->w[3])) != 0;
}

/* whether all of @a is in @b */
static inline gboolean
bits_within (const Bits *a, const Bits *b)
{
  return ((a->w[0] & ~b->w[0]) | (a->w[1] & ~b->w[1]) | (a->w[2] & ~b->w[2]) |
          (a->w[3] & ~b->w[3])) == 0;
}

/* the first number at @from or above it; -1 when there is none */
static inline gint
bits_next (const Bits *a, guint from)
{
  for (guint i = from / 64; i < 4; i++) {
    guint64 word = a->w[i];

    if (i == from / 64)
      word &= ~G_GUINT64_CONSTANT (0) << (from % 64);
    if (word != 0)
      return (gint) (i * 64) + __builtin_ctzll (word);
  }
  return -1;
}

#define BITS_FOREACH(bits, n)                                                            \
  for (gint n = bits_next ((bits), 0); n >= 0;                                           \
       n = n < 255 ? bits_next ((bits), (guint) n + 1) : -1)

static inline Bits
bits_of_mask (const VapMask *mask)
{
  Bits bits = { { 0 } };

  for (guint i = 0; i < VAP_MASK_BYTES; i++) {
    for (guint byte = mask->bytes[i], n = 8 * i; byte != 0; byte = byte << 1 & 0xff, n++) {
      if (byte & 0x80)
        bits_set (&bits, n);
    }
  }
  return bits;
}

static inline Bits
bits_all (void)
{
  guint64 ones = ~G_GUINT64_CONSTANT (0);

  return (Bits){ { ones, ones, ones, ones } };
}

static inline VapMask
bits_to_mask (const Bits *bits)
{
  VapMask mask = { { 0 } };

  BITS_FOREACH (bits, n)
    vap_mask_set (&mask, (guint) n);
  return mask;
}

G_END_DECLS
