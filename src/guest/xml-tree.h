/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How libxml2 builds the tree of a document: without what nobody asks for of a guest, a
 * definition of which has mostly other things than crypto.  Used by xml.c.
 */
#pragma once

#include <libxml/parser.h>

#include <glib.h>

G_BEGIN_DECLS

/* a guest's devices lie so deep at most, in what libvirt wraps around a domain */
#define VAP_XML_SKIMMED 4

typedef struct VapXmlSkim VapXmlSkim;

/* What a document's tree is built with; begins with zeros.
 * @n_elements: so many have begun
 * @beyond: so many elements are open that are bare, or within one
 * @skims: what is asked for below the open element of each depth; NULL for all */
typedef struct {
  guint n_elements;
  guint beyond;
  const VapXmlSkim *skims[VAP_XML_SKIMMED];
} VapXmlBuilding;

/**
 * vap_xml_build:
 * @building: (out): to be there till the document is read
 *
 * Has @parser's next tree built so: of a domain, and what libvirt wraps around one, every
 * child is there, and every device; but those that nobody asks for are bare, without
 * attributes and without anything in them, and text between them is not there.  All other
 * documents are whole.  What is not well formed is found as ever.
 *
 * Each element's member _private is its number in the document, for vap_xml_number().
 */
void vap_xml_build (xmlParserCtxt *parser, VapXmlBuilding *building);

G_END_DECLS
