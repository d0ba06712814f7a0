/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The table of machine types that a simulated host can be.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct {
  const char *type;       /* "3931", as in /proc/cpuinfo */
  const char *sold;       /* "z16" */
  const char *hwcaps;     /* the line "features" of /proc/cpuinfo */
  const char *facilities; /* STFLE bits in a partition */
} LabMachineType;

/* NULL for a type that is not in the table */
const LabMachineType *lab_machine_type_find (const char *type);

G_END_DECLS
