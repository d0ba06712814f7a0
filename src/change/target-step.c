/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The steps of a move that define an AP matrix on the target and start it, through the
 * node-device driver there; see move-steps.h.
 */
#include "config.h"

#include <glib/gi18n-lib.h>

#include "change/libvirt.h"
#include "change/move-steps.h"
#include "change/priv.h"
#include "guest/device.h"

#define SHOWN_US (5 * G_USEC_PER_SEC)
#define LOOK_US (G_USEC_PER_SEC / 20)

static const char *
get_target (const VapStep *step)
{
  return vap_step_get (step, VAP_MOVE_TARGET);
}

static const char *
get_device (const VapStep *step)
{
  return vap_step_get (step, VAP_MOVE_DEVICE);
}

static gboolean
is_definition (const VapStep *step)
{
  return vap_step_kind (step) == &vap_target_definition_kind;
}

/* whether what the step makes is there */
static gboolean
is_there (const VapStep *step, const VapMoveDevice *device)
{
  return is_definition (step) ? device->persistent : device->active;
}

static gboolean
look (const VapStep *step, VapStepState *state, GError **error)
{
  VapMoveDevice device;

  if (!vap_move_find_device (step, &device, error))
    return FALSE;
  if (!is_there (step, &device))
    *state = VAP_STEP_BEFORE;
  else
    *state = device.as_wanted ? VAP_STEP_AFTER : VAP_STEP_BETWEEN;
  return TRUE;
}

/* libvirt hears of a change from mdevctl and udev, and shows it a moment later: waits for
 * @wanted, but not for ever. */
static gboolean
look_for (const VapStep *step, VapStepState wanted, VapStepState *state, GError **error)
{
  gint64 end = g_get_monotonic_time () + SHOWN_US;

  for (;;) {
    if (!look (step, state, error))
      return FALSE;
    if (*state == wanted || g_get_monotonic_time () > end)
      return TRUE;
    g_usleep (LOOK_US);
  }
}

static gboolean
prepare (VapStep *step, GError **error)
{
  VapStepState state;

  if (!look_for (step, VAP_STEP_BEFORE, &state, error))
    return FALSE;
  if (state == VAP_STEP_BEFORE)
    return TRUE;
  g_set_error (error, VAP_ERROR, VAP_ERROR_FAILED,
               is_definition (step) ? _ ("'%s' has a definition of device %s already")
                                    : _ ("on '%s' device %s is active already"),
               get_target (step), get_device (step));
  return FALSE;
}

static gboolean
define (const VapStep *step, GError **error)
{
  g_autofree char *name = vap_device_node_name (get_device (step));
  g_autofree char *xml = NULL;
  VapMatrix matrix;

  if (!vap_move_matrix (step, &matrix))
    return FALSE;
  xml = vap_device_format_xml (get_device (step), &matrix, VAP_DEVICE_FORM_NUMBERS);
  if (!vap_move_tell (step, get_target (step), "device-define", NULL, xml, error))
    return FALSE;
  return vap_step_get (step, VAP_MOVE_AUTOSTART) == NULL ||
         vap_move_tell (step, get_target (step), "device-autostart", name, NULL, error);
}

static gboolean
check (const VapStep *step, VapStepState wanted, GError **error)
{
  VapStepState state;

  if (!look_for (step, wanted, &state, error))
    return FALSE;
  if (state == wanted)
    return TRUE;
  g_set_error (error, VAP_ERROR, VAP_ERROR_FAILED,
               _ ("device %s of '%s' is not what it was to become"), get_device (step),
               get_target (step));
  return FALSE;
}

static gboolean
apply (const VapStep *step, GError **error)
{
  g_autofree char *name = vap_device_node_name (get_device (step));
  gboolean done =
      is_definition (step)
          ? define (step, error)
          : vap_move_tell (step, get_target (step), "device-start", name, NULL, error);

  return done && check (step, VAP_STEP_AFTER, error);
}

static gboolean
revert (const VapStep *step, GError **error)
{
  g_autofree char *name = vap_device_node_name (get_device (step));
  VapMoveDevice device;

  if (!vap_move_find_device (step, &device, error))
    return FALSE;
  if (!is_there (step, &device))
    return TRUE;
  if (!device.as_wanted) {
    g_set_error (error, VAP_ERROR, VAP_ERROR_FAILED,
                 _ ("device %s of '%s' has been changed by someone else since, so it is "
                    "left alone"),
                 get_device (step), get_target (step));
    return FALSE;
  }
  return vap_move_tell (step, get_target (step),
                        is_definition (step) ? "device-undefine" : "device-stop", name,
                        NULL, error) &&
         check (step, VAP_STEP_BEFORE, error);
}

static char *
describe (const VapStep *step)
{
  g_autofree char *adapters = NULL;
  g_autofree char *domains = NULL;
  VapMatrix matrix = { 0 };

  if (!is_definition (step))
    return g_strdup_printf (_ ("Start device %s at '%s'"), get_device (step),
                            get_target (step));
  if (!vap_move_matrix (step, &matrix))
    g_debug ("the step has no matrix");
  adapters = vap_mask_to_list (&matrix.adapters, 2);
  domains = vap_mask_to_list (&matrix.domains, 4);
  return g_strdup_printf (
      _ ("Define device %s with the adapters %s and the domains %s at '%s'"),
      get_device (step), adapters, domains, get_target (step));
}

static char *
define_command (const VapStep *step, const char *name, const char *target)
{
  g_autofree char *xml = NULL;
  g_autofree char *program =
      vap_step_get (step, VAP_MOVE_AUTOSTART) != NULL
          ? g_strdup_printf ("virsh -c %s nodedev-define /dev/stdin && virsh -c %s "
                             "nodedev-autostart %s",
                             target, target, name)
          : g_strdup_printf ("virsh -c %s nodedev-define /dev/stdin", target);
  VapMatrix matrix = { 0 };

  if (!vap_move_matrix (step, &matrix))
    g_debug ("the step has no matrix");
  xml = vap_device_format_xml (get_device (step), &matrix, VAP_DEVICE_FORM_NUMBERS);
  return vap_shell_pipe (xml, program);
}

static char *
command (const VapStep *step)
{
  g_autofree char *name = vap_device_node_name (get_device (step));
  g_autofree char *target = g_shell_quote (get_target (step));

  if (is_definition (step))
    return define_command (step, name, target);
  return g_strdup_printf ("virsh -c %s nodedev-start %s", target, name);
}

const VapStepKind vap_target_definition_kind = {
  .name = "target-definition",
  .flags = VAP_STEP_PROGRAM,
  .prepare = prepare,
  .apply = apply,
  .revert = revert,
  .look = look,
  .describe = describe,
  .command = command,
};

const VapStepKind vap_target_device_kind = {
  .name = "target-device",
  .flags = VAP_STEP_PROGRAM,
  .prepare = prepare,
  .apply = apply,
  .revert = revert,
  .look = look,
  .describe = describe,
  .command = command,
};
