/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What /proc/cpuinfo says of a Z machine: its number and its facilities (STFLE);
 * and what its ultravisor can do for guests.
 * Source: Linux arch/s390/kernel/processor.c, show_cpu_summary() and
 * show_facilities(); another architecture's file leaves all unknown.
 * arch/s390/kernel/uv.c, uv_query_feature_indications()
 */
#include "config.h"

#include "host/priv.h"
#include "keep/keep.h"

#include <string.h>

#include <glib/gi18n-lib.h>

#define CPUINFO "/proc/cpuinfo"
#define UV_FEATURES "/sys/firmware/uv/query/feature_indications"

/* the value of a line "KEY   : VALUE", else NULL */
static const char *
value_of (const char *line, const char *key)
{
  gsize length = strlen (key);

  if (strncmp (line, key, length) != 0)
    return NULL;
  line += length + strspn (line + length, " \t");
  return *line == ':' ? line + 1 + strspn (line + 1, " \t") : NULL;
}

static gboolean
parse_facilities (VapHost *host, const char *list, GError **error)
{
  g_auto (GStrv) numbers = g_strsplit_set (list, " \t", -1);

  for (char **number = numbers; *number != NULL; number++) {
    guint64 facility;

    if (**number == '\0')
      continue;
    if (!g_ascii_string_to_unsigned (*number, 10, 0, G_MAXUINT32, &facility, NULL)) {
      g_autofree char *excerpt = vap_excerpt (*number);

      g_set_error (error, VAP_ERROR, VAP_ERROR_MALFORMED,
                   _ ("'%s%s' lists '%s' among the facilities, which is no number"),
                   host->root, CPUINFO, excerpt);
      return FALSE;
    }
    if (facility < G_N_ELEMENTS (host->facilities))
      host->facilities[facility] = 1;
  }
  host->facilities_known = TRUE;
  return TRUE;
}

/* "processor 0: version = FF,  identification = 0C8F68,  machine = 3931" */
static char *
parse_machine (const char *line)
{
  static const char key[] = "machine = ";
  const char *machine;

  if (!g_str_has_prefix (line, "processor "))
    return NULL;
  machine = strstr (line, key);
  if (machine == NULL)
    return NULL;
  machine += strlen (key);
  return g_strndup (machine, strspn (machine, "0123456789ABCDEFabcdef"));
}

gboolean
vap_cpuinfo_parse (VapHost *host, const char *text, GError **error)
{
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  const char *vendor = lines[0] != NULL ? value_of (lines[0], "vendor_id") : NULL;

  if (vendor == NULL || !g_str_has_prefix (vendor, "IBM/S390"))
    return TRUE;
  for (char **line = lines; *line != NULL; line++) {
    const char *facilities = value_of (*line, "facilities");

    if (facilities != NULL && !parse_facilities (host, facilities, error))
      return FALSE;
    if (host->machine == NULL)
      host->machine = parse_machine (*line);
  }
  return TRUE;
}

/* What is read of it. */
typedef struct {
  char *machine;
  gboolean facilities_known;
  guint8 facilities[sizeof ((VapHost *) NULL)->facilities];
} Machine;

static void
machine_free (gpointer data)
{
  Machine *machine = data;

  g_free (machine->machine);
  g_free (machine);
}

/* Facilities and machine are what the kernel found when it started: stfle_fac_list is
 * __bootdata_preserved (arch/s390/boot/startup.c). */
static void
keep_machine (const VapHost *host, const char *path, VapKeepMark *mark)
{
  Machine *machine;

  if (!mark->known)
    return;
  machine = g_new0 (Machine, 1);
  machine->machine = g_strdup (host->machine);
  machine->facilities_known = host->facilities_known;
  memcpy (machine->facilities, host->facilities, sizeof machine->facilities);
  mark->constant = host->root[0] == '\0';
  vap_kept_add (path, mark, machine, machine_free);
}

static void
take_machine (VapHost *host, const Machine *machine)
{
  host->machine = g_strdup (machine->machine);
  host->facilities_known = machine->facilities_known;
  memcpy (host->facilities, machine->facilities, sizeof host->facilities);
}

gboolean
vap_host_read_cpuinfo (VapHost *host, GError **error)
{
  g_autofree char *full = g_strconcat (host->root, CPUINFO, NULL);
  g_autofree char *text = NULL;
  VapKeepMark mark;
  const Machine *kept = vap_kept_find (full, &mark);
  gsize length;

  if (kept != NULL) {
    take_machine (host, kept);
    return TRUE;
  }
  if (mark.absent)
    return TRUE;
  switch (
      vap_file_read_head (host->root, CPUINFO, VAP_CPUINFO_MAX, &text, &length, error)) {
  case VAP_READ_DONE:
    if (!vap_cpuinfo_parse (host, text, error))
      return FALSE;
    keep_machine (host, full, &mark);
    return TRUE;
  case VAP_READ_ABSENT:
    return TRUE;
  default:
    return FALSE;
  }
}

gboolean
vap_host_read_uv (VapHost *host, GError **error)
{
  g_autofree char *text = NULL;
  VapReadStatus status = vap_sysfs_read (host->root, UV_FEATURES, &text, error);

  if (status != VAP_READ_DONE)
    return status == VAP_READ_ABSENT;
  if (!g_ascii_string_to_unsigned (text, 16, 0, G_MAXUINT64, &host->uv_features, NULL)) {
    g_autofree char *excerpt = vap_excerpt (text);

    g_set_error (error, VAP_ERROR, VAP_ERROR_MALFORMED,
                 _ ("'%s%s' should be a hexadecimal number, but is '%s'"), host->root,
                 UV_FEATURES, excerpt);
    return FALSE;
  }
  host->uv_known = TRUE;
  return TRUE;
}
