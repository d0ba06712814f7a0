/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The step that changes the driver_override of a queue; see steps.h.  The kernel takes
 * the new value and leaves the queue where it is, so the queue is unbound and its driver
 * looked for again.  A queue that has gone took its override with it.
 * Source: Linux 7 drivers/s390/crypto/ap_bus.c; Documentation/ABI, driver_override
 */
#include "config.h"

#include "change/steps.h"

#include <glib/gi18n-lib.h>

#include "change/priv.h"

#define AP_BUS "/sys/bus/ap"
#define VFIO_AP "vfio_ap"

typedef struct {
  gboolean there;
  char *override; /* "" for none */
  char *driver;   /* the one it is bound to, "" for none */
} Binding;

static void
binding_clear (Binding *binding)
{
  g_clear_pointer (&binding->override, g_free);
  g_clear_pointer (&binding->driver, g_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Binding, binding_clear)

static char *
queue_path (const VapStep *step, const char *name)
{
  return g_strdup_printf (AP_BUS "/devices/%s/%s", vap_step_get (step, "queue"), name);
}

static gboolean
read_binding (const VapStep *step, Binding *binding, GError **error)
{
  g_autofree char *path = queue_path (step, "driver_override");
  g_autofree char *link = queue_path (step, "driver");
  g_autofree char *full = g_strconcat (vap_step_root (step), link, NULL);
  g_autofree char *driver = g_file_read_link (full, NULL);

  if (!vap_attr_read (vap_step_root (step), path, &binding->override, error))
    return FALSE;
  binding->there = binding->override != NULL;
  binding->driver = driver != NULL ? g_path_get_basename (driver) : g_strdup ("");
  return TRUE;
}

static gboolean
fail_gone (const VapStep *step, GError **error)
{
  g_set_error (error, VAP_ERROR, VAP_ERROR_FAILED,
               _ ("there is no queue %s, or its kernel has no driver_override"),
               vap_step_get (step, "queue"));
  return FALSE;
}

/* whether the queue is where this override sends it; the host's driver is any other */
static gboolean
is_bound_so (const Binding *binding, const char *override)
{
  gboolean vfio = g_str_equal (binding->driver, VFIO_AP);

  return *override != '\0' ? g_str_equal (binding->driver, override)
                           : !vfio && *binding->driver != '\0';
}

static gboolean
unbind (const VapStep *step, const Binding *binding, GError **error)
{
  g_autofree char *path = g_strdup_printf (AP_BUS "/drivers/%s/unbind", binding->driver);
  int number;

  return *binding->driver == '\0' ||
         vap_attr_write (vap_step_root (step), path, vap_step_get (step, "queue"),
                         &number, error);
}

/* The kernel answers a probe that finds no driver with success. */
static gboolean
probe (const VapStep *step, GError **error)
{
  int number;

  return vap_attr_write (vap_step_root (step), AP_BUS "/drivers_probe",
                         vap_step_get (step, "queue"), &number, error);
}

static gboolean
write_override (const VapStep *step, const char *override, GError **error)
{
  g_autofree char *path = queue_path (step, "driver_override");
  g_autofree char *line = g_strconcat (override, "\n", NULL);
  int number;

  return vap_attr_write (vap_step_root (step), path, line, &number, error);
}

/* @unbound: it was bound to no driver, and shall be so again */
static gboolean
move (const VapStep *step, const char *override, gboolean unbound, GError **error)
{
  g_auto (Binding) now = { 0 };
  g_auto (Binding) then = { 0 };

  if (!read_binding (step, &now, error))
    return FALSE;
  if (!now.there)
    return fail_gone (step, error);
  if (!g_str_equal (now.override, override) && !write_override (step, override, error))
    return FALSE;
  if (unbound)
    return unbind (step, &now, error);
  if (!is_bound_so (&now, override) &&
      (!unbind (step, &now, error) || !probe (step, error)))
    return FALSE;
  if (!read_binding (step, &then, error))
    return FALSE;
  if (!then.there)
    return fail_gone (step, error);
  if (g_str_equal (then.override, override) && is_bound_so (&then, override))
    return TRUE;
  g_set_error (error, VAP_ERROR, VAP_ERROR_FAILED,
               _ ("queue %s is bound to '%s' after its driver_override became '%s'"),
               vap_step_get (step, "queue"), then.driver, then.override);
  return FALSE;
}

static gboolean
prepare (VapStep *step, GError **error)
{
  g_auto (Binding) now = { 0 };

  if (!read_binding (step, &now, error))
    return FALSE;
  if (!now.there)
    return fail_gone (step, error);
  vap_step_set (step, "before", now.override);
  vap_step_set (step, "before-driver", now.driver);
  return TRUE;
}

static gboolean
apply (const VapStep *step, GError **error)
{
  return move (step, vap_step_get (step, "override"), FALSE, error);
}

static gboolean
revert (const VapStep *step, GError **error)
{
  const char *driver = vap_step_get (step, "before-driver");

  return move (step, vap_step_get (step, "before"), g_strcmp0 (driver, "") == 0, error);
}

static gboolean
look (const VapStep *step, VapStepState *state, GError **error)
{
  const char *override = vap_step_get (step, "override");
  g_auto (Binding) now = { 0 };

  if (!read_binding (step, &now, error))
    return FALSE;
  if (!now.there || (g_strcmp0 (now.override, vap_step_get (step, "before")) == 0 &&
                     g_strcmp0 (now.driver, vap_step_get (step, "before-driver")) == 0))
    *state = VAP_STEP_BEFORE;
  else if (g_strcmp0 (now.override, override) == 0 && is_bound_so (&now, override))
    *state = VAP_STEP_AFTER;
  else
    *state = VAP_STEP_BETWEEN;
  return TRUE;
}

static char *
describe (const VapStep *step)
{
  const char *queue = vap_step_get (step, "queue");

  if (*vap_step_get (step, "override") == '\0')
    return g_strdup_printf (_ ("Bind queue %s to its own driver, without a "
                               "driver_override"),
                            queue);
  return g_strdup_printf (_ ("Bind queue %s to %s by its driver_override"), queue,
                          vap_step_get (step, "override"));
}

static char *
command (const VapStep *step)
{
  const char *queue = vap_step_get (step, "queue");

  return g_strdup_printf ("echo %s > " AP_BUS "/devices/%s/driver_override && "
                          "echo %s > " AP_BUS "/devices/%s/driver/unbind && "
                          "echo %s > " AP_BUS "/drivers_probe",
                          vap_step_get (step, "override"), queue, queue, queue, queue);
}

const VapStepKind vap_override_kind = {
  .name = "driver-override",
  .flags = VAP_STEP_VOLATILE,
  .prepare = prepare,
  .apply = apply,
  .revert = revert,
  .look = look,
  .describe = describe,
  .command = command,
};

VapStep *
vap_override_step_new (VapQueue queue, const char *driver)
{
  char name[VAP_QUEUE_TEXT_SIZE];

  vap_queue_format (queue, name);
  return vap_step_new (&vap_override_kind, "queue", name, "override", driver, NULL);
}
