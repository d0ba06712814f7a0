/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The IBM Z machines that the lab knows, one row a machine type.  The facilities
 * are what a logical partition has; each generation adds to the one before.
 * Source: QEMU target/s390x/gen-features.c and cpu_features_def.h.inc
 */
#include "config.h"
#include "machine-types.h"

#include <string.h>

/* Features that Linux prints in /proc/cpuinfo (arch/s390/kernel/processor.c). */
#define HWCAPS_Z13 "esan3 zarch stfle msa ldisp eimm dfp edat etf3eh highgprs te vx"
#define HWCAPS_Z14 HWCAPS_Z13 " vxd vxe gs"
#define HWCAPS_Z15 HWCAPS_Z14 " vxe2 vxp sort dflt"
#define HWCAPS_Z16 HWCAPS_Z15 " vxp2 nnpa pcimio"

#define FACILITIES_Z13                                                                   \
  "0-4 6-10 12 14-28 30-38 40-53 55 57 64 65 69 71-78 80-82 128 129 131"
#define FACILITIES_Z14 FACILITIES_Z13 " 54 58-60 130 133-135 138 139 144-147 156 168"
#define FACILITIES_Z15 FACILITIES_Z14 " 61 148 150-152 155 158 161"
#define FACILITIES_Z16 FACILITIES_Z15 " 165 170 192-194 196 197"
#define FACILITIES_Z17 FACILITIES_Z16 " 84-87 153 198-201"

static const LabMachineType types[] = {
  { "2964", "z13", HWCAPS_Z13, FACILITIES_Z13 },
  { "3906", "z14", HWCAPS_Z14, FACILITIES_Z14 },
  { "8561", "z15", HWCAPS_Z15, FACILITIES_Z15 },
  { "3931", "z16", HWCAPS_Z16, FACILITIES_Z16 },
  { "9175", "z17", HWCAPS_Z16, FACILITIES_Z17 },
  { NULL, NULL, NULL, NULL },
};

const LabMachineType *
lab_machine_type_find (const char *type)
{
  for (const LabMachineType *row = types; row->type != NULL; row++)
    if (strcmp (row->type, type) == 0)
      return row;
  return NULL;
}
