/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * `virt-ap reserve`: moves queues between the host and guests.
 */
#include "config.h"

#include <glib/gi18n.h>

#include "change.h"
#include "ap/pattern.h"
#include "change/reserve.h"
#include "command.h"

typedef struct {
  char **patterns;
  gboolean to_host;
  VapReserveFlags flags;
  VapReserve *plan; /* the last one made */
} Reservation;

static void
reservation_clear (Reservation *reservation)
{
  g_clear_pointer (&reservation->plan, vap_reserve_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Reservation, reservation_clear)

static gboolean
parse_patterns (char **patterns, const VapHost *host, VapQueueSet *queues, GError **error)
{
  if (!host->has_ap_bus) {
    g_set_error (error, VAP_ERROR, VAP_ERROR_UNREADABLE,
                 _ ("this host has no AP bus, and so no queue"));
    return FALSE;
  }
  for (guint i = 0; patterns[i] != NULL; i++) {
    if (!vap_queue_set_add_pattern (patterns[i], &host->adapters, &host->usage_domains,
                                    queues, error))
      return FALSE;
  }
  return TRUE;
}

/* the kernel binds queues by itself, so what came of it is looked at */
static gboolean
check (const VapTransaction *transaction G_GNUC_UNUSED, gpointer user_data,
       GError **error)
{
  const Reservation *reservation = user_data;
  g_autoptr (VapHost) now = vap_host_read (reservation->plan->after->root, error);

  return now != NULL && vap_reserve_check (reservation->plan, now, error);
}

static VapHost *
plan (VapTransaction *transaction, const VapHost *host, VapFindings *findings,
      gpointer user_data, GError **error)
{
  Reservation *reservation = user_data;
  g_autofree VapQueueSet *queues = g_new0 (VapQueueSet, 1);

  g_clear_pointer (&reservation->plan, vap_reserve_free);
  if (!parse_patterns (reservation->patterns, host, queues, error))
    return NULL;
  reservation->plan = vap_reserve_plan (host, queues, reservation->to_host,
                                        reservation->flags, findings, error);
  if (reservation->plan == NULL)
    return NULL;
  if (!vap_findings_refuse (findings))
    vap_reserve_add_steps (reservation->plan, host, transaction);
  vap_transaction_set_check (transaction, check, reservation);
  return vap_host_ref (reservation->plan->after);
}

/* FALSE after telling what is wrong with --for */
static gboolean
parse_owner (const char *command, const char *owner, gboolean *to_host)
{
  *to_host = g_strcmp0 (owner, "host") == 0;
  if (*to_host || g_strcmp0 (owner, "guests") == 0)
    return TRUE;
  if (owner == NULL)
    options_usage_error (command, _ ("for whom? --for guests, or --for host"));
  else
    options_usage_error (command, _ ("--for takes 'guests' or 'host', not '%s'"), owner);
  return FALSE;
}

int
command_reserve (const char *root, char **argv)
{
  g_auto (Options) options = { 0 };
  g_auto (ChangeOptions) change = { 0 };
  g_auto (Reservation) reservation = { 0 };
  g_autofree char *owner = NULL;
  gboolean persistent = FALSE, force = FALSE;
  const GOptionEntry entries[] = {
    { "for", 0, 0, G_OPTION_ARG_STRING, &owner,
      N_ ("Who gets them: 'guests' (vfio_ap) or 'host' (zcrypt)"), N_ ("WHOM") },
    { "persistent", 0, 0, G_OPTION_ARG_NONE, &persistent,
      N_ ("Also after a restart, in chzdev's udev rule"), NULL },
    { "force", 0, 0, G_OPTION_ARG_NONE, &force,
      N_ ("Also take the last queue of a host whose processes use it"), NULL },
    CHANGE_ENTRIES (&change),
    G_OPTION_ENTRY_NULL,
  };
  const OptionsSpec spec = {
    .name = "reserve",
    .arguments = _ ("QUEUES..."),
    .description =
        _ ("Moves queues between the host and guests. QUEUES is a pattern such "
           "as 05.0047, 06.*\nor 05-07.0004,00ab, in hexadecimal."),
    .json = TRUE,
    .entries = entries,
  };
  g_auto (GStrv) copy = g_strdupv (argv);
  const ChangeSpec what = { .options = &options,
                            .change = &change,
                            .argv = copy,
                            .plan = plan,
                            .user_data = &reservation,
                            .device = "" };
  int status;

  if (!options_parse (&options, &spec, root, argv, &status))
    return status;
  if (options.operands[0] == NULL)
    return options_usage_error (spec.name, _ ("which queues?"));
  if (!parse_owner (spec.name, owner, &reservation.to_host))
    return STATUS_UNJUDGED;
  reservation.patterns = options.operands;
  reservation.flags = (persistent ? VAP_RESERVE_PERSISTENT : VAP_RESERVE_PLAIN) |
                      (force ? VAP_RESERVE_FORCE : VAP_RESERVE_PLAIN);
  return change_run (&what);
}
