/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the commands that change the host have in common: judge, show, ask, do, and tell
 * what became of it.
 */
#pragma once

#include "change/transaction.h"
#include "check/check.h"
#include "options.h"

G_BEGIN_DECLS

/* The options of them all. */
typedef struct {
  gboolean dry_run;
  gboolean yes;
  char *connect; /* NULL without the option */
} ChangeOptions;

void change_options_clear (ChangeOptions *options);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (ChangeOptions, change_options_clear)

/* rows for OptionsSpec.entries; @options: a ChangeOptions * */
#define CHANGE_ENTRIES(options)                                                          \
  { "dry-run", 'n', 0, G_OPTION_ARG_NONE, &(options)->dry_run,                           \
    N_ ("Show what would be done, and change nothing"), NULL },                          \
  { "yes", 'y', 0, G_OPTION_ARG_NONE, &(options)->yes,                                   \
    N_ ("Do not ask, whatever a guest loses"), NULL }

/* for those that go through libvirt or mdevctl */
#define CHANGE_ENTRY_CONNECT(options)                                                    \
  { "connect", 'c', 0, G_OPTION_ARG_STRING, &(options)->connect,                         \
    N_ ("Go through the libvirt daemon at URI, or 'none'"), N_ ("URI") }

/**
 * ChangePlanFunc:
 * @transaction: gets the steps
 * @host: as it is
 * @findings: gets what is to be said
 *
 * May be called several times for one change.
 *
 * Returns: (transfer full): the host as it would be, NULL with @error when that could not
 *   be judged
 */
typedef VapHost *(*ChangePlanFunc) (VapTransaction *transaction, const VapHost *host,
                                    VapFindings *findings, gpointer user_data,
                                    GError **error);

/* Another host that is changed, for --dry-run; without them, none is. */
typedef struct {
  VapHost *before;
  VapHost *after;
} ChangeTarget;

typedef struct {
  const Options *options;
  const ChangeOptions *change;
  char **argv; /* the command line, for the journal */
  ChangePlanFunc plan;
  gpointer user_data;
  const ChangeTarget *target; /* NULL for none; the plan fills it */
  const char *device; /* the UUID of the device it is about, for JSON; "" for none */
} ChangeSpec;

/* Returns: the exit status */
int change_run (const ChangeSpec *spec);

/* how long to wait for the lock of AP settings, in ms: VIRT_AP_LOCK_WAIT of the environment
 * or VAP_LOCK_PATIENCE_MS; one that is no such number is told, and passed over */
guint change_patience (void);

/* a member `steps` in an object that is open; @transaction: NULL for none */
void change_add_steps_json (VapJson *json, const VapTransaction *transaction);

/* the steps as a numbered list */
void change_add_steps (Output *output, const VapTransaction *transaction);

/* for --dry-run: the queues @before and @after as pictures, the steps, and commands that do
 * the same; or that there is nothing to do */
void change_add_plan (Output *output, const VapTransaction *transaction,
                      const VapHost *before, const VapHost *after,
                      const ChangeTarget *target);

/* a VapProgressFunc; @user_data: a Progress, or NULL */
void change_tell_progress (const VapTransaction *transaction, guint index,
                           gboolean undoing, gpointer user_data);

/**
 * change_connect:
 * @connect: (out) (transfer none): the URI to go through; NULL for mdevctl
 *
 * FALSE after telling on standard error that this one cannot be used.
 */
gboolean change_connect (const ChangeOptions *options, const char **connect);

G_END_DECLS
