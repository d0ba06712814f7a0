/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One need: its values as people write them, what it takes from a profile, and which
 * matrices meet it.  Used by the readers of needs and profiles and by the planner.
 */
#include "config.h"

#include "plan/need-priv.h"

#include <glib/gi18n-lib.h>
#include <string.h>

/* One key of a need: its name in files, what it says, and how it is read. */
typedef struct {
  const char *key;
  VapNeedSaid said;
  gboolean (*read) (VapNeed *need, const char *value, GError **error);
} NeedKey;

VapNeed *
vap_need_new (const char *name)
{
  VapNeed *need = g_new0 (VapNeed, 1);

  need->name = g_strdup (name);
  need->min_hwtype = VAP_CARD_HWTYPE_MIN;
  need->spread = 1;
  return need;
}

VapNeed *
vap_need_copy (const VapNeed *need)
{
  VapNeed *copy = g_memdup2 (need, sizeof *need);

  copy->name = g_strdup (need->name);
  copy->profile = g_strdup (need->profile);
  copy->uuid = g_strdup (need->uuid);
  copy->away = g_strdupv (need->away);
  return copy;
}

void
vap_need_free (VapNeed *need)
{
  g_free (need->name);
  g_free (need->profile);
  g_free (need->uuid);
  g_strfreev (need->away);
  g_free (need);
}

char **
vap_words (const char *list)
{
  g_auto (GStrv) parts = g_strsplit_set (list, ";,", -1);
  g_autoptr (GStrvBuilder) words = g_strv_builder_new ();

  for (guint i = 0; parts[i] != NULL; i++) {
    if (*g_strstrip (parts[i]) != '\0')
      g_strv_builder_add (words, parts[i]);
  }
  return g_strv_builder_end (words);
}

static gboolean
read_count (const char *value, guint max, guint *count, GError **error)
{
  guint64 number;

  if (g_ascii_string_to_unsigned (value, 10, 1, max, &number, NULL)) {
    *count = (guint) number;
    return TRUE;
  }
  g_set_error (error, VAP_ERROR, VAP_ERROR_MALFORMED,
               _ ("'%s' is no number from 1 to %u"), value, max);
  return FALSE;
}

static gboolean
read_queues (VapNeed *need, const char *value, GError **error)
{
  return read_count (value, VAP_MASK_BITS * VAP_MASK_BITS, &need->queues, error);
}

static gboolean
read_spread (VapNeed *need, const char *value, GError **error)
{
  return read_count (value, VAP_MASK_BITS, &need->spread, error);
}

guint
vap_need_mode_bit (VapCardMode mode)
{
  switch (mode) {
  case VAP_CARD_MODE_ACCELERATOR:
    return 1;
  case VAP_CARD_MODE_CCA:
    return 2;
  case VAP_CARD_MODE_EP11:
    return 4;
  default:
    return 0;
  }
}

/* the letter of lszcrypt, or the word for it */
static guint
parse_mode (const char *word)
{
  static const struct {
    const char *word;
    VapCardMode mode;
  } modes[] = {
    { "A", VAP_CARD_MODE_ACCELERATOR }, { "accelerator", VAP_CARD_MODE_ACCELERATOR },
    { "C", VAP_CARD_MODE_CCA },         { "CCA", VAP_CARD_MODE_CCA },
    { "P", VAP_CARD_MODE_EP11 },        { "EP11", VAP_CARD_MODE_EP11 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (modes); i++) {
    if (g_ascii_strcasecmp (word, modes[i].word) == 0)
      return vap_need_mode_bit (modes[i].mode);
  }
  return 0;
}

static gboolean
read_mode (VapNeed *need, const char *value, GError **error)
{
  g_auto (GStrv) words = vap_words (value);

  need->modes = 0;
  for (guint i = 0; words[i] != NULL; i++) {
    guint bit = parse_mode (words[i]);

    if (bit == 0) {
      g_set_error (error, VAP_ERROR, VAP_ERROR_MALFORMED,
                   _ ("'%s' is no mode of a card: accelerator, CCA or EP11"), words[i]);
      return FALSE;
    }
    need->modes |= bit;
  }
  return TRUE;
}

/* "CEX7"; NULL with @error */
static const VapCardType *
parse_card (const char *word, GError **error)
{
  for (const VapCardType *type = vap_card_types (); type->name != NULL; type++) {
    if (g_ascii_strcasecmp (word, type->name) == 0)
      return type;
  }
  g_set_error (error, VAP_ERROR, VAP_ERROR_MALFORMED,
               _ ("'%s' is no card type such as CEX7"), word);
  return NULL;
}

static gboolean
read_cards (VapNeed *need, const char *value, GError **error)
{
  g_auto (GStrv) words = vap_words (value);

  need->hwtypes = 0;
  for (guint i = 0; words[i] != NULL; i++) {
    const VapCardType *type = parse_card (words[i], error);

    if (type == NULL)
      return FALSE;
    need->hwtypes |= 1u << (type->hwtype - VAP_CARD_HWTYPE_MIN);
  }
  return TRUE;
}

static gboolean
read_generation (VapNeed *need, const char *value, GError **error)
{
  const VapCardType *type = parse_card (value, error);

  if (type != NULL)
    need->min_hwtype = type->hwtype;
  return type != NULL;
}

static gboolean
read_away (VapNeed *need, const char *value, GError **error G_GNUC_UNUSED)
{
  g_strfreev (need->away);
  need->away = vap_words (value);
  return TRUE;
}

static gboolean
read_numbers (const char *value, VapMask *mask, GError **error)
{
  g_auto (GStrv) words = vap_words (value);
  g_autofree char *list = g_strjoinv (",", words);

  if (!vap_mask_parse_list (list, mask, error))
    return FALSE;
  if (!vap_mask_is_empty (mask))
    return TRUE;
  g_set_error (error, VAP_ERROR, VAP_ERROR_MALFORMED, _ ("'%s' names no number"), value);
  return FALSE;
}

static gboolean
read_adapters (VapNeed *need, const char *value, GError **error)
{
  return read_numbers (value, &need->adapters, error);
}

static gboolean
read_domains (VapNeed *need, const char *value, GError **error)
{
  return read_numbers (value, &need->domains, error);
}

static gboolean
read_control (VapNeed *need, const char *value, GError **error)
{
  if (g_str_equal (value, "usage"))
    need->control = VAP_CONTROL_USAGE;
  else if (g_str_equal (value, VAP_MASK_LIST_NONE))
    need->control = VAP_CONTROL_NONE;
  else if (read_numbers (value, &need->control_domains, error))
    need->control = VAP_CONTROL_LIST;
  else
    return FALSE;
  return TRUE;
}

static const NeedKey keys[] = {
  { "queues", VAP_NEED_QUEUES, read_queues },
  { "mode", VAP_NEED_MODES, read_mode },
  { "card", VAP_NEED_CARDS, read_cards },
  { "min-generation", VAP_NEED_GENERATION, read_generation },
  { "spread", VAP_NEED_SPREAD, read_spread },
  { "away-from", VAP_NEED_AWAY, read_away },
  { "adapters", VAP_NEED_ADAPTERS, read_adapters },
  { "domains", VAP_NEED_DOMAINS, read_domains },
  { "control-domains", VAP_NEED_CONTROL, read_control },
};

gboolean
vap_need_set (VapNeed *need, const char *key, const char *value, GError **error)
{
  g_autofree char *word = g_strstrip (g_strdup (value));

  for (guint i = 0; i < G_N_ELEMENTS (keys); i++) {
    if (!g_str_equal (key, keys[i].key))
      continue;
    if (!keys[i].read (need, word, error)) {
      g_prefix_error (error, "%s: ", key);
      return FALSE;
    }
    need->said |= keys[i].said;
    return TRUE;
  }
  g_set_error (error, VAP_ERROR, VAP_ERROR_MALFORMED,
               _ ("there is no key '%s': queues, mode, card, min-generation, spread, "
                  "away-from, adapters, domains, control-domains"),
               key);
  return FALSE;
}

gboolean
vap_need_takes_card (const VapNeed *need, guint hwtype, VapCardMode mode)
{
  if (hwtype < MAX (need->min_hwtype, VAP_CARD_HWTYPE_MIN))
    return FALSE;
  if (need->modes != 0 && (need->modes & vap_need_mode_bit (mode)) == 0)
    return FALSE;
  return need->hwtypes == 0 ||
         (hwtype - VAP_CARD_HWTYPE_MIN < 32 &&
          (need->hwtypes >> (hwtype - VAP_CARD_HWTYPE_MIN) & 1) != 0);
}

/* what the profile says and the need does not */
static void
take_over (VapNeed *need, const VapNeed *profile)
{
  guint more = profile->said & ~need->said;

  if (more & VAP_NEED_QUEUES)
    need->queues = profile->queues;
  if (more & VAP_NEED_MODES)
    need->modes = profile->modes;
  if (more & VAP_NEED_CARDS)
    need->hwtypes = profile->hwtypes;
  if (more & VAP_NEED_GENERATION)
    need->min_hwtype = profile->min_hwtype;
  if (more & VAP_NEED_SPREAD)
    need->spread = profile->spread;
  if (more & VAP_NEED_AWAY)
    need->away = g_strdupv (profile->away);
  if (more & VAP_NEED_ADAPTERS)
    need->adapters = profile->adapters;
  if (more & VAP_NEED_DOMAINS)
    need->domains = profile->domains;
  if (more & VAP_NEED_CONTROL) {
    need->control = profile->control;
    need->control_domains = profile->control_domains;
  }
  need->said |= more;
}

/* as many queues as the numbers that are said make */
static guint
default_queues (const VapNeed *need)
{
  guint adapters = need->said & VAP_NEED_ADAPTERS ? vap_mask_count (&need->adapters) : 0;
  guint domains = need->said & VAP_NEED_DOMAINS ? vap_mask_count (&need->domains) : 1;

  return MAX (adapters, need->spread) * domains;
}

gboolean
vap_need_complete (VapNeed *need, const VapNeed *profile, GError **error)
{
  guint adapters, domains;

  if (profile != NULL)
    take_over (need, profile);
  if (need->queues == 0)
    need->queues = default_queues (need);
  adapters =
      need->said & VAP_NEED_ADAPTERS ? vap_mask_count (&need->adapters) : VAP_MASK_BITS;
  domains =
      need->said & VAP_NEED_DOMAINS ? vap_mask_count (&need->domains) : VAP_MASK_BITS;
  if (adapters < need->spread) {
    g_set_error (error, VAP_ERROR, VAP_ERROR_MALFORMED,
                 _ ("'%s' is to be spread over %u adapters, and names only %u"),
                 need->name, need->spread, adapters);
    return FALSE;
  }
  if (adapters * domains < need->queues) {
    g_set_error (error, VAP_ERROR, VAP_ERROR_MALFORMED,
                 _ ("'%s' needs %u queues, and the adapters and domains it names make "
                    "only %u"),
                 need->name, need->queues, adapters * domains);
    return FALSE;
  }
  if (need->away != NULL &&
      g_strv_contains ((const char *const *) need->away, need->name)) {
    g_set_error (error, VAP_ERROR, VAP_ERROR_MALFORMED,
                 _ ("'%s' cannot be kept away from itself"), need->name);
    return FALSE;
  }
  return TRUE;
}

static guint
ceiling (guint dividend, guint divisor)
{
  return (dividend + divisor - 1) / divisor;
}

guint
vap_need_most_adapters (const VapNeed *need)
{
  if (need->said & VAP_NEED_ADAPTERS)
    return vap_mask_count (&need->adapters);
  if (need->said & VAP_NEED_DOMAINS)
    return MAX (need->spread, ceiling (need->queues, vap_mask_count (&need->domains)));
  return MIN (MAX (need->spread, need->queues), VAP_MASK_BITS);
}

VapMask
vap_need_control_domains (const VapNeed *need, const VapMask *domains)
{
  VapMask none = { 0 };

  switch (need->control) {
  case VAP_CONTROL_LIST:
    return need->control_domains;
  case VAP_CONTROL_USAGE:
    return *domains;
  default:
    return none;
  }
}

gboolean
vap_need_accepts (const VapNeed *need, const VapMatrix *matrix)
{
  guint adapters = vap_mask_count (&matrix->adapters);
  VapMask control = vap_need_control_domains (need, &matrix->domains);

  if (adapters < need->spread || vap_matrix_count_queues (matrix) < need->queues)
    return FALSE;
  if ((need->said & VAP_NEED_ADAPTERS) &&
      !vap_mask_equal (&need->adapters, &matrix->adapters))
    return FALSE;
  if ((need->said & VAP_NEED_DOMAINS) &&
      !vap_mask_equal (&need->domains, &matrix->domains))
    return FALSE;
  /* only what was asked for in words is worth changing a matrix that runs */
  return !(need->said & VAP_NEED_CONTROL) ||
         vap_mask_equal (&control, &matrix->control_domains);
}
