/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The field of one queue.  Devices have colours that also people with a colour vision
 * deficiency tell apart; what is no device differs by shade and shape, not by colour.
 * Source: M. Okabe and K. Ito, "Color Universal Design", 2008, for the seven colours
 */
#include "plot.h"

typedef struct {
  double red, green, blue;
} Color;

static const Color colors[] = {
  { 0.90, 0.62, 0.00 }, /* orange */
  { 0.34, 0.71, 0.91 }, /* sky blue */
  { 0.00, 0.62, 0.45 }, /* bluish green */
  { 0.94, 0.89, 0.26 }, /* yellow */
  { 0.00, 0.45, 0.70 }, /* blue */
  { 0.84, 0.37, 0.00 }, /* vermilion */
  { 0.80, 0.47, 0.65 }, /* reddish purple */
};

/* further devices have the same colours, lighter and darker */
static const double shades[] = { 0, 0.45, -0.35 };

static const Color ink = { 0.25, 0.25, 0.25 };
static const Color faint = { 0.8, 0.8, 0.8 };
static const Color host_gray = { 0.68, 0.68, 0.68 };
static const Color nothing = { 0.955, 0.955, 0.955 };

/* below this size a shape inside a field is a blot */
#define SHAPE_MIN 8

static double
shade (double part, double by)
{
  return by >= 0 ? part + (1 - part) * by : part * (1 + by);
}

static Color
device_color (guint device)
{
  Color color = colors[device % G_N_ELEMENTS (colors)];
  double by = shades[device / G_N_ELEMENTS (colors) % G_N_ELEMENTS (shades)];

  return (Color){ shade (color.red, by), shade (color.green, by),
                  shade (color.blue, by) };
}

static void
set_color (cairo_t *cairo, Color color)
{
  cairo_set_source_rgb (cairo, color.red, color.green, color.blue);
}

void
cell_set_text_color (cairo_t *cairo, guint device)
{
  Color color = device_color (device);
  double luminance = 0.21 * color.red + 0.72 * color.green + 0.07 * color.blue;

  if (luminance > 0.45)
    cairo_set_source_rgb (cairo, 0, 0, 0);
  else
    cairo_set_source_rgb (cairo, 1, 1, 1);
}

void
cell_fill_plate (cairo_t *cairo, guint device, double x, double y, double width,
                 double height)
{
  set_color (cairo, device_color (device));
  cairo_rectangle (cairo, x - width / 2, y - height / 2, width, height);
  cairo_fill (cairo);
}

char *
cell_device_mark (guint device)
{
  guint round = device / 26;

  return round == 0 ? g_strdup_printf ("%c", 'A' + (char) device)
                    : g_strdup_printf ("%c%u", 'A' + (char) (device % 26), round);
}

static void
fill (cairo_t *cairo, Color color, double x, double y, double size)
{
  set_color (cairo, color);
  cairo_rectangle (cairo, x, y, size, size);
  cairo_fill (cairo);
}

static void
outline (cairo_t *cairo, double x, double y, double size)
{
  double line = size < SHAPE_MIN ? 0.5 : 1;

  /* thousands of dark lines would look as gray as the host's fields */
  set_color (cairo, size < SHAPE_MIN ? faint : ink);
  cairo_set_line_width (cairo, line);
  cairo_rectangle (cairo, x + line / 2, y + line / 2, size - line, size - line);
  cairo_stroke (cairo);
}

static void
lower_half (cairo_t *cairo, double x, double y, double size)
{
  set_color (cairo, ink);
  cairo_move_to (cairo, x, y + size);
  cairo_line_to (cairo, x + size, y + size);
  cairo_line_to (cairo, x + size, y);
  cairo_close_path (cairo);
  cairo_fill (cairo);
}

static void
cross (cairo_t *cairo, double x, double y, double size)
{
  set_color (cairo, ink);
  cairo_set_line_width (cairo, size < SHAPE_MIN ? 0.8 : 1.5);
  cairo_move_to (cairo, x, y);
  cairo_line_to (cairo, x + size, y + size);
  cairo_move_to (cairo, x + size, y);
  cairo_line_to (cairo, x, y + size);
  cairo_stroke (cairo);
}

/* stripes that let the device's colour through */
static void
stripes (cairo_t *cairo, double x, double y, double size)
{
  double step = size < SHAPE_MIN ? size / 2 : size / 3;

  cairo_save (cairo);
  cairo_rectangle (cairo, x, y, size, size);
  cairo_clip (cairo);
  cairo_set_source_rgb (cairo, 1, 1, 1);
  cairo_set_line_width (cairo, step / 2);
  for (double at = 0; at <= 2 * size; at += step) {
    cairo_move_to (cairo, x + at - size, y + size);
    cairo_line_to (cairo, x + at, y);
  }
  cairo_stroke (cairo);
  cairo_restore (cairo);
}

void
cell_draw (cairo_t *cairo, QueueState state, guint device, double x, double y,
           double size)
{
  static const Color white = { 1, 1, 1 };

  switch (state) {
  case QUEUE_HOST:
    fill (cairo, host_gray, x, y, size);
    return;
  case QUEUE_FREE:
    fill (cairo, white, x, y, size);
    outline (cairo, x, y, size);
    return;
  case QUEUE_CLAIMED:
    fill (cairo, white, x, y, size);
    lower_half (cairo, x, y, size);
    outline (cairo, x, y, size);
    return;
  case QUEUE_UNBOUND:
    fill (cairo, white, x, y, size);
    cross (cairo, x, y, size);
    return;
  case QUEUE_DEVICE:
    fill (cairo, device_color (device), x, y, size);
    return;
  case QUEUE_WITHHELD:
    fill (cairo, device_color (device), x, y, size);
    stripes (cairo, x, y, size);
    return;
  case QUEUE_NONE:
  case N_QUEUE_STATES:
  default:
    fill (cairo, nothing, x, y, size);
    return;
  }
}

/* between fields that are that small */
#define RUN_GAP 0.5

/* @n lines from the top to the bottom, as one path */
static void
strokes (cairo_t *cairo, double x, double y, double pitch, guint n)
{
  for (guint k = 0; k < n; k++) {
    cairo_move_to (cairo, x + k * pitch, y);
    cairo_line_to (cairo, x + k * pitch, y + pitch - RUN_GAP);
  }
}

gboolean
cell_draw_run (cairo_t *cairo, QueueState state, guint device, double x, double y,
               double pitch, guint n)
{
  static const Color white = { 1, 1, 1 };
  double width = n * pitch - RUN_GAP, height = pitch - RUN_GAP;

  if (state != QUEUE_HOST && state != QUEUE_FREE && state != QUEUE_DEVICE &&
      state != QUEUE_NONE)
    return FALSE;
  cairo_set_line_width (cairo, RUN_GAP);
  if (state == QUEUE_FREE) {
    set_color (cairo, faint);
    cairo_rectangle (cairo, x + RUN_GAP / 2, y + RUN_GAP / 2, width - RUN_GAP,
                     height - RUN_GAP);
    strokes (cairo, x + pitch - RUN_GAP / 2, y, pitch, n - 1);
    cairo_stroke (cairo);
    return TRUE;
  }
  set_color (cairo, state == QUEUE_HOST   ? host_gray
                    : state == QUEUE_NONE ? nothing
                                          : device_color (device));
  cairo_rectangle (cairo, x, y, width, height);
  cairo_fill (cairo);
  set_color (cairo, white);
  strokes (cairo, x + pitch - RUN_GAP / 2, y, pitch, n - 1);
  cairo_stroke (cairo);
  return TRUE;
}
