/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a subcommand is.  main.c has the table of them; each is one file.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Refused and could-not-judge are never confused: with several answers the
 * largest number counts. */
enum {
  STATUS_GOOD = 0,
  STATUS_REFUSED = 1,
  STATUS_UNJUDGED = 2,
};

/**
 * CommandFunc:
 * @root: (nullable): what --root said in front of the subcommand
 * @argv: (array zero-terminated=1): argv[0] is the subcommand's name
 *
 * Returns: the exit status
 */
typedef int (*CommandFunc) (const char *root, char **argv);

int command_status (const char *root, char **argv);
int command_check (const char *root, char **argv);
int command_check_move (const char *root, char **argv);
int command_caps (const char *root, char **argv);
int command_guest_view (const char *root, char **argv);
int command_qemu_flags (const char *root, char **argv);
int command_drift (const char *root, char **argv);
int command_plot (const char *root, char **argv);
int command_fleet (const char *root, char **argv);
int command_monitor (const char *root, char **argv);
int command_metrics (const char *root, char **argv);
int command_import (const char *root, char **argv);
int command_export (const char *root, char **argv);
int command_log (const char *root, char **argv);
int command_reserve (const char *root, char **argv);
int command_repair (const char *root, char **argv);
int command_apply (const char *root, char **argv);
int command_create (const char *root, char **argv);
int command_define (const char *root, char **argv);
int command_start (const char *root, char **argv);
int command_stop (const char *root, char **argv);
int command_remove (const char *root, char **argv);
int command_modify (const char *root, char **argv);
int command_move (const char *root, char **argv);
int command_setup (const char *root, char **argv);
int command_plan (const char *root, char **argv);
int command_profile (const char *root, char **argv);
int command_nova_provider (const char *root, char **argv);
int command_explain (const char *root, char **argv);

G_END_DECLS
