/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The master keys of the simulated cards, of which there is no more than what a card
 * tells: a state and a verification pattern.  machine-file.c reads them, the model's
 * mkvps attribute (model-attr-device.c) shows them.
 */
#include "config.h"
#include "machine.h"

#include "ap/matrix.h"

#include <glib/gi18n.h>
#include <string.h>

/* In the order, the words and the lengths of Linux drivers/s390/crypto/zcrypt_cex4.c,
 * cca_mkvps_show() and ep11_mkvps_show(). */
const LabMasterKeyType lab_master_key_types[LAB_N_MASTER_KEYS] = {
  { "aes-new", LAB_MODE_CCA, "AES NEW", 16, "full", "empty", FALSE },
  { "aes", LAB_MODE_CCA, "AES CUR", 16, "valid", "invalid", TRUE },
  { "aes-old", LAB_MODE_CCA, "AES OLD", 16, "valid", "invalid", FALSE },
  { "apka-new", LAB_MODE_CCA, "APKA NEW", 16, "full", "empty", FALSE },
  { "apka", LAB_MODE_CCA, "APKA CUR", 16, "valid", "invalid", TRUE },
  { "apka-old", LAB_MODE_CCA, "APKA OLD", 16, "valid", "invalid", FALSE },
  { "asym-new", LAB_MODE_CCA, "ASYM NEW", 32, "full", "empty", FALSE },
  { "asym", LAB_MODE_CCA, "ASYM CUR", 32, "valid", "invalid", TRUE },
  { "asym-old", LAB_MODE_CCA, "ASYM OLD", 32, "valid", "invalid", FALSE },
  { "wk", LAB_MODE_EP11, "WK CUR", 64, "valid", "invalid", TRUE },
  { "wk-new", LAB_MODE_EP11, "WK NEW", 64, "committed", "empty", FALSE },
};

static gboolean
find_type (const char *name, guint *type)
{
  for (guint i = 0; i < LAB_N_MASTER_KEYS; i++)
    if (strcmp (lab_master_key_types[i].name, name) == 0) {
      *type = i;
      return TRUE;
    }
  return FALSE;
}

/* "05", or "05.0047" */
static gboolean
parse_place (const char *text, LabMasterKey *key)
{
  VapQueue queue;
  guint64 adapter;

  if (vap_queue_parse (text, &queue)) {
    key->adapter = queue.adapter;
    key->domain = queue.domain;
    return TRUE;
  }
  if (!g_ascii_string_to_unsigned (text, 16, 0, 255, &adapter, NULL))
    return FALSE;
  key->adapter = (guint8) adapter;
  key->domain = LAB_ALL_DOMAINS;
  return TRUE;
}

static gboolean
parse_pattern (const LabMasterKeyType *type, const char *text, LabMasterKey *key,
               GError **error)
{
  const char *digits = g_str_has_prefix (text, "0x") ? text + 2 : text;
  gsize length = strspn (digits, "0123456789abcdefABCDEF");

  if (strcmp (text, "-") == 0) {
    key->pattern[0] = '\0';
    return TRUE;
  }
  if (digits[length] != '\0' || length != type->digits) {
    g_set_error (error, VAP_ERROR, VAP_ERROR_MALFORMED,
                 _ ("'%s' is no verification pattern of the key %s, which has %u "
                    "hexadecimal digits; - is no key"),
                 text, type->name, type->digits);
    return FALSE;
  }
  for (gsize i = 0; i <= length; i++)
    key->pattern[i] = g_ascii_tolower (digits[i]);
  return TRUE;
}

gboolean
lab_machine_add_master_keys (LabMachine *machine, const char *place, const char *text,
                             GError **error)
{
  g_auto (GStrv) words = g_strsplit_set (text, " \t", -1);
  LabMasterKey key = { 0 };

  if (!parse_place (place, &key)) {
    g_set_error (error, VAP_ERROR, VAP_ERROR_MALFORMED,
                 _ ("this is neither an adapter nor a queue; write 05 or 05.0004"));
    return FALSE;
  }
  for (char **word = words; *word != NULL; word++) {
    char *pattern = strchr (*word, '=');

    if (**word == '\0')
      continue;
    if (pattern != NULL)
      *pattern++ = '\0';
    if (pattern == NULL || !find_type (*word, &key.type)) {
      g_set_error (error, VAP_ERROR, VAP_ERROR_MALFORMED,
                   _ ("'%s' is no master key (aes, apka, asym, each also with -new or "
                      "-old; wk, wk-new) with its pattern, as in aes=4c61620000010047"),
                   *word);
      return FALSE;
    }
    if (!parse_pattern (&lab_master_key_types[key.type], pattern, &key, error))
      return FALSE;
    g_array_append_val (machine->master_keys, key);
  }
  return TRUE;
}

/* what the file says of the queue counts before what it says of its adapter */
const LabMasterKey *
lab_master_key_find (const GArray *keys, guint adapter, guint domain, guint type)
{
  const LabMasterKey *found = NULL;

  for (guint i = 0; i < keys->len; i++) {
    const LabMasterKey *key = &g_array_index (keys, LabMasterKey, i);

    if (key->adapter != adapter || key->type != type)
      continue;
    if (key->domain == (gint) domain)
      return key;
    if (key->domain == LAB_ALL_DOMAINS)
      found = key;
  }
  return found;
}

/*
 * Each domain has the same keys on all adapters, so that its guests can move: the
 * pattern is made of the letters of "Lab", the key's number and the domain.
 */
void
lab_master_key_default (guint type, guint domain, char pattern[LAB_MASTER_KEY_SIZE])
{
  const LabMasterKeyType *info = &lab_master_key_types[type];
  guint number = info->mode == LAB_MODE_CCA ? type / 3 + 1 : 0;

  pattern[0] = '\0';
  if (info->set)
    g_snprintf (pattern, LAB_MASTER_KEY_SIZE, "4c6162%0*x", (int) info->digits - 6,
                number << 16 | domain);
}

static const LabCard *
find_card (const LabMachine *machine, guint adapter)
{
  for (guint i = 0; i < machine->cards->len; i++) {
    const LabCard *card = &g_array_index (machine->cards, LabCard, i);

    if (card->id == adapter)
      return card;
  }
  return NULL;
}

gboolean
lab_machine_validate_master_keys (const LabMachine *machine, GError **error)
{
  for (guint i = 0; i < machine->master_keys->len; i++) {
    const LabMasterKey *key = &g_array_index (machine->master_keys, LabMasterKey, i);
    const LabMasterKeyType *type = &lab_master_key_types[key->type];
    const LabCard *card = find_card (machine, key->adapter);

    if (card == NULL) {
      g_set_error (error, VAP_ERROR, VAP_ERROR_MALFORMED,
                   _ ("[master-keys] %02x: the machine has no such adapter"),
                   key->adapter);
      return FALSE;
    }
    if (card->mode != type->mode) {
      g_set_error (error, VAP_ERROR, VAP_ERROR_MALFORMED,
                   _ ("[master-keys] %02x: an adapter in this mode has no key %s"),
                   key->adapter, type->name);
      return FALSE;
    }
  }
  return TRUE;
}
