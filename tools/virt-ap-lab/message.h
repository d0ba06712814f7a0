/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the lab says to its user: one line a message, on standard error, with the
 * program's name in front.  One write(2) each, so that the lines of its processes
 * do not mix.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Every way in which the lab itself could not do its work ends with this status. */
#define LAB_EXIT_FAILED 2

void lab_message (const char *format, ...) G_GNUC_PRINTF (1, 2);

/* sets a G_FILE_ERROR for the current errno; @what is a translated sentence part that
 * names what was tried and on what ("cannot mount /run") */
void lab_set_errno_error (GError **error, const char *format, ...) G_GNUC_PRINTF (2, 3);

G_END_DECLS
