/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Between the files of change/: the journal, and careful writing.  Not installed.
 */
#pragma once

#include <signal.h>

#include "ap/mask.h"
#include "change/step.h"

G_BEGIN_DECLS

/* kinds.c lists them */
extern const VapStepKind vap_bind_kind;
extern const VapStepKind vap_definition_kind;
extern const VapStepKind vap_device_kind;
extern const VapStepKind vap_file_kind;
extern const VapStepKind vap_guest_kind;
extern const VapStepKind vap_hand_over_kind;
extern const VapStepKind vap_hotplug_kind;
extern const VapStepKind vap_mask_kind;
extern const VapStepKind vap_migrate_kind;
extern const VapStepKind vap_override_kind;
extern const VapStepKind vap_plug_kind;
extern const VapStepKind vap_target_definition_kind;
extern const VapStepKind vap_target_device_kind;
extern const VapStepKind vap_unplug_kind;

/* step.c: the descriptor of the journal that programs inherit, -1 for none */
int vap_step_journal (const VapStep *step);
void vap_step_set_journal (VapStep *step, int fd);
/* @listener: (nullable): hears how far the step is while it is done, 0 to 100 */
typedef void (*VapStepListener) (guint percent, gpointer user_data);
void vap_step_set_listener (VapStep *step, VapStepListener listener, gpointer user_data);
/* one of the signals by which people and systemd end a program is held back */
gboolean vap_step_is_asked_to_end (void);
sigset_t vap_step_ending_signals (void);

/* journal.c */

/* A line of the journal. */
typedef struct {
  char *word;      /* what it says, below */
  char *name;      /* a kind, a number, or "" */
  GVariant *texts; /* a{ss} */
} VapJournalLine;

#define VAP_JOURNAL_HEAD "virt-ap-journal" /* NAME: the format; texts: pid, boot, title */
#define VAP_JOURNAL_ADD "add"              /* NAME: the step's kind */
#define VAP_JOURNAL_BEGIN "begin"          /* NAME: the step's index */
#define VAP_JOURNAL_WHOLE "whole"          /* all steps are known; no NAME, no texts */
#define VAP_JOURNAL_PROGRAM "program"      /* NAME: a process's number; texts: start */

#define VAP_JOURNAL_WAIT "wait"            /* NAME: of a process that waits to finish it */
#define VAP_JOURNAL_SEIZED "seized"        /* it is being undone; no NAME, no texts */
#define VAP_JOURNAL_RESUME "resume"        /* NAME: of a process that does the rest of it */

#define VAP_JOURNAL_FORMAT "1"

void vap_journal_line_free (VapJournalLine *line);

/**
 * vap_journal_create:
 *
 * Makes the journal and its directory, and marks it as ours by flock(2), which lasts as
 * long as this process and those that inherit the descriptor.  On the disk when it
 * returns.
 *
 * Returns: its descriptor, to be closed; -1 with %VAP_ERROR_UNREADABLE
 */
int vap_journal_create (const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * vap_journal_open:
 * @fd: (out): -1 when there is none
 *
 * FALSE with %VAP_ERROR_UNREADABLE when it is nothing that root alone can have written.
 */
gboolean vap_journal_open (const char *path, int *fd,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* FALSE when another process has it; tries until @patience_ms are over */
gboolean vap_journal_seize (int fd, guint patience_ms);

/* takes @texts if it is floating; the line is on the disk when it returns, unless
 * @lazily, and not there at all after FALSE */
gboolean vap_journal_append (int fd, const char *word, const char *name, GVariant *texts,
                             gboolean lazily, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean vap_journal_sync (int fd, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* (element-type VapJournalLine): all whole lines; a last one that was cut is left out,
 * since nothing was done before it was whole.  NULL with %VAP_ERROR_MALFORMED. */
GPtrArray *vap_journal_read (int fd, GError **error) G_GNUC_WARN_UNUSED_RESULT;

gboolean vap_journal_remove (const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* process.c: when a process began, in the kernel's ticks since boot, so that its number
 * is not mistaken for a later one's; NULL when it is gone.  Free with g_free(). */
char *vap_process_start (pid_t pid);
/* /proc/sys/kernel/random/boot_id; "" when there is none.  Free with g_free(). */
char *vap_boot_id (void);

/* write.c: below @root, errors name the file */

/* one write(2) of @text to an attribute; errno_out: the kernel's answer, 0 when it is
 * not from there */
gboolean vap_attr_write (const char *root, const char *path, const char *text,
                         int *errno_out, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* an attribute without its last newline; NULL without an error when it isn't there */
gboolean vap_attr_read (const char *root, const char *path, char **text,
                        GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* the directory of @path on the disk */
gboolean vap_sync_dir_of (const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
