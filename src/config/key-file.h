/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Key files as GLib's are, read with the line of each entry, so that what is wrong
 * with one can be told by file, line and key; GKeyFile forgets the lines.  Private to
 * config/.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* longer is no configuration */
#define VAP_KEY_FILE_MAX (256u * 1024)

typedef struct {
  const char *path;
  guint line; /* from 1 */
  const char *group;
  const char *key;
  const char *value; /* without the blanks around it; may be empty */
} VapKeyFileEntry;

/* FALSE with an error ends the reading */
typedef gboolean (*VapKeyFileFunc) (const VapKeyFileEntry *entry, gpointer user_data,
                                    GError **error);

/**
 * vap_key_file_parse:
 * @path: for the messages
 * @text: need not end in NUL
 * @take: called for each entry in the order of the file
 *
 * Lines are "[group]", "key=value", "# comment" or blank.  Anything else, a key before
 * the first group and a key twice in one group are errors.
 *
 * Returns: FALSE with %VAP_ERROR_MALFORMED, whose message begins with "PATH:LINE: "
 */
gboolean vap_key_file_parse (const char *path, const char *text, gsize length,
                             VapKeyFileFunc take, gpointer user_data,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* sets "PATH:LINE: [GROUP] KEY: REASON"; takes @reason, returns FALSE */
gboolean vap_key_file_refuse (const VapKeyFileEntry *entry, char *reason, GError **error);

G_END_DECLS
