/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * `virt-ap explain`: the catalogue of findings, for people, for programs and for
 * the manual.
 */
#include "config.h"

#include <glib/gi18n.h>
#include <string.h>

#include "check/finding.h"
#include "command.h"
#include "json.h"
#include "options.h"
#include "text.h"

#define TEXT_AT 10u

static void
add_part (Output *output, const char *title, const char *text)
{
  if (text == NULL)
    return;
  output_add (output, "\n  %s\n    ", title);
  output_wrapped (output, 4, text);
}

/* an example keeps its lines */
static void
add_example (Output *output, const char *example)
{
  g_auto (GStrv) lines = NULL;

  if (example == NULL)
    return;
  lines = g_strsplit (example, "\n", -1);
  output_add (output, "\n  %s\n", _ ("Example"));
  for (guint i = 0; lines[i] != NULL; i++)
    output_add (output, lines[i][0] != '\0' ? "    %s\n" : "%s\n", lines[i]);
}

static const char *
translate (const char *text)
{
  return text != NULL ? _ (text) : NULL;
}

static void
add_info_text (Output *output, const VapFindingInfo *info)
{
  g_autofree char *label =
      g_strdup_printf ("%s[%s]", vap_severity_to_string (info->severity), info->id);

  output_styled (output, STYLE_TITLE, label);
  output_add (output, "\n  ");
  output_wrapped (output, 2, translate (info->meaning));
  add_part (output, _ ("What to do"), translate (info->cure));
  add_part (output, _ ("The kernel would answer"), info->errno_name);
  add_part (output, _ ("Where it comes from"), info->source);
  add_example (output, info->example);
}

static void
add_info_json (VapJson *json, const VapFindingInfo *info)
{
  vap_json_begin_object (json);
  json_add_string (json, "id", info->id);
  json_add_string (json, "severity", vap_severity_to_string (info->severity));
  json_add_string (json, "meaning", translate (info->meaning));
  json_add_string (json, "source", info->source);
  json_add_string (json, "errno", info->errno_name);
  json_add_string (json, "cure", translate (info->cure));
  json_add_string (json, "example", info->example);
  vap_json_end_object (json);
}

static void
add_list_text (Output *output)
{
  for (const VapFindingInfo *info = vap_finding_catalogue (); info->id != NULL; info++) {
    output_styled (output, STYLE_TITLE, info->id);
    output_add (output, "\n  %-*s", (int) TEXT_AT - 2,
                vap_severity_to_string (info->severity));
    output_wrapped (output, TEXT_AT, translate (info->meaning));
  }
}

static void
add_list_json (Output *output)
{
  g_autoptr (VapJson) json = vap_json_new ();

  vap_json_begin_array (json);
  for (const VapFindingInfo *info = vap_finding_catalogue (); info->id != NULL; info++)
    add_info_json (json, info);
  vap_json_end_array (json);
  output_json (output, json);
}

/* what reStructuredText would take for markup is escaped */
static char *
rst_escape (const char *text)
{
  GString *escaped = g_string_new (NULL);

  for (; *text != '\0'; text++) {
    if (strchr ("\\*`|_", *text) != NULL)
      g_string_append_c (escaped, '\\');
    g_string_append_c (escaped, *text);
  }
  return g_string_free (escaped, FALSE);
}

static void
add_field_rst (Output *output, const char *name, const char *text)
{
  g_autofree char *escaped = NULL;

  if (text == NULL)
    return;
  escaped = rst_escape (text);
  output_add (output, ":%s: %s\n", name, escaped);
}

/* one section of virt-ap-findings(7), in English like the other manual pages */
static void
add_info_rst (Output *output, const VapFindingInfo *info)
{
  g_autofree char *meaning = rst_escape (info->meaning);
  g_autofree char *line = g_strnfill (strlen (info->id), '-');
  g_auto (GStrv) lines =
      info->example != NULL ? g_strsplit (info->example, "\n", -1) : NULL;

  output_add (output, "%s\n%s\n\n%s\n\n", info->id, line, meaning);
  add_field_rst (output, "Severity", vap_severity_to_string (info->severity));
  add_field_rst (output, "Cure", info->cure);
  add_field_rst (output, "Errno", info->errno_name);
  add_field_rst (output, "Source", info->source);
  if (lines != NULL)
    output_add (output, "\n::\n\n");
  for (guint i = 0; lines != NULL && lines[i] != NULL; i++)
    output_add (output, lines[i][0] != '\0' ? "  %s\n" : "%s\n", lines[i]);
  output_add (output, "\n");
}

static void
add_list_rst (Output *output)
{
  output->utf8 = TRUE;
  for (const VapFindingInfo *info = vap_finding_catalogue (); info->id != NULL; info++)
    add_info_rst (output, info);
}

/* the ids that @word may have been meant for: those that contain it, and those
 * that a few keystrokes make of it; free with g_free() */
static char *
find_similar (const char *word)
{
  GString *similar = g_string_new (NULL);

  for (const VapFindingInfo *info = vap_finding_catalogue (); info->id != NULL; info++) {
    gboolean contains = word[0] != '\0' && strstr (info->id, word) != NULL;

    if (contains || text_distance (word, info->id) <= MAX (2, strlen (info->id) / 3))
      g_string_append_printf (similar, similar->len > 0 ? ", %s" : "%s", info->id);
  }
  return g_string_free (similar, FALSE);
}

static int
report_unknown (const char *id)
{
  g_autofree char *similar = find_similar (id);

  if (similar[0] != '\0')
    report (_ ("there is no finding '%s'; similar ones: %s"), id, similar);
  else
    report (_ ("there is no finding '%s'; 'virt-ap explain --list' shows all"), id);
  return STATUS_UNJUDGED;
}

static int
explain_one (Output *output, const char *id, gboolean as_json)
{
  const VapFindingInfo *info = vap_finding_info (id);
  g_autoptr (VapJson) json = NULL;

  if (info == NULL)
    return report_unknown (id);
  if (!as_json) {
    add_info_text (output, info);
  } else {
    json = vap_json_new ();
    add_info_json (json, info);
    output_json (output, json);
  }
  return STATUS_GOOD;
}

int
command_explain (const char *root, char **argv)
{
  gboolean list = FALSE, rst = FALSE;
  const GOptionEntry entries[] = {
    { "list", 0, 0, G_OPTION_ARG_NONE, &list, N_ ("Show all findings"), NULL },
    { "rst", 0, 0, G_OPTION_ARG_NONE, &rst,
      N_ ("Print all findings as reStructuredText, for the manual"), NULL },
    G_OPTION_ENTRY_NULL,
  };
  const OptionsSpec spec = {
    .name = "explain",
    .arguments = _ ("[ID]"),
    .description = _ ("Explains a finding: what it means, what the kernel would answer, "
                      "and what to do."),
    .json = TRUE,
    .entries = entries,
  };
  g_auto (Options) options = { 0 };
  g_auto (Output) output = { 0 };
  const char *id;
  int status = STATUS_GOOD;

  if (!options_parse (&options, &spec, root, argv, &status))
    return status;
  id = options.operands[0];
  if (list + rst + (id != NULL) != 1 || (id != NULL && options.operands[1] != NULL))
    return options_usage_error (spec.name, _ ("it takes one ID, or --list, or --rst"));
  output_init (&output, options.color);
  if (rst)
    add_list_rst (&output);
  else if (list && options.json)
    add_list_json (&output);
  else if (list)
    add_list_text (&output);
  else
    status = explain_one (&output, id, options.json);
  return output_flush (&output, status);
}
