/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Between tree.c, which reads a description, and tree-macros.c. */
#pragma once

#include <unistd.h>

#include "ap/matrix.h"

typedef struct {
  const char *name; /* of the description, for messages */
  const char *dir;
  guint line;       /* lines read so far */
} Tree;

G_NORETURN void tree_fail (const Tree *tree, const char *reason, const char *what);

void tree_file (const Tree *tree, const char *path, const char *content);
/* @text and a newline; an empty @text gives an empty file */
void tree_line (const Tree *tree, const char *path, const char *text);
void tree_link (const Tree *tree, const char *path, const char *target);
void tree_dir (const Tree *tree, const char *path);
void tree_remove (const char *path);

/* expands @line if it begins with a macro's name, else FALSE */
gboolean tree_macro (const Tree *tree, const char *line);
