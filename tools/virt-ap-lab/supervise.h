/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The life of COMMAND from both sides of the PID namespace: what becomes it, in the lab
 * (init.c, enter.c), and what waits for it outside (main.c, enter.c).
 */
#pragma once

#include <glib.h>
#include <signal.h>
#include <sys/types.h>

G_BEGIN_DECLS

/* Blocks the signals that lab_supervise() waits for and passes on; @caller_mask: (out):
 * what was blocked before, which COMMAND gets. */
void lab_supervise_begin (sigset_t *signals, sigset_t *caller_mask);

/**
 * lab_supervise:
 * @child: a child of this process, the first one in another PID namespace
 *
 * Passes signals on until @child ended; a terminal sends its own to all of the lab.
 *
 * Returns: its status as waitpid() has it
 */
int lab_supervise (pid_t child, const sigset_t *signals);

/* 128 + n for signal n */
int lab_status_of (int wait_status);

/* A shell that had the terminal cannot give it back to a group outside its namespace;
 * @foreground: the terminal's group before, -1 without a terminal. */
void lab_supervise_take_terminal_back (pid_t foreground);

/* what every process of the lab is told of its host; @uri: libvirt's, NULL without */
void lab_set_environment (const char *machine, const char *uri);

/**
 * lab_become_command:
 * @command: NULL-terminated; found in PATH
 * @directory: where it starts; / when it is not there
 * @caller_mask: the signals blocked in it
 *
 * In the child that COMMAND is to be.  Exits with 126 or 127 when it cannot be run.
 */
G_NORETURN void lab_become_command (char *const *command, const char *directory,
                                    const sigset_t *caller_mask);

G_END_DECLS
