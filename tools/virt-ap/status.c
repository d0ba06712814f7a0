/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * `virt-ap status`: reads the host and shows it.
 */
#include "config.h"

#include "status.h"

#include <glib/gi18n.h>

#include "command.h"
#include "options.h"

static gboolean
names_device (const VapGuest *guest, const char *device_uuid)
{
  char canonical[37];

  if (guest == NULL)
    return FALSE;
  for (guint i = 0; i < guest->devices->len; i++) {
    const VapGuestDevice *device = g_ptr_array_index (guest->devices, i);

    if (device->uuid != NULL && vap_uuid_canonical (device->uuid, canonical) &&
        g_str_equal (canonical, device_uuid))
      return TRUE;
  }
  return FALSE;
}

GArray *
status_holders (const VapHost *host, const char *device_uuid)
{
  GArray *holders = g_array_new (FALSE, FALSE, sizeof (Holder));

  for (guint i = 0; i < host->guests->len; i++) {
    const VapHostGuest *guest = g_ptr_array_index (host->guests, i);
    Holder holder = {
      .guest = guest,
      .running = names_device (guest->running, device_uuid),
      .defined = names_device (guest->defined, device_uuid),
    };

    if (holder.running || holder.defined)
      g_array_append_val (holders, holder);
  }
  return holders;
}

int
command_status (const char *root, char **argv)
{
  const OptionsSpec spec = {
    .name = "status",
    .description = _ ("Shows who holds which queue of this host: the host itself, a "
                      "device of a guest,\nor nobody."),
    .json = TRUE,
  };
  g_auto (Options) options = { 0 };
  g_auto (Output) output = { 0 };
  g_autoptr (VapHost) host = NULL;
  g_autoptr (QueueMap) map = NULL;
  g_autoptr (GError) error = NULL;
  int status;

  if (!options_parse (&options, &spec, root, argv, &status))
    return status;
  host = vap_host_read (options.root, &error);
  if (host == NULL) {
    report ("%s", error->message);
    return STATUS_UNJUDGED;
  }
  map = queue_map_new (host);
  output_init (&output, options.color);
  if (options.json)
    status_add_json (&output, map);
  else
    status_add_text (&output, map);
  return output_flush (&output, STATUS_GOOD);
}
