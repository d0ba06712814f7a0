/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The numbers of the judged calls; their names are in calls.c.
 */
#include "config.h"

#include "gate/procedures.h"

static const guint16 judged[] = {
  8,   9,   10,  11,  108, 123, 136, 148, 160, 174, 185, 192, 196, 213, 214, 215, 216,
  232, 233, 236, 302, 303, 304, 305, 309, 310, 350, 389, 411, 428, 430, 440, 441, 447,
};

gboolean
vap_procedures_judged (const VapRpcHeader *header)
{
  for (gsize i = 0; i < G_N_ELEMENTS (judged); i++)
    if (vap_rpc_header_is_call (header, judged[i]))
      return TRUE;
  return FALSE;
}
