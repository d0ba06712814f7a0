/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The picture's layout and its grid.  The size of a field follows from how many there
 * are: a few are large with their device's letter in them, 256 times 256 are small and
 * every sixteenth has its number.
 */
#include "config.h"

#include "plot.h"

#include <glib/gi18n.h>
#include <math.h>

#define MARGIN 24.0
#define GRID_WIDTH 1280.0 /* that all columns together should not exceed */
#define CELL_MIN 5.0
#define CELL_MAX 26.0
#define ROW_NAMES 96.0 /* "05 CEX7C", and the axis' name */
#define HEAD 112.0     /* title, axis' name, numbers of domains */
#define GROUP 16u      /* numbers that stand together */
#define WIDTH_MIN 460.0
#define LABEL_SIZE 10.0
#define LETTER_MIN 11.0 /* a smaller field has no letter */

static guint
take_numbers (const VapMask *mask, guint **numbers)
{
  guint n = 0;

  *numbers = g_new (guint, VAP_MASK_BITS);
  VAP_MASK_FOREACH (mask, bit) {
    (*numbers)[n++] = (guint) bit;
  }
  return n;
}

/* the edges, with a gap between groups */
static double *
place (const guint *numbers, guint n, double start, double cell)
{
  double *edges = g_new (double, n + 1);
  double gap = MAX (cell / 4, 2);

  for (guint i = 0; i < n; i++) {
    if (i > 0 && numbers[i] / GROUP != numbers[i - 1] / GROUP)
      start += gap;
    edges[i] = start;
    start += cell;
  }
  edges[n] = start;
  return edges;
}

Plot *
plot_new (const QueueMap *map, const char *title, const char *subtitle)
{
  Plot *plot = g_new0 (Plot, 1);

  plot->map = map;
  plot->title = title;
  plot->subtitle = subtitle;
  plot->n_rows = take_numbers (&map->adapters, &plot->rows);
  plot->n_columns = take_numbers (&map->domains, &plot->columns);
  plot->cell = CLAMP (floor (GRID_WIDTH / MAX (plot->n_columns, plot->n_rows)), CELL_MIN,
                      CELL_MAX);
  plot->x = place (plot->columns, plot->n_columns, MARGIN + ROW_NAMES, plot->cell);
  plot->y = place (plot->rows, plot->n_rows, MARGIN + HEAD, plot->cell);
  plot->width = MAX (plot->x[plot->n_columns] + MARGIN, WIDTH_MIN);
  plot->legend = plot->y[plot->n_rows] + MARGIN;
  plot->height = plot->legend + legend_height (plot) + MARGIN;
  return plot;
}

void
plot_free (Plot *plot)
{
  g_free (plot->rows);
  g_free (plot->columns);
  g_free (plot->x);
  g_free (plot->y);
  g_free (plot);
}

/* whether the number has room beside its neighbours: each one, or the first of each
 * part of a group */
static gboolean
has_label (const Plot *plot, const guint *numbers, guint index)
{
  guint step = 1;

  while (step < GROUP && step * plot->cell < LABEL_SIZE + 2)
    step *= 2;
  return numbers[index] % step == 0 || index == 0;
}

static void
draw_head (const Plot *plot, cairo_t *cairo)
{
  double middle = (plot->x[0] + plot->x[plot->n_columns]) / 2;

  draw_text_bold (cairo, MARGIN, MARGIN + 16, 18, plot->title);
  cairo_set_source_rgb (cairo, 0.35, 0.35, 0.35);
  draw_text (cairo, MARGIN, MARGIN + 36, 12, TEXT_LEFT, plot->subtitle);
  cairo_set_source_rgb (cairo, 0, 0, 0);
  if (plot->n_columns == 0 || plot->n_rows == 0) {
    draw_text (cairo, MARGIN, MARGIN + HEAD - 24, 14, TEXT_LEFT,
               _ ("This host has no AP queues."));
    return;
  }
  draw_text (cairo, MAX (middle, plot->x[0] + 80), MARGIN + HEAD - 44, 12, TEXT_CENTER,
             _ ("usage domain (hexadecimal)"));
  draw_text_upwards (cairo, MARGIN + 10, (plot->y[0] + plot->y[plot->n_rows]) / 2, 12,
                     TEXT_CENTER, _ ("adapter"));
}

static void
draw_column_names (const Plot *plot, cairo_t *cairo)
{
  for (guint i = 0; i < plot->n_columns; i++) {
    double middle = plot->x[i] + plot->cell / 2;
    gboolean is_absent = vap_mask_test (&plot->map->absent_domains, plot->columns[i]);
    char number[8];

    if (!has_label (plot, plot->columns, i))
      continue;
    g_snprintf (number, sizeof number, is_absent ? "(%04x)" : "%04x", plot->columns[i]);
    draw_text_upwards (cairo, middle + LABEL_SIZE * 0.36, plot->y[0] - 6, LABEL_SIZE,
                       TEXT_LEFT, number);
  }
}

static void
draw_row_names (const Plot *plot, cairo_t *cairo)
{
  for (guint i = 0; i < plot->n_rows; i++) {
    const VapCard *card = queue_map_card (plot->map, plot->rows[i]);
    g_autofree char *type =
        g_utf8_make_valid (card != NULL && card->type != NULL ? card->type : "", -1);
    gboolean is_absent = vap_mask_test (&plot->map->absent_adapters, plot->rows[i]);
    g_autofree char *name =
        g_strdup_printf (is_absent ? "(%02x) %s" : "%02x %s", plot->rows[i], type);
    g_autofree char *fitted = fit_text (LABEL_SIZE, ROW_NAMES - 24, g_strchomp (name));

    if (has_label (plot, plot->rows, i))
      draw_text (cairo, plot->x[0] - 6, plot->y[i] + plot->cell / 2 + LABEL_SIZE * 0.36,
                 LABEL_SIZE, TEXT_RIGHT, fitted);
  }
}

/* small where the guest does not get the queue, as in virt-ap status */
static void
draw_mark (const Plot *plot, cairo_t *cairo, guint row, guint column, guint device,
           gboolean is_withheld)
{
  g_autofree char *capital = cell_device_mark (device);
  g_autofree char *mark = is_withheld ? g_ascii_strdown (capital, -1) : NULL;
  double size = MIN (plot->cell * 0.62, 14) / (capital[1] != '\0' ? 1.5 : 1);

  if (is_withheld)
    cairo_set_source_rgb (cairo, 0, 0, 0);
  else
    cell_set_text_color (cairo, device);
  draw_text (cairo, plot->x[column] + plot->cell / 2,
             plot->y[row] + plot->cell / 2 + size * 0.36, size, TEXT_CENTER,
             is_withheld ? mark : capital);
}

static void
draw_queue (const Plot *plot, cairo_t *cairo, guint row, guint column)
{
  const QueueCell *cell = &plot->map->cells[plot->rows[row]][plot->columns[column]];
  double gap = plot->cell < LETTER_MIN ? 0.5 : 1;
  guint device = 0;

  if (cell->state == QUEUE_DEVICE || cell->state == QUEUE_WITHHELD)
    device = plot->map->ordinals[cell->device];
  cell_draw (cairo, (QueueState) cell->state, device, plot->x[column], plot->y[row],
             plot->cell - gap);
  if (plot->cell < LETTER_MIN)
    return;
  if (cell->state == QUEUE_DEVICE)
    draw_mark (plot, cairo, row, column, device, FALSE);
  else if (cell->state == QUEUE_WITHHELD)
    draw_mark (plot, cairo, row, column, device, TRUE);
}

/* a run of neighbours in @mask among @numbers */
typedef struct {
  guint first;
  guint n;
} Run;

static Run
longest_run (const guint *numbers, guint n, const VapMask *mask)
{
  Run longest = { 0, 0 };
  Run run = { 0, 0 };

  for (guint i = 0; i < n; i++) {
    if (!vap_mask_test (mask, numbers[i])) {
      run.n = 0;
      continue;
    }
    if (run.n == 0)
      run.first = i;
    run.n++;
    if (run.n > longest.n)
      longest = run;
  }
  return longest;
}

/* of a letter, or two, in a field that is hardly larger */
#define TAG_SIZE 9.0
/* beside each other, so many narrow devices have their tags one below the other */
#define TAG_STEPS 4u

/* the middle of the run's fields; @edges: where they begin */
static double
middle_of (const Plot *plot, const double *edges, const Run *run)
{
  return (edges[run->first] + edges[run->first + run->n - 1] + plot->cell) / 2;
}

/* Where a tag on a run of @along fields stands, of a device that is too narrow for it:
 * neighbours' tags are not beside each other. */
static double
stagger (const Plot *plot, const double *edges, const Run *along, guint across)
{
  double room = along->n * plot->cell;
  double step = MIN (TAG_SIZE + 3, room / (TAG_STEPS + 1));

  return middle_of (plot, edges, along) +
         ((double) (across % TAG_STEPS) - (TAG_STEPS - 1) / 2.0) * step;
}

/* a mark on a plate of its device's colour, so that neither gaps nor neighbours are
 * between its strokes */
static void
draw_tag (cairo_t *cairo, guint device, double x, double y, double size)
{
  g_autofree char *mark = cell_device_mark (device);

  cell_fill_plate (cairo, device, x, y, size * (mark[1] != '\0' ? 1.45 : 1.0),
                   size * 1.1);
  cell_set_text_color (cairo, device);
  draw_text (cairo, x, y + size * 0.36, size, TEXT_CENTER, mark);
}

/* Where the fields are too small for a letter, a device has one in the middle of its
 * largest block, or on it where it is narrow. */
static void
draw_block_marks (const Plot *plot, cairo_t *cairo)
{
  const QueueMap *map = plot->map;

  for (guint i = 0; i < map->host->devices->len; i++) {
    const VapHostDevice *device = map->host->devices->pdata[i];
    Run rows = longest_run (plot->rows, plot->n_rows, &map->effective[i].adapters);
    Run columns =
        longest_run (plot->columns, plot->n_columns, &map->effective[i].domains);
    double room = MIN (rows.n, columns.n) * plot->cell;
    double size = MIN (room * 0.8, 28);
    double x, y;

    if (!device->active || rows.n == 0 || columns.n == 0)
      continue;
    x = middle_of (plot, plot->x, &columns);
    y = middle_of (plot, plot->y, &rows);
    if (room < LETTER_MIN && columns.n <= rows.n)
      y = stagger (plot, plot->y, &rows, columns.first);
    else if (room < LETTER_MIN)
      x = stagger (plot, plot->x, &columns, rows.first);
    draw_tag (cairo, map->ordinals[i], x, y,
              room < LETTER_MIN        ? TAG_SIZE
              : map->ordinals[i] >= 26 ? size / 1.5
                                       : size);
  }
}

static const QueueCell *
cell_at (const Plot *plot, guint row, guint column)
{
  return &plot->map->cells[plot->rows[row]][plot->columns[column]];
}

/* Small fields are drawn many at once: the picture of 65,536 queues would be 25 MB else.
 */
static void
draw_row_of_runs (const Plot *plot, cairo_t *cairo, guint row)
{
  for (guint column = 0, n; column < plot->n_columns; column += n) {
    const QueueCell *first = cell_at (plot, row, column);
    guint device = first->state == QUEUE_DEVICE ? plot->map->ordinals[first->device] : 0;

    for (n = 1; column + n < plot->n_columns; n++) {
      const QueueCell *next = cell_at (plot, row, column + n);

      if (next->state != first->state || next->device != first->device ||
          plot->columns[column + n] / GROUP != plot->columns[column] / GROUP)
        break;
    }
    if (cell_draw_run (cairo, (QueueState) first->state, device, plot->x[column],
                       plot->y[row], plot->cell, n))
      continue;
    for (guint k = 0; k < n; k++)
      draw_queue (plot, cairo, row, column + k);
  }
}

void
plot_draw (const Plot *plot, cairo_t *cairo)
{
  cairo_set_source_rgb (cairo, 1, 1, 1);
  cairo_paint (cairo);
  cairo_set_source_rgb (cairo, 0, 0, 0);
  draw_head (plot, cairo);
  if (plot->n_columns > 0 && plot->n_rows > 0) {
    draw_column_names (plot, cairo);
    draw_row_names (plot, cairo);
  }
  for (guint row = 0; row < plot->n_rows; row++) {
    if (plot->cell < LETTER_MIN)
      draw_row_of_runs (plot, cairo, row);
    for (guint column = 0; plot->cell >= LETTER_MIN && column < plot->n_columns; column++)
      draw_queue (plot, cairo, row, column);
  }
  if (plot->cell < LETTER_MIN)
    draw_block_marks (plot, cairo);
  legend_draw (plot, cairo);
}
