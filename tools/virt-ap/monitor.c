/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * `virt-ap monitor`: prints what changes on this host, and new findings, as they come.
 * What arrives together is looked at once: the host is read again when the events have
 * been quiet for a moment.
 */
#include "config.h"

#include <glib-unix.h>
#include <glib/gi18n.h>
#include <signal.h>

#include "changes.h"
#include "check/drift.h"
#include "command.h"
#include "findings.h"
#include "json.h"
#include "libvirt.h"
#include "options.h"
#include "text.h"
#include "watch.h"

#define QUIET_MS 150u       /* no event for so long */
#define PATIENCE_US 2000000 /* but not longer after the first */

typedef struct {
  const Options *options;
  Output *output;
  GMainLoop *loop;
  VapHost *host;         /* as it was last read */
  VapFindings *findings; /* of it */
  char *problem;         /* why it could not be read, the last time */
  guint timer;
  gint64 first_event; /* monotonic time; 0: none waits */
  int status;
} Monitor;

static char *
time_text (const char *format)
{
  g_autoptr (GDateTime) now = g_date_time_new_now_local ();

  return g_date_time_format (now, format);
}

static void
print_json (const Monitor *monitor, const char *object, const char *change,
            const char *name, const char *message, const VapFinding *finding)
{
  g_autoptr (VapJson) json = vap_json_new ();
  g_autofree char *time = time_text ("%Y-%m-%dT%H:%M:%S%:z");
  g_autofree char *text = NULL;

  vap_json_begin_object (json);
  json_add_string (json, "time", time);
  json_add_string (json, "object", object);
  json_add_string (json, "change", change);
  json_add_string (json, "name", name);
  json_add_string (json, "message", message);
  if (finding != NULL) {
    vap_json_name (json, "finding");
    finding_add_json (json, NULL, finding);
  } else {
    json_add_string (json, "finding", NULL);
  }
  vap_json_end_object (json);
  text = vap_json_to_text (json, FALSE);
  output_add (monitor->output, "%s\n", text);
}

static void
print (const Monitor *monitor, const char *object, const char *change, const char *name,
       const char *message)
{
  g_autofree char *time = NULL;
  g_autofree char *escaped = NULL;

  if (monitor->options->json) {
    print_json (monitor, object, change, name, message, NULL);
    return;
  }
  time = time_text ("%H:%M:%S");
  escaped = text_escape (message);
  output_styled (monitor->output, STYLE_DIM, time);
  output_add (monitor->output, "  %s\n", escaped);
}

static void
print_finding (const Monitor *monitor, const VapFinding *finding, gboolean is_new)
{
  g_autofree char *time = NULL;
  g_autofree char *escaped = NULL;

  if (monitor->options->json) {
    print_json (monitor, "finding", is_new ? "new" : "gone", finding->info->id,
                finding->message, finding);
    return;
  }
  time = time_text ("%H:%M:%S");
  output_styled (monitor->output, STYLE_DIM, time);
  if (is_new) {
    output_add (monitor->output, "  ");
    finding_add_text (monitor->output, "", finding);
    return;
  }
  escaped = text_escape (finding->message);
  output_add (monitor->output, _ ("  no longer %s[%s]: %s\n"),
              vap_severity_to_string (finding->severity), finding->info->id, escaped);
}

static void
print_findings (const Monitor *monitor, const VapFindings *before,
                const VapFindings *after)
{
  g_autoptr (GPtrArray) gone =
      before != NULL ? findings_without (before, after) : g_ptr_array_new ();
  g_autoptr (GPtrArray) new = findings_without (after, before);

  for (guint i = 0; i < gone->len; i++)
    print_finding (monitor, gone->pdata[i], FALSE);
  for (guint i = 0; i < new->len; i++)
    print_finding (monitor, new->pdata[i], TRUE);
}

/* an answer nobody gets is a reason to end */
static void
flush (Monitor *monitor)
{
  monitor->status = output_flush (monitor->output, monitor->status);
  if (monitor->status != STATUS_GOOD)
    g_main_loop_quit (monitor->loop);
}

/* told once, until it is another one */
static void
tell_problem (Monitor *monitor, const GError *error)
{
  if (g_strcmp0 (monitor->problem, error->message) == 0)
    return;
  g_free (monitor->problem);
  monitor->problem = g_strdup (error->message);
  print (monitor, "host", "unreadable", NULL, error->message);
}

static void
look (Monitor *monitor)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (VapHost) host = vap_host_read (monitor->options->root, &error);
  g_autoptr (VapFindings) findings = NULL;
  g_autoptr (GPtrArray) changes = NULL;

  if (host == NULL) {
    tell_problem (monitor, error);
    flush (monitor);
    return;
  }
  g_clear_pointer (&monitor->problem, g_free);
  findings = vap_check_drift (host);
  changes = host_changes_new (monitor->host, host);
  for (guint i = 0; i < changes->len; i++) {
    const HostChange *change = changes->pdata[i];

    print (monitor, change->object, change->change, change->name, change->message);
  }
  print_findings (monitor, monitor->findings, findings);
  vap_host_unref (monitor->host);
  monitor->host = g_steal_pointer (&host);
  vap_findings_free (monitor->findings);
  monitor->findings = g_steal_pointer (&findings);
  flush (monitor);
}

static gboolean
on_quiet (gpointer user_data)
{
  Monitor *monitor = user_data;

  monitor->timer = 0;
  monitor->first_event = 0;
  look (monitor);
  return G_SOURCE_REMOVE;
}

static void
take_event (Monitor *monitor)
{
  gint64 now = g_get_monotonic_time ();

  if (monitor->first_event == 0)
    monitor->first_event = now;
  if (monitor->timer != 0 && now - monitor->first_event > PATIENCE_US)
    return;
  g_clear_handle_id (&monitor->timer, g_source_remove);
  monitor->timer = g_timeout_add (QUIET_MS, on_quiet, monitor);
}

static void
on_news (WatchNews news, gpointer user_data)
{
  Monitor *monitor = user_data;

  if (news == WATCH_EVENT) {
    take_event (monitor);
    return;
  }
  if (news == WATCH_LIBVIRT_THERE)
    print (monitor, "libvirt", "connected", NULL, _ ("connected to libvirt"));
  else
    print (monitor, "libvirt", "disconnected", NULL,
           _ ("libvirt has gone; it is tried again"));
  flush (monitor);
}

static gboolean
on_signal (gpointer user_data)
{
  Monitor *monitor = user_data;

  g_main_loop_quit (monitor->loop);
  return G_SOURCE_CONTINUE;
}

/* from here to the end; what is there already is told first */
static void
follow (Monitor *monitor, const char *uri)
{
  g_autoptr (Watch) watch = watch_new (monitor->options->root, uri, on_news, monitor);
  guint interrupt = g_unix_signal_add (SIGINT, on_signal, monitor);
  guint terminate = g_unix_signal_add (SIGTERM, on_signal, monitor);

  print (monitor, "monitor", "started", NULL, _ ("watching this host"));
  print_findings (monitor, NULL, monitor->findings);
  flush (monitor);
  /* what changed between reading and watching */
  take_event (monitor);
  if (monitor->status == STATUS_GOOD)
    g_main_loop_run (monitor->loop);
  g_source_remove (interrupt);
  g_source_remove (terminate);
  g_clear_handle_id (&monitor->timer, g_source_remove);
}

static void
monitor_clear (Monitor *monitor)
{
  g_clear_pointer (&monitor->loop, g_main_loop_unref);
  g_clear_pointer (&monitor->host, vap_host_unref);
  g_clear_pointer (&monitor->findings, vap_findings_free);
  g_free (monitor->problem);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Monitor, monitor_clear)

int
command_monitor (const char *root, char **argv)
{
  g_autofree char *uri = NULL;
  const GOptionEntry entries[] = {
    { "connect", 'c', 0, G_OPTION_ARG_STRING, &uri,
      N_ ("Follow the libvirt daemon at URI, or 'none'"), N_ ("URI") },
    G_OPTION_ENTRY_NULL,
  };
  const OptionsSpec spec = {
    .name = "monitor",
    .description =
        _ ("Prints what changes on this host, and new findings, as they come."),
    .json = TRUE,
    .entries = entries,
  };
  g_auto (Options) options = { 0 };
  g_auto (Output) output = { 0 };
  g_auto (Monitor) monitor = { .options = &options, .output = &output };
  g_autoptr (GError) error = NULL;
  const char *connect = NULL;
  int status;

  if (!options_parse (&options, &spec, root, argv, &status))
    return status;
  monitor.host = vap_host_read (options.root, &error);
  if (monitor.host == NULL) {
    report ("%s", error->message);
    return STATUS_UNJUDGED;
  }
  if (uri != NULL)
    connect = g_str_equal (uri, "none") ? NULL : uri;
  else if (options.root == NULL || *options.root == '\0')
    connect = "qemu:///system";
  monitor.findings = vap_check_drift (monitor.host);
  monitor.loop = g_main_loop_new (NULL, FALSE);
  output_init (&output, options.color);
  follow (&monitor, connect);
  return monitor.status;
}
