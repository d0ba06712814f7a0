/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * `virt-ap profile list|show|check`: the named needs in /etc/virt-ap/profiles.d.
 */
#include "config.h"

#include <glib/gi18n.h>
#include <string.h>

#include "command.h"
#include "json.h"
#include "options.h"
#include "plan/plan.h"
#include "plan/profile.h"
#include "text.h"

/* the words of a need's modes and card types, each followed by ';' */
static char *
mode_words (const VapNeed *need)
{
  g_autoptr (GString) words = g_string_new (NULL);
  static const struct {
    VapCardMode mode;
    const char *word;
  } modes[] = {
    { VAP_CARD_MODE_ACCELERATOR, "accelerator" },
    { VAP_CARD_MODE_CCA, "CCA" },
    { VAP_CARD_MODE_EP11, "EP11" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (modes); i++) {
    if (need->modes & vap_need_mode_bit (modes[i].mode))
      g_string_append_printf (words, "%s%s", words->len > 0 ? ";" : "", modes[i].word);
  }
  return g_string_free (g_steal_pointer (&words), FALSE);
}

static char *
card_words (const VapNeed *need)
{
  g_autoptr (GString) words = g_string_new (NULL);

  for (const VapCardType *type = vap_card_types (); type->name != NULL; type++) {
    if (need->hwtypes >> (type->hwtype - VAP_CARD_HWTYPE_MIN) & 1)
      g_string_append_printf (words, "%s%s", words->len > 0 ? ";" : "", type->name);
  }
  return g_string_free (g_steal_pointer (&words), FALSE);
}

static char *
control_words (const VapNeed *need)
{
  if (need->control == VAP_CONTROL_LIST)
    return vap_mask_to_numbers (&need->control_domains);
  return g_strdup (need->control == VAP_CONTROL_USAGE ? "usage" : VAP_MASK_LIST_NONE);
}

/* as its file could have it */
static void
add_show (Output *output, const VapProfile *profile)
{
  const VapNeed *need = profile->need;
  g_autofree char *modes = mode_words (need);
  g_autofree char *cards = card_words (need);
  g_autofree char *control = control_words (need);
  g_autofree char *adapters = vap_mask_to_numbers (&need->adapters);
  g_autofree char *domains = vap_mask_to_numbers (&need->domains);
  g_autofree char *description =
      text_escape (profile->description != NULL ? profile->description : "");
  const VapCardType *oldest = vap_card_type_find (need->min_hwtype);

  output_add (output, "[profile %s]\n", profile->name);
  if (*description != '\0')
    output_add (output, "description=%s\n", description);
  output_add (output, "queues=%u\nspread=%u\n", need->queues, need->spread);
  if (*modes != '\0')
    output_add (output, "mode=%s\n", modes);
  if (*cards != '\0')
    output_add (output, "card=%s\n", cards);
  if (need->said & VAP_NEED_GENERATION)
    output_add (output, "min-generation=%s\n", oldest->name);
  if (need->said & VAP_NEED_ADAPTERS)
    output_add (output, "adapters=%s\n", adapters);
  if (need->said & VAP_NEED_DOMAINS)
    output_add (output, "domains=%s\n", domains);
  output_add (output, "control-domains=%s\n", control);
  if (profile->reserved > 0)
    output_add (output, "reserved=%u\n", profile->reserved);
}

static void
add_list (Output *output, const VapProfiles *profiles)
{
  guint width = 0;

  for (guint i = 0; i < profiles->list->len; i++) {
    const VapProfile *profile = g_ptr_array_index (profiles->list, i);

    width = MAX (width, (guint) strlen (profile->name));
  }
  for (guint i = 0; i < profiles->list->len; i++) {
    const VapProfile *profile = g_ptr_array_index (profiles->list, i);
    g_autofree char *description =
        text_escape (profile->description != NULL ? profile->description : "");
    g_autofree char *line =
        g_strdup_printf (_ ("queues: %u, adapters: %u at least. %s"),
                         profile->need->queues, profile->need->spread, description);

    output_add (output, "%-*s  ", (int) width, profile->name);
    output_wrapped (output, width + 2, g_strchomp (line));
  }
}

static void
add_words (VapJson *json, const char *name, const char *words)
{
  g_auto (GStrv) list = g_strsplit (words, ";", -1);

  vap_json_name (json, name);
  vap_json_begin_array (json);
  for (guint i = 0; list[i] != NULL && *words != '\0'; i++)
    vap_json_string (json, list[i]);
  vap_json_end_array (json);
}

static void
add_json_profile (VapJson *json, const VapProfile *profile)
{
  const VapNeed *need = profile->need;
  g_autofree char *modes = mode_words (need);
  g_autofree char *cards = card_words (need);
  const VapCardType *oldest = vap_card_type_find (need->min_hwtype);

  vap_json_begin_object (json);
  json_add_string (json, "name", profile->name);
  json_add_string (json, "description", profile->description);
  json_add_string (json, "file", profile->file);
  json_add_uint (json, "reserved", profile->reserved);
  json_add_uint (json, "queues", need->queues);
  json_add_uint (json, "spread", need->spread);
  add_words (json, "mode", modes);
  add_words (json, "card", cards);
  json_add_string (json, "min_generation", oldest != NULL ? oldest->name : NULL);
  json_add_mask (json, "adapters", &need->adapters);
  json_add_mask (json, "domains", &need->domains);
  if (need->control == VAP_CONTROL_LIST) {
    json_add_mask (json, "control_domains", &need->control_domains);
  } else {
    g_autofree char *control = control_words (need);

    json_add_string (json, "control_domains", control);
  }
  vap_json_end_object (json);
}

/* @name: (nullable): only this one */
static void
add_json (Output *output, const VapProfiles *profiles, const char *name)
{
  g_autoptr (VapJson) json = vap_json_new ();

  vap_json_begin_array (json);
  for (guint i = 0; i < profiles->list->len; i++) {
    const VapProfile *profile = g_ptr_array_index (profiles->list, i);

    if (name == NULL || g_str_equal (name, profile->name))
      add_json_profile (json, profile);
  }
  vap_json_end_array (json);
  output_json (output, json);
}

/* whether this host could give each profile to a guest now; @name: (nullable) */
static int
check (const Options *options, const VapProfiles *profiles, const char *name,
       Output *output)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (VapHost) host = vap_host_read (options->root, &error);
  int status = STATUS_GOOD;

  if (host == NULL) {
    report ("%s", error->message);
    return STATUS_UNJUDGED;
  }
  for (guint i = 0; i < profiles->list->len; i++) {
    const VapProfile *profile = g_ptr_array_index (profiles->list, i);
    g_autoptr (GError) why = NULL;
    VapMatrix matrix;

    if (name != NULL && !g_str_equal (name, profile->name))
      continue;
    if (vap_plan_one (host, profile->need, &matrix, &why)) {
      g_autofree char *adapters = text_ranges (&matrix.adapters, 2);
      g_autofree char *domains = text_ranges (&matrix.domains, 4);

      output_add (output, _ ("%s: a guest could get adapters %s, domains %s\n"),
                  profile->name, adapters, domains);
    } else {
      output_add (output, "%s: %s\n", profile->name, why->message);
      status = STATUS_REFUSED;
    }
  }
  return status;
}

static int
answer (const Options *options, const char *verb, const char *name)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (VapProfiles) profiles = vap_profiles_read (options->root, &error);
  const VapProfile *profile = NULL;
  g_auto (Output) output = { 0 };
  int status = STATUS_GOOD;

  if (profiles == NULL) {
    report ("%s", error->message);
    return STATUS_UNJUDGED;
  }
  if (name != NULL) {
    profile = vap_profiles_find (profiles, name);
    if (profile == NULL) {
      report (_ ("there is no profile '%s'"), name);
      return STATUS_UNJUDGED;
    }
  }
  output_init (&output, options->color);
  if (g_str_equal (verb, "check"))
    status = check (options, profiles, name, &output);
  else if (options->json)
    add_json (&output, profiles, name);
  else if (profile != NULL)
    add_show (&output, profile);
  else
    add_list (&output, profiles);
  return output_flush (&output, status);
}

int
command_profile (const char *root, char **argv)
{
  const OptionsSpec spec = {
    .name = "profile",
    .arguments = _ ("list | show NAME | check [NAME]"),
    .description = _ ("Shows the profiles in /etc/virt-ap/profiles.d, named needs for "
                      "guests, and whether\nthis host could give each to a guest now."),
    .json = TRUE,
  };
  g_auto (Options) options = { 0 };
  guint count;
  const char *verb;
  int status;

  if (!options_parse (&options, &spec, root, argv, &status))
    return status;
  count = g_strv_length (options.operands);
  verb = count > 0 ? options.operands[0] : "list";
  if ((g_str_equal (verb, "list") && count <= 1) ||
      (g_str_equal (verb, "show") && count == 2) ||
      (g_str_equal (verb, "check") && count <= 2 && !options.json))
    return answer (&options, verb, count > 1 ? options.operands[1] : NULL);
  return options_usage_error (spec.name, _ ("list, show NAME or check [NAME]"));
}
