/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The labs that are kept running in the background, by their names.  Each has a file
 * that says what it is, and that is locked while it runs, and a log, in a folder of the
 * user who started it.  keep.c makes one, enter.c and main.c find it.
 */
#pragma once

#include <glib.h>
#include <sys/types.h>

G_BEGIN_DECLS

typedef struct {
  char *name;
  char *path; /* of its file */
  char *log_path;
  char *machine;
  char *uri;    /* LIBVIRT_DEFAULT_URI in it; NULL without libvirtd */
  pid_t init;   /* its process 1, as the processes outside number it */
  gboolean own_users; /* it is in a user namespace */
  int lock;     /* descriptor of its file */
  int log;      /* descriptor of its log, -1 without one */
} LabKept;

void lab_kept_free (LabKept *kept);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LabKept, lab_kept_free)

/* a host name can be made of it, and a file name */
gboolean lab_kept_name_is_valid (const char *name);

/**
 * lab_kept_claim:
 *
 * Takes the name for this process and those that it starts, until the last of them
 * has ended.  What a lab of this name that ran before has left is gone then.
 *
 * Returns: a new entry, not written yet; NULL with an error when a lab of this name runs
 */
LabKept *lab_kept_claim (const char *name, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* for lab_kept_find() by others from now on */
gboolean lab_kept_write (const LabKept *kept, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* NULL with an error when there is no lab of this name, running or ended */
LabKept *lab_kept_find (const char *name, GError **error) G_GNUC_WARN_UNUSED_RESULT;

gboolean lab_kept_is_running (const LabKept *kept);

/* the last line of its log, "" without one; free with g_free() */
char *lab_kept_last_words (const LabKept *kept);

/* all of its log; free with g_free() */
char *lab_kept_log (const LabKept *kept);

/* its file and log; it must not run any more */
void lab_kept_remove (const LabKept *kept);

/* the names of all labs, sorted; free with g_strfreev() */
char **lab_kept_names (void);

G_END_DECLS
