/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * vfio_ap and the mediated-device core: matrices, which queues are linked to
 * them, and what of them a guest gets.  Follows Linux
 * drivers/s390/crypto/vfio_ap_ops.c and drivers/vfio/mdev, whose functions are
 * named at each step.
 *
 * Three steps make all of it: a queue bound to vfio_ap is linked to the matrix
 * that names it; filter computes the guest's part anew from links and the host's
 * configuration; unplug only ever takes from the guest's part.
 */
#include "model-private.h"

#include <string.h>

/* MAX_ZDEV_ENTRIES_EXT */
#define MAX_INSTANCES 65536u

guint
lab_mdev_available (const LabModel *model)
{
  return MAX_INSTANCES - model->mdevs->len;
}

/* vfio_ap_matrix_init() */
guint
lab_mdev_max_adapter (const LabModel *model)
{
  return model->qci_bits & VAP_QCI_APXA ? model->max_adapter_id : 63;
}

guint
lab_mdev_max_domain (const LabModel *model)
{
  return model->qci_bits & VAP_QCI_APXA ? model->max_domain_id : 15;
}

LabMdev *
lab_mdev_find (const LabModel *model, guint32 serial)
{
  for (guint i = 0; i < model->mdevs->len; i++) {
    LabMdev *mdev = model->mdevs->pdata[i];

    if (mdev->serial == serial)
      return mdev;
  }
  return NULL;
}

LabMdev *
lab_mdev_find_uuid (const LabModel *model, const char *uuid)
{
  for (guint i = 0; i < model->mdevs->len; i++) {
    LabMdev *mdev = model->mdevs->pdata[i];

    if (strcmp (mdev->uuid, uuid) == 0)
      return mdev;
  }
  return NULL;
}

LabMdev *
lab_mdev_find_group (const LabModel *model, guint group)
{
  for (guint i = 0; i < model->mdevs->len; i++) {
    LabMdev *mdev = model->mdevs->pdata[i];

    if (mdev->group == group)
      return mdev;
  }
  return NULL;
}

static gboolean
names_queue (const LabMatrix *matrix, LabApId id)
{
  return vap_mask_test (&matrix->apm, LAB_AP_ADAPTER (id)) &&
         vap_mask_test (&matrix->aqm, LAB_AP_DOMAIN (id));
}

/* vfio_ap_mdev_verify_no_sharing(), for all but @except */
static gboolean
shared (const LabModel *model, const LabMdev *except, const VapMask *apm,
        const VapMask *aqm)
{
  for (guint i = 0; i < model->mdevs->len; i++) {
    const LabMdev *mdev = model->mdevs->pdata[i];

    if (mdev != except && vap_mask_intersects (apm, &mdev->matrix.apm) &&
        vap_mask_intersects (aqm, &mdev->matrix.aqm))
      return TRUE;
  }
  return FALSE;
}

/* vfio_ap_mdev_resource_in_use() */
gboolean
lab_mdev_in_use (const LabModel *model, const VapMask *apm, const VapMask *aqm)
{
  return shared (model, NULL, apm, aqm);
}

/* vfio_ap_mdev_validate_masks() */
static int
validate (const LabModel *model, const LabMdev *mdev)
{
  if (lab_ap_matrix_owned_by_host (model, &mdev->matrix))
    return EADDRNOTAVAIL;
  if (shared (model, mdev, &mdev->matrix.apm, &mdev->matrix.aqm))
    return EADDRINUSE;
  return 0;
}

/* vfio_ap_mdev_link_queue(); @queue may be NULL or another driver's */
static void
link_queue (LabMdev *mdev, LabApDevice *queue)
{
  if (!queue || queue->driver != LAB_DRIVER_VFIO_AP || queue->queue.linked == mdev)
    return;
  queue->queue.mdev = mdev;
  queue->queue.linked = mdev;
}

/* vfio_ap_mdev_link_adapter(), vfio_ap_mdev_link_domain() for a set of them */
static void
link_matrix (LabModel *model, LabMdev *mdev, const VapMask *apm, const VapMask *aqm)
{
  VAP_MASK_FOREACH (apm, adapter) {
    VAP_MASK_FOREACH (aqm, domain)
      link_queue (mdev, lab_ap_find (model, LAB_AP_QUEUE (adapter, domain)));
  }
}

/* vfio_ap_mdev_filter_matrix(): what of the matrix is in the host's configuration;
 * and an adapter only if all of its queues are linked. */
static void
filter_matrix (const LabModel *model, LabMdev *mdev)
{
  mdev->shadow.apm = vap_mask_and (&mdev->matrix.apm, &model->info.apm);
  mdev->shadow.aqm = vap_mask_and (&mdev->matrix.aqm, &model->info.aqm);
  VAP_MASK_FOREACH (&mdev->shadow.apm, adapter) {
    VAP_MASK_FOREACH (&mdev->shadow.aqm, domain) {
      const LabApDevice *queue = lab_ap_find (model, LAB_AP_QUEUE (adapter, domain));

      if (queue && queue->queue.linked == mdev)
        continue;
      vap_mask_clear (&mdev->shadow.apm, (guint) adapter);
      break;
    }
  }
}

/* vfio_ap_mdev_filter_cdoms() */
static void
filter_control (const LabModel *model, LabMdev *mdev)
{
  mdev->shadow.adm = vap_mask_and (&mdev->matrix.adm, &model->info.adm);
}

/* vfio_ap_unlink_apqn_fr_mdev() for a set, and what the callers do with the queues
 * that the guest had: only those forget their matrix. */
static void
unlink_matrix (LabModel *model, LabMdev *mdev, const VapMask *apm, const VapMask *aqm)
{
  VAP_MASK_FOREACH (apm, adapter) {
    VAP_MASK_FOREACH (aqm, domain) {
      LabApDevice *queue = lab_ap_find (model, LAB_AP_QUEUE (adapter, domain));

      if (!queue || queue->queue.linked != mdev)
        continue;
      queue->queue.linked = NULL;
      if (names_queue (&mdev->shadow, queue->id))
        queue->queue.mdev = NULL;
    }
  }
}

/* vfio_ap_mdev_hot_unplug_adapters() */
static void
unplug_adapters (LabModel *model, LabMdev *mdev, const VapMask *apm)
{
  unlink_matrix (model, mdev, apm, &mdev->matrix.aqm);
  mdev->shadow.apm = vap_mask_minus (&mdev->shadow.apm, apm);
}

/* vfio_ap_mdev_hot_unplug_domains() */
static void
unplug_domains (LabModel *model, LabMdev *mdev, const VapMask *aqm)
{
  unlink_matrix (model, mdev, &mdev->matrix.apm, aqm);
  mdev->shadow.aqm = vap_mask_minus (&mdev->shadow.aqm, aqm);
}

/* vfio_ap_mdev_probe_queue(); in a scan that brings adapters or domains of the
 * matrix the filter waits for its end */
void
lab_mdev_probe_queue (LabModel *model, LabApDevice *queue)
{
  for (guint i = 0; i < model->mdevs->len; i++) {
    LabMdev *mdev = model->mdevs->pdata[i];

    if (!names_queue (&mdev->matrix, queue->id))
      continue;
    link_queue (mdev, queue);
    if (vap_mask_is_empty (&mdev->added.apm) && vap_mask_is_empty (&mdev->added.aqm))
      filter_matrix (model, mdev);
    return;
  }
}

/* vfio_ap_mdev_remove_queue(): a guest cannot lose a single queue, so it loses the
 * adapter */
void
lab_mdev_remove_queue (LabModel *model G_GNUC_UNUSED, LabApDevice *queue)
{
  LabMdev *mdev = queue->queue.mdev;

  if (mdev && names_queue (&mdev->shadow, queue->id))
    vap_mask_clear (&mdev->shadow.apm, LAB_AP_ADAPTER (queue->id));
  queue->queue.linked = NULL;
  queue->queue.mdev = NULL;
}

/* vfio_ap_filter_apid_by_qtype(): an adapter is asked by the domains that are new */
static void
filter_by_type (const LabModel *model, VapMask *apm, const VapMask *aqm)
{
  VAP_MASK_FOREACH (apm, adapter) {
    VAP_MASK_FOREACH (aqm, domain) {
      if (!lab_hw_has_queue (model, (guint) adapter, (guint) domain) ||
          model->hw_cards[adapter].hwtype < LAB_HWTYPE_CEX4)
        vap_mask_clear (apm, (guint) adapter);
    }
  }
}

/* vfio_ap_on_cfg_changed(): what is gone is unplugged now, what is new waits for
 * the end of the scan */
void
lab_mdev_config_changed (LabModel *model, const LabMatrix *old)
{
  VapMask gone_apm = vap_mask_minus (&old->apm, &model->qci.apm);
  VapMask gone_aqm = vap_mask_minus (&old->aqm, &model->qci.aqm);
  VapMask gone_adm = vap_mask_minus (&old->adm, &model->qci.adm);
  VapMask new_apm = vap_mask_minus (&model->qci.apm, &old->apm);
  VapMask new_aqm = vap_mask_minus (&model->qci.aqm, &old->aqm);
  VapMask new_adm = vap_mask_minus (&model->qci.adm, &old->adm);

  filter_by_type (model, &new_apm, &new_aqm);
  for (guint i = 0; i < model->mdevs->len; i++) {
    LabMdev *mdev = model->mdevs->pdata[i];

    mdev->shadow.apm = vap_mask_minus (&mdev->shadow.apm, &gone_apm);
    mdev->shadow.aqm = vap_mask_minus (&mdev->shadow.aqm, &gone_aqm);
    mdev->shadow.adm = vap_mask_minus (&mdev->shadow.adm, &gone_adm);
    mdev->added.apm = vap_mask_and (&mdev->matrix.apm, &new_apm);
    mdev->added.aqm = vap_mask_and (&mdev->matrix.aqm, &new_aqm);
    mdev->added.adm = vap_mask_and (&mdev->matrix.adm, &new_adm);
  }
  model->info = model->qci;
}

/* vfio_ap_on_scan_complete(), vfio_ap_mdev_hot_plug_cfg() */
void
lab_mdev_scan_complete (LabModel *model)
{
  for (guint i = 0; i < model->mdevs->len; i++) {
    LabMdev *mdev = model->mdevs->pdata[i];

    if (!vap_mask_is_empty (&mdev->added.apm) || !vap_mask_is_empty (&mdev->added.aqm))
      filter_matrix (model, mdev);
    if (!vap_mask_is_empty (&mdev->added.adm))
      filter_control (model, mdev);
    memset (&mdev->added, 0, sizeof mdev->added);
  }
}

static void
tell_group (LabModel *model, const LabMdev *mdev, LabGroupState state)
{
  if (model->group)
    model->group (mdev->group, mdev->uuid, state, model->user_data);
}

/* create_store() of drivers/vfio/mdev/mdev_sysfs.c, mdev_device_create() */
int
lab_mdev_create (LabModel *model, const char *text, gsize length)
{
  g_autofree char *uuid = NULL;
  LabMdev *mdev;

  if (length < 36 || length > 37)
    return EINVAL;
  uuid = g_ascii_strdown (text, 36);
  if (!g_uuid_string_is_valid (uuid))
    return EINVAL;
  if (lab_mdev_find_uuid (model, uuid))
    return EEXIST;
  if (model->mdevs->len == MAX_INSTANCES)
    return EUSERS;

  mdev = g_new0 (LabMdev, 1);
  mdev->serial = model->next_serial++;
  g_strlcpy (mdev->uuid, uuid, sizeof mdev->uuid);
  while (lab_mdev_find_group (model, mdev->group))
    mdev->group++;
  g_ptr_array_add (model->mdevs, mdev);
  lab_event_mdev (model, mdev, "add");
  tell_group (model, mdev, LAB_GROUP_FREE);
  lab_event_mdev (model, mdev, "bind");
  return 0;
}

/* vfio_ap_mdev_unlink_fr_queues().  The kernel leaves a queue that the guest did
 * not have pointing at the freed matrix; here it points nowhere. */
static void
forget_mdev (LabModel *model, const LabMdev *mdev)
{
  for (GList *link = model->devices.head; link; link = link->next) {
    LabApDevice *device = link->data;

    if (device->id & LAB_AP_CARD)
      continue;
    if (device->queue.linked == mdev)
      device->queue.linked = NULL;
    if (device->queue.mdev == mdev)
      device->queue.mdev = NULL;
  }
}

static void
finish_removal (LabModel *model, LabMdev *mdev)
{
  tell_group (model, mdev, LAB_GROUP_GONE);
  forget_mdev (model, mdev);
  lab_event_mdev (model, mdev, "unbind");
  lab_event_mdev (model, mdev, "remove");
  g_ptr_array_remove (model->mdevs, mdev);
}

/*
 * remove_store(): any number but 0.  vfio_unregister_group_dev() waits until nobody has
 * the device open, whatever signals come; the driver's request callback (since 6.4) only
 * asks a QEMU that listens (since 8.1) to unplug it.  Meanwhile device_del() has taken
 * from the directory what goes before the driver's remove().
 */
int
lab_mdev_remove (LabModel *model, LabMdev *mdev, const char *text)
{
  gulong number;

  if (lab_parse_ulong (text, &number) != 0)
    return EINVAL;
  if (number == 0)
    return 0;
  if (mdev->open) {
    mdev->removing = TRUE;
    return LAB_BLOCKED;
  }
  finish_removal (model, mdev);
  return 0;
}

/* vfio_group_fops_open(): one at a time; and no device that is being removed
 * (vfio_device_try_get_registration()) */
int
lab_mdev_open (LabModel *model, LabMdev *mdev)
{
  if (mdev->open)
    return EBUSY;
  if (mdev->removing)
    return ENODEV;
  mdev->open = TRUE;
  tell_group (model, mdev, LAB_GROUP_BUSY);
  return 0;
}

void
lab_mdev_close (LabModel *model, LabMdev *mdev)
{
  if (!mdev->open)
    return;
  mdev->open = FALSE;
  if (mdev->removing)
    finish_removal (model, mdev);
  else
    tell_group (model, mdev, LAB_GROUP_FREE);
}

gboolean
lab_mdev_has_vfio_device (const LabModel *model, const LabMdev *mdev)
{
  return !mdev->removing || model->kernel < LAB_KERNEL_6_12;
}

gboolean
lab_mdev_in_guest (const LabModel *model, LabApId queue)
{
  for (guint i = 0; i < model->mdevs->len; i++) {
    const LabMdev *mdev = model->mdevs->pdata[i];

    if (mdev->open && names_queue (&mdev->shadow, queue))
      return TRUE;
  }
  return FALSE;
}

/* the number in a write to an assign or unassign attribute */
static int
parse_id (const char *text, guint max, guint *id)
{
  gulong number;
  int code = lab_parse_ulong (text, &number);

  if (code != 0)
    return code;
  if (number > max)
    return ENODEV;
  *id = (guint) number;
  return 0;
}

/* assign_adapter_store() */
int
lab_mdev_assign_adapter (LabModel *model, LabMdev *mdev, const char *text)
{
  VapMask one = { 0 };
  guint adapter;
  int code = parse_id (text, lab_mdev_max_adapter (model), &adapter);

  if (code != 0 || vap_mask_test (&mdev->matrix.apm, adapter))
    return code;
  vap_mask_set (&mdev->matrix.apm, adapter);
  code = validate (model, mdev);
  if (code != 0) {
    vap_mask_clear (&mdev->matrix.apm, adapter);
    return code;
  }
  vap_mask_set (&one, adapter);
  link_matrix (model, mdev, &one, &mdev->matrix.aqm);
  filter_matrix (model, mdev);
  return 0;
}

/* unassign_adapter_store() */
int
lab_mdev_unassign_adapter (LabModel *model, LabMdev *mdev, const char *text)
{
  VapMask one = { 0 };
  guint adapter;
  int code = parse_id (text, lab_mdev_max_adapter (model), &adapter);

  if (code != 0 || !vap_mask_test (&mdev->matrix.apm, adapter))
    return code;
  vap_mask_clear (&mdev->matrix.apm, adapter);
  vap_mask_set (&one, adapter);
  unplug_adapters (model, mdev, &one);
  return 0;
}

/* assign_domain_store() */
int
lab_mdev_assign_domain (LabModel *model, LabMdev *mdev, const char *text)
{
  VapMask one = { 0 };
  guint domain;
  int code = parse_id (text, lab_mdev_max_domain (model), &domain);

  if (code != 0 || vap_mask_test (&mdev->matrix.aqm, domain))
    return code;
  vap_mask_set (&mdev->matrix.aqm, domain);
  code = validate (model, mdev);
  if (code != 0) {
    vap_mask_clear (&mdev->matrix.aqm, domain);
    return code;
  }
  vap_mask_set (&one, domain);
  link_matrix (model, mdev, &mdev->matrix.apm, &one);
  filter_matrix (model, mdev);
  return 0;
}

/* unassign_domain_store() */
int
lab_mdev_unassign_domain (LabModel *model, LabMdev *mdev, const char *text)
{
  VapMask one = { 0 };
  guint domain;
  int code = parse_id (text, lab_mdev_max_domain (model), &domain);

  if (code != 0 || !vap_mask_test (&mdev->matrix.aqm, domain))
    return code;
  vap_mask_clear (&mdev->matrix.aqm, domain);
  vap_mask_set (&one, domain);
  unplug_domains (model, mdev, &one);
  return 0;
}

/* assign_control_domain_store() */
int
lab_mdev_assign_control (LabModel *model, LabMdev *mdev, const char *text)
{
  guint domain;
  int code = parse_id (text, lab_mdev_max_domain (model), &domain);

  if (code != 0)
    return code;
  vap_mask_set (&mdev->matrix.adm, domain);
  filter_control (model, mdev);
  return 0;
}

/* unassign_control_domain_store() */
int
lab_mdev_unassign_control (LabModel *model, LabMdev *mdev, const char *text)
{
  guint domain;
  int code = parse_id (text, lab_mdev_max_domain (model), &domain);

  if (code != 0)
    return code;
  vap_mask_clear (&mdev->matrix.adm, domain);
  vap_mask_clear (&mdev->shadow.adm, domain);
  return 0;
}

/* parse_bitmap(): up to the next comma or newline; @rest NULL after the last one */
static int
take_mask (char **rest, VapMask *mask)
{
  char *token = *rest;

  if (!token)
    return EINVAL;
  strsep (rest, ",\n");
  return lab_parse_hex_mask (token, mask);
}

/* ap_matrix_overflow_check() */
static gboolean
overflows (const LabModel *model, const LabMatrix *matrix)
{
  guint domain = lab_mdev_max_domain (model) + 1;

  return vap_mask_next (&matrix->apm, lab_mdev_max_adapter (model) + 1) >= 0 ||
         vap_mask_next (&matrix->aqm, domain) >= 0 ||
         vap_mask_next (&matrix->adm, domain) >= 0;
}

/* ap_config_store(): all or nothing; what a matrix keeps stays linked */
int
lab_mdev_set_config (LabModel *model, LabMdev *mdev, const char *text)
{
  /* the kernel looks at no more than three whole masks, AP_CONFIG_STRLEN */
  g_autofree char *copy = g_strndup (text, 201);
  char *rest = copy;
  LabMatrix old = mdev->matrix, new_matrix, removed, added;
  int code;

  if (take_mask (&rest, &new_matrix.apm) != 0 ||
      take_mask (&rest, &new_matrix.aqm) != 0 || take_mask (&rest, &new_matrix.adm) != 0)
    return EINVAL;

  mdev->matrix = new_matrix;
  code = validate (model, mdev);
  if (code == 0 && overflows (model, &new_matrix))
    code = ENODEV;
  mdev->matrix = old;
  if (code != 0)
    return code;

  removed.apm = vap_mask_minus (&old.apm, &new_matrix.apm);
  removed.aqm = vap_mask_minus (&old.aqm, &new_matrix.aqm);
  added.apm = vap_mask_minus (&new_matrix.apm, &old.apm);
  added.aqm = vap_mask_minus (&new_matrix.aqm, &old.aqm);
  unplug_adapters (model, mdev, &removed.apm);
  unplug_domains (model, mdev, &removed.aqm);
  mdev->matrix = new_matrix;
  link_matrix (model, mdev, &added.apm, &new_matrix.aqm);
  link_matrix (model, mdev, &new_matrix.apm, &added.aqm);
  filter_matrix (model, mdev);
  filter_control (model, mdev);
  return 0;
}
