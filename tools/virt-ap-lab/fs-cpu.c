/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where the reader runs, from /proc, and the binding to it.
 */
#include "fs-cpu.h"

#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* a look costs about as much as an answer */
#define REQUESTS_A_LOOK 32

/* of /proc/PID/stat (proc(5)); the name in field 2 may have blanks, so it counts from
 * field 3, behind the last parenthesis */
#define PROCESSOR_FIELD 39

static gint
processor_of (pid_t thread)
{
  char path[32], stat[1024];
  gint fd;
  gssize length;
  char *field;

  g_snprintf (path, sizeof path, "/proc/%d/stat", (gint) thread);
  fd = open (path, O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return -1;
  length = read (fd, stat, sizeof stat - 1);
  close (fd);
  if (length <= 0)
    return -1;
  stat[length] = '\0';

  field = strrchr (stat, ')');
  for (guint number = 2; field != NULL && number < PROCESSOR_FIELD; number++)
    field = strchr (field + 1, ' ');
  return field != NULL ? atoi (field + 1) : -1;
}

void
lab_cpu_follow (LabCpu *cpu, pid_t reader)
{
  gint processor;
  cpu_set_t set;

  if (cpu->requests++ % REQUESTS_A_LOOK != 0)
    return;
  processor = processor_of (reader);
  if (processor < 0 || processor >= CPU_SETSIZE || processor + 1 == cpu->processor)
    return;

  CPU_ZERO (&set);
  CPU_SET (processor, &set);
  if (sched_setaffinity (0, sizeof set, &set) == 0)
    cpu->processor = processor + 1;
}
