/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How many guests of each profile a host can have at the same time: for an inventory from
 * which others schedule, such as OpenStack's Placement.  No I/O.
 */
#pragma once

#include "host/host.h"
#include "plan/profile.h"

G_BEGIN_DECLS

/**
 * vap_offer_find:
 * @counts: (array length=profiles): on entry how many guests of each profile there are
 *   already, whose queues are not free; on return how many there can be, these included
 *
 * From what is free for guests now: nothing is taken from the host.  Profiles compete for
 * the same queues, so what is free is shared out: always the profile that has least gets
 * one more.  All of the answer fits at once, by the planner's own placing.
 */
void vap_offer_find (const VapHost *host, const VapProfiles *profiles, guint *counts);

G_END_DECLS
