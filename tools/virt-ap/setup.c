/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * `virt-ap setup`: the doors put in place, taken away, or looked at.
 */
#include "config.h"

#include <glib/gi18n.h>
#include <string.h>

#include "check/finding.h"
#include "command.h"
#include "config/settings.h"
#include "json.h"
#include "options.h"
#include "setup/setup.h"
#include "text.h"

#define DETAIL_AT 19u

typedef struct {
  gboolean enable;
  gboolean disable;
  gboolean status;
} Choice;

static Style
style_of (VapPartState state)
{
  switch (state) {
  case VAP_PART_ACTIVE:
    return STYLE_GOOD;
  case VAP_PART_ABSENT:
  case VAP_PART_NOT_HERE:
    return STYLE_DIM;
  case VAP_PART_CHANGED:
  case VAP_PART_FOREIGN:
    return STYLE_CAUTION;
  default:
    return STYLE_BAD;
  }
}

static void
add_part (Output *output, VapPartId id, const VapPart *part)
{
  const char *state = vap_part_state_to_string (part->state);
  g_autofree char *path = text_escape (part->path);

  output_add (output, "%-8s ", vap_part_to_string (id));
  output_styled (output, style_of (part->state), state);
  output_add (output, "%*s%s\n", (int) (10 - strlen (state)), "", path);
  if (part->detail != NULL) {
    g_autofree char *detail = text_escape (part->detail);

    output_add (output, "%*s", (int) DETAIL_AT, "");
    output_wrapped (output, DETAIL_AT, detail);
  }
}

static void
add_text (Output *output, const VapSetup *setup, const VapConfig *config,
          const GError *fault)
{
  for (guint i = 0; i < VAP_N_PARTS; i++)
    add_part (output, (VapPartId) i, &setup->parts[i]);
  for (guint i = 0; i < setup->others->len; i++) {
    g_autofree char *path = text_escape (setup->others->pdata[i]);

    output_add (output, _ ("besides: %s\n"), path);
  }
  for (guint i = 0; config != NULL && i < config->files->len; i++)
    output_add (output, _ ("configuration: %s\n"), (char *) config->files->pdata[i]);
  if (fault != NULL) {
    g_autofree char *reason = text_escape (fault->message);

    output_add (output, _ ("configuration is wrong: %s\n"), reason);
  }
}

static void
add_json (Output *output, const VapPlaces *places, const VapSetup *setup,
          const VapConfig *config, const GError *fault)
{
  g_autoptr (VapJson) json = vap_json_new ();
  g_autofree char *uri = vap_setup_uri (places);

  vap_json_begin_object (json);
  json_add_string (json, "uri", uri);
  vap_json_name (json, "parts");
  vap_json_begin_array (json);
  for (guint i = 0; i < VAP_N_PARTS; i++) {
    const VapPart *part = &setup->parts[i];

    vap_json_begin_object (json);
    json_add_string (json, "name", vap_part_to_string ((VapPartId) i));
    json_add_string (json, "state", vap_part_state_to_string (part->state));
    json_add_string (json, "path", part->path);
    json_add_string (json, "detail", part->detail);
    vap_json_end_object (json);
  }
  vap_json_end_array (json);
  vap_json_name (json, "others");
  vap_json_begin_array (json);
  for (guint i = 0; i < setup->others->len; i++)
    vap_json_string (json, setup->others->pdata[i]);
  vap_json_end_array (json);
  vap_json_name (json, "configuration");
  vap_json_begin_object (json);
  vap_json_name (json, "files");
  vap_json_begin_array (json);
  for (guint i = 0; config != NULL && i < config->files->len; i++)
    vap_json_string (json, config->files->pdata[i]);
  vap_json_end_array (json);
  json_add_string (json, "problem", fault != NULL ? fault->message : NULL);
  vap_json_end_object (json);
  vap_json_end_object (json);
  output_json (output, json);
}

/* as it was asked for: in place, or away but for what is not ours */
static gboolean
is_part_well (const VapPart *part, const Choice *choice)
{
  if (part->state == VAP_PART_NOT_HERE)
    return TRUE;
  if (choice->disable)
    return part->state == VAP_PART_ABSENT || part->state == VAP_PART_FOREIGN ||
           part->by_hand;
  return part->state == VAP_PART_ACTIVE;
}

static gboolean
is_well (const VapSetup *setup, const Choice *choice)
{
  for (guint i = 0; i < VAP_N_PARTS; i++)
    if (!is_part_well (&setup->parts[i], choice))
      return FALSE;
  return TRUE;
}

static int
show (const Options *options, const VapPlaces *places, const Choice *choice,
      gboolean new_hook)
{
  g_auto (Output) output = { 0 };
  g_autoptr (VapSetup) setup = vap_setup_look (places);
  g_autoptr (GError) fault = NULL;
  g_autoptr (VapConfig) config =
      vap_config_read (options->root, vap_finding_exists, &fault);

  output_init (&output, options->color);
  if (options->json)
    add_json (&output, places, setup, config, fault);
  else
    add_text (&output, setup, config, fault);
  if (!options->json && new_hook && setup->parts[VAP_PART_HOOK].state == VAP_PART_ACTIVE)
    output_add (&output, "%s\n",
                _ ("libvirt looks for hooks when it starts: if it had none before, "
                   "restart libvirtd or virtqemud"));
  return output_flush (
      &output, is_well (setup, choice) && fault == NULL ? STATUS_GOOD : STATUS_REFUSED);
}

static int
answer (const Options *options, const VapPlaces *places, const Choice *choice)
{
  g_autoptr (VapSetup) before = vap_setup_look (places);
  g_autoptr (GError) error = NULL;
  gboolean well = TRUE;

  if (choice->enable)
    well = vap_setup_enable (places, &error);
  else if (choice->disable)
    well = vap_setup_disable (places, &error);
  if (!well) {
    report ("%s", error->message);
    return STATUS_UNJUDGED;
  }
  return show (options, places, choice,
               choice->enable && before->parts[VAP_PART_HOOK].state != VAP_PART_ACTIVE);
}

/* in libvirt.conf as it is, and in a URI */
static gboolean
is_plain_path (const char *path)
{
  return g_path_is_absolute (path) &&
         path[strspn (path, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "/._-")] == '\0';
}

int
command_setup (const char *root, char **argv)
{
  Choice choice = { 0 };
  g_autofree char *doors = NULL;
  const GOptionEntry entries[] = {
    { "enable", 0, 0, G_OPTION_ARG_NONE, &choice.enable, N_ ("Put the doors in place"),
      NULL },
    { "disable", 0, 0, G_OPTION_ARG_NONE, &choice.disable, N_ ("Take the doors away"),
      NULL },
    { "status", 0, 0, G_OPTION_ARG_NONE, &choice.status,
      N_ ("Show what is in place (default)"), NULL },
    { "doors", 0, 0, G_OPTION_ARG_FILENAME, &doors,
      N_ ("Where gate, callout and hook are"), N_ ("DIR") },
    G_OPTION_ENTRY_NULL,
  };
  const OptionsSpec spec = {
    .name = "setup",
    .description = _ ("Puts the gate, the callout and the hook in place, or takes them "
                      "away."),
    .json = TRUE,
    .entries = entries,
  };
  g_auto (Options) options = { 0 };
  int status;

  if (!options_parse (&options, &spec, root, argv, &status))
    return status;
  if (choice.enable + choice.disable + choice.status > 1)
    return options_usage_error (
        spec.name, _ ("--enable, --disable and --status exclude each other"));
  if (doors != NULL && !is_plain_path (doors))
    return options_usage_error (
        spec.name, _ ("--doors takes a path of letters, digits and /._- alone"));

  const VapPlaces places = {
    .root = options.root != NULL ? options.root : "",
    .doors = doors != NULL ? doors : VAP_DOORS_DIR,
    .callouts = vap_setup_callouts (options.root != NULL ? options.root : ""),
  };
  return answer (&options, &places, &choice);
}
