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
begin_object (JsonBuilder *builder, const char *name)
{
  if (name != NULL)
    json_builder_set_member_name (builder, name);
  json_builder_begin_object (builder);
}

static void
begin_array (JsonBuilder *builder, const char *name)
{
  json_builder_set_member_name (builder, name);
  json_builder_begin_array (builder);
}

static void
add_ap_bus (JsonBuilder *builder, const VapHost *host)
{
  begin_object (builder, "ap_bus");
  json_add_bool (builder, "present", host->has_ap_bus);
  if (host->qci_known) {
    begin_array (builder, "features");
    for (guint bit = 1; vap_qci_name (bit) != NULL; bit <<= 1) {
      if ((host->qci & bit) != 0)
        json_builder_add_string_value (builder, vap_qci_name (bit));
    }
    json_builder_end_array (builder);
  } else {
    json_add_string (builder, "features", NULL);
  }
  json_add_bool (builder, "interrupts", host->interrupts);
  json_add_uint (builder, "max_adapter", host->max_adapter_id);
  json_add_uint (builder, "max_domain", host->max_domain_id);
  json_builder_end_object (builder);
}

static void
add_machine (JsonBuilder *builder, const VapHost *host)
{
  char mask[VAP_MASK_TEXT_SIZE];

  json_add_string (builder, "machine", host->machine);
  add_ap_bus (builder, host);
  begin_object (builder, "vfio_ap");
  json_add_bool (builder, "present", host->has_vfio_ap);
  json_add_bool (builder, "ap_config", host->has_ap_config);
  json_builder_end_object (builder);
  begin_object (builder, "configuration");
  json_add_mask (builder, "adapters", &host->adapters);
  json_add_mask (builder, "domains", &host->usage_domains);
  json_add_mask (builder, "control_domains", &host->control_domains);
  json_builder_end_object (builder);
  vap_mask_format (&host->apmask, mask);
  json_add_string (builder, "apmask", mask);
  vap_mask_format (&host->aqmask, mask);
  json_add_string (builder, "aqmask", mask);
}

static void
add_card (JsonBuilder *builder, const VapCard *card)
{
  if (card == NULL) {
    json_add_string (builder, "card", NULL);
    return;
  }
  begin_object (builder, "card");
  json_add_uint (builder, "hwtype", card->hwtype);
  json_add_string (builder, "type", card->type);
  json_add_string (builder, "mode", vap_card_mode_to_string (card->mode));
  json_add_bool (builder, "online", card->online);
  json_add_bool (builder, "config", card->config);
  json_add_bool (builder, "checkstop", card->checkstop);
  json_builder_end_object (builder);
}

static void
add_adapter (JsonBuilder *builder, const QueueMap *map, guint adapter)
{
  VapMask by_state[N_QUEUE_STATES] = { 0 };

  VAP_MASK_FOREACH (&map->domains, domain) {
    vap_mask_set (&by_state[map->cells[adapter][domain].state], (guint) domain);
  }
  begin_object (builder, NULL);
  json_add_uint (builder, "adapter", adapter);
  json_add_bool (builder, "configured", vap_mask_test (&map->host->adapters, adapter));
  add_card (builder, queue_map_card (map, adapter));
  begin_object (builder, "queues");
  for (guint state = 0; state < N_QUEUE_STATES; state++)
    json_add_mask (builder, state_names[state], &by_state[state]);
  json_builder_end_object (builder);
  json_builder_end_object (builder);
}

static void
add_guests (JsonBuilder *builder, const VapHost *host, const char *device_uuid)
{
  g_autoptr (GArray) holders = status_holders (host, device_uuid);

  begin_array (builder, "guests");
  for (guint i = 0; i < holders->len; i++) {
    const Holder *holder = &g_array_index (holders, Holder, i);

    begin_object (builder, NULL);
    json_add_string (builder, "name", holder->guest->name);
    json_add_string (builder, "uuid", holder->guest->uuid);
    json_add_bool (builder, "running", holder->running);
    json_add_bool (builder, "defined", holder->defined);
    json_builder_end_object (builder);
  }
  json_builder_end_array (builder);
}

static void
add_device (JsonBuilder *builder, const QueueMap *map, guint index)
{
  const VapHostDevice *device = g_ptr_array_index (map->host->devices, index);
  const VapDevice *definition = device->definition;

  begin_object (builder, NULL);
  json_add_string (builder, "uuid", device->uuid);
  json_add_bool (builder, "active", device->active);
  json_add_bool (builder, "defined", definition != NULL);
  json_add_bool (builder, "autostart", definition != NULL && definition->autostart);
  json_add_matrix (builder, "matrix", device->active ? &device->matrix : NULL);
  json_add_matrix (builder, "defined_matrix",
                   definition != NULL ? &device->defined_matrix : NULL);
  json_add_matrix (builder, "guest_matrix",
                   device->active ? &map->effective[index] : NULL);
  json_add_bool (builder, "truncated", device->truncated);
  json_add_string (builder, "problem", device->problem);
  add_guests (builder, map->host, device->uuid);
  json_builder_end_object (builder);
}

void
status_add_json (Output *output, const QueueMap *map)
{
  const VapHost *host = map->host;
  g_autoptr (JsonBuilder) builder = json_builder_new ();

  begin_object (builder, NULL);
  add_machine (builder, host);
  begin_object (builder, "counts");
  for (guint state = 0; state < N_QUEUE_STATES; state++)
    json_add_uint (builder, state_names[state], map->counts[state]);
  json_builder_end_object (builder);
  begin_array (builder, "adapters");
  VAP_MASK_FOREACH (&map->adapters, adapter) {
    add_adapter (builder, map, (guint) adapter);
  }
  json_builder_end_array (builder);
  begin_array (builder, "devices");
  for (guint i = 0; i < host->devices->len; i++)
    add_device (builder, map, i);
  json_builder_end_array (builder);
  begin_array (builder, "problems");
  for (guint i = 0; i < host->problems->len; i++) {
    g_autofree char *valid =
        g_utf8_make_valid (g_ptr_array_index (host->problems, i), -1);

    json_builder_add_string_value (builder, valid);
  }
  json_builder_end_array (builder);
  json_builder_end_object (builder);
  output_json (output, builder);
}
