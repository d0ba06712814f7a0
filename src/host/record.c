/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The record around a snapshot: whose it is, and when it was taken.
 */
#include "config.h"

#include "host/document-priv.h"
#include "host/priv.h"

/* a line of /proc, NULL when it is not there */
static char *
read_line (const char *root, const char *path)
{
  char *text = NULL;

  if (vap_sysfs_read (root, path, &text, NULL) != VAP_READ_DONE)
    return NULL;
  return text;
}

VapHostRecord *
vap_host_record_blank (void)
{
  VapHostRecord *record = g_new0 (VapHostRecord, 1);

  record->ref_count = 1;
  return record;
}

VapHostRecord *
vap_host_record_new (const VapHost *host)
{
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  VapHostRecord *record = vap_host_record_blank ();

  record->name = read_line (host->root, "/proc/sys/kernel/hostname");
  record->kernel = read_line (host->root, "/proc/sys/kernel/osrelease");
  record->time = g_date_time_format (now, "%Y-%m-%dT%H:%M:%SZ");
  record->version = g_strdup (VAP_VERSION);
  record->rule = vap_host_read_udev_rule_text (host->root);
  return record;
}

VapHostRecord *
vap_host_record_ref (VapHostRecord *record)
{
  g_atomic_int_inc (&record->ref_count);
  return record;
}

void
vap_host_record_unref (VapHostRecord *record)
{
  if (record == NULL || !g_atomic_int_dec_and_test (&record->ref_count))
    return;
  g_free (record->name);
  g_free (record->time);
  g_free (record->kernel);
  g_free (record->version);
  g_free (record->rule);
  g_clear_pointer (&record->qemu, vap_qemu_unref);
  vap_patterns_free (record->patterns);
  g_free (record);
}
