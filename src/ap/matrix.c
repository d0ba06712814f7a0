/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Queue numbers and matrices.  A matrix is never spelled out queue by queue:
 * it is a product of two masks, and so is the intersection of two of them.
 */
#include "ap/matrix.h"

#include "config.h"

#include <glib/gi18n-lib.h>
#include <string.h>

void
vap_queue_format (VapQueue queue, char text[VAP_QUEUE_TEXT_SIZE])
{
  g_snprintf (text, VAP_QUEUE_TEXT_SIZE, "%02x.%04x", queue.adapter, queue.domain);
}

gboolean
vap_queue_parse (const char *text, VapQueue *queue)
{
  static const guint places[] = { 0, 1, 3, 4, 5, 6 };
  guint number = 0;

  if (strlen (text) != VAP_QUEUE_TEXT_SIZE - 1 || text[2] != '.')
    return FALSE;

  for (guint i = 0; i < G_N_ELEMENTS (places); i++) {
    gint digit = g_ascii_xdigit_value (text[places[i]]);

    if (digit < 0)
      return FALSE;
    number = number << 4 | (guint) digit;
  }
  if (number & 0xff00)
    return FALSE;

  queue->adapter = (guint8) (number >> 16);
  queue->domain = (guint8) number;
  return TRUE;
}

gboolean
vap_matrix_equal (const VapMatrix *a, const VapMatrix *b)
{
  return vap_mask_equal (&a->adapters, &b->adapters) &&
         vap_mask_equal (&a->domains, &b->domains) &&
         vap_mask_equal (&a->control_domains, &b->control_domains);
}

guint
vap_matrix_count_queues (const VapMatrix *matrix)
{
  return vap_mask_count (&matrix->adapters) * vap_mask_count (&matrix->domains);
}

gboolean
vap_matrix_overlap (const VapMatrix *a, const VapMatrix *b, VapMatrix *shared)
{
  if (shared) {
    *shared = (VapMatrix){
      .adapters = vap_mask_and (&a->adapters, &b->adapters),
      .domains = vap_mask_and (&a->domains, &b->domains),
    };
  }

  return vap_mask_intersects (&a->adapters, &b->adapters) &&
         vap_mask_intersects (&a->domains, &b->domains);
}

gboolean
vap_matrix_first_queue (const VapMatrix *matrix, VapQueue *queue)
{
  gint adapter = vap_mask_next (&matrix->adapters, 0);
  gint domain = vap_mask_next (&matrix->domains, 0);

  if (adapter < 0 || domain < 0)
    return FALSE;

  *queue = (VapQueue){ .adapter = (guint8) adapter, .domain = (guint8) domain };
  return TRUE;
}

gboolean
vap_matrix_parse_ap_config (const char *text, VapMatrix *matrix, GError **error)
{
  g_auto (GStrv) parts = g_strsplit (text, ",", -1);
  VapMatrix read = { 0 };
  VapMask *const masks[] = { &read.adapters, &read.domains, &read.control_domains };

  if (g_strv_length (parts) != G_N_ELEMENTS (masks)) {
    g_set_error (error, VAP_ERROR, VAP_ERROR_MALFORMED,
                 _ ("ap_config has %u masks where 3 are expected"),
                 g_strv_length (parts));
    return FALSE;
  }

  for (guint i = 0; i < G_N_ELEMENTS (masks); i++) {
    if (!vap_mask_parse (parts[i], 2 * VAP_MASK_BYTES, masks[i], error))
      return FALSE;
  }

  *matrix = read;
  return TRUE;
}

char *
vap_matrix_to_ap_config (const VapMatrix *matrix)
{
  char adapters[VAP_MASK_TEXT_SIZE];
  char domains[VAP_MASK_TEXT_SIZE];
  char control_domains[VAP_MASK_TEXT_SIZE];

  vap_mask_format (&matrix->adapters, adapters);
  vap_mask_format (&matrix->domains, domains);
  vap_mask_format (&matrix->control_domains, control_domains);
  return g_strdup_printf ("%s,%s,%s", adapters, domains, control_domains);
}
