/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Machine files: key files that describe a simulated host.  Every key is a row
 * of a table; the rows are applied in the table's order, so that a key can rest
 * on one above it whatever the order in the file.
 */
#include "config.h"
#include "machine.h"

#include "ap/pqap.h"

#include <glib/gi18n.h>
#include <string.h>

typedef gboolean (*SetFunc) (LabMachine *machine, const char *text, GError **error);

typedef struct {
  const char *group;
  const char *key;
  SetFunc set;
} KeyRow;

static gboolean
parse_boolean (const char *text, gboolean *value, GError **error)
{
  if (strcmp (text, "true") != 0 && strcmp (text, "false") != 0) {
    g_set_error (error, VAP_ERROR, VAP_ERROR_MALFORMED,
                 _ ("'%s' is neither true nor false"), text);
    return FALSE;
  }
  *value = strcmp (text, "true") == 0;
  return TRUE;
}

static gboolean
parse_id (const char *text, guint *value, GError **error)
{
  guint64 number;

  if (!g_ascii_string_to_unsigned (text, 10, 0, 255, &number, error))
    return FALSE;
  *value = (guint) number;
  return TRUE;
}

static gboolean
set_name (LabMachine *machine, const char *text, GError **error G_GNUC_UNUSED)
{
  g_free (machine->name);
  machine->name = g_strdup (text);
  return TRUE;
}

gboolean
lab_machine_set_kernel (LabMachine *machine, const char *text, GError **error)
{
  static const struct {
    const char *text;
    LabKernel kernel;
  } kernels[] = {
    { "6.1", LAB_KERNEL_6_1 },
    { "6.12", LAB_KERNEL_6_12 },
    { "7.2", LAB_KERNEL_7_2 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (kernels); i++)
    if (strcmp (text, kernels[i].text) == 0) {
      machine->kernel = kernels[i].kernel;
      return TRUE;
    }
  g_set_error (error, VAP_ERROR, VAP_ERROR_MALFORMED,
               _ ("'%s' is no kernel that the lab can play (6.1, 6.12, 7.2)"), text);
  return FALSE;
}

static gboolean
set_facilities (LabMachine *machine, const char *text, GError **error)
{
  if (!lab_machine_parse_facilities (text, machine->facilities, error))
    return FALSE;
  machine->interrupts = machine->facilities[65];
  return TRUE;
}

static guint
find_qci_bit (const char *name)
{
  for (guint bit = VAP_QCI_APSC; bit <= VAP_QCI_APSB; bit <<= 1)
    if (g_strcmp0 (vap_qci_name (bit), name) == 0)
      return bit;
  return 0;
}

static gboolean
set_features (LabMachine *machine, const char *text, GError **error)
{
  g_auto (GStrv) words = g_strsplit (text, " ", -1);
  guint qci = 0;

  for (char **word = words; *word != NULL && strcmp (text, "-") != 0; word++) {
    guint bit = find_qci_bit (*word);

    if (bit == 0) {
      g_set_error (error, VAP_ERROR, VAP_ERROR_MALFORMED,
                   _ ("'%s' is no feature of an AP bus (APSC, APXA, QACT, RC8A, APSB)"),
                   *word);
      return FALSE;
    }
    qci |= bit;
  }
  machine->qci = qci;
  machine->max_adapter_id = qci & VAP_QCI_APXA ? 255 : 63;
  machine->max_domain_id = qci & VAP_QCI_APXA ? 255 : 15;
  return TRUE;
}

static gboolean
set_interrupts (LabMachine *machine, const char *text, GError **error)
{
  return parse_boolean (text, &machine->interrupts, error);
}

static gboolean
set_installed (LabMachine *machine, const char *text, GError **error)
{
  return parse_boolean (text, &machine->has_ap, error);
}

static gboolean
set_vfio_ap_loaded (LabMachine *machine, const char *text, GError **error)
{
  return parse_boolean (text, &machine->vfio_ap_loaded, error);
}

static gboolean
set_max_adapter_id (LabMachine *machine, const char *text, GError **error)
{
  return parse_id (text, &machine->max_adapter_id, error);
}

static gboolean
set_max_domain_id (LabMachine *machine, const char *text, GError **error)
{
  return parse_id (text, &machine->max_domain_id, error);
}

static gboolean
set_apmask (LabMachine *machine, const char *text, GError **error)
{
  return vap_mask_parse (text, 0, &machine->apmask, error);
}

static gboolean
set_aqmask (LabMachine *machine, const char *text, GError **error)
{
  return vap_mask_parse (text, 0, &machine->aqmask, error);
}

static gboolean
set_udev_rule (LabMachine *machine, const char *text, GError **error G_GNUC_UNUSED)
{
  g_free (machine->udev_rule);
  machine->udev_rule = g_strdup_printf ("%s\n", text);
  return TRUE;
}

static const KeyRow key_rows[] = {
  { "machine", "name", set_name },
  { "machine", "type", lab_machine_set_type },
  { "machine", "kernel", lab_machine_set_kernel },
  { "machine", "facilities", set_facilities },
  { "ap", "installed", set_installed },
  { "ap", "vfio-ap-loaded", set_vfio_ap_loaded },
  { "ap", "features", set_features },
  { "ap", "interrupts", set_interrupts },
  { "ap", "max-adapter-id", set_max_adapter_id },
  { "ap", "max-domain-id", set_max_domain_id },
  { "ap", "adapters", lab_machine_set_cards },
  { "ap", "usage-domains", lab_machine_set_usage_domains },
  { "ap", "control-domains", lab_machine_set_control_domains },
  { "ap", "apmask", set_apmask },
  { "ap", "aqmask", set_aqmask },
  { "udev", "rule", set_udev_rule },
};

/* The groups with a name of their own: [adapter 05] changes one of [ap] adapters. */
#define ADAPTER_GROUP "adapter "
#define DEFINITIONS_GROUP "definitions"
#define BINDINGS_GROUP "bindings"
#define MASTER_KEYS_GROUP "master-keys"

static void
prefix_key_error (GError **error, const char *path, const char *group, const char *key)
{
  g_prefix_error (error, _ ("%s: [%s] %s: "), path, group, key);
}

static gboolean
apply_rows (LabMachine *machine, GKeyFile *file, const char *path, GError **error)
{
  for (gsize i = 0; i < G_N_ELEMENTS (key_rows); i++) {
    const KeyRow *row = &key_rows[i];
    g_autofree char *text = NULL;
    g_autoptr (GError) local = NULL;

    text = g_key_file_get_string (file, row->group, row->key, &local);
    if (text == NULL) {
      if (!g_error_matches (local, G_KEY_FILE_ERROR, G_KEY_FILE_ERROR_KEY_NOT_FOUND) &&
          !g_error_matches (local, G_KEY_FILE_ERROR, G_KEY_FILE_ERROR_GROUP_NOT_FOUND)) {
        g_propagate_prefixed_error (error, g_steal_pointer (&local), "%s: ", path);
        return FALSE;
      }
      continue;
    }
    if (!row->set (machine, g_strstrip (text), error)) {
      prefix_key_error (error, path, row->group, row->key);
      return FALSE;
    }
  }
  return TRUE;
}

static LabCard *
find_card (LabMachine *machine, const char *id)
{
  guint64 number;

  if (!g_ascii_string_to_unsigned (id, 16, 0, 255, &number, NULL))
    return NULL;
  for (guint i = 0; i < machine->cards->len; i++) {
    LabCard *card = &g_array_index (machine->cards, LabCard, i);

    if (card->id == number)
      return card;
  }
  return NULL;
}

/* the flag of @card that @key sets; NULL for no such key */
static gboolean *
find_card_flag (LabCard *card, const char *key)
{
  if (strcmp (key, "config") == 0)
    return &card->config;
  if (strcmp (key, "checkstop") == 0)
    return &card->checkstop;
  if (strcmp (key, "online") == 0)
    return &card->online;
  return NULL;
}

static gboolean
apply_adapter (LabMachine *machine, GKeyFile *file, const char *path, const char *group,
               GError **error)
{
  LabCard *card = find_card (machine, group + strlen (ADAPTER_GROUP));
  g_auto (GStrv) keys = g_key_file_get_keys (file, group, NULL, NULL);

  if (card == NULL) {
    g_set_error (error, VAP_ERROR, VAP_ERROR_MALFORMED,
                 _ ("%s: [%s]: the machine has no such adapter"), path, group);
    return FALSE;
  }
  for (char **key = keys; key != NULL && *key != NULL; key++) {
    g_autofree char *text = g_key_file_get_string (file, group, *key, error);
    gboolean *flag = find_card_flag (card, *key);

    if (text == NULL)
      return FALSE;
    if (flag == NULL) {
      g_set_error (error, VAP_ERROR, VAP_ERROR_MALFORMED, _ ("%s: [%s] has no key %s"),
                   path, group, *key);
      return FALSE;
    }
    if (!parse_boolean (text, flag, error)) {
      prefix_key_error (error, path, group, *key);
      return FALSE;
    }
  }
  return TRUE;
}

static gboolean
apply_definitions (LabMachine *machine, GKeyFile *file, const char *path, GError **error)
{
  g_auto (GStrv) uuids = g_key_file_get_keys (file, DEFINITIONS_GROUP, NULL, NULL);

  for (char **uuid = uuids; uuid != NULL && *uuid != NULL; uuid++) {
    LabDefinition *definition;
    g_autofree char *json = g_key_file_get_string (file, DEFINITIONS_GROUP, *uuid, error);

    if (json == NULL)
      return FALSE;
    if (!g_uuid_string_is_valid (*uuid)) {
      g_set_error (error, VAP_ERROR, VAP_ERROR_MALFORMED,
                   _ ("%s: [%s] %s: this is no UUID"), path, DEFINITIONS_GROUP, *uuid);
      return FALSE;
    }
    definition = g_new (LabDefinition, 1);
    definition->uuid = g_strdup (*uuid);
    definition->json = g_steal_pointer (&json);
    g_ptr_array_add (machine->definitions, definition);
  }
  return TRUE;
}

typedef gboolean (*AddFunc) (LabMachine *machine, const char *key, const char *text,
                             GError **error);

/* a group whose keys name parts of the machine */
static gboolean
apply_entries (LabMachine *machine, GKeyFile *file, const char *path, const char *group,
               AddFunc add, GError **error)
{
  g_auto (GStrv) keys = g_key_file_get_keys (file, group, NULL, NULL);

  for (char **key = keys; key != NULL && *key != NULL; key++) {
    g_autofree char *text = g_key_file_get_string (file, group, *key, error);

    if (text == NULL)
      return FALSE;
    if (!add (machine, *key, g_strstrip (text), error)) {
      prefix_key_error (error, path, group, *key);
      return FALSE;
    }
  }
  return TRUE;
}

static gboolean
key_is_known (const char *group, const char *key)
{
  for (gsize i = 0; i < G_N_ELEMENTS (key_rows); i++)
    if (strcmp (key_rows[i].group, group) == 0 &&
        (key == NULL || strcmp (key_rows[i].key, key) == 0))
      return TRUE;
  return FALSE;
}

/* Nothing is passed over in silence: a misspelt key would give another machine. */
static gboolean
refuse_unknown (GKeyFile *file, const char *path, GError **error)
{
  g_auto (GStrv) groups = g_key_file_get_groups (file, NULL);

  for (char **group = groups; *group != NULL; group++) {
    g_auto (GStrv) keys = g_key_file_get_keys (file, *group, NULL, NULL);

    if (g_str_has_prefix (*group, ADAPTER_GROUP) ||
        strcmp (*group, DEFINITIONS_GROUP) == 0 || strcmp (*group, BINDINGS_GROUP) == 0 ||
        strcmp (*group, MASTER_KEYS_GROUP) == 0)
      continue;
    if (!key_is_known (*group, NULL)) {
      g_set_error (error, VAP_ERROR, VAP_ERROR_MALFORMED,
                   _ ("%s: a machine file has no group [%s]"), path, *group);
      return FALSE;
    }
    for (char **key = keys; key != NULL && *key != NULL; key++)
      if (!key_is_known (*group, *key)) {
        g_set_error (error, VAP_ERROR, VAP_ERROR_MALFORMED, _ ("%s: [%s] has no key %s"),
                     path, *group, *key);
        return FALSE;
      }
  }
  return TRUE;
}

static gboolean
apply_file (LabMachine *machine, GKeyFile *file, const char *path, GError **error)
{
  g_auto (GStrv) groups = g_key_file_get_groups (file, NULL);

  if (!refuse_unknown (file, path, error) || !apply_rows (machine, file, path, error) ||
      !apply_definitions (machine, file, path, error) ||
      !apply_entries (machine, file, path, BINDINGS_GROUP, lab_machine_add_binding,
                      error) ||
      !apply_entries (machine, file, path, MASTER_KEYS_GROUP, lab_machine_add_master_keys,
                      error))
    return FALSE;
  for (char **group = groups; *group != NULL; group++)
    if (g_str_has_prefix (*group, ADAPTER_GROUP) &&
        !apply_adapter (machine, file, path, *group, error))
      return FALSE;
  if (!lab_machine_validate (machine, error)) {
    g_prefix_error (error, "%s: ", path);
    return FALSE;
  }
  return TRUE;
}

LabMachine *
lab_machine_load (const char *path, GError **error)
{
  g_autoptr (LabMachine) machine = lab_machine_new_default ();
  g_autoptr (GKeyFile) file = g_key_file_new ();

  if (!g_key_file_load_from_file (file, path, G_KEY_FILE_NONE, error)) {
    g_prefix_error (error, "%s: ", path);
    return NULL;
  }
  if (!apply_file (machine, file, path, error))
    return NULL;
  return g_steal_pointer (&machine);
}
