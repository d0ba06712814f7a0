/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * `virt-ap plan --fleet`: saved hosts are read by as many threads as there are
 * processors, and what they could take is told.
 */
#include "config.h"

#include <glib/gi18n.h>
#include <string.h>

#include "command.h"
#include "host/document.h"
#include "json.h"
#include "plan.h"
#include "plan/fleet.h"
#include "progress.h"
#include "text.h"

#define SUFFIX ".json"

/* so many needs are listed for people; --json has all */
#define NAMES 12u

typedef struct {
  const VapFleet *fleet;
  char *file;
  VapFleetHost *host;
  char *problem;
} Job;

static void
job_free (gpointer data)
{
  Job *job = data;

  g_free (job->file);
  g_free (job->problem);
  g_free (job);
}

/* the host's name in its document, or the file's */
static void
look_at (gpointer data, gpointer user_data)
{
  Job *job = data;
  gint *done = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (VapHost) host = vap_host_load (job->file, &error);

  g_atomic_int_inc (done);
  if (host == NULL) {
    job->problem = g_strdup (error->message);
    return;
  }
  job->host = vap_fleet_host_new (
      job->fleet,
      host->record != NULL && host->record->name != NULL ? host->record->name : job->file,
      host);
}

static gint
compare_jobs (gconstpointer a, gconstpointer b)
{
  return strcmp ((*(Job *const *) a)->file, (*(Job *const *) b)->file);
}

static void
add_job (GPtrArray *jobs, const VapFleet *fleet, char *file)
{
  Job *job = g_new0 (Job, 1);

  job->fleet = fleet;
  job->file = file;
  g_ptr_array_add (jobs, job);
}

/* a directory's documents, sorted; a file is itself */
static gboolean
add_jobs (GPtrArray *jobs, const VapFleet *fleet, const char *path, GError **error)
{
  g_autoptr (GPtrArray) found = g_ptr_array_new ();
  g_autoptr (GDir) dir = NULL;
  const char *name;

  if (!g_file_test (path, G_FILE_TEST_IS_DIR)) {
    add_job (jobs, fleet, g_strdup (path));
    return TRUE;
  }
  dir = g_dir_open (path, 0, error);
  if (dir == NULL)
    return FALSE;
  while ((name = g_dir_read_name (dir)) != NULL) {
    if (*name != '.' && g_str_has_suffix (name, SUFFIX))
      add_job (found, fleet, g_build_filename (path, name, NULL));
  }
  g_ptr_array_sort (found, compare_jobs);
  for (guint i = 0; i < found->len; i++)
    g_ptr_array_add (jobs, g_ptr_array_index (found, i));
  return TRUE;
}

static void
run_jobs (GPtrArray *jobs)
{
  gint done = 0;
  GThreadPool *pool =
      g_thread_pool_new (look_at, &done, (gint) g_get_num_processors (), FALSE, NULL);
  g_autoptr (Progress) progress = progress_new (_ ("looking at hosts"));

  for (guint i = 0; i < jobs->len; i++)
    g_thread_pool_push (pool, g_ptr_array_index (jobs, i), NULL);
  while ((guint) g_atomic_int_get (&done) < jobs->len) {
    progress_tell (progress, (guint) g_atomic_int_get (&done), jobs->len,
                   _ ("looking at hosts"));
    g_usleep (20000);
  }
  g_thread_pool_free (pool, FALSE, TRUE);
}

static guint
count_placed (const VapFleet *fleet, guint n)
{
  guint placed = 0;

  for (guint i = 0; i < n; i++)
    placed += vap_fleet_place (fleet, i) >= 0;
  return placed;
}

static void
add_hosts_json (VapJson *json, const VapFleet *fleet)
{
  vap_json_name (json, "hosts");
  vap_json_begin_array (json);
  for (guint i = 0; i < vap_fleet_count_hosts (fleet); i++) {
    guint queues, needs;
    const char *name = vap_fleet_host (fleet, i, &queues, &needs);

    vap_json_begin_object (json);
    json_add_string (json, "name", name);
    json_add_uint (json, "queues", queues);
    json_add_uint (json, "needs", needs);
    vap_json_end_object (json);
  }
  vap_json_end_array (json);
}

static const char *
host_name (const VapFleet *fleet, gint index)
{
  guint queues, needs;

  return index < 0 ? NULL : vap_fleet_host (fleet, (guint) index, &queues, &needs);
}

static void
add_needs_json (VapJson *json, const VapFleet *fleet, const VapNeeds *needs)
{
  g_autofree guint *kind_of = g_new0 (guint, MAX (needs->guests->len, 1));

  vap_json_name (json, "kinds");
  vap_json_begin_array (json);
  for (guint k = 0; k < vap_fleet_count_kinds (fleet); k++) {
    const VapFleetKind *kind = vap_fleet_kind (fleet, k);

    vap_json_begin_object (json);
    json_add_uint (json, "queues", kind->need->queues);
    json_add_uint (json, "spread", kind->need->spread);
    json_add_uint (json, "needs", kind->needs->len);
    json_add_uint (json, "could", kind->could);
    vap_json_name (json, "some");
    vap_json_begin_array (json);
    for (guint i = 0; i < MIN (kind->could, VAP_FLEET_NAMED); i++)
      vap_json_string (json, host_name (fleet, (gint) kind->named[i]));
    vap_json_end_array (json);
    vap_json_end_object (json);
    for (guint i = 0; i < kind->needs->len; i++)
      kind_of[g_array_index (kind->needs, guint, i)] = k;
  }
  vap_json_end_array (json);
  vap_json_name (json, "needs");
  vap_json_begin_array (json);
  for (guint i = 0; i < needs->guests->len; i++) {
    const VapNeed *need = g_ptr_array_index (needs->guests, i);

    vap_json_begin_object (json);
    json_add_string (json, "guest", need->name);
    json_add_uint (json, "kind", kind_of[i]);
    json_add_string (json, "host", host_name (fleet, vap_fleet_place (fleet, i)));
    vap_json_end_object (json);
  }
  vap_json_end_array (json);
}

static void
add_json (Output *output, const VapFleet *fleet, const VapNeeds *needs,
          const GPtrArray *jobs)
{
  g_autoptr (VapJson) json = vap_json_new ();

  vap_json_begin_object (json);
  add_hosts_json (json, fleet);
  add_needs_json (json, fleet, needs);
  vap_json_name (json, "problems");
  vap_json_begin_array (json);
  for (guint i = 0; i < jobs->len; i++) {
    const Job *job = g_ptr_array_index (jobs, i);

    if (job->problem != NULL)
      vap_json_string (json, job->problem);
  }
  vap_json_end_array (json);
  vap_json_end_object (json);
  output_json (output, json);
}

/* "web1, web2, … (5)" */
static char *
need_names (const VapFleetKind *kind, const VapNeeds *needs)
{
  g_autoptr (GString) names = g_string_new (NULL);

  for (guint i = 0; i < MIN (kind->needs->len, NAMES); i++) {
    guint index = g_array_index (kind->needs, guint, i);
    const VapNeed *need = g_ptr_array_index (needs->guests, index);

    g_string_append_printf (names, "%s%s", i > 0 ? ", " : "", need->name);
  }
  if (kind->needs->len > NAMES)
    g_string_append_printf (names, ", … (%u)", kind->needs->len);
  return text_escape (names->str);
}

static void
add_kind (Output *output, const VapFleet *fleet, const VapNeeds *needs,
          const VapFleetKind *kind)
{
  g_autofree char *names = need_names (kind, needs);
  g_autoptr (GString) hosts = g_string_new (NULL);
  g_autoptr (GHashTable) told = g_hash_table_new (g_direct_hash, g_direct_equal);
  g_autofree char *shown = NULL;
  guint placed = 0;

  output_wrapped (output, 0, names);
  output_add (output, "  ");
  for (guint i = 0; i < MIN (kind->could, VAP_FLEET_NAMED); i++)
    g_string_append_printf (hosts, "%s%s", i > 0 ? ", " : "",
                            host_name (fleet, (gint) kind->named[i]));
  if (kind->could > VAP_FLEET_NAMED)
    g_string_append (hosts, ", …");
  shown = text_escape (hosts->len > 0 ? hosts->str : "-");
  {
    g_autofree char *line = g_strdup_printf (_ ("queues: %u; hosts that could take one: "
                                                "%u (%s)"),
                                             kind->need->queues, kind->could, shown);

    output_wrapped (output, 2, line);
  }
  g_string_truncate (hosts, 0);
  for (guint i = 0; i < kind->needs->len; i++) {
    gint host = vap_fleet_place (fleet, g_array_index (kind->needs, guint, i));

    placed += host >= 0;
    if (host < 0 || !g_hash_table_add (told, GINT_TO_POINTER (host + 1)) ||
        g_hash_table_size (told) > VAP_FLEET_NAMED)
      continue;
    g_string_append_printf (hosts, "%s%s", hosts->len > 0 ? ", " : "",
                            host_name (fleet, host));
  }
  if (g_hash_table_size (told) > VAP_FLEET_NAMED)
    g_string_append (hosts, ", …");
  g_free (shown);
  shown = text_escape (hosts->len > 0 ? hosts->str : "-");
  {
    g_autofree char *line =
        g_strdup_printf (_ ("beside all the others, %u of %u fit: on %s"), placed,
                         kind->needs->len, shown);

    output_add (output, "  ");
    output_wrapped (output, 2, line);
  }
}

static void
add_text (Output *output, const VapFleet *fleet, const VapNeeds *needs)
{
  guint placed = count_placed (fleet, needs->guests->len);
  g_autofree char *line =
      g_strdup_printf (_ ("hosts: %u, needs: %u, of which fit beside each other: %u"),
                       vap_fleet_count_hosts (fleet), needs->guests->len, placed);

  output_styled (output, placed == needs->guests->len ? STYLE_GOOD : STYLE_BAD, line);
  output_add (output, "\n");
  output_wrapped (output, 0,
                  _ ("This is advice: nothing is reserved, and each host has to be "
                     "planned for itself."));
  for (guint k = 0; k < vap_fleet_count_kinds (fleet); k++) {
    output_add (output, "\n");
    add_kind (output, fleet, needs, vap_fleet_kind (fleet, k));
  }
}

int
plan_fleet (const Options *options, char **hosts, const VapNeeds *needs)
{
  g_autoptr (VapFleet) fleet = vap_fleet_new (needs);
  g_autoptr (GPtrArray) jobs = g_ptr_array_new_with_free_func (job_free);
  g_autoptr (GError) error = NULL;
  g_auto (Output) output = { 0 };
  int status = STATUS_GOOD;

  for (guint i = 0; hosts[i] != NULL; i++) {
    if (!add_jobs (jobs, fleet, hosts[i], &error)) {
      report ("%s", error->message);
      return STATUS_UNJUDGED;
    }
  }
  run_jobs (jobs);
  for (guint i = 0; i < jobs->len; i++) {
    Job *job = g_ptr_array_index (jobs, i);

    if (job->host != NULL) {
      vap_fleet_take (fleet, job->host);
      continue;
    }
    report ("%s", job->problem);
    status = STATUS_UNJUDGED;
  }
  vap_fleet_advise (fleet);
  output_init (&output, options->color);
  if (options->json)
    add_json (&output, fleet, needs, jobs);
  else
    add_text (&output, fleet, needs);
  if (status == STATUS_GOOD &&
      count_placed (fleet, needs->guests->len) < needs->guests->len)
    status = STATUS_REFUSED;
  return output_flush (&output, status);
}
