/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Machines: the default one, and how a machine is made, copied and checked.
 * machine-file.c reads one from a file, main.c changes it by the command line.
 */
#include "config.h"
#include "machine.h"

#include "ap/pqap.h"
#include "machine-types.h"

#include <glib/gi18n.h>
#include <string.h>

#define DEFAULT_TYPE "3931"
#define DEFAULT_CARDS "05:14:4,06:14:2,0a:14:1"
#define DEFAULT_DOMAINS "4,47,ab,ff"

static void
definition_free (gpointer pointer)
{
  LabDefinition *definition = pointer;

  g_free (definition->uuid);
  g_free (definition->json);
  g_free (definition);
}

LabMachine *
lab_machine_new_default (void)
{
  LabMachine *machine = g_new0 (LabMachine, 1);

  machine->name = g_strdup ("z16");
  machine->kernel = LAB_KERNEL_7_2;
  machine->has_ap = TRUE;
  machine->vfio_ap_loaded = TRUE;
  machine->apmask = vap_mask_up_to (255);
  machine->aqmask = vap_mask_up_to (255);
  machine->bindings = g_array_new (FALSE, FALSE, sizeof (LabBinding));
  machine->master_keys = g_array_new (FALSE, FALSE, sizeof (LabMasterKey));
  machine->definitions = g_ptr_array_new_with_free_func (definition_free);
  if (!lab_machine_set_type (machine, DEFAULT_TYPE, NULL) ||
      !lab_machine_set_cards (machine, DEFAULT_CARDS, NULL) ||
      !lab_machine_set_usage_domains (machine, DEFAULT_DOMAINS, NULL))
    g_critical ("the default machine is malformed");
  return machine;
}

LabMachine *
lab_machine_copy (const LabMachine *machine)
{
  LabMachine *copy = g_memdup2 (machine, sizeof *machine);

  copy->name = g_strdup (machine->name);
  copy->type = g_strdup (machine->type);
  copy->udev_rule = g_strdup (machine->udev_rule);
  copy->cards = g_array_copy (machine->cards);
  copy->bindings = g_array_copy (machine->bindings);
  copy->master_keys = g_array_copy (machine->master_keys);
  copy->definitions = g_ptr_array_new_with_free_func (definition_free);
  for (guint i = 0; i < machine->definitions->len; i++) {
    const LabDefinition *from = machine->definitions->pdata[i];
    LabDefinition *to = g_new (LabDefinition, 1);

    to->uuid = g_strdup (from->uuid);
    to->json = g_strdup (from->json);
    g_ptr_array_add (copy->definitions, to);
  }
  return copy;
}

void
lab_machine_free (LabMachine *machine)
{
  if (machine == NULL)
    return;
  g_free (machine->name);
  g_free (machine->type);
  g_free (machine->udev_rule);
  g_clear_pointer (&machine->cards, g_array_unref);
  g_array_unref (machine->bindings);
  g_array_unref (machine->master_keys);
  g_ptr_array_unref (machine->definitions);
  g_free (machine);
}

gboolean
lab_machine_set_type (LabMachine *machine, const char *text, GError **error)
{
  const LabMachineType *type = lab_machine_type_find (text);

  if (type == NULL) {
    g_set_error (error, VAP_ERROR, VAP_ERROR_MALFORMED,
                 _ ("'%s' is no machine type that the lab knows (2964 z13, 3906 z14, "
                    "8561 z15, 3931 z16, 9175 z17)"),
                 text);
    return FALSE;
  }
  if (!lab_machine_parse_facilities (type->facilities, machine->facilities, error))
    return FALSE;
  g_free (machine->type);
  machine->type = g_strdup (text);
  machine->interrupts = machine->facilities[65];
  /* every machine from the zEC12 on has these two; a partition's QCI says so */
  machine->qci = VAP_QCI_APSC | VAP_QCI_APXA;
  machine->max_adapter_id = 255;
  machine->max_domain_id = 255;
  return TRUE;
}

gboolean
lab_machine_set_cards (LabMachine *machine, const char *text, GError **error)
{
  GArray *cards = NULL;

  if (!lab_machine_parse_cards (text, &cards, error))
    return FALSE;
  g_clear_pointer (&machine->cards, g_array_unref);
  machine->cards = cards;
  return TRUE;
}

gboolean
lab_machine_set_usage_domains (LabMachine *machine, const char *text, GError **error)
{
  if (!lab_machine_parse_domains (text, &machine->usage_domains, error))
    return FALSE;
  machine->control_domains = machine->usage_domains;
  return TRUE;
}

gboolean
lab_machine_set_control_domains (LabMachine *machine, const char *text, GError **error)
{
  return lab_machine_parse_domains (text, &machine->control_domains, error);
}

static gboolean
validate_domains (const LabMachine *machine, const VapMask *domains, GError **error)
{
  gint beyond = vap_mask_next (domains, machine->max_domain_id + 1);

  if (beyond < 0)
    return TRUE;
  g_set_error (error, VAP_ERROR, VAP_ERROR_MALFORMED,
               _ ("AP domain %02x is above the machine's maximum %02x"), (guint) beyond,
               machine->max_domain_id);
  return FALSE;
}

gboolean
lab_machine_validate (const LabMachine *machine, GError **error)
{
  for (guint i = 0; i < machine->cards->len; i++) {
    const LabCard *card = &g_array_index (machine->cards, LabCard, i);

    if (card->id > machine->max_adapter_id) {
      g_set_error (error, VAP_ERROR, VAP_ERROR_MALFORMED,
                   _ ("adapter %02x is above the machine's maximum %02x"), card->id,
                   machine->max_adapter_id);
      return FALSE;
    }
  }
  return validate_domains (machine, &machine->usage_domains, error) &&
         validate_domains (machine, &machine->control_domains, error) &&
         lab_machine_validate_bindings (machine, error) &&
         lab_machine_validate_master_keys (machine, error);
}
