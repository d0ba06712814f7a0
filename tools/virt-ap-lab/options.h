/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the user asked for: the command line, and where the other programs are.
 */
#pragma once

#include "machine.h"

G_BEGIN_DECLS

typedef struct {
  LabMachine *machine;
  gboolean libvirt;  /* run libvirtd inside */
  char *uri;         /* LIBVIRT_DEFAULT_URI there: plain virsh goes through the gate */
  char *keep;        /* run in the background by this name, without COMMAND; or NULL */
  int ready;         /* descriptor that process 1 writes a byte to when such a lab is up */
  char **command;    /* NULL-terminated, at least one entry */
  char *directory;   /* where COMMAND starts: the caller's working directory */
  /* the doors, as absolute paths */
  char *gate;
  char *callout;
  char *hook;
  char *emulator;    /* the lab's qemu-system-s390x, likewise */
  char *share;       /* the folder with the lab's machines and stand-ins */
} LabOptions;

/**
 * lab_options_parse:
 *
 * Returns: NULL with an error that names the option and the reason; NULL without
 *   one when there is nothing to run (--help and --version were answered)
 */
LabOptions *lab_options_parse (int argc, char **argv, GError **error);

/* what follows the program's name, with or without --; a shell when nothing does; free
 * with g_strfreev() */
char **lab_options_find_command (int argc, char **argv);

void lab_options_free (LabOptions *options);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LabOptions, lab_options_free)

G_END_DECLS
