/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reading below a root directory: bounded, never through a symbolic link at the
 * end of a path, never blocking on a pipe.  That a file is not there is a fact
 * and no error.  Everything in host/ that comes from a file passes here.
 */
#include "config.h"

#include "host/priv.h"
#include "keep/evidence.h"
#include "keep/keep.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>

/* how much of a wrong content goes into a message */
#define EXCERPT_MAX 80u

/* ENODEV: kernfs answers it for an attribute whose device has just gone */
static VapReadStatus
status_of_errno (int number, const char *path, GError **error)
{
  if (number == ENOENT || number == ENOTDIR || number == ENODEV)
    return VAP_READ_ABSENT;
  if (number == ELOOP)
    g_set_error (error, VAP_ERROR, VAP_ERROR_UNREADABLE,
                 _ ("'%s' is a symbolic link, which is not followed"), path);
  else
    g_set_error (error, VAP_ERROR, VAP_ERROR_UNREADABLE, _ ("cannot read '%s': %s"), path,
                 g_strerror (number));
  return number == EACCES || number == EPERM ? VAP_READ_DENIED : VAP_READ_FAILED;
}

/* @size: what there is to read, at least */
static VapReadStatus
open_regular (const char *path, int *fd, gsize *size, GError **error)
{
  struct stat status;

  vap_evidence_doubt ();
  *fd = open (path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
  if (*fd < 0)
    return status_of_errno (errno, path, error);
  if (fstat (*fd, &status) == 0 && S_ISREG (status.st_mode)) {
    *size = (gsize) status.st_size;
    return VAP_READ_DONE;
  }
  close (*fd);
  g_set_error (error, VAP_ERROR, VAP_ERROR_UNREADABLE, _ ("'%s' is not a regular file"),
               path);
  return VAP_READ_FAILED;
}

/* up to @max + 1 bytes, so that the caller sees when there are too many; the size of a
 * file of sysfs or procfs is not what it holds, so such a one is read to its end */
static VapReadStatus
read_up_to (const char *path, gsize max, GByteArray *bytes, gboolean attribute,
            GError **error)
{
  VapReadStatus status;
  guint8 buffer[8192];
  gsize size = 0;
  gssize n;
  int fd;

  status = open_regular (path, &fd, &size, error);
  if (status != VAP_READ_DONE)
    return status;
  do {
    n = read (fd, buffer, MIN (sizeof buffer, max + 1 - bytes->len));
    if (n > 0)
      g_byte_array_append (bytes, buffer, (guint) n);
  } while ((n > 0 && (attribute || bytes->len != size)) || (n < 0 && errno == EINTR));
  if (n < 0)
    status = status_of_errno (errno, path, error);
  if (n < 0 || !attribute || !vap_kept_take (path, fd))
    close (fd);
  return status;
}

static char *
finish (GByteArray *bytes, gsize *length)
{
  *length = bytes->len;
  g_byte_array_append (bytes, (const guint8 *) "", 1);
  return (char *) g_byte_array_free (bytes, FALSE);
}

VapReadStatus
vap_file_read (const char *root, const char *path, gsize max, char **content,
               gsize *length, GError **error)
{
  g_autofree char *full = g_strconcat (root, path, NULL);
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  VapReadStatus status = read_up_to (full, max, bytes, FALSE, error);

  if (status != VAP_READ_DONE)
    return status;
  if (bytes->len > max) {
    g_set_error (error, VAP_ERROR, VAP_ERROR_TOO_LARGE, _ ("'%s' has more than %u bytes"),
                 full, (guint) max);
    return VAP_READ_FAILED;
  }
  *content = finish (g_steal_pointer (&bytes), length);
  return VAP_READ_DONE;
}

VapReadStatus
vap_file_read_head (const char *root, const char *path, gsize max, char **content,
                    gsize *length, GError **error)
{
  g_autofree char *full = g_strconcat (root, path, NULL);
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  VapReadStatus status = read_up_to (full, max, bytes, FALSE, error);

  if (status != VAP_READ_DONE)
    return status;
  if (bytes->len > max) {
    const guint8 *end = memrchr (bytes->data, '\n', bytes->len);

    g_byte_array_set_size (bytes, end != NULL ? (guint) (end - bytes->data) + 1 : 0);
  }
  *content = finish (g_steal_pointer (&bytes), length);
  return VAP_READ_DONE;
}

char *
vap_excerpt (const char *text)
{
  g_autofree char *head = g_strndup (text, EXCERPT_MAX);
  char *excerpt = g_utf8_make_valid (head, -1);

  for (char *at = excerpt; *at != '\0'; at++) {
    if (g_ascii_iscntrl (*at))
      *at = '?';
  }
  return excerpt;
}

/* without its last newline */
static char *
text_of (const char *path, const guint8 *bytes, gsize length, GError **error)
{
  if (!g_utf8_validate_len ((const char *) bytes, length, NULL)) {
    g_set_error (error, VAP_ERROR, VAP_ERROR_MALFORMED, _ ("'%s' is not text"), path);
    return NULL;
  }
  if (length > 0 && bytes[length - 1] == '\n')
    length--;
  return g_strndup ((const char *) bytes, length);
}

static VapReadStatus
read_text (const char *path, char **text, GError **error)
{
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  VapReadStatus status = read_up_to (path, VAP_FILE_MAX, bytes, TRUE, error);

  if (status != VAP_READ_DONE)
    return status;
  if (bytes->len > VAP_FILE_MAX) {
    g_set_error (error, VAP_ERROR, VAP_ERROR_TOO_LARGE, _ ("'%s' has more than %u bytes"),
                 path, VAP_FILE_MAX);
    return VAP_READ_FAILED;
  }
  /* an empty array has no bytes */
  g_byte_array_append (bytes, (const guint8 *) "", 1);
  *text = text_of (path, bytes->data, bytes->len - 1, error);
  return *text != NULL ? VAP_READ_DONE : VAP_READ_FAILED;
}

/* FALSE when it must be read by its path */
static gboolean
read_open_attribute (const char *path, char **text)
{
  guint8 page[VAP_ATTRIBUTE_ROOM];
  gssize got = vap_kept_read (path, (char *) page, sizeof page);

  if (got < 0 || got == sizeof page)
    return FALSE;
  *text = text_of (path, page, (gsize) got, NULL);
  return *text != NULL;
}

VapReadStatus
vap_sysfs_read (const char *root, const char *path, char **text, GError **error)
{
  g_autofree char *full = g_strconcat (root, path, NULL);
  VapReadStatus status;
  VapKeepMark mark;
  const char *kept;

  if (read_open_attribute (full, text))
    return VAP_READ_DONE;
  kept = vap_kept_find (full, &mark);
  if (kept != NULL) {
    *text = g_strdup (kept);
    return VAP_READ_DONE;
  }
  if (mark.absent)
    return VAP_READ_ABSENT;
  status = read_text (full, text, error);
  if (status == VAP_READ_DONE && mark.known)
    vap_kept_add (full, &mark, g_strdup (*text), g_free);
  return status;
}

VapReadStatus
vap_sysfs_read_number (const char *root, const char *path, guint max, guint *number,
                       GError **error)
{
  g_autofree char *text = NULL;
  guint64 value;
  VapReadStatus status = vap_sysfs_read (root, path, &text, error);

  if (status != VAP_READ_DONE)
    return status;
  if (!g_ascii_string_to_unsigned (text, 10, 0, max, &value, NULL)) {
    g_autofree char *excerpt = vap_excerpt (text);

    g_set_error (error, VAP_ERROR, VAP_ERROR_MALFORMED,
                 _ ("'%s%s' should be a number from 0 to %u, but is '%s'"), root, path,
                 max, excerpt);
    return VAP_READ_FAILED;
  }
  *number = (guint) value;
  return VAP_READ_DONE;
}

VapReadStatus
vap_dir_find (const char *root, const char *path, GError **error)
{
  g_autofree char *full = g_strconcat (root, path, NULL);
  struct stat status;

  vap_evidence_doubt ();
  if (stat (full, &status) != 0)
    return status_of_errno (errno, full, error);
  return S_ISDIR (status.st_mode) ? VAP_READ_DONE : VAP_READ_ABSENT;
}

VapReadStatus
vap_dir_list (const char *root, const char *path, VapNameFunc func, gpointer user_data,
              GError **error)
{
  g_autofree char *full = g_strconcat (root, path, NULL);
  const struct dirent *entry;
  DIR *dir;
  int number;

  vap_evidence_doubt ();
  dir = opendir (full);
  if (dir == NULL)
    return status_of_errno (errno, full, error);
  while (errno = 0, (entry = readdir (dir)) != NULL) {
    if (strcmp (entry->d_name, ".") != 0 && strcmp (entry->d_name, "..") != 0)
      func (entry->d_name, user_data);
  }
  number = errno;
  closedir (dir);
  return number == 0 ? VAP_READ_DONE : status_of_errno (number, full, error);
}

static void
add_name (const char *name, gpointer names)
{
  g_ptr_array_add (names, g_strdup (name));
}

static gint
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

VapReadStatus
vap_dir_names (const char *root, const char *path, GPtrArray **names, GError **error)
{
  g_autofree char *full = g_strconcat (root, path, NULL);
  g_autoptr (GPtrArray) list = NULL;
  VapReadStatus status;
  VapKeepMark mark;
  gpointer kept = vap_kept_find (full, &mark);

  if (kept != NULL) {
    *names = g_ptr_array_ref (kept);
    return VAP_READ_DONE;
  }
  if (mark.absent)
    return VAP_READ_ABSENT;
  list = g_ptr_array_new_with_free_func (g_free);
  status = vap_dir_list (root, path, add_name, list, error);
  if (status != VAP_READ_DONE)
    return status;
  g_ptr_array_sort (list, compare_names);
  if (mark.known)
    vap_kept_add (full, &mark, g_ptr_array_ref (list),
                  (GDestroyNotify) g_ptr_array_unref);
  *names = g_steal_pointer (&list);
  return VAP_READ_DONE;
}
