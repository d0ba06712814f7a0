/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What goes to standard output: gathered, then written whole with its errors
 * seen; plain or coloured, UTF-8 or ASCII, as wide as the terminal.
 */
#pragma once

#include <glib.h>

#include "json/writer.h"

G_BEGIN_DECLS

typedef enum {
  COLOR_AUTO, /* on a terminal that can, unless NO_COLOR is set */
  COLOR_ALWAYS,
  COLOR_NEVER,
} ColorWhen;

typedef enum {
  STYLE_PLAIN,
  STYLE_TITLE,
  STYLE_DIM,
  STYLE_GOOD,
  STYLE_CAUTION,
  STYLE_BAD,
  STYLE_PALETTE, /* this and the N_PALETTE - 1 after it: colours that only tell apart */
} Style;

#define N_PALETTE 6u

typedef struct {
  GString *text; /* UTF-8 */
  gboolean color;
  gboolean utf8;
  guint width; /* columns, 40 and more */
} Output;

void output_init (Output *output, ColorWhen when);
void output_clear (Output *output);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Output, output_clear)

void output_add (Output *output, const char *format, ...) G_GNUC_PRINTF (2, 3);
void output_styled (Output *output, Style style, const char *text);

/**
 * output_wrapped:
 * @column: where the line stands already, and where the following ones begin
 *
 * Adds @text, broken between words at the width, and a newline.
 */
void output_wrapped (Output *output, guint column, const char *text);

/* the document as JSON, always UTF-8, and a newline */
void output_json (Output *output, const VapJson *json);

/**
 * output_flush:
 *
 * Writes and forgets what was gathered.
 *
 * Returns: @status, or STATUS_UNJUDGED after telling so when it could not be
 *   written: an answer nobody got is none
 */
int output_flush (Output *output, int status);

/* as output_flush(), to @file, which is whole or as it was before; NULL and "-" are
 * standard output */
int output_save (Output *output, const char *file, int status);

/* "virt-ap: MESSAGE" on standard error, its control characters escaped */
void report (const char *format, ...) G_GNUC_PRINTF (1, 2);

G_END_DECLS
