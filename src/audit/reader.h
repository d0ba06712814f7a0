/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Finds the records that writer.h kept, wherever that was.  `virt-ap log` uses it.
 */
#pragma once

#include <jansson.h>

#include "audit/record.h"

G_BEGIN_DECLS

/**
 * VapAuditFilter: NULL for what does not matter
 * @since: as a record's time is written; what is older is left out
 * @guest: name of a guest, or UUID of a device
 */
typedef struct {
  const char *since;
  const char *door;
  const char *guest;
  const char *verdict;
} VapAuditFilter;

/**
 * VapAuditReading:
 * @records: json_t *: by time, the oldest first
 * @problems: char *: what could not be read, a sentence each
 */
typedef struct {
  GPtrArray *records;
  GPtrArray *problems;
} VapAuditReading;

void vap_audit_reading_free (VapAuditReading *reading);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VapAuditReading, vap_audit_reading_free)

/**
 * vap_audit_read:
 * @config: (nullable): for the file
 *
 * Reads the journal by running journalctl, where there is a journal; the lines that
 * syslog wrote to /var/log/syslog and /var/log/messages; and our files, the system's,
 * this user's and what logrotate made of them.  A line that is no record is passed over.
 *
 * Returns: (transfer full): free with vap_audit_reading_free()
 */
VapAuditReading *vap_audit_read (const char *root, const VapConfig *config,
                                 const VapAuditFilter *filter);

G_END_DECLS
