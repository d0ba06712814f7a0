/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A process is its PID, the time of its start, since PIDs come again, and the namespace
 * that the PID is of; see maker.h. */
#include "config.h"

#include "grant/maker.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

/* of /proc/PID/stat, counted behind the name, which may have any character but is ended
 * by the last parenthesis (proc(5)) */
#define FIELD_STATE 0
#define FIELD_START 19

/* (transfer full) (nullable) */
static char *
read_start (const char *pid, char *state)
{
  g_autofree char *path = g_strdup_printf ("/proc/%s/stat", pid);
  g_autofree char *text = NULL;
  g_auto (GStrv) fields = NULL;
  const char *end;

  if (!g_file_get_contents (path, &text, NULL, NULL))
    return NULL;
  end = strrchr (text, ')');
  if (end == NULL || end[1] != ' ')
    return NULL;
  fields = g_strsplit (end + 2, " ", -1);
  if (g_strv_length (fields) <= FIELD_START)
    return NULL;
  *state = fields[FIELD_STATE][0];
  return g_strdup (fields[FIELD_START]);
}

char *
vap_maker_self (void)
{
  g_autofree char *space = g_file_read_link ("/proc/self/ns/pid", NULL);
  char state;
  g_autofree char *start = read_start ("self", &state);

  if (space == NULL || start == NULL)
    return NULL;
  return g_strdup_printf ("%ld %s %s", (long) getpid (), start, space);
}

gboolean
vap_maker_is_gone (const char *maker)
{
  g_auto (GStrv) words = g_strsplit (maker != NULL ? maker : "", " ", -1);
  g_autofree char *space = g_file_read_link ("/proc/self/ns/pid", NULL);
  g_autofree char *start = NULL;
  guint64 pid;
  char state = '\0';

  if (g_strv_length (words) != 3 || g_strcmp0 (space, words[2]) != 0 ||
      !g_ascii_string_to_unsigned (words[0], 10, 1, G_MAXINT, &pid, NULL))
    return FALSE;
  /* /proc may hide other users' processes, the kernel's answer to a signal does not */
  if (kill ((pid_t) pid, 0) != 0 && errno == ESRCH)
    return TRUE;
  start = read_start (words[0], &state);
  return start != NULL && (state == 'Z' || !g_str_equal (start, words[1]));
}
