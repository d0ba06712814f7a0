/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How much the planner has done, counted in operations on rows of cells, so that where it
 * stops depends on its input alone and not on how fast or busy the machine is.  The clock
 * is a backstop for machines that are many times slower.  Private to plan/.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What a machine of 2020 does in a second at any rate: in tests/bench/plan.c it takes 0.2
 * to 0.7 seconds. */
#define WORK_SECOND G_GUINT64_CONSTANT (40000000)
/* by so much longer a second's work may take before the clock ends it */
#define WORK_SLOWER 6

/**
 * Work:
 * @spent: so far
 * @limit: where to stop
 * @deadline: monotonic time in microseconds, when to stop at any rate
 * @by_clock: it was the deadline that was reached
 */
typedef struct {
  guint64 spent;
  guint64 limit;
  gint64 deadline;
  gboolean by_clock;
} Work;

/* what takes a usual machine up to @seconds */
static inline Work
work_for (double seconds)
{
  return (Work){ .limit = (guint64) (seconds * (double) WORK_SECOND),
                 .deadline =
                     g_get_monotonic_time () +
                     (gint64) (seconds * WORK_SLOWER * (double) G_USEC_PER_SEC) };
}

/* @work: (nullable): NULL for what is not counted */
static inline void
work_add (Work *work, guint64 units)
{
  if (work != NULL)
    work->spent += units;
}

/* whether to stop; NULL for never */
static inline gboolean
work_is_over (Work *work)
{
  if (work == NULL || work->by_clock)
    return work != NULL;
  if (work->spent > work->limit)
    return TRUE;
  work->by_clock = g_get_monotonic_time () > work->deadline;
  return work->by_clock;
}

G_END_DECLS
