/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * LabMachine: the description of a simulated IBM Z host, as read from a machine
 * file and the command line.  It is what the hardware and the boot left; the
 * model (model.h) starts from it, the rest of the lab shows its other parts.
 */
#pragma once

#include "ap/mask.h"

G_BEGIN_DECLS

/* The generation of Linux drivers that the host plays. */
typedef enum {
  LAB_KERNEL_6_1,
  LAB_KERNEL_6_12,
  LAB_KERNEL_7_2,
} LabKernel;

/* As in the recordings: 1 accelerator, 2 EP11, 4 CCA. */
typedef enum {
  LAB_MODE_ACCELERATOR = 1,
  LAB_MODE_EP11 = 2,
  LAB_MODE_CCA = 4,
} LabMode;

typedef struct {
  guint8 id;         /* APID */
  guint hwtype;      /* 13 = CEX7 */
  LabMode mode;
  gboolean config;   /* FALSE: deconfigured */
  gboolean checkstop;
  gboolean online;   /* zcrypt's online attribute at start */
} LabCard;

/* STFLE bits 0 to 511; higher ones are the machine's own business */
#define LAB_N_FACILITIES 512u

/* a mediated device definition that mdevctl has at start */
typedef struct {
  char *uuid;
  char *json;
} LabDefinition;

/* CEX4, the oldest type that vfio_ap takes, and that newer kernels make devices for;
 * CEX8, the newest that Linux knows */
#define LAB_HWTYPE_CEX4 10u
#define LAB_HWTYPE_CEX8 14u

typedef enum {
  LAB_BIND_NONE, /* unbound */
  LAB_BIND_HOST, /* to cex4queue */
  LAB_BIND_VFIO_AP,
} LabBindTo;

/* the driver that a queue has at start, whatever the boot gave it to */
typedef struct {
  guint8 adapter;
  guint8 domain;
  LabBindTo to;
} LabBinding;

/* A kind of master key of a coprocessor, and how zcrypt tells of it. */
typedef struct {
  const char *name;  /* in a machine file */
  LabMode mode;      /* of the adapters that have it */
  const char *label; /* in mkvps */
  guint digits;      /* of its verification pattern */
  const char *there; /* the state of one with a pattern ... */
  const char *gone;  /* ... and of one without */
  gboolean set;      /* unless the file says otherwise */
} LabMasterKeyType;

#define LAB_N_MASTER_KEYS 11u
extern const LabMasterKeyType lab_master_key_types[LAB_N_MASTER_KEYS];

#define LAB_ALL_DOMAINS (-1)
#define LAB_MASTER_KEY_SIZE 65u /* the longest pattern, NUL */

/* what a machine file says of a key of a queue, or of all of an adapter's queues */
typedef struct {
  guint8 adapter;
  gint domain; /* or LAB_ALL_DOMAINS */
  guint type;  /* place in lab_master_key_types */
  char pattern[LAB_MASTER_KEY_SIZE]; /* "" for no key */
} LabMasterKey;

typedef struct {
  char *name;              /* "z16" */
  char *type;              /* machine type in /proc/cpuinfo, "3931" */
  LabKernel kernel;
  gboolean has_ap;         /* FALSE: no AP instructions, no /sys/bus/ap */
  gboolean vfio_ap_loaded; /* FALSE: until `modprobe vfio_ap` */
  GArray *cards;           /* LabCard, ascending by id */
  VapMask usage_domains;
  VapMask control_domains;
  guint8 facilities[LAB_N_FACILITIES]; /* STFLE bits, 1 where there */
  guint qci;               /* VapQciBits; 0 also where there is no QCI (facility 12) */
  gboolean interrupts;     /* facility 65 */
  guint max_adapter_id;    /* 255, 63 without APXA */
  guint max_domain_id;     /* 255, 15 without APXA */
  VapMask apmask;          /* at boot; all ones unless the file says */
  VapMask aqmask;
  GArray *bindings;        /* LabBinding, in the order of the file */
  GArray *master_keys;     /* LabMasterKey, those that are not the default ones */
  GPtrArray *definitions;  /* LabDefinition */
  char *udev_rule;         /* content of /etc/udev/rules.d/41-ap.rules, NULL: none */
} LabMachine;

/* the default machine: a z16 with three cards */
LabMachine *lab_machine_new_default (void);
/* a key file, what it leaves out is the default machine's; NULL with an error naming
 * file, group and key */
LabMachine *lab_machine_load (const char *path, GError **error);
LabMachine *lab_machine_copy (const LabMachine *machine);
void lab_machine_free (LabMachine *machine);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LabMachine, lab_machine_free)

/*
 * Change a machine by the text of a machine file's key or a command line option.
 * The type brings its facilities and QCI bits, the features bring the maximum
 * ids, usage domains are control domains too until these are set.
 */
gboolean lab_machine_set_type (LabMachine *machine, const char *text, GError **error);
gboolean lab_machine_set_kernel (LabMachine *machine, const char *text, GError **error);
gboolean lab_machine_set_cards (LabMachine *machine, const char *text, GError **error);
gboolean lab_machine_set_usage_domains (LabMachine *machine, const char *text,
                                        GError **error);
gboolean lab_machine_set_control_domains (LabMachine *machine, const char *text,
                                          GError **error);

/* @queue: "05.0004"; @driver: "vfio_ap", "cex4queue" or "none" */
gboolean lab_machine_add_binding (LabMachine *machine, const char *queue,
                                  const char *driver, GError **error);
/* Whether driver_override can be written: not to all kernels, and not beside masks
 * that give a queue away. */
gboolean lab_machine_has_override (const LabMachine *machine);

/* @place: an adapter, "05", or a queue, "05.0004"; @text: "aes=4c61620000010047 asym=-" */
gboolean lab_machine_add_master_keys (LabMachine *machine, const char *place,
                                      const char *text, GError **error);
/* the one of @keys that is for this queue, NULL when the default counts */
const LabMasterKey *lab_master_key_find (const GArray *keys, guint adapter, guint domain,
                                         guint type);
/* @pattern: "" where there is no such key by default */
void lab_master_key_default (guint type, guint domain,
                             char pattern[LAB_MASTER_KEY_SIZE]);

/* Whether the parts fit together: no adapter and no domain above the maximum, no
 * binding that the kernel would refuse, no master key that the adapter has no room for. */
gboolean lab_machine_validate (const LabMachine *machine, GError **error);
gboolean lab_machine_validate_master_keys (const LabMachine *machine, GError **error);
gboolean lab_machine_validate_bindings (const LabMachine *machine, GError **error);

/* /proc/cpuinfo as Linux on this machine prints it; free with g_free() */
char *lab_machine_cpuinfo (const LabMachine *machine);

/* lists in the format of the recordings: "05:13:4,06:13:2", ranges as in "00-0f:13:4",
 * or "-" for none */
gboolean lab_machine_parse_cards (const char *text, GArray **cards, GError **error);
/* "4,47,ab,ff", or "-" for none */
gboolean lab_machine_parse_domains (const char *text, VapMask *domains, GError **error);

/* "0-4 12 15", or "+65 -15" for changes to what @facilities has */
gboolean lab_machine_parse_facilities (const char *text,
                                       guint8 facilities[LAB_N_FACILITIES],
                                       GError **error);

G_END_DECLS
