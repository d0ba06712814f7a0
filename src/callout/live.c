/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One write to ap_config; see live.h. */
#include "config.h"

#include "callout/live.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n.h>
#include <string.h>
#include <unistd.h>

/* Why ap_config_store() refuses (drivers/s390/crypto/vfio_ap_ops.c). */
static const struct {
  int number;
  const char *sentence;
} refusals[] = {
  { EADDRNOTAVAIL, N_ ("The AP matrix %s cannot be changed: the host has a queue") },
  { EADDRINUSE, N_ ("The AP matrix %s cannot be changed: another matrix has a queue") },
  { EBUSY, N_ ("The AP matrix %s cannot be changed: the AP configuration is busy") },
  { EAGAIN, N_ ("The AP matrix %s cannot be changed: the AP configuration is busy") },
  { ENODEV, N_ ("The AP matrix %s cannot be changed: a number is above the highest") },
  { EINVAL, N_ ("The AP matrix %s cannot be changed: the driver rejects the masks") },
};

static void
set_refusal (int number, const char *uuid, GError **error)
{
  for (gsize i = 0; i < G_N_ELEMENTS (refusals); i++)
    if (refusals[i].number == number) {
      g_set_error (error, VAP_ERROR, VAP_ERROR_FAILED, _ (refusals[i].sentence), uuid);
      return;
    }
  g_set_error (error, VAP_ERROR, VAP_ERROR_FAILED,
               _ ("The AP matrix %s cannot be changed: %s"), uuid, g_strerror (number));
}

static void
format_config (const VapMatrix *matrix, char text[3 * VAP_MASK_TEXT_SIZE + 1])
{
  char adapters[VAP_MASK_TEXT_SIZE];
  char domains[VAP_MASK_TEXT_SIZE];
  char control_domains[VAP_MASK_TEXT_SIZE];

  vap_mask_format (&matrix->adapters, adapters);
  vap_mask_format (&matrix->domains, domains);
  vap_mask_format (&matrix->control_domains, control_domains);
  g_snprintf (text, 3 * VAP_MASK_TEXT_SIZE + 1, "%s,%s,%s\n", adapters, domains,
              control_domains);
}

static gboolean
fail_open (const char *uuid, const char *path, GError **error)
{
  int number = errno;
  g_autofree char *device = g_path_get_dirname (path);

  if (number != ENOENT)
    g_set_error (error, VAP_ERROR, VAP_ERROR_FAILED, _ ("Cannot open '%s': %s"), path,
                 g_strerror (number));
  else if (g_file_test (device, G_FILE_TEST_IS_DIR))
    g_set_error (error, VAP_ERROR, VAP_ERROR_FAILED,
                 _ ("This kernel's vfio_ap driver has no 'ap_config', so the active AP "
                    "matrix %s cannot be changed in one step; stop it, modify its "
                    "definition, and start it again"),
                 uuid);
  else
    g_set_error (error, VAP_ERROR, VAP_ERROR_FAILED,
                 _ ("There is no active AP matrix %s"), uuid);
  return FALSE;
}

static gboolean
write_config (const char *path, const char *uuid, const char *text, GError **error)
{
  gssize length = (gssize) strlen (text);
  int fd = open (path, O_WRONLY | O_CLOEXEC);
  gssize written;

  if (fd < 0)
    return fail_open (uuid, path, error);
  errno = 0;
  written = write (fd, text, (gsize) length);
  if (written != length)
    set_refusal (errno, uuid, error);
  close (fd);
  return written == length;
}

gboolean
live_apply (const char *root, const char *uuid, const VapMatrix *matrix, GError **error)
{
  g_autofree char *path =
      g_strdup_printf ("%s/sys/devices/vfio_ap/matrix/%s/ap_config", root, uuid);
  g_autofree char *back = NULL;
  char text[3 * VAP_MASK_TEXT_SIZE + 1];
  VapMatrix now;

  format_config (matrix, text);
  if (!write_config (path, uuid, text, error) ||
      !g_file_get_contents (path, &back, NULL, error) ||
      !vap_matrix_parse_ap_config (back, &now, error))
    return FALSE;
  if (vap_matrix_equal (&now, matrix))
    return TRUE;
  g_set_error (error, VAP_ERROR, VAP_ERROR_FAILED,
               _ ("The AP matrix %s is not what was written to '%s'"), uuid, path);
  return FALSE;
}
