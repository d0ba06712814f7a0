/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Asks the hosts of `virt-ap fleet`, many at a time, each within its time.
 */
#include "config.h"

#include <glib/gi18n.h>

#include "check/drift.h"
#include "fleet.h"
#include "host/document.h"
#include "libvirt.h"
#include "run/run.h"

/* most of them wait for a network */
#define AT_ONCE 64

/* takes the facts and forgets the snapshot: of ten thousand hosts only a few are held at
 * a time */
static void
take_host (FleetHost *host, const VapHost *snapshot)
{
  g_autoptr (QueueMap) map = queue_map_new (snapshot);
  g_autoptr (VapFindings) findings = vap_check_drift (snapshot);

  host->types = queue_map_by_type (map);
  host->machine = g_strdup (snapshot->machine);
  if (snapshot->record != NULL)
    host->time = g_strdup (snapshot->record->time);
  for (guint state = QUEUE_NONE + 1; state < N_QUEUE_STATES; state++)
    host->n_queues += map->counts[state];
  host->n_devices = map->n_active;
  host->n_guests = snapshot->guests->len;
  for (guint severity = 0; severity < G_N_ELEMENTS (host->findings); severity++)
    host->findings[severity] = vap_findings_count (findings, (VapSeverity) severity);
}

static gboolean
ask_document (FleetHost *host, GError **error)
{
  g_autoptr (VapHost) snapshot = vap_host_read (host->where, error);

  if (snapshot == NULL)
    return FALSE;
  take_host (host, snapshot);
  return TRUE;
}

static gboolean
ask_libvirt (FleetHost *host, guint seconds, GError **error)
{
  VapRemote *remote = libvirt_ask (host->where, seconds, error);

  if (remote == NULL)
    return FALSE;
  host->n_queues = remote->n_queues;
  if (remote->devices_problem != NULL)
    host->problem = g_strdup (remote->devices_problem);
  vap_remote_free (remote);
  return TRUE;
}

/* The command is no shell's, so that there is none between us and it when its time is
 * over. */
static gboolean
ask_command (FleetHost *host, guint seconds, GError **error)
{
  g_auto (GStrv) arguments = NULL;
  g_auto (VapRun) run = { 0 };
  g_autoptr (VapHost) snapshot = NULL;

  if (!g_shell_parse_argv (host->where, NULL, &arguments, error) ||
      !vap_run ((const char *const *) arguments, NULL, 0, seconds * 1000, &run, error))
    return FALSE;
  if (!vap_run_was_good (&run)) {
    if (run.late)
      g_set_error (error, VAP_ERROR, VAP_ERROR_FAILED,
                   _ ("it did not answer within %u s"), seconds);
    else
      g_set_error (error, VAP_ERROR, VAP_ERROR_FAILED, "%s",
                   *run.complaint != '\0' ? run.complaint
                                          : _ ("it ended without an answer"));
    return FALSE;
  }
  snapshot = vap_host_from_json (run.out, run.out_length, error);
  if (snapshot == NULL)
    return FALSE;
  take_host (host, snapshot);
  return TRUE;
}

static void
ask_host (gpointer data, gpointer user_data)
{
  FleetHost *host = data;
  guint seconds = GPOINTER_TO_UINT (user_data);
  gint64 before = g_get_monotonic_time ();
  g_autoptr (GError) error = NULL;
  gboolean answered;

  if (host->source == FLEET_DOCUMENT)
    answered = ask_document (host, &error);
  else if (host->source == FLEET_LIBVIRT)
    answered = ask_libvirt (host, seconds, &error);
  else
    answered = ask_command (host, seconds, &error);
  if (!answered)
    host->problem = g_strdup (error->message);
  host->seconds = (double) (g_get_monotonic_time () - before) / G_USEC_PER_SEC;
}

void
fleet_ask (GPtrArray *hosts, guint seconds)
{
  GThreadPool *pool =
      g_thread_pool_new (ask_host, GUINT_TO_POINTER (seconds), AT_ONCE, FALSE, NULL);

  for (guint i = 0; i < hosts->len; i++)
    g_thread_pool_push (pool, hosts->pdata[i], NULL);
  g_thread_pool_free (pool, FALSE, TRUE);
}
