/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which process has made a grant, so that another can tell that it has ended and will not
 * come back for it.  Used by the records.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* this process, as a word for vap_maker_is_gone(); NULL where /proc does not tell */
char *vap_maker_self (void);

/**
 * vap_maker_is_gone:
 * @maker: (nullable)
 *
 * Returns: whether the process is known to have ended; FALSE when that cannot be told, as of one in
 *   another PID namespace
 */
gboolean vap_maker_is_gone (const char *maker);

G_END_DECLS
