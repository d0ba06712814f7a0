/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which process, and which run of the machine: numbers that are used again, told apart.
 */
#include "config.h"

#include "change/priv.h"

#include <string.h>

/* the place of starttime behind the closing parenthesis of comm (proc(5), stat) */
#define START_FIELD 20u

char *
vap_process_start (pid_t pid)
{
  g_autofree char *path = g_strdup_printf ("/proc/%d/stat", (int) pid);
  g_autofree char *text = NULL;
  g_auto (GStrv) fields = NULL;
  const char *end;

  if (!g_file_get_contents (path, &text, NULL, NULL))
    return NULL;
  end = strrchr (text, ')');
  fields = g_strsplit (end != NULL ? end : "", " ", -1);
  if (g_strv_length (fields) <= START_FIELD || *fields[1] == 'Z')
    return NULL;
  return g_strdup (fields[START_FIELD]);
}

char *
vap_boot_id (void)
{
  g_autofree char *text = NULL;

  if (!g_file_get_contents ("/proc/sys/kernel/random/boot_id", &text, NULL, NULL))
    return g_strdup ("");
  return g_strdup (g_strchomp (text));
}
