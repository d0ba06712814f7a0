/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The step that binds a queue to vfio_ap which the masks mean for guests, and which has
 * been left without a driver; see steps.h.
 * Source: Linux drivers/s390/crypto/ap_bus.c, ap_device_probe(): the driver takes it only
 * if the masks say so
 */
#include "config.h"

#include "change/steps.h"

#include <glib/gi18n-lib.h>

#include "change/priv.h"

#define AP_BUS "/sys/bus/ap"
#define VFIO_AP "vfio_ap"
#define DRIVER AP_BUS "/drivers/" VFIO_AP

/* (nullable): the driver that has the queue */
static char *
find_driver (const VapStep *step)
{
  g_autofree char *link =
      g_strdup_printf ("%s" AP_BUS "/devices/%s/driver", vap_step_root (step),
                       vap_step_get (step, "queue"));
  g_autofree char *target = g_file_read_link (link, NULL);

  return target != NULL ? g_path_get_basename (target) : NULL;
}

static gboolean
prepare (VapStep *step, GError **error)
{
  g_autofree char *driver = find_driver (step);

  if (driver == NULL || g_str_equal (driver, VFIO_AP))
    return TRUE;
  g_set_error (error, VAP_ERROR, VAP_ERROR_FAILED, _ ("queue %s is bound to %s"),
               vap_step_get (step, "queue"), driver);
  return FALSE;
}

/* @attribute: of the driver; whether it was the last to have a say is looked at */
static gboolean
write_queue (const VapStep *step, const char *attribute, gboolean bound, GError **error)
{
  g_autofree char *driver = NULL;
  int number;

  if (!vap_attr_write (vap_step_root (step), attribute, vap_step_get (step, "queue"),
                       &number, error))
    return FALSE;
  driver = find_driver (step);
  if ((driver != NULL) == bound)
    return TRUE;
  g_set_error (error, VAP_ERROR, VAP_ERROR_FAILED, _ ("queue %s is bound to '%s'"),
               vap_step_get (step, "queue"), driver != NULL ? driver : "");
  return FALSE;
}

static gboolean
apply (const VapStep *step, GError **error)
{
  g_autofree char *driver = find_driver (step);

  return driver != NULL || write_queue (step, DRIVER "/bind", TRUE, error);
}

static gboolean
revert (const VapStep *step, GError **error)
{
  g_autofree char *driver = find_driver (step);

  return g_strcmp0 (driver, VFIO_AP) != 0 ||
         write_queue (step, DRIVER "/unbind", FALSE, error);
}

static gboolean
look (const VapStep *step, VapStepState *state, GError **error G_GNUC_UNUSED)
{
  g_autofree char *driver = find_driver (step);

  *state = driver == NULL                  ? VAP_STEP_BEFORE
           : g_str_equal (driver, VFIO_AP) ? VAP_STEP_AFTER
                                           : VAP_STEP_BETWEEN;
  return TRUE;
}

static char *
describe (const VapStep *step)
{
  return g_strdup_printf (_ ("Bind queue %s to vfio_ap"), vap_step_get (step, "queue"));
}

static char *
command (const VapStep *step)
{
  return g_strdup_printf ("echo %s > " DRIVER "/bind", vap_step_get (step, "queue"));
}

const VapStepKind vap_bind_kind = {
  .name = "bind",
  .flags = VAP_STEP_VOLATILE,
  .prepare = prepare,
  .apply = apply,
  .revert = revert,
  .look = look,
  .describe = describe,
  .command = command,
};

VapStep *
vap_bind_step_new (VapQueue queue)
{
  char name[VAP_QUEUE_TEXT_SIZE];

  vap_queue_format (queue, name);
  return vap_step_new (&vap_bind_kind, "queue", name, NULL);
}
