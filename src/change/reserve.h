/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Moving queues between the host and vfio_ap: what to write for it, and what is in the
 * way.  For `virt-ap reserve`, and for whoever has queues to reserve before it makes a
 * device of them.
 */
#pragma once

#include "change/transaction.h"
#include "check/finding.h"
#include "host/host.h"

G_BEGIN_DECLS

typedef enum {
  VAP_RESERVE_NOTHING,  /* every queue is there already */
  VAP_RESERVE_BY_MASKS,    /* by apmask and aqmask */
  VAP_RESERVE_BY_OVERRIDE, /* by the driver_override of each queue */
} VapReserveWay;

/**
 * VapReserve: a move as it would be made.
 * @moved: the queues that change hands now; others were there already
 * @n_moved: how many they are; without QCI also ones that no card has
 * @after: the host as it will be
 * @rule: (nullable): what VAP_RULE_FILE shall have; NULL when it stays as it is
 */
typedef struct {
  gboolean to_host;
  VapReserveWay way;
  VapQueueSet wanted;
  VapQueueSet moved;
  guint n_moved;
  VapHost *after;
  char *rule;
} VapReserve;

void vap_reserve_free (VapReserve *reserve);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VapReserve, vap_reserve_free)

typedef enum {
  VAP_RESERVE_PLAIN = 0,
  VAP_RESERVE_PERSISTENT = 1 << 0, /* also after a restart, as chzdev keeps the masks */
  VAP_RESERVE_FORCE = 1 << 1,      /* although processes use the host's last queue */
} VapReserveFlags;

/**
 * vap_reserve_plan:
 * @host: read under the lock, or for a dry run
 * @wanted: queues of the host's configuration (vap_queue_set_add_pattern())
 * @to_host: to the host; FALSE to vfio_ap, for guests
 * @findings: gets what is in the way, and what is good to know; with an error among them
 *   the move must not be made
 *
 * Moves exactly @wanted: by driver_override where that is in use, else by the masks, else
 * by driver_override where the kernel has it and masks cannot say it.  Otherwise it is
 * refused, with the nearest that masks can say.  Reads the driver_override of queues and
 * VAP_RULE_FILE besides, and looks for processes that use the host's queues.
 *
 * Returns: (transfer full): free with vap_reserve_free(); NULL with
 *   %VAP_ERROR_UNREADABLE when one of these cannot be read
 */
VapReserve *vap_reserve_plan (const VapHost *host, const VapQueueSet *wanted,
                              gboolean to_host, VapReserveFlags flags,
                              VapFindings *findings,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* adds the steps of a move that is not refused, in an order in which the host never has
 * less, or more, than before and after */
void vap_reserve_add_steps (const VapReserve *reserve, const VapHost *before,
                            VapTransaction *transaction);

/* whether every queue of @wanted that there is ended where it should; @now: read after
 * the steps were applied.  FALSE with %VAP_ERROR_FAILED naming one. */
gboolean vap_reserve_check (const VapReserve *reserve, const VapHost *now,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* "05.0004, 05.0047, 06.0004 and 9 more"; free with g_free() */
char *vap_queue_set_to_text (const VapQueueSet *queues);
guint vap_queue_set_count (const VapQueueSet *queues);

G_END_DECLS
