/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * draw-host ROOT FILE: the picture of a host, as SVG or PNG by the file's name.  Run by
 * virt-ap plot: a program of its own, so that nothing else loads cairo.
 */
#include "config.h"

#include <cairo-svg.h>
#include <fontconfig/fontconfig.h>
#include <glib/gi18n.h>
#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <unistd.h>

#include "host/document.h"
#include "plot.h"

/* a PNG has twice as many pixels as points, for print and for large screens */
#define SCALE 2.0

static cairo_status_t
collect (void *closure, const unsigned char *bytes, unsigned int length)
{
  g_byte_array_append (closure, bytes, length);
  return CAIRO_STATUS_SUCCESS;
}

static cairo_status_t
draw_svg (const Plot *plot, GByteArray *bytes)
{
  cairo_surface_t *surface =
      cairo_svg_surface_create_for_stream (collect, bytes, plot->width, plot->height);
  cairo_t *cairo = cairo_create (surface);
  cairo_status_t status;

  plot_draw (plot, cairo);
  status = cairo_status (cairo);
  cairo_destroy (cairo);
  cairo_surface_finish (surface);
  if (status == CAIRO_STATUS_SUCCESS)
    status = cairo_surface_status (surface);
  cairo_surface_destroy (surface);
  return status;
}

static cairo_status_t
draw_png (const Plot *plot, GByteArray *bytes)
{
  cairo_surface_t *surface =
      cairo_image_surface_create (CAIRO_FORMAT_RGB24, (int) ceil (plot->width * SCALE),
                                  (int) ceil (plot->height * SCALE));
  cairo_t *cairo = cairo_create (surface);
  cairo_status_t status;

  cairo_scale (cairo, SCALE, SCALE);
  plot_draw (plot, cairo);
  status = cairo_status (cairo);
  cairo_destroy (cairo);
  if (status == CAIRO_STATUS_SUCCESS)
    status = cairo_surface_write_to_png_stream (surface, collect, bytes);
  cairo_surface_destroy (surface);
  return status;
}

/* "AP queues of lpar7" */
static char *
make_title (const VapHostRecord *record)
{
  g_autofree char *name =
      record->name != NULL ? g_utf8_make_valid (record->name, -1) : NULL;

  return name != NULL ? g_strdup_printf (_ ("AP queues of %s"), name)
                      : g_strdup (_ ("AP queues"));
}

/* "machine 3931, 2026-11-24T06:30:00Z, 1360 queues" */
static char *
make_subtitle (const VapHost *host, const VapHostRecord *record, const QueueMap *map)
{
  guint count = 0;

  for (guint state = QUEUE_NONE + 1; state < N_QUEUE_STATES; state++)
    count += map->counts[state];
  return g_strdup_printf (_ ("machine %s, %s, %u queues"),
                          host->machine != NULL ? host->machine : "?",
                          record->time != NULL ? record->time : "?", count);
}

static gboolean
draw (const char *root, const char *file, GError **error)
{
  g_autoptr (VapHost) host = vap_host_read (root, error);
  g_autoptr (VapHostRecord) record = NULL;
  g_autoptr (QueueMap) map = NULL;
  g_autoptr (Plot) plot = NULL;
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  g_autofree char *title = NULL;
  g_autofree char *subtitle = NULL;
  cairo_status_t status;

  if (host == NULL)
    return FALSE;
  record = host->record != NULL ? vap_host_record_ref (host->record)
                                : vap_host_record_new (host);
  map = queue_map_new (host);
  title = make_title (record);
  subtitle = make_subtitle (host, record, map);
  plot = plot_new (map, title, subtitle);
  status =
      g_str_has_suffix (file, ".svg") ? draw_svg (plot, bytes) : draw_png (plot, bytes);
  if (status != CAIRO_STATUS_SUCCESS) {
    g_set_error (error, VAP_ERROR, VAP_ERROR_FAILED, _ ("cannot draw '%s': %s"), file,
                 cairo_status_to_string (status));
    return FALSE;
  }
  return g_file_set_contents_full (file, (const char *) bytes->data, bytes->len,
                                   G_FILE_SET_CONTENTS_CONSISTENT, 0644, error);
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  gboolean drawn;
  const char *build = g_getenv ("VIRT_AP_BUILDDIR");
  g_autofree char *dir =
      build != NULL ? g_build_filename (build, "po", NULL) : g_strdup (VAP_LOCALE_DIR);

  setlocale (LC_ALL, "");
  bindtextdomain (GETTEXT_PACKAGE, dir);
  bind_textdomain_codeset (GETTEXT_PACKAGE, "UTF-8");
  textdomain (GETTEXT_PACKAGE);
  if (argc != 3) {
    g_printerr ("usage: draw-host ROOT FILE\n");
    return 2;
  }
  drawn = draw (argv[1], argv[2], &error);
  if (!drawn)
    g_printerr ("%s\n", error->message);
  /* so that a checker of memory sees what is ours */
  cairo_debug_reset_static_data ();
  FcFini ();
  return drawn ? 0 : 2;
}
