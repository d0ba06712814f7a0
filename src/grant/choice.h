/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which matrix a guest is granted: decided from what is known, without doing anything.
 * Used by grant.c, which does what was chosen and asks again if that was a clearing away.
 */
#pragma once

#include "daemon/daemon.h"
#include "grant/record.h"
#include "host/host.h"

G_BEGIN_DECLS

/**
 * VapGrantNeed: a profile, as the planner sees it
 * @accepts: whether a matrix would do
 * @plan: one from free queues; FALSE with the reason
 */
typedef struct {
  const char *profile;
  gboolean (*accepts) (const VapHost *host, const VapMatrix *matrix, gconstpointer need);
  gboolean (*plan) (const VapHost *host, gconstpointer need, VapMatrix *matrix,
                    GError **error);
  gconstpointer need;
} VapGrantNeed;

/**
 * VapGrantQuestion:
 * @guests: VapDaemonGuest, all that libvirt has
 * @grants: VapGrant, of vap_grants_read()
 * @guest_uuid: of the guest that is being defined
 * @own: NULL-terminated: devices that its new definition names already, because Nova
 *   remembers them
 * @now: seconds since 1970
 * @keep: how long a matrix whose guest is not there is kept for it, in seconds
 */
typedef struct {
  const VapHost *host;
  GPtrArray *guests;
  GPtrArray *grants;
  const char *guest_uuid;
  const char *const *own;
  VapGrantNeed need;
  gint64 now;
  gint64 keep;
} VapGrantQuestion;

typedef enum {
  VAP_GRANT_USE,     /* @device is there */
  VAP_GRANT_MAKE,    /* @device is to be made, with @matrix */
  VAP_GRANT_RECLAIM, /* @grant is nobody's any more; clear it away, and ask again */
  VAP_GRANT_DROP,    /* @device is lost; drop it, and ask again */
} VapGrantChoiceKind;

/**
 * VapGrantChoice:
 * @device: canonical UUID
 * @grant: (transfer none): of the question's; the one that gives way
 */
typedef struct {
  VapGrantChoiceKind kind;
  char device[37];
  VapMatrix matrix;
  const VapGrant *grant;
} VapGrantChoice;

/**
 * vap_grant_choose:
 *
 * In this order: what the guest was granted before; what its definition names; a matrix
 * that was prepared and that nobody uses; a new one; what another guest has left behind.
 *
 * Returns: FALSE with %VAP_ERROR_FAILED and the planner's reason when nothing is left
 */
gboolean vap_grant_choose (const VapGrantQuestion *question, VapGrantChoice *choice,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* whether the guest that it is for has the device in libvirt */
gboolean vap_grant_is_held (const VapGrant *grant, GPtrArray *guests);

/* for how many seconds it is kept for a guest that is not there: @keep, but only a moment
 * when the process that was about to define the guest has ended */
gint64 vap_grant_patience (const VapGrant *grant, gint64 keep);

/* whether nobody will come back for it: not held, and not touched for so long */
gboolean vap_grant_is_stale (const VapGrant *grant, GPtrArray *guests, gint64 now,
                             gint64 keep);

/* whether it was made for a grant that is recorded no more, and no guest has it */
gboolean vap_grant_is_lost (const char *device, GPtrArray *grants, GPtrArray *guests);

G_END_DECLS
