/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Looking for open devices of zcrypt; see users.h. */
#include "config.h"

#include "change/users.h"

#include <string.h>

#define DEVICE "/dev/z90crypt"
#define MORE_DEVICES "/dev/zcrypt/"

void
vap_crypto_user_free (VapCryptoUser *user)
{
  g_free (user->program);
  g_free (user->device);
  g_free (user);
}

/* free with g_free(); NULL when the process has none open, or may not be looked at */
static char *
find_open_device (const char *process)
{
  g_autofree char *path = g_build_filename (process, "fd", NULL);
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL) {
    g_autofree char *link = g_build_filename (path, name, NULL);
    g_autofree char *target = g_file_read_link (link, NULL);

    if (target != NULL &&
        (g_str_equal (target, DEVICE) || g_str_has_prefix (target, MORE_DEVICES)))
      return g_steal_pointer (&target);
  }
  return NULL;
}

static char *
read_program (const char *process)
{
  g_autofree char *path = g_build_filename (process, "comm", NULL);
  g_autofree char *text = NULL;

  if (!g_file_get_contents (path, &text, NULL, NULL))
    return g_strdup ("?");
  return g_utf8_make_valid (g_strchomp (text), -1);
}

static gint
compare_users (gconstpointer a, gconstpointer b)
{
  const VapCryptoUser *first = *(const VapCryptoUser *const *) a;
  const VapCryptoUser *second = *(const VapCryptoUser *const *) b;

  return first->pid < second->pid ? -1 : first->pid > second->pid;
}

GPtrArray *
vap_crypto_users (const char *root)
{
  GPtrArray *users =
      g_ptr_array_new_with_free_func ((GDestroyNotify) vap_crypto_user_free);
  g_autofree char *proc = g_strconcat (root, "/proc", NULL);
  g_autoptr (GDir) dir = g_dir_open (proc, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL) {
    g_autofree char *process = g_build_filename (proc, name, NULL);
    g_autofree char *device = NULL;
    VapCryptoUser *user;
    guint64 pid;

    if (!g_ascii_string_to_unsigned (name, 10, 1, G_MAXINT, &pid, NULL))
      continue;
    device = find_open_device (process);
    if (device == NULL)
      continue;
    user = g_new0 (VapCryptoUser, 1);
    user->pid = (guint) pid;
    user->program = read_program (process);
    user->device = g_utf8_make_valid (device, -1);
    g_ptr_array_add (users, user);
  }
  g_ptr_array_sort (users, compare_users);
  return users;
}
