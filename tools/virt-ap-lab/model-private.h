/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the model's files share: the state, and the steps that one subject asks
 * of another.  Nobody but model*.c includes it.
 *
 *   model.c        the model itself, its events
 *   model-parse.c  numbers and masks as the kernel's parsers take them
 *   model-bus.c    masks, ownership, drivers, binding
 *   model-scan.c   the bus scan: hardware to devices
 *   model-mdev.c   vfio_ap: matrices, filter, commit
 *   model-attr-*.c the attributes, a table a directory
 *   model-dirs.c   the directories that they hang in
 *   model-tree.c   walks the tree of these
 */
#pragma once

#include "model.h"

#include "ap/pqap.h"

#include <errno.h>

G_BEGIN_DECLS

#define LAB_N_ADAPTERS 256u
#define LAB_N_DOMAINS 256u

#define LAB_MATRIX_PATH "/devices/vfio_ap/matrix"
#define LAB_MDEV_DRIVER "vfio_ap_mdev"

typedef enum {
  LAB_DRIVER_NONE,
  LAB_DRIVER_CEX2ACARD,
  LAB_DRIVER_CEX2AQUEUE,
  LAB_DRIVER_CEX2CCARD,
  LAB_DRIVER_CEX2CQUEUE,
  LAB_DRIVER_CEX4CARD,
  LAB_DRIVER_CEX4QUEUE,
  LAB_DRIVER_VFIO_AP,
  LAB_N_DRIVERS,
} LabDriver;

/* A number on the AP bus: a queue (adapter << 8 | domain), or a card. */
typedef guint32 LabApId;

#define LAB_AP_CARD 0x10000u
#define LAB_AP_ADAPTER(id) (((id) & LAB_AP_CARD) ? (id) & 0xffu : (id) >> 8)
#define LAB_AP_DOMAIN(id) ((id) & 0xffu)
#define LAB_AP_QUEUE(adapter, domain) ((guint32) (adapter) << 8 | (guint32) (domain))

/* a set of adapters × domains, as QCI and as a matrix has it */
typedef struct {
  VapMask apm;
  VapMask aqm;
  VapMask adm;
} LabMatrix;

typedef struct {
  guint32 serial;   /* never used twice: what a LabNode names it by */
  char uuid[37];    /* lower case */
  guint group;      /* iommu and vfio group */
  LabMatrix matrix; /* assigned */
  LabMatrix shadow; /* what a guest gets: shadow_apcb */
  LabMatrix added;  /* came with the scan under way: apm_add, aqm_add, adm_add */
  gboolean open;     /* a guest has it: vfio_device.open_count */
  gboolean removing; /* it goes when the guest gives it back */
} LabMdev;

/* A device on the bus, card or queue; in a list in the order of
 * registration, which is the order of every walk over the bus. */
typedef struct {
  GList link; /* data points back here */
  LabApId id;
  LabDriver driver;
  gboolean config;
  gboolean checkstop;
  gboolean online;
  union {
    struct {
      guint hwtype;
      LabMode mode;
    } card;
    struct {
      char *override;  /* driver_override, NULL: none */
      LabMdev *linked; /* the matrix whose table of queues it is in */
      LabMdev *mdev;   /* vfio_ap_queue.matrix_mdev */
    } queue;
  };
} LabApDevice;

struct _LabModel {
  LabEventFunc event;
  LabGroupFunc group;
  gpointer user_data;
  GPtrArray *held; /* events to be told later, NULL: they are told at once */

  /* the machine beneath the kernel */
  LabKernel kernel;
  gboolean has_ap;
  gboolean has_qci;
  gboolean has_apft;
  gboolean has_interrupts;
  guint qci_bits;
  guint max_adapter_id;
  guint max_domain_id;
  LabCard hw_cards[LAB_N_ADAPTERS];
  LabMatrix hw; /* what is there: cards, usage domains, control domains */
  GArray *master_keys; /* LabMasterKey, those that are not the default ones */

  /* ap_bus.c */
  GQueue devices;
  LabApDevice *cards[LAB_N_ADAPTERS];
  LabApDevice **queues[LAB_N_ADAPTERS]; /* NULL, or one for each domain */
  guint n_queues;
  guint n_bound;
  LabMatrix qci;
  VapMask apmask;
  VapMask aqmask;
  gint default_domain;
  guint config_time;
  gboolean poll_thread;
  guint64 poll_timeout;
  guint64 scans;
  gboolean bindings_complete;
  guint64 complete_count;
  guint overrides; /* ap_driver_override_ctr: while not 0, the masks are refused */

  /* vfio_ap and mdev */
  gboolean vfio_ap;
  LabMatrix info; /* matrix_dev->info: QCI as vfio_ap knows it */
  GPtrArray *mdevs;
  guint32 next_serial;
};

/* model.c */
/* @property, @extra: "KEY=value"; the last ones may be NULL */
void lab_event_root (LabModel *model, const char *property, const char *property2);
void lab_event_device (LabModel *model, const LabApDevice *device, const char *action,
                       const char *extra);
void lab_event_mdev (LabModel *model, const LabMdev *mdev, const char *action);
/* an event that a write to a uevent file asks for (lib/kobject_uevent.c) */
int lab_event_synthetic (LabModel *model, const char *text, const char *path,
                         const char *subsystem, const char *lines);
/* the lines of a device's uevent file, which are part of its events, too */
void lab_ap_properties (const LabModel *model, const LabApDevice *device, GString *text);
/* "/devices/ap/card05/05.0004" */
char *lab_ap_path (LabApId id);

/* model-parse.c: 0 or an errno value */
int lab_parse_ulong (const char *text, gulong *value);
int lab_parse_leading (const char *text, gulong *value);
int lab_parse_hex_mask (const char *text, VapMask *mask);
int lab_parse_mask (const char *text, const VapMask *old, VapMask *mask);
int lab_parse_int (const char *text, guint base, gint low, gint high, gint *value);
int lab_parse_bool (const char *text, gboolean *value);
gboolean lab_text_is (const char *text, const char *word);

/* model-bus.c */
LabApDevice *lab_ap_find (const LabModel *model, LabApId id);
#define LAB_AP_NAME_SIZE 8u /* "05.0047", NUL */
void lab_ap_name (LabApId id, char name[LAB_AP_NAME_SIZE]);
gboolean lab_ap_id_parse (const char *name, LabApId *id);
gboolean lab_ap_matrix_owned_by_host (const LabModel *model, const LabMatrix *matrix);
int lab_ap_set_mask (LabModel *model, gboolean adapters, const char *text);
int lab_ap_set_override (LabModel *model, LabApDevice *queue, const char *text);
LabApDevice *lab_ap_add (LabModel *model, LabApId id, gboolean config,
                         gboolean checkstop);
void lab_ap_attach (LabModel *model, LabApDevice *device);
void lab_ap_remove (LabModel *model, LabApDevice *device);
const char *lab_driver_name (LabDriver driver);
gboolean lab_driver_there (const LabModel *model, LabDriver driver);
int lab_ap_bind (LabModel *model, LabDriver driver, const char *name);
int lab_ap_unbind (LabModel *model, LabDriver driver, const char *name);

/* model-scan.c */
void lab_ap_scan (LabModel *model);
void lab_ap_check_bindings_complete (LabModel *model);
/* the hardware answers for this queue: TAPQ's response is not "not available" */
gboolean lab_hw_has_queue (const LabModel *model, guint adapter, guint domain);

/* model-mdev.c */
LabMdev *lab_mdev_find (const LabModel *model, guint32 serial);
LabMdev *lab_mdev_find_uuid (const LabModel *model, const char *uuid);
LabMdev *lab_mdev_find_group (const LabModel *model, guint group);
/* how many more can be created */
guint lab_mdev_available (const LabModel *model);
gboolean lab_mdev_in_use (const LabModel *model, const VapMask *apm, const VapMask *aqm);
void lab_mdev_probe_queue (LabModel *model, LabApDevice *queue);
void lab_mdev_remove_queue (LabModel *model, LabApDevice *queue);
void lab_mdev_config_changed (LabModel *model, const LabMatrix *old);
void lab_mdev_scan_complete (LabModel *model);
int lab_mdev_create (LabModel *model, const char *text, gsize length);
int lab_mdev_remove (LabModel *model, LabMdev *mdev, const char *text);
int lab_mdev_open (LabModel *model, LabMdev *mdev);
void lab_mdev_close (LabModel *model, LabMdev *mdev);
/* its directory in vfio-dev is there */
gboolean lab_mdev_has_vfio_device (const LabModel *model, const LabMdev *mdev);
/* a guest has this queue */
gboolean lab_mdev_in_guest (const LabModel *model, LabApId queue);
int lab_mdev_assign_adapter (LabModel *model, LabMdev *mdev, const char *text);
int lab_mdev_unassign_adapter (LabModel *model, LabMdev *mdev, const char *text);
int lab_mdev_assign_domain (LabModel *model, LabMdev *mdev, const char *text);
int lab_mdev_unassign_domain (LabModel *model, LabMdev *mdev, const char *text);
int lab_mdev_assign_control (LabModel *model, LabMdev *mdev, const char *text);
int lab_mdev_unassign_control (LabModel *model, LabMdev *mdev, const char *text);
int lab_mdev_set_config (LabModel *model, LabMdev *mdev, const char *text);
/* the highest adapter and domain that a matrix may have */
guint lab_mdev_max_adapter (const LabModel *model);
guint lab_mdev_max_domain (const LabModel *model);

/* The content always has the same length. */
#define LAB_FIXED 0x10000u

/* The attributes of a directory; @id: which card, queue, mdev or group it is. */
typedef struct {
  const char *name;
  guint mode; /* permission bits; LAB_FIXED */
  void (*show) (LabModel *model, guint32 id, GString *content);
  int (*store) (LabModel *model, guint32 id, const char *text, gsize length);
  gboolean (*visible) (const LabModel *model, guint32 id); /* NULL: always */
} LabAttr;

/* each ended by an entry with name NULL */
extern const LabAttr lab_attrs_bus_ap[];
extern const LabAttr lab_attrs_bus[]; /* any other bus */
extern const LabAttr lab_attrs_ap_driver[]; /* @id is a LabDriver */
extern const LabAttr lab_attrs_driver[];    /* of another bus */
extern const LabAttr lab_attrs_root_device[];
extern const LabAttr lab_attrs_card[];
extern const LabAttr lab_attrs_queue[];
extern const LabAttr lab_attrs_matrix[];
extern const LabAttr lab_attrs_mdev_type[];
extern const LabAttr lab_attrs_mdev[];
extern const LabAttr lab_attrs_vfio_group[];
extern const LabAttr lab_attrs_vfio_dev[];
extern const LabAttr lab_attrs_iommu_group[];
extern const LabAttr lab_attrs_module[];
extern const LabAttr lab_attrs_lab_parameters[];
extern const LabAttr lab_attrs_lab_vfio[];

G_END_DECLS
