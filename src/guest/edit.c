/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Changes to the text of an XML document; used by rewrite.c.
 *
 * libxml2 has checked the text before, and there is no document type
 * declaration in it, so a scan for tags finds the elements in the order of the
 * tree.
 */
#include "config.h"

#include "guest/edit.h"

#include <glib/gi18n-lib.h>
#include <string.h>

/* Where an element stands in the text. */
typedef struct {
  gsize start;       /* '<' of its start tag */
  gsize content;     /* after the start tag */
  gsize content_end; /* '<' of its end tag; the same as content in <a/> */
  gsize end;         /* after the end tag */
} Span;

typedef struct {
  gsize offset;
  gsize removed;
  char *text; /* put there instead, NULL for nothing */
} Change;

struct _VapEdits {
  const char *xml;
  gsize length;
  GArray *spans;   /* Span, in document order */
  GArray *changes; /* Change */
};

/* after the next @mark; NULL without one */
static const char *
skip_past (const char *at, const char *end, const char *mark)
{
  const char *found = g_strstr_len (at, end - at, mark);

  return found != NULL ? found + strlen (mark) : NULL;
}

/* after the '>' of the start tag at @at; one may stand in an attribute, too */
static const char *
skip_start_tag (const char *at, const char *end)
{
  char quote = '\0';

  for (; at < end; at++) {
    if (quote != '\0')
      quote = *at == quote ? '\0' : quote;
    else if (*at == '"' || *at == '\'')
      quote = *at;
    else if (*at == '>')
      return at + 1;
  }
  return NULL;
}

/* what is between '<' and '>' and no element; @at stays where it is at others */
static const char *
skip_markup (const char *at, const char *end)
{
  static const struct {
    const char *begin;
    const char *end;
  } kinds[] = { { "<!--", "-->" }, { "<![CDATA[", "]]>" }, { "<?", "?>" } };

  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++) {
    gsize length = strlen (kinds[i].begin);

    if ((gsize) (end - at) > length && memcmp (at, kinds[i].begin, length) == 0)
      return skip_past (at + length, end, kinds[i].end);
  }
  return at;
}

static void
open_element (VapEdits *edits, GArray *open, const char *at, const char *after)
{
  Span span = { at - edits->xml, after - edits->xml, after - edits->xml,
                after - edits->xml };

  if (after[-2] != '/')
    g_array_append_val (open, edits->spans->len);
  g_array_append_val (edits->spans, span);
}

static gboolean
close_element (VapEdits *edits, GArray *open, const char *at, const char *after)
{
  Span *span;

  if (open->len == 0)
    return FALSE;
  span = &g_array_index (edits->spans, Span, g_array_index (open, guint, open->len - 1));
  span->content_end = at - edits->xml;
  span->end = after - edits->xml;
  g_array_set_size (open, open->len - 1);
  return TRUE;
}

static gboolean
scan (VapEdits *edits)
{
  g_autoptr (GArray) open = g_array_new (FALSE, FALSE, sizeof (guint));
  const char *end = edits->xml + edits->length;
  const char *at = edits->xml;

  while ((at = memchr (at, '<', end - at)) != NULL) {
    const char *after = skip_markup (at, end);

    if (after == at) {
      after = skip_start_tag (at, end);
      if (after != NULL && at[1] != '/')
        open_element (edits, open, at, after);
      else if (after != NULL && !close_element (edits, open, at, after))
        return FALSE;
    }
    if (after == NULL)
      return FALSE;
    at = after;
  }
  return open->len == 0;
}

static void
clear_change (gpointer data)
{
  g_free (((Change *) data)->text);
}

VapEdits *
vap_edits_new (const char *xml, gsize length, const xmlDoc *doc, GError **error)
{
  g_autoptr (VapEdits) edits = g_new0 (VapEdits, 1);

  edits->xml = xml;
  edits->length = length;
  edits->spans = g_array_new (FALSE, FALSE, sizeof (Span));
  edits->changes = g_array_new (FALSE, FALSE, sizeof (Change));
  g_array_set_clear_func (edits->changes, clear_change);
  if (!scan (edits) || edits->spans->len != vap_xml_n_elements (doc)) {
    g_set_error (error, VAP_ERROR, VAP_ERROR_MALFORMED,
                 _ ("XML line 1: its elements are not where they should be"));
    return NULL;
  }
  return g_steal_pointer (&edits);
}

void
vap_edits_free (VapEdits *edits)
{
  if (edits == NULL)
    return;
  g_array_unref (edits->spans);
  g_array_unref (edits->changes);
  g_free (edits);
}

static void
add_change (VapEdits *edits, gsize offset, gsize removed, char *text)
{
  Change change = { offset, removed, text };

  g_array_append_val (edits->changes, change);
}

static const Span *
span_of (const VapEdits *edits, const xmlNode *element)
{
  return &g_array_index (edits->spans, Span, vap_xml_number (element));
}

/* The newline and blanks in front of an element that begins its line; "" for
 * one that doesn't. */
static char *
indent_of (const VapEdits *edits, const xmlNode *element)
{
  gsize start = span_of (edits, element)->start;
  gsize from = start;

  while (from > 0 && (edits->xml[from - 1] == ' ' || edits->xml[from - 1] == '\t'))
    from--;
  if (from == 0 || edits->xml[from - 1] != '\n')
    return g_strdup ("");
  from--;
  if (from > 0 && edits->xml[from - 1] == '\r')
    from--;
  return g_strndup (edits->xml + from, start - from);
}

/* @indent and @text, each line of it indented so; without line breaks where
 * @indent has none */
static void
append_indented (GString *to, const char *text, const char *indent)
{
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);

  for (guint i = 0; lines[i] != NULL; i++) {
    g_string_append (to, indent);
    g_string_append (to, *indent != '\0' ? lines[i] : g_strchug (lines[i]));
  }
}

void
vap_edits_remove (VapEdits *edits, const xmlNode *element)
{
  g_autofree char *indent = indent_of (edits, element);
  const Span *span = span_of (edits, element);
  gsize start = span->start - strlen (indent);

  add_change (edits, start, span->end - start, NULL);
}

void
vap_edits_empty (VapEdits *edits, const xmlNode *element)
{
  const Span *span = span_of (edits, element);

  if (span->content < span->end)
    add_change (edits, span->content - 1, span->end - span->content + 1, g_strdup ("/>"));
}

void
vap_edits_insert_after (VapEdits *edits, const xmlNode *element, const char *text)
{
  g_autofree char *indent = indent_of (edits, element);
  GString *inserted = g_string_new (NULL);

  append_indented (inserted, text, indent);
  add_change (edits, span_of (edits, element)->end, 0, g_string_free (inserted, FALSE));
}

/* the name as it stands in the start tag, with its prefix */
static char *
tag_name (const VapEdits *edits, const xmlNode *element)
{
  const char *name = edits->xml + span_of (edits, element)->start + 1;

  return g_strndup (name, strcspn (name, " \t\r\n/>"));
}

void
vap_edits_append (VapEdits *edits, const xmlNode *parent, GPtrArray *texts)
{
  const Span *span = span_of (edits, parent);
  xmlNode *last = xmlLastElementChild ((xmlNode *) parent);
  g_autofree char *outer = indent_of (edits, parent);
  g_autofree char *inner = NULL;
  g_autofree char *name = tag_name (edits, parent);
  GString *inserted = g_string_new (NULL);

  if (last != NULL)
    inner = indent_of (edits, last);
  else
    inner = *outer != '\0' ? g_strconcat (outer, "  ", NULL) : g_strdup ("");

  if (span->content == span->end)
    g_string_append (inserted, ">");
  for (guint i = 0; i < texts->len; i++)
    append_indented (inserted, g_ptr_array_index (texts, i), inner);
  if (span->content == span->content_end)
    g_string_append (inserted, outer);

  if (span->content < span->end) {
    add_change (edits, last != NULL ? span_of (edits, last)->end : span->content, 0,
                g_string_free (inserted, FALSE));
  } else {
    g_string_append_printf (inserted, "</%s>", name);
    add_change (edits, span->end - 2, 2, g_string_free (inserted, FALSE));
  }
}

/* The value of an attribute between its quotes: where it begins, or NULL.  The tag was
 * parsed before, so that each name has its '=' and its two quotes. */
static const char *
find_value (const char *at, const char *end, const char *name, gsize *length)
{
  while (at < end) {
    const char *word, *opening, *closing;
    gsize word_length;

    at += strspn (at, " \t\r\n");
    word = at;
    word_length = strcspn (word, " \t\r\n=/>");
    opening = at + strcspn (at, "\"'>");
    if (word_length == 0 || opening >= end || *opening == '>')
      return NULL;
    closing = memchr (opening + 1, *opening, end - opening - 1);
    if (closing == NULL)
      return NULL;
    if (strlen (name) == word_length && strncmp (word, name, word_length) == 0) {
      *length = closing - opening - 1;
      return opening + 1;
    }
    at = closing + 1;
  }
  return NULL;
}

void
vap_edits_set_attribute (VapEdits *edits, const xmlNode *element, const char *name,
                         const char *value)
{
  const Span *span = span_of (edits, element);
  g_autofree char *tag = tag_name (edits, element);
  const char *attributes = edits->xml + span->start + 1 + strlen (tag);
  gsize length;
  const char *old = find_value (attributes, edits->xml + span->content, name, &length);

  if (old != NULL)
    add_change (edits, old - edits->xml, length, g_strdup (value));
  else
    add_change (edits, attributes - edits->xml, 0,
                g_strdup_printf (" %s='%s'", name, value));
}

static gint
compare_changes (gconstpointer a, gconstpointer b)
{
  const Change *first = a;
  const Change *second = b;

  return (first->offset > second->offset) - (first->offset < second->offset);
}

char *
vap_edits_apply (VapEdits *edits)
{
  GString *result = g_string_sized_new (edits->length + 256);
  gsize from = 0;

  g_array_sort (edits->changes, compare_changes);
  for (guint i = 0; i < edits->changes->len; i++) {
    const Change *change = &g_array_index (edits->changes, Change, i);

    g_string_append_len (result, edits->xml + from, change->offset - from);
    if (change->text != NULL)
      g_string_append (result, change->text);
    from = change->offset + change->removed;
  }
  g_string_append_len (result, edits->xml + from, edits->length - from);
  return g_string_free (result, FALSE);
}
