/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * `virt-ap status` for people: the machine, the picture of its queues, the
 * adapters, the devices with their guests, and what could not be read.
 */
#include "config.h"

#include <glib/gi18n.h>

#include "picture.h"
#include "status.h"
#include "text.h"

#define VALUES_AT 21u /* where the values of a list stand */

/* "  KEY              value", the value wrapped */
static void
add_line (Output *output, guint indent, const char *key, const char *value)
{
  int room = (int) (VALUES_AT - 1 - indent);
  glong length = g_utf8_strlen (key, -1);

  output_add (output, "%*s%s%*s ", (int) indent, "", key, MAX (0, room - (int) length),
              "");
  output_wrapped (output, VALUES_AT, value);
}

static void
add_mask_line (Output *output, guint indent, const char *key, const VapMask *mask,
               guint digits)
{
  g_autofree char *list = text_ranges (mask, digits);

  add_line (output, indent, key, list);
}

static char *
bus_text (const VapHost *host)
{
  g_autoptr (GString) names = g_string_new (NULL);

  if (!host->has_ap_bus)
    return g_strdup (_ ("none: no AP instructions, or the module ap is not loaded"));
  for (guint bit = 1; vap_qci_name (bit) != NULL; bit <<= 1) {
    if ((host->qci & bit) != 0)
      g_string_append_printf (names, "%s ", vap_qci_name (bit));
  }
  if (names->len == 0)
    g_string_append (names, "- ");
  if (host->interrupts)
    return g_strdup_printf (_ ("%s(interrupts on)"), names->str);
  return g_strdup_printf (_ ("%s(interrupts off)"), names->str);
}

static const char *
vfio_text (const VapHost *host)
{
  if (!host->has_vfio_ap)
    return _ ("not loaded: load it with modprobe vfio_ap");
  return host->has_ap_config ? _ ("loaded, with ap_config")
                             : _ ("loaded, without ap_config");
}

static void
add_machine (Output *output, const VapHost *host)
{
  g_autofree char *bus = bus_text (host);
  g_autofree char *machine =
      text_escape (host->machine != NULL ? host->machine : _ ("unknown"));

  add_line (output, 0, _ ("Machine"), machine);
  add_line (output, 0, _ ("AP bus"), bus);
  if (!host->has_ap_bus)
    return;
  add_line (output, 0, _ ("Driver vfio_ap"), vfio_text (host));
  add_mask_line (output, 0, _ ("Usage domains"), &host->usage_domains, 4);
  if (vap_mask_equal (&host->usage_domains, &host->control_domains))
    add_line (output, 0, _ ("Control domains"), _ ("the same"));
  else
    add_mask_line (output, 0, _ ("Control domains"), &host->control_domains, 4);
}

static void
add_title (Output *output, const char *title)
{
  output_add (output, "\n");
  output_styled (output, STYLE_TITLE, title);
  output_add (output, "\n");
}

static void
add_queues (Output *output, const QueueMap *map)
{
  add_title (output, _ ("Queues"));
  if (vap_mask_is_empty (&map->adapters))
    output_add (output, "  %s\n", _ ("none: this host has no crypto adapter"));
  else if (vap_mask_is_empty (&map->domains))
    output_add (output, "  %s\n", _ ("none: this host has no usage domain"));
  else
    picture_draw (output, map);
}

/* what is out of the ordinary with a card, in one word or two each */
static char *
card_state (const VapCard *card)
{
  g_autoptr (GPtrArray) words = g_ptr_array_new ();

  g_ptr_array_add (words, card->online ? _ ("online") : _ ("offline"));
  if (!card->config)
    g_ptr_array_add (words, _ ("deconfigured"));
  if (card->checkstop)
    g_ptr_array_add (words, _ ("checkstopped"));
  if (card->hwtype > 0 && card->hwtype < VAP_CARD_HWTYPE_MIN)
    g_ptr_array_add (words, _ ("too old for guests"));
  g_ptr_array_add (words, NULL);
  return g_strjoinv (", ", (char **) words->pdata);
}

static char *
adapter_text (const QueueMap *map, guint adapter)
{
  const VapCard *card = queue_map_card (map, adapter);
  g_autofree char *type = NULL;
  g_autofree char *state = NULL;

  if (card == NULL && vap_mask_test (&map->absent_adapters, adapter))
    return g_strdup (_ ("not in this host's configuration, but a device names it"));
  if (card == NULL)
    return g_strdup (_ ("in this host's configuration, but the AP bus has no such card"));
  type = text_escape (card->type != NULL ? card->type : "-");
  state = card_state (card);
  return g_strdup_printf ("%-7s %-17s %s", type, _ (vap_card_mode_to_string (card->mode)),
                          state);
}

static gboolean
is_ordinary (const QueueMap *map, guint adapter)
{
  const VapCard *card = queue_map_card (map, adapter);

  return card != NULL && card->online && card->config && !card->checkstop;
}

static void
add_adapters (Output *output, const QueueMap *map)
{
  gboolean fold = vap_mask_count (&map->adapters) > PICTURE_ROWS;

  add_title (output, _ ("Adapters"));
  for (gint next = vap_mask_next (&map->adapters, 0); next >= 0;) {
    guint first = (guint) next, last = first;
    g_autofree char *text = adapter_text (map, first);
    g_autofree char *name = NULL;

    while (fold && vap_mask_test (&map->adapters, last + 1)) {
      g_autofree char *following = adapter_text (map, last + 1);

      if (!g_str_equal (text, following))
        break;
      last++;
    }
    name = picture_row_name (first, last);
    output_add (output, "  %-*s ", fold ? 5 : 2, name);
    output_styled (output, is_ordinary (map, first) ? STYLE_PLAIN : STYLE_CAUTION, text);
    output_add (output, "\n");
    next = vap_mask_next (&map->adapters, last + 1);
  }
}

static void
add_matrix (Output *output, const VapMatrix *matrix)
{
  add_mask_line (output, 4, _ ("adapters"), &matrix->adapters, 2);
  add_mask_line (output, 4, _ ("domains"), &matrix->domains, 4);
  add_mask_line (output, 4, _ ("control domains"), &matrix->control_domains, 4);
}

/* a matrix in one line, for the one that differs from what was shown before */
static void
add_other_matrix (Output *output, const char *key, const VapMatrix *matrix)
{
  g_autofree char *adapters = text_ranges (&matrix->adapters, 2);
  g_autofree char *domains = text_ranges (&matrix->domains, 4);
  g_autofree char *control = text_ranges (&matrix->control_domains, 4);
  g_autofree char *text = g_strdup_printf (
      _ ("adapters %s; domains %s; control domains %s"), adapters, domains, control);
  gboolean is_empty = vap_matrix_count_queues (matrix) == 0 &&
                      vap_mask_is_empty (&matrix->control_domains);

  add_line (output, 4, key, is_empty ? _ ("nothing") : text);
}

static const char *
holder_format (const Holder *holder)
{
  if (holder->running && holder->defined)
    return _ ("%s (running)");
  return holder->running ? _ ("%s (running, not in its definition)")
                         : _ ("%s (defined, not running with it)");
}

static void
add_holders (Output *output, const VapHost *host, const char *device_uuid)
{
  g_autoptr (GArray) holders = status_holders (host, device_uuid);

  for (guint i = 0; i < holders->len; i++) {
    const Holder *holder = &g_array_index (holders, Holder, i);
    g_autofree char *name = text_escape (holder->guest->name);
    g_autofree char *text = g_strdup_printf (holder_format (holder), name);

    add_line (output, 4, _ ("guest"), text);
  }
  if (holders->len == 0)
    add_line (output, 4, _ ("guest"), _ ("none"));
}

static const char *
device_state (const VapHostDevice *device)
{
  if (device->definition == NULL)
    return device->active ? _ ("active, not stored") : _ ("inactive, not readable");
  if (device->definition->autostart)
    return device->active ? _ ("active, autostart") : _ ("inactive, autostart");
  return device->active ? _ ("active, stored") : _ ("inactive, stored");
}

static void
add_device (Output *output, const QueueMap *map, guint index)
{
  const VapHostDevice *device = g_ptr_array_index (map->host->devices, index);
  g_autofree char *mark = picture_device_mark (output, map, index);

  output_add (output, "  ");
  output_styled (output, picture_device_style (map, index), mark);
  output_add (output, " %s  %s\n", device->uuid, device_state (device));
  if (device->active || device->definition != NULL)
    add_matrix (output, device->active ? &device->matrix : &device->defined_matrix);
  if (device->active && !vap_matrix_equal (&device->matrix, &map->effective[index]))
    add_other_matrix (output, _ ("guest gets"), &map->effective[index]);
  if (device->active && device->definition != NULL &&
      !vap_matrix_equal (&device->matrix, &device->defined_matrix))
    add_other_matrix (output, _ ("stored as"), &device->defined_matrix);
  add_holders (output, map->host, device->uuid);
  if (device->truncated)
    add_line (output, 4, _ ("incomplete"),
              _ ("its attribute matrix ends at 4,095 bytes, and there is no ap_config"));
  else if (device->problem != NULL)
    add_line (output, 4, _ ("incomplete"), _ ("it could not be read whole, see the end"));
}

static void
add_problems (Output *output, const VapHost *host)
{
  add_title (output, _ ("Could not be read"));
  for (guint i = 0; i < host->problems->len; i++) {
    g_autofree char *problem = text_escape (g_ptr_array_index (host->problems, i));

    output_add (output, "  ");
    output_styled (output, STYLE_CAUTION, "!");
    output_add (output, " ");
    output_wrapped (output, 4, problem);
  }
}

void
status_add_text (Output *output, const QueueMap *map)
{
  const VapHost *host = map->host;

  add_machine (output, host);
  if (host->has_ap_bus || !vap_mask_is_empty (&map->adapters))
    add_queues (output, map);
  if (!vap_mask_is_empty (&map->adapters))
    add_adapters (output, map);
  if (host->devices->len > 0)
    add_title (output, _ ("Devices"));
  for (guint i = 0; i < host->devices->len; i++)
    add_device (output, map, i);
  if (host->problems->len > 0)
    add_problems (output, host);
}
