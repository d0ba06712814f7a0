/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Findings: what the judge says, and the catalogue of everything it can say.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum {
  VAP_SEVERITY_NOTE,
  VAP_SEVERITY_WARNING,
  VAP_SEVERITY_ERROR,
} VapSeverity;

/* "note", "warning", "error": never translated, part of the output's format */
const char *vap_severity_to_string (VapSeverity severity);

/* One row of the catalogue.  Texts are translatable (gettext). */
typedef struct {
  const char *id;         /* kebab-case, never changes its meaning */
  VapSeverity severity;   /* the usual one */
  const char *meaning;    /* a sentence or two */
  const char *source;     /* file and function in Linux, QEMU or libvirt */
  const char *errno_name; /* what it spares, NULL when nothing would be refused */
  const char *cure;
  const char *example;
} VapFindingInfo;

/* NULL for an unknown id */
const VapFindingInfo *vap_finding_info (const char *id);
/* whether the catalogue has it */
gboolean vap_finding_exists (const char *id);
/* the whole catalogue by id, ended by an entry with id NULL */
const VapFindingInfo *vap_finding_catalogue (void);

typedef struct {
  const VapFindingInfo *info;
  VapSeverity severity;
  char *subject; /* a queue, device, guest or feature, as its user wrote it */
  char *message; /* one sentence, without a full stop */
  char *hint;    /* the command that mends it; NULL without one */
} VapFinding;

void vap_finding_free (VapFinding *finding);

/* VapFindings: a list of findings, in the order found */
typedef struct {
  GPtrArray *list; /* VapFinding */
} VapFindings;

VapFindings *vap_findings_new (void);
void vap_findings_free (VapFindings *findings);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VapFindings, vap_findings_free)

/* @id must be in the catalogue; @hint NULL or printf-made; takes @message and @hint */
void vap_findings_take (VapFindings *findings, const char *id, VapSeverity severity,
                        const char *subject, char *message, char *hint);

guint vap_findings_count (const VapFindings *findings, VapSeverity severity);
/* whether there is an error among them */
gboolean vap_findings_refuse (const VapFindings *findings);

/**
 * vap_findings_to_text:
 * @at_least: leave out what is less severe
 *
 * As design.md shows them, "error[id]: message\n  hint: …\n" each, errors first.
 *
 * Returns: (transfer full): free with g_free()
 */
char *vap_findings_to_text (const VapFindings *findings, VapSeverity at_least);

G_END_DECLS
