/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Queues (an adapter and a usage domain), sets of queues, and matrices: what a
 * mediated device passes through, always the product of its adapters and usage
 * domains, plus control domains.
 */
#pragma once

#include "ap/mask.h"

G_BEGIN_DECLS

typedef struct {
  guint8 adapter; /* APID 0 to 255 */
  guint8 domain;  /* APQI 0 to 255 */
} VapQueue;

/* "AA.DDDD", NUL */
#define VAP_QUEUE_TEXT_SIZE 8u

void vap_queue_format (VapQueue queue, char text[VAP_QUEUE_TEXT_SIZE]);

/* exactly "AA.DDDD" in hexadecimal, either case, DDDD at most 00ff */
gboolean vap_queue_parse (const char *text, VapQueue *queue);

/**
 * VapQueueSet: any set of queues, a mask of domains for each adapter; 8 KiB,
 * so it lives on the heap or in a larger structure.
 */
typedef struct {
  VapMask domains[VAP_MASK_BITS];
} VapQueueSet;

static inline gboolean
vap_queue_set_test (const VapQueueSet *set, VapQueue queue)
{
  return vap_mask_test (&set->domains[queue.adapter], queue.domain);
}

static inline void
vap_queue_set_add (VapQueueSet *set, VapQueue queue)
{
  vap_mask_set (&set->domains[queue.adapter], queue.domain);
}

typedef struct {
  VapMask adapters;
  VapMask domains;
  VapMask control_domains;
} VapMatrix;

gboolean vap_matrix_equal (const VapMatrix *a, const VapMatrix *b);

/* adapters times usage domains: 0 to 65,536 */
guint vap_matrix_count_queues (const VapMatrix *matrix);

static inline gboolean
vap_matrix_has_queue (const VapMatrix *matrix, VapQueue queue)
{
  return vap_mask_test (&matrix->adapters, queue.adapter) &&
         vap_mask_test (&matrix->domains, queue.domain);
}

/**
 * vap_matrix_overlap:
 * @shared: (out) (optional): the queues in both, again a matrix (the
 *   intersection of two products is one); control domains are left empty, they
 *   may be shared
 *
 * Returns: whether a queue is in both
 */
gboolean vap_matrix_overlap (const VapMatrix *a, const VapMatrix *b,
                             VapMatrix *shared);

/* the lowest queue; FALSE when the matrix has none */
gboolean vap_matrix_first_queue (const VapMatrix *matrix, VapQueue *queue);

/**
 * vap_matrix_parse_ap_config:
 *
 * The attribute ap_config as vfio_ap prints it: the three masks adapters, usage
 * domains, control domains, 64 digits each, separated by commas
 * (drivers/s390/crypto/vfio_ap_ops.c, ap_config_show()).
 */
gboolean vap_matrix_parse_ap_config (const char *text, VapMatrix *matrix,
                                     GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* the same in reverse: what ap_config_store() takes; free with g_free() */
char *vap_matrix_to_ap_config (const VapMatrix *matrix);

G_END_DECLS
