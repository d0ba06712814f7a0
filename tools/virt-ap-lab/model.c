/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The model itself: it is made from a machine, boots, and tells its owner of
 * every uevent.  The lab's main program and the tests make one.
 */
#include "model-private.h"

#include <string.h>

/* as zcrypt_cex4.c and ap_uevent() of ap_bus.c call the modes */
static const char *
mode_name (LabMode mode)
{
  switch (mode) {
  case LAB_MODE_ACCELERATOR:
    return "accel";
  case LAB_MODE_EP11:
    return "ep11";
  case LAB_MODE_CCA:
  default:
    return "cca";
  }
}

static void
emit (LabModel *model, const char *action, const char *path, const char *subsystem,
      const char *const *extra, const char *lines)
{
  g_autoptr (GPtrArray) properties = NULL;
  g_auto (GStrv) split = g_strsplit (lines, "\n", -1);

  if (!model->event)
    return;
  properties = g_ptr_array_new_with_free_func (g_free);
  g_ptr_array_add (properties, g_strdup_printf ("ACTION=%s", action));
  g_ptr_array_add (properties, g_strdup_printf ("DEVPATH=%s", path));
  g_ptr_array_add (properties, g_strdup_printf ("SUBSYSTEM=%s", subsystem));
  for (; extra && *extra; extra++)
    g_ptr_array_add (properties, g_strdup (*extra));
  for (guint i = 0; split[i]; i++) {
    /* whoever loads modules must not see one on unbind: zap_modalias_env() */
    if (strcmp (action, "unbind") == 0 && g_str_has_prefix (split[i], "MODALIAS="))
      continue;
    if (*split[i])
      g_ptr_array_add (properties, g_strdup (split[i]));
  }
  g_ptr_array_add (properties, NULL);
  if (model->held)
    g_ptr_array_add (model->held, g_ptr_array_steal (properties, NULL));
  else
    model->event ((const char *const *) properties->pdata, model->user_data);
}

void
lab_model_hold_events (LabModel *model)
{
  model->held = g_ptr_array_new_with_free_func ((GDestroyNotify) g_strfreev);
}

GPtrArray *
lab_model_take_events (LabModel *model)
{
  return g_steal_pointer (&model->held);
}

void
lab_model_send_event (const LabModel *model, char **properties)
{
  if (model->event)
    model->event ((const char *const *) properties, model->user_data);
}

void
lab_event_root (LabModel *model, const char *property, const char *property2)
{
  const char *extra[] = { property, property2, NULL };

  emit (model, "change", "/devices/ap", "ap", extra, "");
}

void
lab_ap_properties (const LabModel *model, const LabApDevice *device, GString *text)
{
  const LabApDevice *card = model->cards[LAB_AP_ADAPTER (device->id)];
  gboolean is_card = device->id & LAB_AP_CARD;

  g_string_append_printf (text, "DEVTYPE=%s\n", is_card ? "ap_card" : "ap_queue");
  if (device->driver != LAB_DRIVER_NONE)
    g_string_append_printf (text, "DRIVER=%s\n", lab_driver_name (device->driver));
  if (is_card)
    g_string_append_printf (text, "DEV_TYPE=%04X\nMODALIAS=ap:t%02X\n", card->card.hwtype,
                            card->card.hwtype);
  g_string_append_printf (text, "MODE=%s\n", mode_name (card->card.mode));
}

char *
lab_ap_path (LabApId id)
{
  char name[LAB_AP_NAME_SIZE];

  lab_ap_name (id, name);
  if (id & LAB_AP_CARD)
    return g_strdup_printf ("/devices/ap/%s", name);
  return g_strdup_printf ("/devices/ap/card%02x/%s", LAB_AP_ADAPTER (id), name);
}

void
lab_event_device (LabModel *model, const LabApDevice *device, const char *action,
                  const char *extra)
{
  const char *extras[] = { extra, NULL };
  g_autoptr (GString) lines = NULL;
  g_autofree char *path = NULL;

  if (!model->event)
    return;
  lines = g_string_new (NULL);
  path = lab_ap_path (device->id);
  lab_ap_properties (model, device, lines);
  emit (model, action, path, "ap", extras, lines->str);
}

void
lab_event_mdev (LabModel *model, const LabMdev *mdev, const char *action)
{
  g_autofree char *path = g_strdup_printf (LAB_MATRIX_PATH "/%s", mdev->uuid);
  const char *lines = strcmp (action, "bind") == 0 ? "DRIVER=" LAB_MDEV_DRIVER : "";

  emit (model, action, path, "mdev", NULL, lines);
}

/* lib/kobject_uevent.c, kobject_synth_uevent(): an action, then perhaps a UUID
 * and KEY=VALUE words. */
int
lab_event_synthetic (LabModel *model, const char *text, const char *path,
                     const char *subsystem, const char *lines)
{
  static const char *const actions[] = { "add",     "remove", "change", "move", "online",
                                         "offline", "bind",   "unbind", NULL };
  g_autofree char *stripped = g_strchomp (g_strdup (text));
  g_auto (GStrv) words = g_strsplit (stripped, " ", -1);
  g_autoptr (GPtrArray) extra = g_ptr_array_new_with_free_func (g_free);

  if (!words[0] || !g_strv_contains (actions, words[0]))
    return EINVAL;
  if (words[1] && !g_uuid_string_is_valid (words[1]))
    return EINVAL;
  g_ptr_array_add (extra, g_strdup_printf ("SYNTH_UUID=%s", words[1] ? words[1] : "0"));
  for (guint i = 2; words[1] && words[i]; i++) {
    if (!strchr (words[i], '='))
      return EINVAL;
    g_ptr_array_add (extra, g_strdup_printf ("SYNTH_ARG_%s", words[i]));
  }
  g_ptr_array_add (extra, NULL);
  emit (model, words[0], path, subsystem, (const char *const *) extra->pdata, lines);
  return 0;
}

static void
take_machine (LabModel *model, const LabMachine *machine)
{
  model->kernel = machine->kernel;
  model->has_ap = machine->has_ap;
  model->has_qci = machine->has_ap && machine->facilities[12];
  model->has_apft = machine->facilities[15];
  model->has_interrupts = machine->interrupts && machine->facilities[65];
  model->qci_bits = model->has_qci ? machine->qci : 0;
  model->max_adapter_id = machine->max_adapter_id;
  model->max_domain_id = machine->max_domain_id;
  model->apmask = machine->apmask;
  model->aqmask = machine->aqmask;
  for (guint i = 0; i < machine->cards->len; i++) {
    const LabCard *card = &g_array_index (machine->cards, LabCard, i);

    model->hw_cards[card->id] = *card;
    vap_mask_set (&model->hw.apm, card->id);
  }
  model->hw.aqm = machine->usage_domains;
  model->hw.adm = machine->control_domains;
  model->master_keys = g_array_copy (machine->master_keys);
}

/* The bindings of the machine file, as a service of the host makes them: by the files of
 * sysfs, whose answers count here too (lab_machine_validate() knows them before). */
static void
make_bindings (LabModel *model, const LabMachine *machine)
{
  static const LabDriver driver_of[] = {
    [LAB_BIND_NONE] = LAB_DRIVER_NONE,
    [LAB_BIND_HOST] = LAB_DRIVER_CEX4QUEUE,
    [LAB_BIND_VFIO_AP] = LAB_DRIVER_VFIO_AP,
  };

  for (guint i = 0; i < machine->bindings->len; i++) {
    const LabBinding *binding = &g_array_index (machine->bindings, LabBinding, i);
    LabApId id = LAB_AP_QUEUE (binding->adapter, binding->domain);
    LabDriver driver = driver_of[binding->to];
    LabApDevice *queue = lab_ap_find (model, id);
    char name[LAB_AP_NAME_SIZE];

    if (!queue)
      continue;
    lab_ap_name (id, name);
    if (driver != LAB_DRIVER_NONE && lab_machine_has_override (machine))
      lab_ap_set_override (model, queue, lab_driver_name (driver));
    lab_ap_unbind (model, queue->driver, name);
    if (driver != LAB_DRIVER_NONE)
      lab_ap_bind (model, driver, name);
  }
}

LabModel *
lab_model_new (const LabMachine *machine, LabEventFunc event, LabGroupFunc group,
               gpointer user_data)
{
  LabModel *model = g_new0 (LabModel, 1);

  g_queue_init (&model->devices);
  model->mdevs = g_ptr_array_new_with_free_func (g_free);
  model->next_serial = 1;
  model->default_domain = -1;
  model->config_time = 30;
  model->poll_timeout = 250000;
  take_machine (model, machine);
  if (model->has_qci)
    model->qci = model->hw;
  if (machine->vfio_ap_loaded)
    lab_model_load_vfio_ap (model);
  if (model->has_ap)
    lab_ap_scan (model);
  if (machine->bindings->len > 0) {
    make_bindings (model, machine);
    /* the one that follows by itself, which finds whether all queues are bound */
    lab_ap_scan (model);
  }

  model->event = event;
  model->group = group;
  model->user_data = user_data;
  return model;
}

void
lab_model_free (LabModel *model)
{
  if (!model)
    return;
  model->event = NULL;
  while (model->devices.tail)
    lab_ap_remove (model, model->devices.tail->data);
  for (guint i = 0; i < LAB_N_ADAPTERS; i++)
    g_free (model->queues[i]);
  g_ptr_array_unref (model->mdevs);
  g_array_unref (model->master_keys);
  g_free (model);
}

/* vfio_ap_drv.c, vfio_ap_init(): driver_register() tries every device at hand. */
void
lab_model_load_vfio_ap (LabModel *model)
{
  if (model->vfio_ap || !model->has_ap)
    return;
  model->vfio_ap = TRUE;
  model->info = model->qci;
  for (GList *link = model->devices.head; link; link = link->next)
    lab_ap_attach (model, link->data);
}
