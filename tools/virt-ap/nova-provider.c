/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * `virt-ap nova-provider`: what this host can grant, as OpenStack Nova's provider
 * configuration, schema 1.0.
 * Source: nova/compute/provider_config.py
 */
#include "config.h"

#include <glib/gi18n.h>
#include <string.h>

#include "command.h"
#include "grant/record.h"
#include "options.h"
#include "plan/offer.h"

/* what Placement takes for a custom resource class and a trait, 255 characters */
#define PREFIX "CUSTOM_VIRT_AP_"
#define FILE_MODE 0644

typedef struct {
  VapHost *host;
  VapProfiles *profiles;
  GPtrArray *grants;
  guint *totals; /* by profile */
} Facts;

static void
facts_clear (Facts *facts)
{
  g_clear_pointer (&facts->host, vap_host_unref);
  g_clear_pointer (&facts->profiles, vap_profiles_free);
  g_clear_pointer (&facts->grants, g_ptr_array_unref);
  g_clear_pointer (&facts->totals, g_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Facts, facts_clear)

/* "hsm-small" is CUSTOM_VIRT_AP_HSM_SMALL: a profile's name has no other characters that
 * would have to change, so that no two become one */
static char *
class_name (const char *profile)
{
  g_autofree char *upper = g_ascii_strup (profile, -1);

  return g_strconcat (PREFIX, g_strdelimit (upper, "-", '_'), NULL);
}

static gint
profile_index (const VapProfiles *profiles, const char *name)
{
  for (guint i = 0; i < profiles->list->len; i++) {
    if (g_str_equal (((VapProfile *) profiles->list->pdata[i])->name, name))
      return (gint) i;
  }
  return -1;
}

/* A grant counts for its profile as long as its matrix is there. */
static gboolean
is_granted (const Facts *facts, const char *device, gint *profile)
{
  for (guint i = 0; i < facts->grants->len; i++) {
    const VapGrant *grant = g_ptr_array_index (facts->grants, i);

    if (!g_str_equal (grant->device, device))
      continue;
    *profile = profile_index (facts->profiles, grant->profile);
    return TRUE;
  }
  return FALSE;
}

static gboolean
would_do (const VapHost *host, const VapMatrix *matrix, const VapNeed *need)
{
  VapMask left = matrix->adapters;

  for (guint i = 0; i < host->cards->len; i++) {
    const VapCard *card = g_ptr_array_index (host->cards, i);

    if (card->config && !card->checkstop &&
        vap_need_takes_card (need, card->hwtype, card->mode))
      vap_mask_clear (&left, card->id);
  }
  return vap_mask_is_empty (&left) && vap_need_accepts (need, matrix);
}

/* a matrix that was prepared and that no guest has: for the profile that has least of
 * those that it would do for */
static gint
find_taker (const Facts *facts, const VapHostDevice *device)
{
  VapMatrix matrix = device->active ? device->matrix : device->defined_matrix;
  gint taker = -1;

  for (guint i = 0; i < facts->profiles->list->len; i++) {
    const VapProfile *profile = g_ptr_array_index (facts->profiles->list, i);

    if (would_do (facts->host, &matrix, profile->need) &&
        (taker < 0 || facts->totals[i] < facts->totals[taker]))
      taker = (gint) i;
  }
  return taker;
}

static void
count_totals (Facts *facts)
{
  facts->totals = g_new0 (guint, MAX (facts->profiles->list->len, 1));
  for (guint pass = 0; pass < 2; pass++) {
    for (guint i = 0; i < facts->host->devices->len; i++) {
      const VapHostDevice *device = g_ptr_array_index (facts->host->devices, i);
      gint profile = -1;
      gboolean granted = is_granted (facts, device->uuid, &profile);

      if (pass == 1 && !granted &&
          vap_host_holder (facts->host, device->uuid, NULL, NULL) == NULL)
        profile = find_taker (facts, device);
      else if (pass == 1 || !granted)
        continue;
      if (profile >= 0)
        facts->totals[profile]++;
    }
  }
  vap_offer_find (facts->host, facts->profiles, facts->totals);
}

static gboolean
facts_read (Facts *facts, const char *root, GError **error)
{
  facts->profiles = vap_profiles_read (root, error);
  if (facts->profiles != NULL)
    facts->grants = vap_grants_read (root, error);
  if (facts->grants != NULL)
    facts->host = vap_host_read (root, error);
  if (facts->host == NULL)
    return FALSE;
  count_totals (facts);
  return TRUE;
}

/* Placement refuses an inventory of 0, and one that is reserved altogether is of no use
 * but allowed */
static void
add_inventories (GString *text, const Facts *facts)
{
  gboolean any = FALSE;

  for (guint i = 0; i < facts->profiles->list->len; i++) {
    const VapProfile *profile = g_ptr_array_index (facts->profiles->list, i);
    g_autofree char *name = class_name (profile->name);

    if (facts->totals[i] == 0)
      continue;
    if (!any)
      g_string_append (text, "    inventories:\n      additional:\n");
    any = TRUE;
    g_string_append_printf (text,
                            "        - %s:\n"
                            "            total: %u\n"
                            "            reserved: %u\n"
                            "            min_unit: 1\n"
                            "            max_unit: 1\n"
                            "            step_size: 1\n"
                            "            allocation_ratio: 1.0\n",
                            name, facts->totals[i],
                            MIN (profile->reserved, facts->totals[i]));
  }
}

/* the cards with a queue that guests can have */
static void
add_card_traits (GPtrArray *traits, const VapHost *host)
{
  static const struct {
    VapCardMode mode;
    const char *trait;
  } modes[] = {
    { VAP_CARD_MODE_ACCELERATOR, PREFIX "ACCELERATOR" },
    { VAP_CARD_MODE_CCA, PREFIX "CCA" },
    { VAP_CARD_MODE_EP11, PREFIX "EP11" },
  };

  for (guint i = 0; i < host->cards->len; i++) {
    const VapCard *card = g_ptr_array_index (host->cards, i);
    const VapCardType *type = vap_card_type_find (card->hwtype);

    if (!card->config || card->checkstop ||
        vap_mask_is_empty (&host->vfio_bound.domains[card->id]))
      continue;
    if (type != NULL)
      g_ptr_array_add (traits, g_strconcat (PREFIX, type->name, NULL));
    for (guint k = 0; k < G_N_ELEMENTS (modes); k++) {
      if (modes[k].mode == card->mode)
        g_ptr_array_add (traits, g_strdup (modes[k].trait));
    }
  }
}

static void
add_feature_traits (GPtrArray *traits, const VapHost *host)
{
  static const struct {
    VapFeatureId feature;
    const char *trait;
  } features[] = {
    { VAP_FEATURE_APXA, PREFIX "APXA" },
    { VAP_FEATURE_APQI, PREFIX "APQI" },
    { VAP_FEATURE_APPV, PREFIX "SECURE_EXECUTION" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (features); i++) {
    if (vap_host_has_feature (host, features[i].feature))
      g_ptr_array_add (traits, g_strdup (features[i].trait));
  }
}

static gint
compare_traits (gconstpointer a, gconstpointer b)
{
  return g_strcmp0 (*(char *const *) a, *(char *const *) b);
}

static void
add_traits (GString *text, const VapHost *host)
{
  g_autoptr (GPtrArray) traits = g_ptr_array_new_with_free_func (g_free);
  const char *before = NULL;

  if (host->has_ap_bus) {
    add_card_traits (traits, host);
    add_feature_traits (traits, host);
  }
  g_ptr_array_sort (traits, compare_traits);
  if (traits->len > 0)
    g_string_append (text, "    traits:\n      additional:\n");
  for (guint i = 0; i < traits->len; i++) {
    const char *trait = g_ptr_array_index (traits, i);

    if (g_strcmp0 (trait, before) != 0)
      g_string_append_printf (text, "        - %s\n", trait);
    before = trait;
  }
}

/* @provider: (nullable): a resource provider's name or UUID; a word that YAML takes for
 * nothing else, since it stands in quotes */
static char *
make_text (const Facts *facts, const char *provider)
{
  g_autoptr (GString) text = g_string_new (
      "# Written by virt-ap nova-provider; changes are lost.  Nova reads it at start.\n"
      "meta:\n  schema_version: '1.0'\nproviders:\n");
  char canonical[37];

  g_string_append (text, "  - identification:\n");
  if (provider == NULL)
    g_string_append (text, "      uuid: $COMPUTE_NODE\n");
  else if (vap_uuid_canonical (provider, canonical))
    g_string_append_printf (text, "      uuid: '%s'\n", canonical);
  else
    g_string_append_printf (text, "      name: '%s'\n", provider);
  add_inventories (text, facts);
  add_traits (text, facts->host);
  return g_string_free (g_steal_pointer (&text), FALSE);
}

/* only when it is not there already, so that its time tells when it changed */
static gboolean
write_file (const char *file, const char *text, GError **error)
{
  g_autofree char *old = NULL;

  if (g_file_get_contents (file, &old, NULL, NULL) && g_str_equal (old, text))
    return TRUE;
  return g_file_set_contents_full (file, text, -1, G_FILE_SET_CONTENTS_CONSISTENT,
                                   FILE_MODE, error);
}

static int
answer (const Options *options, const char *file, const char *provider)
{
  g_auto (Facts) facts = { 0 };
  g_auto (Output) output = { 0 };
  g_autofree char *text = NULL;
  g_autoptr (GError) error = NULL;
  gboolean good = facts_read (&facts, options->root, &error);

  if (good)
    text = make_text (&facts, provider);
  if (good && file != NULL)
    good = write_file (file, text, &error);
  if (!good) {
    report ("%s", error->message);
    return STATUS_UNJUDGED;
  }
  output_init (&output, options->color);
  if (file == NULL)
    output_add (&output, "%s", text);
  return output_flush (&output, STATUS_GOOD);
}

/* what Nova's schema takes, and YAML between single quotes */
static gboolean
is_good_provider (const char *provider)
{
  return *provider != '\0' && g_utf8_validate (provider, -1, NULL) &&
         g_utf8_strlen (provider, -1) <= 200 && strpbrk (provider, "'\n\r\t") == NULL;
}

int
command_nova_provider (const char *root, char **argv)
{
  g_autofree char *file = NULL;
  g_autofree char *provider = NULL;
  const GOptionEntry entries[] = {
    { "output", 'o', 0, G_OPTION_ARG_FILENAME, &file,
      N_ ("Write to FILE, when it would change, instead of standard output"),
      N_ ("FILE") },
    { "provider", 0, 0, G_OPTION_ARG_STRING, &provider,
      N_ ("The resource provider's name or UUID, instead of each compute node"),
      N_ ("PROVIDER") },
    G_OPTION_ENTRY_NULL,
  };
  const OptionsSpec spec = {
    .name = "nova-provider",
    .description = _ ("Prints what this host can grant to guests of each profile as "
                      "OpenStack Nova's\nprovider configuration."),
    .entries = entries,
  };
  g_auto (Options) options = { 0 };
  int status;

  if (!options_parse (&options, &spec, root, argv, &status))
    return status;
  if (provider != NULL && !is_good_provider (provider))
    return options_usage_error (spec.name, _ ("'%s' is no name of a resource provider"),
                                provider);
  return answer (&options, file, provider);
}
