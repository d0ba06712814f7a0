/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What `virt-ap repair` is to do about drift: what is clear by itself, what --answer
 * says, and what is asked on a terminal.
 */
#pragma once

#include "change/mend.h"
#include "repair.h"

G_BEGIN_DECLS

/* What is to be done about one finding. */
typedef struct {
  char *id;
  char *subject; /* NULL: it is about the whole host */
  const char *slug;
} Decision;

/* What nobody has answered yet, as it is told where nobody can be asked. */
typedef struct {
  char *id;
  char *subject;
  char *message;
  VapMendOffer offer;
} Question;

typedef struct {
  GPtrArray *decisions;  /* Decision, in the order in which they are made */
  GPtrArray *questions;  /* Question */
  VapFindings *refused;  /* what is in the way of what would have been decided */
  gboolean failed;       /* one could not be judged, which was told */
} Decisions;

void decisions_free (Decisions *decisions);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Decisions, decisions_free)

/**
 * decisions_make:
 * @host: as it is, read without the lock, so that nobody has to wait for an answer
 *
 * Each decision is tried out on what those before it make of the host, so that nobody is
 * asked about what another answer settles.
 *
 * Returns: (transfer full): NULL after telling of an --answer that is none
 */
Decisions *decisions_make (const Repair *repair, const VapHost *host);

/* (transfer none): the finding that a decision is about, NULL when it is gone by now */
const VapFinding *decision_find (const Decision *decision, const VapFindings *findings);

/* "matrix-drift:UUID=store", for --answer; free with g_free() */
char *question_answer (const Question *question, const VapMendChoice *choice);

G_END_DECLS
