/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The step that makes, changes or removes an active AP matrix; see device-steps.h.
 * Source: Linux drivers/s390/crypto/vfio_ap_ops.c
 */
#include "config.h"

#include "change/device-steps.h"

#include <errno.h>
#include <glib/gi18n-lib.h>

#include "change/libvirt.h"
#include "change/priv.h"
#include "change/undone.h"
#include "host/host.h"

#define PARENT "/sys/devices/vfio_ap/matrix"
#define CREATE PARENT "/mdev_supported_types/" VAP_DEVICE_TYPE "/create"

/* Why the driver refuses (assign_adapter_store() and its like, ap_config_store()). */
static const struct {
  int number;
  const char *sentence;
} refusals[] = {
  { EADDRNOTAVAIL, N_ ("device %s cannot have this matrix: the host has a queue of it") },
  { EADDRINUSE,
    N_ ("device %s cannot have this matrix: another device has a queue of it") },
  { EBUSY, N_ ("device %s cannot be changed: its guest runs and the driver cannot plug "
               "queues, or the AP configuration is busy") },
  { EAGAIN, N_ ("device %s cannot be changed: the AP configuration is busy") },
  { ENODEV, N_ ("device %s cannot have this matrix: a number is above the highest") },
  { ENOENT, N_ ("device %s is gone") },
};

/* What the host has of the device. */
typedef struct {
  gboolean active;
  VapMatrix matrix;
  gboolean has_config; /* the driver has ap_config */
} Found;

static const char *
get_uuid (const VapStep *step)
{
  return vap_step_get (step, "uuid");
}

/* FALSE for a device that is not active */
static gboolean
get_matrix (const VapStep *step, const char *key, VapMatrix *matrix)
{
  const char *text = vap_step_get (step, key);

  return text != NULL && vap_matrix_parse_ap_config (text, matrix, NULL);
}

static gboolean
find (const VapStep *step, Found *found, GError **error)
{
  g_autoptr (VapHost) host =
      vap_host_read_device (vap_step_root (step), get_uuid (step), error);
  const VapHostDevice *device;

  if (host == NULL)
    return FALSE;
  device = vap_host_find_device (host, get_uuid (step));
  found->active = device != NULL && device->active;
  found->has_config = host->has_ap_config;
  if (!found->active)
    return TRUE;
  found->matrix = device->matrix;
  if (device->problem == NULL)
    return TRUE;
  g_set_error (error, VAP_ERROR, VAP_ERROR_UNREADABLE,
               _ ("device %s cannot be read whole: %s"), get_uuid (step),
               device->problem);
  return FALSE;
}

static gboolean
is_as (const VapStep *step, const Found *found, const char *key)
{
  VapMatrix matrix;

  if (!get_matrix (step, key, &matrix))
    return !found->active;
  return found->active && vap_matrix_equal (&found->matrix, &matrix);
}

static gboolean
prepare (VapStep *step, GError **error)
{
  Found found = { 0 };
  g_autofree char *before = NULL;

  if (!find (step, &found, error))
    return FALSE;
  if (found.active)
    before = vap_matrix_to_ap_config (&found.matrix);
  vap_step_set (step, "before", before);
  return TRUE;
}

static gboolean
write_attribute (const VapStep *step, const char *attribute, const char *value,
                 GError **error)
{
  g_autofree char *path = g_strdup_printf (PARENT "/%s/%s", get_uuid (step), attribute);
  g_autoptr (GError) reason = NULL;
  int number;

  if (vap_attr_write (vap_step_root (step), path, value, &number, &reason))
    return TRUE;
  for (gsize i = 0; i < G_N_ELEMENTS (refusals); i++) {
    if (refusals[i].number != number)
      continue;
    g_set_error (error, VAP_ERROR, VAP_ERROR_FAILED, _ (refusals[i].sentence),
                 get_uuid (step));
    return FALSE;
  }
  g_propagate_error (error, g_steal_pointer (&reason));
  return FALSE;
}

/* What changes a matrix where there is no ap_config. */
static const struct {
  const char *unassign;
  const char *assign;
  gsize offset;
} parts[] = {
  { "unassign_adapter", "assign_adapter", G_STRUCT_OFFSET (VapMatrix, adapters) },
  { "unassign_domain", "assign_domain", G_STRUCT_OFFSET (VapMatrix, domains) },
  { "unassign_control_domain", "assign_control_domain",
    G_STRUCT_OFFSET (VapMatrix, control_domains) },
};

/* writes to @attribute what is in @to and not in @from */
static gboolean
write_numbers (const VapStep *step, const char *attribute, const VapMask *from,
               const VapMask *to, GError **error)
{
  VapMask changed = vap_mask_minus (to, from);

  VAP_MASK_FOREACH (&changed, bit) {
    g_autofree char *number = g_strdup_printf ("%d", bit);

    if (!write_attribute (step, attribute, number, error))
      return FALSE;
  }
  return TRUE;
}

/* Without ap_config one number after the other; first what goes, so that no queue is in
 * the way that is not in the new matrix. */
static gboolean
write_by_numbers (const VapStep *step, const VapMatrix *from, const VapMatrix *to,
                  GError **error)
{
  for (guint round = 0; round < 2; round++)
    for (gsize i = 0; i < G_N_ELEMENTS (parts); i++) {
      const VapMask *old = &G_STRUCT_MEMBER (VapMask, from, parts[i].offset);
      const VapMask *new = &G_STRUCT_MEMBER (VapMask, to, parts[i].offset);

      if (round == 0 && !write_numbers (step, parts[i].unassign, new, old, error))
        return FALSE;
      if (round == 1 && !write_numbers (step, parts[i].assign, old, new, error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
write_matrix (const VapStep *step, const Found *found, const VapMatrix *matrix,
              GError **error)
{
  g_autofree char *config = vap_matrix_to_ap_config (matrix);

  if (found->has_config)
    return write_attribute (step, "ap_config", config, error);
  return write_by_numbers (step, &found->matrix, matrix, error);
}

static gboolean
start (const VapStep *step, const Found *found, const VapMatrix *matrix, GError **error)
{
  VapDeviceForm form =
      found->has_config ? VAP_DEVICE_FORM_CONFIG : VAP_DEVICE_FORM_NUMBERS;
  g_autofree char *xml = vap_device_format_xml (get_uuid (step), matrix, form);
  g_autofree char *json = vap_device_format_mdevctl (matrix, FALSE, form);

  return vap_libvirt_or_mdevctl (step, "device-create", xml, "start", json, error);
}

/* FALSE with @error, naming it, when a guest runs with the device */
static gboolean
check_unused (const VapStep *step, GError **error)
{
  g_autoptr (VapHost) host = vap_host_read_running (vap_step_root (step), error);
  const VapHostGuest *guest;

  if (host == NULL)
    return FALSE;
  guest = vap_host_holder (host, get_uuid (step), NULL, NULL);
  if (guest == NULL)
    return TRUE;
  g_set_error (error, VAP_ERROR, VAP_ERROR_FAILED,
               _ ("device %s cannot be removed while guest '%s' runs with it"),
               get_uuid (step), guest->name);
  return FALSE;
}

static gboolean
stop (const VapStep *step, GError **error)
{
  return check_unused (step, error) &&
         vap_libvirt_or_mdevctl (step, "device-destroy", NULL, "stop", NULL, error);
}

static gboolean
check (const VapStep *step, const char *key, GError **error)
{
  Found found = { 0 };

  if (!find (step, &found, error))
    return FALSE;
  if (is_as (step, &found, key))
    return TRUE;
  g_set_error (error, VAP_ERROR, VAP_ERROR_FAILED,
               found.active ? _ ("device %s has another matrix than it was given")
                            : _ ("device %s is not there although it was made"),
               get_uuid (step));
  return FALSE;
}

static gboolean
apply (const VapStep *step, GError **error)
{
  Found found = { 0 };
  VapMatrix after;
  gboolean done;

  if (!find (step, &found, error))
    return FALSE;
  vap_undone_forget (vap_step_root (step), get_uuid (step));
  if (is_as (step, &found, "after"))
    return TRUE;
  if (!get_matrix (step, "after", &after))
    done = stop (step, error);
  else if (!found.active)
    done = start (step, &found, &after, error);
  else
    done = write_matrix (step, &found, &after, error);
  return done && check (step, "after", error);
}

static gboolean
is_part_of (const VapMask *part, const VapMask *a, const VapMask *b)
{
  VapMask either = vap_mask_or (a, b);
  VapMask rest = vap_mask_minus (part, &either);

  return vap_mask_is_empty (&rest);
}

/* On the way from one matrix to the other nothing is assigned that is in neither. */
static gboolean
is_ours (const VapStep *step, const Found *found)
{
  VapMatrix before = { 0 }, after = { 0 };
  gboolean was = get_matrix (step, "before", &before);
  gboolean will = get_matrix (step, "after", &after);

  if (!was && !will)
    return FALSE;
  return is_part_of (&found->matrix.adapters, &before.adapters, &after.adapters) &&
         is_part_of (&found->matrix.domains, &before.domains, &after.domains) &&
         is_part_of (&found->matrix.control_domains, &before.control_domains,
                     &after.control_domains);
}

static gboolean
remove_device (const VapStep *step, GError **error)
{
  return check_unused (step, error) && write_attribute (step, "remove", "1", error);
}

static gboolean
create_device (const VapStep *step, GError **error)
{
  int number;

  return vap_attr_write (vap_step_root (step), CREATE, get_uuid (step), &number, error);
}

static gboolean
revert (const VapStep *step, GError **error)
{
  Found found = { 0 };
  VapMatrix before;
  gboolean done;

  if (!find (step, &found, error))
    return FALSE;
  if (is_as (step, &found, "before"))
    return TRUE;
  if (found.active && !is_ours (step, &found)) {
    g_set_error (error, VAP_ERROR, VAP_ERROR_FAILED,
                 _ ("device %s has been changed by someone else since, so it is left "
                    "alone"),
                 get_uuid (step));
    return FALSE;
  }
  if (!get_matrix (step, "before", &before)) {
    done = remove_device (step, error);
  } else {
    done = found.active || create_device (step, error);
    done = done && write_matrix (step, &found, &before, error);
  }
  return done && check (step, "before", error);
}

static gboolean
look (const VapStep *step, VapStepState *state, GError **error)
{
  Found found = { 0 };

  if (!find (step, &found, error))
    return FALSE;
  if (is_as (step, &found, "after"))
    *state = VAP_STEP_AFTER;
  else if (is_as (step, &found, "before"))
    *state = VAP_STEP_BEFORE;
  else
    *state = VAP_STEP_BETWEEN;
  return TRUE;
}

static char *
describe (const VapStep *step)
{
  VapMatrix after;
  g_autofree char *adapters = NULL;
  g_autofree char *domains = NULL;
  const char *format;

  if (!get_matrix (step, "after", &after))
    return g_strdup_printf (_ ("Stop device %s"), get_uuid (step));
  adapters = vap_mask_to_list (&after.adapters, 2);
  domains = vap_mask_to_list (&after.domains, 4);
  format = vap_step_get (step, "live") != NULL
               ? _ ("Give the active device %s the adapters %s and the domains %s")
               : _ ("Start device %s with the adapters %s and the domains %s");
  return g_strdup_printf (format, get_uuid (step), adapters, domains);
}

static char *
start_command (const VapStep *step, const VapMatrix *after)
{
  const char *connect = vap_step_get (step, "connect");
  g_autofree char *document = NULL;
  g_autofree char *program = NULL;

  if (connect != NULL) {
    document = vap_device_format_xml (get_uuid (step), after, VAP_DEVICE_FORM_NUMBERS);
    program = g_strdup_printf ("virsh -c %s nodedev-create /dev/stdin", connect);
  } else {
    document = vap_device_format_mdevctl (after, FALSE, VAP_DEVICE_FORM_NUMBERS);
    program = g_strdup_printf ("mdevctl start -u %s -p " VAP_DEVICE_PARENT
                               " --jsonfile /dev/stdin",
                               get_uuid (step));
  }
  return vap_shell_pipe (document, program);
}

static void
add_writes (GString *text, const VapStep *step, const char *attribute,
            const VapMask *from, const VapMask *to)
{
  VapMask changed = vap_mask_minus (to, from);

  VAP_MASK_FOREACH (&changed, bit) {
    g_string_append_printf (text, "%secho %d > " PARENT "/%s/%s",
                            text->len > 0 ? " && " : "", bit, get_uuid (step), attribute);
  }
}

/* one write, or one for each number, as the driver of this host takes it */
static char *
live_command (const VapStep *step, const VapMatrix *after)
{
  g_autoptr (GString) text = g_string_new (NULL);
  Found found = { 0 };

  if (!find (step, &found, NULL) || found.has_config)
    return g_strdup_printf ("echo %s > " PARENT "/%s/ap_config",
                            vap_step_get (step, "after"), get_uuid (step));
  for (guint round = 0; round < 2; round++)
    for (gsize i = 0; i < G_N_ELEMENTS (parts); i++) {
      const VapMask *old = &G_STRUCT_MEMBER (VapMask, &found.matrix, parts[i].offset);
      const VapMask *new = &G_STRUCT_MEMBER (VapMask, after, parts[i].offset);

      if (round == 0)
        add_writes (text, step, parts[i].unassign, new, old);
      else
        add_writes (text, step, parts[i].assign, old, new);
    }
  return g_string_free (g_steal_pointer (&text), FALSE);
}

static char *
command (const VapStep *step)
{
  const char *connect = vap_step_get (step, "connect");
  g_autofree char *name = vap_device_node_name (get_uuid (step));
  VapMatrix after;

  if (!get_matrix (step, "after", &after))
    return connect != NULL
               ? g_strdup_printf ("virsh -c %s nodedev-destroy %s", connect, name)
               : g_strdup_printf ("mdevctl stop -u %s", get_uuid (step));
  if (vap_step_get (step, "live") != NULL)
    return live_command (step, &after);
  return start_command (step, &after);
}

const VapStepKind vap_device_kind = {
  .name = "device",
  .flags = VAP_STEP_VOLATILE,
  .prepare = prepare,
  .apply = apply,
  .revert = revert,
  .look = look,
  .describe = describe,
  .command = command,
};

VapStep *
vap_device_step_new (const char *uuid, const VapMatrix *matrix, gboolean live,
                     const char *connect)
{
  g_autofree char *after = matrix != NULL ? vap_matrix_to_ap_config (matrix) : NULL;

  return vap_step_new (&vap_device_kind, "uuid", uuid, "after", after, "live",
                       live ? "yes" : NULL, "connect", connect, NULL);
}
