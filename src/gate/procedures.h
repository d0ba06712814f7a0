/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which calls the gate stops for.  The numbers are those of the table in calls.c,
 * which only the judge's process has: a test holds the two together.
 */
#pragma once

#include "rpc/frame.h"

G_BEGIN_DECLS

gboolean vap_procedures_judged (const VapRpcHeader *header);

G_END_DECLS
