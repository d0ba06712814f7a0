/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * `virt-ap status --json`; schemas/status.schema.json describes it.
 */
#include "json.h"
#include "status.h"

static const char *const state_names[N_QUEUE_STATES] = {
  [QUEUE_NONE] = "none",         [QUEUE_HOST] = "host",       [QUEUE_FREE] = "free",
  [QUEUE_CLAIMED] = "claimed",   [QUEUE_UNBOUND] = "unbound", [QUEUE_DEVICE] = "device",
  [QUEUE_WITHHELD] = "withheld",
};

static void
begin_object (VapJson *json, const char *name)
{
  if (name != NULL)
    vap_json_name (json, name);
  vap_json_begin_object (json);
}

static void
begin_array (VapJson *json, const char *name)
{
  vap_json_name (json, name);
  vap_json_begin_array (json);
}

static void
add_ap_bus (VapJson *json, const VapHost *host)
{
  begin_object (json, "ap_bus");
  json_add_bool (json, "present", host->has_ap_bus);
  if (host->qci_known) {
    begin_array (json, "features");
    for (guint bit = 1; vap_qci_name (bit) != NULL; bit <<= 1) {
      if ((host->qci & bit) != 0)
        vap_json_string (json, vap_qci_name (bit));
    }
    vap_json_end_array (json);
  } else {
    json_add_string (json, "features", NULL);
  }
  json_add_bool (json, "interrupts", host->interrupts);
  json_add_uint (json, "max_adapter", host->max_adapter_id);
  json_add_uint (json, "max_domain", host->max_domain_id);
  vap_json_end_object (json);
}

static void
add_machine (VapJson *json, const VapHost *host)
{
  char mask[VAP_MASK_TEXT_SIZE];

  json_add_string (json, "machine", host->machine);
  add_ap_bus (json, host);
  begin_object (json, "vfio_ap");
  json_add_bool (json, "present", host->has_vfio_ap);
  json_add_bool (json, "ap_config", host->has_ap_config);
  vap_json_end_object (json);
  begin_object (json, "configuration");
  json_add_mask (json, "adapters", &host->adapters);
  json_add_mask (json, "domains", &host->usage_domains);
  json_add_mask (json, "control_domains", &host->control_domains);
  vap_json_end_object (json);
  vap_mask_format (&host->apmask, mask);
  json_add_string (json, "apmask", mask);
  vap_mask_format (&host->aqmask, mask);
  json_add_string (json, "aqmask", mask);
}

static void
add_card (VapJson *json, const VapCard *card)
{
  if (card == NULL) {
    json_add_string (json, "card", NULL);
    return;
  }
  begin_object (json, "card");
  json_add_uint (json, "hwtype", card->hwtype);
  json_add_string (json, "type", card->type);
  json_add_string (json, "mode", vap_card_mode_to_string (card->mode));
  json_add_bool (json, "online", card->online);
  json_add_bool (json, "config", card->config);
  json_add_bool (json, "checkstop", card->checkstop);
  vap_json_end_object (json);
}

static void
add_adapter (VapJson *json, const QueueMap *map, guint adapter)
{
  VapMask by_state[N_QUEUE_STATES] = { 0 };

  VAP_MASK_FOREACH (&map->domains, domain) {
    vap_mask_set (&by_state[map->cells[adapter][domain].state], (guint) domain);
  }
  begin_object (json, NULL);
  json_add_uint (json, "adapter", adapter);
  json_add_bool (json, "configured", vap_mask_test (&map->host->adapters, adapter));
  add_card (json, queue_map_card (map, adapter));
  begin_object (json, "queues");
  for (guint state = 0; state < N_QUEUE_STATES; state++)
    json_add_mask (json, state_names[state], &by_state[state]);
  vap_json_end_object (json);
  vap_json_end_object (json);
}

static void
add_guests (VapJson *json, const VapHost *host, const char *device_uuid)
{
  g_autoptr (GArray) holders = status_holders (host, device_uuid);

  begin_array (json, "guests");
  for (guint i = 0; i < holders->len; i++) {
    const Holder *holder = &g_array_index (holders, Holder, i);

    begin_object (json, NULL);
    json_add_string (json, "name", holder->guest->name);
    json_add_string (json, "uuid", holder->guest->uuid);
    json_add_bool (json, "running", holder->running);
    json_add_bool (json, "defined", holder->defined);
    vap_json_end_object (json);
  }
  vap_json_end_array (json);
}

static void
add_device (VapJson *json, const QueueMap *map, guint index)
{
  const VapHostDevice *device = g_ptr_array_index (map->host->devices, index);
  const VapDevice *definition = device->definition;

  begin_object (json, NULL);
  json_add_string (json, "uuid", device->uuid);
  json_add_bool (json, "active", device->active);
  json_add_bool (json, "defined", definition != NULL);
  json_add_bool (json, "autostart", definition != NULL && definition->autostart);
  json_add_matrix (json, "matrix", device->active ? &device->matrix : NULL);
  json_add_matrix (json, "defined_matrix",
                   definition != NULL ? &device->defined_matrix : NULL);
  json_add_matrix (json, "guest_matrix", device->active ? &map->effective[index] : NULL);
  json_add_bool (json, "truncated", device->truncated);
  json_add_string (json, "problem", device->problem);
  add_guests (json, map->host, device->uuid);
  vap_json_end_object (json);
}

void
status_add_json (Output *output, const QueueMap *map)
{
  const VapHost *host = map->host;
  g_autoptr (VapJson) json = vap_json_new ();

  begin_object (json, NULL);
  add_machine (json, host);
  begin_object (json, "counts");
  for (guint state = 0; state < N_QUEUE_STATES; state++)
    json_add_uint (json, state_names[state], map->counts[state]);
  vap_json_end_object (json);
  begin_array (json, "adapters");
  VAP_MASK_FOREACH (&map->adapters, adapter) {
    add_adapter (json, map, (guint) adapter);
  }
  vap_json_end_array (json);
  begin_array (json, "devices");
  for (guint i = 0; i < host->devices->len; i++)
    add_device (json, map, i);
  vap_json_end_array (json);
  begin_array (json, "problems");
  for (guint i = 0; i < host->problems->len; i++) {
    g_autofree char *valid =
        g_utf8_make_valid (g_ptr_array_index (host->problems, i), -1);

    vap_json_string (json, valid);
  }
  vap_json_end_array (json);
  vap_json_end_object (json);
  output_json (output, json);
}
