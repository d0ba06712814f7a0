/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Text for the terminal: names that cannot do harm, short lists of numbers.
 */
#pragma once

#include "ap/mask.h"

G_BEGIN_DECLS

/* Names come from XML that anyone wrote: what a terminal would obey, or what
 * would change the order or the line of the text, is shown as an escape
 * ("\x1b", "\u202e").  Bytes that are no UTF-8 become U+FFFD.  Free with g_free(). */
char *text_escape (const char *text);

/* "05, 06, 08-0b": numbers with @digits hexadecimal digits, three and more in a
 * row as a range; "-" for none.  Free with g_free(). */
char *text_ranges (const VapMask *mask, guint digits);

/* @text as a word of a shell, quoted if it has to be; free with g_free() */
char *text_shell_word (const char *text);

/* how many single insertions, deletions and replacements make @b of @a */
guint text_distance (const char *a, const char *b);

G_END_DECLS
