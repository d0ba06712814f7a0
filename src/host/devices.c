/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * AP matrices: the mediated devices that the driver vfio_ap has, and the
 * definitions that mdevctl keeps, joined by their UUID.
 * Source: Linux drivers/s390/crypto/vfio_ap_ops.c; mdevctl's manual page
 */
#include "config.h"

#include "host/priv.h"
#include "keep/keep.h"

#include <stdlib.h>
#include <string.h>

#include <glib/gi18n-lib.h>

#define MATRIX "/sys/devices/vfio_ap/matrix"
#define MDEVS "/sys/bus/mdev/devices"
#define PARENTS "/etc/mdevctl.d" /* a directory for each that has definitions */
#define DEFINITIONS PARENTS "/matrix"

/* sysfs ends `matrix` here, also in the middle of a line (one page less a byte) */
#define MATRIX_TEXT_MAX 4095u

static VapHostDevice *
find_or_add (VapHost *host, const char *uuid)
{
  VapHostDevice *device;

  for (guint i = 0; i < host->devices->len; i++) {
    device = g_ptr_array_index (host->devices, i);
    if (g_str_equal (device->uuid, uuid))
      return device;
  }
  device = g_new0 (VapHostDevice, 1);
  device->uuid = g_strdup (uuid);
  g_ptr_array_add (host->devices, device);
  return device;
}

/* a device keeps its first problem, the host has them all; takes @sentence */
static void
take_problem (VapHost *host, VapHostDevice *device, char *sentence)
{
  if (device->problem == NULL)
    device->problem = g_utf8_make_valid (sentence, -1);
  vap_host_take_problem (host, sentence);
}

/* a hexadecimal number of exactly @width digits, at most ff */
static gboolean
parse_hex (const char *text, gsize width, guint *number)
{
  guint64 value;

  if (strlen (text) != width ||
      !g_ascii_string_to_unsigned (text, 16, 0, VAP_MASK_BITS - 1, &value, NULL))
    return FALSE;
  *number = (guint) value;
  return TRUE;
}

/* a line of `matrix`: "05.0004", "05." without domains, ".0004" without adapters */
static gboolean
parse_matrix_line (const char *line, VapMatrix *matrix)
{
  g_auto (GStrv) parts = g_strsplit (line, ".", -1);
  guint number;

  if (g_strv_length (parts) != 2 || g_str_equal (line, "."))
    return FALSE;
  if (*parts[0] != '\0') {
    if (!parse_hex (parts[0], 2, &number))
      return FALSE;
    vap_mask_set (&matrix->adapters, number);
  }
  if (*parts[1] != '\0') {
    if (!parse_hex (parts[1], 4, &number))
      return FALSE;
    vap_mask_set (&matrix->domains, number);
  }
  return TRUE;
}

static gboolean
parse_control_line (const char *line, VapMatrix *matrix)
{
  guint number;

  if (!parse_hex (line, 4, &number))
    return FALSE;
  vap_mask_set (&matrix->control_domains, number);
  return TRUE;
}

typedef gboolean (*LineFunc) (const char *line, VapMatrix *matrix);

/* An attribute of lines.  Where it was cut, its last line need not be whole. */
static VapReadStatus
read_lines (const VapHost *host, const char *path, LineFunc parse, VapMatrix *matrix,
            gboolean *truncated, GError **error)
{
  g_auto (GStrv) lines = NULL;
  g_autofree char *text = NULL;
  VapReadStatus status = vap_sysfs_read (host->root, path, &text, error);

  if (status != VAP_READ_DONE)
    return status;
  *truncated = strlen (text) >= MATRIX_TEXT_MAX;
  lines = g_strsplit (text, "\n", -1);
  for (char **line = lines; *line != NULL; line++) {
    gboolean is_cut = *truncated && line[1] == NULL;

    if (!parse (*line, matrix) && !is_cut) {
      g_autofree char *excerpt = vap_excerpt (*line);

      g_set_error (error, VAP_ERROR, VAP_ERROR_MALFORMED,
                   _ ("'%s%s' has the line '%s', which is not understood"), host->root,
                   path, excerpt);
      return VAP_READ_FAILED;
    }
  }
  return VAP_READ_DONE;
}

static VapReadStatus
read_ap_config (const VapHost *host, const char *dir, VapMatrix *matrix, GError **error)
{
  g_autofree char *path = g_build_filename (dir, "ap_config", NULL);
  g_autofree char *text = NULL;
  VapReadStatus status = vap_sysfs_read (host->root, path, &text, error);

  if (status != VAP_READ_DONE)
    return status;
  if (!vap_matrix_parse_ap_config (text, matrix, error)) {
    g_prefix_error (error, "%s%s: ", host->root, path);
    return VAP_READ_FAILED;
  }
  return VAP_READ_DONE;
}

/* for a driver without ap_config, such as Linux 6.1 */
static VapReadStatus
read_matrix_files (const VapHost *host, const char *dir, VapMatrix *matrix,
                   gboolean *truncated, GError **error)
{
  g_autofree char *queues = g_build_filename (dir, "matrix", NULL);
  g_autofree char *control = g_build_filename (dir, "control_domains", NULL);
  gboolean control_truncated;
  VapReadStatus status;

  status = read_lines (host, queues, parse_matrix_line, matrix, truncated, error);
  if (status != VAP_READ_DONE)
    return status;
  return read_lines (host, control, parse_control_line, matrix, &control_truncated,
                     error);
}

/* @name: the device's directory, a UUID as the kernel prints it */
static void
read_device (VapHost *host, const char *name, const char *uuid)
{
  g_autofree char *dir = g_build_filename (MATRIX, name, NULL);
  g_autoptr (GError) error = NULL;
  VapHostDevice *device = NULL;
  VapMatrix matrix = { 0 };
  gboolean truncated = FALSE;
  VapReadStatus status = read_ap_config (host, dir, &matrix, &error);

  if (status == VAP_READ_ABSENT)
    status = read_matrix_files (host, dir, &matrix, &truncated, &error);
  if (status == VAP_READ_ABSENT)
    return; /* removed since the directory was listed */

  device = find_or_add (host, uuid);
  device->active = TRUE;
  if (status != VAP_READ_DONE) {
    take_problem (host, device, g_strdup (error->message));
    return;
  }
  device->matrix = matrix;
  device->truncated = truncated;
  if (truncated)
    take_problem (host, device,
                  g_strdup_printf (_ ("the kernel shows only a part of the matrix of "
                                      "device %s: '%s%s/matrix' ends after %u bytes"),
                                   uuid, host->root, dir, MATRIX_TEXT_MAX));
}

gboolean
vap_host_read_driver (VapHost *host, GError **error)
{
  g_autofree char *features = NULL;
  VapReadStatus status = vap_dir_find (host->root, MATRIX, error);

  if (status != VAP_READ_DONE)
    return status == VAP_READ_ABSENT;
  host->has_vfio_ap = TRUE;
  status = vap_sysfs_read (host->root, MATRIX "/features", &features, error);
  if (features != NULL) {
    g_auto (GStrv) words = g_strsplit (features, " ", -1);

    host->has_ap_config = g_strv_contains ((const char *const *) words, "ap_config");
  }
  return status <= VAP_READ_ABSENT;
}

/* The kernel writes a UUID's letters small (lib/vsprintf.c, uuid_string()), so that the
 * directory of each that is wanted is known. */
gboolean
vap_host_read_active_devices (VapHost *host, const char *const *wanted, GError **error)
{
  g_autoptr (GPtrArray) names = NULL;
  VapReadStatus status;
  char uuid[37];

  for (guint i = 0; wanted != NULL && wanted[i] != NULL; i++)
    if (vap_uuid_canonical (wanted[i], uuid))
      read_device (host, uuid, uuid);
  if (wanted != NULL)
    return TRUE;
  status = vap_dir_names (host->root, MATRIX, &names, error);
  if (status != VAP_READ_DONE)
    return status == VAP_READ_ABSENT;
  for (guint i = 0; i < names->len; i++) {
    const char *name = g_ptr_array_index (names, i);

    if (vap_uuid_canonical (name, uuid))
      read_device (host, name, uuid);
  }
  return TRUE;
}

/* takes @definition */
static void
take_definition (VapHostDevice *device, VapDevice *definition)
{
  g_clear_pointer (&device->definition, vap_device_unref);
  device->definition = definition;
  vap_device_matrix (definition, &device->defined_matrix, NULL, NULL);
}

static void
read_definition (VapHost *host, const char *name, const char *uuid)
{
  g_autofree char *path = g_build_filename (DEFINITIONS, name, NULL);
  g_autofree char *full = g_strconcat (host->root, path, NULL);
  g_autofree char *json = NULL;
  g_autoptr (GError) error = NULL;
  VapHostDevice *device;
  VapReadStatus status;
  VapKeepMark mark;
  VapDevice *kept = vap_kept_find (full, &mark);
  gsize length;

  if (kept != NULL) {
    take_definition (find_or_add (host, uuid), vap_device_ref (kept));
    return;
  }
  if (mark.absent)
    return;
  status = vap_file_read (host->root, path, VAP_FILE_MAX, &json, &length, &error);
  if (status == VAP_READ_ABSENT)
    return;
  device = find_or_add (host, uuid);
  if (status != VAP_READ_DONE) {
    take_problem (host, device, g_strdup (error->message));
    return;
  }
  kept = vap_device_parse_mdevctl (json, length, uuid, VAP_DEVICE_PARENT, &error);
  if (kept == NULL) {
    take_problem (host, device,
                  g_strdup_printf (_ ("mdevctl's definition '%s' is not understood: %s"),
                                   full, error->message));
    return;
  }
  if (mark.known)
    vap_kept_add (full, &mark, vap_device_ref (kept), (GDestroyNotify) vap_device_unref);
  take_definition (device, kept);
}

/* what editors and copying programs leave behind */
static gboolean
is_temporary (const char *name)
{
  return *name == '.' || *name == '#' || g_str_has_suffix (name, "~") ||
         g_str_has_suffix (name, ".tmp") || g_str_has_suffix (name, ".bak");
}

/* @wanted: the UUIDs in question, NULL for all */
static gboolean
is_wanted (const char *const *wanted, const char *uuid)
{
  for (guint i = 0; wanted != NULL && wanted[i] != NULL; i++)
    if (g_ascii_strcasecmp (wanted[i], uuid) == 0)
      return TRUE;
  return wanted == NULL;
}

void
vap_host_read_definitions (VapHost *host, const char *const *wanted)
{
  g_autoptr (GPtrArray) names = NULL;
  g_autoptr (GError) error = NULL;
  VapReadStatus status = vap_dir_names (host->root, DEFINITIONS, &names, &error);

  if (status > VAP_READ_ABSENT)
    vap_host_take_problem (host, g_strdup (error->message));
  if (status != VAP_READ_DONE)
    return;
  for (guint i = 0; i < names->len; i++) {
    const char *name = g_ptr_array_index (names, i);
    char uuid[37];

    if (is_temporary (name))
      continue;
    if (!vap_uuid_canonical (name, uuid))
      vap_host_take_problem (
          host, g_strdup_printf (_ ("'%s%s/%s' is passed over: its name is no UUID"),
                                 host->root, DEFINITIONS, name));
    else if (is_wanted (wanted, uuid))
      read_definition (host, name, uuid);
  }
}

static gint
compare_devices (gconstpointer a, gconstpointer b)
{
  const VapHostDevice *first = *(VapHostDevice *const *) a;
  const VapHostDevice *second = *(VapHostDevice *const *) b;

  return strcmp (first->uuid, second->uuid);
}

void
vap_host_sort_devices (VapHost *host)
{
  g_ptr_array_sort (host->devices, compare_devices);
}

/* @host's devices being sorted */
static gboolean
is_matrix (const VapHost *host, char *uuid)
{
  const VapHostDevice key = { .uuid = uuid };
  const VapHostDevice *wanted = &key;

  /* an empty array has no address, which bsearch() must not get */
  return host->devices->len > 0 &&
         bsearch (&wanted, host->devices->pdata, host->devices->len, sizeof wanted,
                  compare_devices) != NULL;
}

/* the UUIDs among the names in a directory that are of no AP matrix */
static void
add_others (VapHost *host, const char *path)
{
  g_autoptr (GPtrArray) names = NULL;
  g_autoptr (GError) error = NULL;

  if (vap_dir_names (host->root, path, &names, &error) != VAP_READ_DONE)
    return;
  for (guint i = 0; i < names->len; i++) {
    char uuid[37];

    if (vap_uuid_canonical (names->pdata[i], uuid) && !is_matrix (host, uuid))
      g_ptr_array_add (host->other_mdevs, g_strdup (uuid));
  }
}

static gboolean
has_all (const VapHost *host, const char *const *wanted)
{
  for (; *wanted != NULL; wanted++)
    if (vap_host_find_device (host, *wanted) == NULL)
      return FALSE;
  return TRUE;
}

/* Of the mediated devices of other parents only the UUIDs matter: a guest may name one
 * by mistake.  One that cannot be listed is unknown, as if it were not there. */
void
vap_host_read_other_mdevs (VapHost *host, const char *const *wanted)
{
  g_autoptr (GPtrArray) parents = NULL;
  g_autoptr (GError) error = NULL;

  if (wanted != NULL && has_all (host, wanted))
    return;
  add_others (host, MDEVS);
  if (vap_dir_names (host->root, PARENTS, &parents, &error) != VAP_READ_DONE)
    return;
  for (guint i = 0; i < parents->len; i++) {
    g_autofree char *path = g_build_filename (PARENTS, parents->pdata[i], NULL);

    if (!g_str_equal (path, DEFINITIONS))
      add_others (host, path);
  }
}

void
vap_host_device_free (VapHostDevice *device)
{
  g_free (device->uuid);
  g_clear_pointer (&device->definition, vap_device_unref);
  g_free (device->problem);
  g_free (device);
}
