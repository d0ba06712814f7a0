/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The directories of the tree below /sys, a row each: what hangs in it, which numbered
 * children it has, and when it is there.  model-tree.c walks the table.
 */
#pragma once

#include "model-private.h"

G_BEGIN_DECLS

typedef enum {
  DIR_ROOT,
  DIR_BLOCK,
  DIR_BUS,
  DIR_BUS_AP,
  DIR_BUS_AP_DEVICES,
  DIR_BUS_AP_DRIVERS,
  DIR_AP_DRIVER,
  DIR_BUS_MATRIX,
  DIR_BUS_MATRIX_DEVICES,
  DIR_BUS_MATRIX_DRIVERS,
  DIR_BUS_MATRIX_DRIVER,
  DIR_BUS_MDEV,
  DIR_BUS_MDEV_DEVICES,
  DIR_BUS_MDEV_DRIVERS,
  DIR_BUS_MDEV_DRIVER,
  DIR_CLASS,
  DIR_CLASS_IOMMU,
  DIR_CLASS_MDEV_BUS,
  DIR_CLASS_NET,
  DIR_CLASS_VFIO,
  DIR_CLASS_VFIO_DEV,
  DIR_DEV,
  DIR_DEV_BLOCK,
  DIR_DEV_CHAR,
  DIR_DEVICES,
  DIR_DEVICES_AP,
  DIR_CARD,
  DIR_QUEUE,
  DIR_DEVICES_SYSTEM,
  DIR_DEVICES_CPU,
  DIR_DEVICES_NODE,
  DIR_DEVICES_VFIO_AP,
  DIR_MATRIX,
  DIR_TYPES,
  DIR_TYPE,
  DIR_TYPE_DEVICES,
  DIR_MDEV,
  DIR_MDEV_VFIO_DEV,
  DIR_VFIO_DEV,
  DIR_DEVICES_VIRTUAL,
  DIR_VIRTUAL_VFIO,
  DIR_VFIO_GROUP,
  DIR_FIRMWARE,
  DIR_FS,
  DIR_FS_CGROUP,
  DIR_KERNEL,
  DIR_IOMMU_GROUPS,
  DIR_IOMMU_GROUP,
  DIR_IOMMU_GROUP_DEVICES,
  DIR_KERNEL_MM,
  DIR_MODULE,
  DIR_MODULE_AP,
  DIR_MODULE_LAB,
  DIR_MODULE_LAB_PARAMETERS,
  DIR_MODULE_LAB_VFIO,
  DIR_LAB_MDEV,
  DIR_MODULE_VFIO_AP,
  N_DIRS,
} LabDir;

/* The set that a directory draws its numbered children from. */
typedef enum {
  SET_NONE,
  SET_AP,        /* cards and queues */
  SET_CARDS,
  SET_QUEUES,    /* of the directory's own card */
  SET_BOUND,     /* the devices that the directory's own driver has */
  SET_DRIVERS,   /* of the AP bus */
  SET_MDEVS,     /* by UUID */
  SET_BOUND_MDEVS, /* those that are not being removed */
  SET_GROUPS,    /* mdevs by the number of their group */
  SET_VFIO_DEVS, /* mdevs as "vfio0" */
  SET_OWN_MDEV,  /* just the directory's own, by UUID */
  SET_OWN_VFIO_DEV,
} LabSet;

/* A link with a fixed name; its target is an absolute path below /sys, made from the
 * directory's number.  NULL from it: there is no such link now. */
typedef struct {
  const char *name;
  char *(*target) (const LabModel *model, guint32 id);
} LabLink;

typedef struct {
  const char *name; /* NULL: a child from a set, named by its number */
  LabDir parent;
  const LabAttr *attrs;
  const LabLink *links;
  LabSet set;          /* numbered children: */
  LabDir child;        /* directories of this kind; or, where it is DIR_ROOT, links */
  char *(*child_target) (const LabModel *model, guint32 id);
  gboolean (*there) (const LabModel *model, guint32 id);
} LabDirInfo;

extern const LabDirInfo lab_dirs[N_DIRS];

G_END_DECLS
