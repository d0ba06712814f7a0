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
 * VapMovePlan: what the guest would get
 * @wanted: it has a matrix, and another can stand for it
 * @before: what the driver passes on to it now
 * @matrix: for it on the target: domains keep their numbers, adapters where they can
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
 * Adapters are matched so that as many as possible keep their numbers, and none is left
 * over as long as all can be matched at all.
 *
 * Returns: (transfer full): free with vap_findings_free()
 */
VapFindings *vap_check_move (const VapMoveSide *from, const VapMoveSide *to,
                             const VapGuest *guest,
                             VapMovePlan *plan) G_GNUC_WARN_UNUSED_RESULT;

/**
 * vap_patterns_differ:
 *
 * Compares the current master keys in two texts of mkvps, "AES CUR: valid 0x…" of CCA and
 * "WK CUR: valid 0x…" of EP11: what was wrapped by one must be opened by the other.
 *
 * Returns: (transfer full) (nullable): the name of the first that differs, "AES CUR"; NULL
 *   when none does.  Source: Linux drivers/s390/crypto/zcrypt_cex4.c, cca_mkvps_show(),
 *   ep11_mkvps_show()
 */
char *vap_patterns_differ (const char *one, const char *other);

G_END_DECLS
