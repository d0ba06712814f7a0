/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The guests of libvirt's QEMU driver, from its own files: the running ones
 * below /run, the defined ones below /etc.  libvirt is not asked, because the
 * hook may not call it.  A file that cannot be read or understood costs that
 * guest, not the snapshot.
 * Source: libvirt src/qemu/qemu_driver.c, qemuStateInitialize() (stateDir, configDir)
 */
#include "config.h"

#include "host/priv.h"
#include "keep/keep.h"

#include <string.h>

#include <glib/gi18n-lib.h>

#define RUNNING "/run/libvirt/qemu"
#define DEFINED "/etc/libvirt/qemu"

static VapHostGuest *
find_or_add (VapHost *host, const char *name, const char *uuid)
{
  VapHostGuest *guest;

  for (guint i = 0; i < host->guests->len; i++) {
    guest = g_ptr_array_index (host->guests, i);
    if (uuid != NULL ? g_strcmp0 (guest->uuid, uuid) == 0
                     : g_str_equal (guest->name, name))
      return guest;
  }
  guest = g_new0 (VapHostGuest, 1);
  guest->name = g_strdup (name);
  guest->uuid = g_strdup (uuid);
  g_ptr_array_add (host->guests, guest);
  return guest;
}

/* takes @parsed; @file_name is what libvirt made of the guest's name */
static void
add_guest (VapHost *host, const char *file_name, VapGuest *parsed, gboolean running)
{
  g_autofree char *stem = g_strndup (file_name, strlen (file_name) - strlen (".xml"));
  char uuid[37];
  gboolean has_uuid = parsed->uuid != NULL && vap_uuid_canonical (parsed->uuid, uuid);
  VapHostGuest *guest = find_or_add (host, parsed->name != NULL ? parsed->name : stem,
                                     has_uuid ? uuid : NULL);
  VapGuest **place = running ? &guest->running : &guest->defined;

  g_clear_pointer (place, vap_guest_unref);
  *place = parsed;
}

static VapReadStatus
read_guest (VapHost *host, const char *dir, const char *name, GError **error)
{
  g_autofree char *path = g_build_filename (dir, name, NULL);
  g_autofree char *full = g_strconcat (host->root, path, NULL);
  g_autofree char *xml = NULL;
  gsize length;
  VapKeepMark mark;
  VapGuest *guest = vap_kept_find (full, &mark);
  VapReadStatus status;

  if (guest != NULL) {
    add_guest (host, name, vap_guest_ref (guest), g_str_equal (dir, RUNNING));
    return VAP_READ_DONE;
  }
  status = vap_file_read (host->root, path, VAP_XML_MAX, &xml, &length, error);
  if (status != VAP_READ_DONE)
    return status;
  guest = vap_guest_parse (xml, length, error);
  if (guest == NULL) {
    g_prefix_error (error, "%s: ", full);
    return VAP_READ_FAILED;
  }
  if (mark.known)
    vap_kept_add (full, &mark, vap_guest_ref (guest), (GDestroyNotify) vap_guest_unref);
  add_guest (host, name, guest, g_str_equal (dir, RUNNING));
  return VAP_READ_DONE;
}

/* An ordinary user may read none of them: that is told once, not once a guest. */
static void
read_directory (VapHost *host, const char *dir)
{
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

    if (*name == '.' || !g_str_has_suffix (name, ".xml"))
      continue;
    status = read_guest (host, dir, name, &guest_error);
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
vap_host_read_defined_guests (VapHost *host)
{
  read_directory (host, DEFINED);
}

void
vap_host_read_running_guests (VapHost *host)
{
  read_directory (host, RUNNING);
}

void
vap_host_sort_guests (VapHost *host)
{
  g_ptr_array_sort (host->guests, compare_guests);
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
