/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Between the readers of needs and of profiles.  Private to plan/. */
#pragma once

#include "plan/need.h"

G_BEGIN_DECLS

/**
 * vap_need_set:
 * @key: "queues", "mode", "card", "min-generation", "spread", "away-from", "adapters",
 *   "domains", "control-domains"
 * @value: as a key file has it
 *
 * Returns: FALSE with %VAP_ERROR_MALFORMED, naming key and value
 */
gboolean vap_need_set (VapNeed *need, const char *key, const char *value,
                       GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* the same, and what only a guest has: "uuid", "profile" */
gboolean vap_need_set_of_guest (VapNeed *need, const char *key, const char *value,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* parsed words of a list "a;b" or "a, b", none of them empty; free with g_strfreev() */
char **vap_words (const char *list);

/* whether @text is made for a profile's name: small letters, digits, single hyphens
 * between them, so that it is a word in every place where it is used */
gboolean vap_profile_name_is_good (const char *text);

/* FALSE when it is not UTF-8, or a group's header is there twice, which GKeyFile takes for
 * one group */
gboolean vap_key_file_check (const char *text, gsize length,
                                    GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* json-needs.c */
gboolean vap_needs_add_json (VapNeeds *needs, const char *text, gsize length,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* takes @need; FALSE, and @need freed, when there is one of that name */
gboolean vap_needs_take (VapNeeds *needs, VapNeed *need,
                         GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
