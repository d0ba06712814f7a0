/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Whether a guest can go to another host with its crypto: the CPU features that it runs
 * with, a matrix that can stand for its own, the same master keys in each queue, its
 * control domains.  Facts of two hosts in, findings out; for `virt-ap check-move`.
 */
#pragma once

#include "check/finding.h"
#include "host/host.h"
#include "host/patterns.h"
#include "host/qemu.h"

G_BEGIN_DECLS

/**
 * VapMoveSide: one of the two hosts
 * @patterns: (nullable): the master keys of its queues, as far as they are known
 * @qemu: (nullable): the QEMU there
 */
typedef struct {
  const VapHost *host;
  const VapPatterns *patterns;
  const VapQemu *qemu;
} VapMoveSide;

/**
 * VapMoveFlags:
 * @VAP_MOVE_KEEP_DOMAINS: domains must keep their numbers
 * @VAP_MOVE_ASSUME_KEYS: master keys that are not known are taken for the same
 */
typedef enum {
  VAP_MOVE_PLAIN = 0,
  VAP_MOVE_KEEP_DOMAINS = 1 << 0,
  VAP_MOVE_ASSUME_KEYS = 1 << 1,
} VapMoveFlags;

/**
 * VapMovePlan: what the guest would get
 * @wanted: it has a matrix, and another can stand for it
 * @before: what the driver passes on to it now
 * @matrix: for it on the target, with the same numbers where they fit
 * @device: (nullable): a device of the target that has exactly that matrix and that no
 *   guest has; not ours
 */
typedef struct {
  gboolean wanted;
  VapMatrix before;
  VapMatrix matrix;
  const char *device;
} VapMovePlan;

/**
 * vap_check_move:
 * @guest: of @from
 * @plan: (out caller-allocates)
 *
 * A matrix is equivalent when it has as many adapters and domains, and each queue of ours
 * has one there of the same mode, no older generation and the same master keys: secure
 * keys live by those, not by numbers.  Numbers stay the same where they can, domains
 * before adapters, and keys that are known to be the same are preferred to unknown ones.
 * A domain gets another number only where the keys are known to be the same.
 *
 * Returns: (transfer full): free with vap_findings_free()
 */
VapFindings *vap_check_move (const VapMoveSide *from, const VapMoveSide *to,
                             const VapGuest *guest, VapMoveFlags flags,
                             VapMovePlan *plan) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
