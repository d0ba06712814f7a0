/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The files of record.h: GRANTS/GUEST-UUID.DEVICE-UUID, each a small key file. */
#include "config.h"

#include "grant/record.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "grant/maker.h"
#include "guest/device.h"

#define GROUP "grant"
#define UUID_LENGTH 36u

/* two connections that both make a matrix take a second or two each */
#define LOCK_SECONDS 60
#define LOCK_POLL_US 20000

VapGrant *
vap_grant_new (const char *guest_uuid, const char *device)
{
  VapGrant *grant = g_new0 (VapGrant, 1);

  grant->guest_uuid = g_strdup (guest_uuid);
  grant->device = g_strdup (device);
  return grant;
}

void
vap_grant_free (VapGrant *grant)
{
  g_free (grant->guest_uuid);
  g_free (grant->guest);
  g_free (grant->profile);
  g_free (grant->device);
  g_free (grant->maker);
  g_free (grant);
}

static char *
folder_of (const char *root)
{
  return g_strconcat (root != NULL ? root : "", VAP_GRANTS_DIR, NULL);
}

static char *
path_of (const char *root, const VapGrant *grant)
{
  g_autofree char *folder = folder_of (root);

  return g_strdup_printf ("%s/%s.%s", folder, grant->guest_uuid, grant->device);
}

static gint
wait_for_lock (gint fd)
{
  gint64 end = g_get_monotonic_time () + LOCK_SECONDS * G_TIME_SPAN_SECOND;

  while (flock (fd, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR)
      return -1;
    if (g_get_monotonic_time () > end) {
      errno = ETIMEDOUT;
      return -1;
    }
    g_usleep (LOCK_POLL_US);
  }
  return 0;
}

gint
vap_grants_lock (const char *root, GError **error)
{
  g_autofree char *folder = folder_of (root);
  gint fd;

  /* root's first grant needs no setup; others' right to write is given by it */
  if (geteuid () == 0 && g_mkdir_with_parents (folder, 0750) != 0)
    g_info ("%s: %s", folder, g_strerror (errno));
  fd = open (folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd >= 0 && access (folder, W_OK) != 0) {
    close (fd);
    fd = -1;
  }
  if (fd < 0) {
    g_set_error (error, VAP_ERROR, VAP_ERROR_UNREADABLE,
                 _ ("grants cannot be kept in '%s': %s; it must be a directory that the "
                    "user may write who connects to libvirt, see virt-ap-nova(7)"),
                 folder, g_strerror (errno));
    return -1;
  }
  if (wait_for_lock (fd) == 0)
    return fd;
  g_set_error (error, VAP_ERROR, VAP_ERROR_FAILED, _ ("cannot lock '%s': %s"), folder,
               g_strerror (errno));
  close (fd);
  return -1;
}

/* "GUEST.DEVICE", both canonical; anything else in the directory is none of ours */
static VapGrant *
grant_of_name (const char *name)
{
  char guest[37], device[37];
  g_autofree char *first = g_strndup (name, UUID_LENGTH);

  if (strlen (name) != 2 * UUID_LENGTH + 1 || name[UUID_LENGTH] != '.' ||
      !vap_uuid_canonical (first, guest) ||
      !vap_uuid_canonical (name + UUID_LENGTH + 1, device))
    return NULL;
  return vap_grant_new (guest, device);
}

static gboolean
read_one (const char *path, VapGrant *grant, GError **error)
{
  g_autoptr (GKeyFile) file = g_key_file_new ();
  g_autoptr (GError) reason = NULL;

  if (g_key_file_load_from_file (file, path, G_KEY_FILE_NONE, &reason)) {
    grant->guest = g_key_file_get_string (file, GROUP, "guest", NULL);
    grant->profile = g_key_file_get_string (file, GROUP, "profile", &reason);
    grant->maker = g_key_file_get_string (file, GROUP, "maker", NULL);
    grant->abandoned = vap_maker_is_gone (grant->maker);
  }
  if (reason == NULL)
    grant->released = g_key_file_get_boolean (file, GROUP, "released", &reason);
  if (reason == NULL)
    grant->touched = g_key_file_get_int64 (file, GROUP, "touched", &reason);
  if (reason == NULL)
    return TRUE;
  g_set_error (error, VAP_ERROR, VAP_ERROR_MALFORMED,
               _ ("the record of a grant '%s' cannot be read: %s"), path,
               reason->message);
  return FALSE;
}

static gint
compare_grants (gconstpointer a, gconstpointer b)
{
  const VapGrant *first = *(const VapGrant *const *) a;
  const VapGrant *second = *(const VapGrant *const *) b;

  if (first->touched != second->touched)
    return first->touched < second->touched ? -1 : 1;
  return strcmp (first->device, second->device);
}

GPtrArray *
vap_grants_read (const char *root, GError **error)
{
  g_autofree char *folder = folder_of (root);
  g_autoptr (GPtrArray) grants =
      g_ptr_array_new_with_free_func ((GDestroyNotify) vap_grant_free);
  g_autoptr (GError) reason = NULL;
  g_autoptr (GDir) dir = g_dir_open (folder, 0, &reason);
  const char *name;

  if (dir == NULL && g_error_matches (reason, G_FILE_ERROR, G_FILE_ERROR_NOENT))
    return g_steal_pointer (&grants);
  if (dir == NULL) {
    g_set_error (error, VAP_ERROR, VAP_ERROR_UNREADABLE, "%s", reason->message);
    return NULL;
  }
  while ((name = g_dir_read_name (dir)) != NULL) {
    g_autoptr (VapGrant) grant = grant_of_name (name);
    g_autofree char *path = g_build_filename (folder, name, NULL);

    if (grant == NULL)
      continue;
    if (!read_one (path, grant, error))
      return NULL;
    g_ptr_array_add (grants, g_steal_pointer (&grant));
  }
  g_ptr_array_sort (grants, compare_grants);
  return g_steal_pointer (&grants);
}

gboolean
vap_grants_write (const char *root, const VapGrant *grant, GError **error)
{
  g_autofree char *path = path_of (root, grant);
  g_autoptr (GKeyFile) file = g_key_file_new ();
  g_autofree char *text = NULL;
  g_autoptr (GError) reason = NULL;
  gsize length;

  g_key_file_set_string (file, GROUP, "guest", grant->guest != NULL ? grant->guest : "");
  g_key_file_set_string (file, GROUP, "profile", grant->profile);
  g_key_file_set_boolean (file, GROUP, "released", grant->released);
  g_key_file_set_int64 (file, GROUP, "touched", grant->touched);
  if (grant->maker != NULL)
    g_key_file_set_string (file, GROUP, "maker", grant->maker);
  text = g_key_file_to_data (file, &length, NULL);
  if (g_file_set_contents_full (
          path, text, (gssize) length,
          G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE, 0640, &reason))
    return TRUE;
  g_set_error (error, VAP_ERROR, VAP_ERROR_FAILED, "%s", reason->message);
  return FALSE;
}

gboolean
vap_grants_remove (const char *root, const VapGrant *grant, GError **error)
{
  g_autofree char *path = path_of (root, grant);

  if (g_unlink (path) == 0 || errno == ENOENT)
    return TRUE;
  g_set_error (error, VAP_ERROR, VAP_ERROR_FAILED, _ ("cannot remove '%s': %s"), path,
               g_strerror (errno));
  return FALSE;
}
