/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a reading of many files stood on, so that its result can be used again as long as
 * all of that is the same: for a process that keeps files (keep.h).  Used by
 * host/host-known.c.
 *
 * Between vap_evidence_begin() and vap_evidence_end() keep.h notes what it finds: a file
 * or a directory that is still the same, a path with nothing there, what an open
 * attribute says.  All else that is looked at has to be doubted by who looks, since it
 * could not be looked at again: then there is no evidence.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct VapEvidence VapEvidence;

/* Begins to note, in place of what was not ended; one that keeps no files notes nothing. */
void vap_evidence_begin (void);

/* what was found out since the beginning is not all that the result stands on */
void vap_evidence_doubt (void);

/* (transfer full) (nullable): what was noted, for vap_evidence_free(); NULL when nothing
 * was begun, or there is a doubt */
VapEvidence *vap_evidence_end (void);

/**
 * vap_evidence_holds:
 *
 * Looks at each thing again, by one lstat() or pread(), until one is another.
 *
 * Returns: whether a reading would now find what was found
 */
gboolean vap_evidence_holds (const VapEvidence *evidence);

void vap_evidence_free (VapEvidence *evidence);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VapEvidence, vap_evidence_free)

G_END_DECLS
