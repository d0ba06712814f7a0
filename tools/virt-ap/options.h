/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The options that every subcommand has, and how all of them are read.
 */
#pragma once

#include "output.h"

G_BEGIN_DECLS

typedef struct {
  const char *name;            /* "check" */
  const char *arguments;       /* "FILE…", NULL when it takes none */
  const char *description;     /* a sentence for --help */
  gboolean json;               /* whether it has --json */
  const GOptionEntry *entries; /* its own ones besides, NULL for none */
} OptionsSpec;

typedef struct {
  char *root;      /* NULL for this machine */
  char **operands; /* what is no option, never NULL */
  gboolean json;
  ColorWhen color;
} Options;

void options_clear (Options *options);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Options, options_clear)

/**
 * options_parse:
 * @root: (nullable): where --root isn't given; VIRT_AP_ROOT where neither is
 * @argv: argv[0] is the subcommand
 * @status: (out): the exit status, when there is nothing more to do
 *
 * Returns: FALSE when help was shown, or a usage error told
 */
gboolean options_parse (Options *options, const OptionsSpec *spec, const char *root,
                        char **argv, int *status) G_GNUC_WARN_UNUSED_RESULT;

/* tells what is wrong with the usage and where help is; returns STATUS_UNJUDGED */
int options_usage_error (const char *command, const char *format, ...)
    G_GNUC_PRINTF (2, 3);

G_END_DECLS
