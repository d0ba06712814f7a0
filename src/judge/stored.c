/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Questions about what is stored already: calls that only name a guest, a snapshot
 * or a node device.  What this user may not read is left to the hook and the callout,
 * which libvirt and mdevctl run as root.
 */
#include "config.h"

#include "judge/priv.h"

#include <glib/gi18n-lib.h>
#include <string.h>

/* src/qemu/qemu_conf.c, virQEMUDriverConfigNew(): snapshotDir */
#define SNAPSHOTS "/var/lib/libvirt/qemu/snapshot"
/* libvirt src/node_device/node_device_driver.c, mdevGenerateDeviceName() */
#define MDEV_PREFIX "mdev_"

/* A QEMU that gave no answer may have the property all the same. */
static gboolean
is_stale (const VapGuest *guest, const VapQemu *qemu)
{
  g_autofree const char **hidden = NULL;

  if (qemu == NULL)
    return FALSE;
  hidden = vap_check_hidden_features (guest, qemu);
  return hidden[0] != NULL;
}

static void
judge_guest (const VapHost *host, const VapGuest *guest, VapVerdict *verdict)
{
  g_autoptr (VapQemu) qemu = NULL;

  if (!vap_guest_concerns_ap (guest))
    return;
  vap_verdict_concerns (verdict, guest->name != NULL ? guest->name : "", NULL);
  qemu = vap_judge_ask_qemu (host, guest);
  vap_verdict_set_findings (verdict,
                            vap_check_guest (host, qemu, guest, VAP_ACTION_START));
  verdict->stale = is_stale (guest, qemu);
}

VapVerdict *
vap_judge_stored_guest (const char *root, const char *guest_name, const char *guest_uuid,
                        GError **error)
{
  g_autoptr (VapHost) host = vap_judge_read_for_guest (root, error);
  const VapHostGuest *known;
  VapVerdict *verdict;

  if (host == NULL)
    return NULL;
  verdict = vap_verdict_new ();
  known = vap_host_find_guest (host, guest_uuid);
  if (known != NULL && known->defined != NULL)
    judge_guest (host, known->defined, verdict);
  else
    g_ptr_array_add (
        verdict->notes,
        g_strdup_printf (_ ("guest '%s': its definition is not there or may not be read, "
                            "so it is judged by libvirt's hook only"),
                         guest_name));
  return verdict;
}

/* a name that is one file or directory */
static gboolean
is_plain_name (const char *name)
{
  return *name != '\0' && *name != '.' && strchr (name, '/') == NULL;
}

/* the XML of a snapshot; NULL when there is none that this user may read */
static char *
read_snapshot (const char *root, const char *guest_name, const char *snapshot_name,
               gsize *length)
{
  g_autofree char *path = NULL;
  char *xml = NULL;

  if (!is_plain_name (guest_name) || !is_plain_name (snapshot_name))
    return NULL;
  path = g_strdup_printf ("%s" SNAPSHOTS "/%s/%s.xml", root != NULL ? root : "",
                          guest_name, snapshot_name);
  if (!g_file_test (path, G_FILE_TEST_IS_REGULAR) ||
      !g_file_get_contents (path, &xml, length, NULL))
    return NULL;
  return xml;
}

VapVerdict *
vap_judge_stored_snapshot (const char *root, const char *guest_name,
                           const char *snapshot_name, GError **error)
{
  gsize length;
  g_autofree char *xml = read_snapshot (root, guest_name, snapshot_name, &length);
  g_autoptr (VapGuest) guest = NULL;
  g_autoptr (VapHost) host = NULL;
  VapVerdict *verdict;

  if (xml == NULL) {
    verdict = vap_verdict_new ();
    g_ptr_array_add (
        verdict->notes,
        g_strdup_printf (_ ("guest '%s': its snapshot '%s' is not there or may not be "
                            "read, so it is judged by libvirt's hook only"),
                         guest_name, snapshot_name));
    return verdict;
  }
  guest = vap_guest_parse (xml, length, error);
  if (guest == NULL)
    return NULL;
  if (!vap_guest_concerns_ap (guest))
    return vap_verdict_new ();
  host = vap_judge_read_for_guest (root, error);
  if (host == NULL)
    return NULL;
  verdict = vap_verdict_new ();
  judge_guest (host, guest, verdict);
  /* the guest that the snapshot becomes can be defined again; it starts not before */
  verdict->stale = FALSE;
  return verdict;
}

/* "mdev_<UUID with _>_<parent>", or without the parent before libvirt 7.3 */
static gboolean
parse_device_name (const char *name, char uuid[37])
{
  g_autofree char *text = NULL;

  if (!g_str_has_prefix (name, MDEV_PREFIX))
    return FALSE;
  text = g_strndup (name + strlen (MDEV_PREFIX), 36);
  return vap_uuid_canonical (g_strdelimit (text, "_", '-'), uuid);
}

VapVerdict *
vap_judge_stored_device (const char *root, const char *name, GError **error)
{
  g_autoptr (VapHost) host = NULL;
  const VapHostDevice *known;
  char uuid[37];
  VapVerdict *verdict;

  if (!parse_device_name (name, uuid))
    return vap_verdict_new ();
  host = vap_judge_read_for_device (root, error);
  if (host == NULL)
    return NULL;
  verdict = vap_verdict_new ();
  known = vap_host_find_device (host, uuid);
  if (known == NULL || known->definition == NULL)
    return verdict;
  vap_verdict_concerns (verdict, NULL, uuid);
  vap_verdict_set_findings (verdict,
                            vap_check_device (host, known->definition, VAP_ACTION_START));
  return verdict;
}

VapVerdict *
vap_judge_device_update (const char *root, const char *xml, gsize length,
                         gboolean only_stored, GError **error)
{
  g_autoptr (VapDevice) device = vap_device_parse_xml (xml, length, error);
  g_autoptr (VapHost) host = NULL;
  const VapHostDevice *known;
  gboolean live;
  VapVerdict *verdict;

  if (device == NULL)
    return NULL;
  verdict = vap_verdict_new ();
  if (!vap_device_is_matrix (device))
    return verdict;
  host = vap_judge_read_for_device (root, error);
  if (host == NULL) {
    vap_verdict_free (verdict);
    return NULL;
  }
  vap_verdict_concerns (verdict, NULL, device->uuid);
  known = device->uuid != NULL ? vap_host_find_device (host, device->uuid) : NULL;
  live = !only_stored && known != NULL && known->active;
  vap_verdict_set_findings (
      verdict,
      vap_check_device (host, device, live ? VAP_ACTION_MODIFY_LIVE : VAP_ACTION_MODIFY));
  return verdict;
}
