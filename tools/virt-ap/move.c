/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * `virt-ap move`: moves a guest to another host, and its crypto with it.
 */
#include "config.h"

#include <glib/gi18n.h>

#include "change.h"
#include "change/devices.h"
#include "change/findings.h"
#include "change/move.h"
#include "command.h"
#include "move-side.h"

#define SSH_SCHEME "qemu+ssh://"

typedef struct {
  const char *guest; /* as the user wrote it */
  VapMoveWay way;
  char *target; /* a document, NULL to ask by ssh */
  MoveWishes wishes;
  MoveSide there;
  ChangeTarget target_then;
  char device[37]; /* here, once it is found */
} Move;

static void
move_clear (Move *move)
{
  g_free (move->target);
  move_wishes_clear (&move->wishes);
  move_side_clear (&move->there);
  g_clear_pointer (&move->target_then.after, vap_host_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Move, move_clear)

static gboolean
judge (const Move *move, const VapHost *host, const VapGuest *guest, VapMovePlan *plan,
       VapFindings *findings, GError **error)
{
  g_auto (MoveSide) from = { .host = vap_host_ref ((VapHost *) host) };

  if (!move_side_read_keys (&from, move->wishes.keys, error))
    return FALSE;
  const VapMoveSide source = move_side_facts (&from);
  const VapMoveSide target = move_side_facts (&move->there);

  vap_findings_add_all (
      findings,
      vap_check_move (&source, &target, guest, move_wishes_flags (&move->wishes), plan));
  return TRUE;
}

static VapHost *
plan (VapTransaction *transaction, const VapHost *host, VapFindings *findings,
      gpointer user_data, GError **error)
{
  Move *move = user_data;
  const VapHostGuest *guest = vap_host_find_guest (host, move->guest);
  const VapHostDevice *device;
  VapMovePlan wanted;

  if (guest == NULL) {
    g_set_error (error, VAP_ERROR, VAP_ERROR_FAILED, _ ("libvirt has no guest '%s'"),
                 move->guest);
    return NULL;
  }
  device = vap_devices_find (host, guest->name, NULL);
  if (device != NULL)
    g_strlcpy (move->device, device->uuid, sizeof move->device);
  if (!judge (move, host, guest->running != NULL ? guest->running : guest->defined,
              &wanted, findings, error))
    return NULL;
  if (vap_findings_refuse (findings))
    return vap_host_ref ((VapHost *) host);
  g_clear_pointer (&move->target_then.after, vap_host_unref);
  move->target_then.before = move->there.host;
  return vap_move_add_steps (transaction, host, move->there.host, guest, &wanted,
                             &move->way, &move->target_then.after, error);
}

static gboolean
check_usage (const Options *options, const Move *move, int bandwidth, int seconds)
{
  if (g_strv_length (options->operands) != 1)
    options_usage_error ("move", _ ("it takes one GUEST"));
  else if (move->way.target == NULL)
    options_usage_error ("move", _ ("it takes --to URI"));
  else if (move->target == NULL && !g_str_has_prefix (move->way.target, SSH_SCHEME))
    options_usage_error ("move",
                         _ ("--to %s: libvirt tells too little of a host by itself; "
                            "give what virt-ap export wrote there, too: --target FILE"),
                         move->way.target);
  else if (bandwidth < 0 || seconds < 0)
    options_usage_error ("move", _ ("a limit cannot be below 0"));
  else
    return TRUE;
  return FALSE;
}

static gboolean
find_source (const ChangeOptions *change, Move *move)
{
  if (!change_connect (change, &move->way.source))
    return FALSE;
  if (move->way.source != NULL)
    return TRUE;
  report (_ ("a guest can be moved only through libvirt, and no daemon is running"));
  return FALSE;
}

static int
run (const Options *options, const ChangeOptions *change, char **argv, Move *move)
{
  const ChangeSpec what = { .options = options,
                            .change = change,
                            .argv = argv,
                            .plan = plan,
                            .user_data = move,
                            .target = &move->target_then,
                            .device = move->device };
  g_autoptr (GError) error = NULL;

  if (!find_source (change, move))
    return STATUS_UNJUDGED;
  move->guest = options->operands[0];
  move->there.host =
      move_target_read (move->target != NULL ? move->target : move->way.target, &error);
  if (move->there.host == NULL ||
      !move_side_read_keys (&move->there, move->wishes.target_keys, &error)) {
    report ("%s", error->message);
    return STATUS_UNJUDGED;
  }
  return change_run (&what);
}

int
command_move (const char *root, char **argv)
{
  g_auto (Options) options = { 0 };
  g_auto (ChangeOptions) change = { 0 };
  g_auto (Move) move = { 0 };
  g_autofree char *to = NULL;
  g_autofree char *migrate_uri = NULL;
  int bandwidth = 0, seconds = 0;
  const GOptionEntry entries[] = {
    { "to", 0, 0, G_OPTION_ARG_STRING, &to,
      N_ ("Where it goes: the URI of the libvirt daemon there"), N_ ("URI") },
    { "target", 0, 0, G_OPTION_ARG_FILENAME, &move.target,
      N_ ("What virt-ap export wrote there"), N_ ("FILE") },
    MOVE_ENTRIES (&move.wishes),
    { "migrate-uri", 0, 0, G_OPTION_ARG_STRING, &migrate_uri,
      N_ ("Where QEMU sends the guest to, as tcp://10.1.1.2"), N_ ("URI") },
    { "bandwidth", 0, 0, G_OPTION_ARG_INT, &bandwidth,
      N_ ("Migrate with so many MiB/s at most"), N_ ("MIB") },
    { "timeout", 0, 0, G_OPTION_ARG_INT, &seconds,
      N_ ("Give the migration up after so long"), N_ ("SECONDS") },
    { "unsafe", 0, 0, G_OPTION_ARG_NONE, &move.way.unsafe,
      N_ ("Also when libvirt fears for the guest's disks"), NULL },
    CHANGE_ENTRY_CONNECT (&change),
    CHANGE_ENTRIES (&change),
    G_OPTION_ENTRY_NULL,
  };
  const OptionsSpec spec = {
    .name = "move",
    .arguments = _ ("GUEST"),
    .description =
        _ ("Moves a guest to another host, and its crypto with it: live if it runs. It "
           "ends on one\nside with its crypto, whatever happens on the way."),
    .json = TRUE,
    .entries = entries,
  };
  g_auto (GStrv) copy = g_strdupv (argv);
  int status;

  if (!options_parse (&options, &spec, root, argv, &status))
    return status;
  move.way.target = to;
  move.way.migrate_uri = migrate_uri;
  if (!check_usage (&options, &move, bandwidth, seconds))
    return STATUS_UNJUDGED;
  move.way.bandwidth = (guint) bandwidth;
  move.way.seconds = (guint) seconds;
  return run (&options, &change, copy, &move);
}
