/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The table of the directories below /sys.  The links' targets are absolute paths here;
 * model-tree.c makes them relative, as sysfs does.
 */
#include "model-dirs.h"

static gboolean
has_ap (const LabModel *model, guint32 id G_GNUC_UNUSED)
{
  return model->has_ap;
}

static gboolean
has_vfio_ap (const LabModel *model, guint32 id G_GNUC_UNUSED)
{
  return model->vfio_ap;
}

static gboolean
has_driver (const LabModel *model, guint32 id)
{
  return lab_driver_there (model, id);
}

static gboolean
has_card (const LabModel *model, guint32 id)
{
  return (id & LAB_AP_CARD) && lab_ap_find (model, id);
}

static gboolean
has_queue (const LabModel *model, guint32 id)
{
  return !(id & LAB_AP_CARD) && lab_ap_find (model, id);
}

static gboolean
has_mdev (const LabModel *model, guint32 id)
{
  return lab_mdev_find (model, id) != NULL;
}

/* Since 6.6 vfio_unregister_group_dev() takes it away before it waits for the guest. */
static gboolean
has_vfio_device (const LabModel *model, guint32 id)
{
  const LabMdev *mdev = lab_mdev_find (model, id);

  return mdev && lab_mdev_has_vfio_device (model, mdev);
}

/* what device_del() takes away first */
static char *
unless_removing (const LabModel *model, guint32 id, const char *target)
{
  return lab_mdev_find (model, id)->removing ? NULL : g_strdup (target);
}

static char *
target_ap (const LabModel *model G_GNUC_UNUSED, guint32 id)
{
  return lab_ap_path (id);
}

static char *
target_ap_bus (const LabModel *model G_GNUC_UNUSED, guint32 id G_GNUC_UNUSED)
{
  return g_strdup ("/bus/ap");
}

static char *
target_ap_driver (const LabModel *model, guint32 id)
{
  const LabApDevice *device = lab_ap_find (model, id);

  if (device->driver == LAB_DRIVER_NONE)
    return NULL;
  return g_strdup_printf ("/bus/ap/drivers/%s", lab_driver_name (device->driver));
}

static char *
target_matrix (const LabModel *model G_GNUC_UNUSED, guint32 id G_GNUC_UNUSED)
{
  return g_strdup (LAB_MATRIX_PATH);
}

static char *
target_matrix_bus (const LabModel *model G_GNUC_UNUSED, guint32 id G_GNUC_UNUSED)
{
  return g_strdup ("/bus/matrix");
}

static char *
target_matrix_driver (const LabModel *model G_GNUC_UNUSED, guint32 id G_GNUC_UNUSED)
{
  return g_strdup ("/bus/matrix/drivers/vfio_ap");
}

static char *
target_mdev (const LabModel *model, guint32 id)
{
  return g_strdup_printf (LAB_MATRIX_PATH "/%s", lab_mdev_find (model, id)->uuid);
}

static char *
target_mdev_bus (const LabModel *model, guint32 id)
{
  return unless_removing (model, id, "/bus/mdev");
}

static char *
target_mdev_driver (const LabModel *model, guint32 id)
{
  return unless_removing (model, id, "/bus/mdev/drivers/" LAB_MDEV_DRIVER);
}

static char *
target_mdev_type (const LabModel *model, guint32 id)
{
  return unless_removing (model, id,
                          LAB_MATRIX_PATH "/mdev_supported_types/vfio_ap-passthrough");
}

static char *
target_iommu_group (const LabModel *model, guint32 id)
{
  return g_strdup_printf ("/kernel/iommu_groups/%u", lab_mdev_find (model, id)->group);
}

static char *
target_vfio_group (const LabModel *model, guint32 id)
{
  return g_strdup_printf ("/devices/virtual/vfio/%u", lab_mdev_find (model, id)->group);
}

static char *
target_vfio_class (const LabModel *model G_GNUC_UNUSED, guint32 id G_GNUC_UNUSED)
{
  return g_strdup ("/class/vfio");
}

static char *
target_vfio_dev (const LabModel *model, guint32 id)
{
  const LabMdev *mdev = lab_mdev_find (model, id);

  return g_strdup_printf (LAB_MATRIX_PATH "/%s/vfio-dev/vfio%u", mdev->uuid, mdev->group);
}

static char *
target_vfio_dev_class (const LabModel *model G_GNUC_UNUSED, guint32 id G_GNUC_UNUSED)
{
  return g_strdup ("/class/vfio-dev");
}

static const LabLink links_ap[] = { { "driver", target_ap_driver },
                                    { "subsystem", target_ap_bus },
                                    { NULL, NULL } };
static const LabLink links_matrix[] = { { "driver", target_matrix_driver },
                                        { "subsystem", target_matrix_bus },
                                        { NULL, NULL } };
static const LabLink links_mdev[] = { { "driver", target_mdev_driver },
                                      { "iommu_group", target_iommu_group },
                                      { "mdev_type", target_mdev_type },
                                      { "subsystem", target_mdev_bus },
                                      { NULL, NULL } };
static const LabLink links_vfio_group[] = { { "subsystem", target_vfio_class },
                                            { NULL, NULL } };
static const LabLink links_vfio_dev[] = { { "device", target_mdev },
                                          { "subsystem", target_vfio_dev_class },
                                          { NULL, NULL } };
static const LabLink links_matrix_driver[] = { { "matrix", target_matrix },
                                               { NULL, NULL } };

const LabDirInfo lab_dirs[N_DIRS] = {
  [DIR_ROOT] = { .name = "" },
  [DIR_BLOCK] = { "block", DIR_ROOT },
  [DIR_BUS] = { "bus", DIR_ROOT },
  [DIR_BUS_AP] = { "ap", DIR_BUS, lab_attrs_bus_ap, .there = has_ap },
  [DIR_BUS_AP_DEVICES] = { "devices", DIR_BUS_AP, .set = SET_AP,
                           .child_target = target_ap },
  [DIR_BUS_AP_DRIVERS] = { "drivers", DIR_BUS_AP, .set = SET_DRIVERS,
                           .child = DIR_AP_DRIVER },
  [DIR_AP_DRIVER] = { NULL, DIR_BUS_AP_DRIVERS, lab_attrs_ap_driver, .set = SET_BOUND,
                      .child_target = target_ap, .there = has_driver },
  [DIR_BUS_MATRIX] = { "matrix", DIR_BUS, lab_attrs_bus, .there = has_vfio_ap },
  [DIR_BUS_MATRIX_DEVICES] = { "devices", DIR_BUS_MATRIX, .links = links_matrix_driver },
  [DIR_BUS_MATRIX_DRIVERS] = { "drivers", DIR_BUS_MATRIX },
  [DIR_BUS_MATRIX_DRIVER] = { "vfio_ap", DIR_BUS_MATRIX_DRIVERS, lab_attrs_driver,
                              links_matrix_driver },
  [DIR_BUS_MDEV] = { "mdev", DIR_BUS, lab_attrs_bus, .there = has_vfio_ap },
  [DIR_BUS_MDEV_DEVICES] = { "devices", DIR_BUS_MDEV, .set = SET_BOUND_MDEVS,
                             .child_target = target_mdev },
  [DIR_BUS_MDEV_DRIVERS] = { "drivers", DIR_BUS_MDEV },
  [DIR_BUS_MDEV_DRIVER] = { LAB_MDEV_DRIVER, DIR_BUS_MDEV_DRIVERS, lab_attrs_driver,
                            .set = SET_BOUND_MDEVS, .child_target = target_mdev },
  [DIR_CLASS] = { "class", DIR_ROOT },
  [DIR_CLASS_IOMMU] = { "iommu", DIR_CLASS },
  [DIR_CLASS_MDEV_BUS] = { "mdev_bus", DIR_CLASS, .links = links_matrix_driver,
                           .there = has_vfio_ap },
  [DIR_CLASS_NET] = { "net", DIR_CLASS },
  [DIR_CLASS_VFIO] = { "vfio", DIR_CLASS, .set = SET_GROUPS,
                       .child_target = target_vfio_group, .there = has_vfio_ap },
  [DIR_CLASS_VFIO_DEV] = { "vfio-dev", DIR_CLASS, .set = SET_VFIO_DEVS,
                           .child_target = target_vfio_dev, .there = has_vfio_ap },
  [DIR_DEV] = { "dev", DIR_ROOT },
  [DIR_DEV_BLOCK] = { "block", DIR_DEV },
  [DIR_DEV_CHAR] = { "char", DIR_DEV },
  [DIR_DEVICES] = { "devices", DIR_ROOT },
  [DIR_DEVICES_AP] = { "ap", DIR_DEVICES, lab_attrs_root_device, .set = SET_CARDS,
                       .child = DIR_CARD, .there = has_ap },
  [DIR_CARD] = { NULL, DIR_DEVICES_AP, lab_attrs_card, links_ap, SET_QUEUES, DIR_QUEUE,
                 .there = has_card },
  [DIR_QUEUE] = { NULL, DIR_CARD, lab_attrs_queue, links_ap, .there = has_queue },
  [DIR_DEVICES_SYSTEM] = { "system", DIR_DEVICES },
  [DIR_DEVICES_CPU] = { "cpu", DIR_DEVICES_SYSTEM },
  [DIR_DEVICES_NODE] = { "node", DIR_DEVICES_SYSTEM },
  [DIR_DEVICES_VFIO_AP] = { "vfio_ap", DIR_DEVICES, lab_attrs_vfio_dev,
                            .there = has_vfio_ap },
  [DIR_MATRIX] = { "matrix", DIR_DEVICES_VFIO_AP, lab_attrs_matrix, links_matrix,
                   SET_MDEVS, DIR_MDEV },
  [DIR_TYPES] = { "mdev_supported_types", DIR_MATRIX },
  [DIR_TYPE] = { "vfio_ap-passthrough", DIR_TYPES, lab_attrs_mdev_type },
  [DIR_TYPE_DEVICES] = { "devices", DIR_TYPE, .set = SET_BOUND_MDEVS,
                         .child_target = target_mdev },
  [DIR_MDEV] = { NULL, DIR_MATRIX, lab_attrs_mdev, links_mdev, .there = has_mdev },
  [DIR_MDEV_VFIO_DEV] = { "vfio-dev", DIR_MDEV, .set = SET_OWN_VFIO_DEV,
                          .child = DIR_VFIO_DEV },
  [DIR_VFIO_DEV] = { NULL, DIR_MDEV_VFIO_DEV, lab_attrs_vfio_dev, links_vfio_dev,
                     .there = has_vfio_device },
  [DIR_DEVICES_VIRTUAL] = { "virtual", DIR_DEVICES },
  [DIR_VIRTUAL_VFIO] = { "vfio", DIR_DEVICES_VIRTUAL, .set = SET_GROUPS,
                         .child = DIR_VFIO_GROUP, .there = has_vfio_ap },
  [DIR_VFIO_GROUP] = { NULL, DIR_VIRTUAL_VFIO, lab_attrs_vfio_group, links_vfio_group,
                       .there = has_mdev },
  [DIR_FIRMWARE] = { "firmware", DIR_ROOT },
  [DIR_FS] = { "fs", DIR_ROOT },
  [DIR_FS_CGROUP] = { "cgroup", DIR_FS },
  [DIR_KERNEL] = { "kernel", DIR_ROOT },
  [DIR_IOMMU_GROUPS] = { "iommu_groups", DIR_KERNEL, .set = SET_GROUPS,
                         .child = DIR_IOMMU_GROUP },
  [DIR_IOMMU_GROUP] = { NULL, DIR_IOMMU_GROUPS, lab_attrs_iommu_group,
                        .there = has_mdev },
  [DIR_IOMMU_GROUP_DEVICES] = { "devices", DIR_IOMMU_GROUP, .set = SET_OWN_MDEV,
                                .child_target = target_mdev },
  [DIR_KERNEL_MM] = { "mm", DIR_KERNEL },
  [DIR_MODULE] = { "module", DIR_ROOT },
  [DIR_MODULE_AP] = { "ap", DIR_MODULE, lab_attrs_module, .there = has_ap },
  [DIR_MODULE_LAB] = { "virt_ap_lab", DIR_MODULE, lab_attrs_module },
  [DIR_MODULE_LAB_PARAMETERS] = { "parameters", DIR_MODULE_LAB,
                                  lab_attrs_lab_parameters },
  [DIR_MODULE_LAB_VFIO] = { "vfio", DIR_MODULE_LAB, .set = SET_MDEVS,
                            .child = DIR_LAB_MDEV },
  [DIR_LAB_MDEV] = { NULL, DIR_MODULE_LAB_VFIO, lab_attrs_lab_vfio, .there = has_mdev },
  [DIR_MODULE_VFIO_AP] = { "vfio_ap", DIR_MODULE, lab_attrs_module,
                           .there = has_vfio_ap },
};
