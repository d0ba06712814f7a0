/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The numbers of the judged calls; their names are in calls.c.
 */
#include "config.h"

#include "gate/procedures.h"

#include "ap/glance.h"

/* what of a call is judged */
enum {
  NOTHING,
  NAMED,   /* what is stored under a name that it has */
  CARRIED, /* the XML that it has */
};

/* remote_protocol.x, REMOTE_PROC_CONNECT_CLOSE */
#define CONNECT_CLOSE 2u

static const guint8 procedures[] = {
  [8] = CARRIED,   [9] = NAMED,     [10] = CARRIED,  [11] = CARRIED,  [35] = NAMED,
  [108] = CARRIED, [123] = CARRIED, [136] = CARRIED, [148] = CARRIED, [160] = CARRIED,
  [174] = CARRIED, [185] = CARRIED, [192] = NAMED,   [196] = NAMED,   [213] = CARRIED,
  [214] = CARRIED, [215] = CARRIED, [216] = CARRIED, [231] = NAMED,   [232] = CARRIED,
  [233] = CARRIED, [236] = CARRIED, [302] = CARRIED, [303] = CARRIED, [304] = CARRIED,
  [305] = CARRIED, [309] = CARRIED, [310] = NAMED,   [350] = CARRIED, [389] = CARRIED,
  [411] = CARRIED, [428] = CARRIED, [430] = NAMED,   [440] = CARRIED, [441] = CARRIED,
  [447] = CARRIED,
};

/* every message that a client sends is asked about, so this only looks up */
gboolean
vap_procedures_judged (const VapRpcHeader *header)
{
  return header->procedure < G_N_ELEMENTS (procedures) &&
         procedures[header->procedure] != NOTHING &&
         vap_rpc_header_is_call (header, header->procedure);
}

gboolean
vap_procedures_close (const VapRpcHeader *header)
{
  return vap_rpc_header_is_call (header, CONNECT_CLOSE);
}

gboolean
vap_procedures_concerns (const VapRpcHeader *header, const guint8 *frame)
{
  return procedures[header->procedure] == NAMED ||
         vap_glance_may_concern_ap (frame, header->length);
}
