/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The step that makes, replaces or removes mdevctl's definition of an AP matrix; see
 * device-steps.h.  A definition is a file, so that its texts are those of a step about a
 * file (file-step.c) and two more; that kind's functions note what was there and bring it
 * back.
 * Source: mdevctl src/mdev.rs, write_config(): the file is not written in one piece
 */
#include "config.h"

#include "change/device-steps.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "change/libvirt.h"
#include "change/priv.h"
#include "change/steps.h"
#include "change/undone.h"
#include "guest/device.h"

#define DIRECTORY "/etc/mdevctl.d/" VAP_DEVICE_PARENT "/"
#define MODE 0644

static const char *
get_uuid (const VapStep *step)
{
  return vap_step_get (step, "uuid");
}

/* NULL for no file, also for one that cannot be read: prepare has refused that */
static char *
read_file (const VapStep *step)
{
  g_autofree char *path =
      g_strconcat (vap_step_root (step), vap_step_get (step, "path"), NULL);
  char *content = NULL;

  return g_file_get_contents (path, &content, NULL, NULL) ? content : NULL;
}

static VapDevice *
parse (const char *json)
{
  return json != NULL ? vap_device_parse_mdevctl (json, strlen (json), NULL,
                                                  VAP_DEVICE_PARENT, NULL)
                      : NULL;
}

static gboolean
same_matrix (const VapDevice *a, const VapDevice *b)
{
  VapMatrix of_a, of_b;

  vap_device_matrix (a, &of_a, NULL, NULL);
  vap_device_matrix (b, &of_b, NULL, NULL);
  return vap_matrix_equal (&of_a, &of_b);
}

/* How far the file @now has come. */
static VapStepState
compare (const VapStep *step, const char *now)
{
  const char *escaped = vap_step_get (step, "before");
  const char *json = vap_step_get (step, "json");
  g_autofree char *before = escaped != NULL ? g_strcompress (escaped) : NULL;
  g_autoptr (VapDevice) wanted = parse (json);
  g_autoptr (VapDevice) found = parse (now);

  if (json == NULL ? now == NULL
                   : found != NULL && same_matrix (found, wanted) &&
                         found->autostart == wanted->autostart)
    return VAP_STEP_AFTER;
  return g_strcmp0 (now, before) == 0 ? VAP_STEP_BEFORE : VAP_STEP_BETWEEN;
}

/* half written, or before the second of libvirt's two calls */
static gboolean
is_ours (const VapStep *step, const char *now)
{
  g_autoptr (VapDevice) wanted = parse (vap_step_get (step, "json"));
  g_autoptr (VapDevice) found = parse (now);

  if (compare (step, now) == VAP_STEP_AFTER || found == NULL)
    return TRUE;
  return wanted != NULL && same_matrix (found, wanted);
}

static gboolean
prepare (VapStep *step, GError **error)
{
  return vap_file_kind.prepare (step, error);
}

/* Node-device XML has no place for it. */
static gboolean
set_autostart (const VapStep *step, GError **error)
{
  const char *connect = vap_step_get (step, "connect");
  g_autofree char *name = vap_device_node_name (get_uuid (step));
  g_autoptr (GError) reason = NULL;

  if (connect != NULL &&
      vap_libvirt_tell (step, connect, "device-autostart", name, NULL, &reason))
    return TRUE;
  if (connect == NULL || g_error_matches (reason, VAP_ERROR, VAP_ERROR_BUSY))
    return vap_file_kind.apply (step, error);
  g_propagate_error (error, g_steal_pointer (&reason));
  return FALSE;
}

static gboolean
define (const VapStep *step, GError **error)
{
  const char *json = vap_step_get (step, "json");
  g_autoptr (VapDevice) wanted = parse (json);
  g_autofree char *xml = NULL;
  g_autofree char *now = NULL;
  VapMatrix matrix;

  vap_device_matrix (wanted, &matrix, NULL, NULL);
  xml = vap_device_format_xml (get_uuid (step), &matrix, VAP_DEVICE_FORM_NUMBERS);
  if (!vap_libvirt_or_mdevctl (step, "device-define", xml, "define", json, error))
    return FALSE;
  now = read_file (step);
  return compare (step, now) == VAP_STEP_AFTER || set_autostart (step, error);
}

static gboolean
undefine (const VapStep *step, GError **error)
{
  return vap_libvirt_or_mdevctl (step, "device-undefine", NULL, "undefine", NULL, error);
}

static gboolean
check (const VapStep *step, VapStepState state, GError **error)
{
  g_autofree char *now = read_file (step);

  if (compare (step, now) == state)
    return TRUE;
  g_set_error (error, VAP_ERROR, VAP_ERROR_FAILED,
               _ ("the definition of device %s is not what it was to become"),
               get_uuid (step));
  return FALSE;
}

static gboolean
apply (const VapStep *step, GError **error)
{
  g_autofree char *now = read_file (step);
  gboolean done;

  vap_undone_forget (vap_step_root (step), get_uuid (step));
  if (compare (step, now) == VAP_STEP_AFTER)
    return TRUE;
  if (vap_step_get (step, "json") == NULL)
    done = undefine (step, error);
  else if (now != NULL)
    done = vap_file_kind.apply (step, error);
  else
    done = define (step, error);
  return done && check (step, VAP_STEP_AFTER, error);
}

/* A step about the same file that takes what is there now for its own. */
static VapStep *
file_step (const VapStep *step, const char *now, GError **error)
{
  g_autoptr (GVariant) texts = g_variant_ref_sink (vap_step_to_variant (step));
  g_autofree char *escaped = now != NULL ? g_strescape (now, NULL) : NULL;
  VapStep *file =
      vap_step_from_variant (vap_file_kind.name, texts, vap_step_root (step), error);

  if (file != NULL)
    vap_step_set (file, "content", escaped);
  return file;
}

static gboolean
revert (const VapStep *step, GError **error)
{
  g_autofree char *now = read_file (step);
  g_autoptr (VapStep) file = NULL;

  if (compare (step, now) != VAP_STEP_BEFORE && !is_ours (step, now)) {
    g_set_error (error, VAP_ERROR, VAP_ERROR_FAILED,
                 _ ("the definition of device %s has been changed by someone else since, "
                    "so it is left alone"),
                 get_uuid (step));
    return FALSE;
  }
  file = file_step (step, now, error);
  return file != NULL && vap_file_kind.revert (file, error);
}

static gboolean
look (const VapStep *step, VapStepState *state, GError **error)
{
  g_autofree char *now = read_file (step);
  g_autoptr (VapStep) file = NULL;

  *state = compare (step, now);
  if (*state != VAP_STEP_BEFORE)
    return TRUE;
  /* a new file or directory may lie beside it */
  file = file_step (step, now, error);
  return file != NULL && vap_file_kind.look (file, state, error);
}

static char *
describe (const VapStep *step)
{
  const char *format;

  if (vap_step_get (step, "json") == NULL)
    format = _ ("Remove the definition of device %s");
  else if (vap_step_get (step, "replaces") != NULL)
    format = _ ("Replace the definition of device %s");
  else
    format = _ ("Define device %s");
  return g_strdup_printf (format, get_uuid (step));
}

static char *
define_command (const VapStep *step, const char *connect, const char *json)
{
  g_autoptr (VapDevice) wanted = parse (json);
  g_autofree char *name = vap_device_node_name (get_uuid (step));
  g_autofree char *program = NULL;
  g_autofree char *xml = NULL;
  VapMatrix matrix;

  if (connect == NULL) {
    program = g_strdup_printf ("mdevctl define -u %s -p " VAP_DEVICE_PARENT
                               " --jsonfile /dev/stdin",
                               get_uuid (step));
    return vap_shell_pipe (json, program);
  }
  vap_device_matrix (wanted, &matrix, NULL, NULL);
  xml = vap_device_format_xml (get_uuid (step), &matrix, VAP_DEVICE_FORM_NUMBERS);
  program = wanted->autostart
                ? g_strdup_printf ("virsh -c %s nodedev-define /dev/stdin && virsh -c %s "
                                   "nodedev-autostart %s",
                                   connect, connect, name)
                : g_strdup_printf ("virsh -c %s nodedev-define /dev/stdin", connect);
  return vap_shell_pipe (xml, program);
}

static char *
command (const VapStep *step)
{
  const char *connect = vap_step_get (step, "connect");
  const char *json = vap_step_get (step, "json");
  g_autofree char *name = vap_device_node_name (get_uuid (step));

  if (json != NULL && vap_step_get (step, "replaces") != NULL)
    return vap_file_kind.command (step);
  if (json != NULL)
    return define_command (step, connect, json);
  return connect != NULL
             ? g_strdup_printf ("virsh -c %s nodedev-undefine %s", connect, name)
             : g_strdup_printf ("mdevctl undefine -u %s", get_uuid (step));
}

const VapStepKind vap_definition_kind = {
  .name = "definition",
  .prepare = prepare,
  .apply = apply,
  .revert = revert,
  .look = look,
  .describe = describe,
  .command = command,
};

VapStep *
vap_definition_step_new (const char *uuid, const VapMatrix *matrix, gboolean autostart,
                         gboolean replaces, const char *connect)
{
  g_autofree char *path = g_strconcat (DIRECTORY, uuid, NULL);
  g_autofree char *json = NULL;
  g_autoptr (VapStep) file = NULL;

  if (matrix != NULL)
    json = vap_device_format_mdevctl (matrix, autostart, VAP_DEVICE_FORM_NUMBERS);
  file = vap_file_step_new (path, json, MODE);
  return vap_step_new (&vap_definition_kind, "uuid", uuid, "path", path, "content",
                       vap_step_get (file, "content"), "mode",
                       vap_step_get (file, "mode"), "json", json, "replaces",
                       replaces ? "yes" : NULL, "connect", connect, NULL);
}
