/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A step: one change to the host that can be done, looked at, and undone.  What it
 * needs for that is a few named texts, so that a step can be written to the journal
 * and read back by another process; its kind knows what they mean.  Whoever adds a
 * kind of step writes one file with a VapStepKind, and one row in kinds.c.
 */
#pragma once

#include "ap/error.h"

G_BEGIN_DECLS

typedef struct _VapStep VapStep;

/* What of a step the host shows. */
typedef enum {
  VAP_STEP_BEFORE,  /* as it was: nothing to undo */
  VAP_STEP_AFTER,   /* as the step makes it: nothing to do */
  VAP_STEP_BETWEEN, /* neither: half done, or changed by someone else since */
} VapStepState;

typedef enum {
  VAP_STEP_PLAIN = 0,
  /* What it changes is gone after a restart of the machine, and so is what it would
   * have to bring back: then it is not undone. */
  VAP_STEP_VOLATILE = 1 << 0,
  /* It runs mdevctl, libvirt or another program that may wait for the callout: the
   * callout itself must not undo it. */
  VAP_STEP_PROGRAM = 1 << 1,
  /* Once it is done, nothing before it is undone: what comes after it is completed, now or
   * by `virt-ap repair`. */
  VAP_STEP_FINAL = 1 << 2,
} VapStepFlags;

/**
 * VapStepKind:
 * @name: in the journal and in JSON: a kebab-case slug that never changes its meaning
 * @prepare: (nullable): reads what is there and keeps it in the step (vap_step_set()),
 *   so that it can be undone, and refuses what cannot be done; changes nothing.  Called
 *   right before the step is written to the journal, after all steps before it are
 *   done.  What it keeps must fit on a line of the journal, as every value must: 1 MiB.
 * @apply: does it and compares what is there now.  After FALSE the step is looked at
 *   and undone, so it may leave its work half done.  Must take VAP_STEP_AFTER for
 *   success.
 * @revert: brings it back to what it was, from half done too.  Also called by another
 *   process, perhaps after a restart of the machine, and perhaps a second time: what is
 *   as it was already is a success.  Must not touch what someone else has changed
 *   since: then it fails and says what it found.
 * @look: finds out which it is, from the host alone, never from what was noted
 * @settle: (nullable): for a change that others may still be about when the process that
 *   asked for it has been killed: waits for its end, and brings what is half done to
 *   either side, whichever is nearer.  Where a step has it, an interrupted transaction is
 *   completed when the step turns out to be done, and rolled back only when that fails.
 * @describe: what it does, for people, as a whole sentence without a full stop ("Give
 *   adapter 05 to guests"); free with g_free().  Must not need what @prepare keeps.
 * @command: (nullable): what a person would type in a shell to do the same, one line;
 *   free with g_free()
 *
 * None of them may keep anything in memory from one call to the next, print, or wait
 * without limit.
 */
typedef struct {
  const char *name;
  VapStepFlags flags;
  gboolean (*prepare) (VapStep *step, GError **error);
  gboolean (*apply) (const VapStep *step, GError **error);
  gboolean (*revert) (const VapStep *step, GError **error);
  gboolean (*look) (const VapStep *step, VapStepState *state, GError **error);
  gboolean (*settle) (const VapStep *step, GError **error);
  char *(*describe) (const VapStep *step);
  char *(*command) (const VapStep *step);
} VapStepKind;

/**
 * vap_step_new:
 * @kind: one that kinds.c lists
 * @first_key: pairs of a key (ASCII) and a value (UTF-8; NULL leaves the pair out),
 *   then NULL.  The key "uuid" has a meaning for all kinds: the mediated device that
 *   the step is about.  While the step is under way, the callout lets mdevctl change
 *   that device under this transaction's lock.
 *
 * Returns: (transfer full): free with vap_step_free()
 */
VapStep *vap_step_new (const VapStepKind *kind, const char *first_key,
                       ...) G_GNUC_NULL_TERMINATED;
void vap_step_free (VapStep *step);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VapStep, vap_step_free)

const VapStepKind *vap_step_kind (const VapStep *step);

/* (transfer none), NULL without one */
const char *vap_step_get (const VapStep *step, const char *key);
/* @value: UTF-8, NULL to remove it */
void vap_step_set (VapStep *step, const char *key, const char *value);

/* The directory in front of /sys and /etc, "" for this machine; never NULL. */
const char *vap_step_root (const VapStep *step);
void vap_step_set_root (VapStep *step, const char *root);

/* the step's texts as `a{ss}`, and a step from them; NULL with %VAP_ERROR_MALFORMED
 * when there is no such kind */
GVariant *vap_step_to_variant (const VapStep *step);
VapStep *vap_step_from_variant (const char *kind, GVariant *texts, const char *root,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* kinds.c: (transfer none), NULL when unknown */
const VapStepKind *vap_step_kind_find (const char *name);

/**
 * vap_step_run:
 * @argv: a program, found in PATH, and its arguments
 * @input: (nullable): its standard input
 * @seconds: how long it may take; then it is killed
 * @output: (out) (optional): its standard output; free with g_free()
 *
 * For kinds that run a program: without the signals that the transaction holds back, in
 * a process group of its own (a Ctrl-C is the transaction's to handle), and holding the
 * journal open, so that nobody rolls back while it still works when this process was
 * killed.
 *
 * Returns: FALSE with %VAP_ERROR_FAILED, naming the program and with what it wrote to
 *   standard error, when it ended in any other way than with exit status 0
 */
gboolean vap_step_run (const VapStep *step, const char *const *argv, const char *input,
                       guint seconds, char **output,
                       GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * vap_step_run_long:
 *
 * As vap_step_run(), for a program that may take minutes.  It is sent SIGTERM when the
 * transaction is asked to end, and ends what it is about; lines of its output "progress
 * LEFT TOTAL", in any unit, become the step's progress.
 */
gboolean vap_step_run_long (const VapStep *step, const char *const *argv,
                            const char *input, guint seconds,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
