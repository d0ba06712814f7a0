/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What apmask and aqmask can say.  A queue is the host's if the bits of its adapter and
 * of its domain are both set, so that the host's queues are always a product.  Sets of
 * masks in, masks out; no I/O.
 */
#pragma once

#include "ap/matrix.h"

G_BEGIN_DECLS

/**
 * VapProduct: apmask and aqmask, and the part of them that there are queues for.
 * @adapters: those that this host has
 * @domains: the usage domains that it has
 */
typedef struct {
  VapMask apmask, aqmask;
  VapMask adapters, domains;
} VapProduct;

/**
 * vap_product_move:
 * @queues: those to be moved, of the product's adapters and domains
 * @to_host: to the host; FALSE to vfio_ap
 * @result: (out): the same with other masks: exactly @queues change hands, those that
 *   are there already aside, and as few bits as possible differ
 *
 * Returns: FALSE when no masks do that
 */
gboolean vap_product_move (const VapProduct *product, const VapQueueSet *queues,
                           gboolean to_host, VapProduct *result);

/**
 * vap_product_nearest:
 * @more: (out): @queues and as few others as possible, with which vap_product_move()
 *   can do it
 * @adapters: (out): @more as patterns: whole adapters of these, and
 * @domains: (out): whole usage domains of these; of @to_host the product of both
 *
 * To vfio_ap the fewest are found by trying every choice between taking a queue's whole
 * adapter and its whole domain, up to 12 kinds of adapters; beyond that the better one
 * of only adapters and only domains is taken.
 */
void vap_product_nearest (const VapProduct *product, const VapQueueSet *queues,
                          gboolean to_host, VapQueueSet *more, VapMask *adapters,
                          VapMask *domains);

/* those of its queues that the host has */
void vap_product_hosts (const VapProduct *product, VapQueueSet *queues);

G_END_DECLS
