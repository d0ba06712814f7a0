/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the fields mean: the states that there are, with their numbers, and the devices
 * with their guests, in as many columns as fit.
 */
#include "config.h"

#include <glib/gi18n.h>

#include "plot.h"

#define LEFT 24.0
#define LINE 18.0
#define SWATCH 12.0
#define SIZE 12.0
#define COLUMN 400.0
#define SPACE 12.0
#define DEVICES_MAX 120u /* more are counted */

static guint
n_columns (const Plot *plot)
{
  return MAX ((guint) ((plot->width - 2 * LEFT) / COLUMN), 1);
}

static guint
rows_of (const Plot *plot, guint n)
{
  guint columns = n_columns (plot);

  return (n + columns - 1) / columns;
}

static gboolean
has_entry (const Plot *plot, guint state)
{
  return plot->map->counts[state] > 0 || state == QUEUE_HOST || state == QUEUE_FREE;
}

static guint
count_states (const Plot *plot)
{
  guint n = 0;

  for (guint state = 0; state < N_QUEUE_STATES; state++)
    n += has_entry (plot, state);
  return n;
}

static guint
count_shown (const Plot *plot)
{
  return MIN (plot->map->n_active, DEVICES_MAX);
}

double
legend_height (const Plot *plot)
{
  guint shown = count_shown (plot);
  double height = rows_of (plot, count_states (plot)) * LINE;

  if (shown > 0)
    height += SPACE + LINE + rows_of (plot, shown) * LINE;
  if (plot->map->n_active > shown)
    height += LINE;
  return height;
}

/* the upper left corner of an entry; entries run down the columns */
static void
entry_place (const Plot *plot, double top, guint index, guint n, double *x, double *y)
{
  guint rows = rows_of (plot, n);

  *x = LEFT + index / rows * COLUMN;
  *y = top + index % rows * LINE;
}

static void
draw_states (const Plot *plot, cairo_t *cairo)
{
  guint n = count_states (plot), index = 0;

  for (guint state = 0; state < N_QUEUE_STATES; state++) {
    g_autofree char *text = NULL;
    double x, y;

    if (!has_entry (plot, state))
      continue;
    entry_place (plot, plot->legend, index++, n, &x, &y);
    cell_draw (cairo, (QueueState) state, 0, x, y, SWATCH);
    cairo_set_source_rgb (cairo, 0, 0, 0);
    text = g_strdup_printf ("%u  %s", plot->map->counts[state], queue_state_text (state));
    draw_text (cairo, x + SWATCH + 8, y + SWATCH - 2, SIZE, TEXT_LEFT, text);
  }
}

/* "web1 (running), 12 queues, device 62177883…8801" */
static char *
device_text (const VapHost *host, const VapHostDevice *device)
{
  gboolean running = FALSE;
  const VapHostGuest *guest = vap_host_holder (host, device->uuid, NULL, &running);
  g_autofree char *uuid = g_strdup_printf ("%.8s…%s", device->uuid, device->uuid + 32);
  g_autofree char *name = guest != NULL ? g_utf8_make_valid (guest->name, -1) : NULL;
  guint count = vap_matrix_count_queues (&device->matrix);

  for (char *at = name; at != NULL && *at != '\0'; at++) {
    if (g_ascii_iscntrl (*at))
      *at = '?';
  }
  if (guest == NULL)
    return g_strdup_printf (_ ("no guest, %u queues, device %s"), count, uuid);
  if (running)
    return g_strdup_printf (_ ("%s (running), %u queues, device %s"), name, count, uuid);
  return g_strdup_printf (_ ("%s (defined), %u queues, device %s"), name, count, uuid);
}

static void
draw_device (const Plot *plot, cairo_t *cairo, guint index, double top)
{
  const VapHostDevice *device = plot->map->host->devices->pdata[index];
  guint ordinal = plot->map->ordinals[index];
  g_autofree char *mark = cell_device_mark (ordinal);
  g_autofree char *text = device_text (plot->map->host, device);
  g_autofree char *fitted = fit_text (SIZE, COLUMN - SWATCH - 48, text);
  double x, y;

  entry_place (plot, top, ordinal, count_shown (plot), &x, &y);
  cell_draw (cairo, QUEUE_DEVICE, ordinal, x, y, SWATCH);
  cairo_set_source_rgb (cairo, 0, 0, 0);
  draw_text (cairo, x + SWATCH + 8, y + SWATCH - 2, SIZE, TEXT_LEFT, mark);
  draw_text (cairo, x + SWATCH + 32, y + SWATCH - 2, SIZE, TEXT_LEFT, fitted);
}

void
legend_draw (const Plot *plot, cairo_t *cairo)
{
  guint shown = count_shown (plot);
  double top = plot->legend + rows_of (plot, count_states (plot)) * LINE + SPACE + LINE;

  draw_states (plot, cairo);
  if (shown == 0)
    return;
  cairo_set_source_rgb (cairo, 0, 0, 0);
  draw_text_bold (cairo, LEFT, top - 6, SIZE, _ ("Devices and their guests"));
  for (guint i = 0; i < plot->map->host->devices->len; i++) {
    const VapHostDevice *device = plot->map->host->devices->pdata[i];

    if (device->active && plot->map->ordinals[i] < shown)
      draw_device (plot, cairo, i, top);
  }
  if (plot->map->n_active > shown) {
    g_autofree char *text =
        g_strdup_printf (_ ("and %u devices more"), plot->map->n_active - shown);

    draw_text (cairo, LEFT, top + rows_of (plot, shown) * LINE + SWATCH - 2, SIZE,
               TEXT_LEFT, text);
  }
}
