/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Keeps records: in the systemd journal, in syslog, or in a file.  The doors call it
 * once for each decision.
 */
#pragma once

#include "audit/record.h"

G_BEGIN_DECLS

/**
 * vap_audit_write:
 * @config: (nullable): where to; NULL: the first place that is there
 *
 * Needs no privilege, waits for nothing longer than a fraction of a second, and one
 * record is one datagram or one write to a file opened to append, so that many
 * processes may write at once.  A record that cannot be kept is lost: no call is
 * refused for it.
 *
 * Returns: whether it was kept
 */
gboolean vap_audit_write (const char *root, const VapConfig *config,
                          const VapRecord *record);

G_END_DECLS
