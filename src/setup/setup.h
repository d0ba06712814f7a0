/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The doors in their places: lines in libvirt.conf for the gate, a link in libvirt's
 * directory of hooks, a link in mdevctl's directory of callouts.  Put there, taken away
 * so that everything is as it was, and looked at.  `virt-ap setup` uses it.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * VapPartState:
 * @VAP_PART_ABSENT: not put in place
 * @VAP_PART_ACTIVE: in place, and its program is there
 * @VAP_PART_CHANGED: in place, but for another installation or changed by hand
 * @VAP_PART_BROKEN: in place, and its program is not there; or a file cannot be read
 * @VAP_PART_SHADOWED: in place, and another comes before it
 * @VAP_PART_FOREIGN: something in its place is somebody else's
 * @VAP_PART_NOT_HERE: what it belongs to is not installed
 */
typedef enum {
  VAP_PART_ABSENT,
  VAP_PART_ACTIVE,
  VAP_PART_CHANGED,
  VAP_PART_BROKEN,
  VAP_PART_SHADOWED,
  VAP_PART_FOREIGN,
  VAP_PART_NOT_HERE,
  VAP_N_PART_STATES,
} VapPartState;

/* "absent", "active", …: never translated */
const char *vap_part_state_to_string (VapPartState state);

typedef enum {
  VAP_PART_DEFAULT,
  VAP_PART_ALIAS,
  VAP_PART_HOOK,
  VAP_PART_CALLOUT,
  VAP_N_PARTS,
} VapPartId;

/* "default", "alias", "hook", "callout": never translated */
const char *vap_part_to_string (VapPartId id);

typedef struct {
  VapPartState state;
  gboolean by_hand; /* active, and not by us: to be left when the doors are taken away */
  char *path;       /* the file or link, without the root */
  char *detail;     /* a sentence, NULL without one */
} VapPart;

/**
 * VapSetup:
 * @others: char *: what else is in the directories of hooks and callouts, as paths
 */
typedef struct {
  VapPart parts[VAP_N_PARTS];
  GPtrArray *others;
} VapSetup;

/**
 * VapPlaces: where to look
 * @root: in front of /etc, /usr and /var; "" for this machine
 * @doors: the directory of gate, callout and hook, without the root
 * @callouts: where this mdevctl looks for callouts, without the root; NULL when there
 *   is no mdevctl
 */
typedef struct {
  const char *root;
  const char *doors;
  const char *callouts;
} VapPlaces;

/* the two directories that mdevctl knows: from version 1.3 on the first, then the second;
 * before only the second (mdevctl src/environment.rs, callout_dirs()) */
#define VAP_CALLOUTS_NEW "/usr/lib/mdevctl/scripts.d/callouts"
#define VAP_CALLOUTS_OLD "/etc/mdevctl.d/scripts.d/callouts"

/**
 * vap_setup_callouts:
 * @root: "" to ask the mdevctl of this machine for its version; else it is seen by its
 *   directories
 *
 * Returns: (transfer none) (nullable): one of the two
 */
const char *vap_setup_callouts (const char *root);

VapSetup *vap_setup_look (const VapPlaces *places);
void vap_setup_free (VapSetup *setup);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VapSetup, vap_setup_free)

/**
 * vap_setup_enable:
 *
 * Puts everything in place that is not; what is somebody else's stays, and
 * vap_setup_look() says so.  Once is as good as twice.
 *
 * Returns: FALSE with an error when something could not be done; the rest was
 */
gboolean vap_setup_enable (const VapPlaces *places,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* takes away all that vap_setup_enable() did, and no more */
gboolean vap_setup_disable (const VapPlaces *places,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* (transfer full): the URI by which libvirt starts the gate; free with g_free() */
char *vap_setup_uri (const VapPlaces *places);

G_END_DECLS
