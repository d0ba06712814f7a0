/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The numbers of the judged calls; their names are in calls.c.
 */
#include "config.h"

#include <stdlib.h>

#include "gate/procedures.h"

/* ascending */
static const guint16 judged[] = {
  8,   9,   10,  11,  108, 123, 136, 148, 160, 174, 185, 192, 196, 213, 214, 215, 216,
  232, 233, 236, 302, 303, 304, 305, 309, 310, 350, 389, 411, 428, 430, 440, 441, 447,
};

static int
compare (const void *key, const void *element)
{
  return (*(const guint32 *) key > *(const guint16 *) element) -
         (*(const guint32 *) key < *(const guint16 *) element);
}

/* every message that a client sends is asked about */
gboolean
vap_procedures_judged (const VapRpcHeader *header)
{
  return vap_rpc_header_is_call (header, header->procedure) &&
         bsearch (&header->procedure, judged, G_N_ELEMENTS (judged), sizeof judged[0],
                  compare) != NULL;
}
