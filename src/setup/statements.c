/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A reader of libvirt's configuration files; see statements.h.  The grammar is that of
 * libvirt src/util/virconf.c, virConfParseStatement() and below: no comment within a
 * list, no escape in a string, a comma may end a list, ';' or a line's end ends a
 * statement.
 */
#include "config.h"

#include "setup/statements.h"

#include <glib/gi18n.h>
#include <string.h>

#include "ap/error.h"

typedef struct {
  const char *path;
  const char *text;
  const char *at;
  const char *end;
} Reader;

static void
statement_free (gpointer data)
{
  VapStatement *statement = data;

  g_free (statement->name);
  g_ptr_array_unref (statement->strings);
  g_free (statement);
}

/* the byte at hand, NUL at the end */
static char
current (const Reader *reader)
{
  return reader->at < reader->end ? *reader->at : '\0';
}

static gboolean
fail (const Reader *reader, const char *reason, GError **error)
{
  guint line = 1;

  for (const char *c = reader->text; c < reader->at; c++)
    line += *c == '\n';
  g_set_error (error, VAP_ERROR, VAP_ERROR_MALFORMED, "%s:%u: %s", reader->path, line,
               reason);
  return FALSE;
}

static void
skip (Reader *reader, const char *set)
{
  while (current (reader) != '\0' && strchr (set, *reader->at) != NULL)
    reader->at++;
}

#define BLANKS " \t"
#define BLANKS_AND_ENDS " \t\r\n"

static void
skip_comment (Reader *reader)
{
  while (reader->at < reader->end && *reader->at != '\n' && *reader->at != '\r')
    reader->at++;
}

static gboolean
has_prefix (const Reader *reader, const char *prefix)
{
  return (gsize) (reader->end - reader->at) >= strlen (prefix) &&
         memcmp (reader->at, prefix, strlen (prefix)) == 0;
}

/* """…""" over any lines, "…" or '…' on one */
static gboolean
read_string (Reader *reader, GPtrArray *strings, GError **error)
{
  const gboolean triple = reader->end - reader->at > 6 && has_prefix (reader, "\"\"\"");
  const char quote[] = { *reader->at, '\0' };
  const char *closing = triple ? "\"\"\"" : quote;
  const char *start;

  reader->at += strlen (closing);
  start = reader->at;
  while (reader->at < reader->end && !has_prefix (reader, closing)) {
    if (!triple && (*reader->at == '\n' || *reader->at == '\r'))
      return fail (reader, _ ("a string does not end"), error);
    reader->at++;
  }
  if (reader->at >= reader->end)
    return fail (reader, _ ("a string does not end"), error);
  g_ptr_array_add (strings, g_strndup (start, reader->at - start));
  reader->at += strlen (closing);
  return TRUE;
}

static gboolean
read_number (Reader *reader, GError **error)
{
  if (current (reader) == '-' || current (reader) == '+')
    reader->at++;
  if (!g_ascii_isdigit (current (reader)))
    return fail (reader, _ ("a number has no digits"), error);
  while (g_ascii_isdigit (current (reader)))
    reader->at++;
  return TRUE;
}

static gboolean
read_simple (Reader *reader, VapStatement *statement, VapSettingKind *kind,
             GError **error)
{
  const char c = current (reader);

  if (c == '"' || c == '\'') {
    *kind = VAP_SETTING_STRING;
    return read_string (reader, statement->strings, error);
  }
  if (g_ascii_isdigit (c) || c == '-' || c == '+') {
    *kind = VAP_SETTING_NUMBER;
    return read_number (reader, error);
  }
  return fail (reader, _ ("there is no value"), error);
}

/* libvirt takes a list within a list too, and no setting of ours has one */
static gboolean
read_list (Reader *reader, VapStatement *statement, GError **error)
{
  VapSettingKind kind;

  reader->at++;
  skip (reader, BLANKS_AND_ENDS);
  while (current (reader) != ']') {
    if (!read_simple (reader, statement, &kind, error))
      return FALSE;
    skip (reader, BLANKS_AND_ENDS);
    if (current (reader) != ',' && current (reader) != ']')
      return fail (reader, _ ("a list does not end"), error);
    if (current (reader) == ',')
      reader->at++;
    skip (reader, BLANKS_AND_ENDS);
  }
  reader->at++;
  return TRUE;
}

static gboolean
read_value (Reader *reader, VapStatement *statement, GError **error)
{
  gboolean read;

  skip (reader, BLANKS);
  statement->value = reader->at - reader->text;
  if (current (reader) == '[') {
    statement->kind = VAP_SETTING_LIST;
    read = read_list (reader, statement, error);
  } else {
    read = read_simple (reader, statement, &statement->kind, error);
  }
  statement->end = reader->at - reader->text;
  return read;
}

static gboolean
read_statement (Reader *reader, VapStatement *statement, GError **error)
{
  const char *start = reader->at;

  statement->start = start - reader->text;
  if (!g_ascii_isalpha (current (reader)))
    return fail (reader, _ ("there is no name of a setting"), error);
  while (g_ascii_isalnum (current (reader)) || current (reader) == '_')
    reader->at++;
  statement->name = g_strndup (start, reader->at - start);
  skip (reader, BLANKS);
  if (current (reader) != '=')
    return fail (reader, _ ("there is no '=' behind the name of a setting"), error);
  reader->at++;
  return read_value (reader, statement, error);
}

static gboolean
read_separator (Reader *reader, GError **error)
{
  skip (reader, BLANKS);
  if (current (reader) == '#')
    skip_comment (reader);
  if (reader->at >= reader->end || strchr ("\r\n;", *reader->at) != NULL) {
    reader->at += reader->at < reader->end;
    return TRUE;
  }
  return fail (reader, _ ("a setting is not alone on its line"), error);
}

GPtrArray *
vap_statements_read (const char *path, const char *text, gsize length, GError **error)
{
  g_autoptr (GPtrArray) statements = g_ptr_array_new_with_free_func (statement_free);
  Reader reader = { path, text, text, text + length };

  if (memchr (text, '\0', length) != NULL) {
    g_set_error (error, VAP_ERROR, VAP_ERROR_MALFORMED, _ ("%s: has a NUL in it"), path);
    return NULL;
  }
  for (;;) {
    VapStatement *statement;

    skip (&reader, BLANKS_AND_ENDS);
    if (reader.at >= reader.end)
      return g_steal_pointer (&statements);
    if (*reader.at == '#') {
      skip_comment (&reader);
      continue;
    }
    statement = g_new0 (VapStatement, 1);
    statement->strings = g_ptr_array_new_with_free_func (g_free);
    g_ptr_array_add (statements, statement);
    if (!read_statement (&reader, statement, error) || !read_separator (&reader, error))
      return NULL;
  }
}

const VapStatement *
vap_statements_find (const GPtrArray *statements, const char *name)
{
  for (guint i = 0; i < statements->len; i++) {
    const VapStatement *statement = statements->pdata[i];

    if (g_str_equal (statement->name, name))
      return statement;
  }
  return NULL;
}
