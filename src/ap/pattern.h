/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Patterns of queues, as a person writes them: "05.0047", "06.*", "5-7.4,ab".
 */
#pragma once

#include "ap/matrix.h"

G_BEGIN_DECLS

/**
 * vap_queue_set_add_pattern:
 * @text: adapters, a dot, usage domains; each is '*' or a list, separated by commas, of
 *   numbers and ranges, in hexadecimal as AP tools show them
 * @adapters: those there are: what '*' means, and what a range is cut to
 * @domains: likewise
 * @queues: (inout): gets all the queues that are meant
 *
 * Returns: FALSE with %VAP_ERROR_MALFORMED when it is no pattern, and
 *   %VAP_ERROR_UNREADABLE when it names what is not there; @queues is unchanged then
 */
gboolean vap_queue_set_add_pattern (const char *text, const VapMask *adapters,
                                const VapMask *domains, VapQueueSet *queues,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* a pattern for the product of both, "05,07-09.0004"; '*' for all there are.  Free with
 * g_free(). */
char *vap_queue_pattern_text (const VapMask *adapters, const VapMask *domains,
                                const VapMask *all_adapters, const VapMask *all_domains);

G_END_DECLS
