/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which of many hosts could take which of many needs: advice, for `virt-ap plan --fleet`.
 * Each host is looked at once, alone, and then forgotten but for its grid of queues, so
 * that thousands fit into memory.  No I/O.
 */
#pragma once

#include "host/host.h"
#include "plan/need.h"

G_BEGIN_DECLS

/* so many hosts are named for each kind of need */
#define VAP_FLEET_NAMED 8u

typedef struct _VapFleet VapFleet;
typedef struct _VapFleetHost VapFleetHost;

/**
 * VapFleetKind: needs that ask for the same
 * @need: (transfer none): one of them
 * @needs: guint: their indices
 * @could: how many hosts could take one of them, were there no other needs
 * @named: the first of these, indices; no more than @could
 */
typedef struct {
  const VapNeed *need;
  GArray *needs;
  guint could;
  guint named[VAP_FLEET_NAMED];
} VapFleetKind;

/* @needs: complete, must outlive it */
VapFleet *vap_fleet_new (const VapNeeds *needs);
void vap_fleet_free (VapFleet *fleet);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VapFleet, vap_fleet_free)

/**
 * vap_fleet_host_new:
 * @name: how it is called in the answer
 *
 * Several threads may do this at once.  @host is not needed any more afterwards.
 */
VapFleetHost *vap_fleet_host_new (const VapFleet *fleet, const char *name,
                                  const VapHost *host);

/* takes @host; the order of hosts is the order in which they are filled */
void vap_fleet_take (VapFleet *fleet, VapFleetHost *host);

/* what comes of it all: call once, after all hosts */
void vap_fleet_advise (VapFleet *fleet);

guint vap_fleet_count_hosts (const VapFleet *fleet);
/* queues that guests could get there, also by taking them from the host; @needs: (out):
 * how many needs are proposed for it */
const char *vap_fleet_host (const VapFleet *fleet, guint index, guint *queues,
                            guint *needs);
guint vap_fleet_count_kinds (const VapFleet *fleet);
const VapFleetKind *vap_fleet_kind (const VapFleet *fleet, guint index);
/* the host on which a need fits beside the others that are proposed there; -1 for none */
gint vap_fleet_place (const VapFleet *fleet, guint need);

G_END_DECLS
