/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which calls the gate stops for.  The numbers are those of the table in calls.c,
 * which only the judge's process has: a test holds the two together.
 */
#pragma once

#include "rpc/frame.h"

G_BEGIN_DECLS

gboolean vap_procedures_judged (const VapRpcHeader *header);

/* whether it is a client's last call */
gboolean vap_procedures_close (const VapRpcHeader *header);

/**
 * vap_procedures_concerns:
 * @frame: the whole of a judged call
 *
 * Returns: FALSE when the call carries all that there is to judge, and it cannot have to
 *   do with AP
 */
gboolean vap_procedures_concerns (const VapRpcHeader *header, const guint8 *frame);

G_END_DECLS
