/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The lists that describe a machine, on the command line, in machine files and
 * in the parameters of /sys/module/virt_ap_lab: adapters, domains, facilities.
 */
#include "config.h"
#include "machine.h"

#include <glib/gi18n.h>
#include <string.h>

/* "-" is the empty list; an empty string is taken for a slip */
static gboolean
split_list (const char *text, const char *separators, char ***items, GError **error)
{
  g_autofree char *stripped = g_strstrip (g_strdup (text));

  if (*stripped == '\0') {
    g_set_error (error, VAP_ERROR, VAP_ERROR_MALFORMED,
                 _ ("the list is empty; write - for a list without entries"));
    return FALSE;
  }
  *items = strcmp (stripped, "-") == 0 ? g_new0 (char *, 1)
                                       : g_strsplit_set (stripped, separators, -1);
  return TRUE;
}

/* A number or a range "A-B" of numbers up to @max, in @base; nothing else in @text. */
static gboolean
parse_range (const char *text, guint base, guint max, guint *first, guint *last)
{
  g_auto (GStrv) ends = g_strsplit (text, "-", 2);
  guint64 from, to;

  if (ends[0] == NULL || !g_ascii_string_to_unsigned (ends[0], base, 0, max, &from, NULL))
    return FALSE;
  to = from;
  if (ends[1] != NULL &&
      !g_ascii_string_to_unsigned (ends[1], base, from, max, &to, NULL))
    return FALSE;
  *first = (guint) from;
  *last = (guint) to;
  return TRUE;
}

static gint
compare_cards (gconstpointer a, gconstpointer b)
{
  return (gint) ((const LabCard *) a)->id - (gint) ((const LabCard *) b)->id;
}

/* one entry of the list of cards, "05:13:4" or "00-0f:13:4" */
static gboolean
parse_card (const char *text, GArray *cards, VapMask *seen, GError **error)
{
  g_auto (GStrv) parts = g_strsplit (text, ":", -1);
  guint first, last;
  guint64 hwtype, mode;

  if (g_strv_length (parts) != 3 || !parse_range (parts[0], 16, 255, &first, &last) ||
      !g_ascii_string_to_unsigned (parts[1], 10, 1, 255, &hwtype, NULL) ||
      !g_ascii_string_to_unsigned (parts[2], 10, 1, 4, &mode, NULL) || mode == 3) {
    g_set_error (error, VAP_ERROR, VAP_ERROR_MALFORMED,
                 _ ("'%s' is no adapter: write its hexadecimal id, its decimal hardware "
                    "type, and its mode (1 accelerator, 2 EP11, 4 CCA), as in 05:13:4"),
                 text);
    return FALSE;
  }
  for (guint id = first; id <= last; id++) {
    LabCard card = { .id = (guint8) id,
                     .hwtype = (guint) hwtype,
                     .mode = (LabMode) mode,
                     .config = TRUE,
                     .online = TRUE };

    if (vap_mask_test (seen, id)) {
      g_set_error (error, VAP_ERROR, VAP_ERROR_MALFORMED,
                   _ ("adapter %02x is in the list twice"), id);
      return FALSE;
    }
    vap_mask_set (seen, id);
    g_array_append_val (cards, card);
  }
  return TRUE;
}

gboolean
lab_machine_parse_cards (const char *text, GArray **cards, GError **error)
{
  g_autoptr (GArray) list = g_array_new (FALSE, FALSE, sizeof (LabCard));
  g_auto (GStrv) items = NULL;
  VapMask seen = { 0 };

  if (!split_list (text, ",", &items, error))
    return FALSE;
  for (char **item = items; *item != NULL; item++)
    if (!parse_card (*item, list, &seen, error))
      return FALSE;
  g_array_sort (list, compare_cards);
  *cards = g_steal_pointer (&list);
  return TRUE;
}

gboolean
lab_machine_parse_domains (const char *text, VapMask *domains, GError **error)
{
  g_auto (GStrv) items = NULL;
  VapMask mask = { 0 };

  if (!split_list (text, ",", &items, error))
    return FALSE;
  for (char **item = items; *item != NULL; item++) {
    guint first, last;

    if (!parse_range (*item, 16, 255, &first, &last)) {
      g_set_error (error, VAP_ERROR, VAP_ERROR_MALFORMED,
                   _ ("'%s' is no AP domain: write hexadecimal numbers 0 to ff, as in "
                      "4,47,ab,ff"),
                   *item);
      return FALSE;
    }
    for (guint domain = first; domain <= last; domain++)
      vap_mask_set (&mask, domain);
  }
  *domains = mask;
  return TRUE;
}

static gboolean
is_sign (char c)
{
  return c == '+' || c == '-';
}

gboolean
lab_machine_parse_facilities (const char *text, guint8 facilities[LAB_N_FACILITIES],
                              GError **error)
{
  g_auto (GStrv) items = NULL;
  gboolean relative = is_sign (text[0]) && text[1] != '\0';
  guint8 result[LAB_N_FACILITIES] = { 0 };

  if (relative)
    memcpy (result, facilities, sizeof result);
  if (!split_list (text, " ,", &items, error))
    return FALSE;
  for (char **item = items; *item != NULL; item++) {
    guint first, last;
    gboolean sign = is_sign (**item);

    if (sign != relative ||
        !parse_range (*item + sign, 10, LAB_N_FACILITIES - 1, &first, &last)) {
      g_set_error (
          error, VAP_ERROR, VAP_ERROR_MALFORMED,
          _ ("'%s' is no facility: write decimal bit numbers 0 to %u, either all "
             "of them, as in '0-4 12 15', or changes only, as in '+65 -15'"),
          *item, LAB_N_FACILITIES - 1);
      return FALSE;
    }
    memset (result + first, **item != '-', last - first + 1);
  }
  memcpy (facilities, result, sizeof result);
  return TRUE;
}
