/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Text in the picture, by cairo's own simple interface: short names and numbers.
 */
#include <math.h>
#include <string.h>

#include "plot.h"

#define FAMILY "sans-serif"

static double
text_width (cairo_t *cairo, const char *text)
{
  cairo_text_extents_t extents;

  cairo_text_extents (cairo, text, &extents);
  return extents.x_advance;
}

static double
offset (cairo_t *cairo, TextAlign align, const char *text)
{
  if (align == TEXT_LEFT)
    return 0;
  return align == TEXT_RIGHT ? text_width (cairo, text) : text_width (cairo, text) / 2;
}

static void
choose_font (cairo_t *cairo, double size, cairo_font_weight_t weight)
{
  cairo_select_font_face (cairo, FAMILY, CAIRO_FONT_SLANT_NORMAL, weight);
  cairo_set_font_size (cairo, size);
}

void
draw_text (cairo_t *cairo, double x, double y, double size, TextAlign align,
           const char *text)
{
  choose_font (cairo, size, CAIRO_FONT_WEIGHT_NORMAL);
  cairo_move_to (cairo, x - offset (cairo, align, text), y);
  cairo_show_text (cairo, text);
}

void
draw_text_bold (cairo_t *cairo, double x, double y, double size, const char *text)
{
  choose_font (cairo, size, CAIRO_FONT_WEIGHT_BOLD);
  cairo_move_to (cairo, x, y);
  cairo_show_text (cairo, text);
}

void
draw_text_upwards (cairo_t *cairo, double x, double y, double size, TextAlign align,
                   const char *text)
{
  choose_font (cairo, size, CAIRO_FONT_WEIGHT_NORMAL);
  cairo_save (cairo);
  cairo_translate (cairo, x, y);
  cairo_rotate (cairo, -G_PI_2);
  cairo_move_to (cairo, -offset (cairo, align, text), 0);
  cairo_show_text (cairo, text);
  cairo_restore (cairo);
}

char *
fit_text (double size, double width, const char *text)
{
  cairo_surface_t *surface = cairo_image_surface_create (CAIRO_FORMAT_A8, 1, 1);
  cairo_t *cairo = cairo_create (surface);
  g_autoptr (GString) fitted = g_string_new (text);

  choose_font (cairo, size, CAIRO_FONT_WEIGHT_NORMAL);
  for (glong length = g_utf8_strlen (text, -1);
       length > 1 && text_width (cairo, fitted->str) > width; length--) {
    g_autofree char *part = g_utf8_substring (text, 0, length - 1);

    g_string_printf (fitted, "%s…", part);
  }
  cairo_destroy (cairo);
  cairo_surface_destroy (surface);
  return g_string_free (g_steal_pointer (&fitted), FALSE);
}
