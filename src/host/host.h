/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * VapHost: an immutable snapshot of what this host has, and of who holds which
 * queue.  Read in one go from sysfs, /proc/cpuinfo, mdevctl's definitions and
 * libvirt's domain files below a root directory, in time proportional to cards
 * and devices: masks and two directory listings, never a file per queue.
 * Nothing here writes.
 */
#pragma once

#include "ap/card.h"
#include "ap/feature.h"
#include "ap/matrix.h"
#include "ap/pqap.h"
#include "guest/device.h"
#include "guest/guest.h"

G_BEGIN_DECLS

typedef struct {
  guint8 id;          /* APID */
  guint hwtype;       /* attribute hwtype, 0 when unknown */
  VapCardMode mode;
  char *type;         /* "CEX7C" */
  gboolean config;    /* FALSE: deconfigured */
  gboolean checkstop;
  gboolean online;
} VapCard;

/**
 * VapHostDevice: one AP matrix, known to the kernel, to mdevctl, or to both.
 */
typedef struct {
  char *uuid;              /* canonical, lower case */
  gboolean active;         /* the mediated device exists in sysfs */
  VapMatrix matrix;        /* what it has been assigned, when active */
  gboolean truncated;      /* matrix came from a `matrix` file cut at 4,095 bytes */
  VapDevice *definition;   /* mdevctl's, NULL when it has none */
  VapMatrix defined_matrix;
  char *problem;           /* why it could not be read whole, NULL when it was */
} VapHostDevice;

/* A guest that libvirt knows.  Both readings are there for a running guest that
 * is also defined. */
typedef struct {
  char *name;
  char *uuid;              /* canonical */
  VapGuest *running;       /* from /run/libvirt/qemu, NULL when it is not */
  VapGuest *defined;       /* from /etc/libvirt/qemu, NULL when it is not */
} VapHostGuest;

/* chzdev's udev rule, /etc/udev/rules.d/41-ap.rules: what it makes of the masks at
 * the next start of the machine; one that it does not name stays all ones. */
typedef struct {
  gboolean has_apmask;
  gboolean has_aqmask;
  VapMask apmask;
  VapMask aqmask;
} VapPersistentMasks;

/* What a saved document says besides the snapshot: host/document.h. */
typedef struct _VapHostRecord VapHostRecord;

/* What a snapshot stood on: host/host-known.c. */
typedef struct _VapHostKnown VapHostKnown;

/**
 * VapFacts: the parts of a snapshot, for who does not need all of them
 * @VAP_FACTS_FEATURES: what vap_host_has_feature() looks at: facilities, AP bus, QCI, and
 *   the ultravisor
 * @VAP_FACTS_BUS: what else the AP bus shows: maxima, configuration, masks, cards, queues
 * @VAP_FACTS_DRIVER: whether vfio_ap is there, and what it can do
 * @VAP_FACTS_ACTIVE: the AP matrices that the kernel has
 * @VAP_FACTS_DEFINED: those that mdevctl has
 * @VAP_FACTS_OTHERS: the mediated devices that are no AP matrix
 * @VAP_FACTS_DEVICES: all three
 * @VAP_FACTS_STORED: the guests that libvirt has stored
 * @VAP_FACTS_RUNNING: those that run
 * @VAP_FACTS_GUESTS: both
 * @VAP_FACTS_RULE: the udev rule
 */
typedef enum {
  VAP_FACTS_FEATURES = 1 << 0,
  VAP_FACTS_BUS = 1 << 1,
  VAP_FACTS_DRIVER = 1 << 2,
  VAP_FACTS_ACTIVE = 1 << 3,
  VAP_FACTS_DEFINED = 1 << 4,
  VAP_FACTS_OTHERS = 1 << 5,
  VAP_FACTS_STORED = 1 << 6,
  VAP_FACTS_RUNNING = 1 << 7,
  VAP_FACTS_RULE = 1 << 8,
  VAP_FACTS_DEVICES = VAP_FACTS_ACTIVE | VAP_FACTS_DEFINED | VAP_FACTS_OTHERS,
  VAP_FACTS_GUESTS = VAP_FACTS_STORED | VAP_FACTS_RUNNING,
  VAP_FACTS_ALL = (1 << 9) - 1,
} VapFacts;

/**
 * VapScope: how much of a host is looked at
 * @facts: VapFacts, or'ed
 * @devices: (nullable): NULL-terminated: of the mediated devices these UUIDs, in any
 *   case, are enough; NULL for all there are
 * @defines: (nullable): a guest that is to be defined: what is stored by its name, which
 *   that replaces, need not be among the guests.  libvirt has the definition in a file of
 *   the guest's name, and refuses one whose name another has (src/conf/virdomainobjlist.c,
 *   virDomainObjListAddLocked()).
 */
typedef struct {
  guint facts;
  const char *const *devices;
  const VapGuest *defines;
} VapScope;

typedef enum {
  VAP_OWNER_HOST,  /* zcrypt's by the masks, or by driver_override */
  VAP_OWNER_VFIO,  /* vfio_ap's */
} VapQueueOwner;

typedef struct {
  char *root;                    /* "" for the real host, never NULL */
  guint facts;                   /* VapFacts: what was looked at; the rest is as if the host
                                    had nothing of it */
  VapHostRecord *record;         /* of a saved document; NULL for a host that was read */

  /* machine */
  char *machine;                 /* "3931" from cpuinfo, NULL when unknown */
  gboolean facilities_known;     /* cpuinfo is a Z processor's and has them */
  guint8 facilities[512];        /* facilities[n] is 1 when STFLE bit n is there */
  gboolean uv_known;             /* the ultravisor said what it can do for guests */
  guint64 uv_features;           /* its feature indications, bit 0 is the highest */

  /* AP bus */
  gboolean has_ap_bus;           /* /sys/bus/ap: AP instructions and the module */
  gboolean qci_known;            /* /sys/bus/ap/features was there */
  guint qci;                     /* VapQciBits */
  gboolean interrupts;           /* ap_interrupts is 1 */
  guint max_adapter_id;          /* 255 when the kernel doesn't say; 63 without APXA */
  guint max_domain_id;           /* 255; 15 without APXA */
  VapMask adapters;              /* the host's configuration (QCI) */
  VapMask usage_domains;
  VapMask control_domains;
  VapMask apmask;
  VapMask aqmask;
  VapPersistentMasks persistent;
  GPtrArray *cards;              /* VapCard, ascending */
  VapQueueSet queues;            /* queue devices there are */
  VapQueueSet vfio_bound;        /* those bound to vfio_ap */
  gboolean override_in_use;      /* some queue is bound to vfio_ap though all masks are ones */
  gboolean has_driver_override;  /* queues have the attribute (Linux 7) */

  /* vfio_ap */
  gboolean has_vfio_ap;          /* /sys/devices/vfio_ap/matrix */
  gboolean has_ap_config;        /* its feature ap_config */
  GPtrArray *devices;            /* VapHostDevice, by UUID */
  GPtrArray *other_mdevs;        /* char *: canonical UUIDs of mediated devices that are no
                                    AP matrix, active or defined; may hold one twice */

  /* libvirt */
  GPtrArray *guests;             /* VapHostGuest, by name */
  gboolean guests_incomplete;    /* some of libvirt's files could not be read */
  gboolean guests_lent;          /* others may have the same list */

  GPtrArray *problems;           /* char *: what could not be read, one sentence each */
  VapHostKnown *known;           /* NULL when it is not used again */
  gint ref_count;
} VapHost;

/**
 * vap_host_read:
 * @root: (nullable): a directory in front of /sys, /proc, /etc, /run; NULL or ""
 *   for this machine; a file is a host document, see vap_host_load()
 *
 * A file that is missing is a fact (an older kernel, no vfio_ap).  A file that
 * is there and cannot be read or understood makes the reading fail when the
 * judgement would hang on it (masks, maxima), and a sentence in @problems when
 * it concerns one device or guest.
 *
 * Returns: (transfer full): free with vap_host_unref(); NULL with
 *   %VAP_ERROR_UNREADABLE or %VAP_ERROR_MALFORMED naming the file
 */
VapHost *vap_host_read (const char *root, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * vap_host_read_scope:
 *
 * As vap_host_read(), but reads only what is in @scope, and what it cannot do without.  A
 * host document is loaded whole.
 */
VapHost *vap_host_read_scope (const char *root, const VapScope *scope,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* as vap_host_read(), for who looks at one AP matrix alone: there are the driver and this
 * device, if it is active, without its definition; @uuid in any case */
VapHost *vap_host_read_device (const char *root, const char *uuid,
                               GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* as vap_host_read(), of which there are the running guests alone */
VapHost *vap_host_read_running (const char *root,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * vap_host_look_ahead:
 * @root: as of vap_host_read(), as it will be asked for next
 *
 * For a process that keeps files (keep/keep.h), when it has time: reads those of guests that
 * have changed, so that the next who reads the guests finds them read.
 */
void vap_host_look_ahead (const char *root);

/* Nothing in a snapshot that was read may be changed: a process that keeps files may be
 * given it again when nobody has it any more. */
VapHost *vap_host_ref (VapHost *host);
void vap_host_unref (VapHost *host);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VapHost, vap_host_unref)

/* whether a guest can have the feature, as far as machine and AP bus tell.
 * appv and appvi need QCI's APSB and, where the kernel shows them, the
 * ultravisor's feature indications */
gboolean vap_host_has_feature (const VapHost *host, VapFeatureId feature);

VapQueueOwner vap_host_queue_owner (const VapHost *host, VapQueue queue);

/**
 * vap_host_owned_by_host:
 * @owned: (out): of the matrix's queues, those that zcrypt owns, so that
 *   vfio_ap would answer EADDRNOTAVAIL; NULL to only ask
 *
 * Works on masks, not queue by queue.  A queue needs no device to be owned: the
 * masks speak for absent ones too.
 */
gboolean vap_host_owned_by_host (const VapHost *host, const VapMatrix *matrix,
                                 VapQueueSet *owned);

/**
 * vap_host_filter_matrix:
 *
 * What of its matrix a device passes on to its guest: only what is in the host's
 * configuration, and no adapter that has a queue in the matrix which vfio_ap does
 * not hold (drivers/s390/crypto/vfio_ap_ops.c, vfio_ap_mdev_filter_matrix()).
 */
VapMatrix vap_host_filter_matrix (const VapHost *host, const VapMatrix *matrix);

/* (transfer none), NULL when unknown; @uuid in any case */
const VapHostDevice *vap_host_find_device (const VapHost *host, const char *uuid);
/* whether @uuid, in any case, is of a mediated device that is no AP matrix */
gboolean vap_host_has_other_mdev (const VapHost *host, const char *uuid);
/* whether a guest's mediated device is an AP matrix, by its model or because this
 * host has it as one */
gboolean vap_host_is_matrix (const VapHost *host, const VapGuestDevice *device);
/* @name_or_uuid: NULL-safe */
const VapHostGuest *vap_host_find_guest (const VapHost *host, const char *name_or_uuid);

/**
 * vap_host_holder:
 *
 * Returns: (transfer none): a running guest that has the device, else a defined
 *   one, else NULL; @except, a guest's UUID, is passed over
 */
const VapHostGuest *vap_host_holder (const VapHost *host, const char *device_uuid,
                                     const char *except, gboolean *running);

/**
 * vap_host_with_device:
 * @uuid: canonical
 * @active: (nullable): the matrix it has, NULL for a device that is not active
 * @definition: (nullable): mdevctl's, NULL without one
 *
 * Returns: (transfer full): a snapshot that differs from @host in this device, which it
 *   has not at all when it is neither active nor defined
 */
VapHost *vap_host_with_device (const VapHost *host, const char *uuid,
                               const VapMatrix *active, VapDevice *definition);

/**
 * vap_host_with_queues:
 * @moved: queues that change hands
 * @to_host: to the host; FALSE to vfio_ap
 *
 * Returns: (transfer full): a snapshot with these masks, in which those of @moved that
 *   there are have been bound to the other driver
 */
VapHost *vap_host_with_queues (const VapHost *host, const VapMask *apmask,
                               const VapMask *aqmask, const VapQueueSet *moved,
                               gboolean to_host);

/* (transfer full): a snapshot in which the guest of that name is defined so */
VapHost *vap_host_with_guest (const VapHost *host, VapGuest *defined);

/* (transfer full): a snapshot in which the guest of that name runs so */
VapHost *vap_host_with_running (const VapHost *host, VapGuest *running);

/* (transfer full): a snapshot whose next start makes these masks */
VapHost *vap_host_with_persistent (const VapHost *host, const VapPersistentMasks *masks);

G_END_DECLS
