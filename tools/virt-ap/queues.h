/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Who holds each queue of a host, laid out as `virt-ap status` shows it: a row an
 * adapter, a column a usage domain.
 */
#pragma once

#include "host/host.h"

G_BEGIN_DECLS

typedef enum {
  QUEUE_NONE,     /* no such queue now: card or domain absent, deconfigured, too old */
  QUEUE_HOST,     /* zcrypt's */
  QUEUE_FREE,     /* vfio_ap's, and in no matrix */
  QUEUE_CLAIMED,  /* likewise, but in the definition of a device that is not active */
  QUEUE_UNBOUND,  /* meant for vfio_ap and not bound to it */
  QUEUE_DEVICE,   /* in a device, whose guest gets it */
  QUEUE_WITHHELD, /* in a device, whose guest does not get it */
  N_QUEUE_STATES,
} QueueState;

typedef struct {
  guint state;  /* QueueState */
  guint device; /* index in host->devices, for DEVICE and WITHHELD */
} QueueCell;

typedef struct {
  const VapHost *host;
  VapMask adapters;        /* the rows: what the host has, and what devices name */
  VapMask domains;         /* the columns, likewise */
  VapMask absent_adapters; /* of these, what is not in the host's configuration */
  VapMask absent_domains;
  VapMatrix *effective; /* for each of host->devices, what its guest gets */
  guint *ordinals;      /* for each of them, its number among the active ones */
  guint n_active;       /* these numbers are below it */
  guint counts[N_QUEUE_STATES];
  QueueCell cells[VAP_MASK_BITS][VAP_MASK_BITS]; /* [adapter][domain] */
} QueueMap;

/* @host must outlive it */
QueueMap *queue_map_new (const VapHost *host);
/* likewise; a device that is active in @before too has the number that it has there, and
 * the others' numbers come after those */
QueueMap *queue_map_new_after (const VapHost *host, const QueueMap *before);
void queue_map_free (QueueMap *map);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QueueMap, queue_map_free)

/* what a state means, for people, translated */
const char *queue_state_text (QueueState state);

/* The queues of one type of card, by state. */
typedef struct {
  char *type; /* "CEX7C", "unknown" */
  guint counts[N_QUEUE_STATES];
} QueueTypeCount;

void queue_type_count_free (QueueTypeCount *count);
/* (element-type QueueTypeCount): for each type of the adapters, by its name; free with
 * g_ptr_array_unref() */
GPtrArray *queue_map_by_type (const QueueMap *map);
/* adds @more to the entry of its type in @counts, which stays sorted */
void queue_type_count_add (GPtrArray *counts, const QueueTypeCount *more);

/* the card of an adapter, NULL when it has none */
const VapCard *queue_map_card (const QueueMap *map, guint adapter);

G_END_DECLS
