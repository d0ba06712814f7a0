/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Keeps the file system's thread on the processor of its reader.  A request is a hand-over:
 * the reader sleeps until the answer is there.  On one processor that is a change of
 * context; between two, in a virtual machine above all, each way wakes a sleeping
 * processor, which costs ten times as much.  Used by fs.c.
 */
#pragma once

#include <glib.h>
#include <sys/types.h>

G_BEGIN_DECLS

/* all zeros: not bound to a processor yet */
typedef struct {
  guint requests;  /* since it last looked */
  gint processor;  /* the number of the one it is bound to, plus 1 */
} LabCpu;

/**
 * lab_cpu_follow:
 * @reader: the thread that sent the request, in this PID namespace
 *
 * Looks where the reader runs at the first request and then at every 32nd, and binds
 * the calling thread to that processor.  Where it cannot look or bind, all stays as
 * it is.
 */
void lab_cpu_follow (LabCpu *cpu, pid_t reader);

G_END_DECLS
