/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the files of keep/ share; not for other folders. */
#pragma once

#include "keep/keep.h"

G_BEGIN_DECLS

/* whether @path is in a file system that tells each change of it */
gboolean vap_keep_is_told (const char *path);

/* how @path is now: neither known nor absent when nothing can be kept of it */
void vap_keep_look (const char *path, VapKeepMark *mark);

/* the result of a reading stands on @path being so; see evidence.h */
void vap_evidence_note_status (const char *path, const VapKeepMark *status);
/* on the attribute saying these */
void vap_evidence_note_bytes (const char *path, const char *bytes, gsize length);

G_END_DECLS
