/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What can be done with a lab that --keep keeps: enter, list, stop.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct {
  const char *name;
  /* @argv begins with the subcommand's name; returns the exit status */
  int (*run) (int argc, char **argv);
} LabSubcommand;

/* NULL where @word is none, but a COMMAND or an option */
const LabSubcommand *lab_subcommand_find (const char *word);

G_END_DECLS
