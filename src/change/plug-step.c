/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The steps of a move that take the crypto device from the running guest here, and give
 * it the one there; see move-steps.h.  Its stored definition goes with the migration.
 */
#include "config.h"

#include <glib/gi18n-lib.h>

#include "change/libvirt.h"
#include "change/move-steps.h"
#include "change/priv.h"
#include "guest/rewrite.h"

/* A guest's driver lets go of a queue at once; who does not in this time never will. */
#define UNPLUG_S 30u
/* on top of it, for libvirt's own waiting for QEMU (qemu_hotplug.c) */
#define SLACK_S 30u

static const char *
get_name (const VapStep *step)
{
  return vap_step_get (step, VAP_MOVE_NAME);
}

static guint
unplug_seconds (const VapStep *step)
{
  const char *text = vap_step_get (step, VAP_MOVE_SECONDS);
  guint seconds = text != NULL ? (guint) g_ascii_strtoull (text, NULL, 10) : 0;

  return seconds > 0 ? MIN (seconds, UNPLUG_S) : UNPLUG_S;
}

static gboolean
detach (const VapStep *step, const char *side, const char *device, GError **error)
{
  const char *uuid = vap_step_get (step, device);
  g_autofree char *xml = vap_rewrite_device_xml (uuid);
  g_autofree char *which = g_strconcat ("device=", uuid, NULL);
  g_autofree char *seconds = g_strdup_printf ("seconds=%u", unplug_seconds (step));
  const char *const words[] = { vap_step_get (step, VAP_MOVE_GUEST), which, seconds,
                                NULL };

  return vap_move_run (step, vap_step_get (step, side), "guest-detach", words, xml,
                       unplug_seconds (step) + SLACK_S, NULL, error);
}

static gboolean
attach (const VapStep *step, const char *side, const char *device, GError **error)
{
  g_autofree char *xml = vap_rewrite_device_xml (vap_step_get (step, device));

  return vap_move_tell (step, vap_step_get (step, side), "guest-attach",
                        vap_step_get (step, VAP_MOVE_GUEST), xml, error);
}

static gboolean
fail_gone (const VapStep *step, const char *side, GError **error)
{
  g_set_error (error, VAP_ERROR, VAP_ERROR_FAILED, _ ("guest '%s' does not run at '%s'"),
               get_name (step), vap_step_get (step, side));
  return FALSE;
}

/* A guest that runs nowhere has what its definition says, so that it is as before. */
static gboolean
look_unplug (const VapStep *step, VapStepState *state, GError **error)
{
  g_auto (VapMoveGuest) here = { 0 };
  g_auto (VapMoveGuest) there = { 0 };

  if (!vap_move_find_guest (step, VAP_MOVE_SOURCE, &here, error))
    return FALSE;
  if (here.live || here.waiting) {
    *state = vap_move_has_device (step, &here, VAP_MOVE_OWN) ? VAP_STEP_BEFORE
                                                             : VAP_STEP_AFTER;
    return TRUE;
  }
  if (!vap_move_find_guest (step, VAP_MOVE_TARGET, &there, error))
    return FALSE;
  *state = there.live || there.waiting ? VAP_STEP_AFTER : VAP_STEP_BEFORE;
  return TRUE;
}

/* The last moment at which nothing has happened to the guest, so the target is looked at
 * once more. */
static gboolean
prepare_unplug (VapStep *step, GError **error)
{
  g_auto (VapMoveGuest) here = { 0 };

  if (!vap_move_check_device (step, error) || !vap_move_check_queues (step, error) ||
      !vap_move_check_free (step, error) ||
      !vap_move_find_guest (step, VAP_MOVE_SOURCE, &here, error))
    return FALSE;
  if (!here.live)
    return fail_gone (step, VAP_MOVE_SOURCE, error);
  if (vap_move_has_device (step, &here, VAP_MOVE_OWN))
    return TRUE;
  g_set_error (error, VAP_ERROR, VAP_ERROR_FAILED,
               _ ("guest '%s' does not have device %s any more"), get_name (step),
               vap_step_get (step, VAP_MOVE_OWN));
  return FALSE;
}

static gboolean
unplug (const VapStep *step, GError **error)
{
  return detach (step, VAP_MOVE_SOURCE, VAP_MOVE_OWN, error);
}

static gboolean
unplug_back (const VapStep *step, GError **error)
{
  VapStepState state;

  if (!look_unplug (step, &state, error))
    return FALSE;
  return state == VAP_STEP_BEFORE || attach (step, VAP_MOVE_SOURCE, VAP_MOVE_OWN, error);
}

static char *
describe_unplug (const VapStep *step)
{
  return g_strdup_printf (_ ("Unplug device %s from guest '%s'"),
                          vap_step_get (step, VAP_MOVE_OWN), get_name (step));
}

static char *
live_command (const VapStep *step, const char *verb, const char *side, const char *device)
{
  g_autofree char *xml = vap_rewrite_device_xml (vap_step_get (step, device));
  g_autofree char *uri = g_shell_quote (vap_step_get (step, side));
  g_autofree char *guest = g_shell_quote (get_name (step));
  g_autofree char *program =
      g_strdup_printf ("virsh -c %s %s %s /dev/stdin --live", uri, verb, guest);

  return vap_shell_pipe (xml, program);
}

static char *
command_unplug (const VapStep *step)
{
  return live_command (step, "detach-device", VAP_MOVE_SOURCE, VAP_MOVE_OWN);
}

/* A guest that has ended there since has the device by its definition. */
static gboolean
look_plug (const VapStep *step, VapStepState *state, GError **error)
{
  g_auto (VapMoveGuest) there = { 0 };
  gboolean has;

  if (!vap_move_find_guest (step, VAP_MOVE_TARGET, &there, error))
    return FALSE;
  has = there.guest != NULL ? vap_move_has_device (step, &there, VAP_MOVE_DEVICE)
                            : there.persistent;
  *state = has ? VAP_STEP_AFTER : VAP_STEP_BEFORE;
  return TRUE;
}

/* The guest has waited for its crypto long enough, so its queues are looked at when it
 * has them.  One that has not got them all is whole only where it came from. */
static gboolean
plug (const VapStep *step, GError **error)
{
  VapStepState state;

  if (!look_plug (step, &state, error))
    return FALSE;
  if (state == VAP_STEP_AFTER)
    return TRUE;
  if (!vap_move_check_device (step, error) ||
      !attach (step, VAP_MOVE_TARGET, VAP_MOVE_DEVICE, error) ||
      !look_plug (step, &state, error))
    return FALSE;
  if (state != VAP_STEP_AFTER)
    return fail_gone (step, VAP_MOVE_TARGET, error);
  if (vap_move_check_queues (step, error))
    return TRUE;
  if (!detach (step, VAP_MOVE_TARGET, VAP_MOVE_DEVICE, NULL))
    g_debug ("the guest keeps what it has");
  return FALSE;
}

static gboolean
plug_back (const VapStep *step, GError **error)
{
  VapStepState state;

  if (!look_plug (step, &state, error))
    return FALSE;
  return state == VAP_STEP_BEFORE ||
         detach (step, VAP_MOVE_TARGET, VAP_MOVE_DEVICE, error);
}

static char *
describe_plug (const VapStep *step)
{
  return g_strdup_printf (_ ("Plug device %s into guest '%s' at '%s'"),
                          vap_step_get (step, VAP_MOVE_DEVICE), get_name (step),
                          vap_step_get (step, VAP_MOVE_TARGET));
}

static char *
command_plug (const VapStep *step)
{
  return live_command (step, "attach-device", VAP_MOVE_TARGET, VAP_MOVE_DEVICE);
}

const VapStepKind vap_unplug_kind = {
  .name = "unplug",
  .flags = VAP_STEP_PROGRAM,
  .prepare = prepare_unplug,
  .apply = unplug,
  .revert = unplug_back,
  .look = look_unplug,
  .describe = describe_unplug,
  .command = command_unplug,
};

/* With it the guest is whole on the target; what comes after only clears up here. */
const VapStepKind vap_plug_kind = {
  .name = "plug",
  .flags = VAP_STEP_PROGRAM | VAP_STEP_FINAL,
  .apply = plug,
  .revert = plug_back,
  .look = look_plug,
  .describe = describe_plug,
  .command = command_plug,
};
