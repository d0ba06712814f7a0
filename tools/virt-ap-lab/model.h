/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * LabModel: the AP bus, the zcrypt and vfio_ap drivers and the mediated-device
 * core as a pure state machine, answering what the Linux drivers answer.  No
 * I/O: fs.c shows it, the unit tests drive it.
 *
 * The tree under /sys is computed from the state on demand, there are no nodes
 * to build: a LabNode says by itself what it stands for.
 */
#pragma once

#include "machine.h"

G_BEGIN_DECLS

typedef struct _LabModel LabModel;

/* One uevent: @properties is NULL-terminated "KEY=value" with ACTION, DEVPATH
 * and SUBSYSTEM among them, in the kernel's order. */
typedef void (*LabEventFunc) (const char *const *properties, gpointer user_data);

/* where the device of a vfio group is open, see lab_model_open(); of a UUID */
#define LAB_VFIO_DEVICE "/sys/module/virt_ap_lab/vfio/%s/device"

typedef enum {
  LAB_GROUP_GONE,
  LAB_GROUP_FREE,
  LAB_GROUP_BUSY, /* open, so that another open gives EBUSY */
} LabGroupState;

/* A vfio group's character device /dev/vfio/GROUP appears, goes, or is opened and closed
 * for the mediated device @uuid. */
typedef void (*LabGroupFunc) (guint group, const char *uuid, LabGroupState state,
                              gpointer user_data);

/* @machine is copied; both functions may be NULL.  The boot is over when it
 * returns: the first bus scan is done, and has sent no event. */
LabModel *lab_model_new (const LabMachine *machine, LabEventFunc event,
                         LabGroupFunc group, gpointer user_data);
void lab_model_free (LabModel *model);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LabModel, lab_model_free)

/* what `modprobe vfio_ap` does; nothing when it is loaded, or without AP */
void lab_model_load_vfio_ap (LabModel *model);

/* From lab_model_hold_events() to lab_model_take_events() the events are not told but
 * collected, for lab_model_send_event(); each is a char **. */
void lab_model_hold_events (LabModel *model);
GPtrArray *lab_model_take_events (LabModel *model);
/* may be called by another thread than the model's own, if by one at a time */
void lab_model_send_event (const LabModel *model, char **properties);

/* A file, directory or link of /sys.  It stays valid as a number for ever; what
 * it stands for may be gone, then every function below says ENOENT or ENODEV.
 * The number of a mediated device is never used for another one. */
typedef guint64 LabNode;

#define LAB_NODE_ROOT ((LabNode) 1)

typedef enum {
  LAB_NODE_DIRECTORY,
  LAB_NODE_FILE,
  LAB_NODE_LINK,
} LabNodeType;

typedef void (*LabListFunc) (const char *name, LabNode node, LabNodeType type,
                             gpointer user_data);

/* All of these return 0 or a positive errno value. */

int lab_model_lookup (LabModel *model, LabNode directory, const char *name,
                      LabNode *node);
/* @path is relative to /sys, without a leading slash; links are not followed */
int lab_model_resolve (LabModel *model, const char *path, LabNode *node);
/* Whether @node, once it is there, is there for good, whatever happens on the host. */
gboolean lab_model_is_permanent (LabNode node);
/* Whether @file's content has the same length whatever happens to its device. */
gboolean lab_model_is_fixed (LabModel *model, LabNode file);
/* @mode: permission bits */
int lab_model_stat (LabModel *model, LabNode node, LabNodeType *type, guint *mode);
int lab_model_list (LabModel *model, LabNode directory, LabListFunc func,
                    gpointer user_data);
/* @target: (out) (transfer full): relative, as sysfs makes it */
int lab_model_readlink (LabModel *model, LabNode link, char **target);
/* appends the content, at most LAB_CONTENT_MAX bytes of it */
int lab_model_read (LabModel *model, LabNode file, GString *content);
/* one write(2); @text is at most a page long and need not end in NUL */
/* or LAB_BLOCKED */
int lab_model_write (LabModel *model, LabNode file, const char *text, gsize length);

/* The write began to remove a device that is in use, and returns when it is not any more:
 * when lab_model_is_blocked() of the same file is FALSE. */
#define LAB_BLOCKED (-1)
gboolean lab_model_is_blocked (const LabModel *model, LabNode file);

/*
 * The opening of a file.  /sys/module/virt_ap_lab/vfio/UUID/device stands for the
 * device of the vfio group, so only one can have it open, by opening it for writing:
 * then @holds is TRUE, and lab_model_close() follows.
 */
int lab_model_open (LabModel *model, LabNode file, gboolean writing, gboolean *holds);
void lab_model_close (LabModel *model, LabNode file);

/* one page less one byte: sysfs cuts there (fs/sysfs/file.c, sysfs_kf_seq_show) */
#define LAB_CONTENT_MAX 4095u
/* the size that every attribute says it has, and the most that one write takes */
#define LAB_PAGE_SIZE 4096u

G_END_DECLS
