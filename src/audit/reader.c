/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Records found again; see reader.h. */
#include "config.h"

#include "audit/reader.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "audit/places.h"
#include "json/json.h"
#include "run/run.h"

/* how each record begins; a quote in any text of it is escaped */
#define BEGINNING "{\"time\":\""
#define JOURNALCTL_MS 60000u

void
vap_audit_reading_free (VapAuditReading *reading)
{
  if (reading == NULL)
    return;

  g_ptr_array_unref (reading->records);
  g_ptr_array_unref (reading->problems);
  g_free (reading);
}

static const char *
text_of (const json_t *record, const char *name)
{
  return json_string_value (json_object_get (record, name));
}

static gboolean
matches (const json_t *record, const VapAuditFilter *filter)
{
  const char *guest = text_of (record, "guest");
  const char *device = text_of (record, "device");

  if (filter->since != NULL && strcmp (text_of (record, "time"), filter->since) < 0)
    return FALSE;
  if (filter->door != NULL && g_strcmp0 (text_of (record, "door"), filter->door) != 0)
    return FALSE;
  if (filter->verdict != NULL &&
      g_strcmp0 (text_of (record, "verdict"), filter->verdict) != 0)
    return FALSE;
  return filter->guest == NULL || g_strcmp0 (guest, filter->guest) == 0 ||
         g_strcmp0 (device, filter->guest) == 0;
}

/* what a reader may rely on, whoever wrote the line */
static gboolean
is_record (const json_t *record)
{
  static const char *const texts[] = { "time", "door", "call", "verdict" };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    if (text_of (record, texts[i]) == NULL)
      return FALSE;
  return json_is_integer (json_object_get (record, "uid")) &&
         json_is_boolean (json_object_get (record, "passed")) &&
         json_is_array (json_object_get (record, "findings"));
}

/* (transfer full) (nullable) */
static json_t *
parse_record (const char *text, gsize length)
{
  json_t *record = vap_json_parse (text, length, VAP_JSON_MAX, NULL);

  if (record != NULL && is_record (record))
    return record;
  json_decref (record);
  return NULL;
}

static void
take_record (VapAuditReading *reading, const VapAuditFilter *filter, json_t *record)
{
  if (record != NULL && matches (record, filter))
    g_ptr_array_add (reading->records, record);
  else
    json_decref (record);
}

/* A record ends its line.  In front of it may be what syslog writes there, or a record
 * that a full disk cut. */
static void
take_line (VapAuditReading *reading, const VapAuditFilter *filter, const char *line)
{
  const char *at = line;
  const char *last = NULL;

  while ((at = strstr (at, BEGINNING)) != NULL) {
    last = at;
    at += strlen (BEGINNING);
  }
  if (last != NULL)
    take_record (reading, filter, parse_record (last, strcspn (last, "\r\n")));
}

static void
read_file (VapAuditReading *reading, const VapAuditFilter *filter, const char *path)
{
  gint fd = open (path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  FILE *file = fd >= 0 ? fdopen (fd, "r") : NULL;
  char *line = NULL;
  size_t size = 0;

  if (file == NULL) {
    if (errno != ENOENT && errno != ENOTDIR)
      g_ptr_array_add (reading->problems, g_strdup_printf (_ ("Cannot read %s: %s"), path,
                                                           g_strerror (errno)));
    if (fd >= 0)
      close (fd);
    return;
  }
  while (getline (&line, &size, file) >= 0)
    take_line (reading, filter, line);
  if (ferror (file))
    g_ptr_array_add (reading->problems, g_strdup_printf (_ ("Cannot read %s: %s"), path,
                                                         g_strerror (errno)));
  free (line);
  fclose (file);
}

static void
read_files (VapAuditReading *reading, const VapAuditFilter *filter, const char *root,
            const VapConfig *config)
{
  static const char *const syslog_files[] = { "/var/log/messages.1", "/var/log/messages",
                                              "/var/log/syslog.1", "/var/log/syslog" };
  g_autoptr (GPtrArray) files = vap_audit_files (root, config);

  for (guint i = 0; i < G_N_ELEMENTS (syslog_files); i++) {
    g_autofree char *path = g_strconcat (root != NULL ? root : "", syslog_files[i], NULL);

    read_file (reading, filter, path);
  }
  for (guint i = 0; i < files->len; i++) {
    g_autofree char *rotated = g_strconcat (files->pdata[i], ".1", NULL);

    read_file (reading, filter, rotated);
    read_file (reading, filter, files->pdata[i]);
  }
}

/* The journal knows who wrote; what the record says of that is only the writer's word. */
static void
take_entry (VapAuditReading *reading, const VapAuditFilter *filter, const char *line,
            gsize length)
{
  json_auto_t *entry = vap_json_parse (line, length, VAP_JSON_MAX, NULL);
  const char *text = entry != NULL ? text_of (entry, "VIRT_AP_RECORD") : NULL;
  const char *user = entry != NULL ? text_of (entry, "_UID") : NULL;
  json_t *record = text != NULL ? parse_record (text, strlen (text)) : NULL;
  guint64 uid;

  if (record != NULL && user != NULL &&
      g_ascii_string_to_unsigned (user, 10, 0, G_MAXUINT32, &uid, NULL) &&
      json_integer_value (json_object_get (record, "uid")) != (json_int_t) uid) {
    json_object_set_new (record, "uid", json_integer ((json_int_t) uid));
    json_object_del (record, "user");
  }
  take_record (reading, filter, record);
}

static void
take_entries (VapAuditReading *reading, const VapAuditFilter *filter, const char *text)
{
  while (*text != '\0') {
    gsize length = strcspn (text, "\n");

    take_entry (reading, filter, text, length);
    text += length + (text[length] == '\n');
  }
}

static void
read_journal (VapAuditReading *reading, const VapAuditFilter *filter, const char *root)
{
  g_autofree char *socket =
      g_strconcat (root != NULL ? root : "", VAP_AUDIT_JOURNAL_SOCKET, NULL);
  /* "2026-11-24T08:00:00…" as journalctl reads it */
  g_autofree char *option =
      filter->since != NULL
          ? g_strdup_printf ("--since=%.10s %.8s UTC", filter->since, filter->since + 11)
          : NULL;
  const char *const arguments[] = { "journalctl",
                                    "--quiet",
                                    "--no-pager",
                                    "--all",
                                    "--output=json",
                                    "--output-fields=VIRT_AP_RECORD,_UID",
                                    "MESSAGE_ID=" VAP_AUDIT_MESSAGE_ID,
                                    option,
                                    NULL };
  g_autoptr (GError) error = NULL;
  g_auto (VapRun) run = { 0 };

  if (!g_file_test (socket, G_FILE_TEST_EXISTS))
    return;
  if (!vap_run (arguments, NULL, 0, JOURNALCTL_MS, &run, &error))
    g_ptr_array_add (reading->problems, g_strdup (error->message));
  else if (!vap_run_was_good (&run))
    g_ptr_array_add (reading->problems,
                     g_strdup_printf (_ ("journalctl failed: %s"), run.complaint));
  else
    take_entries (reading, filter, run.out);
}

static gint
compare_times (gconstpointer a, gconstpointer b)
{
  return strcmp (text_of (*(json_t *const *) a, "time"),
                 text_of (*(json_t *const *) b, "time"));
}

static void
unref_record (gpointer record)
{
  json_decref (record);
}

VapAuditReading *
vap_audit_read (const char *root, const VapConfig *config, const VapAuditFilter *filter)
{
  VapAuditReading *reading = g_new0 (VapAuditReading, 1);

  reading->records = g_ptr_array_new_with_free_func (unref_record);
  reading->problems = g_ptr_array_new_with_free_func (g_free);
  read_journal (reading, filter, root);
  read_files (reading, filter, root, config);
  g_ptr_array_sort (reading->records, compare_times);
  return reading;
}
