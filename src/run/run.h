/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Running another program for its answer, or to change something, within a time.  GLib's
 * GSubprocess would do nearly as much, but is in gio, which takes longer to load than a
 * judgement.
 */
#pragma once

#include "ap/error.h"

G_BEGIN_DECLS

/**
 * VapRun: how a program ended and what it said.
 * @out: its standard output as it came, ended by a NUL that @out_length leaves out
 * @complaint: its standard error, valid UTF-8, white space at its ends removed
 * @wait_status: for g_spawn_check_wait_status()
 * @late: it was killed because its time was over
 */
typedef struct {
  char *out;
  gsize out_length;
  char *complaint;
  int wait_status;
  gboolean late;
} VapRun;

void vap_run_clear (VapRun *run);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (VapRun, vap_run_clear)

/* what is kept of each output; a program that prints more is killed, and that is an
 * error */
#define VAP_RUN_MAX (64u * 1024 * 1024)

/**
 * vap_run:
 * @arguments: NULL-terminated; arguments[0] is looked up in PATH unless it has a slash
 * @input: (nullable): for its standard input, which is empty otherwise
 * @milliseconds: how long it may take, 0 for as long as it likes
 * @answer: (out): to be cleared by the caller in any case
 *
 * Returns: whether it could be started and ended by itself or was @late; else FALSE
 *   with %VAP_ERROR_FAILED, naming the program.  How it ended is for the caller to
 *   judge.
 */
gboolean vap_run (const char *const *arguments, const char *input, gsize input_length,
                  guint milliseconds, VapRun *answer,
                  GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * vap_run_keeping:
 * @kept: a descriptor that the program has open as long as it runs, beside the three
 *   standard ones: a lock that it must not outlive; -1 for none
 *
 * Otherwise as vap_run(), for a program that changes something: it begins without signals
 * that are held back here, in a process group of its own, since a Ctrl-C is the caller's
 * to handle, and comes to its end when this process is killed.  When its time is over,
 * what it has started is killed with it.  How much it prints is looked at when it has
 * ended.
 */
gboolean vap_run_keeping (const char *const *arguments, const char *input,
                          gsize input_length, guint milliseconds, gint kept,
                          VapRun *answer, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * VapRunWatch:
 * @tail: the end of its standard output so far, some lines at least; valid UTF-8
 *
 * Called now and then while a program runs.
 *
 * Returns: a signal that the program is sent, 0 for none
 */
typedef int (*VapRunWatch) (const char *tail, gpointer user_data);

/* As vap_run_keeping(), with @watch called some times in a second. */
gboolean vap_run_watched (const char *const *arguments, const char *input,
                          gsize input_length, guint milliseconds, gint kept,
                          VapRunWatch watch, gpointer user_data, VapRun *answer,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* whether it ended with exit status 0 */
gboolean vap_run_was_good (const VapRun *run);

G_END_DECLS
