/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * `virt-ap log`: what the doors decided, from wherever it was kept.
 */
#include "config.h"

#include <glib/gi18n.h>
#include <string.h>

#include "audit/reader.h"
#include "command.h"
#include "options.h"
#include "text.h"

/* "2h": so long ago; NULL for what is none */
static GDateTime *
parse_ago (const char *text)
{
  static const struct {
    char unit;
    guint seconds;
  } units[] = { { 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 } };
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  char *end;
  guint64 number = g_ascii_strtoull (text, &end, 10);

  if (!g_ascii_isdigit (*text) || *end == '\0' || end[1] != '\0' || number > 1000000)
    return NULL;
  for (guint i = 0; i < G_N_ELEMENTS (units); i++)
    if (*end == units[i].unit)
      return g_date_time_add_seconds (now, -(double) (number * units[i].seconds));
  return NULL;
}

/* "2026-11-24", with a 'T' or a blank and a time behind it; without a zone it is of this
 * place */
static GDateTime *
parse_moment (const char *text)
{
  static const char *const tails[] = { "", "T00:00:00", ":00" };
  g_autoptr (GTimeZone) local = g_time_zone_new_local ();
  g_autofree char *iso = g_strdup (text);

  if (strlen (iso) > 10 && iso[10] == ' ')
    iso[10] = 'T';
  for (guint i = 0; i < G_N_ELEMENTS (tails); i++) {
    g_autofree char *whole = g_strconcat (iso, tails[i], NULL);
    GDateTime *moment = g_date_time_new_from_iso8601 (whole, local);

    if (moment != NULL)
      return moment;
  }
  return NULL;
}

/* @since as records have it; NULL for what is no time */
static char *
parse_since (const char *text)
{
  g_autoptr (GDateTime) moment = parse_ago (text);
  g_autoptr (GDateTime) utc = NULL;

  if (moment == NULL)
    moment = parse_moment (text);
  utc = moment != NULL ? g_date_time_to_utc (moment) : NULL;
  return utc != NULL ? g_date_time_format (utc, "%Y-%m-%dT%H:%M:%S.%fZ") : NULL;
}

static const char *
text_of (const json_t *object, const char *name)
{
  const char *text = json_string_value (json_object_get (object, name));

  return text != NULL ? text : "";
}

/* what anybody may have written into a log, for a terminal */
static char *
escape (const json_t *object, const char *name)
{
  return text_escape (text_of (object, name));
}

static char *
local_time (const json_t *record)
{
  g_autoptr (GDateTime) utc =
      g_date_time_new_from_iso8601 (text_of (record, "time"), NULL);
  g_autoptr (GDateTime) local = utc != NULL ? g_date_time_to_local (utc) : NULL;

  return local != NULL ? g_date_time_format (local, "%Y-%m-%d %H:%M:%S")
                       : escape (record, "time");
}

static Style
style_of (const char *verdict)
{
  static const struct {
    const char *verdict;
    Style style;
  } styles[] = {
    { "accepted", STYLE_GOOD },
    { "warned", STYLE_CAUTION },
    { "refused", STYLE_BAD },
    { "unjudged", STYLE_BAD },
  };

  for (guint i = 0; i < G_N_ELEMENTS (styles); i++)
    if (g_str_equal (verdict, styles[i].verdict))
      return styles[i].style;
  return STYLE_PLAIN;
}

static void
add_head (Output *output, const json_t *record)
{
  g_autofree char *time = local_time (record);
  g_autofree char *door = escape (record, "door");
  g_autofree char *verdict = escape (record, "verdict");
  g_autofree char *call = escape (record, "call");
  g_autofree char *guest = escape (record, "guest");
  g_autofree char *device = escape (record, "device");
  g_autofree char *user = escape (record, "user");
  const json_int_t uid = json_integer_value (json_object_get (record, "uid"));

  output_add (output, "%s  %-7s  ", time, door);
  output_styled (output, style_of (verdict), verdict);
  output_add (output, "%*s  %s", (int) (8 - MIN (strlen (verdict), 8)), "", call);
  if (*guest != '\0')
    output_add (output, "  %s", guest);
  if (*device != '\0')
    output_add (output, "  %s", device);
  if (*user != '\0')
    output_add (output, "  (%s)\n", user);
  else
    output_add (output, "  (%" JSON_INTEGER_FORMAT ")\n", uid);
}

/* a line of its own, and what does not fit on it below */
static void
add_line (Output *output, guint column, const char *text)
{
  g_autofree char *plain = text_escape (text != NULL ? text : "");

  output_add (output, "%*s", (int) column, "");
  output_wrapped (output, column + 2, plain);
}

static void
add_finding (Output *output, const json_t *finding)
{
  const char *hint = text_of (finding, "hint");
  g_autofree char *message =
      g_strdup_printf ("%s[%s]: %s", text_of (finding, "severity"),
                       text_of (finding, "id"), text_of (finding, "message"));
  g_autofree char *cure = g_strconcat ("hint: ", hint, NULL);

  add_line (output, 4, message);
  if (*hint != '\0')
    add_line (output, 6, cure);
}

static void
add_record (Output *output, const json_t *record)
{
  const json_t *findings = json_object_get (record, "findings");
  const json_t *notes = json_object_get (record, "notes");
  const json_int_t left_out = json_integer_value (json_object_get (record, "left_out"));

  add_head (output, record);
  if (json_object_get (record, "reason") != NULL)
    add_line (output, 4, text_of (record, "reason"));
  for (gsize i = 0; i < json_array_size (findings); i++)
    add_finding (output, json_array_get (findings, i));
  if (left_out > 0) {
    g_autofree char *text = g_strdup_printf (
        ngettext ("%u more finding is not in the record",
                  "%u more findings are not in the record", (guint) left_out),
        (guint) left_out);
    add_line (output, 4, text);
  }
  for (gsize i = 0; i < json_array_size (notes); i++)
    add_line (output, 4, json_string_value (json_array_get (notes, i)));
}

static void
add_json (Output *output, const VapAuditReading *reading)
{
  g_autoptr (VapJson) json = vap_json_new ();

  vap_json_begin_object (json);
  vap_json_name (json, "records");
  vap_json_begin_array (json);
  for (guint i = 0; i < reading->records->len; i++)
    vap_json_value (json, reading->records->pdata[i]);
  vap_json_end_array (json);
  vap_json_name (json, "problems");
  vap_json_begin_array (json);
  for (guint i = 0; i < reading->problems->len; i++)
    vap_json_string (json, reading->problems->pdata[i]);
  vap_json_end_array (json);
  vap_json_end_object (json);
  output_json (output, json);
}

static int
answer (const Options *options, const VapAuditFilter *filter)
{
  g_auto (Output) output = { 0 };
  g_autoptr (VapConfig) config =
      vap_config_read (options->root, vap_finding_exists, NULL);
  g_autoptr (VapAuditReading) reading = vap_audit_read (options->root, config, filter);

  output_init (&output, options->color);
  if (options->json)
    add_json (&output, reading);
  for (guint i = 0; !options->json && i < reading->records->len; i++)
    add_record (&output, reading->records->pdata[i]);
  for (guint i = 0; !options->json && i < reading->problems->len; i++)
    report ("%s", (const char *) reading->problems->pdata[i]);
  /* an empty answer of what could not be read is none */
  return output_flush (&output, reading->records->len == 0 && reading->problems->len > 0
                                    ? STATUS_UNJUDGED
                                    : STATUS_GOOD);
}

/* FALSE after telling which words there are */
static gboolean
is_one_of (const char *option, const char *word, const char *(*name) (guint), guint n)
{
  g_autoptr (GString) list = g_string_new (NULL);

  if (word == NULL)
    return TRUE;
  for (guint i = 0; i < n; i++) {
    if (g_str_equal (word, name (i)))
      return TRUE;
    g_string_append_printf (list, "%s%s", i > 0 ? ", " : "", name (i));
  }
  options_usage_error ("log", _ ("%s takes one of %s, not '%s'"), option, list->str,
                       word);
  return FALSE;
}

static const char *
door_name (guint i)
{
  return vap_door_to_string ((VapDoor) i);
}

static const char *
verdict_name (guint i)
{
  return vap_decision_to_string ((VapDecision) i);
}

int
command_log (const char *root, char **argv)
{
  g_autofree char *since = NULL;
  g_autofree char *door = NULL;
  g_autofree char *guest = NULL;
  g_autofree char *verdict = NULL;
  const GOptionEntry entries[] = {
    { "since", 0, 0, G_OPTION_ARG_STRING, &since,
      N_ ("Only later records: 2h, 7d, 2026-11-24, '2026-11-24 08:00'"), N_ ("WHEN") },
    { "door", 0, 0, G_OPTION_ARG_STRING, &door,
      N_ ("Only of this door: gate, callout or hook"), N_ ("DOOR") },
    { "guest", 0, 0, G_OPTION_ARG_STRING, &guest,
      N_ ("Only of the guest of this name, or the device of this UUID"), N_ ("GUEST") },
    { "verdict", 0, 0, G_OPTION_ARG_STRING, &verdict,
      N_ ("Only accepted, warned, refused or unjudged ones"), N_ ("VERDICT") },
    G_OPTION_ENTRY_NULL,
  };
  const OptionsSpec spec = {
    .name = "log",
    .description = _ ("Shows what the gate, the callout and the hook decided."),
    .json = TRUE,
    .entries = entries,
  };
  g_auto (Options) options = { 0 };
  g_autofree char *moment = NULL;
  int status;

  if (!options_parse (&options, &spec, root, argv, &status))
    return status;
  if (!is_one_of ("--door", door, door_name, VAP_N_DOORS) ||
      !is_one_of ("--verdict", verdict, verdict_name, VAP_N_DECISIONS))
    return STATUS_UNJUDGED;
  moment = since != NULL ? parse_since (since) : NULL;
  if (since != NULL && moment == NULL)
    return options_usage_error (spec.name, _ ("--since: '%s' is no time"), since);

  const VapAuditFilter filter = { moment, door, guest, verdict };
  return answer (&options, &filter);
}
