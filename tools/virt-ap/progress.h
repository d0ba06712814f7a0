/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A line on the terminal that tells what is being done, from a second on after it began;
 * nothing where standard error is no terminal.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct _Progress Progress;

/* @text: what is done first; NULL where there is no terminal, which the others take */
Progress *progress_new (const char *text);
/* @done of @total; 0 of 0 for what cannot be counted */
void progress_tell (Progress *progress, guint done, guint total, const char *text);
/* takes the line away */
void progress_free (Progress *progress);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Progress, progress_free)

G_END_DECLS
