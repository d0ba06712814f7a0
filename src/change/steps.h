/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Steps that write to sysfs and to files, without any other program.
 */
#pragma once

#include "ap/matrix.h"
#include "change/step.h"

G_BEGIN_DECLS

typedef enum {
  VAP_APMASK, /* adapters */
  VAP_AQMASK, /* usage domains */
} VapMaskName;

/**
 * vap_mask_step_new:
 * @set: the bits to set: a queue is the host's if both of its bits are set
 * @clear: the bits to clear
 *
 * Changes /sys/bus/ap/apmask or aqmask: one absolute write of all 256 bits, read back
 * and compared.  Undoing restores only the bits that it changed.
 */
VapStep *vap_mask_step_new (VapMaskName name, const VapMask *set, const VapMask *clear);

/**
 * vap_override_step_new:
 * @driver: "vfio_ap" for guests, "" for the host's driver
 *
 * Changes the driver_override of a queue (Linux 7) and rebinds it, which the kernel
 * does not do by itself.
 */
VapStep *vap_override_step_new (VapQueue queue, const char *driver);

/* Binds a queue to vfio_ap that the masks mean for guests and that has no driver. */
VapStep *vap_bind_step_new (VapQueue queue);

/**
 * vap_file_step_new:
 * @path: of a file below the root, beginning with a slash
 * @content: (nullable): text without a NUL, at most 256 KiB; NULL removes the file
 * @mode: of a file that was not there; one that was keeps mode and owner
 *
 * Replaces the file by rename(2), so that it is the old or the new one at all times.
 * Directories that are missing are made, and removed again when it is undone.  What is
 * no regular file is refused, and so is undoing when someone else has changed the file
 * since.
 */
VapStep *vap_file_step_new (const char *path, const char *content, guint mode);

G_END_DECLS
