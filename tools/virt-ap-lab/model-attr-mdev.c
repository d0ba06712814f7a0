/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The attributes of the matrix device, its type, its mediated devices and their
 * groups, as Linux drivers/s390/crypto/vfio_ap_drv.c and vfio_ap_ops.c,
 * drivers/vfio/mdev/mdev_sysfs.c and drivers/iommu/iommu.c have them; and those of
 * the modules.
 */
#include "model-private.h"

static LabMdev *
mdev_of (const LabModel *model, guint32 id)
{
  return lab_mdev_find (model, id);
}

static void
show_features (LabModel *model G_GNUC_UNUSED, guint32 id G_GNUC_UNUSED, GString *content)
{
  g_string_append (content, "guest_matrix hotplug ap_config\n");
}

static void
show_matrix_uevent (LabModel *model G_GNUC_UNUSED, guint32 id G_GNUC_UNUSED,
                    GString *content)
{
  g_string_append (content, "DRIVER=vfio_ap\n");
}

static int
store_matrix_uevent (LabModel *model, guint32 id G_GNUC_UNUSED, const char *text,
                     gsize length G_GNUC_UNUSED)
{
  return lab_event_synthetic (model, text, LAB_MATRIX_PATH, "matrix", "DRIVER=vfio_ap");
}

static void
show_available (LabModel *model, guint32 id G_GNUC_UNUSED, GString *content)
{
  g_string_append_printf (content, "%u\n", lab_mdev_available (model));
}

static void
show_device_api (LabModel *model G_GNUC_UNUSED, guint32 id G_GNUC_UNUSED,
                 GString *content)
{
  g_string_append (content, "vfio-ap\n");
}

static void
show_type_name (LabModel *model G_GNUC_UNUSED, guint32 id G_GNUC_UNUSED, GString *content)
{
  g_string_append (content, "VFIO AP Passthrough Device\n");
}

static int
store_create (LabModel *model, guint32 id G_GNUC_UNUSED, const char *text, gsize length)
{
  return lab_mdev_create (model, text, length);
}

static void
show_config (LabModel *model, guint32 id, GString *content)
{
  const LabMatrix *matrix = &mdev_of (model, id)->matrix;
  char apm[VAP_MASK_TEXT_SIZE], aqm[VAP_MASK_TEXT_SIZE], adm[VAP_MASK_TEXT_SIZE];

  vap_mask_format (&matrix->apm, apm);
  vap_mask_format (&matrix->aqm, aqm);
  vap_mask_format (&matrix->adm, adm);
  g_string_append_printf (content, "%s,%s,%s\n", apm, aqm, adm);
}

static int
store_config (LabModel *model, guint32 id, const char *text, gsize length G_GNUC_UNUSED)
{
  return lab_mdev_set_config (model, mdev_of (model, id), text);
}

static int
store_assign_adapter (LabModel *model, guint32 id, const char *text,
                      gsize length G_GNUC_UNUSED)
{
  return lab_mdev_assign_adapter (model, mdev_of (model, id), text);
}

static int
store_unassign_adapter (LabModel *model, guint32 id, const char *text,
                        gsize length G_GNUC_UNUSED)
{
  return lab_mdev_unassign_adapter (model, mdev_of (model, id), text);
}

static int
store_assign_domain (LabModel *model, guint32 id, const char *text,
                     gsize length G_GNUC_UNUSED)
{
  return lab_mdev_assign_domain (model, mdev_of (model, id), text);
}

static int
store_unassign_domain (LabModel *model, guint32 id, const char *text,
                       gsize length G_GNUC_UNUSED)
{
  return lab_mdev_unassign_domain (model, mdev_of (model, id), text);
}

static int
store_assign_control (LabModel *model, guint32 id, const char *text,
                      gsize length G_GNUC_UNUSED)
{
  return lab_mdev_assign_control (model, mdev_of (model, id), text);
}

static int
store_unassign_control (LabModel *model, guint32 id, const char *text,
                        gsize length G_GNUC_UNUSED)
{
  return lab_mdev_unassign_control (model, mdev_of (model, id), text);
}

static void
show_control_domains (LabModel *model, guint32 id, GString *content)
{
  VAP_MASK_FOREACH (&mdev_of (model, id)->matrix.adm, domain)
    g_string_append_printf (content, "%04x\n", (guint) domain);
}

/* vfio_ap_mdev_matrix_show(): without queues, the half that is there */
static void
append_matrix (GString *content, const LabMatrix *matrix)
{
  gboolean domains = !vap_mask_is_empty (&matrix->aqm);

  VAP_MASK_FOREACH (&matrix->apm, adapter) {
    if (!domains)
      g_string_append_printf (content, "%02x.\n", (guint) adapter);
    VAP_MASK_FOREACH (&matrix->aqm, domain) {
      if (content->len > LAB_CONTENT_MAX)
        return;
      g_string_append_printf (content, "%02x.%04x\n", (guint) adapter, (guint) domain);
    }
  }
  if (!vap_mask_is_empty (&matrix->apm))
    return;
  VAP_MASK_FOREACH (&matrix->aqm, domain)
    g_string_append_printf (content, ".%04x\n", (guint) domain);
}

static void
show_matrix (LabModel *model, guint32 id, GString *content)
{
  append_matrix (content, &mdev_of (model, id)->matrix);
}

static void
show_guest_matrix (LabModel *model, guint32 id, GString *content)
{
  append_matrix (content, &mdev_of (model, id)->shadow);
}

static int
store_remove (LabModel *model, guint32 id, const char *text, gsize length G_GNUC_UNUSED)
{
  return lab_mdev_remove (model, mdev_of (model, id), text);
}

static void
show_mdev_uevent (LabModel *model G_GNUC_UNUSED, guint32 id G_GNUC_UNUSED,
                  GString *content)
{
  g_string_append (content, "DRIVER=" LAB_MDEV_DRIVER "\n");
}

static int
store_mdev_uevent (LabModel *model, guint32 id, const char *text,
                   gsize length G_GNUC_UNUSED)
{
  g_autofree char *path =
      g_strdup_printf (LAB_MATRIX_PATH "/%s", mdev_of (model, id)->uuid);

  return lab_event_synthetic (model, text, path, "mdev", "DRIVER=" LAB_MDEV_DRIVER);
}

static gboolean
since_6_12 (const LabModel *model, guint32 id G_GNUC_UNUSED)
{
  return model->kernel >= LAB_KERNEL_6_12;
}

/* one that only waits for its guest to end has lost its driver's attributes */
static gboolean
is_bound (const LabModel *model, guint32 id)
{
  return !mdev_of (model, id)->removing;
}

static gboolean
has_config (const LabModel *model, guint32 id)
{
  return since_6_12 (model, id) && is_bound (model, id);
}

/* a vfio group's device number, as of the recorded machine */
#define VFIO_MAJOR 254u

static void
show_group_dev (LabModel *model, guint32 id, GString *content)
{
  g_string_append_printf (content, "%u:%u\n", VFIO_MAJOR, mdev_of (model, id)->group);
}

static void
show_group_uevent (LabModel *model, guint32 id, GString *content)
{
  guint group = mdev_of (model, id)->group;

  g_string_append_printf (content, "MAJOR=%u\nMINOR=%u\nDEVNAME=vfio/%u\n", VFIO_MAJOR,
                          group, group);
}

static void
show_nothing (LabModel *model G_GNUC_UNUSED, guint32 id G_GNUC_UNUSED,
              GString *content G_GNUC_UNUSED)
{
}

/* The events of vfio itself are not simulated. */
static int
store_quietly (LabModel *model G_GNUC_UNUSED, guint32 id G_GNUC_UNUSED,
               const char *text G_GNUC_UNUSED, gsize length G_GNUC_UNUSED)
{
  return 0;
}

static void
show_group_type (LabModel *model G_GNUC_UNUSED, guint32 id G_GNUC_UNUSED,
                 GString *content)
{
  g_string_append (content, "unknown\n");
}

static void
show_live (LabModel *model G_GNUC_UNUSED, guint32 id G_GNUC_UNUSED, GString *content)
{
  g_string_append (content, "live\n");
}

const LabAttr lab_attrs_matrix[] = {
  { "features", 0444 | LAB_FIXED, show_features, NULL, since_6_12 },
  { "uevent", 0644, show_matrix_uevent, store_matrix_uevent, NULL },
  { NULL, 0, NULL, NULL, NULL },
};

const LabAttr lab_attrs_mdev_type[] = {
  { "available_instances", 0444, show_available, NULL, NULL },
  { "create", 0200, NULL, store_create, NULL },
  { "device_api", 0444 | LAB_FIXED, show_device_api, NULL, NULL },
  { "name", 0444 | LAB_FIXED, show_type_name, NULL, NULL },
  { NULL, 0, NULL, NULL, NULL },
};

const LabAttr lab_attrs_mdev[] = {
  { "ap_config", 0644 | LAB_FIXED, show_config, store_config, has_config },
  { "assign_adapter", 0200, NULL, store_assign_adapter, is_bound },
  { "assign_control_domain", 0200, NULL, store_assign_control, is_bound },
  { "assign_domain", 0200, NULL, store_assign_domain, is_bound },
  { "control_domains", 0444, show_control_domains, NULL, is_bound },
  { "guest_matrix", 0444, show_guest_matrix, NULL, is_bound },
  { "matrix", 0444, show_matrix, NULL, is_bound },
  { "remove", 0200, NULL, store_remove, is_bound },
  { "uevent", 0644, show_mdev_uevent, store_mdev_uevent, is_bound },
  { "unassign_adapter", 0200, NULL, store_unassign_adapter, is_bound },
  { "unassign_control_domain", 0200, NULL, store_unassign_control, is_bound },
  { "unassign_domain", 0200, NULL, store_unassign_domain, is_bound },
  { NULL, 0, NULL, NULL, NULL },
};

const LabAttr lab_attrs_vfio_group[] = {
  { "dev", 0444, show_group_dev, NULL, NULL },
  { "uevent", 0644, show_group_uevent, store_quietly, NULL },
  { NULL, 0, NULL, NULL, NULL },
};

const LabAttr lab_attrs_vfio_dev[] = {
  { "uevent", 0644, show_nothing, store_quietly, NULL },
  { NULL, 0, NULL, NULL, NULL },
};

const LabAttr lab_attrs_iommu_group[] = {
  { "reserved_regions", 0444 | LAB_FIXED, show_nothing, NULL, NULL },
  { "type", 0644, show_group_type, store_quietly, NULL },
  { NULL, 0, NULL, NULL, NULL },
};

const LabAttr lab_attrs_module[] = {
  { "initstate", 0444 | LAB_FIXED, show_live, NULL, NULL },
  { "uevent", 0200, NULL, store_quietly, NULL },
  { NULL, 0, NULL, NULL, NULL },
};
