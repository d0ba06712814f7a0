/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The safe way to read XML from strangers; used by everything in guest/ that
 * reads XML.
 */
#include "config.h"

#include "guest/xml.h"

#include <glib/gi18n-lib.h>
#include <libxml/parser.h>
#include <string.h>

#include "guest/guest.h"
#include "guest/xml-tree.h"

/* Since 2.12 libxml2 hands its errors out read-only. */
#if LIBXML_VERSION >= 21200
typedef const xmlError XmlProblem;
#else
typedef xmlError XmlProblem;
#endif

/* What reads a document.
 * @building: the parser's private data, so that this is
 * @reason, @line: the first reason for which it was refused */
typedef struct {
  VapXmlBuilding building;
  char *reason;
  int line;
} Reading;

static void
refuse (xmlParserCtxt *parser, int line, const char *reason)
{
  Reading *reading = parser->_private;

  if (reading->reason != NULL)
    return;
  reading->reason = g_strstrip (g_strdup (reason));
  reading->line = line;
}

/* libxml2 goes on after a fatal error and reports what follows from it; only
 * the first is the reason.  What is not fatal, libvirt accepts, and so do we. */
static void
on_problem (void *user_data, XmlProblem *problem)
{
  if (problem->level == XML_ERR_FATAL && problem->message != NULL)
    refuse (user_data, problem->line, problem->message);
}

/* Called at "<!DOCTYPE name", before anything is read of what is declared there. */
static void
on_doctype (void *user_data, const xmlChar *name G_GNUC_UNUSED,
            const xmlChar *public_id G_GNUC_UNUSED,
            const xmlChar *system_id G_GNUC_UNUSED)
{
  xmlParserCtxt *parser = user_data;

  refuse (parser, parser->input != NULL ? parser->input->line : 1,
          _ ("a document type declaration is not allowed here"));
  xmlStopParser (parser);
}

/* libvirt reads a document in the encoding it declares.  Others than these would
 * have to be converted back for a rewriting, and libvirt never writes them. */
static gboolean
encoding_is_read (const xmlDoc *doc)
{
  static const char *const names[] = { "UTF-8", "UTF8", "US-ASCII", "ASCII",
                                       "ISO-8859-1" };

  if (doc->encoding == NULL)
    return TRUE;
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    if (g_ascii_strcasecmp ((const char *) doc->encoding, names[i]) == 0)
      return TRUE;
  return FALSE;
}

static gboolean
check_bytes (const char *xml, gsize length, GError **error)
{
  const char *end;

  if (length > VAP_XML_MAX) {
    g_set_error (error, VAP_ERROR, VAP_ERROR_TOO_LARGE,
                 _ ("XML of %zu bytes is larger than the %u bytes allowed"), length,
                 VAP_XML_MAX);
    return FALSE;
  }
  if (length == 0) {
    g_set_error (error, VAP_ERROR, VAP_ERROR_MALFORMED, _ ("XML is empty"));
    return FALSE;
  }
  if (g_utf8_validate_len (xml, length, &end))
    return TRUE;
  if (*end == '\0')
    g_set_error (error, VAP_ERROR, VAP_ERROR_MALFORMED,
                 _ ("XML line %ld: a NUL byte is not allowed"),
                 vap_text_line (xml, end - xml));
  else
    g_set_error (error, VAP_ERROR, VAP_ERROR_MALFORMED,
                 _ ("XML line %ld: byte 0x%02x is not UTF-8"),
                 vap_text_line (xml, end - xml), (guint) (guint8) *end);
  return FALSE;
}

/* A parser that has read more names than these bytes hold is not used again. */
#define PARSER_NAMES_MAX (32u * 1024)

/* of each thread: a parser that has read its last document well; making one is a third
 * of what a document costs */
static GPrivate rested_parser = G_PRIVATE_INIT ((GDestroyNotify) xmlFreeParserCtxt);

static xmlParserCtxt *
take_parser (void)
{
  xmlParserCtxt *parser = g_private_get (&rested_parser);

  if (parser == NULL)
    return xmlNewParserCtxt ();
  g_private_set (&rested_parser, NULL);
  return parser;
}

static void
release_parser (xmlParserCtxt *parser, gboolean was_well)
{
  parser->_private = NULL;
  if (was_well && xmlDictGetUsage (parser->dict) <= PARSER_NAMES_MAX)
    g_private_replace (&rested_parser, parser);
  else
    xmlFreeParserCtxt (parser);
}

/* xmlCtxtReadMemory() forgets what the parser has read before. */
static xmlDoc *
read_document (const char *xml, gsize length, Reading *reading)
{
  xmlParserCtxt *parser = take_parser ();
  xmlDoc *doc;

  if (parser == NULL) {
    reading->reason = g_strdup (_ ("out of memory"));
    return NULL;
  }
  vap_xml_build (parser, &reading->building);
  parser->sax->serror = on_problem;
  parser->sax->internalSubset = on_doctype;
  doc = xmlCtxtReadMemory (parser, xml, (int) length, NULL, NULL,
                           XML_PARSE_NONET | XML_PARSE_BIG_LINES | XML_PARSE_COMPACT);
  release_parser (parser, doc != NULL && reading->reason == NULL);
  return doc;
}

/* A longer document is not kept. */
#define SPARE_MAX (64u * 1024)

/* What a document was parsed from: its private data.
 * @bytes: NULL when it is not kept */
typedef struct {
  GBytes *bytes;
  guint n_elements;
} Origin;

static void
free_document (gpointer data)
{
  xmlDoc *doc = data;
  Origin *origin = doc->_private;

  if (origin != NULL)
    g_clear_pointer (&origin->bytes, g_bytes_unref);
  g_free (origin);
  xmlFreeDoc (doc);
}

/* of each thread: the document that was released last */
static GPrivate spare = G_PRIVATE_INIT (free_document);

/* (nullable): the spare document, if it is of these bytes; then it is none any more */
static xmlDoc *
take_spare (const char *xml, gsize length)
{
  xmlDoc *doc = g_private_get (&spare);
  const Origin *origin;
  const char *bytes;
  gsize n_bytes;

  if (doc == NULL)
    return NULL;
  origin = doc->_private;
  bytes = g_bytes_get_data (origin->bytes, &n_bytes);
  if (n_bytes != length || memcmp (bytes, xml, length) != 0)
    return NULL;
  g_private_set (&spare, NULL);
  return doc;
}

void
vap_xml_forget (void)
{
  g_private_replace (&spare, NULL);
}

void
vap_xml_release (xmlDoc *doc)
{
  const Origin *origin = doc != NULL ? doc->_private : NULL;

  if (doc == NULL)
    return;
  if (origin != NULL && origin->bytes != NULL)
    g_private_replace (&spare, doc);
  else
    free_document (doc);
}

static void
keep_origin (xmlDoc *doc, const char *xml, gsize length, guint n_elements)
{
  Origin *origin = g_new (Origin, 1);

  origin->bytes = length <= SPARE_MAX ? g_bytes_new (xml, length) : NULL;
  origin->n_elements = n_elements;
  doc->_private = origin;
}

xmlDoc *
vap_xml_parse (const char *xml, gsize length, GError **error)
{
  g_autoptr (xmlDoc) doc = take_spare (xml, length);
  Reading reading = { .line = 1 };
  g_autofree char *reason = NULL;

  if (doc != NULL)
    return g_steal_pointer (&doc);
  if (!check_bytes (xml, length, error))
    return NULL;

  doc = read_document (xml, length, &reading);
  reason = reading.reason;
  if (reason != NULL || doc == NULL || xmlDocGetRootElement (doc) == NULL) {
    g_set_error (error, VAP_ERROR, VAP_ERROR_MALFORMED, _ ("XML line %d: %s"),
                 reading.line, reason != NULL ? reason : _ ("not well formed"));
    return NULL;
  }
  if (!encoding_is_read (doc)) {
    g_set_error (error, VAP_ERROR, VAP_ERROR_MALFORMED,
                 _ ("XML line 1: encoding '%s' is not UTF-8"),
                 (const char *) doc->encoding);
    return NULL;
  }
  keep_origin (doc, xml, length, reading.building.n_elements);
  return g_steal_pointer (&doc);
}

guint
vap_xml_n_elements (const xmlDoc *doc)
{
  const Origin *origin = doc->_private;

  return origin->n_elements;
}

guint
vap_xml_number (const xmlNode *element)
{
  return GPOINTER_TO_UINT (element->_private);
}

static xmlNode *
first_match (xmlNode *node, const char *ns, const char *name)
{
  for (; node != NULL; node = node->next) {
    const char *found = node->type == XML_ELEMENT_NODE && node->ns != NULL
                            ? (const char *) node->ns->href
                            : NULL;

    if (vap_xml_is (node, name) && g_strcmp0 (found, ns) == 0)
      return node;
  }
  return NULL;
}

xmlNode *
vap_xml_child (const xmlNode *parent, const char *ns, const char *name)
{
  return parent != NULL ? first_match (parent->children, ns, name) : NULL;
}

xmlNode *
vap_xml_next (const xmlNode *node, const char *ns, const char *name)
{
  return node != NULL ? first_match (node->next, ns, name) : NULL;
}

gboolean
vap_xml_is (const xmlNode *node, const char *name)
{
  return node->type == XML_ELEMENT_NODE && strcmp ((const char *) node->name, name) == 0;
}

/* from libxml2's allocator to GLib's */
static char *
take (xmlChar *text)
{
  char *copy = g_strdup ((const char *) text);

  if (text != NULL)
    xmlFree (text);
  return copy;
}

/* (nullable): the text, when there are no entities and nothing else within */
static const char *
plain_text (const xmlNode *children)
{
  if (children == NULL)
    return "";
  return children->type == XML_TEXT_NODE && children->next == NULL
             ? (const char *) children->content
             : NULL;
}

char *
vap_xml_attribute (const xmlNode *node, const char *name)
{
  const xmlAttr *attribute = node != NULL ? node->properties : NULL;
  const char *text;

  while (attribute != NULL &&
         (attribute->ns != NULL || strcmp ((const char *) attribute->name, name) != 0))
    attribute = attribute->next;
  if (attribute == NULL)
    return NULL;
  text = plain_text (attribute->children);
  return text != NULL ? g_strdup (text)
                      : take (xmlGetNoNsProp ((xmlNode *) node, BAD_CAST name));
}

char *
vap_xml_text (const xmlNode *node)
{
  g_autofree char *text = NULL;
  const char *plain;

  if (node == NULL)
    return NULL;
  plain = plain_text (node->children);
  text = plain != NULL ? g_strdup (plain) : take (xmlNodeGetContent ((xmlNode *) node));
  return text != NULL && *text != '\0' ? g_steal_pointer (&text) : NULL;
}

long
vap_xml_line (const xmlNode *node)
{
  return xmlGetLineNo ((xmlNode *) node);
}

long
vap_text_line (const char *text, gsize offset)
{
  long line = 1;

  for (gsize i = 0; i < offset; i++)
    if (text[i] == '\n')
      line++;
  return line;
}
