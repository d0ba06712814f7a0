/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The numbers of the judged calls; their names are in calls.c.
 */
#include "config.h"

#include "gate/procedures.h"

static const guint8 judged[] = {
  [8] = 1,   [9] = 1,   [10] = 1,  [11] = 1,  [108] = 1, [123] = 1, [136] = 1,
  [148] = 1, [160] = 1, [174] = 1, [185] = 1, [192] = 1, [196] = 1, [213] = 1,
  [214] = 1, [215] = 1, [216] = 1, [232] = 1, [233] = 1, [236] = 1, [302] = 1,
  [303] = 1, [304] = 1, [305] = 1, [309] = 1, [310] = 1, [350] = 1, [389] = 1,
  [411] = 1, [428] = 1, [430] = 1, [440] = 1, [441] = 1, [447] = 1,
};

/* every message that a client sends is asked about, so this only looks up */
gboolean
vap_procedures_judged (const VapRpcHeader *header)
{
  return header->procedure < G_N_ELEMENTS (judged) && judged[header->procedure] &&
         vap_rpc_header_is_call (header, header->procedure);
}
