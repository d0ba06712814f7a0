/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The picture of `virt-ap status`: adapters down, domains across, a mark for who
 * holds each queue.
 */
#include "config.h"

#include "picture.h"

#include <glib/gi18n.h>
#include <string.h>

#include "text.h"

/* A small letter is a queue that its device does not pass on, so the marks of the
 * other states are no letters. */
static const struct {
  const char *mark;
  const char *ascii;
  Style style;
} looks[N_QUEUE_STATES] = {
  [QUEUE_NONE] = { "–", "-", STYLE_DIM },
  [QUEUE_HOST] = { "▪", ".", STYLE_DIM },
  [QUEUE_FREE] = { "□", "+", STYLE_GOOD },
  [QUEUE_CLAIMED] = { "◧", "*", STYLE_CAUTION },
  [QUEUE_UNBOUND] = { "◇", "?", STYLE_BAD },
  [QUEUE_DEVICE] = { NULL, NULL, STYLE_PLAIN },
  [QUEUE_WITHHELD] = { NULL, NULL, STYLE_BAD },
};

typedef struct {
  const QueueMap *map;
  guint *columns; /* the domains */
  guint n_columns;
  guint indent;
  guint names;      /* width of the rows' names */
  guint types;      /* width of the cards' types */
  guint left;       /* where the cells begin */
  guint cell;       /* width of a cell, without a gap between groups */
  gboolean numbers; /* numbers across, as "0047", instead of digits downwards */
  gboolean fold;
} Layout;

typedef struct {
  guint first, last; /* adapters, equal in all that is shown */
} Row;

/* How many characters tell @n devices apart: a letter, then letters and digits. */
static guint
mark_width (guint n)
{
  guint width = 1;

  for (guint64 room = 26; room < n; room *= 36)
    width++;
  return width;
}

static char *
make_mark (guint ordinal, guint width)
{
  static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
  char *mark = g_new0 (char, width + 1);

  for (guint i = width; i-- > 1; ordinal /= 36)
    mark[i] = digits[ordinal % 36];
  mark[0] = (char) ('A' + ordinal);
  return mark;
}

static const char *
look_mark (const Output *output, QueueState state)
{
  return output->utf8 ? looks[state].mark : looks[state].ascii;
}

char *
picture_device_mark (const Output *output, const QueueMap *map, guint device)
{
  const VapHostDevice *held = g_ptr_array_index (map->host->devices, device);

  if (!held->active)
    return g_strdup (look_mark (output, QUEUE_CLAIMED));
  return make_mark (map->ordinals[device], mark_width (map->n_active));
}

Style
picture_device_style (const QueueMap *map, guint device)
{
  const VapHostDevice *held = g_ptr_array_index (map->host->devices, device);

  if (!held->active)
    return looks[QUEUE_CLAIMED].style;
  return (Style) (STYLE_PALETTE + map->ordinals[device] % N_PALETTE);
}

char *
picture_row_name (guint first, guint last)
{
  if (first == last)
    return g_strdup_printf ("%02x", first);
  return g_strdup_printf ("%02x-%02x", first, last);
}

/* what stands beside the adapter's number; at most 8 characters of a type that a
 * newer kernel may have invented.  Free with g_free(). */
static char *
row_type (const QueueMap *map, guint adapter)
{
  const VapCard *card = queue_map_card (map, adapter);
  g_autofree char *escaped = NULL;

  if (card != NULL && card->type != NULL) {
    escaped = text_escape (card->type);
    return g_utf8_substring (escaped, 0, MIN (8, g_utf8_strlen (escaped, -1)));
  }
  return g_strdup (vap_mask_test (&map->absent_adapters, adapter) ? _ ("absent") : "-");
}

static gboolean
rows_equal (const QueueMap *map, guint a, guint b)
{
  g_autofree char *type_a = row_type (map, a);
  g_autofree char *type_b = row_type (map, b);

  return g_str_equal (type_a, type_b) &&
         memcmp (map->cells[a], map->cells[b], sizeof map->cells[a]) == 0;
}

static Row
row_from (const Layout *layout, guint adapter)
{
  const QueueMap *map = layout->map;
  Row row = { adapter, adapter };

  while (layout->fold && vap_mask_test (&map->adapters, row.last + 1) &&
         rows_equal (map, adapter, row.last + 1))
    row.last++;
  return row;
}

/* a gap where the domain's first digit changes, so that columns can be counted */
static guint
gap_before (const Layout *layout, guint start, guint column)
{
  return !layout->numbers && column > start &&
         layout->columns[column] / 16 != layout->columns[column - 1] / 16;
}

/* where the block of columns from @start ends: as many as fit, whole groups if
 * there is one */
static guint
block_end (const Layout *layout, const Output *output, guint start)
{
  guint at = layout->left, whole = start;

  for (guint i = start; i < layout->n_columns; i++) {
    guint gap = gap_before (layout, start, i);

    if (gap > 0)
      whole = i;
    at += gap + layout->cell;
    if (at > output->width)
      return whole > start ? whole : MAX (i, start + 1);
  }
  return layout->n_columns;
}

/* the airiest of three layouts in which all domains stand in one block */
static void
choose_cells (Layout *layout, const Output *output)
{
  guint mark = mark_width (layout->map->n_active);

  layout->numbers = TRUE;
  layout->cell = MAX (mark, 4) + 1;
  if (block_end (layout, output, 0) == layout->n_columns)
    return;
  layout->numbers = FALSE;
  layout->cell = mark + 1;
  if (mark == 1 && block_end (layout, output, 0) < layout->n_columns)
    layout->cell = 1;
}

static void
layout_init (Layout *layout, const Output *output, const QueueMap *map)
{
  *layout = (Layout){ .map = map, .columns = g_new (guint, VAP_MASK_BITS) };
  VAP_MASK_FOREACH (&map->domains, domain) {
    layout->columns[layout->n_columns++] = (guint) domain;
  }
  layout->fold = vap_mask_count (&map->adapters) > PICTURE_ROWS;
  layout->names = layout->fold ? 5 : 2;
  /* without an indent, 64 domains stand beside "00-3f CEX7C" in 80 columns */
  layout->indent = layout->fold ? 0 : 2;
  VAP_MASK_FOREACH (&map->adapters, adapter) {
    g_autofree char *type = row_type (map, (guint) adapter);

    layout->types = MAX (layout->types, (guint) g_utf8_strlen (type, -1));
  }
  layout->left = layout->indent + layout->names + 1 + layout->types + 1;
  choose_cells (layout, output);
}

static void
add_blanks (Output *output, guint count)
{
  output_add (output, "%*s", (int) count, "");
}

/* one line over the columns: what printf makes of the domain and @format, moved
 * right by @shift bits; absent domains stand out */
static void
draw_heading (Output *output, const Layout *layout, guint start, guint end, guint digits,
              guint shift)
{
  add_blanks (output, layout->left);
  for (guint i = start; i < end; i++) {
    guint domain = layout->columns[i];
    gboolean absent = vap_mask_test (&layout->map->absent_domains, domain);
    guint number = digits == 1 ? (domain >> shift) & 0xf : domain;
    g_autofree char *text = g_strdup_printf ("%0*x", (int) digits, number);

    add_blanks (output, gap_before (layout, start, i) + layout->cell - digits);
    output_styled (output, absent ? STYLE_BAD : STYLE_DIM, text);
  }
  output_add (output, "\n");
}

static gboolean
has_absent (const Layout *layout, guint start, guint end)
{
  for (guint i = start; i < end; i++) {
    if (vap_mask_test (&layout->map->absent_domains, layout->columns[i]))
      return TRUE;
  }
  return FALSE;
}

static void
draw_absent (Output *output, const Layout *layout, guint start, guint end)
{
  guint blanks = layout->left;

  for (guint i = start; i < end; i++) {
    blanks += gap_before (layout, start, i) + layout->cell;
    if (!vap_mask_test (&layout->map->absent_domains, layout->columns[i]))
      continue;
    add_blanks (output, blanks - 1);
    output_styled (output, STYLE_BAD, "!");
    blanks = 0;
  }
  output_add (output, "\n");
}

static void
draw_cell (Output *output, const QueueMap *map, const QueueCell *cell, guint width)
{
  g_autofree char *mark = NULL;
  Style style = looks[cell->state].style;

  if (cell->state == QUEUE_DEVICE || cell->state == QUEUE_WITHHELD)
    mark = picture_device_mark (output, map, cell->device);
  else
    mark = g_strdup (look_mark (output, cell->state));
  if (cell->state == QUEUE_DEVICE)
    style = picture_device_style (map, cell->device);
  if (cell->state == QUEUE_WITHHELD)
    for (char *c = mark; *c != '\0'; c++)
      *c = g_ascii_tolower (*c);
  add_blanks (output, width - (guint) g_utf8_strlen (mark, -1));
  output_styled (output, style, mark);
}

static void
draw_row (Output *output, const Layout *layout, Row row, guint start, guint end)
{
  const QueueMap *map = layout->map;
  g_autofree char *name = picture_row_name (row.first, row.last);
  g_autofree char *type = row_type (map, row.first);
  gboolean absent = vap_mask_test (&map->absent_adapters, row.first);

  add_blanks (output, layout->indent);
  output_add (output, "%-*s ", (int) layout->names, name);
  output_styled (output, absent ? STYLE_BAD : STYLE_PLAIN, type);
  add_blanks (output, layout->types + 1 - (guint) g_utf8_strlen (type, -1));
  for (guint i = start; i < end; i++) {
    add_blanks (output, gap_before (layout, start, i));
    draw_cell (output, map, &map->cells[row.first][layout->columns[i]], layout->cell);
  }
  output_add (output, "\n");
}

static void
draw_block (Output *output, const Layout *layout, guint start, guint end)
{
  if (layout->numbers) {
    draw_heading (output, layout, start, end, 4, 0);
  } else {
    draw_heading (output, layout, start, end, 1, 4);
    draw_heading (output, layout, start, end, 1, 0);
  }
  if (has_absent (layout, start, end))
    draw_absent (output, layout, start, end);
  for (gint adapter = vap_mask_next (&layout->map->adapters, 0); adapter >= 0;) {
    Row row = row_from (layout, (guint) adapter);

    draw_row (output, layout, row, start, end);
    adapter = vap_mask_next (&layout->map->adapters, row.last + 1);
  }
  output_add (output, "\n");
}

/* the marks that stand for a state, "A-C" or "a-c" for those of devices */
static char *
legend_mark (const Output *output, const QueueMap *map, QueueState state)
{
  guint width = mark_width (map->n_active);
  g_autofree char *first = make_mark (0, width);
  g_autofree char *last = make_mark (MAX (map->n_active, 1) - 1, width);
  g_autofree char *marks = NULL;

  if (state != QUEUE_DEVICE && state != QUEUE_WITHHELD)
    return g_strdup (look_mark (output, state));
  marks = map->n_active > 1 ? g_strconcat (first, "-", last, NULL) : g_strdup (first);
  return state == QUEUE_DEVICE ? g_steal_pointer (&marks) : g_ascii_strdown (marks, -1);
}

/* "  MARK  COUNT  text"; the marks of devices have a style each, so theirs is plain */
static void
add_legend (Output *output, guint width, Style style, const char *mark, guint count,
            const char *text)
{
  output_add (output, "  ");
  output_styled (output, style, mark);
  add_blanks (output, width - (guint) g_utf8_strlen (mark, -1));
  output_add (output, " %5u  ", count);
  output_wrapped (output, 2 + width + 8, text);
}

static void
draw_legend (Output *output, const QueueMap *map)
{
  static const QueueState order[] = { QUEUE_HOST,   QUEUE_FREE,     QUEUE_CLAIMED,
                                      QUEUE_DEVICE, QUEUE_WITHHELD, QUEUE_UNBOUND,
                                      QUEUE_NONE };
  guint width = map->n_active > 1 ? 2 * mark_width (map->n_active) + 1 : 1;

  for (guint i = 0; i < G_N_ELEMENTS (order); i++) {
    QueueState state = order[i];
    g_autofree char *mark = legend_mark (output, map, state);

    if (map->counts[state] > 0)
      add_legend (output, width, looks[state].style, mark, map->counts[state],
                  queue_state_text (state));
  }
  if (!vap_mask_is_empty (&map->absent_domains))
    add_legend (output, width, STYLE_BAD, "!", vap_mask_count (&map->absent_domains),
                _ ("usage domain, but not in this host's configuration"));
}

void
picture_draw (Output *output, const QueueMap *map)
{
  Layout layout;

  layout_init (&layout, output, map);
  for (guint start = 0; start < layout.n_columns;) {
    guint end = block_end (&layout, output, start);

    draw_block (output, &layout, start, end);
    start = end;
  }
  draw_legend (output, map);
  g_free (layout.columns);
}
