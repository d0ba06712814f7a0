/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The tree of a document as far as it is asked for; see xml-tree.h.  libxml2's parser
 * finds what is not well formed before it calls anything here, and its own functions
 * (SAX2.h) build the nodes.
 */
#include "config.h"

#include "guest/xml-tree.h"

#include <libxml/SAX2.h>
#include <string.h>

/* @below: what is asked for of it; NULL for all */
typedef struct {
  const char *name;
  const VapXmlSkim *below;
} Asked;

/* the children that are asked for; all others are bare */
struct VapXmlSkim {
  Asked asked[8];
};

static const VapXmlSkim devices = { { { "emulator", NULL }, { "hostdev", NULL } } };

static const VapXmlSkim domain = { {
    { "name", NULL },
    { "uuid", NULL },
    { "metadata", NULL },
    { "os", NULL },
    { "cpu", NULL },
    { "launchSecurity", NULL },
    { "devices", &devices },
} };

static const VapXmlSkim around_domain = { { { "domain", &domain } } };

/* The documents with a guest.  The name alone counts, as it does for libvirt
 * (virXMLParseHelper() in src/util/virxml.c). */
static const VapXmlSkim roots = { {
    { "domain", &domain },
    { "domstatus", &around_domain },
    { "domainsnapshot", &around_domain },
    { "domaincheckpoint", &around_domain },
} };

static const Asked *
find_asked (const VapXmlSkim *skim, const xmlChar *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (skim->asked) && skim->asked[i].name != NULL; i++)
    if (strcmp (skim->asked[i].name, (const char *) name) == 0)
      return &skim->asked[i];
  return NULL;
}

/* of what is below the open element */
static const VapXmlSkim *
skim_here (const xmlParserCtxt *parser, const VapXmlBuilding *building)
{
  return parser->nodeNr < VAP_XML_SKIMMED ? building->skims[parser->nodeNr] : NULL;
}

/* Whether the element that begins is asked for.  A prefix without a namespace is a part
 * of the name (xmlSAX2StartElementNs()). */
static gboolean
is_asked (const xmlParserCtxt *parser, VapXmlBuilding *building, const xmlChar *name,
          const xmlChar *prefix, const xmlChar *uri)
{
  gboolean is_root = parser->nodeNr == 0;
  const VapXmlSkim *skim = is_root ? &roots : skim_here (parser, building);
  const Asked *asked = NULL;

  if (skim != NULL && (prefix == NULL || uri != NULL) && (is_root || uri == NULL))
    asked = find_asked (skim, name);
  if (parser->nodeNr + 1 < VAP_XML_SKIMMED)
    building->skims[parser->nodeNr + 1] = asked != NULL ? asked->below : NULL;
  return skim == NULL || is_root || asked != NULL;
}

static void
on_start (void *user_data, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri,
          int n_namespaces, const xmlChar **namespaces, int n_attributes, int n_defaulted,
          const xmlChar **attributes)
{
  xmlParserCtxt *parser = user_data;
  VapXmlBuilding *building = parser->_private;
  guint number = building->n_elements++;
  gboolean asked =
      building->beyond == 0 && is_asked (parser, building, name, prefix, uri);

  if (!asked && building->beyond++ > 0)
    return;
  xmlSAX2StartElementNs (parser, name, prefix, uri, n_namespaces, namespaces,
                         asked ? n_attributes : 0, asked ? n_defaulted : 0, attributes);
  if (parser->node != NULL)
    parser->node->_private = GUINT_TO_POINTER (number);
}

static void
on_end (void *user_data, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri)
{
  xmlParserCtxt *parser = user_data;
  VapXmlBuilding *building = parser->_private;

  if (building->beyond > 0 && --building->beyond > 0)
    return;
  xmlSAX2EndElementNs (parser, name, prefix, uri);
}

/* what is no element */
static gboolean
is_kept (const xmlParserCtxt *parser)
{
  const VapXmlBuilding *building = parser->_private;

  return building->beyond == 0 && skim_here (parser, building) == NULL;
}

static void
on_text (void *user_data, const xmlChar *text, int length)
{
  if (is_kept (user_data))
    xmlSAX2Characters (user_data, text, length);
}

static void
on_cdata (void *user_data, const xmlChar *text, int length)
{
  if (is_kept (user_data))
    xmlSAX2CDataBlock (user_data, text, length);
}

static void
on_comment (void *user_data, const xmlChar *text)
{
  if (is_kept (user_data))
    xmlSAX2Comment (user_data, text);
}

static void
on_instruction (void *user_data, const xmlChar *target, const xmlChar *data)
{
  if (is_kept (user_data))
    xmlSAX2ProcessingInstruction (user_data, target, data);
}

static void
on_reference (void *user_data, const xmlChar *name)
{
  if (is_kept (user_data))
    xmlSAX2Reference (user_data, name);
}

void
vap_xml_build (xmlParserCtxt *parser, VapXmlBuilding *building)
{
  xmlSAXHandler *sax = parser->sax;

  *building = (VapXmlBuilding){ 0 };
  parser->_private = building;
  sax->startElementNs = on_start;
  sax->endElementNs = on_end;
  sax->characters = on_text;
  /* else libxml2 looks which text is blank */
  sax->ignorableWhitespace = on_text;
  sax->cdataBlock = on_cdata;
  sax->comment = on_comment;
  sax->processingInstruction = on_instruction;
  sax->reference = on_reference;
}
