/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where records are, for who writes and who reads them; private to audit/. */
#pragma once

#include "config/settings.h"

G_BEGIN_DECLS

#define VAP_AUDIT_JOURNAL_SOCKET "/run/systemd/journal/socket"
#define VAP_AUDIT_SYSLOG_SOCKET "/dev/log"
/* ours in the journal, made with systemd-id128 new */
#define VAP_AUDIT_MESSAGE_ID "5f0f9c7f6a8d4c0ab1f5a1a54b9a7f3e"

/**
 * vap_audit_files:
 * @config: (nullable)
 *
 * Returns: (transfer full): char *: the files that records may be in, in the order in
 *   which they are tried: the configured one or the system's, then the user's own
 */
GPtrArray *vap_audit_files (const char *root, const VapConfig *config);

G_END_DECLS
