/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * /proc/cpuinfo of the simulated host, which the lab binds over the real one.
 * Source: Linux arch/s390/kernel/processor.c (show_facilities, show_cpu_summary,
 * show_cpu_ids, show_cpu_topology, show_cpu_mhz)
 */
#include "config.h"
#include "machine-types.h"
#include "machine.h"

/* The simulated partition has two processors; nothing depends on how many. */
#define N_PROCESSORS 2u
#define MHZ 5200u

static void
append_facilities (const LabMachine *machine, GString *text)
{
  g_string_append (text, "facilities      :");
  for (guint bit = 0; bit < LAB_N_FACILITIES; bit++)
    if (machine->facilities[bit])
      g_string_append_printf (text, " %u", bit);
  g_string_append_c (text, '\n');
}

static void
append_processor (const LabMachine *machine, guint cpu, GString *text)
{
  g_string_append_printf (text,
                          "\ncpu number      : %u\n"
                          "version         : FF\n"
                          "identification  : %06X\n"
                          "machine         : %s\n"
                          "cpu MHz dynamic : %u\n"
                          "cpu MHz static  : %u\n",
                          cpu, 0x0a18e8u, machine->type, MHZ, MHZ);
}

char *
lab_machine_cpuinfo (const LabMachine *machine)
{
  const LabMachineType *type = lab_machine_type_find (machine->type);
  GString *text = g_string_new (NULL);

  g_string_append_printf (text,
                          "vendor_id       : IBM/S390\n"
                          "# processors    : %u\n"
                          "bogomips per cpu: 3241.00\n"
                          "max thread id   : 0\n"
                          "features\t: %s sie \n",
                          N_PROCESSORS, type->hwcaps);
  append_facilities (machine, text);
  for (guint cpu = 0; cpu < N_PROCESSORS; cpu++)
    g_string_append_printf (
        text, "processor %u: version = FF,  identification = %06X,  machine = %s\n", cpu,
        0x0a18e8u, machine->type);
  for (guint cpu = 0; cpu < N_PROCESSORS; cpu++)
    append_processor (machine, cpu, text);
  return g_string_free (text, FALSE);
}
