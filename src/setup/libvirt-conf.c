/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* libvirt.conf with our lines and without; see libvirt-conf.h. */
#include "config.h"

#include "setup/libvirt-conf.h"

#include <glib/gi18n.h>
#include <string.h>

#include "ap/error.h"
#include "setup/statements.h"

#define MARK "# virt-ap setup: "
#define BEGIN MARK "begin"
#define END MARK "end\n"
/* in the first of the two marked lines: how what was there before ended */
#define AFTER_LINE " (virt-ap setup --disable takes these lines out)\n"
#define AFTER_UNENDED ", after a line without an end\n"
#define OWN_FILE ", in a file of its own\n"
#define ENTRY MARK "the first entry of this list\n"
/* behind a ';', with a newline in front of it */
#define ENTRY_WITHIN MARK "the first entry of this list, which began within a line\n"
#define ENTRY_BEGIN "\n  \"" VAP_SETUP_ALIAS "="
#define ENTRY_END "\","

/* where a line begins with @mark; NULL without one */
static char *
find_line (const char *text, const char *mark)
{
  for (const char *at = text; (at = strstr (at, mark)) != NULL; at++)
    if (at == text || at[-1] == '\n')
      return (char *) at;
  return NULL;
}

/* what the block's first line says of what was before it */
static gboolean
begins_so (const char *begin, const char *how)
{
  return g_str_has_prefix (begin + strlen (BEGIN), how);
}

static gboolean
take_out_block (const char *path, GString *text, gboolean *own_file, GError **error)
{
  const char *begin = find_line (text->str, BEGIN);
  const char *end = begin != NULL ? find_line (begin, END) : NULL;
  gsize from, to;

  if (begin == NULL)
    return TRUE;
  if (end == NULL) {
    g_set_error (error, VAP_ERROR, VAP_ERROR_MALFORMED,
                 _ ("%s: the line '%s' is missing, so it is not clear what is virt-ap's: "
                    "take it out by hand, from '%s' on"),
                 path, MARK "end", BEGIN);
    return FALSE;
  }
  from = begin - text->str;
  to = end - text->str + strlen (END);
  *own_file = begins_so (begin, OWN_FILE) && from == 0 && to == text->len;
  /* the end of that line is ours, unless another has come behind */
  if (begins_so (begin, AFTER_UNENDED) && from > 0 && to == text->len)
    from--;
  g_string_erase (text, (gssize) from, (gssize) (to - from));
  return TRUE;
}

/* FALSE when the mark is not there; else @at is where it was */
static gboolean
take_out_mark (GString *text, const char *mark, gsize *at)
{
  const char *found = strstr (text->str, mark);

  if (found == NULL)
    return FALSE;
  *at = found - text->str;
  g_string_erase (text, (gssize) *at, (gssize) strlen (mark));
  return TRUE;
}

/* The marked line and the entry; an entry that somebody has moved since stays. */
static void
take_out_entry (GString *text)
{
  const char *end;
  gsize at, list;

  if (!take_out_mark (text, "\n" ENTRY_WITHIN, &at) && !take_out_mark (text, ENTRY, &at))
    return;
  list = at + strcspn (text->str + at, "[");
  if (!g_str_has_prefix (text->str + list, "[" ENTRY_BEGIN))
    return;
  list++;
  end = strstr (text->str + list, ENTRY_END);
  if (end != NULL)
    g_string_erase (text, (gssize) list, end + strlen (ENTRY_END) - (text->str + list));
}

char *
vap_libvirt_conf_disable (const char *path, const char *text, gboolean *own_file,
                          GError **error)
{
  g_autoptr (GString) result = g_string_new (text);

  *own_file = FALSE;
  if (!take_out_block (path, result, own_file, error))
    return NULL;
  take_out_entry (result);
  return g_string_free (g_steal_pointer (&result), FALSE);
}

static gboolean
has_alias (const VapStatement *aliases, const char **uri)
{
  for (guint i = 0; i < aliases->strings->len; i++) {
    const char *entry = aliases->strings->pdata[i];

    if (!g_str_has_prefix (entry, VAP_SETUP_ALIAS "="))
      continue;
    *uri = entry + strlen (VAP_SETUP_ALIAS "=");
    return TRUE;
  }
  return FALSE;
}

static void
put_in_entry (GString *text, const VapStatement *aliases, const char *uri)
{
  g_autofree char *entry = g_strconcat (ENTRY_BEGIN, uri, ENTRY_END, NULL);
  const gsize start = aliases->start;
  const char *before = text->str + start;

  while (before > text->str && (before[-1] == ' ' || before[-1] == '\t'))
    before--;
  if (before > text->str && before[-1] == ';')
    before = "\n" ENTRY_WITHIN;
  else
    before = ENTRY;
  g_string_insert (text, (gssize) aliases->value + 1, entry);
  g_string_insert (text, (gssize) start, before);
}

static void
append_block (GString *text, gboolean new_file, gboolean alias, gboolean uri_default,
              const char *uri)
{
  if (new_file) {
    g_string_append (text, BEGIN OWN_FILE);
  } else if (text->len > 0 && text->str[text->len - 1] != '\n') {
    g_string_append (text, "\n" BEGIN AFTER_UNENDED);
  } else {
    g_string_append (text, BEGIN AFTER_LINE);
  }
  if (alias)
    g_string_append_printf (text, "uri_aliases = [\n  \"" VAP_SETUP_ALIAS "=%s\",\n]\n",
                            uri);
  if (uri_default)
    g_string_append_printf (text, "uri_default = \"%s\"\n", uri);
  g_string_append (text, END);
}

char *
vap_libvirt_conf_enable (const char *path, const char *text, const char *uri,
                         GError **error)
{
  gboolean own_file = FALSE;
  g_autofree char *without = text != NULL
                                 ? vap_libvirt_conf_disable (path, text, &own_file, error)
                                 : g_strdup ("");
  g_autoptr (GPtrArray) statements = NULL;
  const VapStatement *aliases;
  gboolean no_default;
  const char *other;
  GString *result;

  if (without == NULL)
    return NULL;
  statements = vap_statements_read (path, without, strlen (without), error);
  if (statements == NULL)
    return NULL;
  aliases = vap_statements_find (statements, "uri_aliases");
  no_default = vap_statements_find (statements, "uri_default") == NULL;

  result = g_string_new (without);
  if (aliases != NULL && aliases->kind == VAP_SETTING_LIST &&
      !has_alias (aliases, &other))
    put_in_entry (result, aliases, uri);
  if (aliases == NULL || no_default)
    append_block (result, text == NULL || own_file, aliases == NULL, no_default, uri);
  return g_string_free (result, FALSE);
}

/* @is: (nullable): what is set */
static void
set_part (VapPart *part, const char *is, const char *uri, gboolean ours)
{
  if (is == NULL)
    part->state = VAP_PART_ABSENT;
  else if (g_str_equal (is, uri))
    part->state = VAP_PART_ACTIVE;
  else if (ours)
    part->state = VAP_PART_CHANGED;
  else
    part->state = VAP_PART_FOREIGN;
  part->by_hand = part->state == VAP_PART_ACTIVE && !ours;
  if (part->by_hand)
    part->detail = g_strdup (_ ("virt-ap did not set it, and leaves it so"));
  else if (part->state == VAP_PART_CHANGED)
    part->detail = g_strdup_printf (_ ("it is '%s', of another version or changed"), is);
  else if (part->state == VAP_PART_FOREIGN)
    part->detail =
        g_strdup_printf (_ ("it is '%s', which virt-ap did not set and leaves so"), is);
}

/* whether a statement is between our marks, or has the mark of a list above it */
static gboolean
is_ours (const char *text, const VapStatement *statement)
{
  const char *begin = find_line (text, BEGIN);
  const char *end = begin != NULL ? find_line (begin, END) : NULL;
  const char *at = text + statement->start;
  g_autofree char *before = g_strndup (text, statement->start);

  return (end != NULL && at > begin && at < end) || g_str_has_suffix (before, ENTRY) ||
         g_str_has_suffix (before, ENTRY_WITHIN);
}

static const char *
default_of (const VapStatement *statement)
{
  return statement->kind == VAP_SETTING_STRING ? statement->strings->pdata[0]
                                               : _ ("no string");
}

static void
look_at_alias (const char *text, const VapStatement *aliases, const char *uri,
               VapPart *part)
{
  const char *is = NULL;

  if (aliases == NULL || (aliases->kind == VAP_SETTING_LIST && !has_alias (aliases, &is)))
    set_part (part, NULL, uri, FALSE);
  else if (aliases->kind != VAP_SETTING_LIST)
    set_part (part, _ ("no list"), uri, FALSE);
  else
    set_part (part, is, uri, is_ours (text, aliases));
}

void
vap_libvirt_conf_look (const char *path, const char *text, const char *uri,
                       VapPart *default_part, VapPart *alias_part)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) statements =
      vap_statements_read (path, text, strlen (text), &error);
  const VapStatement *uri_default;

  if (statements == NULL) {
    default_part->state = alias_part->state = VAP_PART_BROKEN;
    default_part->detail = g_strdup (error->message);
    alias_part->detail = g_strdup (error->message);
    return;
  }
  uri_default = vap_statements_find (statements, "uri_default");
  if (uri_default != NULL)
    set_part (default_part, default_of (uri_default), uri, is_ours (text, uri_default));
  look_at_alias (text, vap_statements_find (statements, "uri_aliases"), uri, alias_part);
}
