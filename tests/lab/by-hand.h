/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The model of the drivers used by hand, without a file system: written as mdevctl and
 * an administrator write, read back as a VapHost.  For the random tests of judge and
 * planner.
 */
#pragma once

#include "host/host.h"
#include "tools/virt-ap-lab/model.h"

#define MATRIX "devices/vfio_ap/matrix/"
#define CREATE MATRIX "mdev_supported_types/vfio_ap-passthrough/create"

/* once in @n times */
gboolean one_in (GRand *rand, gint n);

/* each of @numbers with a chance of @of_ten in ten */
VapMask random_mask_of (GRand *rand, const guint *numbers, gsize count, gint of_ten);

/* These return an errno value, 0 when the drivers take the write. */
int store (LabModel *model, const char *path, const char *value);
int store_attribute (LabModel *model, const char *uuid, const char *name,
                     const char *value);
int store_number (LabModel *model, const char *uuid, const char *name, gint number);

/* the driver_override of a queue, and its names where the bus shows it */
char *override_path (VapQueue queue);
char *queue_name (VapQueue queue);

void list_queues (LabModel *model, const char *path, VapQueueSet *queues);

/* What vap_host_read() would find of it, without cards, devices and guests: adapters and
 * domains all there.  The devices are freed with their uuid. */
VapHost *read_host (const LabMachine *machine, LabModel *model);

/* a device on @model with as much of a matrix as the drivers let it have, which @host
 * then has as well */
void add_device (LabModel *model, VapHost *host, const char *uuid,
                 const VapMask *adapters, const VapMask *domains);
