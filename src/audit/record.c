/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Records as text; see record.h. */
#include "config.h"

#include "audit/record.h"

#include <pwd.h>
#include <string.h>
#include <unistd.h>

#include "json/writer.h"

/* bytes of one text; the whole of an honest one fits */
#define TEXT_MAX 1000u
/* how much is left out at first, and how much more each time it is still too long */
#define FINDINGS_MAX 64u

static const char *const decision_names[] = { "accepted", "warned", "refused",
                                              "unjudged" };

const char *
vap_decision_to_string (VapDecision decision)
{
  g_return_val_if_fail ((guint) decision < VAP_N_DECISIONS, "unjudged");

  return decision_names[decision];
}

/* without what could forge a line, and not too long */
static char *
plain_text (const char *text)
{
  /* enough to see that it is too long, whatever is cut at its end */
  g_autofree char *valid =
      g_utf8_make_valid (text, (gssize) strnlen (text, TEXT_MAX + 8));
  char *end = valid + strlen (valid);

  for (char *c = valid; *c != '\0'; c++)
    if (g_ascii_iscntrl (*c))
      *c = '?';
  if (end - valid <= (gssize) TEXT_MAX)
    return g_steal_pointer (&valid);
  *g_utf8_find_prev_char (valid, valid + TEXT_MAX + 1) = '\0';
  return g_strconcat (valid, "…", NULL);
}

static void
add_text (VapJson *json, const char *name, const char *text)
{
  g_autofree char *plain = NULL;

  if (text == NULL || *text == '\0')
    return;
  plain = plain_text (text);
  vap_json_name (json, name);
  vap_json_string (json, plain);
}

static void
add_time (VapJson *json, gint64 time)
{
  g_autoptr (GDateTime) seconds = g_date_time_new_from_unix_utc (time / G_USEC_PER_SEC);
  g_autofree char *text = g_date_time_format (seconds, "%Y-%m-%dT%H:%M:%S");
  g_autofree char *whole =
      g_strdup_printf ("%s.%06dZ", text, (int) (time % G_USEC_PER_SEC));

  vap_json_name (json, "time");
  vap_json_string (json, whole);
}

/* Root's name needs no look at what may be a directory service that does not answer. */
static void
add_user (VapJson *json)
{
  uid_t user = getuid ();
  const struct passwd *entry = user != 0 ? getpwuid (user) : NULL;

  vap_json_name (json, "uid");
  vap_json_int (json, user);
  if (user == 0)
    add_text (json, "user", "root");
  else
    add_text (json, "user", entry != NULL ? entry->pw_name : NULL);
}

static void
add_finding (VapJson *json, const VapFinding *finding)
{
  vap_json_begin_object (json);
  add_text (json, "id", finding->info->id);
  add_text (json, "severity", vap_severity_to_string (finding->severity));
  add_text (json, "subject", finding->subject);
  add_text (json, "message", finding->message);
  add_text (json, "hint", finding->hint);
  vap_json_end_object (json);
}

/* at most @max of them, the errors first */
static void
add_findings (VapJson *json, const VapFindings *findings, guint max)
{
  guint there = findings != NULL ? findings->list->len : 0;
  guint left = max;

  vap_json_name (json, "findings");
  vap_json_begin_array (json);
  for (gint severity = VAP_SEVERITY_ERROR; severity >= VAP_SEVERITY_NOTE; severity--)
    for (guint i = 0; i < there && left > 0; i++) {
      const VapFinding *finding = findings->list->pdata[i];

      if (finding->severity == (VapSeverity) severity) {
        add_finding (json, finding);
        left--;
      }
    }
  vap_json_end_array (json);
  if (there > max) {
    vap_json_name (json, "left_out");
    vap_json_int (json, there - max);
  }
}

static void
add_notes (VapJson *json, const GPtrArray *notes, guint max)
{
  if (notes == NULL || notes->len == 0 || max == 0)
    return;
  vap_json_name (json, "notes");
  vap_json_begin_array (json);
  for (guint i = 0; i < notes->len && i < max; i++) {
    g_autofree char *plain = plain_text (notes->pdata[i]);

    vap_json_string (json, plain);
  }
  vap_json_end_array (json);
}

static char *
format (const VapRecord *record, gint64 time, guint max_parts)
{
  g_autoptr (VapJson) json = vap_json_new ();

  vap_json_begin_object (json);
  add_time (json, time);
  add_text (json, "door", vap_door_to_string (record->door));
  add_text (json, "call", record->call);
  add_user (json);
  add_text (json, "guest", record->guest);
  add_text (json, "device", record->device);
  add_text (json, "verdict", vap_decision_to_string (record->decision));
  vap_json_name (json, "passed");
  vap_json_bool (json, record->passed);
  add_text (json, "reason", record->reason);
  add_findings (json, record->findings, max_parts);
  add_notes (json, record->notes, max_parts);
  vap_json_end_object (json);
  return vap_json_to_text (json, FALSE);
}

char *
vap_record_to_json (const VapRecord *record, gint64 time, gsize max)
{
  for (guint parts = FINDINGS_MAX;; parts /= 2) {
    g_autofree char *text = format (record, time, parts);

    if (parts == 0 || strlen (text) <= max)
      return g_steal_pointer (&text);
  }
}

char *
vap_record_to_message (const VapRecord *record)
{
  g_autoptr (GString) message = g_string_new (NULL);
  g_autofree char *guest = plain_text (record->guest != NULL ? record->guest : "");

  g_string_printf (message, "%s %s: %s", vap_door_to_string (record->door), record->call,
                   vap_decision_to_string (record->decision));
  if (*guest != '\0')
    g_string_append_printf (message, " guest=%s", guest);
  if (record->device != NULL) {
    g_autofree char *device = plain_text (record->device);

    g_string_append_printf (message, " device=%s", device);
  }
  for (guint i = 0;
       record->findings != NULL && i < record->findings->list->len && i < FINDINGS_MAX;
       i++) {
    const VapFinding *finding = record->findings->list->pdata[i];

    g_string_append_printf (message, " %s[%s]",
                            vap_severity_to_string (finding->severity),
                            finding->info->id);
  }
  if (record->reason != NULL) {
    g_autofree char *reason = plain_text (record->reason);

    g_string_append_printf (message, " (%s)", reason);
  }
  return g_string_free (g_steal_pointer (&message), FALSE);
}
