/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The verification patterns of the master keys in each queue, as zcrypt shows them in
 * the attribute mkvps: two queues of the same pattern open each other's secure keys.
 * A request to the card and a file per queue, so read only when asked for.
 * Source: Linux drivers/s390/crypto/zcrypt_cex4.c, cca_mkvps_show(), ep11_mkvps_show()
 */
#pragma once

#include "host/host.h"

G_BEGIN_DECLS

typedef struct _VapPatterns VapPatterns;

VapPatterns *vap_patterns_new (void);
void vap_patterns_free (VapPatterns *patterns);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VapPatterns, vap_patterns_free)

/**
 * vap_patterns_read:
 *
 * Reads mkvps of every queue of @host.  Only zcrypt's queues have it, none that
 * vfio_ap holds; a card that doesn't answer costs its queues.
 *
 * Returns: (transfer full): the patterns, perhaps none
 */
VapPatterns *vap_patterns_read (const VapHost *host);

/* a queue's lines, "AES CUR: valid 0x4d96…", or NULL when they are not known */
const char *vap_patterns_get (const VapPatterns *patterns, VapQueue queue);

void vap_patterns_set (VapPatterns *patterns, VapQueue queue, const char *text);

typedef void (*VapPatternFunc) (const char *text, const VapQueueSet *queues,
                                gpointer user_data);

/* calls @func with each different text, in its own order, and the queues that have it */
void vap_patterns_each (const VapPatterns *patterns, VapPatternFunc func,
                        gpointer user_data);

G_END_DECLS
