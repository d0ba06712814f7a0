/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * From a host and needs to the grid and the items that instance.h is about, and what is
 * needed on the way back.  Private to plan/.
 */
#pragma once

#include "plan/instance.h"
#include "plan/plan.h"

G_BEGIN_DECLS

/**
 * Wish: a need on this host.
 * @device: (nullable): what the guest has already
 * @uuid: the device's, or that of the one to be made
 * @kept: it meets the need and stays; else @item is its index among the items
 * @hopeless: (nullable): why no matrix can meet it
 */
typedef struct {
  const VapNeed *need;
  const VapHostDevice *device;
  VapMatrix before;
  char uuid[37];
  gboolean kept;
  guint item;
  char *hopeless;
} Wish;

/**
 * Problem:
 * @usable: adapters with a card that answers and that vfio_ap takes
 * @base: by domain: the adapters whose queue guests can have as things are, with what
 *   the items have now
 * @reservable: by domain: those whose queue the host has, and may lose
 * @hosts: by domain: all whose queue the host has
 * @locked_rows, @locked_columns: where the host keeps a queue, so that the masks must go
 *   on giving them to it
 */
typedef struct {
  const VapHost *host;
  const VapNeeds *needs;
  gboolean rearrange;
  Wish *wishes;
  Instance instance;
  Bits usable;
  Bits base[GRID];
  Bits reservable[GRID];
  Bits hosts[GRID];
  Bits locked_rows;
  Bits locked_columns;
  VapReserveMethod method; /* how queues are reserved, when some are */
} Problem;

Problem *problem_new (const VapHost *host, const VapNeeds *needs, gboolean rearrange);
void problem_free (Problem *problem);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Problem, problem_free)

/* an item's lists of neighbours */
void problem_free_away (Item *item);

/* the grid with all that could be reserved */
void problem_grid (const Problem *problem, Grid *grid);

/* by masks: rows and columns that become the guests' */
typedef struct {
  Bits rows;
  Bits columns;
  guint taken; /* queues that the host loses */
} Reserve;

/* the grid with @reserve */
void reserve_grid (const Problem *problem, const Reserve *reserve, Grid *grid);

/**
 * reserve_solve:
 * @places: (out): the best found
 * @bound: (out): see solve()
 *
 * With the fewest queues taken from the host for what it achieves.
 */
Score reserve_solve (const Problem *problem, Place *places, Reserve *reserve,
                     Score *bound, gboolean *stopped, Work *work);

/* adds the conflicts of the items that @places does not meet */
void conflicts_find (const Problem *problem, const Place *places, VapPlan *plan,
                     Work *work);

G_END_DECLS
