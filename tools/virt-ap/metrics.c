/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * `virt-ap metrics`: the host in numbers, in Prometheus' text format, for the textfile
 * collector of node_exporter.
 * Source: Prometheus, docs/instrumenting/exposition_formats.md
 */
#include "config.h"

#include <glib/gi18n.h>

#include "check/drift.h"
#include "command.h"
#include "options.h"
#include "queues.h"

/* the label of each state; an absent queue is none */
static const char *const owners[N_QUEUE_STATES] = {
  [QUEUE_HOST] = "host",       [QUEUE_FREE] = "free",     [QUEUE_CLAIMED] = "claimed",
  [QUEUE_UNBOUND] = "unbound", [QUEUE_DEVICE] = "device", [QUEUE_WITHHELD] = "withheld",
};

static void
begin (Output *output, const char *name, const char *help)
{
  output_add (output, "# HELP virt_ap_%s %s\n# TYPE virt_ap_%s gauge\n", name, help,
              name);
}

/* a label's value: backslash, quote and newline are escaped; free with g_free() */
static char *
label (const char *value)
{
  g_autofree char *valid = g_utf8_make_valid (value != NULL ? value : "", -1);
  GString *text = g_string_new (NULL);

  for (const char *at = valid; *at != '\0'; at++) {
    if (*at == '\n')
      g_string_append (text, "\\n");
    else if (*at == '\\' || *at == '"')
      g_string_append_printf (text, "\\%c", *at);
    else
      g_string_append_c (text, *at);
  }
  return g_string_free (text, FALSE);
}

static void
add_queues (Output *output, const QueueMap *map)
{
  g_autoptr (GPtrArray) types = queue_map_by_type (map);

  begin (output, "queues", "AP queues by who holds them and type of card");
  for (guint i = 0; i < types->len; i++) {
    const QueueTypeCount *count = types->pdata[i];
    g_autofree char *type = label (count->type);

    for (guint state = 0; state < N_QUEUE_STATES; state++) {
      if (owners[state] != NULL)
        output_add (output, "virt_ap_queues{owner=\"%s\",type=\"%s\"} %u\n",
                    owners[state], type, count->counts[state]);
    }
  }
}

static void
add_adapters (Output *output, const VapHost *host)
{
  begin (output, "adapter_usable",
         "Whether an adapter is configured and not checkstopped");
  for (guint i = 0; i < host->cards->len; i++) {
    const VapCard *card = host->cards->pdata[i];
    g_autofree char *type = label (card->type != NULL ? card->type : "unknown");

    output_add (output, "virt_ap_adapter_usable{adapter=\"%02x\",type=\"%s\"} %d\n",
                card->id, type, card->config && !card->checkstop);
  }
}

static void
add_devices (Output *output, const VapHost *host)
{
  guint counts[2][2] = { { 0 } };

  for (guint i = 0; i < host->devices->len; i++) {
    const VapHostDevice *device = host->devices->pdata[i];

    counts[device->active ? 1 : 0][device->definition != NULL ? 1 : 0]++;
  }
  begin (output, "devices", "AP matrices by whether they are active and stored");
  for (guint active = 0; active < 2; active++) {
    for (guint stored = 0; stored < 2; stored++)
      output_add (output, "virt_ap_devices{active=\"%u\",stored=\"%u\"} %u\n", active,
                  stored, counts[active][stored]);
  }
}

static gboolean
has_matrix (const VapHost *host, const VapGuest *guest)
{
  for (guint i = 0; guest != NULL && i < guest->devices->len; i++) {
    if (vap_host_is_matrix (host, guest->devices->pdata[i]))
      return TRUE;
  }
  return FALSE;
}

static void
add_guests (Output *output, const VapHost *host)
{
  guint counts[2][2] = { { 0 } };

  for (guint i = 0; i < host->guests->len; i++) {
    const VapHostGuest *guest = host->guests->pdata[i];
    const VapGuest *reading = guest->running != NULL ? guest->running : guest->defined;

    counts[guest->running != NULL ? 1 : 0][has_matrix (host, reading) ? 1 : 0]++;
  }
  begin (output, "guests", "Guests by whether they run and have an AP matrix");
  for (guint running = 0; running < 2; running++) {
    for (guint crypto = 0; crypto < 2; crypto++)
      output_add (output, "virt_ap_guests{running=\"%u\",crypto=\"%u\"} %u\n", running,
                  crypto, counts[running][crypto]);
  }
}

static void
add_findings (Output *output, const VapHost *host)
{
  g_autoptr (VapFindings) findings = vap_check_drift (host);

  begin (output, "findings", "Findings of virt-ap drift by severity");
  for (gint severity = VAP_SEVERITY_ERROR; severity >= VAP_SEVERITY_NOTE; severity--)
    output_add (output, "virt_ap_findings{severity=\"%s\"} %u\n",
                vap_severity_to_string ((VapSeverity) severity),
                vap_findings_count (findings, (VapSeverity) severity));
  begin (output, "unreadable", "Files of this host that could not be read or understood");
  output_add (output, "virt_ap_unreadable %u\n", host->problems->len);
}

static void
add_metrics (Output *output, const VapHost *host)
{
  g_autoptr (QueueMap) map = queue_map_new (host);
  g_autofree char *machine = label (host->machine);

  begin (output, "info", "The version of virt-ap and the type of the machine");
  output_add (output, "virt_ap_info{machine=\"%s\",version=\"%s\"} 1\n", machine,
              VAP_VERSION);
  add_queues (output, map);
  add_adapters (output, host);
  add_devices (output, host);
  add_guests (output, host);
  add_findings (output, host);
}

int
command_metrics (const char *root, char **argv)
{
  g_autofree char *file = NULL;
  const GOptionEntry entries[] = {
    { "output", 'o', 0, G_OPTION_ARG_FILENAME, &file,
      N_ ("Write to FILE instead of standard output"), N_ ("FILE") },
    G_OPTION_ENTRY_NULL,
  };
  const OptionsSpec spec = {
    .name = "metrics",
    .description = _ ("Prints this host in numbers, in Prometheus' text format, for the "
                      "textfile\ncollector of node_exporter."),
    .entries = entries,
  };
  g_auto (Options) options = { 0 };
  g_auto (Output) output = { 0 };
  g_autoptr (VapHost) host = NULL;
  g_autoptr (GError) error = NULL;
  int status;

  if (!options_parse (&options, &spec, root, argv, &status))
    return status;
  host = vap_host_read (options.root, &error);
  if (host == NULL) {
    report ("%s", error->message);
    return STATUS_UNJUDGED;
  }
  output_init (&output, COLOR_NEVER);
  output.utf8 = TRUE;
  add_metrics (&output, host);
  return output_save (&output, file, STATUS_GOOD);
}
