/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The step that plugs an AP matrix into a running guest, or takes it away; see
 * device-steps.h.  Both ways it goes through libvirt, which alone can speak with the
 * guest's QEMU.  What a guest runs with is in libvirt's status file, which it writes
 * before it answers.
 * Source: libvirt src/qemu/qemu_driver.c, qemuDomainAttachDeviceLiveAndConfig();
 * src/qemu/qemu_hotplug.c, qemuDomainWaitForDeviceRemoval(): a detach may return before
 * the device is gone
 */
#include "config.h"

#include "change/device-steps.h"

#include <glib/gi18n-lib.h>

#include "change/libvirt.h"
#include "change/priv.h"
#include "guest/rewrite.h"
#include "host/host.h"

/* how long a guest may take to let go of a device */
#define DETACH_US (10 * G_USEC_PER_SEC)
#define BETWEEN_US (G_USEC_PER_SEC / 20)

typedef enum {
  PLUGGED,
  UNPLUGGED,
  ENDED, /* the guest does not run */
} Plug;

static gboolean
find (const VapStep *step, Plug *plug, GError **error)
{
  g_autoptr (VapHost) host = vap_host_read_running (vap_step_root (step), error);
  const VapHostGuest *guest;

  if (host == NULL)
    return FALSE;
  guest = vap_host_find_guest (host, vap_step_get (step, "guest-uuid"));
  if (guest == NULL || guest->running == NULL)
    *plug = ENDED;
  else if (vap_guest_has_device (guest->running, vap_step_get (step, "device")))
    *plug = PLUGGED;
  else
    *plug = UNPLUGGED;
  return TRUE;
}

static Plug
wanted (const VapStep *step)
{
  return vap_step_get (step, "plug") != NULL ? PLUGGED : UNPLUGGED;
}

static gboolean
fail_ended (const VapStep *step, GError **error)
{
  g_set_error (error, VAP_ERROR, VAP_ERROR_FAILED, _ ("guest '%s' does not run any more"),
               vap_step_get (step, "guest"));
  return FALSE;
}

static gboolean
prepare (VapStep *step, GError **error)
{
  Plug plug;

  if (!find (step, &plug, error))
    return FALSE;
  /* then there is nothing of ours to undo */
  vap_step_set (step, "was", plug == wanted (step) ? "yes" : NULL);
  return plug != ENDED || fail_ended (step, error);
}

static gboolean
wait_for (const VapStep *step, Plug then, GError **error)
{
  gint64 end = g_get_monotonic_time () + DETACH_US;
  Plug now;

  do {
    if (!find (step, &now, error))
      return FALSE;
    if (now == then)
      return TRUE;
    if (now == ENDED)
      return fail_ended (step, error);
    g_usleep (BETWEEN_US);
  } while (g_get_monotonic_time () < end);
  g_set_error (error, VAP_ERROR, VAP_ERROR_FAILED,
               then == PLUGGED ? _ ("guest '%s' runs without device %s, although it was "
                                    "plugged in")
                               : _ ("guest '%s' does not let go of device %s"),
               vap_step_get (step, "guest"), vap_step_get (step, "device"));
  return FALSE;
}

static gboolean
change (const VapStep *step, Plug then, GError **error)
{
  g_autofree char *xml = vap_rewrite_device_xml (vap_step_get (step, "device"));
  const char *operation = then == PLUGGED ? "guest-attach" : "guest-detach";

  return vap_libvirt_tell (step, vap_step_get (step, "connect"), operation,
                           vap_step_get (step, "guest-uuid"), xml, error) &&
         wait_for (step, then, error);
}

static gboolean
apply (const VapStep *step, GError **error)
{
  Plug plug;

  if (!find (step, &plug, error))
    return FALSE;
  if (plug == ENDED)
    return fail_ended (step, error);
  return plug == wanted (step) || change (step, wanted (step), error);
}

/* A guest that has ended has lost what was plugged, and its next start makes of it what
 * its definition says. */
static gboolean
revert (const VapStep *step, GError **error)
{
  Plug plug;

  if (!find (step, &plug, error))
    return FALSE;
  if (plug != wanted (step) || vap_step_get (step, "was") != NULL)
    return TRUE;
  return change (step, plug == PLUGGED ? UNPLUGGED : PLUGGED, error);
}

static gboolean
look (const VapStep *step, VapStepState *state, GError **error)
{
  Plug plug;

  if (!find (step, &plug, error))
    return FALSE;
  *state = plug == wanted (step) && vap_step_get (step, "was") == NULL ? VAP_STEP_AFTER
                                                                       : VAP_STEP_BEFORE;
  return TRUE;
}

static char *
describe (const VapStep *step)
{
  const char *format = wanted (step) == PLUGGED
                           ? _ ("Plug device %s into guest '%s' while it runs")
                           : _ ("Take device %s from guest '%s' while it runs");

  return g_strdup_printf (format, vap_step_get (step, "device"),
                          vap_step_get (step, "guest"));
}

static char *
command (const VapStep *step)
{
  return vap_plug_command (vap_step_get (step, "connect"),
                           wanted (step) == PLUGGED ? "attach-device" : "detach-device",
                           vap_step_get (step, "guest"), vap_step_get (step, "device"),
                           "--live");
}

const VapStepKind vap_hotplug_kind = {
  .name = "hotplug",
  .flags = VAP_STEP_VOLATILE | VAP_STEP_PROGRAM,
  .prepare = prepare,
  .apply = apply,
  .revert = revert,
  .look = look,
  .describe = describe,
  .command = command,
};

VapStep *
vap_hotplug_step_new (const char *guest, const char *guest_uuid, const char *device,
                      gboolean plug, const char *connect)
{
  return vap_step_new (&vap_hotplug_kind, "guest", guest, "guest-uuid", guest_uuid,
                       "device", device, "plug", plug ? "yes" : NULL, "connect", connect,
                       NULL);
}
