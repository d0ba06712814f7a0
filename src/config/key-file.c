/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Key files, line by line; see key-file.h. */
#include "config.h"

#include "config/key-file.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "ap/error.h"

typedef struct {
  const char *path;
  guint line;
  char *group;      /* NULL before the first */
  GHashTable *seen; /* char *: "group\nkey" */
  VapKeyFileFunc take;
  gpointer user_data;
} Reader;

gboolean
vap_key_file_refuse (const VapKeyFileEntry *entry, char *reason, GError **error)
{
  g_autofree char *owned = reason;

  g_set_error (error, VAP_ERROR, VAP_ERROR_MALFORMED, "%s:%u: [%s] %s: %s", entry->path,
               entry->line, entry->group, entry->key, owned);
  return FALSE;
}

static gboolean
refuse_line (const Reader *reader, const char *reason, GError **error)
{
  g_set_error (error, VAP_ERROR, VAP_ERROR_MALFORMED, "%s:%u: %s", reader->path,
               reader->line, reason);
  return FALSE;
}

static gboolean
read_group (Reader *reader, const char *line, GError **error)
{
  gsize length = strlen (line);

  if (length < 3 || line[length - 1] != ']' || strcspn (line + 1, "[]") != length - 2)
    return refuse_line (reader, _ ("a group is written [NAME], alone on its line"),
                        error);
  g_free (reader->group);
  reader->group = g_strndup (line + 1, length - 2);
  return TRUE;
}

static gboolean
read_entry (Reader *reader, char *line, GError **error)
{
  VapKeyFileEntry entry = { .path = reader->path, .line = reader->line };
  char *equals = strchr (line, '=');

  if (equals == NULL || equals == line) {
    g_autofree char *reason =
        g_strdup_printf (_ ("'%s' is neither KEY=VALUE, [GROUP] nor # COMMENT"), line);
    return refuse_line (reader, reason, error);
  }
  *equals = '\0';
  entry.key = g_strchomp (line);
  entry.value = g_strstrip (equals + 1);
  if (reader->group == NULL) {
    g_autofree char *reason =
        g_strdup_printf (_ ("%s: there is no [GROUP] line above it"), entry.key);
    return refuse_line (reader, reason, error);
  }
  entry.group = reader->group;
  if (!g_hash_table_add (reader->seen, g_strconcat (entry.group, "\n", entry.key, NULL)))
    return vap_key_file_refuse (&entry, g_strdup (_ ("is there twice")), error);
  return reader->take (&entry, reader->user_data, error);
}

static gboolean
read_line (Reader *reader, char *line, GError **error)
{
  g_strstrip (line);
  if (*line == '\0' || *line == '#')
    return TRUE;
  return *line == '[' ? read_group (reader, line, error)
                      : read_entry (reader, line, error);
}

static gboolean
read_lines (Reader *reader, const char *text, gsize length, GError **error)
{
  const char *end = text + length;

  while (text < end) {
    const char *newline = memchr (text, '\n', end - text);
    const char *line_end = newline != NULL ? newline : end;
    g_autofree char *line = NULL;

    reader->line++;
    if (!g_utf8_validate (text, line_end - text, NULL))
      return refuse_line (reader, _ ("is not UTF-8"), error);
    line = g_strndup (text, line_end - text);
    if (!read_line (reader, line, error))
      return FALSE;
    text = line_end + 1;
  }
  return TRUE;
}

gboolean
vap_key_file_parse (const char *path, const char *text, gsize length, VapKeyFileFunc take,
                    gpointer user_data, GError **error)
{
  Reader reader = { .path = path, .take = take, .user_data = user_data };
  gboolean read;

  reader.seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  read = read_lines (&reader, text, length, error);
  g_hash_table_unref (reader.seen);
  g_free (reader.group);
  return read;
}
