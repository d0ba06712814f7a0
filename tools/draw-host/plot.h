/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The picture of a host for a document or a ticket: adapters down, usage domains across,
 * a field for each queue, and below it what the fields mean.
 */
#pragma once

#include <cairo.h>

#include "virt-ap/queues.h"

G_BEGIN_DECLS

typedef struct {
  const QueueMap *map;
  const char *title;
  const char *subtitle;
  guint *rows; /* the adapters */
  guint n_rows;
  guint *columns; /* the domains */
  guint n_columns;
  double *x; /* the left edges of the columns, n_columns + 1: the last is the right end */
  double *y; /* likewise of the rows */
  double cell;
  double legend; /* where the legend begins */
  double width;  /* of the whole, in points */
  double height;
} Plot;

/* @map, @title and @subtitle must outlive it */
Plot *plot_new (const QueueMap *map, const char *title, const char *subtitle);
void plot_free (Plot *plot);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Plot, plot_free)

void plot_draw (const Plot *plot, cairo_t *cairo);

/* cell.c */

/* the field of a queue, which is @size wide and high; @device counts the active ones */
void cell_draw (cairo_t *cairo, QueueState state, guint device, double x, double y,
                double size);
/* @n small fields beside each other, @pitch apart; FALSE when it is no state that is drawn
 * so, and nothing was done */
gboolean cell_draw_run (cairo_t *cairo, QueueState state, guint device, double x,
                        double y, double pitch, guint n);
/* the letter of an active device, A to Z, then A1 to Z1 and so on; free with g_free() */
char *cell_device_mark (guint device);
/* a field of the device's colour around @x and @y, under text */
void cell_fill_plate (cairo_t *cairo, guint device, double x, double y, double width,
                      double height);
/* sets a colour in which text on the device's field can be read */
void cell_set_text_color (cairo_t *cairo, guint device);

/* legend.c */

/* its height, and its drawing with the upper edge at plot->legend */
double legend_height (const Plot *plot);
void legend_draw (const Plot *plot, cairo_t *cairo);

/* text.c: in a size, with its baseline at @y */
typedef enum { TEXT_LEFT, TEXT_RIGHT, TEXT_CENTER } TextAlign;
void draw_text (cairo_t *cairo, double x, double y, double size, TextAlign align,
                const char *text);
void draw_text_bold (cairo_t *cairo, double x, double y, double size, const char *text);
/* upwards, ending or centred at @y */
void draw_text_upwards (cairo_t *cairo, double x, double y, double size, TextAlign align,
                        const char *text);
/* cut with an ellipsis where it would be wider than @width; free with g_free() */
char *fit_text (double size, double width, const char *text);

G_END_DECLS
