/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the two daemons of a move tell and are told, through the programs move-libvirt
 * and tell-libvirt; see move-steps.h.
 */
#include "config.h"

#include "change/move-steps.h"

#include <glib/gi18n-lib.h>
#include <stdio.h>
#include <string.h>

#include "change/libvirt.h"
#include "guest/device.h"

/* An answer may take the building of an ssh connection; a daemon that does not answer
 * is asked several times before a move is given up. */
#define ASK_S 15u

/* libvirtd waits a minute for udev to tell of a new device (node_device_driver.c,
 * nodeDeviceFindNewDevice()), and a callout there for the lock */
#define CHANGE_S 120u

#define DRIVER "vfio_ap"

/* Those of tell-libvirt; all others are move-libvirt's. */
static const char *const tells[] = {
  "device-define",    "device-start", "device-stop", "device-undefine",
  "device-autostart", "guest-define", NULL,
};

/* @is_long: it may take minutes, and tells how far it is */
static gboolean
run (const VapStep *step, const char *uri, const char *operation,
     const char *const *words, const char *document, guint seconds, gboolean is_long,
     char **output, GError **error)
{
  gboolean tell = g_strv_contains (tells, operation);
  g_autofree char *program = vap_libvirt_program (tell ? "tell-libvirt" : "move-libvirt");
  g_autofree char *prefix = g_strconcat (program, ": ", NULL);
  g_autoptr (GPtrArray) argv = g_ptr_array_new ();
  g_autoptr (GError) reason = NULL;
  const char *const *arguments;
  const char *said;

  g_ptr_array_add (argv, program);
  g_ptr_array_add (argv, (char *) uri);
  g_ptr_array_add (argv, (char *) operation);
  for (guint i = 0; words != NULL && words[i] != NULL; i++)
    g_ptr_array_add (argv, (char *) words[i]);
  g_ptr_array_add (argv, NULL);
  arguments = (const char *const *) argv->pdata;
  if (is_long ? vap_step_run_long (step, arguments, document, seconds, &reason)
              : vap_step_run (step, arguments, document, seconds, output, &reason))
    return TRUE;
  /* the helper's own path is of no use to anyone */
  said = reason->message;
  if (g_str_has_prefix (said, prefix))
    said += strlen (prefix);
  g_set_error (error, reason->domain, reason->code, _ ("libvirt at '%s': %s"), uri, said);
  return FALSE;
}

gboolean
vap_move_run (const VapStep *step, const char *uri, const char *operation,
              const char *const *words, const char *document, guint seconds,
              char **output, GError **error)
{
  return run (step, uri, operation, words, document, seconds, FALSE, output, error);
}

gboolean
vap_move_run_long (const VapStep *step, const char *uri, const char *operation,
                   const char *const *words, const char *document, guint seconds,
                   GError **error)
{
  return run (step, uri, operation, words, document, seconds, TRUE, NULL, error);
}

gboolean
vap_move_tell (const VapStep *step, const char *uri, const char *operation,
               const char *name, const char *document, GError **error)
{
  const char *const words[] = { name, NULL };

  return vap_move_run (step, uri, operation, words, document, CHANGE_S, NULL, error);
}

/* the first line is cut off, the rest is XML */
static char *
split_line (char *answer)
{
  char *end = strchr (answer, '\n');

  if (end == NULL)
    return answer + strlen (answer);
  *end = '\0';
  return end + 1;
}

static gboolean
fail_answer (const char *uri, GError **error)
{
  g_set_error (error, VAP_ERROR, VAP_ERROR_MALFORMED,
               _ ("libvirt at '%s': its answer cannot be read"), uri);
  return FALSE;
}

void
vap_move_guest_clear (VapMoveGuest *guest)
{
  g_clear_pointer (&guest->guest, vap_guest_unref);
}

gboolean
vap_move_find_guest (const VapStep *step, const char *side, VapMoveGuest *guest,
                     GError **error)
{
  const char *uri = vap_step_get (step, side);
  g_autofree char *name = g_strconcat ("name=", vap_step_get (step, VAP_MOVE_NAME), NULL);
  const char *const words[] = { vap_step_get (step, VAP_MOVE_GUEST), name, NULL };
  g_autofree char *answer = NULL;
  const char *xml;
  char state[16];
  int persistent, job;

  memset (guest, 0, sizeof *guest);
  if (!vap_move_run (step, uri, "guest", words, NULL, ASK_S, &answer, error))
    return FALSE;
  xml = split_line (answer);
  if (sscanf (answer, "%15s %d %d", state, &persistent, &job) != 3)
    return fail_answer (uri, error);
  guest->namesake = g_str_equal (state, "namesake");
  guest->known = !guest->namesake && !g_str_equal (state, "none");
  guest->live = g_str_equal (state, "running") || g_str_equal (state, "paused");
  guest->waiting = g_str_equal (state, "waiting");
  guest->persistent = persistent != 0;
  guest->job = job != 0;
  if (*xml == '\0')
    return guest->live ? fail_answer (uri, error) : TRUE;
  guest->guest = vap_guest_parse (xml, strlen (xml), error);
  return guest->guest != NULL;
}

gboolean
vap_move_check_free (const VapStep *step, GError **error)
{
  g_auto (VapMoveGuest) there = { 0 };

  if (!vap_move_find_guest (step, VAP_MOVE_TARGET, &there, error))
    return FALSE;
  if (!there.known && !there.namesake)
    return TRUE;
  g_set_error (error, VAP_ERROR, VAP_ERROR_FAILED,
               there.known ? _ ("guest '%s' is known at '%s' already")
                           : _ ("there is another guest '%s' at '%s'"),
               vap_step_get (step, VAP_MOVE_NAME), vap_step_get (step, VAP_MOVE_TARGET));
  return FALSE;
}

gboolean
vap_move_has_device (const VapStep *step, const VapMoveGuest *guest, const char *device)
{
  const char *uuid = vap_step_get (step, device);

  for (guint i = 0; guest->guest != NULL && i < guest->guest->devices->len; i++) {
    const VapGuestDevice *own = g_ptr_array_index (guest->guest->devices, i);

    if (g_strcmp0 (own->uuid, uuid) == 0)
      return TRUE;
  }
  return FALSE;
}

gboolean
vap_move_matrix (const VapStep *step, VapMatrix *matrix)
{
  const char *text = vap_step_get (step, VAP_MOVE_MATRIX);

  return text != NULL && vap_matrix_parse_ap_config (text, matrix, NULL);
}

static gboolean
is_as_wanted (const VapStep *step, const char *xml)
{
  g_autoptr (VapDevice) device = vap_device_parse_xml (xml, strlen (xml), NULL);
  VapMatrix found, wanted;

  if (device == NULL || !vap_move_matrix (step, &wanted))
    return FALSE;
  vap_device_matrix (device, &found, NULL, NULL);
  return vap_matrix_equal (&found, &wanted);
}

gboolean
vap_move_find_device (const VapStep *step, VapMoveDevice *device, GError **error)
{
  const char *uri = vap_step_get (step, VAP_MOVE_TARGET);
  g_autofree char *name = vap_device_node_name (vap_step_get (step, VAP_MOVE_DEVICE));
  const char *const words[] = { name, NULL };
  g_autofree char *answer = NULL;
  const char *xml;
  int active, persistent;

  memset (device, 0, sizeof *device);
  if (!vap_move_run (step, uri, "device", words, NULL, ASK_S, &answer, error))
    return FALSE;
  xml = split_line (answer);
  if (sscanf (answer, "%d %d", &active, &persistent) != 2)
    return fail_answer (uri, error);
  device->active = active != 0;
  device->persistent = persistent != 0;
  device->as_wanted = is_as_wanted (step, xml);
  return TRUE;
}

/* as libvirt names it (src/node_device/node_device_udev.c, udevProcessAPQueue()) */
static char *
queue_name (guint adapter, guint domain)
{
  return g_strdup_printf ("ap_%02x_%04x", adapter, domain);
}

static gboolean
check_queue (const VapStep *step, const char *drivers, guint adapter, guint domain,
             GError **error)
{
  g_autofree char *name = queue_name (adapter, domain);
  g_autofree char *line = g_strdup_printf ("%s " DRIVER "\n", name);

  if (strstr (drivers, line) != NULL)
    return TRUE;
  g_set_error (error, VAP_ERROR, VAP_ERROR_FAILED,
               _ ("queue %02x.%04x of '%s' is not there, or not given to guests"),
               adapter, domain, vap_step_get (step, VAP_MOVE_TARGET));
  return FALSE;
}

/* One adapter at a time, so that a matrix of thousands of queues is not one question. */
static gboolean
check_adapter (const VapStep *step, guint adapter, const VapMask *domains, GError **error)
{
  g_autoptr (GPtrArray) words = g_ptr_array_new_with_free_func (g_free);
  g_autofree char *drivers = NULL;

  g_ptr_array_add (words, g_strdup ("-"));
  VAP_MASK_FOREACH (domains, domain)
    g_ptr_array_add (words, queue_name (adapter, (guint) domain));
  g_ptr_array_add (words, NULL);
  if (!vap_move_run (step, vap_step_get (step, VAP_MOVE_TARGET), "drivers",
                     (const char *const *) words->pdata, NULL, CHANGE_S, &drivers, error))
    return FALSE;
  VAP_MASK_FOREACH (domains, domain)
    if (!check_queue (step, drivers, adapter, (guint) domain, error))
      return FALSE;
  return TRUE;
}

/* vfio_ap_mdev_filter_matrix() passes on what is in the host's configuration, and of that
 * no adapter with a queue that is not bound to the driver: so all queues is the whole. */
gboolean
vap_move_check_queues (const VapStep *step, GError **error)
{
  VapMatrix matrix;

  if (!vap_move_matrix (step, &matrix))
    return FALSE;
  VAP_MASK_FOREACH (&matrix.adapters, adapter)
    if (!check_adapter (step, (guint) adapter, &matrix.domains, error))
      return FALSE;
  return TRUE;
}

gboolean
vap_move_check_device (const VapStep *step, GError **error)
{
  VapMoveDevice device;

  if (!vap_move_find_device (step, &device, error))
    return FALSE;
  if (device.active && device.as_wanted)
    return TRUE;
  g_set_error (
      error, VAP_ERROR, VAP_ERROR_FAILED,
      device.active ? _ ("device %s of '%s' has another matrix than it is to have")
                    : _ ("device %s of '%s' is not active"),
      vap_step_get (step, VAP_MOVE_DEVICE), vap_step_get (step, VAP_MOVE_TARGET));
  return FALSE;
}

VapStep *
vap_move_step_new (const VapStepKind *kind, const VapStep *move)
{
  static const char *const keys[] = {
    VAP_MOVE_SOURCE,     VAP_MOVE_TARGET,    VAP_MOVE_GUEST,  VAP_MOVE_NAME,
    VAP_MOVE_OWN,        VAP_MOVE_DEVICE,    VAP_MOVE_MATRIX, VAP_MOVE_SECONDS,
    VAP_MOVE_URI,        VAP_MOVE_BANDWIDTH, VAP_MOVE_UNSAFE, VAP_MOVE_AUTOSTART,
    VAP_MOVE_PERSISTENT,
  };
  VapStep *step = vap_step_new (kind, NULL, NULL);

  for (gsize i = 0; i < G_N_ELEMENTS (keys); i++)
    vap_step_set (step, keys[i], vap_step_get (move, keys[i]));
  return step;
}
