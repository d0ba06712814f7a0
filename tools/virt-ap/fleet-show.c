/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The table of `virt-ap fleet`, and its JSON; schemas/fleet.schema.json describes it.
 */
#include "config.h"

#include <glib/gi18n.h>
#include <string.h>

#include "check/finding.h"
#include "fleet.h"
#include "json.h"
#include "text.h"

#define NAME_MAX_WIDTH 32u

/* of the queues of a type, what the table tells apart */
static guint
in_devices (const QueueTypeCount *count)
{
  return count->counts[QUEUE_DEVICE] + count->counts[QUEUE_WITHHELD];
}

static guint
not_free (const QueueTypeCount *count)
{
  return count->counts[QUEUE_CLAIMED] + count->counts[QUEUE_UNBOUND];
}

static guint
name_width (const GPtrArray *hosts)
{
  glong width = g_utf8_strlen (_ ("Host"), -1);

  for (guint i = 0; i < hosts->len; i++) {
    const FleetHost *host = hosts->pdata[i];

    width = MAX (width, g_utf8_strlen (host->name, -1));
  }
  return MIN ((guint) width, NAME_MAX_WIDTH);
}

static void
add_padded (Output *output, const char *text, guint width)
{
  g_autofree char *escaped = text_escape (text);
  glong length = g_utf8_strlen (escaped, -1);

  output_add (output, "%s%*s", escaped, (int) MAX ((glong) width - length, 0), "");
}

static void
add_row (Output *output, const QueueTypeCount *count)
{
  output_add (output, "  ");
  add_padded (output, count->type, 8);
  output_add (output, " %7u %7u %7u %7u", count->counts[QUEUE_HOST], in_devices (count),
              count->counts[QUEUE_FREE], not_free (count));
}

static void
add_findings (Output *output, const FleetHost *host)
{
  guint errors = host->findings[VAP_SEVERITY_ERROR];
  guint warnings = host->findings[VAP_SEVERITY_WARNING];
  g_autofree char *text = g_strdup_printf ("%u/%u", errors, warnings);

  output_add (output, "  %*s", (int) MAX (9 - (int) strlen (text), 0), "");
  output_styled (output,
                 errors > 0     ? STYLE_BAD
                 : warnings > 0 ? STYLE_CAUTION
                                : STYLE_PLAIN,
                 text);
}

static void
add_host (Output *output, const FleetHost *host, guint width)
{
  add_padded (output, host->name, width);
  if (host->problem != NULL) {
    output_add (output, "  ");
    output_styled (output, STYLE_BAD, _ ("did not answer"));
    output_add (output, "\n");
    return;
  }
  if (host->types == NULL) {
    output_add (output, "  ");
    output_add (output, _ ("%u queues; libvirt does not tell whose"), host->n_queues);
    output_add (output, "\n");
    return;
  }
  if (host->types->len == 0) {
    output_add (output, "  %s\n", _ ("no queues"));
    return;
  }
  for (guint i = 0; i < host->types->len; i++) {
    if (i > 0)
      add_padded (output, "", width);
    add_row (output, host->types->pdata[i]);
    if (i == 0)
      add_findings (output, host);
    output_add (output, "\n");
  }
}

/* (element-type QueueTypeCount): all hosts together */
static GPtrArray *
add_up (const GPtrArray *hosts)
{
  GPtrArray *total =
      g_ptr_array_new_with_free_func ((GDestroyNotify) queue_type_count_free);

  for (guint i = 0; i < hosts->len; i++) {
    const FleetHost *host = hosts->pdata[i];

    for (guint j = 0; host->types != NULL && j < host->types->len; j++)
      queue_type_count_add (total, host->types->pdata[j]);
  }
  return total;
}

void
fleet_add_text (Output *output, const GPtrArray *hosts)
{
  g_autoptr (GPtrArray) total = add_up (hosts);
  guint width = name_width (hosts);
  g_autofree char *head =
      g_strdup_printf ("  %-8s %7s %7s %7s %7s  %9s", _ ("Type"), _ ("host"),
                       _ ("in use"), _ ("free"), _ ("other"), _ ("findings"));

  add_padded (output, _ ("Host"), width);
  output_styled (output, STYLE_TITLE, head);
  output_add (output, "\n");
  for (guint i = 0; i < hosts->len; i++)
    add_host (output, hosts->pdata[i], width);
  for (guint i = 0; hosts->len > 1 && i < total->len; i++) {
    if (i == 0)
      output_add (output, "\n");
    add_padded (output, i == 0 ? _ ("Total") : "", width);
    add_row (output, total->pdata[i]);
    output_add (output, "\n");
  }
}

static void
add_types_json (VapJson *json, const char *name, const GPtrArray *types)
{
  static const char *const states[N_QUEUE_STATES] = {
    [QUEUE_NONE] = NULL,           [QUEUE_HOST] = "host",       [QUEUE_FREE] = "free",
    [QUEUE_CLAIMED] = "claimed",   [QUEUE_UNBOUND] = "unbound", [QUEUE_DEVICE] = "device",
    [QUEUE_WITHHELD] = "withheld",
  };

  if (types == NULL) {
    json_add_string (json, name, NULL);
    return;
  }
  vap_json_name (json, name);
  vap_json_begin_array (json);
  for (guint i = 0; i < types->len; i++) {
    const QueueTypeCount *count = types->pdata[i];

    vap_json_begin_object (json);
    json_add_string (json, "type", count->type);
    for (guint state = QUEUE_NONE + 1; state < N_QUEUE_STATES; state++)
      json_add_uint (json, states[state], count->counts[state]);
    vap_json_end_object (json);
  }
  vap_json_end_array (json);
}

static void
add_host_json (VapJson *json, const FleetHost *host)
{
  static const char *const sources[] = {
    [FLEET_DOCUMENT] = "document",
    [FLEET_LIBVIRT] = "libvirt",
    [FLEET_COMMAND] = "command",
  };

  vap_json_begin_object (json);
  json_add_string (json, "name", host->name);
  json_add_string (json, "source", sources[host->source]);
  json_add_string (json, "where", host->where);
  json_add_string (json, "problem", host->problem);
  vap_json_name (json, "seconds");
  vap_json_double (json, host->seconds);
  json_add_string (json, "time", host->time);
  json_add_string (json, "machine", host->machine);
  add_types_json (json, "queues", host->types);
  json_add_uint (json, "n_queues", host->n_queues);
  json_add_uint (json, "n_devices", host->n_devices);
  json_add_uint (json, "n_guests", host->n_guests);
  vap_json_name (json, "findings");
  vap_json_begin_object (json);
  for (gint severity = VAP_SEVERITY_ERROR; severity >= VAP_SEVERITY_NOTE; severity--)
    json_add_uint (json, vap_severity_to_string ((VapSeverity) severity),
                   host->findings[severity]);
  vap_json_end_object (json);
  vap_json_end_object (json);
}

void
fleet_add_json (Output *output, const GPtrArray *hosts)
{
  g_autoptr (VapJson) json = vap_json_new ();
  g_autoptr (GPtrArray) total = add_up (hosts);

  vap_json_begin_object (json);
  vap_json_name (json, "hosts");
  vap_json_begin_array (json);
  for (guint i = 0; i < hosts->len; i++)
    add_host_json (json, hosts->pdata[i]);
  vap_json_end_array (json);
  add_types_json (json, "total", total);
  vap_json_end_object (json);
  output_json (output, json);
}
