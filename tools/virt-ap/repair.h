/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * `virt-ap repair`: its parts, each of which mends one kind of thing.
 */
#pragma once

#include "output.h"

G_BEGIN_DECLS

typedef enum {
  REPAIR_FINISH,   /* undo what was interrupted, or complete it where that is better */
  REPAIR_COMPLETE, /* complete it */
  REPAIR_FORGET,   /* leave the host as it is */
} RepairWay;

typedef struct {
  const char *root;
  RepairWay way;
  gboolean dry_run;
  char **answers;      /* as given with --answer; NULL for none */
  const char *connect; /* the URI of a libvirt daemon; NULL for mdevctl */
  Output *output; /* gets text, unless there is @json */
  VapJson *json;  /* an object that is open; NULL for text */
} Repair;

/* repair-journal.c: a change that was interrupted; a member `interrupted`.  Returns the
 * exit status. */
int repair_journal (const Repair *repair);

/* repair-drift.c: what is not as it is stored and has one right answer; a member `drift` */
int repair_drift (const Repair *repair);

G_END_DECLS
