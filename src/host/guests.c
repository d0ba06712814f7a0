/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The guests of libvirt's QEMU driver, from its own files: the running ones
 * below /run, the defined ones below /etc.  libvirt is not asked, because the
 * hook may not call it.  A file that cannot be read or understood costs that
 * guest, not the snapshot.
 * Source: libvirt src/qemu/qemu_driver.c, qemuStateInitialize() (stateDir, configDir)
 */
#include "config.h"

#include "host/guests.h"
#include "keep/keep.h"

#include <string.h>

#include <glib/gi18n-lib.h>

/* @by_name: the first of each
 * @replaced: (nullable): a file of a definition that is not looked at */
struct VapGuestList {
  VapHost *host;
  GHashTable *by_uuid;
  GHashTable *by_name;
  const char *replaced;
};

static VapHostGuest *
find_or_add (const VapGuestList *list, const char *name, const char *uuid)
{
  VapHostGuest *guest = uuid != NULL ? g_hash_table_lookup (list->by_uuid, uuid)
                                     : g_hash_table_lookup (list->by_name, name);

  if (guest != NULL)
    return guest;
  guest = g_new0 (VapHostGuest, 1);
  guest->name = g_strdup (name);
  guest->uuid = g_strdup (uuid);
  g_ptr_array_add (list->host->guests, guest);
  if (uuid != NULL)
    g_hash_table_insert (list->by_uuid, guest->uuid, guest);
  if (!g_hash_table_contains (list->by_name, name))
    g_hash_table_insert (list->by_name, guest->name, guest);
  return guest;
}

void
vap_guest_list_add (const VapGuestList *list, const char *file_name, VapGuest *parsed,
                    gboolean running)
{
  g_autofree char *stem =
      g_strndup (file_name, strlen (file_name) - strlen (VAP_GUEST_SUFFIX));
  char uuid[37];
  gboolean has_uuid = parsed->uuid != NULL && vap_uuid_canonical (parsed->uuid, uuid);
  VapHostGuest *guest = find_or_add (list, parsed->name != NULL ? parsed->name : stem,
                                     has_uuid ? uuid : NULL);
  VapGuest **place = vap_host_guest_place (guest, running);

  g_clear_pointer (place, vap_guest_unref);
  *place = parsed;
}

VapGuest *
vap_guest_read (const char *root, const char *path, VapReadStatus *status, GError **error)
{
  g_autofree char *xml = NULL;
  VapGuest *guest;
  gsize length;

  *status = vap_file_read (root, path, VAP_XML_MAX, &xml, &length, error);
  if (*status != VAP_READ_DONE)
    return NULL;
  guest = vap_guest_parse (xml, length, error);
  if (guest == NULL) {
    g_prefix_error (error, "%s%s: ", root, path);
    *status = VAP_READ_FAILED;
  }
  return guest;
}

static VapReadStatus
read_guest (const VapGuestList *list, const char *dir, const char *name, GError **error)
{
  const char *root = list->host->root;
  g_autofree char *path = g_build_filename (dir, name, NULL);
  g_autofree char *full = g_strconcat (root, path, NULL);
  VapKeepMark mark;
  VapGuest *guest = vap_kept_find (full, &mark);
  VapReadStatus status = VAP_READ_DONE;

  if (guest != NULL) {
    vap_guest_ref (guest);
  } else {
    guest = vap_guest_read (root, path, &status, error);
    if (guest == NULL)
      return status;
    if (mark.known)
      vap_kept_add (full, &mark, vap_guest_ref (guest), (GDestroyNotify) vap_guest_unref);
  }
  vap_guest_list_add (list, name, guest, g_str_equal (dir, VAP_GUESTS_RUNNING));
  return VAP_READ_DONE;
}

char *
vap_guest_replaced_file (const VapGuest *defines)
{
  if (defines == NULL || defines->name == NULL || defines->uuid == NULL)
    return NULL;
  return g_strconcat (defines->name, VAP_GUEST_SUFFIX, NULL);
}

static gboolean
is_replaced (const VapGuestList *list, const char *dir, const char *name)
{
  return g_strcmp0 (list->replaced, name) == 0 && g_str_equal (dir, VAP_GUESTS_DEFINED);
}

gboolean
vap_guest_is_file (const char *name)
{
  return *name != '.' && g_str_has_suffix (name, VAP_GUEST_SUFFIX);
}

/* An ordinary user may read none of them: that is told once, not once a guest. */
static void
read_directory (const VapGuestList *list, const char *dir)
{
  VapHost *host = list->host;
  g_autoptr (GPtrArray) names = NULL;
  g_autoptr (GError) error = NULL;
  gboolean denied;
  VapReadStatus status = vap_dir_names (host->root, dir, &names, &error);

  if (status == VAP_READ_ABSENT)
    return;
  if (status != VAP_READ_DONE)
    host->guests_incomplete = TRUE;
  if (status == VAP_READ_FAILED)
    vap_host_take_problem (host, g_strdup (error->message));
  denied = status == VAP_READ_DENIED;
  for (guint i = 0; names != NULL && i < names->len; i++) {
    const char *name = g_ptr_array_index (names, i);
    g_autoptr (GError) guest_error = NULL;

    if (!vap_guest_is_file (name) || is_replaced (list, dir, name))
      continue;
    status = read_guest (list, dir, name, &guest_error);
    denied = denied || status == VAP_READ_DENIED;
    if (status > VAP_READ_ABSENT)
      host->guests_incomplete = TRUE;
    if (status == VAP_READ_FAILED)
      vap_host_take_problem (host, g_strdup (guest_error->message));
  }
  if (denied)
    vap_host_take_problem (
        host, g_strdup_printf (_ ("you may not read all of libvirt's files in '%s%s', so "
                                  "guests that use a device may be unknown"),
                               host->root, dir));
}

static gint
compare_guests (gconstpointer a, gconstpointer b)
{
  const VapHostGuest *first = *(VapHostGuest *const *) a;
  const VapHostGuest *second = *(VapHostGuest *const *) b;

  return strcmp (first->name, second->name);
}

void
vap_host_sort_guests (VapHost *host)
{
  g_ptr_array_sort (host->guests, compare_guests);
}

void
vap_guest_list_make (VapHost *host, void (*fill) (const VapGuestList *list),
                     const char *replaced)
{
  g_autoptr (GHashTable) by_uuid = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (GHashTable) by_name = g_hash_table_new (g_str_hash, g_str_equal);
  const VapGuestList list = { host, by_uuid, by_name, replaced };

  fill (&list);
  vap_host_sort_guests (host);
}

static void
read_directories (const VapGuestList *list)
{
  if (list->host->facts & VAP_FACTS_STORED)
    read_directory (list, VAP_GUESTS_DEFINED);
  if (list->host->facts & VAP_FACTS_RUNNING)
    read_directory (list, VAP_GUESTS_RUNNING);
}

void
vap_host_read_guests (VapHost *host, const VapGuest *defines)
{
  g_autofree char *replaced = NULL;

  if (vap_host_take_known_guests (host, defines))
    return;
  replaced = vap_guest_replaced_file (defines);
  vap_guest_list_make (host, read_directories, replaced);
}

VapGuest **
vap_host_guest_place (VapHostGuest *guest, gboolean running)
{
  return running ? &guest->running : &guest->defined;
}

void
vap_host_guest_free (VapHostGuest *guest)
{
  g_free (guest->name);
  g_free (guest->uuid);
  g_clear_pointer (&guest->running, vap_guest_unref);
  g_clear_pointer (&guest->defined, vap_guest_unref);
  g_free (guest);
}
