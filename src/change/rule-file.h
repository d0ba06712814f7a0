/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The text of chzdev's udev rule with other masks.
 */
#pragma once

#include "host/host.h"

G_BEGIN_DECLS

#define VAP_RULE_FILE "/etc/udev/rules.d/41-ap.rules"

/**
 * vap_rule_file_edit:
 * @text: (nullable): what the file has, NULL when there is none
 * @masks: what it shall say; one that it need not say is left out
 *
 * Changes the values of chzdev's two lines, adds those that are missing where chzdev has
 * them, and keeps every other line.  Without a file it is one as chzdev writes it.
 *
 * Returns: (transfer full): the new text; free with g_free()
 */
char *vap_rule_file_edit (const char *text, const VapPersistentMasks *masks);

G_END_DECLS
