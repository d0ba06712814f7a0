/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A question from beginning to end: parse, read the snapshot, ask QEMU, judge.
 * Called by the doors and the command line, which differ in their protocols only.
 */
#include "judge/priv.h"

#include "config.h"
#include "guest/rewrite.h"

#include <glib/gi18n-lib.h>
#include <string.h>

static VapVerdict *
verdict_take (VapFindings *findings)
{
  VapVerdict *verdict = vap_verdict_new ();

  vap_verdict_set_findings (verdict, findings);
  return verdict;
}

/* The devices that the guest calls vfio-pci, as OpenStack Nova does with every
 * mediated device, and that are AP matrices of this host: NULL-terminated UUIDs that
 * belong to @guest. */
static const char **
wrong_models (const VapHost *host, const VapGuest *guest)
{
  g_autoptr (GPtrArray) uuids = g_ptr_array_new ();

  for (guint i = 0; i < guest->devices->len; i++) {
    const VapGuestDevice *device = guest->devices->pdata[i];

    if (g_strcmp0 (device->model, "vfio-pci") == 0 && device->uuid != NULL &&
        vap_host_find_device (host, device->uuid) != NULL)
      g_ptr_array_add (uuids, device->uuid);
  }
  g_ptr_array_add (uuids, NULL);
  return (const char **) g_ptr_array_free (g_steal_pointer (&uuids), FALSE);
}

static void
note_models (VapVerdict *verdict, const char *guest, const char *const *uuids)
{
  for (; *uuids != NULL; uuids++)
    g_ptr_array_add (
        verdict->notes,
        g_strdup_printf (_ ("guest '%s': device %s is an AP matrix, so its model was "
                            "changed from vfio-pci to vfio-ap"),
                         guest, *uuids));
}

/* Goes on with @xml, which is taken, in the place of what the guest was read from. */
static gboolean
replace_guest (VapGuest **guest, char *xml, VapVerdict *verdict, GError **error)
{
  VapGuest *mended;

  g_free (verdict->rewritten);
  verdict->rewritten = xml;
  if (xml == NULL)
    return FALSE;
  mended = vap_guest_parse (xml, strlen (xml), error);
  if (mended == NULL)
    return FALSE;
  vap_guest_unref (*guest);
  *guest = mended;
  return TRUE;
}

static gboolean
mend_models (const VapHost *host, VapGuest **guest, const char *xml, gsize length,
             VapVerdict *verdict, GError **error)
{
  g_autofree const char **uuids = wrong_models (host, *guest);

  if (uuids[0] == NULL)
    return TRUE;
  note_models (verdict, verdict->guest, uuids);
  return replace_guest (guest, vap_rewrite_set_models (xml, length, uuids, error),
                        verdict, error);
}

/* A <cpu> that can have no features is left to the rules, which say what to write. */
static gboolean
mend_features (const VapHost *host, VapGuest **guest, const char *xml, gsize length,
               VapVerdict *verdict, GError **error)
{
  g_autofree const char **names = vap_check_missing_features (host, *guest);
  g_autofree char *list = g_strjoinv (", ", (char **) names);
  g_autofree char *completed = NULL;

  if (names[0] == NULL)
    return TRUE;
  completed = vap_rewrite_add_features (xml, length, names, error);
  if (completed == NULL)
    return FALSE;
  if (strlen (completed) == length)
    return TRUE;
  g_ptr_array_add (
      verdict->notes,
      g_strdup_printf (_ ("guest '%s': AP features that its crypto device needs were "
                          "added to <cpu>: %s"),
                       verdict->guest, list));
  return replace_guest (guest, g_steal_pointer (&completed), verdict, error);
}

/* (nullable): a matrix of this host's that the guest is defined with here */
static const char *
local_device (const VapHost *host, const VapGuest *guest)
{
  const VapHostGuest *known = vap_host_find_guest (host, guest->uuid);

  for (guint i = 0;
       known != NULL && known->defined != NULL && i < known->defined->devices->len; i++) {
    const VapGuestDevice *device = known->defined->devices->pdata[i];

    if (device->uuid != NULL && vap_host_find_device (host, device->uuid) != NULL)
      return device->uuid;
  }
  return NULL;
}

/* A guest has at most one crypto device: of one that has more the rules tell. */
static gboolean
mend_devices (const VapHost *host, VapGuest **guest, const char *xml, gsize length,
              VapVerdict *verdict, GError **error)
{
  const char *local = local_device (host, *guest);

  for (guint i = 0; local != NULL && i < (*guest)->devices->len; i++) {
    const VapGuestDevice *device = (*guest)->devices->pdata[i];

    if (device->uuid == NULL || g_strcmp0 (device->model, "vfio-ap") != 0 ||
        vap_host_find_device (host, device->uuid) != NULL)
      continue;
    g_ptr_array_add (
        verdict->notes,
        g_strdup_printf (_ ("guest '%s': device %s, which this host does not "
                            "have, became %s, with which the guest is "
                            "defined here"),
                         verdict->guest, device->uuid, local));
    return replace_guest (
        guest, vap_rewrite_replace_device (xml, length, device->uuid, local, error),
        verdict, error);
  }
  return TRUE;
}

typedef gboolean (*MendFunc) (const VapHost *host, VapGuest **guest, const char *xml,
                              gsize length, VapVerdict *verdict, GError **error);

/* Replaces the guest by one that is mended, and leaves its XML in @verdict, if there is
 * anything to do. */
static gboolean
mend_guest (const VapHost *host, VapGuest **guest, const char *xml, gsize length,
            guint mend, VapVerdict *verdict, GError **error)
{
  static const struct {
    VapMend mend;
    MendFunc func;
  } all[] = {
    { VAP_MEND_DEVICES, mend_devices },
    { VAP_MEND_MODELS, mend_models },
    { VAP_MEND_FEATURES, mend_features },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (all); i++) {
    g_autofree char *before = g_strdup (verdict->rewritten);
    const char *current = before != NULL ? before : xml;

    if ((mend & all[i].mend) &&
        !all[i].func (host, guest, current, before != NULL ? strlen (before) : length,
                      verdict, error))
      return FALSE;
  }
  return TRUE;
}

/* takes the features that QEMU must not see out of @xml, or of what it became */
static gboolean
hide_features (const char *xml, gsize length, const VapGuest *guest, const VapQemu *qemu,
               VapVerdict *verdict, GError **error)
{
  g_autofree const char **hidden = vap_check_hidden_features (guest, qemu);
  g_autofree char *before = g_steal_pointer (&verdict->rewritten);

  if (hidden[0] == NULL) {
    verdict->rewritten = g_steal_pointer (&before);
    return TRUE;
  }
  if (before != NULL)
    length = strlen (before);
  verdict->rewritten =
      vap_rewrite_hide_features (before != NULL ? before : xml, length, hidden, error);
  return verdict->rewritten != NULL;
}

/* the guest's own device among what it asks for, for who reads of the verdict */
static const char *
crypto_device (const VapHost *host, const VapGuest *guest)
{
  for (guint i = 0; i < guest->devices->len; i++) {
    const VapGuestDevice *device = guest->devices->pdata[i];

    if (vap_host_is_matrix (host, device))
      return device->uuid;
  }
  return NULL;
}

/* What libvirt or QEMU would refuse in the rewriting is no more than one refusal more. */
static gboolean
hide_or_refuse (const char *xml, gsize length, const VapGuest *guest, const VapQemu *qemu,
                VapVerdict *verdict, GError **error)
{
  g_autoptr (GError) reason = NULL;

  if (hide_features (xml, length, guest, qemu, verdict, &reason) ||
      vap_findings_refuse (verdict->findings))
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&reason));
  return FALSE;
}

/* What is to be done about a guest.
 * @mend: VapMend, or'ed
 * @judge: FALSE to only mend */
typedef struct {
  const char *root;
  guint mend;
  gboolean judge;
  VapAction action;
} Task;

/* The host, as far as the rules look at it, and the mending besides, which has to do with
 * a guest's devices.  A device that is to be replaced may become one that only the host
 * knows. */
static VapHost *
read_host (const Task *task, const VapGuest *guest, GError **error)
{
  g_autoptr (GPtrArray) devices = g_ptr_array_new ();
  VapScope scope = { .facts = vap_check_guest_facts (guest) };

  if (task->mend & VAP_MEND_SEE_ALL)
    return vap_host_read (task->root, error);
  for (guint i = 0; i < guest->devices->len; i++) {
    const VapGuestDevice *device = guest->devices->pdata[i];

    if (device->uuid != NULL)
      g_ptr_array_add (devices, device->uuid);
  }
  g_ptr_array_add (devices, NULL);
  if (!(task->mend & VAP_MEND_DEVICES)) {
    scope.devices = (const char *const *) devices->pdata;
    scope.defines = task->action == VAP_ACTION_DEFINE ? guest : NULL;
  }
  return vap_host_read_scope (task->root, &scope, error);
}

static VapVerdict *
work_on_guest (const Task *task, const char *xml, gsize length, GError **error)
{
  g_autoptr (VapGuest) guest = vap_guest_parse (xml, length, error);
  g_autoptr (VapHost) host = NULL;
  g_autoptr (VapQemu) qemu = NULL;
  g_autoptr (VapVerdict) verdict = NULL;

  if (guest == NULL)
    return NULL;
  verdict = vap_verdict_new ();
  if (!vap_guest_concerns_ap (guest))
    return g_steal_pointer (&verdict);

  host = read_host (task, guest, error);
  if (host == NULL)
    return NULL;
  vap_verdict_concerns (verdict, guest->name != NULL ? guest->name : "",
                        crypto_device (host, guest));
  if (!mend_guest (host, &guest, xml, length, task->mend, verdict, error))
    return NULL;

  qemu = vap_judge_ask_qemu (host, guest);
  if (task->judge)
    vap_verdict_set_findings (verdict, vap_check_guest (host, qemu, guest, task->action));
  if (!hide_or_refuse (xml, length, guest, qemu, verdict, error))
    return NULL;
  verdict->host = g_steal_pointer (&host);
  verdict->judged = g_steal_pointer (&guest);
  return g_steal_pointer (&verdict);
}

VapVerdict *
vap_judge_domain_xml (const char *root, const char *xml, gsize length, VapAction action,
                      GError **error)
{
  const Task task = { root, VAP_MEND_SEE_ALL, TRUE, action };

  return work_on_guest (&task, xml, length, error);
}

VapVerdict *
vap_judge_mended_xml (const char *root, const char *xml, gsize length, guint mend,
                      VapAction action, GError **error)
{
  const Task task = { root, mend, TRUE, action };

  return work_on_guest (&task, xml, length, error);
}

VapVerdict *
vap_judge_translated_xml (const char *root, const char *xml, gsize length, guint mend,
                          GError **error)
{
  const Task task = { root, mend, FALSE, VAP_ACTION_DEFINE };

  return work_on_guest (&task, xml, length, error);
}

/* A guest that this user may not read.  Its CPU is taken for the host's, which has
 * all that a device needs, so that only the device is judged. */
static VapGuest *
stand_in (const char *name, const char *uuid, GError **error)
{
  g_autofree char *xml = g_markup_printf_escaped (
      "<domain type='kvm'><name>%s</name><uuid>%s</uuid>"
      "<os><type arch='s390x'>hvm</type></os><cpu mode='host-passthrough'/></domain>",
      name, uuid);

  return vap_guest_parse (xml, strlen (xml), error);
}

static void
add_guest_unread (VapFindings *findings, const char *name)
{
  vap_findings_take (
      findings, "host-incomplete", VAP_SEVERITY_WARNING, name,
      g_strdup_printf (
          _ ("guest '%s' could not be read, so only its new device was judged"), name),
      g_strdup (_ ("ask again as root to have everything compared")));
}

static gboolean
has_device (const VapGuest *guest, const VapGuestDevice *device)
{
  for (guint i = 0; i < guest->devices->len; i++) {
    const VapGuestDevice *own = guest->devices->pdata[i];

    if (own->uuid != NULL && g_strcmp0 (own->uuid, device->uuid) == 0)
      return TRUE;
  }
  return FALSE;
}

/* the guest with the device, as the snapshot or its stand-in has it */
static VapVerdict *
judge_attached (const VapHost *host, const char *guest_name, const char *guest_uuid,
                const VapGuestDevice *device, gboolean in_place, GError **error)
{
  const VapHostGuest *known = vap_host_find_guest (host, guest_uuid);
  gboolean running = known != NULL && known->running != NULL;
  g_autoptr (VapGuest) before = NULL;
  g_autoptr (VapGuest) after = NULL;
  g_autoptr (VapQemu) qemu = NULL;
  VapVerdict *verdict;

  if (known != NULL)
    before = vap_guest_ref (running ? known->running : known->defined);
  else
    before = stand_in (guest_name, guest_uuid, error);
  if (before == NULL)
    return NULL;

  if (in_place && has_device (before, device))
    after = vap_guest_ref (before);
  else
    after = vap_guest_with_device (before, device);
  qemu = vap_judge_ask_qemu (host, after);
  verdict = verdict_take (vap_check_guest (
      host, qemu, after, running ? VAP_ACTION_START : VAP_ACTION_DEFINE));
  vap_verdict_concerns (verdict, guest_name, device->uuid);
  if (known == NULL)
    add_guest_unread (verdict->findings, guest_name);
  return verdict;
}

/* The device with the right model, and its XML in @rewritten. */
static gboolean
mend_device (VapGuestDevice *device, const char *xml, gsize length, char **rewritten,
             GError **error)
{
  const char *const uuids[] = { device->uuid, NULL };

  if (g_strcmp0 (device->model, "vfio-pci") != 0)
    return TRUE;
  *rewritten = vap_rewrite_set_models (xml, length, uuids, error);
  if (*rewritten == NULL)
    return FALSE;
  g_free (device->model);
  device->model = g_strdup ("vfio-ap");
  return TRUE;
}

static VapVerdict *
work_on_attach (const char *root, const char *guest_name, const char *guest_uuid,
                const char *xml, gsize length, gboolean mend, GError **error)
{
  g_autoptr (VapGuestDevice) device = NULL;
  g_autoptr (VapHost) host = NULL;
  g_autoptr (VapVerdict) verdict = NULL;
  g_autofree char *rewritten = NULL;

  if (!vap_guest_device_parse (xml, length, &device, error))
    return NULL;
  if (device == NULL)
    return vap_verdict_new ();

  host = vap_judge_read_for_guest (root, error);
  if (host == NULL)
    return NULL;
  /* another mediated device is nothing to refuse for what the guest has already */
  if (!vap_host_is_matrix (host, device))
    return vap_verdict_new ();
  if (mend && !mend_device (device, xml, length, &rewritten, error))
    return NULL;

  verdict = judge_attached (host, guest_name, guest_uuid, device, mend, error);
  if (verdict != NULL && rewritten != NULL) {
    const char *const uuids[] = { device->uuid, NULL };

    verdict->rewritten = g_steal_pointer (&rewritten);
    note_models (verdict, guest_name, uuids);
  }
  return g_steal_pointer (&verdict);
}

VapVerdict *
vap_judge_attach_xml (const char *root, const char *guest_name, const char *guest_uuid,
                      const char *xml, gsize length, GError **error)
{
  return work_on_attach (root, guest_name, guest_uuid, xml, length, FALSE, error);
}

VapVerdict *
vap_judge_mended_attach (const char *root, const char *guest_name, const char *guest_uuid,
                         const char *xml, gsize length, GError **error)
{
  return work_on_attach (root, guest_name, guest_uuid, xml, length, TRUE, error);
}

static VapVerdict *
judge_device (const char *root, const VapDevice *device, VapAction action, GError **error)
{
  g_autoptr (VapHost) host = NULL;
  VapVerdict *verdict;

  if (!vap_device_is_matrix (device))
    return vap_verdict_new ();

  host = vap_judge_read_for_device (root, error);
  if (host == NULL)
    return NULL;

  verdict = verdict_take (vap_check_device (host, device, action));
  vap_verdict_concerns (verdict, NULL, device->uuid);
  return verdict;
}

VapVerdict *
vap_judge_device_xml (const char *root, const char *xml, gsize length, VapAction action,
                      GError **error)
{
  g_autoptr (VapDevice) device = vap_device_parse_xml (xml, length, error);

  return device != NULL ? judge_device (root, device, action, error) : NULL;
}

VapVerdict *
vap_judge_mdevctl (const char *root, const char *json, gsize length, const char *uuid,
                   const char *parent, VapAction action, GError **error)
{
  g_autoptr (VapDevice) device =
      vap_device_parse_mdevctl (json, length, uuid, parent, error);

  return device != NULL ? judge_device (root, device, action, error) : NULL;
}
